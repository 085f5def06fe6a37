"""Activations over a grid of numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases.common import Case, Keras, label, precision, value_and_gradient

GRID = [
    *(-1000.0, -100.0, -30.0, -10.0, -5.5, -4.5, -2.75, -1.25, -0.75, -0.3, -0.01),
    *(1e-4, 0.02, 0.4, 0.8, 1.5, 2.25, 3.5, 5.25, 7.0, 12.0, 40.0, 80.0, 1000.0),
]
KINKS = [-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0]
ROWS = [
    [0.1, -0.2, 0.3, 0.35],
    [5.0, -3.0, 0.0, 2.0],
    [1000.0, 0.0, -1000.0, 999.0],
    [-80.0, -79.5, -81.0, -80.25],
]
ELEMENTWISE: dict[str, list[dict[str, Any]]] = {
    "celu": [{}, {"alpha": 0.5}],
    "elu": [{}, {"alpha": 0.5}],
    "exponential": [{}],
    "gelu": [{}, {"approximate": True}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_tanh": [{}],
    "leaky_relu": [{}, {"negative_slope": 0.1}],
    "linear": [{}],
    "log_sigmoid": [{}],
    "mish": [{}],
    "relu": [
        {},
        {"negative_slope": 0.1},
        {"max_value": 6.0},
        {"threshold": 1.0},
        {"negative_slope": 0.1, "max_value": 6.0, "threshold": 1.0},
    ],
    "relu6": [{}],
    "selu": [{}],
    "sigmoid": [{}],
    "silu": [{}],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "softplus": [{}],
    "softsign": [{}],
    "sparse_plus": [{}],
    "sparse_sigmoid": [{}],
    "squareplus": [{}, {"b": 1}],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [{"threshold": 1.0, "default_value": 0.25}],
}
ROWWISE: dict[str, list[dict[str, Any]]] = {
    "glu": [{}],
    "log_softmax": [{}, {"axis": 0}],
    "softmax": [{}, {"axis": 0}],
    "sparsemax": [{}],
}


def activation(
    keras: Keras, name: str, x: Any, arguments: dict[str, Any], dtype: str
) -> Any:
    """Value and gradient of an activation."""
    with precision(keras, dtype):
        function = partial(getattr(keras.activations, name), **arguments)
        with np.errstate(over="ignore" if name == "exponential" else "warn"):
            return value_and_gradient(keras, function, np.array(x, dtype))


def activation_names(keras: Keras) -> Any:
    """The activations that can be named by a string, aliases included."""
    names = [*ELEMENTWISE, *ROWWISE, "swish", "hard_swish"]
    return {name: keras.activations.get(name).__name__ for name in sorted(names)} | {
        "none": keras.activations.get(None).__name__
    }


ACTIVATIONS: dict[str, Case] = (
    {
        label(name, arguments, dtype): partial(
            activation,
            name=name,
            # With several classes the sparsemax of Keras 3.15 does not add up to 1.
            x=ROWS[1:2] if name == "sparsemax" else x,
            arguments=arguments,
            dtype=dtype,
        )
        for dtype in ("float32", "float64")
        for table, x in ((ELEMENTWISE, GRID), (ROWWISE, ROWS))
        for name in table
        for arguments in table[name]
    }
    | {
        label("kinks", name, arguments, "float32"): partial(
            activation, name=name, x=KINKS, arguments=arguments, dtype="float32"
        )
        for name in ELEMENTWISE
        for arguments in ELEMENTWISE[name]
    }
    | {"names": activation_names}
)
