"""Time the same jobs in real Keras (any backend), beside this package, in one process.

    KERAS_BACKEND=jax python benchmarks/peers.py [--rounds 5]
    [JOB ...]

Needs ``pip install keras jax`` (or another backend); jobs as in compare.py.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import jobs  # see the line above
import keras  # the real one
from compare import seconds


def stack(*widths: int, hidden: str, last: str) -> Any:
    """The model of jobs.dense_stack in real Keras."""
    model = keras.Sequential([keras.Input((widths[0],))])
    for i, width in enumerate(widths[1:]):
        activation = last if i == len(widths) - 2 else hidden
        model.add(keras.layers.Dense(width, activation=activation))
    return model


def fitting(
    model: Any, loss: str, optimizer: Any, data: Any, **options: Any
) -> jobs.Timed:
    """The function that trains; one epoch before takes compiling out of the time."""
    model.compile(loss=loss, optimizer=optimizer)
    x, y = data
    few = 3 * options["batch_size"]
    model.fit(x[:few], y[:few], **{**options, "epochs": 1})
    return lambda: model.fit(x, y, **options)


def peer(name: str) -> tuple[jobs.Timed, int]:
    """A job in real Keras, and its number of steps (fewer epochs where it is slow)."""
    bce, sgd = "binary_crossentropy", keras.optimizers.SGD(0.1)
    if name == "or_gate":
        model = stack(2, 1, hidden="linear", last="sigmoid")
        data = jobs.or_gate_data()
        return fitting(model, bce, sgd, data, epochs=30, batch_size=1, verbose=0), 120
    if name == "lr_small":
        model = stack(20, 1, hidden="linear", last="sigmoid")
        data = jobs.logistic_data(100_000, 20)
        return fitting(model, bce, sgd, data, epochs=1, batch_size=32, verbose=0), 3125
    if name == "mlp_small":
        model = stack(2, 16, 16, 1, hidden="tanh", last="sigmoid")
        return (
            fitting(
                model, bce, sgd, jobs.rings_data(), epochs=2, batch_size=10, verbose=0
            ),
            200,
        )
    if name == "mlp_mnist":
        model = stack(784, 512, 512, 10, hidden="relu", last="softmax")
        loss = "sparse_categorical_crossentropy"
        data = jobs.digits_data()
        return (
            fitting(model, loss, "adam", data, epochs=1, batch_size=128, verbose=0),
            469,
        )
    raise SystemExit(f"no peer for {name!r}; there are {', '.join(PEERS)}")


PEERS = ("or_gate", "lr_small", "mlp_small", "mlp_mnist")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"Keras {keras.__version__} on {keras.config.backend()}")
    print(f"{'job':<12} {'ours us/step':>13} {'Keras us/step':>14} {'Keras/ours':>11}")
    ours_of = {job.name: job for job in jobs.JOBS}
    for name in options.jobs or PEERS:
        job = ours_of[name]
        ours, (theirs, steps) = job.ours(), peer(name)
        times = [(seconds(ours), seconds(theirs)) for _ in range(options.rounds)]
        mine, other = (
            min(a for a, _ in times) / job.steps,
            min(b for _, b in times) / steps,
        )
        print(
            f"{name:<12} {mine * 1e6:>13.2f} {other * 1e6:>14.1f}"
            f" {other / mine:>11.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
