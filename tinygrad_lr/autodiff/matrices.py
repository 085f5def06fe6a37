"""The rest of numpy.linalg: norms, powers, and products under their second names.

They are combinations of products, inverses and singular values.
"""

from __future__ import annotations

import functools as python
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.rules import Function, axes_of, composition

# -- determinants and powers -----------------------------------------------------------


@composition(np.linalg.slogdet)
def slogdet(x: Any) -> Any:
    pair = type(np.linalg.slogdet(np.eye(1)))
    sign = functions.phase_of_det if x.dtype.kind == "c" else functions.sign_of_det
    return pair(sign(x), functions.logabsdet(x))


@composition(np.linalg.matrix_power, vetted=True)
def matrix_power(x: Any, n: int) -> Any:
    if n < 0:
        return matrix_power(np.linalg.inv(x), -n)
    if n == 0:
        return np.zeros_like(x) + np.eye(x.shape[-1], dtype=x.dtype)
    half = matrix_power(x, n // 2) if n > 1 else None
    return x if half is None else half @ half @ x if n % 2 else half @ half


@composition(np.linalg.multi_dot, vetted=True)
def multi_dot(arrays: Sequence[Any]) -> Any:
    return python.reduce(np.matmul, arrays)


# -- norms -----------------------------------------------------------------------------


@composition(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if x.dtype.kind not in "fc":
        x = x.astype(np.float64)
    if axis is None and (ord is None or (x.ndim == 2 and ord == "fro")):
        return functions.euclidean_norm(x, None, keepdims)
    axes = axes_of(axis, x.ndim)
    if (ord in (None, "fro", "f") and len(axes) == 2) or (
        ord in (None, 2) and len(axes) == 1
    ):
        return functions.euclidean_norm(x, axes, keepdims)
    size = np.absolute(x)
    least: dict[str, Any] = {} if x.size else {"initial": 0}  # of nothing
    if len(axes) == 1 and not isinstance(ord, str):
        if ord == np.inf:
            return np.max(size, axes, keepdims=keepdims, **least)
        if ord == -np.inf:
            return np.min(size, axes, keepdims=keepdims)
        if ord == 0:
            return np.sum(x != 0, axis=axes, keepdims=keepdims, dtype=size.dtype)
        return np.sum(size**ord, axes, keepdims=keepdims) ** (1.0 / ord)
    if ord in (1, -1, np.inf, -np.inf) and len(axes) == 2:
        summed, compared = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(size, summed, keepdims=True)
        if ord > 0:
            out = np.max(sums, compared, keepdims=True, **least)
        else:
            out = np.min(sums, compared, keepdims=True)
        return out if keepdims else np.squeeze(out, axes)
    if ord in (2, -2, "nuc") and len(axes) == 2:
        values = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        reductions: dict[Any, Function] = {2: np.max, -2: np.min, "nuc": np.sum}
        out = reductions[ord](values, -1, **(least if ord == 2 else {}))
        return np.expand_dims(out, axes) if keepdims else out
    raise ValueError(
        f"np.linalg.norm: ord={ord!r} over {len(axes)} axes does not exist; expected a "
        "number, inf or -inf for vectors, and None, 'fro', 'nuc', 1, -1, 2, -2, inf or "
        "-inf for matrices."
    )


@composition(np.linalg.vector_norm)
def vector_norm(
    x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    """Over several axes they count as one."""
    axes = axes_of(axis, x.ndim)
    flat = np.moveaxis(x, axes, range(x.ndim - len(axes), x.ndim))
    length = math.prod(x.shape[i] for i in axes)
    flat = np.reshape(flat, (*flat.shape[: x.ndim - len(axes)], length))
    out = norm(flat, ord, -1)
    return np.expand_dims(out, axes) if keepdims else out


@composition(np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norm(x, ord, (-2, -1), keepdims)


@composition(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    if x.ndim < 2 or 0 in x.shape[-2:]:
        raise np.linalg.LinAlgError(
            "np.linalg.cond: expected matrices that are not empty, got an array of "
            f"shape {x.shape}."
        )
    if p is None or p in (2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(np.linalg.inv(x), p, (-2, -1))


# -- inverses of tensors ---------------------------------------------------------------


@composition(np.linalg.tensorinv)
def tensorinv(x: Any, ind: int = 2) -> Any:
    rows, columns = x.shape[:ind], x.shape[ind:]
    n = math.prod(columns)
    return np.reshape(np.linalg.inv(np.reshape(x, (-1, n))), columns + rows)


@composition(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    shape = a.shape[np.ndim(b) :]
    n = math.prod(shape)
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), shape)


# -- second names ----------------------------------------------------------------------


def renamed(
    function: Function, original: Function, vetted: bool = False, **defaults: Any
) -> None:
    """Declare that ``function`` is ``original`` with other defaults."""
    composition(function, vetted)(
        lambda *args, **kwargs: original(*args, **defaults | kwargs)
    )


renamed(np.linalg.matmul, np.matmul)
renamed(np.linalg.outer, np.outer, vetted=True)  # of vectors alone
renamed(np.linalg.tensordot, np.tensordot)
renamed(np.linalg.matrix_transpose, np.matrix_transpose)
renamed(np.linalg.trace, np.trace, axis1=-2, axis2=-1)
renamed(np.linalg.diagonal, np.diagonal, axis1=-2, axis2=-1)


@composition(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))
