"""Linear algebra: NumPy's, on the last two axes of a tensor.

``cholesky``, ``det``, ``inv``, ``norm``, ``solve`` and their like have gradients;
decompositions (``eig``, ``qr``, ``svd`` ...) do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, no_grad
from tinygrad_lr.autodiff.transforms import jvp as jvp_of
from tinygrad_lr.ops.conversion import tensor, together, wrapped
from tinygrad_lr.ops.reductions import real


def swapped(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def square(x: Any, name: str) -> Any:
    """``x`` as square matrices of floats."""
    x = real(x)
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name}: expected square matrices, got shape {x.shape}.")
    return x


def cholesky(x: Any, upper: bool = False) -> Any:
    """The triangular L with ``L Lᵀ = x`` (or its transpose, if ``upper``)."""
    out = np.linalg.cholesky(square(x, "cholesky"))
    return wrapped(swapped(out) if upper else out)


def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of the matrix whose Cholesky factor is ``x``."""
    x = square(x, "cholesky_inverse")
    lower = np.tril(swapped(x) if upper else x)
    product = np.matmul(lower, swapped(lower))
    return wrapped(np.linalg.inv(product))


def det(x: Any) -> Any:
    """The determinant."""
    return wrapped(np.linalg.det(square(x, "det")))


def inv(x: Any) -> Any:
    """The inverse."""
    return wrapped(np.linalg.inv(square(x, "inv")))


def slogdet(x: Any) -> Any:
    """The sign and the logarithm of the amount of the determinant."""
    sign, logarithm = np.linalg.slogdet(square(x, "slogdet"))
    return wrapped(sign), wrapped(logarithm)


def logdet(x: Any) -> Any:
    """The logarithm of the determinant; nan where it is negative."""
    sign, logarithm = slogdet(x)
    return wrapped(np.where(np.greater(sign, 0), logarithm, np.nan))


def solve(a: Any, b: Any) -> Any:
    """The x with ``a x = b``."""
    a, b = together(a, b, real=True)
    if len(b.shape) == len(a.shape) - 1:
        return wrapped(np.linalg.solve(a, b[..., None])[..., 0])
    return wrapped(np.linalg.solve(a, b))


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """:func:`solve` for a triangular ``a``, of which the other half is not read."""
    a, b = together(a, b, real=True)
    return solve(np.tril(a) if lower else np.triu(a), b)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """The x for which ``|a x - b|`` is least."""
    a, b = together(a, b, real=True)
    if rcond is None:
        rcond = float(np.finfo(a.dtype).eps) * max(a.shape)
    return wrapped(np.linalg.lstsq(a, b, rcond)[0])


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices."""
    x = real(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    return wrapped(np.linalg.norm(x, ord, axis, keepdims))


def matrix_rank(x: Any, tol: Any = None) -> Any:
    """The number of singular values above ``tol`` (int32)."""
    return wrapped(np.linalg.matrix_rank(real(x).numpy(), tol), "int32")


def pinv(x: Any, rcond: Any = None) -> Any:
    """The pseudoinverse."""
    x = real(x)
    if rcond is None:
        rcond = 10 * max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
    return wrapped(np.linalg.pinv(x, rcond), x.dtype)


def eigh(x: Any) -> Any:
    """Eigenvalues, ascending, and eigenvectors of symmetric matrices."""
    values, vectors = np.linalg.eigh(square(x, "eigh"))
    return wrapped(values), wrapped(vectors)


def eig(x: Any) -> Any:
    """Eigenvalues and eigenvectors, complex."""
    values, vectors = np.linalg.eig(square(x, "eig"))
    return wrapped(values.astype(np.complex64)), wrapped(vectors.astype(np.complex64))


def qr(x: Any, mode: str = "reduced") -> Any:
    """The orthogonal Q and the triangular R with ``Q R = x``."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: expected 'reduced' or 'complete', got {mode!r}.")
    which: Any = mode
    q, r = np.linalg.qr(real(x), which)
    return wrapped(q), wrapped(r)


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition: u, s, vᵀ; or s alone."""
    decompose: Any = np.linalg.svd  # its overloads want constants
    found = decompose(real(x), full_matrices, compute_uv)
    return tuple(wrapped(part) for part in found) if compute_uv else wrapped(found)


def lu_factor(x: Any) -> Any:
    """L and U in one matrix, and which row was exchanged with which (int32).

    Source: Golub and Van Loan, "Matrix computations", section 3.4.
    """
    lu = real(x).numpy()
    batch = lu.reshape(-1, *lu.shape[-2:])
    steps = min(lu.shape[-2:])
    pivots = np.zeros((len(batch), steps), np.int32)
    for matrix, pivot in zip(batch, pivots, strict=True):
        for k in range(steps):
            pivot[k] = p = k + int(np.argmax(np.abs(matrix[k:, k])))
            matrix[[k, p]] = matrix[[p, k]]
            matrix[k + 1 :, k] /= matrix[k, k]
            matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
    return wrapped(lu), wrapped(pivots.reshape(*lu.shape[:-2], steps))


def jvp(
    fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False
) -> Any:
    """``fun(*primals)`` and its derivative in the direction ``tangents``."""
    points = tuple(map(tensor, primals))
    directions = tuple(map(tensor, tangents))
    aux: Any = None
    if has_aux:
        with no_grad():
            aux = fun(*points)[1]
    value, tangent = jvp_of(
        lambda *args: fun(*args)[0] if has_aux else fun(*args), points, directions
    )
    out = Tensor.of(value), Tensor.of(tangent)
    return (*out, aux) if has_aux else out


__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]
