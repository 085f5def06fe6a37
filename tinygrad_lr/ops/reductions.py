"""Operations over axes: sums, means, extremes, order statistics, running sums.

``axis=None`` means all axes. Those with ``nan`` in front leave out what is not a
number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.ops.conversion import (
    Function,
    cast,
    dtype_of,
    floating,
    named,
    tensor,
    together,
    wrapped,
)

# What a sum or product of small integers is made of.
WIDER = {
    "bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32",
    "uint16": "uint32",
}  # fmt: skip


def wide(x: Any, dtype: Any = None) -> Any:
    """``x`` in the dtype in which it is added up."""
    if dtype is None:
        dtype = WIDER.get(np.dtype(x.dtype).name, x.dtype)
    return cast(x, dtype)


def real(x: Any) -> Any:
    """``x`` as a Tensor of floats."""
    x = tensor(x)
    return cast(x, floating(x.dtype))


def reduced(function: Function, name: str, kind: str) -> Function:
    """A reduction ``(x, axis, keepdims)``; ``kind`` says what becomes of the dtype."""

    def reduction(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = real(x) if kind == "float" else tensor(x)
        x = wide(x) if kind == "sum" else x
        axis = tuple(axis) if isinstance(axis, list) else axis
        out = function(x, axis=axis, keepdims=keepdims)
        return wrapped(out, {"sum": x.dtype, "int": "int32"}.get(kind))

    doc = f"NumPy's ``{name}`` over ``axis``; ``keepdims`` leaves axes of length 1."
    return named(reduction, name, doc)


made: dict[str, Any] = {
    name: reduced(getattr(np, name), name, kind)
    for kind, names in {
        "same": "all amax amin any ptp",
        "sum": "sum",
        "float": "mean std var",
        "int": "argmax argmin",
    }.items()
    for name in names.split()
}
globals().update(made)


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product over ``axis``."""
    x = wide(tensor(x), dtype)
    return wrapped(np.prod(x, axis=axis, keepdims=keepdims), x.dtype)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element over ``axis``, at least ``initial``."""
    return extreme(np.max, np.maximum, x, axis, keepdims, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element over ``axis``, at most ``initial``."""
    return extreme(np.min, np.minimum, x, axis, keepdims, initial)


def extreme(
    over: Function, of_two: Function, x: Any, axis: Any, keepdims: bool, initial: Any
) -> Any:
    x = tensor(x)
    out = over(x, axis=axis, keepdims=keepdims)
    return wrapped(out if initial is None else of_two(out, initial), x.dtype)


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not 0."""
    return wrapped(np.sum(np.not_equal(tensor(x), 0), axis=axis), "int32")


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean over ``axis``, in which each element counts as its weight says."""
    if weights is None:
        return wrapped(np.mean(real(x), axis=axis))
    x, weights = together(x, weights, real=True)
    return wrapped(np.average(x, axis=axis, weights=weights))


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running sum along ``axis``, or over all elements in a row."""
    x = wide(tensor(x), dtype)
    return wrapped(np.cumsum(x, axis), x.dtype)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product along ``axis``, or over all elements in a row."""
    x = wide(tensor(x), dtype)
    return wrapped(np.cumprod(x, axis), x.dtype)


# -- order -----------------------------------------------------------------------------


def sort(x: Any, axis: int = -1) -> Any:
    """The elements in ascending order along ``axis``."""
    return wrapped(np.sort(tensor(x), axis))


def argsort(x: Any, axis: int | None = -1) -> Any:
    """The places of the elements in ascending order (int32); equal ones stay in
    order.
    """
    x = tensor(x)
    x, axis = (np.ravel(x), 0) if axis is None else (x, axis)
    return wrapped(np.argsort(x, axis, kind="stable"), "int32")


def argpartition(x: Any, kth: int, axis: int = -1) -> Any:
    """Places such that the ``kth`` smallest stands in place ``kth``."""
    return argsort(x, axis)


def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The number below which a share ``q`` (0 to 1) of the elements lies.

    ``method`` says what is taken between two elements: "linear", "lower", "higher",
    "midpoint" or "nearest". The axes of ``q`` come first in the result.
    """
    if method not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ValueError(
            "quantile: expected 'linear', 'lower', 'higher', 'midpoint' or 'nearest' "
            f"as method, got {method!r}."
        )
    x = real(x)
    ndim = len(x.shape)
    axes = range(ndim) if axis is None else np.atleast_1d(axis)
    removed = sorted(int(a) % ndim for a in axes)
    kept = [a for a in range(ndim) if a not in removed]
    rows = np.transpose(x, (*kept, *removed))
    rows = np.sort(np.reshape(rows, (*rows.shape[: len(kept)], -1)), -1)
    last = rows.shape[-1] - 1
    shares = np.asarray(q.numpy() if hasattr(q, "numpy") else q, float)
    found = [between(rows, float(share) * last, method) for share in shares.ravel()]
    out = np.reshape(np.stack(found), (*shares.shape, *rows.shape[:-1]))
    if keepdims:
        shape = tuple(1 if a in removed else x.shape[a] for a in range(ndim))
        out = np.reshape(out, (*shares.shape, *shape))
    return wrapped(out)


def between(rows: Any, place: float, method: str) -> Any:
    """The element of each sorted row at a place between two of them."""
    low, high = math.floor(place), math.ceil(place)
    if method == "nearest":  # halves go to the even place
        low = high = int(np.round(place))
    share = {"linear": place - low, "lower": 0.0, "higher": 1.0, "midpoint": 0.5}
    part = share.get(method, 0.0) if high > low else 0.0
    first = rows[..., low]
    return first if not part else first * (1 - part) + rows[..., high] * part


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """:func:`quantile` with ``q`` from 0 to 100."""
    q = np.asarray(q.numpy() if hasattr(q, "numpy") else q, float)
    return quantile(x, q / 100, axis, method, keepdims)


# -- without what is not a number ------------------------------------------------------


def replaced(x: Any, by: Any) -> tuple[Any, Any]:
    """``x`` with another number in place of nan, and where there was none."""
    x = tensor(x)
    there = np.logical_not(np.isnan(x))
    return np.where(there, x, by), there


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is a number."""
    return made["sum"](replaced(x, 0)[0], axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of what is a number."""
    return prod(replaced(x, 1)[0], axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running sum of what is a number."""
    return cumsum(replaced(x, 0)[0], axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product of what is a number."""
    return cumprod(replaced(x, 1)[0], axis, dtype)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of what is a number; nan if there is nothing."""
    x, there = replaced(real(x), 0)
    total = np.sum(x, axis=axis, keepdims=keepdims)
    count = np.sum(cast(wrapped(there), x.dtype), axis=axis, keepdims=keepdims)
    return wrapped(total / count)


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance of what is a number."""
    x = real(x)
    return nanmean(np.square(x - nanmean(x, axis, keepdims=True)), axis, keepdims)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation of what is a number."""
    return np.sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest number; nan if there is none."""
    return extreme_number(np.max, -np.inf, x, axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least number; nan if there is none."""
    return extreme_number(np.min, np.inf, x, axis, keepdims)


def extreme_number(over: Function, by: float, x: Any, axis: Any, keepdims: bool) -> Any:
    x = tensor(x)
    if np.dtype(x.dtype).kind != "f":
        return wrapped(over(x, axis=axis, keepdims=keepdims))
    filled, there = replaced(x, by)
    some = np.any(there, axis=axis, keepdims=keepdims)
    return wrapped(np.where(some, over(filled, axis=axis, keepdims=keepdims), np.nan))


def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the greatest number; -1 if there is none."""
    return place_of(np.argmax, -np.inf, x, axis, keepdims)


def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the least number; -1 if there is none."""
    return place_of(np.argmin, np.inf, x, axis, keepdims)


def place_of(over: Function, by: float, x: Any, axis: Any, keepdims: bool) -> Any:
    x = tensor(x)
    if np.dtype(x.dtype).kind != "f":
        return wrapped(over(x, axis=axis, keepdims=keepdims), "int32")
    filled, there = replaced(x, by)
    some = np.any(there, axis=axis, keepdims=keepdims)
    place = over(filled, axis=axis, keepdims=keepdims)
    return wrapped(np.where(some, place, -1), "int32")


def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The quantile of what is a number."""
    share = np.asarray(q.numpy() if hasattr(q, "numpy") else q, float)
    kind: Any = method
    x = real(x)
    out = np.nanquantile(x, share, axis, method=kind, keepdims=keepdims)
    return wrapped(out, x.dtype)


def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """:func:`nanquantile` with ``q`` from 0 to 100."""
    q = np.asarray(q.numpy() if hasattr(q, "numpy") else q, float)
    return nanquantile(x, q / 100, axis, method, keepdims)


def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The median of what is a number."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


# -- counting --------------------------------------------------------------------------


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    """How often each integer occurs along the last axis, or the sum of its weights."""
    x = tensor(x).numpy()
    if weights is not None:
        weights = tensor(weights)
        kind = weights.dtype
        weights = weights.numpy()
    length = int(np.max(x, initial=-1)) + 1
    length = minlength if minlength > length else length
    rows = x.reshape(-1, x.shape[-1])
    weight_rows = [None] * len(rows) if weights is None else weights.reshape(rows.shape)
    counts = [
        np.bincount(row, w, length)[:length]
        for row, w in zip(rows, weight_rows, strict=True)
    ]
    out = np.reshape(counts, (*x.shape[:-1], length))
    return wrapped(out, "int32" if weights is None else kind)


def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:
    """How many elements lie in each of equal ``bins``, and the edges of these."""
    x = tensor(x)
    counts, edges = np.histogram(x.numpy(), bins=bins, range=range)
    return wrapped(counts, floating(x.dtype)), wrapped(
        edges, floating(dtype_of(x.dtype))
    )


def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin that each element falls in (int32)."""
    return wrapped(np.digitize(tensor(x), tensor(bins)), "int32")


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where each value would have to be put in to keep a sequence sorted (int32)."""
    if len(sorted_sequence.shape if hasattr(sorted_sequence, "shape") else [0]) != 1:
        raise ValueError("searchsorted: expected a sequence of one axis.")
    places: Any = side
    found = np.searchsorted(tensor(sorted_sequence), tensor(values), side=places)
    return wrapped(found, "int32")


def isin(
    x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False
) -> Any:  # fmt: skip
    """Whether each element of ``x1`` occurs in ``x2``."""
    x1, x2 = together(x1, x2)
    return wrapped(np.isin(x1, x2, assume_unique=assume_unique, invert=invert))


__all__ = [
    *made,
    "argpartition",
    "argsort",
    "average",
    "bincount",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "digitize",
    "histogram",
    "isin",
    "max",
    "median",
    "min",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "prod",
    "quantile",
    "searchsorted",
    "sort",
]
