"""How a NumPy function that was given a Tensor is answered.

Three tables decide: flat functions give plain arrays, combinations are computed from
others, and all else is applied as it is. What would write into an array is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calls import apply, plain
from tinygrad_lr.autodiff.forms import check_options
from tinygrad_lr.autodiff.mode import mode, no_grad
from tinygrad_lr.autodiff.rules import (
    COMPOSITIONS,
    CONSTANTS,
    RULES,
    VETTED,
    Function,
    names_of,
)

IN_PLACE: set[Function] = {
    np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask,
}  # fmt: skip

REDUCTIONS: dict[tuple[Function, str], Function] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}


def dispatch(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a NumPy function that was given a Tensor."""
    if kwargs and kwargs.pop("out", None) is not None:
        raise TypeError(
            f"np.{function.__name__}: out= cannot take the result, because Tensors "
            "never change and an array would lose the gradient. Use the returned value "
            "instead."
        )
    if function in RULES:
        return apply(function, *args, **kwargs)
    if function in IN_PLACE:
        raise TypeError(
            f"np.{function.__name__} writes into an array: a Tensor never changes, and "
            "an array would lose the gradient. Build the result with np.where or "
            "np.concatenate instead."
        )
    if function in CONSTANTS:
        if mode.recorder is None:
            return function(*plain(args), **plain(kwargs))
        with no_grad():  # recorded, but without a history
            return apply(function, *args, **kwargs)
    combination = COMPOSITIONS.get(function)
    if combination is not None:
        if kwargs:
            check_options(function, kwargs, names_of(combination))
        if function in VETTED:
            function(*plain(args), **plain(kwargs))
        return combination(*args, **kwargs)
    return apply(function, *args, **kwargs)


def operand(x: Any) -> Any:
    """Make an array of a list that stands beside an operator."""
    return np.asarray(x) if type(x) in (list, tuple) else x


def array_index(index: Any) -> Any:
    """Make arrays of lists in an index, so that only Tensors stay to be unwrapped."""
    if isinstance(index, list):
        return np.asarray(index) if index else np.empty(0, np.intp)
    if isinstance(index, tuple):
        return tuple(array_index(i) if isinstance(i, list) else i for i in index)
    return index


def ufunc_options(
    ufunc: np.ufunc, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """Apply the options of a ufunc call that make sense here; refuse the others."""
    if "out" in options:
        raise TypeError(
            f"np.{ufunc.__name__}: a Tensor cannot be written into an existing array "
            "(out= or an in-place operator such as +=), because its gradient would be "
            "lost. Write a = a + t instead."
        )
    dtype = options.pop("dtype", None)
    if options:
        raise TypeError(
            f"np.{ufunc.__name__} on Tensors takes no {', '.join(options)}; expected "
            "dtype alone. Select elements with np.where, and rearrange axes before the "
            "call."
        )
    if dtype is None:
        return inputs
    return tuple(
        x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype)
        for x in inputs
    )
