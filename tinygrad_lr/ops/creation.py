"""Making tensors: constants, sequences, grids, windows.

A new tensor has dtype ``floatx`` unless another is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import floatx
from tinygrad_lr.ops.conversion import (
    cast,
    dtype_of,
    is_number,
    result_type,
    tensor,
    wrapped,
)


def array(x: Any, dtype: Any = None) -> Any:
    """A Tensor of an array, number or nested list."""
    return tensor(x, dtype)


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros of a shape."""
    return Tensor(np.zeros(shape, dtype_of(dtype or floatx())))


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones of a shape."""
    return Tensor(np.ones(shape, dtype_of(dtype or floatx())))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A tensor of a shape, filled with one value."""
    return wrapped(np.broadcast_to(tensor(fill_value, dtype or floatx()), shape))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape and dtype of ``x``."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of the shape and dtype of ``x``."""
    return full_like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A tensor of the shape and dtype of ``x``, filled with one value."""
    x = tensor(x)
    filler = tensor(fill_value, dtype or x.dtype)
    if isinstance(x, Tensor):
        return wrapped(np.broadcast_to(filler, x.shape))
    return np.where(True, filler, cast(x, filler.dtype))  # of a shape not known yet


empty, empty_like = zeros, zeros_like


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers from ``start`` (0 if there is no ``stop``) up to ``stop``, excluded."""
    given = [part for part in (start, stop, step) if part is not None]
    if dtype is None:
        dtype = result_type(*given)
    limits = (0, start) if stop is None else (start, stop)
    first, last = map(number, limits)
    out = np.arange(first, last, 1 if step is None else number(step))
    return wrapped(out, dtype)


def number(x: Any) -> Any:
    """A limit as a number of Python."""
    return x.item() if hasattr(x, "item") else x


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True,
    retstep: bool = False, dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """``num`` numbers in equal steps from ``start`` to ``stop``."""
    start, stop, kind = limits_of(start, stop, dtype)
    out, step = np.linspace(
        start, stop, num, endpoint=endpoint, retstep=True, axis=axis
    )
    spaced = wrapped(out, kind)
    return (spaced, wrapped(step, kind)) if retstep else spaced


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """``base`` to the power of numbers in equal steps."""
    start, stop, kind = limits_of(start, stop, dtype)
    out = np.logspace(start, stop, num, endpoint=endpoint, base=base, axis=axis)
    return wrapped(out, kind)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    """Numbers from ``start`` to ``stop``, each the same multiple of the last."""
    start, stop, kind = limits_of(start, stop, dtype)
    out = np.geomspace(start, stop, num, endpoint=endpoint, axis=axis)
    return wrapped(out, kind)


def limits_of(start: Any, stop: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """The limits as arrays of float64, and the dtype of the result."""
    ready = [x if is_number(x) else tensor(x) for x in (start, stop)]
    kind = dtype or result_type(*ready, 1.0)
    first, last = (
        np.asarray(x.numpy() if isinstance(x, Tensor) else x, float) for x in ready
    )
    return first, last, kind


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on the ``k``-th diagonal of an N x M matrix, zeros elsewhere."""
    return Tensor(np.eye(N, M, k, dtype_of(dtype or floatx())))


def identity(n: int, dtype: Any = None) -> Any:
    """The identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on and below the ``k``-th diagonal, zeros above."""
    return Tensor(np.tri(N, M, k, dtype_of(dtype or floatx())))


def window(function: Any, x: Any, *args: Any) -> Any:
    """A window of length ``x``."""
    return Tensor(function(int(number(x)), *args).astype(floatx()))


def bartlett(x: Any) -> Any:
    """The Bartlett (triangular) window of length ``x``."""
    return window(np.bartlett, x)


def blackman(x: Any) -> Any:
    """The Blackman window of length ``x``."""
    return window(np.blackman, x)


def hamming(x: Any) -> Any:
    """The Hamming window of length ``x``."""
    return window(np.hamming, x)


def hanning(x: Any) -> Any:
    """The Hann window of length ``x``."""
    return window(np.hanning, x)


def kaiser(x: Any, beta: Any) -> Any:
    """The Kaiser window of length ``x``."""
    return window(np.kaiser, x, number(beta))


def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinates of the points of a grid, one tensor for each axis."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: expected 'xy' or 'ij', got {indexing!r}.")
    rows = [np.ravel(tensor(part)) for part in x]
    lengths = [row.shape[0] for row in rows]
    order = list(range(len(rows)))
    if indexing == "xy" and len(rows) > 1:
        order[:2] = [1, 0]
    shape = [lengths[i] for i in order]
    grids = []
    for i, row in enumerate(rows):
        place = [1] * len(rows)
        place[order.index(i)] = lengths[i]
        grids.append(np.broadcast_to(np.reshape(row, place), shape))
    return wrapped(grids)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element as columns."""
    x = tensor(x)
    powers = range(x.shape[0] if N is None else N)
    columns = [x**p for p in (powers if increasing else reversed(powers))]
    return wrapped(np.stack(columns, -1), x.dtype)


__all__ = [
    "arange",
    "array",
    "bartlett",
    "blackman",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "kaiser",
    "linspace",
    "logspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "vander",
    "zeros",
    "zeros_like",
]
