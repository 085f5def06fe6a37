"""Matrix decompositions: eigenvalues, singular values, QR, and what follows from them.

A rule speaks of one result, and a decomposition has several, so each is one array here:
eigenvalues as a row above their vectors, singular values as a row between left and
right vectors. NumPy's functions cut that array up. Vectors of equal values are not
determined, and have no finite gradient.

Source: Giles, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation" (2008); Townsend, "Differentiating the
singular value decomposition" (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calculus import swap
from tinygrad_lr.autodiff.complexes import conj, like
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.autodiff.rules import Function, composition, constant, primitive, rule


def adjoint(x: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return conj(swap(x))


def identity_like(x: Any) -> Any:
    """The identity matrix of the size and dtype of the square matrices ``x``."""
    return np.eye(x.shape[-1], dtype=x.dtype)


def gaps(values: Any) -> Any:
    """1 / (values[j] - values[i]) at (i, j), and 0 on the diagonal."""
    one = np.eye(values.shape[-1], dtype=values.dtype)
    differences = values[..., None, :] - values[..., :, None]
    return (1 - one) / (differences + one)


def with_row(values: Any, vectors: Any) -> Any:
    """Values as a row above their vectors, in the dtype of the vectors."""
    row = np.asarray(values, vectors.dtype)[..., None, :]
    return np.concatenate([row, vectors], -2)


# -- eigenvalues -----------------------------------------------------------------------


@primitive
def symmetric_eigen(x: Any, UPLO: Any = "L") -> Any:
    """Eigenvalues, ascending, above their vectors, for symmetric (Hermitian) x."""
    return with_row(*np.linalg.eigh(x, UPLO))


@primitive
def general_eigen(x: Any) -> Any:
    """Eigenvalues above their vectors, which have length 1."""
    return with_row(*np.linalg.eig(x))


@primitive
def eigenvalues(x: Any) -> Any:
    """The eigenvalues alone, in NumPy's order."""
    return np.linalg.eigvals(x)


def symmetric_eigen_rule(g: Any, out: Any, x: Any, UPLO: str = "L") -> Any:
    """One triangle of x is read, and there the gradient stands, for both."""
    values, vectors = np.real(out[..., 0, :]), out[..., 1:, :]
    g_values, g_vectors = np.real(g[..., 0, :]), conj(g[..., 1:, :])
    inner = np.matmul(adjoint(vectors), g_vectors) * gaps(values)
    inner = inner + g_values[..., None, :] * identity_like(x)
    full = np.matmul(np.matmul(vectors, inner), adjoint(vectors))
    both = conj(full + adjoint(full))
    triangle = np.tril(both) if UPLO.upper() == "L" else np.triu(both)
    return triangle - both * identity_like(x) / 2


def general_eigen_rule(g: Any, out: Any, x: Any) -> Any:
    values, vectors = out[..., 0, :], out[..., 1:, :]
    g_values, g_vectors = conj(g[..., 0, :]), conj(g[..., 1:, :])
    one = identity_like(out[..., 1:, :])
    rows = adjoint(vectors)
    along = np.matmul(rows, g_vectors)
    lengths = np.real(np.sum(along * one, -2, keepdims=True))  # which stay 1
    kept = np.matmul(rows, vectors) * lengths
    inner = (along - kept) * conj(gaps(values))
    inner = inner + g_values[..., None, :] * one
    return like(conj(np.linalg.solve(rows, np.matmul(inner, rows))), x)


def eigenvalues_rule(g: Any, out: Any, x: Any) -> Any:
    vectors = np.linalg.eig(x)[1]
    diagonal = g[..., None, :] * identity_like(vectors)
    full = np.matmul(np.matmul(vectors, diagonal), np.linalg.inv(vectors))
    return like(swap(full), x)


rule(symmetric_eigen, symmetric_eigen_rule)
rule(general_eigen, general_eigen_rule)
rule(eigenvalues, eigenvalues_rule)

# The named tuples that NumPy gives.
EighResult: Any = type(np.linalg.eigh(np.eye(1)))
EigResult: Any = type(np.linalg.eig(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))


@composition(np.linalg.eigh)
def eigh(x: Any, UPLO: str = "L") -> Any:
    packed = symmetric_eigen(x, UPLO)
    return EighResult(np.real(packed[..., 0, :]), packed[..., 1:, :])


@composition(np.linalg.eigvalsh)
def eigvalsh(x: Any, UPLO: str = "L") -> Any:
    return eigh(x, UPLO)[0]


@composition(np.linalg.eig)
def eig(x: Any) -> Any:
    packed = general_eigen(x)
    return EigResult(packed[..., 0, :], packed[..., 1:, :])


composition(np.linalg.eigvals)(lambda x: eigenvalues(x))

# -- singular values -------------------------------------------------------------------


@primitive
def singular_triplets(x: Any) -> Any:
    """Singular values, descending, between left vectors and (conjugate) right ones."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, with_row(s, swap(vh))], -2)


@primitive
def all_singular_vectors(x: Any, hermitian: bool = False) -> Any:
    """The decomposition with vectors that belong to no value: without a gradient."""
    return np.linalg.svd(x, full_matrices=True, hermitian=hermitian)


def parts_of_svd(packed: Any, rows: int) -> tuple[Any, Any, Any]:
    """U, s and V^H out of one array."""
    return packed[..., :rows, :], packed[..., rows, :], swap(packed[..., rows + 1 :, :])


def singular_rule(g: Any, out: Any, x: Any) -> Any:
    rows, columns = x.shape[-2:]
    u, s, vh = parts_of_svd(out, rows)
    g_u, g_s, g_vh = map(conj, parts_of_svd(g, rows))
    s, g_s = np.real(s), np.real(g_s)
    apart = gaps(np.square(s))
    across, down = s[..., None, :], s[..., :, None]
    one = np.eye(s.shape[-1], dtype=x.dtype)
    left, right = np.matmul(adjoint(u), g_u), np.matmul(vh, adjoint(g_vh))
    left, right = left - adjoint(left), right - adjoint(right)
    inner = (left * across + down * right) * apart + g_s[..., None, :] * one
    if x.dtype.kind == "c":  # the phase that both vectors of a pair share
        inner = inner + left * one / (2 * across)
    if rows > columns:
        g_u = g_u / across
        full = np.matmul(np.matmul(u, inner) + g_u - u @ (adjoint(u) @ g_u), vh)
    elif rows < columns:
        g_vh = g_vh / down
        full = np.matmul(u, np.matmul(inner, vh) + g_vh - (g_vh @ adjoint(vh)) @ vh)
    else:
        full = np.matmul(np.matmul(u, inner), vh)
    return conj(full)


rule(singular_triplets, singular_rule)


@composition(np.linalg.svd)
def svd(
    x: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    rows, columns = x.shape[-2:]
    if compute_uv and full_matrices and rows != columns:
        return all_singular_vectors(x, hermitian)
    u, s, vh = parts_of_svd(singular_triplets(x), rows)
    return SVDResult(u, np.real(s), vh) if compute_uv else np.real(s)


@composition(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    return svd(x, compute_uv=False)


# -- QR --------------------------------------------------------------------------------


@primitive
def tall_qr(x: Any) -> Any:
    """Q above the transpose of R, for matrices with no more columns than rows."""
    q, r = np.linalg.qr(x)
    return np.concatenate([q, swap(r)], -2)


@primitive
def complete_qr(x: Any, mode: Any) -> Any:
    """A decomposition with columns that are not determined: without a gradient."""
    return np.linalg.qr(x, mode)


def tall_qr_rule(g: Any, out: Any, x: Any) -> Any:
    rows = x.shape[-2]
    q, r = out[..., :rows, :], swap(out[..., rows:, :])
    g_q, g_r = conj(g[..., :rows, :]), conj(swap(g[..., rows:, :]))
    inner = r @ adjoint(g_r) - adjoint(g_q) @ q
    below = np.tril(inner, -1)
    diagonal = np.real(inner) * identity_like(r)
    left = g_q + q @ (below + adjoint(below) + diagonal)
    return conj(adjoint(np.linalg.solve(r, adjoint(left))))


rule(tall_qr, tall_qr_rule)


@composition(np.linalg.qr)
def qr(x: Any, mode: Any = "reduced") -> Any:
    rows, columns = x.shape[-2:]
    if mode not in ("reduced", "r") and (mode != "complete" or rows > columns):
        return complete_qr(x, mode)
    packed = tall_qr(x[..., :rows])
    q, r = packed[..., :rows, :], swap(packed[..., rows:, :])
    if columns > rows:
        r = np.concatenate([r, np.matmul(adjoint(q), x[..., rows:])], -1)
    return r if mode == "r" else QRResult(q, r)


# -- inverses of matrices that have none -----------------------------------------------


def pinv_rule(
    g: Any, out: Any, x: Any, rcond: Any = None, hermitian: bool = False, *,
    rtol: Any = None,
) -> Any:  # fmt: skip
    """Where the rank, as far as it counts, stays the same.

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear
    least squares problems whose variables separate", SIAM J. Numer. Anal. 10 (1973).
    """
    if hermitian:  # one triangle is read, as by eigh
        below = np.tril(x, -1)
        x = below + adjoint(below) + np.real(x) * identity_like(x)
        d = pinv_rule(g, out, x, rcond, rtol=rtol)
        both = d + adjoint(d)
        return np.tril(both) - both * identity_like(x) / 2
    g = conj(g)
    p, p_h, g_h = out, adjoint(out), adjoint(g)
    xp, px = np.matmul(x, p), np.matmul(p, x)
    first = np.matmul(np.matmul(g_h - np.matmul(xp, g_h), p), p_h)
    last = np.matmul(p_h, np.matmul(p, g_h - np.matmul(g_h, px)))
    full = conj(first + last - np.matmul(np.matmul(p_h, g), p_h))
    limit = rtol if rcond is None else rcond
    if limit is None or np.size(x) == 0:
        return full
    if isinstance(limit, float) and limit < 1e4 * np.finfo(x.dtype).eps:
        return full  # what was cut off is zero up to rounding
    return full + what_is_cut_off(conj(g), x, limit)


def what_is_cut_off(g: Any, x: Any, limit: Any) -> Any:
    """What small singular values that are not zero add to the gradient.

    The formula above takes them for zero. But a kept value a and one b that was cut off
    turn into each other at the rate of 1 / (a^2 - b^2), not 1 / a^2.
    """
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    counts = s > np.asarray(limit)[..., None] * np.max(s, -1, keepdims=True)
    across = counts[..., :, None] != counts[..., None, :]
    big = np.where(across, np.maximum(s[..., :, None], s[..., None, :]), 1)
    small = np.where(across, np.minimum(s[..., :, None], s[..., None, :]), 0)
    share = small / (big * (np.square(big) - np.square(small)))
    inner = np.matmul(np.matmul(swap(u), adjoint(g)), swap(vh))
    inner = share * (small / big * inner + adjoint(inner))
    return np.matmul(np.matmul(conj(u), inner), conj(vh))


rule(np.linalg.pinv, pinv_rule)
constant(np.linalg.matrix_rank)


@composition(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Of matrices without full rank NumPy leaves out the residuals.

    A recorded call cannot tell, and has them.
    """
    a = a.astype(np.result_type(a.dtype, np.float16))
    if rcond is None or rcond == -1:
        eps = float(np.finfo(a.dtype).eps)
        rcond = eps * max(a.shape) if rcond is None else eps
    x = np.matmul(np.linalg.pinv(a, rcond), b)
    values = svdvals(a)
    rank = np.sum(values > rcond * np.max(values, initial=0), dtype=np.int32)
    missed = np.square(np.absolute(b - np.matmul(a, x)))
    residuals = np.sum(missed, 0, keepdims=b.ndim == 1)
    full = a.shape[0] > a.shape[1] and (
        mode.recorder is not None or int(rank) == a.shape[1]
    )
    return x, residuals if full else residuals[:0], rank, values


#: One call of LAPACK each: there is nothing in them to look into.
DECOMPOSITIONS: tuple[Function, ...] = (
    symmetric_eigen, general_eigen, eigenvalues, singular_triplets, tall_qr,
    all_singular_vectors, complete_qr,
)  # fmt: skip
