"""``keras.backend``: settings, and NumPy under the names that old programs use.

NumPy's functions take Tensors, so most of ``K.mean``, ``K.square`` and their like are
NumPy's own; only where the backend has another name or default is there a line of code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    abs,
    all,
    any,
    clip,
    cos,
    dot,
    equal,
    exp,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    maximum,
    mean,
    minimum,
    ndim,
    not_equal,
    ones,
    ones_like,
    prod,
    reshape,
    round,
    shape,
    sign,
    sin,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    sum,
    transpose,
    var,
    where,
    zeros,
    zeros_like,
)

from tinygrad_lr.activations import (
    elu,
    hard_sigmoid,
    relu,
    sigmoid,
    softmax,
    softplus,
    softsign,
    tanh,
)
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from tinygrad_lr.naming import reset_names

max, min, pow = np.max, np.min, np.power
permute_dimensions = np.transpose


def backend() -> str:
    """The name of what computes.

    >>> backend()
    'numpy'
    """
    return "numpy"


def clear_session() -> None:
    """Count automatic layer names from the beginning again."""
    reset_names()


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str | None = None
) -> Any:
    """A constant Tensor, of dtype ``floatx`` unless another is given."""
    tensor = Tensor.of(value).astype(dtype or floatx())
    return tensor if shape is None else np.broadcast_to(tensor, shape)


def variable(value: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable, of dtype ``floatx`` unless another is given."""
    return Variable(value, dtype=dtype or floatx(), name=name)


def get_value(x: Any) -> Any:
    """The value of a Variable or Tensor as an array or number."""
    return x.numpy()[()] if isinstance(x, Tensor) else x


def set_value(x: Variable, value: Any) -> None:
    """Assign ``value`` to a Variable."""
    x.assign(value)


def int_shape(x: Any) -> tuple[int, ...]:
    """The shape as a tuple of integers."""
    return tuple(x.shape)


def cast(x: Any, dtype: Any) -> Tensor:
    """The same values in another dtype."""
    return Tensor.of(x).astype(dtype)


def cast_to_floatx(x: Any) -> Any:
    """An array of dtype ``floatx``."""
    return x.astype(floatx()) if isinstance(x, Tensor) else np.asarray(x, floatx())


def argmax(x: Any, axis: int = -1) -> Any:
    """The position of the greatest element along ``axis``."""
    return np.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The position of the least element along ``axis``."""
    return np.argmin(x, axis)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Join along an existing axis, the last by default."""
    return np.concatenate(tensors, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Insert an axis of length 1, the last by default."""
    return np.expand_dims(x, axis)


def flatten(x: Any) -> Any:
    """All elements along one axis."""
    return np.ravel(x)


def l2_normalize(x: Any, axis: int | None = None) -> Any:
    """``x / sqrt(max(sum(x**2), 1e-12))``, along ``axis``."""
    squares = np.sum(np.square(x), axis=axis, keepdims=True)
    return x / np.sqrt(np.maximum(squares, 1e-12))


eval = get_value

__all__ = [
    "abs",
    "all",
    "any",
    "argmax",
    "argmin",
    "backend",
    "cast",
    "cast_to_floatx",
    "clear_session",
    "clip",
    "concatenate",
    "constant",
    "cos",
    "dot",
    "elu",
    "epsilon",
    "equal",
    "eval",
    "exp",
    "expand_dims",
    "flatten",
    "floatx",
    "get_value",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "image_data_format",
    "int_shape",
    "l2_normalize",
    "less",
    "less_equal",
    "log",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "ndim",
    "not_equal",
    "ones",
    "ones_like",
    "permute_dimensions",
    "pow",
    "prod",
    "relu",
    "reshape",
    "round",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_value",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sum",
    "tanh",
    "transpose",
    "var",
    "variable",
    "where",
    "zeros",
    "zeros_like",
]
