"""What all cases share: the two libraries, and figures that fit into JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Keras = Any
Case = Callable[[Keras], Any]
Array = np.ndarray[Any, Any]


def is_real(keras: Keras) -> bool:
    """Is this Keras itself, and not its stand-in?"""
    return bool(keras.__name__ == "keras")


@contextlib.contextmanager
def precision(keras: Keras, dtype: str) -> Iterator[None]:
    """Make ``dtype`` the default of all computations for a while."""
    before = keras.config.floatx()
    set_precision(keras, dtype)
    try:
        yield
    finally:
        set_precision(keras, before)


def set_precision(keras: Keras, dtype: str) -> None:
    """Set ``floatx``, and on JAX lift what would bring float64 back to float32."""
    keras.config.set_floatx(dtype)
    if is_real(keras):
        import jax
        from keras.src.backend.common import dtypes

        keras.config.set_dtype_policy(dtype)
        jax.config.update("jax_enable_x64", dtype == "float64")
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = dtype


def array(value: Any) -> Array:
    """The NumPy array behind a tensor of either library."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def plain(value: Any) -> Any:
    """Turn arrays, tuples and NumPy numbers into what JSON can hold."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(list(value)) if value.ndim else plain(value[()])
    if isinstance(value, np.float32):
        return float(str(value))  # its shortest exact form, not that of a double
    return value.item() if isinstance(value, np.generic) else value


def value_and_gradient(keras: Keras, function: Callable[[Any], Any], x: Array) -> Any:
    """``function(x)`` and d sum(c * function(x)) / dx, for a fixed uneven c."""
    uneven = partial(np.resize, 1 + np.arange(7) / 7)

    def weighted(t: Any) -> tuple[Any, Any]:
        out = function(t)
        c = uneven(out.shape).astype(x.dtype) if out.shape else 1.0
        return (out * c).sum(), out

    if is_real(keras):
        import jax

        (_, out), gradient = jax.value_and_grad(weighted, has_aux=True)(
            jax.numpy.asarray(x)
        )
    else:
        from tinygrad_lr.autodiff import Tensor

        leaf = Tensor(x, requires_grad=True)
        total, out = weighted(leaf)
        total.backward()
        gradient = leaf.grad
    return {
        "value": plain(array(out)),
        "gradient": plain(array(gradient)),
        "dtype": str(array(out).dtype),
    }


def label(*parts: Any) -> str:
    """A readable name for a case."""
    words = []
    for part in parts:
        if isinstance(part, dict):
            words.extend(f"{key}={value}" for key, value in part.items())
        elif part is not None:
            words.append(str(part))
    return "-".join(words)
