"""Time other small models, beside real Keras where it is installed.

    python benchmarks/others.py [--rounds 5] [JOB ...]
    KERAS_BACKEND=jax python benchmarks/others.py   # with real Keras

A job is a function of the ``keras`` module, so both sides run the same lines.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import jobs  # see the line above
import numpy as np
from compare import seconds

import tinygrad_lr

generator = np.random.default_rng(0)


def floats(*shape: int) -> Any:
    return generator.standard_normal(shape).astype("float32")


def agent(keras: Any) -> Any:
    """The network of the usual deep Q program."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(24, activation="relu"),
            layers.Dense(24, activation="relu"),
            layers.Dense(2),
        ]
    )
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.001))
    return model


def deep_q(keras: Any) -> tuple[jobs.Timed, int]:
    """Two predictions and a fit of one row, again and again."""
    model, states = agent(keras), floats(33, 4)

    def play() -> None:
        for i in range(32):
            best = np.max(model.predict(states[i + 1 : i + 2], verbose=0))
            target = model.predict(states[i : i + 1], verbose=0)
            target[0][i % 2] = 0.5 + 0.95 * best
            model.fit(states[i : i + 1], target, epochs=1, verbose=0)

    return play, 32


def on_batches(keras: Any) -> tuple[jobs.Timed, int]:
    """``train_on_batch`` in a loop of the user's."""
    model, x, y = agent(keras), floats(32, 4), floats(32, 2)
    return lambda: [model.train_on_batch(x, y) for _ in range(50)], 50


def fitting(
    keras: Any, layers: list[Any], x: Any, y: Any, metrics: Any = ("accuracy",)
) -> tuple[jobs.Timed, int]:
    """One epoch of fit in batches of 32, with Adam."""
    model = keras.Sequential(layers)
    classes = layers[-1].units
    loss = "binary" if classes == 1 else "sparse_categorical"
    model.compile("adam", f"{loss}_crossentropy", metrics=list(metrics))
    return lambda: model.fit(x, y, batch_size=32, verbose=0), len(x) // 32


def text(keras: Any) -> tuple[jobs.Timed, int]:
    """Averaged embeddings of 100 words of 5,000."""
    layers = keras.layers
    stack = [
        keras.Input((100,)),
        layers.Embedding(5000, 32),
        layers.GlobalAveragePooling1D(),
        layers.Dense(16, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
    words, y = generator.integers(0, 5000, (1280, 100)), generator.integers(0, 2, 1280)
    return fitting(keras, stack, words, y)


def noisy(keras: Any) -> tuple[jobs.Timed, int]:
    """Two hidden layers with BatchNormalization and Dropout."""
    layers = keras.layers
    stack = [keras.Input((50,))]
    for _ in range(2):
        stack += [layers.Dense(64, activation="relu"), layers.BatchNormalization()]
        stack += [layers.Dropout(0.3)]
    stack += [layers.Dense(10, activation="softmax")]
    return fitting(keras, stack, floats(6400, 50), generator.integers(0, 10, 6400))


def measured(keras: Any) -> tuple[jobs.Timed, int]:
    """Binary classes with accuracy, AUC, precision and recall."""
    layers, kinds = keras.layers, keras.metrics
    stack = [keras.Input((20,)), layers.Dense(32, activation="relu")]
    stack += [layers.Dense(1, activation="sigmoid")]
    metrics = ["accuracy", kinds.AUC(), kinds.Precision(), kinds.Recall()]
    return fitting(
        keras, stack, floats(3200, 20), generator.integers(0, 2, 3200), metrics
    )


JOBS: list[Callable[[Any], tuple[jobs.Timed, int]]] = [
    deep_q, on_batches, text, noisy, measured,
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [job.__name__ for job in JOBS]
    parser.add_argument("jobs", nargs="*", metavar="JOB", choices=[*names, []])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sides: list[Any] = [tinygrad_lr]
    with contextlib.suppress(ImportError):
        import keras  # the real one, an optional peer

        sides.append(keras)
    print(f"{'job':<12}" + "".join(f"{side.__name__ + ' us':>16}" for side in sides))
    for job in JOBS:
        if options.jobs and job.__name__ not in options.jobs:
            continue
        runs = [job(side) for side in sides]
        for run, _ in runs:
            run()  # records, or compiles
        rounds = [[seconds(run) for run, _ in runs] for _ in range(options.rounds)]
        least = [min(column) for column in zip(*rounds, strict=True)]
        times = [t / n * 1e6 for t, (_, n) in zip(least, runs, strict=True)]
        print(f"{job.__name__:<12}" + "".join(f"{t:>16.1f}" for t in times), flush=True)


if __name__ == "__main__":
    main()
