"""Regularizers and constraints: values, gradients, configurations, names."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, label, plain, precision, value_and_gradient

REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.7, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 2.0, "rate": 0.4, "axis": 1}),
]
NAMES = {
    "regularizers": (
        *("l1", "L1", "l2", "L2", "L1L2", "l1l2", "orthogonal_regularizer"),
        "OrthogonalRegularizer",
    ),
    "constraints": (
        *("max_norm", "MaxNorm", "non_neg", "NonNeg", "unit_norm", "UnitNorm"),
        *("min_max_norm", "MinMaxNorm"),
    ),
}


def weight(dtype: str) -> Array:
    """A matrix with rows that are longer and shorter than the norms above."""
    rng = np.random.default_rng(6)
    return (rng.normal(size=(4, 3)) * [[1.5], [0.3], [2.0], [0.1]]).astype(dtype)


def penalty(
    keras: Keras, module: str, name: str, arguments: dict[str, Any], dtype: str
) -> Any:
    """Value and gradient for a matrix, and the configuration there and back."""
    home = getattr(keras, module)
    with precision(keras, dtype):
        made = getattr(home, name)(**arguments)
        again = home.deserialize(home.serialize(made))
        return {
            **value_and_gradient(keras, made, weight(dtype)),
            "serialized": plain(home.serialize(made)),
            "again": plain(home.serialize(again)),
        }


def known(keras: Keras, module: str) -> Any:
    """The class behind every name, and the arguments of every public class."""
    home = getattr(keras, module)
    return {
        name: [
            type(home.get(name)).__name__,
            [
                [p.name, plain(p.default)]
                for p in inspect.signature(
                    getattr(home, name, type(home.get(name)))
                ).parameters.values()
            ],
        ]
        for name in NAMES[module]
        if hasattr(home, name)
    }


PENALTIES: dict[str, Case] = {
    label(name, arguments, dtype): partial(
        penalty, module=module, name=name, arguments=arguments, dtype=dtype
    )
    for module, cases in (("regularizers", REGULARIZERS), ("constraints", CONSTRAINTS))
    for name, arguments in cases
    for dtype in ("float32", "float64")
} | {module: partial(known, module=module) for module in NAMES}
