"""Trainings step by step: weights and losses over 1,000 steps."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, plain, precision

HEADS = {  # loss: units, activation, metric
    "binary_crossentropy": (1, "sigmoid", "accuracy"),
    "categorical_crossentropy": (3, "softmax", "accuracy"),
    "sparse_categorical_crossentropy": (3, "softmax", "accuracy"),
    "mean_squared_error": (2, "linear", "mae"),
    "mean_absolute_error": (2, "linear", "mse"),
}

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.008}),
    "momentum": ("SGD", {"learning_rate": 0.002, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.002, "momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {"learning_rate": 0.003}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.002}),
}

OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd-weight_decay": ("SGD", {"weight_decay": 0.5}),
    "sgd-clipnorm": ("SGD", {"clipnorm": 0.1}),
    "sgd-clipvalue": ("SGD", {"clipvalue": 0.02}),
    "sgd-global_clipnorm": ("SGD", {"global_clipnorm": 0.2}),
    "momentum-weight_decay-clipnorm": (
        "SGD",
        {"momentum": 0.9, "weight_decay": 0.2, "clipnorm": 0.2},
    ),
    "nesterov-weight_decay": (
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.2},
    ),
    "adam-defaults": ("Adam", {}),
    "adam-weight_decay-clipvalue": ("Adam", {"weight_decay": 0.5, "clipvalue": 0.05}),
    "adam-amsgrad": ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "amsgrad": True}),
    "rmsprop-defaults": ("RMSprop", {}),
    "rmsprop-momentum": ("RMSprop", {"rho": 0.8, "momentum": 0.5}),
    "rmsprop-centered": ("RMSprop", {"centered": True, "global_clipnorm": 0.5}),
}


SEEDS = {50: 4, 148: 10, 628: 10}  # by the number of samples


def dataset(loss: str, samples: int, dtype: str) -> tuple[Array, Array]:
    """Noisy targets, so that the best predictions stay far from 0 and 1.

    With these seeds, and the learning rates above, no absolute error comes within 1e-6
    of its kink and no prediction within 1e-6 of the other class, at any step: a sign or
    an accuracy that rounding decides would say nothing about a library.
    """
    rng = np.random.default_rng(SEEDS[samples])
    x = rng.normal(size=(samples, 4))
    score = np.tanh(x @ rng.normal(size=(4, 3)))
    if loss == "binary_crossentropy":
        y = score[:, :1] + rng.logistic(size=(samples, 1)) > 0
    elif loss.endswith("categorical_crossentropy"):
        y = np.argmax(score + rng.gumbel(size=(samples, 3)), axis=1)
        if not loss.startswith("sparse"):
            y = np.eye(3)[y]
    else:
        y = score[:, :2] + rng.normal(0, 0.5, size=(samples, 2))
    return x.astype(dtype), y.astype("int64" if loss.startswith("sparse") else dtype)


def network(keras: Keras, units: int, activation: str, hidden: int = 5) -> Any:
    """A network of two layers on four features, with weights of our choice."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(units, activation=activation),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights(
        [
            rng.normal(0, 0.5, w.shape).astype(keras.config.floatx())
            for w in model.get_weights()
        ]
    )
    return model


def trajectory(
    keras: Keras,
    optimizer: tuple[str, dict[str, Any]],
    loss: str,
    batch_size: int,
    samples: int,
    epochs: int,
    dtype: str = "float32",
) -> Any:
    """Train from given weights on batches in a given order."""
    with precision(keras, dtype):
        name, arguments = optimizer
        units, activation, metric = HEADS[loss]
        x, y = dataset(loss, samples, dtype)
        model = network(keras, units, activation)
        model.compile(
            optimizer=getattr(keras.optimizers, name)(**arguments),
            loss=loss,
            metrics=[metric],
        )
        history = model.fit(
            x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0
        )
        return {
            "history": plain(history.history),
            "evaluate": plain(model.evaluate(x, y, batch_size=batch_size, verbose=0)),
            "weights": plain(model.get_weights()),
            "predictions": plain(model.predict(x[:5], verbose=0)),
        }


LENGTHS = (  # dtype, batch size, samples, epochs; the last batch of 32 is one of 20
    ("float32", 1, 50, 20),  # 1,000 steps
    ("float32", 32, 628, 50),  # 1,000 steps
    ("float64", 32, 628, 10),  # 200 steps
)

TRAJECTORIES: dict[str, Case] = {
    f"{optimizer}-{loss}-{batch_size}-{dtype}": partial(
        trajectory,
        optimizer=OPTIMIZERS[optimizer],
        loss=loss,
        batch_size=batch_size,
        samples=samples,
        epochs=epochs,
        dtype=dtype,
    )
    for dtype, batch_size, samples, epochs in LENGTHS
    for optimizer, loss in itertools.product(OPTIMIZERS, HEADS)
} | {
    f"{name}-{dtype}": partial(
        trajectory,
        optimizer=optimizer,
        loss="mean_squared_error",
        batch_size=32,
        samples=148,
        epochs=10,
        dtype=dtype,
    )
    for dtype in ("float32", "float64")
    for name, optimizer in OPTIONS.items()
}
