"""Time the jobs beside their hand-written programs, in interleaved rounds of one
process.

    python benchmarks/compare.py [--rounds 5] [JOB ...]

Prints, for each job, the least time per step of both sides over all rounds, and their
ratio.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from jobs import JOBS, Job, Timed  # see the line above


def seconds(run: Timed) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(job: Job, rounds: int) -> tuple[float, float]:
    """The least seconds per step of ours and of the hand-written program."""
    ours, by_hand = job.ours(), job.by_hand()
    times = [(seconds(ours), seconds(by_hand)) for _ in range(rounds)]
    return min(a for a, _ in times) / job.steps, min(b for _, b in times) / job.steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [job.name for job in JOBS]
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    unknown = set(options.jobs) - set(names)
    if unknown:
        parser.error(
            f"unknown job {sorted(unknown)[0]!r}; known are {', '.join(names)}"
        )
    print(
        f"{'job':<18} {'ours us/step':>13} {'by hand us/step':>16} {'ratio':>6}"
        f" {'bar':>5}"
    )
    for job in JOBS:
        if not options.jobs or job.name in options.jobs:
            ours, by_hand = compare(job, options.rounds)
            bar = f"{job.bar:.2f}" if job.bar == job.bar else ""
            print(
                f"{job.name:<18} {ours * 1e6:>13.2f} {by_hand * 1e6:>16.2f} "
                f"{ours / by_hand:>6.2f} {bar:>5}",
                flush=True,
            )


if __name__ == "__main__":
    main()
