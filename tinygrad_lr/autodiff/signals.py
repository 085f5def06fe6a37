"""Sampled functions: slopes, integrals, interpolation, convolution, polynomials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.complexes import conj
from tinygrad_lr.autodiff.rules import as_array, axes_of, composition, rule

# -- differences and integrals ---------------------------------------------------------


@composition(np.diff)
def diff(
    x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None
) -> Any:
    def border(values: Any) -> Any:
        if np.ndim(values) == 0:
            return np.broadcast_to(values, (*x.shape[:-1], 1))
        return np.moveaxis(values, axis, -1)

    if n < 0:
        raise ValueError(f"np.diff: expected n to be 0 or more, got {n}.")
    x = np.moveaxis(x, axis, -1)
    parts = [] if prepend is None else [border(prepend)]
    parts += [x] if append is None else [x, border(append)]
    x = np.concatenate(parts, -1) if len(parts) > 1 else x
    step = np.not_equal if x.dtype == bool else np.subtract
    for _ in range(n):
        x = step(x[..., 1:], x[..., :-1])
    return np.moveaxis(x, -1, axis)


@composition(np.ediff1d)
def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    x = np.ravel(x)
    parts = [to_begin, x[1:] - x[:-1], to_end]
    given = [np.ravel(part) for part in parts if part is not None]
    return np.concatenate([part.astype(x.dtype) for part in given])


@composition(np.gradient)
def gradient(f: Any, *spacings: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Differences of second order inside, of ``edge_order`` at the borders."""
    axes = axes_of(axis, f.ndim)
    positions = len(spacings) == 1 and np.ndim(spacings[0]) > 0
    if len(spacings) not in (0, 1, len(axes)) or (positions and len(axes) > 1):
        raise TypeError(
            f"np.gradient: expected no, one or {len(axes)} spacings (positions for "
            f"each axis), got {len(spacings)}."
        )
    steps = spacings if len(spacings) == len(axes) else (spacings or (1.0,)) * len(axes)
    if edge_order not in (1, 2):
        raise ValueError(
            f"np.gradient: expected edge_order to be 1 or 2, got {edge_order}."
        )
    f = f if f.dtype.kind in "fc" else f.astype(np.float64)
    slopes = []
    for at, h in zip(axes, steps, strict=True):
        slope = slope_along(np.moveaxis(f, at, -1), as_array(h), edge_order)
        slopes.append(np.moveaxis(slope, -1, at).astype(f.dtype))
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def slope_along(f: Any, h: Any, edge_order: int) -> Any:
    """The slope along the last axis, with one step or the positions themselves."""
    n = f.shape[-1]
    if n <= edge_order:
        raise ValueError(
            f"np.gradient: an axis of length {n} is too short for "
            f"edge_order={edge_order}."
        )
    if np.ndim(h) and np.shape(h) != (n,):
        raise ValueError(
            f"np.gradient: expected {n} positions for an axis of length {n}, got shape "
            f"{np.shape(h)}."
        )
    d = np.broadcast_to(h, (n - 1,)) if np.ndim(h) == 0 else h[1:] - h[:-1]
    even = np.ndim(h) == 0 or (isinstance(d, np.ndarray) and np.all(d == d[0]))
    rise = (f[..., 1:] - f[..., :-1]) / d
    if n == 2:
        return np.concatenate([rise, rise], -1)
    before, after = d[:-1], d[1:]
    if even:  # without the value between, which may be infinite
        inner = (f[..., 2:] - f[..., :-2]) / (2 * before)
    else:
        inner = (rise[..., :-1] * after + rise[..., 1:] * before) / (before + after)
    first, last = rise[..., :1], rise[..., -1:]
    if edge_order == 2:
        bend = (rise[..., 1:] - rise[..., :-1]) / (before + after)
        first = first - bend[..., :1] * d[0]
        last = last + bend[..., -1:] * d[-1]
    return np.concatenate([first, inner, last], -1)


@composition(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.moveaxis(as_array(y), axis, -1)
    if x is not None:
        x = as_array(x)
        along = x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1)
        dx = along[..., 1:] - along[..., :-1]
    return np.sum(dx * (y[..., 1:] + y[..., :-1]) / 2, -1)


# -- interpolation and phases ----------------------------------------------------------


@composition(np.interp, vetted=True)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Straight lines between the points; in float64, as NumPy gives it."""
    x, xp, fp = (np.multiply(part, np.ones((), np.float64)) for part in (x, xp, fp))
    if period is not None:
        x, xp = x % abs(period), xp % abs(period)
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - abs(period), xp, xp[:1] + abs(period)])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    n = xp.shape[0]
    if n == 1:
        out = fp[0] + np.zeros_like(x)
    else:
        at = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, n - 2)
        slope = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
        out = fp[at] + slope[at] * (x - xp[at])
    out = np.where(x < xp[0], fp[0] if left is None else left, out)
    return np.where(x > xp[-1], fp[-1] if right is None else right, out)


def sinc_rule(g: Any, out: Any, x: Any) -> Any:
    """(cos(pi x) - sinc(x)) / x, and near 0, where that cancels, its Taylor series."""
    z = math.pi * x
    near = np.absolute(z) < 0.3
    far = (np.cos(z) - out) / np.where(near, 1, z)
    square = np.square(z)
    series = square * 0
    for k in (5, 4, 3, 2, 1):
        series = series * square + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return g * math.pi * np.where(near, series * z, far)


rule(np.sinc, sinc_rule)
rule(
    np.unwrap, lambda g, out, x, discont=None, axis=-1, **kw: g
)  # adds multiples of pi
rule(
    np.copysign,
    lambda g, out, x, y: g * np.sign(x) * np.copysign(np.ones_like(g), y),
    None,
)
rule(np.ldexp, lambda g, out, x, n: np.ldexp(g, n), None)


@composition(np.divmod)
def divmod_of(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y), np.remainder(x, y)


@composition(np.modf)
def modf(x: Any) -> Any:
    x = x * np.ones((), np.float16)  # numbers that have a fraction
    whole = np.trunc(x)
    return np.where(np.isinf(x), 0, x - whole), whole


# -- convolution -----------------------------------------------------------------------


def window(n: int, m: int, mode: Any) -> slice:
    """Which part of a full convolution of lengths n and m a mode keeps."""
    short, long = min(n, m), max(n, m)
    modes = {
        "full": (0, n + m - 1),
        "same": ((short - 1) // 2, long),
        "valid": (short - 1, long - short + 1),
    }
    if isinstance(mode, int) and 0 <= mode <= 2:  # NumPy's numbers of them
        mode = ("valid", "same", "full")[mode]
    if mode not in modes:
        raise ValueError(f"expected mode to be one of {list(modes)}, got {mode!r}.")
    first, length = modes[mode]
    return slice(first, first + length)


def convolved(position: int) -> Any:
    """The gradient of one factor: a convolution with the other one, turned round."""

    def vjp(g: Any, out: Any, x: Any, y: Any, mode: str = "full") -> Any:
        own, other = (x, y) if position == 0 else (y, x)
        n, m = np.size(own), np.size(other)
        part = window(n, m, mode)
        full = np.pad(g, (part.start, n + m - 1 - part.stop))
        return np.convolve(full, np.flip(np.atleast_1d(other)))[m - 1 : m - 1 + n]

    return vjp


rule(np.convolve, convolved(0), convolved(1))


@composition(np.correlate)
def correlate(x: Any, y: Any, mode: str = "valid") -> Any:
    n, m = np.size(x), np.size(y)
    full = np.convolve(np.atleast_1d(x), np.flip(conj(np.atleast_1d(y))))
    part = window(n, m, mode)
    if m > n:  # NumPy exchanges them, and reads the result backwards
        part = slice(n + m - 1 - part.stop, n + m - 1 - part.start)
    return full[part]


# -- polynomials, with the highest power first -----------------------------------------


@composition(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    p, x = as_array(p), as_array(x)
    out = np.zeros_like(x)
    for k in range(len(p)):
        out = out * x + p[k]
    return out


def lengthened(p: Any, n: int) -> Any:
    """Coefficients with zeros in front, ``n`` in all."""
    p = np.atleast_1d(p)
    return np.pad(p, (n - np.size(p), 0)) if np.size(p) < n else p


@composition(np.polyadd)
def polyadd(p: Any, q: Any) -> Any:
    n = max(np.size(p), np.size(q))
    return lengthened(p, n) + lengthened(q, n)


@composition(np.polysub)
def polysub(p: Any, q: Any) -> Any:
    n = max(np.size(p), np.size(q))
    return lengthened(p, n) - lengthened(q, n)


composition(np.polymul)(lambda p, q: np.convolve(p, q))


@composition(np.polyder, vetted=True)
def polyder(p: Any, m: int = 1) -> Any:
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composition(np.polyint, vetted=True)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    constants = [0.0] if k is None else [k] if np.ndim(k) == 0 else list(k)
    constants = constants * m if len(constants) == 1 else constants[:m]
    for last in constants:
        p = np.concatenate([p / np.arange(len(p), 0, -1), np.reshape(last, 1)])
    return p


@composition(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    n = len(x) if N is None else N
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    return x[:, None] ** powers
