"""What an operation does with what it is given: Tensors, and one dtype for all.

Keras promotes as JAX does, not as NumPy: integers beside floats take the floats' dtype
(int32 and float16 give float16), and a Python number takes the dtype of the array
beside it. Arrays of 64 bits become those of 32, unless ``floatx`` is float64; Tensors
keep what they have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, functions
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor

Function = Callable[..., Any]
NARROW = {"int64": "int32", "uint64": "uint32"}


def is_tensor_like(x: Any) -> bool:
    """Whether ``x`` is a Tensor, or stands for one (a KerasTensor)."""
    return isinstance(x, Tensor) or (
        not isinstance(x, (np.ndarray, np.generic)) and hasattr(x, "__array_function__")
    )


def is_number(x: Any) -> bool:
    """Whether ``x`` is a Python number, which has no dtype of its own."""
    return isinstance(x, (bool, int, float)) and not isinstance(x, np.generic)


def cast(x: Any, dtype: Any) -> Any:
    """``x``, a Tensor or what stands for one, in another dtype."""
    dtype = dtype_of(dtype)
    return x if np.dtype(x.dtype) == dtype else functions.astype(x, dtype)


def dtype_of(dtype: Any) -> np.dtype[Any]:
    """A NumPy dtype for a name, a NumPy dtype or a Python type."""
    if dtype is float or (isinstance(dtype, str) and dtype == "float"):
        return np.dtype(floatx())
    if dtype is int or (isinstance(dtype, str) and dtype == "int"):
        return np.dtype("int32")
    try:
        named: np.dtype[Any] = np.dtype(getattr(dtype, "name", dtype))
        return named
    except TypeError:
        raise ValueError(
            f"expected a dtype such as 'float32' or 'int32', got {dtype!r}."
        ) from None


def tensor(x: Any, dtype: Any = None) -> Any:
    """``x`` (a Tensor, array, number or nested list) as a Tensor of 32 bits or less."""
    if not is_tensor_like(x):
        if isinstance(x, (list, tuple)) and any(map(is_tensor_like, x)):
            x = np.stack([tensor(part) for part in x])
        else:
            given = getattr(x, "dtype", None)
            x = as_tensor(x)
            name = NARROW.get(x.dtype.name)
            if x.dtype == np.float64:
                name = floatx()
            if dtype is None and name is not None and given != "object":
                dtype = name
    return x if dtype is None else cast(x, dtype)


def wrapped(out: Any, dtype: Any = None) -> Any:
    """What a function of NumPy gave out, as Tensors: flat ones give plain arrays."""
    if type(out) in (list, tuple):
        return type(out)([wrapped(part, dtype) for part in out])
    if not is_tensor_like(out):
        out = Tensor(out)
    return out if dtype is None else cast(out, dtype)


def result_type(*things: Any) -> np.dtype[Any]:
    """The dtype of an operation on these arrays, Tensors and Python numbers."""
    strong = [np.dtype(x.dtype) for x in things if not is_number(x)]
    numbers = [x for x in things if is_number(x)]
    floats = [dtype for dtype in strong if dtype.kind in "fc"]
    if floats:
        widest: np.dtype[Any] = functools.reduce(np.promote_types, floats)
        return widest
    if any(isinstance(x, float) for x in numbers):
        return np.dtype(floatx())
    whole = [dtype for dtype in strong if dtype.kind in "iu"]
    if whole:
        found: np.dtype[Any] = functools.reduce(np.promote_types, whole)
        if found.kind == "f" or (found.itemsize == 8 and found not in whole):
            return np.dtype("int32")
        return found
    if any(type(x) is int for x in numbers):
        return np.dtype("int32")
    return np.dtype("bool")


def floating(dtype: Any) -> np.dtype[Any]:
    """The dtype of a real result for arguments of this dtype: floats stay, integers
    become ``floatx``.
    """
    dtype = np.dtype(dtype)
    return dtype if dtype.kind in "fc" else np.dtype(floatx())


def together(*things: Any, real: bool = False) -> list[Any]:
    """The arguments in one dtype; Python numbers stay such beside a Tensor."""
    if all(is_number(x) for x in things):
        things = tuple(map(tensor, things))
    ready = [x if is_number(x) else tensor(x) for x in things]
    dtype = result_type(*ready)
    if real:
        dtype = floating(dtype)
    return [x if is_number(x) else cast(x, dtype) for x in ready]


# -- functions of NumPy as operations --------------------------------------------------


def named(function: Function, name: str, doc: str) -> Function:
    """Give a made function a name and a sentence."""
    function.__name__ = function.__qualname__ = name
    function.__module__ = "tinygrad_lr.ops"
    function.__doc__ = doc
    return function


def of_one(function: Function, name: str, dtype: str = "same") -> Function:
    """An operation on one tensor.

    ``dtype`` says what integers become before: "same" leaves them, "float" makes them
    ``floatx``, "int" makes int32 of booleans alone.
    """

    def operation(x: Any) -> Any:
        x = tensor(x)
        if dtype == "float":
            x = cast(x, floating(x.dtype))
        elif dtype == "int" and np.dtype(x.dtype).kind == "b":
            x = cast(x, "int32")
        return wrapped(function(x))

    of = "as floats" if dtype == "float" else "element by element"
    return named(operation, name, f"NumPy's ``{function.__name__}``, {of}.")


def of_two(
    function: Function, name: str, real: bool = False, args: str = "x1, x2"
) -> Function:
    """An operation on two tensors that are brought to one dtype."""
    doc = f"NumPy's ``{function.__name__}``, element by element, with broadcasting."

    def operation(x1: Any, x2: Any) -> Any:
        return wrapped(function(*together(x1, x2, real=real)))

    def on_bits(x: Any, y: Any) -> Any:
        return operation(x, y)

    return named(operation if args == "x1, x2" else on_bits, name, doc)
