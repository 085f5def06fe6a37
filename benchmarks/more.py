"""Measure what is no step: the progress bar, the first batch, eager mode, memory.

python benchmarks/more.py [--rounds 5] [bar | first | eager |
memory ...]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import tracemalloc
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import jobs  # see the line above
import numpy as np
from compare import seconds


def bar(rounds: int) -> None:
    """fit(verbose=1) into a pipe beside verbose=0, on lr_small."""
    silent = jobs.ours_logistic(100_000, 20, 32, 1)
    with contextlib.redirect_stdout(io.StringIO()):
        shown = jobs.ours_logistic(100_000, 20, 32, 1, verbose=1)
        times = [(seconds(shown), seconds(silent)) for _ in range(rounds)]
    ratio = min(a for a, _ in times) / min(b for _, b in times)
    print(f"bar: verbose=1 in a pipe costs {ratio:.2f} x verbose=0 (bar 1.30)")


def first(rounds: int) -> None:
    """The first batch of mlp_mnist (run, record, compile) beside an eager one."""
    x, y = jobs.digits_data(128)
    times = []
    for _ in range(rounds):
        model = jobs.dense_stack(784, 512, 512, 10, hidden="relu", last="softmax")
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
        step = model.make_train_function()
        step.eager = True
        step((x, y))
        eager = seconds(lambda step=step: step((x, y)))
        step.eager = False
        recorded = seconds(lambda step=step: step((x, y)))
        times.append((recorded - eager, eager))
    extra, eager = min(times)
    print(
        f"first: recording, printing and compiling costs {extra * 1e3:.1f} ms on top of"
        f" the eager batch ({eager * 1e3:.1f} ms) (bar 30 ms)"
    )


def chain(x: Any) -> None:
    """1,000 operations forward, and back."""
    y = x
    for _ in range(500):
        y = y * 1.01
        y = y + x
    y.sum().backward()


def eager(rounds: int) -> None:
    """Forward and backward of a chain of 1,000 operations."""
    from tinygrad_lr import Tensor

    x = Tensor(np.ones(10, "float32"), requires_grad=True)
    least = min(seconds(lambda: chain(x)) for _ in range(rounds * 5))
    print(f"eager: {least * 1e3:.2f} us for an operation and its gradient", end="")
    print(" (bar: half of torch's, about 7 us)" if not torch_chain(rounds) else "")


def torch_chain(rounds: int) -> bool:
    """The same chain in torch, if it is installed."""
    try:
        import torch
    except ImportError:
        return False
    torch.set_num_threads(1)
    x = torch.ones(10, requires_grad=True)
    least = min(seconds(lambda: chain(x)) for _ in range(rounds * 5))
    print(f"; torch {torch.__version__}: {least * 1e3:.2f} us (bar: half of it)")
    return True


def peak(train: Any) -> int:
    """The most memory that NumPy and Python held while training, in bytes."""
    gc.collect()
    tracemalloc.start()
    train()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def memory(rounds: int) -> None:
    """Peak of mlp_mnist beside the hand-written program; growth over 10,000 steps."""
    rows = 16384
    jobs.ours_mlp_mnist(rows)  # what is loaded once does not count
    tracemalloc.start()
    ours = jobs.ours_mlp_mnist(rows)
    ours()
    mine = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    tracemalloc.start()
    by_hand = jobs.hand_mlp_mnist(rows)
    by_hand()
    hand = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"memory: peak with data, weights and training {mine / 2**20:.1f} MiB, by hand "
        f"{hand / 2**20:.1f} MiB, ratio {mine / hand:.2f} (bar 1.20)"
    )
    model = jobs.dense_stack(2, 16, 16, 1, hidden="tanh", last="sigmoid")
    model.compile(loss="binary_crossentropy", optimizer="adam")
    x, y = jobs.rings_data()
    model.fit(x, y, epochs=2, batch_size=10, verbose=0)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    model.fit(x, y, epochs=100, batch_size=10, verbose=0)
    grown = tracemalloc.get_traced_memory()[0] - before
    gc.enable()
    print(
        f"memory: {grown / 1024:.0f} KiB more after 10,000 steps with the collector off"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    measures = {f.__name__: f for f in (bar, first, eager, memory)}
    parser.add_argument("measures", nargs="*", choices=[*measures, []])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name, measure in measures.items():
        if not options.measures or name in options.measures:
            measure(options.rounds)


if __name__ == "__main__":
    main()
