"""The calculus of NumPy: one line for each function and argument.

Read a row as: with ``out = function(x, y)`` and the gradient ``g`` of ``out``, here is
the gradient of each argument. Shapes need no care, the engine fits them.

Conventions at points without a derivative: arguments that tie in a maximum or minimum
share the gradient equally; ``absolute``, ``hypot`` and ``std`` have slope 0 at 0;
``clip`` has slope 1 on its borders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.complexes import conj
from tinygrad_lr.autodiff.rules import axes_of, constant, reduction, rule

LN2, LN10 = math.log(2.0), math.log(10.0)


def count(x: Any, out: Any) -> int:
    """Return how many elements of ``x`` went into each element of ``out``."""
    return int(x.size // max(out.size, 1))


def swap(x: Any) -> Any:
    """Transpose the last two axes: the matrix transpose of a batch."""
    return np.swapaxes(x, -1, -2)


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """Return the permutation that undoes ``order``."""
    return tuple(order.index(i) for i in range(len(order)))


# -- arithmetic ------------------------------------------------------------------------


def nonzero(x: Any) -> Any:
    """Replace 0 by 1, where a quotient or logarithm is multiplied by 0 anyway."""
    return np.where(x == 0, 1, x)


def power_base(g: Any, out: Any, x: Any, y: Any) -> Any:
    if isinstance(y, (int, float)):
        return g * y * x ** (y - 1) if y else g * 0
    return g * y * x ** np.where((x == 0) & (y == 0), 1, y - 1)


def power_exponent(g: Any, out: Any, x: Any, y: Any) -> Any:
    return g * out * np.log(nonzero(x))


def absolute(g: Any, out: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return g / nonzero(out) * conj(x)
    return g * np.sign(x)


def won_by_first(g: Any, out: Any, x: Any, y: Any) -> Any:
    return np.where(x == y, g / 2, np.where(out == x, g, 0))


def won_by_second(g: Any, out: Any, x: Any, y: Any) -> Any:
    return np.where(x == y, g / 2, np.where(out == y, g, 0))


def clip_low(g: Any, out: Any, x: Any, low: Any, high: Any = None) -> Any:
    return np.where((x < low) & (out == low), g, 0)


def clip_high(g: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    return np.where((x > high) if low is None else (x > high) | (low > high), g, 0)


rule(np.add, lambda g, out, x, y: g, lambda g, out, x, y: g)
rule(np.subtract, lambda g, out, x, y: g, lambda g, out, x, y: -g)
rule(np.multiply, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)
rule(np.divide, lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y)
rule(np.power, power_base, power_exponent)
rule(np.float_power, power_base, power_exponent)
rule(
    np.remainder,
    lambda g, out, x, y: g,
    lambda g, out, x, y: -g * np.floor_divide(x, y),
)
rule(np.fmod, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.trunc(x / y))
rule(np.negative, lambda g, out, x: -g)
rule(np.positive, lambda g, out, x: g)
rule(np.absolute, absolute)
rule(np.fabs, lambda g, out, x: g * np.sign(x))
rule(np.square, lambda g, out, x: g * (2 * x))
rule(np.sqrt, lambda g, out, x: g / (2 * out))
rule(np.cbrt, lambda g, out, x: g / (3 * np.square(out)))
rule(np.reciprocal, lambda g, out, x: -g * np.square(out))
rule(np.maximum, won_by_first, won_by_second)
rule(np.minimum, won_by_first, won_by_second)
rule(np.fmax, won_by_first, won_by_second)
rule(np.fmin, won_by_first, won_by_second)
rule(
    np.clip,
    lambda g, out, x, low=None, high=None, min=None, max=None: np.where(x == out, g, 0),
    clip_low,
    clip_high,
)
rule(
    np.hypot,
    lambda g, out, x, y: g * x / nonzero(out),
    lambda g, out, x, y: g * y / nonzero(out),
)
rule(np.deg2rad, lambda g, out, x: g * (math.pi / 180))
rule(np.rad2deg, lambda g, out, x: g * (180 / math.pi))
rule(np.radians, lambda g, out, x: g * (math.pi / 180))
rule(np.degrees, lambda g, out, x: g * (180 / math.pi))
rule(
    np.where,
    None,
    lambda g, out, c, x, y: np.where(c, g, 0),
    lambda g, out, c, x, y: np.where(c, 0, g),
)
rule(np.nan_to_num, lambda g, out, x, **options: np.where(np.isfinite(x), g, 0))
rule(np.copy, lambda g, out, x, **options: g)

# -- exponentials and logarithms -------------------------------------------------------

rule(np.exp, lambda g, out, x: g * out)
rule(np.expm1, lambda g, out, x: g * (out + 1))
rule(np.exp2, lambda g, out, x: g * out * LN2)
rule(np.log, lambda g, out, x: g / x)
rule(np.log1p, lambda g, out, x: g / (1 + x))
rule(np.log2, lambda g, out, x: g / (x * LN2))
rule(np.log10, lambda g, out, x: g / (x * LN10))
rule(
    np.logaddexp,
    lambda g, out, x, y: g * np.exp(x - out),
    lambda g, out, x, y: g * np.exp(y - out),
)
rule(
    np.logaddexp2,
    lambda g, out, x, y: g * np.exp2(x - out),
    lambda g, out, x, y: g * np.exp2(y - out),
)

# -- trigonometric and hyperbolic functions --------------------------------------------

rule(np.sin, lambda g, out, x: g * np.cos(x))
rule(np.cos, lambda g, out, x: -g * np.sin(x))
rule(np.tan, lambda g, out, x: g * (1 + np.square(out)))
rule(np.arcsin, lambda g, out, x: g / np.sqrt(1 - np.square(x)))
rule(np.arccos, lambda g, out, x: -g / np.sqrt(1 - np.square(x)))
rule(np.arctan, lambda g, out, x: g / (1 + np.square(x)))
rule(
    np.arctan2,
    lambda g, out, x, y: g * y / (np.square(x) + np.square(y)),
    lambda g, out, x, y: -g * x / (np.square(x) + np.square(y)),
)
rule(np.sinh, lambda g, out, x: g * np.cosh(x))
rule(np.cosh, lambda g, out, x: g * np.sinh(x))
rule(np.tanh, lambda g, out, x: g * (1 - np.square(out)))
rule(np.arcsinh, lambda g, out, x: g / np.sqrt(np.square(x) + 1))
rule(np.arccosh, lambda g, out, x: g / np.sqrt(np.square(x) - 1))
rule(np.arctanh, lambda g, out, x: g / (1 - np.square(x)))

# -- reductions ------------------------------------------------------------------------


def chosen(g: Any, where: Any) -> Any:
    """The gradient of the elements that took part."""
    return g if where is True else np.where(where, g, 0)


def mean(g: Any, out: Any, x: Any, axis: Any, where: Any = True) -> Any:
    if where is True:
        return g / count(x, out)
    taken = np.broadcast_to(where, x.shape)
    return chosen(g, where) / np.sum(taken, axis=axis, keepdims=True, dtype=x.dtype)


def extremum(
    g: Any, out: Any, x: Any, axis: Any, where: Any = True, initial: Any = None
) -> Any:
    hits = x == out if where is True else (x == out) & where
    if initial is not None:  # which may be the extreme one: then there are no hits
        hits = hits & (out != initial)
    ties = np.sum(hits, axis=axis, keepdims=True, dtype=x.dtype)
    return np.where(hits, g / (ties if initial is None else nonzero(ties)), 0)


def variance(
    g: Any, out: Any, x: Any, axis: Any, ddof: float = 0, correction: Any = None
) -> Any:
    ddof = ddof if correction is None else correction
    centred = x - np.mean(x, axis=axis, keepdims=True)
    return g * (2 * conj(centred)) / (count(x, out) - ddof)


def deviation(
    g: Any, out: Any, x: Any, axis: Any, ddof: float = 0, correction: Any = None
) -> Any:
    return variance(g / (2 * nonzero(out)), out, x, axis, ddof, correction)


def product(
    g: Any, out: Any, x: Any, axis: Any, where: Any = True, initial: Any = 1
) -> Any:
    taken = x if where is True else np.where(where, x, 1)
    return chosen(products_of_others(g * initial, out, taken, axis), where)


def products_of_others(g: Any, out: Any, x: Any, axis: Any) -> Any:
    """Multiply all the others, from both sides: zeros are then no exception."""
    axes = axes_of(axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    order = [*rest, *axes]
    length = math.prod(x.shape[i] for i in axes)
    flat = np.reshape(np.transpose(x, order), (*(x.shape[i] for i in rest), length))
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1)
    after = np.flip(
        np.cumprod(np.concatenate([one, np.flip(flat[..., 1:], -1)], -1), -1), -1
    )
    others = np.reshape(before * after, tuple(x.shape[i] for i in order))
    return g * np.transpose(others, inverse(order))


reduction(np.sum, lambda g, out, x, axis, where=True, initial=None: chosen(g, where))
reduction(np.mean, mean)
reduction(np.max, extremum)
reduction(np.min, extremum)
reduction(np.amax, extremum)
reduction(np.amin, extremum)
reduction(np.prod, product)
reduction(np.var, variance)
reduction(np.std, deviation)

# -- running sums and products ---------------------------------------------------------


def running_sum(
    g: Any, out: Any, x: Any, axis: int | None = None, dtype: Any = None
) -> Any:
    if axis is None or not x.ndim:
        return np.reshape(running_sum(g, out, np.ravel(x), 0), x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def running_product(
    g: Any, out: Any, x: Any, axis: int | None = None, dtype: Any = None
) -> Any:
    """The recurrence s[i] = g[i] + x[i+1] s[i+1], without division: exact for zeros."""
    if axis is None or not x.ndim:
        return np.reshape(running_product(g, out, np.ravel(x), 0), x.shape)
    x, g = np.moveaxis(x, axis, 0), np.moveaxis(g, axis, 0)
    if not x.size:
        return np.moveaxis(g, 0, axis)
    before = np.cumprod(np.concatenate([np.ones_like(x[:1]), x[:-1]]), 0)
    sums = [g[-1]]
    for i in reversed(range(x.shape[0] - 1)):
        sums.append(g[i] + x[i + 1] * sums[-1])
    return np.moveaxis(before * np.stack(sums[::-1]), 0, axis)


rule(np.cumsum, running_sum)
rule(np.cumprod, running_product)

# -- shape -----------------------------------------------------------------------------


def transposed(g: Any, out: Any, x: Any, axes: Any = None) -> Any:
    if axes is None:
        return np.transpose(g)
    return np.transpose(g, inverse(axes_of(axes, x.ndim)))


def reshaped(g: Any, out: Any, x: Any, *args: Any, order: str = "C", **kw: Any) -> Any:
    if order not in ("C", "F"):
        raise NotImplementedError(
            f"order={order!r} depends on how the values lie in memory, which a "
            "gradient cannot know; expected order='C' or 'F'."
        )
    return np.reshape(g, x.shape, order=order)  # type: ignore[call-overload]  # C or F


def concatenated(g: Any, out: Any, arrays: Any, axis: int | None = 0, **kw: Any) -> Any:
    if axis is None:
        pieces = np.split(g, cuts([np.size(a) for a in arrays]))
        return [np.reshape(p, np.shape(a)) for p, a in zip(pieces, arrays, strict=True)]
    return np.split(g, cuts([np.shape(a)[axis] for a in arrays]), axis)


def cuts(lengths: Sequence[int]) -> list[int]:
    """Where to split so that the pieces have these lengths."""
    return [sum(lengths[:i]) for i in range(1, len(lengths))]


def rolled(g: Any, out: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    back = [-s for s in shift] if isinstance(shift, Sequence) else -shift
    return np.roll(g, back, axis)


rule(np.reshape, reshaped)
rule(np.ravel, reshaped)
rule(np.expand_dims, lambda g, out, x, axis: np.reshape(g, x.shape))
rule(np.squeeze, lambda g, out, x, axis=None: np.reshape(g, x.shape))
rule(np.atleast_1d, lambda g, out, x: np.reshape(g, x.shape))
rule(np.atleast_2d, lambda g, out, x: np.reshape(g, x.shape))
rule(np.atleast_3d, lambda g, out, x: np.reshape(g, x.shape))
rule(np.transpose, transposed)
rule(np.swapaxes, lambda g, out, x, a, b: np.swapaxes(g, a, b))
rule(np.moveaxis, lambda g, out, x, source, to: np.moveaxis(g, to, source))
rule(np.broadcast_to, lambda g, out, x, shape, **kw: g)
rule(np.concatenate, concatenated)
rule(np.stack, lambda g, out, arrays, axis=0, **kw: list(np.moveaxis(g, axis, 0)))
rule(np.roll, rolled)
rule(np.flip, lambda g, out, x, axis=None: np.flip(g, axis))
rule(np.rot90, lambda g, out, x, k=1, axes=(0, 1): np.rot90(g, -k, axes))
rule(np.tril, lambda g, out, x, k=0: np.tril(g, k))
rule(np.triu, lambda g, out, x, k=0: np.triu(g, k))

# -- linear algebra --------------------------------------------------------------------


def matmul_first(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return np.expand_dims(g, -1) * y
    if x.ndim == 1:
        g = np.expand_dims(g, -2)
    return np.matmul(g, swap(y))


def matmul_second(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return np.expand_dims(x, -1) * np.expand_dims(g, -2) if y.ndim > 1 else x * g
    if y.ndim == 1:
        return np.squeeze(np.matmul(swap(x), np.expand_dims(g, -1)), -1)
    if x.ndim > y.ndim == 2:  # one product over all rows instead of a batch to add up
        rows = math.prod(x.shape[:-1])
        x, g = np.reshape(x, (rows, x.shape[-1])), np.reshape(g, (rows, g.shape[-1]))
    return np.matmul(swap(x), g)


def cholesky(g: Any, out: Any, x: Any) -> Any:
    """For symmetric (Hermitian) x; the gradient is symmetric, too.

    Source: Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527.
    """
    middle = np.tril(np.matmul(swap(out), g))
    middle = middle - np.eye(x.shape[-1], dtype=x.dtype) * middle / 2
    inverse_out = np.linalg.inv(out)
    full = np.matmul(np.matmul(swap(inverse_out), middle), conj(inverse_out))
    return (full + conj(swap(full))) / 2


def solve_first(g: Any, out: Any, a: Any, b: Any) -> Any:
    d_b = np.linalg.solve(swap(a), g)
    if b.ndim == 1:
        d_b, out = np.expand_dims(d_b, -1), np.expand_dims(out, -1)
    return -np.matmul(d_b, swap(out))


def as_matrix(g: Any) -> Any:
    """Let one number per matrix broadcast against the matrices."""
    return np.expand_dims(g, (-2, -1))


rule(np.matmul, matmul_first, matmul_second)
rule(np.linalg.inv, lambda g, out, x: -np.matmul(np.matmul(swap(out), g), swap(out)))
rule(np.linalg.det, lambda g, out, x: as_matrix(g * out) * swap(np.linalg.inv(x)))
rule(np.linalg.cholesky, cholesky)
rule(np.linalg.solve, solve_first, lambda g, out, a, b: np.linalg.solve(swap(a), g))

# -- functions that are flat wherever they have a derivative ---------------------------

constant(np.sign, np.signbit, np.floor, np.ceil, np.trunc, np.rint, np.round, np.around)
constant(np.fix, np.floor_divide, np.heaviside, np.equal, np.not_equal, np.less)
constant(np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or)
constant(np.logical_xor, np.logical_not, np.isfinite, np.isinf, np.isnan, np.isclose)
constant(np.allclose, np.array_equal, np.all, np.any, np.argmax, np.argmin, np.argsort)
constant(np.argwhere, np.nonzero, np.flatnonzero, np.count_nonzero, np.searchsorted)
constant(np.zeros_like, np.ones_like, np.empty_like, np.shape, np.size)
constant(np.ndim, np.array_repr, np.array_str, np.array2string)
constant(np.digitize, np.isin, np.invert, np.bitwise_and, np.bitwise_or)
constant(np.left_shift, np.right_shift)
constant(np.bitwise_xor, np.lexsort, np.result_type, np.may_share_memory)
constant(np.isneginf, np.isposinf, np.nextafter, np.spacing, np.array_equiv)
constant(np.shares_memory, np.iscomplexobj, np.isrealobj, np.save, np.savetxt)
