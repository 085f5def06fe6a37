"""Recorded steps give the bits of written ones, for dtypes, sizes, frozen layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from replaying import (
    BINARY,
    LOSS_DATA,
    X,
    agree,
    bits,
    run,
    small,
)

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense
from tinygrad_lr.optimizers import SGD, Adam, RMSprop


@pytest.fixture
def float64() -> Iterator[None]:
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("kind", LOSS_DATA)
def test_float64(kind: str, optimizer: str) -> None:
    y, units, last = LOSS_DATA[kind]
    loss = {"regression": "mse"}.get(kind, f"{kind}_crossentropy").replace(
        "sparse_", "sparse_categorical_"
    )
    got = agree(
        lambda: small(
            loss,
            optimizer,
            units=units,
            last=last,
            metrics=["mae"] if kind == "regression" else ["acc"],
        ),
        X.astype("float64"),
        y,
    )
    assert got["predict"].dtype == "float64"


def large(optimizer: Any, frozen: int | None = None) -> Callable[[], Any]:
    def make() -> Any:
        model = keras.Sequential(
            [
                Dense(256, "relu", input_dim=784),
                Dense(64, "tanh"),
                Dense(10, "softmax"),
            ]
        )
        if frozen is not None:
            model.layers[frozen].trainable = False
        model.compile(
            optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    return make


IMAGES = np.random.default_rng(3).random(size=(150, 784)).astype("float32")
DIGITS = np.random.default_rng(4).integers(0, 10, size=150)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: "sgd",
        lambda: SGD(0.01, momentum=0.9, nesterov=True),
        lambda: Adam(0.01, amsgrad=True),
        lambda: Adam(0.01, weight_decay=0.01),
        lambda: Adam(0.01, global_clipnorm=0.5),
        lambda: RMSprop(0.01, centered=True, momentum=0.3),
        lambda: Adam(use_ema=True, ema_overwrite_frequency=3),
        lambda: Adam(gradient_accumulation_steps=2),
    ],
    ids=["sgd", "nesterov", "amsgrad", "decay", "global_clipnorm", "rmsprop", "ema", "accumulation"],  # noqa: E501
)  # fmt: skip
def test_large_model_with_buffers_families_and_blocks(optimizer: Any) -> None:
    agree(lambda: large(optimizer())(), IMAGES, DIGITS, batch_size=64, epochs=4)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_large_model_with_a_frozen_layer(frozen: int) -> None:
    agree(large("adam", frozen), IMAGES, DIGITS, batch_size=64, epochs=2)


@pytest.mark.parametrize("frozen", [0, 1])
def test_small_model_with_a_frozen_layer(frozen: int) -> None:
    def make() -> Any:
        model = small(optimizer="adam")
        model.layers[frozen].trainable = False
        model.compile("adam", "binary_crossentropy")
        return model

    agree(make)


def test_a_difference_would_be_found() -> None:
    one = run(lambda: small(), X, BINARY, True, {4: 9})
    other = run(lambda: small(optimizer=SGD(0.0100001)), X, BINARY, False, {4: 9})
    assert bits(one["weights"]) != bits(other["weights"])
