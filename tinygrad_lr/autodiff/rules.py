"""The rule table: what a row says, and how one is declared.

A row ``rule(np.multiply, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)``
says: if ``out = np.multiply(x, y)`` and ``g`` is the gradient with respect to ``out``,
these are the gradients with respect to ``x`` and ``y``. Rows are written in NumPy, so
the same line runs on plain arrays (first order, fast) and on Tensors (any order, or
while a step is recorded).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)


class Rule(NamedTuple):
    """How gradients go back through a function: one entry per positional argument.

    ``options`` are the names its entries understand, or None if they take any.
    """

    vjps: tuple[Function | None, ...]
    options: frozenset[str] | None


RULES: dict[Function, Rule] = {}
COMPOSITIONS: dict[Function, Function] = {}
VETTED: set[Function] = set()
CONSTANTS: set[Function] = set()
WHOLE: set[Function] = set()

CO_VARKEYWORDS = 0x08  # the flag of a code object that takes **keywords


def rule(function: Function, *vjps: Function | None) -> None:
    """Declare the gradients of ``function``, one per positional argument.

    Each entry is called as ``vjp(g, out, *args, **kwargs)`` with the function's own
    arguments and returns the gradient with respect to its argument, in any shape that
    broadcasts with it; for an argument that is a list of arrays, a list of gradients.
    ``None`` stands for an argument through which no gradient flows, such as a
    condition. Raises ``TypeError`` for a function that is not hashable or an entry that
    is not callable.
    """
    for vjp in vjps:
        if vjp is not None and not callable(vjp):
            raise TypeError(
                f"rule({function.__name__}): expected a function or None for each "
                f"argument, got {vjp!r}."
            )
    known = [names_of(vjp) for vjp in vjps if vjp is not None]
    names = None if None in known else frozenset[str]().union(*filter(None, known))
    RULES[function] = Rule(vjps, names)


def names_of(function: Function) -> frozenset[str] | None:
    """Return the names of a function's parameters, or None if it takes any keyword."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & CO_VARKEYWORDS:
        return None
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def reduction(function: Function, vjp: Function) -> None:
    """Declare the gradient of a function that removes the axes named by ``axis``.

    ``vjp(g, out, x, axis, **options)`` sees ``g`` and ``out`` with the removed axes put
    back in length 1, so that they broadcast against ``x``.
    """

    def with_axes(
        g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None,
        keepdims: bool = False, **options: Any,
    ) -> Any:  # fmt: skip
        if not keepdims:
            shape = kept(x.shape, axis)
            g, out = np.reshape(g, shape), np.reshape(out, shape)
        return vjp(g, out, x, axis, **options)

    rule(function, with_axes)
    names = names_of(vjp)
    if names is not None:
        RULES[function] = Rule((with_axes,), names | {"axis", "dtype", "keepdims"})


def composition(function: Function, vetted: bool = False) -> Callable[[F], F]:
    """Declare that, on Tensors, ``function`` is the decorated use of other rows.

    With ``vetted`` NumPy's own function is called first, on plain arrays: what it
    refuses, it refuses in its own words. For functions with much that can be wrong.
    """

    def declare(combination: F) -> F:
        COMPOSITIONS[function] = combination
        if vetted:
            VETTED.add(function)
        return combination

    return declare


def constant(*functions: Function) -> None:
    """Declare functions whose derivative is zero wherever there is one."""
    CONSTANTS.update(functions)


def whole(*functions: Function) -> None:
    """Declare primitives without slope that programs call as they are: their bodies
    look at values, or are no NumPy, so that no recorder can follow them.
    """
    for function in functions:
        rule(function, None)
    WHOLE.update(functions)


def primitive(function: F) -> F:
    """Make ``function``, written for arrays, one that Tensors can be given to.

    On arrays it runs as it is. On Tensors the call is remembered as one step whose
    gradient :func:`rule` states::

        >>> import numpy as np
        >>> from tinygrad_lr.autodiff import grad, primitive, rule
        >>> @primitive
        ... def cube(x):
        ...     return x * x * x
        >>> rule(cube, lambda g, out, x: g * 3 * x**2)
        >>> grad(cube)(np.array(2.0))
        array(12.)

    It answers NumPy's own protocol (NEP 18), so it works with any array type that does.
    """

    @functools.wraps(function)
    def dispatching(*args: Any, **kwargs: Any) -> Any:
        for arg in (*args, *kwargs.values()):
            for value in arg if type(arg) in (list, tuple) else (arg,):
                if not isinstance(value, np.ndarray) and hasattr(
                    value, "__array_function__"
                ):
                    kind = type(value)
                    return kind.__array_function__(
                        value, dispatching, (kind,), args, kwargs
                    )
        return function(*args, **kwargs)

    dispatching.body = function  # type: ignore[attr-defined]  # for who reads programs
    return dispatching  # type: ignore[return-value]  # wraps() keeps the signature


def as_array(x: Any) -> Any:
    """An array of a list of numbers; arrays and Tensors as they are."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return ``axis`` (None, an int or a tuple) as a tuple of non-negative ints."""
    if axis is None or not ndim:
        return tuple(range(ndim))
    return normalize_axis_tuple(axis, ndim)


def kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """Return ``shape`` with the axes in ``axis`` set to length 1."""
    removed = axes_of(axis, len(shape))
    return tuple(1 if i in removed else n for i, n in enumerate(shape))
