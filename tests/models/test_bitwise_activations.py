"""Recorded steps give the bits of written ones, for every activation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import (
    POSITIVE,
    SIZES,
    agree,
    small,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import (
    activations,
)
from tinygrad_lr.layers import Activation, Dense
from tinygrad_lr.optimizers import SGD

ACTIVATIONS: dict[str, Any] = {
    "threshold": lambda x: activations.threshold(x, 0.1, -0.2),
}


class Chain(keras.Model):
    """Layers in a row, built when they meet their inputs (glu halves the last axis)."""

    def __init__(self, row: list[Any]) -> None:
        super().__init__()
        self.row = row

    def call(self, x: Any) -> Any:
        for layer in self.row:
            x = layer(x)
        return x


@pytest.mark.parametrize("name", sorted(things(activations.registry)))
def test_activation(name: str) -> None:
    activation = ACTIVATIONS.get(name, name)

    def make() -> Any:
        model = Chain(
            [Dense(6), Activation(activation), Dense(4, activation), Dense(2)]
        )
        model.compile(SGD(0.003), "mse")
        return model

    agree(make, y=POSITIVE[:, :2], sizes=SIZES)


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "softmax", "gelu", "mish"])
def test_activation_of_large_batches(name: str) -> None:
    x = np.random.default_rng(1).normal(size=(700, 3)).astype("float32")
    agree(
        lambda: small("mse", activation=name, units=3, last=name),
        x,
        x,
        batch_size=300,
        epochs=4,
    )
