"""Products of tensors, and what is made of them.

The arguments are brought to one dtype first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.ops.conversion import (
    result_type,
    tensor,
    together,
    wrapped,
)
from tinygrad_lr.ops.reductions import real


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product, over the last two axes."""
    return wrapped(np.matmul(*together(x1, x2)))


def dot(x1: Any, x2: Any) -> Any:
    """The product over the last axis of ``x1`` and the second last of ``x2``."""
    return wrapped(np.dot(*together(x1, x2)))


def vdot(x1: Any, x2: Any) -> Any:
    """The scalar product of all elements."""
    return wrapped(np.vdot(*together(x1, x2)))


def inner(x1: Any, x2: Any) -> Any:
    """The product over the last axis of both."""
    return wrapped(np.inner(*together(x1, x2)))


def outer(x1: Any, x2: Any) -> Any:
    """The product of each element with each."""
    return wrapped(np.outer(*together(x1, x2)))


def kron(x1: Any, x2: Any) -> Any:
    """The Kronecker product."""
    return wrapped(np.kron(*together(x1, x2)))


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The product over ``axes``: a number of axes, or a pair of lists."""
    x1, x2 = together(x1, x2)
    return wrapped(np.tensordot(x1, x2, axes))


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Products and sums as ``subscripts`` say: "ij,jk->ik" is a matrix product."""
    if set(kwargs) - {"optimize", "precision"}:
        raise TypeError(f"einsum: unknown argument {next(iter(kwargs))!r}.")
    ready = together(*operands)
    dtype = result_type(*ready)
    return wrapped(np.einsum(subscripts, *ready), dtype)


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1,
    axis: int | None = None,
) -> Any:  # fmt: skip
    """The vector product of vectors of length 3 (or 2)."""
    x1, x2 = together(x1, x2)
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(x1, axisa, 0), np.moveaxis(x2, axisb, 0)
    if a.shape[0] not in (2, 3) or b.shape[0] not in (2, 3):
        raise ValueError(
            f"cross: expected vectors of length 2 or 3, got {a.shape[0]} and "
            f"{b.shape[0]}."
        )
    (a0, a1), (b0, b1) = (a[0], a[1]), (b[0], b[1])
    third = a0 * b1 - a1 * b0
    if a.shape[0] == b.shape[0] == 2:
        return wrapped(third)
    a2 = a[2] if a.shape[0] == 3 else np.zeros_like(a0)
    b2 = b[2] if b.shape[0] == 3 else np.zeros_like(b0)
    parts = (a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, third)
    return wrapped(np.moveaxis(np.stack(parts), 0, axisc))


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """The sliding scalar product of two vectors."""
    if mode not in ("valid", "same", "full"):
        raise ValueError(
            f"correlate: expected 'valid', 'same' or 'full', got {mode!r}."
        )
    x1, x2 = together(x1, x2, real=True)
    n, m = x1.shape[0], x2.shape[0]
    if m > n and mode == "valid":
        return wrapped(np.flip(correlate(x2, x1, mode)))
    border = {"valid": (0, 0), "full": (m - 1, m - 1)}
    left, right = border.get(mode, ((m - 1) - (m - 1) // 2, (m - 1) // 2))
    if mode == "same" and m > n:
        whole = correlate(x1, x2, "full")
        start = (whole.shape[0] - max(n, m) + 1) // 2
        return whole[start : start + max(n, m)]
    padded = np.pad(x1, (left, right)) if left or right else x1
    places = np.arange(padded.shape[0] - m + 1)[:, None] + np.arange(m)
    return wrapped(np.sum(np.take(padded, places, 0) * x2, -1))


def corrcoef(x: Any) -> Any:
    """The correlations between the rows of ``x``."""
    x = real(x)
    if len(x.shape) == 1:
        return wrapped(np.ones((), x.dtype))
    centred = x - np.mean(x, axis=-1, keepdims=True)
    covariance = np.matmul(centred, np.swapaxes(centred, -1, -2))
    scale = np.sqrt(np.diagonal(covariance))
    return wrapped(covariance / scale[:, None] / scale[None, :])


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """The differences of neighbours, ``n`` times."""
    return wrapped(np.diff(tensor(a), n, axis))


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral along ``axis`` by the trapezoidal rule."""
    y = np.moveaxis(real(y), axis, -1)
    step: Any = dx
    if x is not None:
        x = real(x)
        step = np.diff(x if len(x.shape) == 1 else np.moveaxis(x, axis, -1))
    return wrapped(np.sum(step * (y[..., 1:] + y[..., :-1]) / 2, -1))


__all__ = [
    "corrcoef",
    "correlate",
    "cross",
    "diff",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "trapezoid",
    "vdot",
]
