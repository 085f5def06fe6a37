"""Functions that put elements into another order or place, or build arrays of them.

Most are views or joins. For the others, NumPy itself is asked what it does to numbered
elements: where a number comes out, its element belongs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.complexes import conj
from tinygrad_lr.autodiff.rules import Function, as_array, composition

# -- views and joins -------------------------------------------------------------------


@composition(np.rollaxis, vetted=True)
def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return np.moveaxis(x, axis, start - 1 if axis < start else start)


@composition(np.dsplit, vetted=True)
def dsplit(x: Any, sections: Any) -> Any:
    return np.split(x, sections, 2)


@composition(np.append)
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    values = np.stack(values) if isinstance(values, list) else values
    if axis is None:
        return np.concatenate([np.ravel(x), np.ravel(values)])
    return np.concatenate([x, values], axis)


@composition(np.block, vetted=True)
def block(arrays: Any) -> Any:
    """Innermost lists are joined along the last axis, the next along that before."""

    def depth_of(part: Any) -> int:
        return 1 + max(map(depth_of, part)) if isinstance(part, list) else 0

    def largest(part: Any) -> int:
        return max(map(largest, part)) if isinstance(part, list) else int(np.ndim(part))

    depth = depth_of(arrays)
    ndim = max(depth, largest(arrays))

    def join(part: Any, level: int) -> Any:
        if isinstance(part, list):
            return np.concatenate([join(p, level + 1) for p in part], level - depth)
        return np.reshape(part, (1,) * (ndim - np.ndim(part)) + np.shape(part))

    return join(arrays, 0)


@composition(np.broadcast_arrays)
def broadcast_arrays(*arrays: Any) -> Any:
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(np.broadcast_to(x, shape) for x in arrays)


@composition(np.meshgrid)
def meshgrid(
    *axes: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> Any:
    n = len(axes)
    grids = [
        np.reshape(x, [-1 if i == at else 1 for i in range(n)])
        for at, x in enumerate(axes)
    ]
    if indexing == "xy" and n > 1:
        grids = [np.swapaxes(x, 0, 1) for x in grids]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


# -- what NumPy does to numbered elements ----------------------------------------------


def places(x: Any, start: int = 0) -> Any:
    """The numbers of the elements of ``x``, in its shape."""
    return np.reshape(np.arange(start, start + np.size(x)), np.shape(x))


def looked_at(index: Any) -> Any:
    """An index as NumPy needs it here: numbers, and no Tensor of them."""
    return np.asarray(index) if hasattr(index, "shape") else index


def moving(function: Function) -> Callable[..., Any]:
    """``function`` on a Tensor: to take elements where it moves their numbers."""

    def moved(x: Any, where: Any, *args: Any, **options: Any) -> Any:
        return np.ravel(x)[function(places(x), looked_at(where), *args, **options)]

    return moved


composition(np.delete)(moving(np.delete))


@composition(np.resize)
def resize(x: Any, new_shape: Any) -> Any:
    if x.size == 0:  # nothing to repeat
        return np.zeros(new_shape, x.dtype)
    return moving(np.resize)(x, new_shape)


@composition(np.insert, vetted=True)
def insert(x: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    at = np.insert(places(x), looked_at(obj), places(values, np.size(x)), axis)
    values = np.ravel(values)
    values = values.astype(x.dtype) if hasattr(x, "dtype") else values
    return np.concatenate([np.ravel(x), values])[at]


@composition(np.diagflat)
def diagflat(x: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(x), k)


@composition(np.compress)
def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    return np.take(x, np.flatnonzero(condition), axis)


@composition(np.extract)
def extract(condition: Any, x: Any) -> Any:
    return np.ravel(x)[np.flatnonzero(condition)]


# -- choices ---------------------------------------------------------------------------


@composition(np.select)
def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    if len(conditions) != len(choices):
        raise ValueError(
            f"np.select: expected as many choices as conditions, got {len(choices)} "
            f"and {len(conditions)}."
        )
    conditions = [as_array(condition) for condition in conditions]
    for condition in conditions:
        if condition.dtype != bool:
            raise TypeError(
                "np.select: expected conditions of dtype bool, got "
                f"{condition.dtype}. Compare the numbers, for example with > 0."
            )
    kinds = [  # Python's numbers take the dtype of the arrays
        x if type(x) in (int, float, complex) else as_array(x).dtype
        for x in (*choices, default)
    ]
    dtype = np.result_type(*kinds)
    choices = [as_array(choice).astype(dtype) for choice in choices]
    out = as_array(default).astype(dtype)
    for condition, choice in list(zip(conditions, choices, strict=True))[::-1]:
        out = np.where(condition, choice, out)
    return out


@composition(np.choose, vetted=True)
def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    n = len(choices)
    if mode == "wrap":
        a = np.remainder(a, n)
    elif mode == "clip":
        a = np.clip(a, 0, n - 1)
    out = choices[0]
    for k in range(1, n):
        out = np.where(np.equal(a, k), choices[k], out)
    return np.broadcast_to(out, np.broadcast_shapes(np.shape(a), np.shape(out)))


@composition(np.piecewise)
def piecewise(x: Any, conditions: Any, pieces: Any, *args: Any, **options: Any) -> Any:
    if np.ndim(conditions) == np.ndim(x):
        conditions = [conditions]
    conditions = list(conditions)
    if len(pieces) == len(conditions) + 1:
        conditions.append(~np.any(np.stack(conditions), axis=0))
    out = np.where(True, np.zeros((), x.dtype), x)
    for condition, piece in zip(conditions, pieces, strict=True):
        values = piece(x[condition], *args, **options) if callable(piece) else piece
        values = as_array(values).astype(x.dtype)
        out = functions.scatter_set(out, condition, values)
    return out


# -- functions of parts ----------------------------------------------------------------


@composition(np.apply_along_axis)
def apply_along_axis(function: Any, axis: int, x: Any, *args: Any, **kw: Any) -> Any:
    x = np.moveaxis(x, axis, -1)
    rows = np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))
    found = np.stack([function(rows[i], *args, **kw) for i in range(len(rows))])
    out = np.reshape(found, x.shape[:-1] + found.shape[1:])
    front = x.ndim - 1
    at = axis % x.ndim
    return np.moveaxis(out, range(front, out.ndim), range(at, at + out.ndim - front))


@composition(np.apply_over_axes)
def apply_over_axes(function: Any, x: Any, axes: Any) -> Any:
    for axis in np.reshape(axes, -1).tolist():
        out = function(x, axis)
        x = out if out.ndim == x.ndim else np.expand_dims(out, axis)
    return x


# -- evenly spaced numbers -------------------------------------------------------------


@composition(np.linspace)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    spread = stop - start
    parts = max(num - 1 if endpoint else num, 1)
    counted = np.arange(num, dtype=spread.dtype) / parts
    counted = np.reshape(counted, (-1,) + (1,) * spread.ndim)
    out = np.moveaxis(start + counted * spread, 0, axis)
    out = out if dtype is None else out.astype(dtype)
    return (out, spread / parts) if retstep else out


@composition(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    out = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return out if dtype is None else out.astype(dtype)


@composition(np.geomspace)
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    start, stop = start * np.ones(()), stop * np.ones(())  # in float64, as NumPy
    counted = np.linspace(np.zeros_like(stop / start), 1.0, num, endpoint)
    out = np.moveaxis(start * (stop / start) ** counted, 0, axis)
    return out if dtype is None else out.astype(dtype)


# -- cross products --------------------------------------------------------------------


@composition(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    """Of vectors of length 3 or 2; two of length 2 give one number."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    for x in (a, b):
        if x.shape[-1] not in (2, 3):
            raise ValueError(
                f"np.cross: expected vectors of length 2 or 3, got {x.shape[-1]}."
            )
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    (a1, a2, a3), (b1, b2, b3) = spatial(a), spatial(b)
    out = [a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1]
    return np.stack(out, axisc)


def spatial(x: Any) -> list[Any]:
    """Three coordinates; a vector of length 2 lies in the plane."""
    third = x[..., 2] if x.shape[-1] == 3 else np.zeros_like(x[..., 0])
    return [x[..., 0], x[..., 1], third]


@composition(np.linalg.cross)
def linalg_cross(a: Any, b: Any, axis: int = -1) -> Any:
    return cross(a, b, axis=axis)


# -- newer than NumPy 2.0 --------------------------------------------------------------


def running(total: Callable[..., Any], first: int) -> Callable[..., Any]:
    """A running total that may begin with the empty one."""

    def cumulative(
        x: Any, axis: Any = None, dtype: Any = None, include_initial: bool = False
    ) -> Any:
        axis = 0 if axis is None else axis
        x = np.atleast_1d(x)
        out = total(x, axis=axis, dtype=dtype)
        if not include_initial:
            return out
        shape = [1 if i == axis % x.ndim else n for i, n in enumerate(x.shape)]
        return np.concatenate([np.full(shape, first, out.dtype), out], axis)

    return cumulative


NEWER: dict[str, Callable[..., Any]] = {
    "cumulative_sum": running(np.cumsum, 0),
    "cumulative_prod": running(np.cumprod, 1),
    "unstack": lambda x, axis=0: tuple(np.moveaxis(x, axis, 0)),
    "matvec": lambda x, v: np.matmul(x, v[..., None])[..., 0],
    "vecmat": lambda v, x: np.matmul(conj(v)[..., None, :], x)[..., 0, :],
    "astype": lambda x, dtype, copy=True: x.astype(dtype),
}
for name, combination in NEWER.items():
    if hasattr(np, name):
        composition(getattr(np, name))(combination)
