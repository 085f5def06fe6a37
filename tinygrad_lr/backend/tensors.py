"""Settings, tensors, variables and dtypes of ``keras.backend``; and what is refused.

Graphs and sessions are not here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import ops
from tinygrad_lr.autodiff import Tensor, Variable, name_scope
from tinygrad_lr.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from tinygrad_lr.layers import KerasTensor
from tinygrad_lr.naming import reset_names
from tinygrad_lr.ops.conversion import dtype_of, is_tensor_like
from tinygrad_lr.ops.conversion import result_type as combined


def clear_session(free_memory: bool = True) -> None:
    """Count automatic layer names from the beginning again."""
    reset_names()
    uids.clear()


# -- tensors ---------------------------------------------------------------------------


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str | None = None
) -> Any:
    """A constant Tensor, of dtype ``floatx`` unless another is given."""
    tensor = ops.cast(value, dtype or floatx())
    return tensor if shape is None else np.broadcast_to(tensor, shape)


def variable(
    value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None
) -> Variable:
    """A Variable, of dtype ``floatx`` unless another is given."""
    return Variable(value, dtype=dtype or floatx(), name=name)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A Variable of zeros, of dtype ``floatx`` unless another is given."""
    return Variable(np.zeros(shape), dtype=dtype or floatx(), name=name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A Variable of ones, of dtype ``floatx`` unless another is given."""
    return Variable(np.ones(shape), dtype=dtype or floatx(), name=name)


def get_value(x: Any) -> Any:
    """The value of a Variable or Tensor as an array or number."""
    return x.numpy()[()] if isinstance(x, Tensor) else x


eval = get_value


def set_value(x: Variable, value: Any) -> None:
    """Assign ``value`` to a Variable."""
    x.assign(value)


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Any) -> None:
    """Assign to several Variables, from pairs of Variable and value."""
    for x, value in tuples:
        x.assign(value)


def update(x: Variable, new_x: Any) -> Variable:
    """Assign; return the Variable."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Variable:
    """Add to a Variable; return it."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Variable:
    """Subtract from a Variable; return it."""
    return x.assign_sub(decrement)


def moving_average_update(x: Variable, value: Any, momentum: float) -> Variable:
    """Move a Variable towards a value: ``x * momentum + value * (1 - momentum)``."""
    return x.assign(x * momentum + value * (1 - momentum))


def int_shape(x: Any) -> tuple[Any, ...]:
    """The shape as a tuple of integers, None for what is open."""
    return tuple(x.shape)


shape = int_shape


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


def cast_to_floatx(x: Any) -> Any:
    """An array of dtype ``floatx``."""
    return x.astype(floatx()) if is_tensor_like(x) else np.asarray(x, floatx())


def is_keras_tensor(x: Any) -> bool:
    """Whether ``x`` is a place in a model."""
    return isinstance(x, KerasTensor)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a Tensor."""
    return isinstance(x, Tensor)


is_variable = is_tensor


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of floats."""
    return standardize_dtype(dtype).startswith("float")


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype; ``floatx`` for None."""
    return floatx() if dtype is None else str(dtype_of(dtype))


def result_type(*dtypes: Any) -> str:
    """The dtype that an operation on these dtypes gives."""
    numbers = {float: 1.0, int: 1, bool: True, "float": 1.0, "int": 1}
    things = [
        numbers[d] if d in numbers else np.zeros((), standardize_dtype(d))
        for d in dtypes
    ]
    return str(combined(*things)) if things else floatx()


uids: dict[str, int] = {}


def get_uid(prefix: str = "") -> int:
    """1 for the first question about a prefix, then 2, 3, ..."""
    uids[prefix] = uids.get(prefix, 0) + 1
    return uids[prefix]


# -- phases, layouts, graphs -----------------------------------------------------------


def learning_phase() -> int:
    """0: layers are told by ``training=``, there is no phase of its own."""
    return 0


def set_learning_phase(value: Any) -> None:
    """Accepted; layers are told by ``training=``."""


def image_dim_ordering() -> str:
    """The image layout in the words of Keras 1: "tf" or "th"."""
    return "th" if image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the image layout in the words of Keras 1: "tf" or "th"."""
    if dim_ordering not in ("tf", "th"):
        raise ValueError(
            f"set_image_dim_ordering: expected 'tf' or 'th', got {dim_ordering!r}."
        )
    first = dim_ordering == "th"
    set_image_data_format("channels_first" if first else "channels_last")


def refused(name: str, instead: str) -> Any:
    """A function of graphs that says what to write instead."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"K.{name}: there are no graphs here, values are computed at once. "
            f"{instead}"
        )

    refuse.__name__ = name
    refuse.__doc__ = f"Refused: there are no graphs. {instead}"
    return refuse


GRAPHS = {
    "rnn": "Recurrent layers are not available.",
    "conv1d": "Convolution is not available.",
    "conv2d": "Convolution is not available.",
    "pool2d": "Pooling is not available.",
}
for name, instead in GRAPHS.items():
    globals()[name] = refused(name, instead)

__all__ = [
    *GRAPHS,
    "backend",
    "batch_get_value",
    "batch_set_value",
    "cast_to_floatx",
    "clear_session",
    "constant",
    "count_params",
    "epsilon",
    "eval",
    "floatx",
    "get_uid",
    "get_value",
    "image_data_format",
    "image_dim_ordering",
    "int_shape",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "is_tensor",
    "is_variable",
    "learning_phase",
    "moving_average_update",
    "name_scope",
    "ones",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_image_dim_ordering",
    "set_learning_phase",
    "set_value",
    "shape",
    "standardize_dtype",
    "update",
    "update_add",
    "update_sub",
    "variable",
    "zeros",
]
