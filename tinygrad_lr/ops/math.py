"""Mathematics beside NumPy's table: segments, largest elements, special functions,
Fourier transforms.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.complexes import complex_of as join
from tinygrad_lr.ops.conversion import cast, named, tensor, together, wrapped
from tinygrad_lr.ops.elementwise import rsqrt
from tinygrad_lr.ops.linalg import logdet
from tinygrad_lr.ops.reductions import real


def erf(x: Any) -> Any:
    """The error function."""
    return wrapped(functions.erf(real(x)))


def erfc(x: Any) -> Any:
    """1 minus the error function."""
    return wrapped(functions.erfc(real(x)))


def erfinv(x: Any) -> Any:
    """The inverse of the error function, on (-1, 1)."""
    return wrapped(functions.erfinv(real(x)))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over ``axis``, without overflow."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return wrapped(functions.logsumexp(real(x), axis=axis, keepdims=keepdims))


def cdist(x: Any, y: Any) -> Any:
    """The Euclidean distance of each row of ``x`` from each row of ``y``."""
    x, y = together(x, y, real=True)
    distance = np.expand_dims(x, -2) - np.expand_dims(y, -3)
    return wrapped(np.linalg.norm(distance, axis=-1))


# -- segments --------------------------------------------------------------------------


def segment(name: str, combine: Any, neutral: Any) -> Any:
    """A reduction over the rows that have one number in ``segment_ids``."""

    def reduction(
        data: Any, segment_ids: Any, num_segments: int | None = None,
        sorted: bool = False,
    ) -> Any:  # fmt: skip
        data, ids = tensor(data), cast(tensor(segment_ids), "int64")
        if len(ids.shape) != 1:
            raise ValueError(
                f"segment_{name}: expected segment_ids of one axis, got shape "
                f"{ids.shape}."
            )
        if num_segments is None:
            num_segments = int(np.max(ids)) + 1
        shape = (num_segments, *data.shape[1:])
        if name == "sum":
            return wrapped(functions.scatter_add(data, ids, shape), data.dtype)
        fill = neutral(np.dtype(data.dtype))
        member = np.equal(ids, np.arange(num_segments)[:, None])
        member = np.reshape(member, (*member.shape, *[1] * (len(data.shape) - 1)))
        return wrapped(combine(np.where(member, data, fill), axis=1), data.dtype)

    doc = f"The {name} of the rows of ``data`` that have the same number."
    return named(reduction, f"segment_{name}", doc)


def least(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)


def greatest(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else int(np.iinfo(dtype).max)


segment_sum = segment("sum", np.sum, lambda dtype: 0)
segment_max = segment("max", np.max, least)
segment_min = segment("min", np.min, greatest)
segment_prod = segment("prod", np.prod, lambda dtype: 1)

# -- the largest -----------------------------------------------------------------------


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """The ``k`` largest elements along the last axis, descending, and their places."""
    x = tensor(x)
    places = np.argsort(
        -x if np.dtype(x.dtype).kind == "f" else -cast(x, "int64"), -1, kind="stable"
    )
    places = wrapped(places[..., :k])
    return wrapped(np.take_along_axis(x, places, -1)), cast(places, "int32")


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether each target is among the ``k`` largest predictions; ties count as in."""
    targets, p = cast(tensor(targets), "int64"), tensor(predictions)
    own = np.take_along_axis(p, np.reshape(targets, (-1, 1)), -1)
    return wrapped(np.less(np.sum(np.greater(p, own), axis=-1), k))


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Windows of a length along the last axis, each ``sequence_stride`` further."""
    x = tensor(x)
    count = 1 + (x.shape[-1] - sequence_length) // sequence_stride
    starts = np.arange(count)[:, None] * sequence_stride
    return wrapped(np.take(x, starts + np.arange(sequence_length), -1))


# -- Fourier ---------------------------------------------------------------------------


def complex_of(pair: Any) -> Any:
    """A complex array of a pair of real and imaginary parts."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(
            "expected a pair of tensors, the real and the imaginary part, got "
            f"{type(pair).__name__}."
        )
    return join(*(real(part) for part in pair))


def pair_of(z: Any, dtype: Any = "float32") -> tuple[Any, Any]:
    """The real and the imaginary part of a complex array."""
    return wrapped(np.real(z), dtype), wrapped(np.imag(z), dtype)


def fft(x: Any) -> Any:
    """The Fourier transform along the last axis, from a pair of parts to a pair."""
    return pair_of(np.fft.fft(complex_of(x)))


def fft2(x: Any) -> Any:
    """The Fourier transform along the last two axes."""
    return pair_of(np.fft.fft2(complex_of(x)))


def ifft2(x: Any) -> Any:
    """The inverse of :func:`fft2`."""
    return pair_of(np.fft.ifft2(complex_of(x)))


def rfft(x: Any, fft_length: int | None = None) -> Any:
    """The Fourier transform of real numbers: the half that is not redundant."""
    return pair_of(np.fft.rfft(real(x), fft_length))


def irfft(x: Any, fft_length: int | None = None) -> Any:
    """The inverse of :func:`rfft`."""
    return wrapped(np.fft.irfft(complex_of(x), fft_length), "float32")


def view_as_complex(x: Any) -> Any:
    """Pairs along the last axis as complex numbers."""
    x = real(x)
    if x.shape[-1:] != (2,):
        raise ValueError(f"view_as_complex: expected a last axis of 2, got {x.shape}.")
    return wrapped(join(x[..., 0], x[..., 1]).astype(np.complex64))


def view_as_real(x: Any) -> Any:
    """Complex numbers as pairs along a new last axis."""
    z = tensor(x)
    return wrapped(np.stack([np.real(z), np.imag(z)], -1))


__all__ = [
    "cdist",
    "erf",
    "erfc",
    "erfinv",
    "extract_sequences",
    "fft",
    "fft2",
    "ifft2",
    "in_top_k",
    "irfft",
    "logdet",
    "logsumexp",
    "rfft",
    "rsqrt",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "top_k",
    "view_as_complex",
    "view_as_real",
]
