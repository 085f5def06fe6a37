"""Statistics: spread, order, quantiles, covariance, and all of them without the nans.

Each is a combination of sums, sorting and selection. Where values tie, sorting decides
which of them has the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.complexes import conj
from tinygrad_lr.autodiff.rules import (
    as_array,
    axes_of,
    composition,
    constant,
    kept,
    rule,
)

# -- spread ----------------------------------------------------------------------------


@composition(np.ptp)
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.max(x, axis, keepdims=keepdims) - np.min(x, axis, keepdims=keepdims)


@composition(np.average, vetted=True)
def average(
    x: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    keepdims: bool = False,
) -> Any:
    if weights is None:
        out = np.mean(x, axis=axis, keepdims=keepdims)
        total = np.full_like(out, np.size(x) / max(np.size(out), 1))
        return (out, total) if returned else out
    if np.shape(weights) != np.shape(x):  # one weight for each row along the axes
        axes = axes_of(axis, np.ndim(x))
        weights = np.transpose(weights, np.argsort(axes))
        shape = [n if i in axes else 1 for i, n in enumerate(np.shape(x))]
        weights = np.broadcast_to(np.reshape(weights, shape), np.shape(x))
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    out = np.sum(x * weights, axis=axis, keepdims=keepdims) / total
    return (out, total) if returned else out


@composition(np.cov, vetted=True)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None,
) -> Any:  # fmt: skip
    x = np.atleast_2d(m)
    x = x if rowvar or x.shape[0] == 1 else np.transpose(x)
    if y is not None:
        y = np.atleast_2d(y)
        y = y if rowvar or y.shape[0] == 1 else np.transpose(y)
        x = np.concatenate([x, y], 0)
    x = x.astype(np.result_type(x.dtype, np.float64))  # as NumPy computes it
    ddof = (0 if bias else 1) if ddof is None else ddof
    given = [np.asarray(w, float) for w in (fweights, aweights) if w is not None]
    weights = np.ones(x.shape[1], np.real(x).dtype) if not given else np.prod(given, 0)
    total = float(np.sum(weights))
    mass = total if aweights is None else float(np.sum(weights * aweights))
    spent = ddof if aweights is None else ddof * mass / total
    norm = max(total - spent, 0.0)
    centred = x - np.average(x, axis=1, weights=weights if given else None)[:, None]
    return np.squeeze(np.matmul(centred, np.transpose(conj(centred) * weights)) / norm)


@composition(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    sizes = np.sqrt(np.real(np.diagonal(c)))
    return np.clip(c / sizes[:, None] / sizes, -1, 1)


# -- order -----------------------------------------------------------------------------


def reordered(g: Any, out: Any, x: Any, *args: Any, axis: Any = -1, **kw: Any) -> Any:
    """Give each element the gradient of the place that its rank has in the result."""
    if axis is None:
        return np.reshape(reordered(g, out, np.ravel(x), axis=0), x.shape)
    rank = np.argsort(np.argsort(x, axis=axis), axis=axis)
    places = np.take_along_axis(np.argsort(out, axis=axis), rank, axis)
    return np.take_along_axis(g, places, axis)


rule(np.partition, reordered)
constant(np.argpartition)


@composition(np.sort)
def sort(x: Any, axis: int | None = -1, kind: Any = None, **options: Any) -> Any:
    if axis is None:
        x, axis = np.ravel(x), 0
    order = np.argsort(x, axis=axis, kind=kind, **options)
    return np.take_along_axis(x, order, axis)


#: The methods that give one of the values, and nothing between two.
WHOLE = {"lower", "higher", "nearest", "inverted_cdf", "closest_observation"}


@composition(np.quantile)
def quantile(
    x: Any, q: Any, axis: Any = None, overwrite_input: bool = False,
    method: Any = "linear", keepdims: bool = False,
) -> Any:  # fmt: skip
    """Between two of the sorted values; counting numbers show which ones, and how far.

    The quantile of 0, 1, 2 ... is the place itself, whatever the method.
    """
    rows, finish = in_rows(x, axis, keepdims)
    n = rows.shape[-1]
    shares = np.reshape(np.asarray(q, float), -1)
    places = np.quantile(np.arange(float(n)), shares, method=method)
    rows = np.sort(rows, -1)
    dtype = share_dtype(x, q)
    dtype = x.dtype if method in WHOLE else dtype
    out = between(rows, places, dtype)
    if rows.dtype.kind == "f":  # nan is sorted to the end
        out = np.where(np.isnan(rows[..., -1:]), np.nan, out)
    return finish(out, np.shape(q))


@composition(np.nanquantile)
def nanquantile(
    x: Any, q: Any, axis: Any = None, overwrite_input: bool = False,
    method: Any = "linear", keepdims: bool = False,
) -> Any:  # fmt: skip
    if method != "linear":
        raise NotImplementedError(
            f"np.nanquantile on a Tensor with method={method!r} is not available; "
            "expected 'linear'."
        )
    rows, finish = in_rows(x, axis, keepdims)
    last = np.sum(~np.isnan(rows), -1, keepdims=True) - 1
    shares = np.reshape(np.asarray(q, float), -1)
    if not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(
            "np.nanquantile: expected quantiles from 0 to 1 (percentiles from 0 to "
            f"100), got quantile {q}."
        )
    rows = np.sort(rows, -1)
    places = np.maximum(last, 0) * shares
    out = between(rows, places, share_dtype(x, q))
    return finish(out, np.shape(q))


def in_rows(x: Any, axis: Any, keepdims: bool) -> tuple[Any, Callable[..., Any]]:
    """``x`` with the axes to reduce as its last one, and how to finish the result."""
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    rest = [i for i in range(np.ndim(x)) if i not in axes]
    shape = tuple(np.shape(x)[i] for i in rest)
    length = math.prod(np.shape(x)[i] for i in axes)
    rows = np.reshape(np.transpose(x, [*rest, *axes]), (*shape, length))
    if not length:  # nothing has no middle
        nothing = np.full((*shape, 1), np.nan, np.result_type(x.dtype, np.float16))
        rows = np.concatenate([rows, nothing], -1)

    def finish(out: Any, shape_of_q: tuple[int, ...]) -> Any:
        """Bring the axis of the quantiles to the front."""
        final = kept(np.shape(x), axis) if keepdims else shape
        return np.reshape(np.moveaxis(out, -1, 0), shape_of_q + final)

    return rows, finish


def between(rows: Any, places: Any, dtype: Any) -> Any:
    """The values of sorted ``rows`` at ``places`` that need not be whole."""
    lower = np.floor(places).astype(np.intp)
    upper = np.ceil(places).astype(np.intp)
    share = (places - lower).astype(dtype)
    if np.ndim(places) > 1:
        low = np.take_along_axis(rows, lower, -1)
        high = np.take_along_axis(rows, upper, -1)
    else:
        low, high = rows[..., lower], rows[..., upper]
    return low + (high - low) * share


def share_dtype(x: Any, q: Any) -> Any:
    """An array of quantiles has a dtype of its own, a number that of floating ``x``."""
    if x.dtype.kind == "c":
        raise TypeError(
            f"quantiles and percentiles: expected real numbers, got {x.dtype}, which "
            "has no order. Take those of np.absolute(x)."
        )
    if x.dtype.kind == "f" and isinstance(q, (int, float)):
        return x.dtype
    return np.result_type(x.dtype, as_array(q).dtype)


def in_hundredths(function: Callable[..., Any]) -> Callable[..., Any]:
    """The percentile that belongs to a quantile."""

    def percentile(
        x: Any, q: Any, axis: Any = None, overwrite_input: bool = False,
        method: Any = "linear", keepdims: bool = False,
    ) -> Any:  # fmt: skip
        q = q / 100 if isinstance(q, (int, float)) else np.divide(q, 100)
        return function(x, q, axis, method=method, keepdims=keepdims)

    return percentile


composition(np.percentile)(in_hundredths(quantile))
composition(np.nanpercentile)(in_hundredths(nanquantile))


@composition(np.median)
def median(
    x: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """The mean of the middle one or two, which may be infinite."""
    rows, finish = in_rows(x, axis, keepdims)
    rows, n = np.sort(rows, -1), rows.shape[-1]
    out = np.mean(rows[..., (n - 1) // 2 : n // 2 + 1], -1, keepdims=True)
    if rows.dtype.kind in "fc":  # nan is sorted to the end
        out = np.where(np.isnan(rows[..., -1:]), np.nan, out)
    return finish(out, ())


@composition(np.nanmedian)
def nanmedian(
    x: Any, axis: Any = None, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    if x.dtype.kind not in "fc":
        return median(x, axis, keepdims=keepdims)
    rows, finish = in_rows(x, axis, keepdims)
    count = np.sum(~np.isnan(rows), -1, keepdims=True)
    middle = np.concatenate([np.maximum(count - 1, 0) // 2, count // 2], -1)
    middle = np.minimum(middle, rows.shape[-1] - 1)  # where nothing is a number
    both = np.take_along_axis(np.sort(rows, -1), middle, -1)
    return finish(np.mean(both, -1, keepdims=True), ())


# -- without the nans ------------------------------------------------------------------

constant(np.nanargmax, np.nanargmin)


def without(x: Any, neutral: float) -> Any:
    """``x`` with a number in the place of each nan."""
    return np.where(np.isnan(x), neutral, x)


@composition(np.nansum)
def nansum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return np.sum(without(x, 0), axis=axis, dtype=dtype, keepdims=keepdims)


@composition(np.nanprod)
def nanprod(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return np.prod(without(x, 1), axis=axis, dtype=dtype, keepdims=keepdims)


@composition(np.nancumsum)
def nancumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumsum(without(x, 0), axis=axis, dtype=dtype)


@composition(np.nancumprod)
def nancumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumprod(without(x, 1), axis=axis, dtype=dtype)


def how_many(x: Any, axis: Any, keepdims: bool) -> Any:
    """The count of numbers that are no nan, in the real dtype of ``x``."""
    return np.sum(~np.isnan(x), axis=axis, keepdims=keepdims, dtype=np.real(x).dtype)


def deviations(x: Any, axis: Any, ddof: float, keepdims: bool) -> tuple[Any, Any]:
    """Distances from the mean, and how many are free; nan where none is."""
    centred = np.where(np.isnan(x), 0, x - nanmean(x, axis, keepdims=True))
    free = how_many(x, axis, keepdims) - ddof
    return centred, np.where(free <= 0, np.nan, free)


@composition(np.nanmean)
def nanmean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    if x.dtype.kind not in "fc":  # numbers that cannot be nan
        return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims)
    total = np.sum(without(x, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    return total / how_many(x, axis, keepdims)


@composition(np.nanvar)
def nanvar(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    if x.dtype.kind not in "fc":
        return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)
    centred, free = deviations(x, axis, ddof, keepdims)
    squares = np.real(centred * conj(centred))
    return np.sum(squares, axis=axis, keepdims=keepdims) / free


@composition(np.nanstd)
def nanstd(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """With slope 0 where all are equal, as that of the norm."""
    if x.dtype.kind not in "fc":
        return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)
    centred, free = deviations(x, axis, ddof, keepdims)
    return functions.euclidean_norm(centred, axis, keepdims) / np.sqrt(free)


def extreme(reduce: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    """The maximum or minimum of what is a number; nan where nothing is."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if x.dtype.kind != "f":
            return reduce(x, axis=axis, keepdims=keepdims)
        out = reduce(without(x, neutral), axis=axis, keepdims=keepdims)
        nothing = np.all(np.isnan(x), axis=axis, keepdims=keepdims)
        return np.where(nothing, np.nan, out)

    return reduced


composition(np.nanmax)(extreme(np.max, -np.inf))
composition(np.nanmin)(extreme(np.min, np.inf))
