"""Operations element by element: arithmetic, comparison, exponentials, trigonometry.

They are NumPy's functions under NumPy's names; what is added is Keras's dtype, and that
the result is a Tensor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.ops.conversion import (
    cast,
    floating,
    named,
    of_one,
    of_two,
    tensor,
    together,
    wrapped,
)

SAME = "abs absolute conjugate imag negative sign signbit"
FLOAT = """
    arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad exp exp2
    expm1 fabs floor i0 log log10 log1p log2 rad2deg reciprocal sin sinh sqrt tan tanh
    """
TESTS = "isfinite isinf isnan isneginf isposinf logical_not"
PAIRS = "add floor_divide fmax fmin fmod gcd lcm maximum minimum mod multiply subtract"
REAL_PAIRS = """
    arctan2 divide heaviside hypot logaddexp logaddexp2 nextafter true_divide
    """
COMPARISONS = """
    equal greater greater_equal less less_equal logical_and logical_or logical_xor
    not_equal
    """
BITS = """
    bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor left_shift right_shift
    """

made: dict[str, Any] = {}
for name in SAME.split():
    made[name] = of_one(getattr(np, name), name)
for name in FLOAT.split():
    made[name] = of_one(getattr(np, name), name, "float")
for name in TESTS.split():
    made[name] = of_one(getattr(np, name), name)
for name in (PAIRS + " " + COMPARISONS).split():
    made[name] = of_two(getattr(np, name), name)
for name in REAL_PAIRS.split():
    made[name] = of_two(getattr(np, name), name, real=True)
for name in BITS.split():
    function = getattr(np, name)
    if function.nin == 1:
        made[name] = of_one(function, name)
    else:
        made[name] = of_two(function, name, args="x, y")
made["conj"] = made["conjugate"]
made["square"] = of_one(np.square, "square", "int")
made["trunc"] = of_one(np.trunc, "trunc")
globals().update(made)


def power(x1: Any, x2: Any) -> Any:
    """``x1 ** x2``, element by element."""
    x1, x2 = together(x1, x2)
    return wrapped(x1**x2)


def angle(x: Any) -> Any:
    """The angle of complex numbers in radians: 0 or pi for real ones."""
    x = tensor(x)
    return wrapped(np.angle(cast(x, floating(x.dtype))))


def round(x: Any, decimals: int = 0) -> Any:
    """The nearest number with so many decimals; halves go to the even one."""
    return wrapped(np.round(tensor(x), decimals))


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """``x`` where it lies between the limits, else the nearer limit."""
    x = tensor(x)
    if np.dtype(x.dtype).kind == "b":
        x = cast(x, "int32")
    return wrapped(np.clip(x, x_min, x_max), x.dtype)


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """``x1 / x2``, and 0 where ``x2`` is 0."""
    x1, x2 = together(x1, x2, real=True)
    zero = np.equal(x2, 0)
    return wrapped(np.where(zero, 0, x1 / np.where(zero, 1, x2)))


def ldexp(x1: Any, x2: Any) -> Any:
    """``x1 * 2 ** x2``."""
    x1, x2 = tensor(x1), tensor(x2)
    if np.dtype(x2.dtype).kind == "f":
        raise TypeError(f"ldexp: expected integers as exponents, got {x2.dtype}.")
    kind = floating(x1.dtype)
    return cast(x1, kind) * np.exp2(cast(x2, kind))


def rsqrt(x: Any) -> Any:
    """``1 / sqrt(x)``."""
    return 1 / made["sqrt"](x)


def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, and 1 at 0."""
    x = tensor(x)
    x = cast(x, floating(x.dtype)) * math.pi
    zero = np.equal(x, 0)
    safe = np.where(zero, 1, x)
    return wrapped(np.where(zero, 1, np.sin(safe) / safe))


def real(x: Any) -> Any:
    """The real part."""
    x = tensor(x)
    return wrapped(np.real(x)) if np.dtype(x.dtype).kind == "c" else x


def isreal(x: Any) -> Any:
    """Whether each element has no imaginary part."""
    return made["equal"](made["imag"](x), 0)


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Replace nan and infinities, these by the greatest and the least float."""
    return wrapped(np.nan_to_num(tensor(x), nan=nan, posinf=posinf, neginf=neginf))


def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether ``abs(x1 - x2) <= atol + rtol * abs(x2)``."""
    x1, x2 = together(x1, x2)
    return wrapped(np.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether all elements are close, see :func:`isclose`."""
    return wrapped(np.all(isclose(x1, x2, rtol, atol, equal_nan)))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """``x1`` where the condition holds, else ``x2``; alone, where it does."""
    condition = tensor(condition)
    if (x1 is None) != (x2 is None):
        raise ValueError("where: expected both x1 and x2, or none of them.")
    if x1 is None:
        return wrapped(np.nonzero(condition), "int32")
    return wrapped(np.where(cast(condition, bool), *together(x1, x2)))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The choice of the first condition that holds, else ``default``."""
    choices = together(*choicelist, default)
    out = choices[-1]
    for condition, choice in reversed([*zip(condlist, choices[:-1], strict=True)]):
        out = np.where(cast(tensor(condition), bool), choice, out)
    return wrapped(out)


def vectorize(pyfunc: Any, *, excluded: Any = None, signature: Any = None) -> Any:
    """A function that applies ``pyfunc`` to each element and stacks the results."""
    if excluded or signature:
        raise NotImplementedError(
            "vectorize: excluded= and signature= are not available; pass arrays of "
            "single elements."
        )

    def vectorized(*args: Any) -> Any:
        args = tuple(map(tensor, args))
        shape = np.broadcast_shapes(*(x.shape for x in args))
        rows = [np.reshape(np.broadcast_to(x, shape), -1) for x in args]
        results = [tensor(pyfunc(*one)) for one in zip(*rows, strict=True)]
        return np.reshape(np.stack(results), shape)

    return named(vectorized, getattr(pyfunc, "__name__", "vectorized"), "")


__all__ = [
    *made,
    "allclose",
    "angle",
    "clip",
    "divide_no_nan",
    "isclose",
    "isreal",
    "ldexp",
    "nan_to_num",
    "power",
    "real",
    "round",
    "select",
    "sinc",
    "vectorize",
    "where",
]  # the names made above
