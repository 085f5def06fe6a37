"""Recorded steps give the bits of written ones, for every layer and penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from replaying import (
    SIZES,
    agree,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import (
    constraints,
    layers,
    regularizers,
)
from tinygrad_lr.layers import Activation, Dense
from tinygrad_lr.optimizers import SGD

LAYERS: dict[str, list[Callable[[], Any]]] = {
    "Dense": [
        lambda: Dense(4, use_bias=False),
        lambda: Dense(4, activity_regularizer="l2"),
        lambda: Dense(1),
        lambda: Dense(4, activation="relu", kernel_initializer="he_normal"),
    ],
    "Activation": [lambda: Activation("elu"), lambda: Activation(np.sin)],
    "InputLayer": [],
    "Layer": [],
}
REGULARIZERS: dict[str, Any] = {
    "L1": regularizers.L1(0.02),
    "L2": regularizers.L2(0.02),
    "L1L2": regularizers.L1L2(0.01, 0.02),
    "OrthogonalRegularizer": regularizers.OrthogonalRegularizer(0.1),
    "OrthogonalRegularizer-columns": regularizers.OrthogonalRegularizer(0.1, "columns"),
}
CONSTRAINTS: dict[str, Any] = {
    "MaxNorm": constraints.MaxNorm(0.5),
    "NonNeg": constraints.NonNeg(),
    "UnitNorm": constraints.UnitNorm(),
    "MinMaxNorm": constraints.MinMaxNorm(0.3, 0.9, 0.5),
}


def test_all_classes_have_a_case() -> None:
    assert things(layers.registry) == set(LAYERS)
    assert things(regularizers.registry) == {n.split("-")[0] for n in REGULARIZERS}
    assert things(constraints.registry) == {n.split("-")[0] for n in CONSTRAINTS}


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize(
    "make",
    [make for cases in LAYERS.values() for make in cases],
    ids=[f"{name}{i}" for name, cases in LAYERS.items() for i in range(len(cases))],
)
def test_layer(make: Callable[[], Any], batch_size: int) -> None:
    def model() -> Any:
        made = keras.Sequential([keras.Input((3,)), make(), Dense(1, "sigmoid")])
        made.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return made

    agree(model, batch_size=batch_size, epochs=SIZES[batch_size])


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("name", [*REGULARIZERS, *CONSTRAINTS])
def test_regularizer_or_constraint(name: str, batch_size: int) -> None:
    def model() -> Any:
        options: dict[str, Any] = {}
        if name in REGULARIZERS:
            options["kernel_regularizer"] = REGULARIZERS[name]
        else:
            options["kernel_constraint"] = CONSTRAINTS[name]
            options["bias_constraint"] = CONSTRAINTS[name]
        made = keras.Sequential(
            [Dense(4, "tanh", input_dim=3, **options), Dense(1, "sigmoid", **options)]
        )
        made.compile(SGD(0.1, momentum=0.5), "binary_crossentropy")
        return made

    agree(model, batch_size=batch_size, epochs=SIZES[batch_size])
