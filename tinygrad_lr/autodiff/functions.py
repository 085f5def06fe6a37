"""Differentiable functions that NumPy lacks: each a stable forward, then its row.

Where the textbook formula overflows or cancels, the form computed here does not. All of
them take arrays or Tensors and keep the dtype; gradients stand in the form of the rule
table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calculus import as_matrix, nonzero, swap
from tinygrad_lr.autodiff.complexes import conj, like
from tinygrad_lr.autodiff.rules import constant, primitive, reduction, rule

# -- indexing --------------------------------------------------------------------------


@primitive
def getitem(x: Any, index: Any) -> Any:
    """``x[index]``, with basic or advanced indices."""
    return x[index]


@primitive
def lookup(table: Any, indices: Any) -> Any:
    """``table[indices]`` for an array of integers that count from 0.

    Raises ``IndexError``, with what to change, for a number that is no row's.
    """
    if indices.size and not 0 <= (low := indices.min()) <= indices.max() < len(table):
        wrong = low if low < 0 else indices.max()
        raise IndexError(
            f"expected integers from 0 to {len(table) - 1}, for a table of "
            f"{len(table)} rows, got {wrong}. An Embedding needs an input_dim of one "
            "more than the largest integer."
        )
    return table.take(indices, 0)


@primitive
def scatter_add(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape`` with ``g`` added at ``index``; repeated indices add up.

    The transpose of :func:`getitem`: ``sum(scatter_add(g, i, x.shape) * x) == sum(g *
    x[i])``.
    """
    out = np.zeros(shape, g.dtype)
    if is_basic(index):
        out[index] = g
    elif is_rows(index) and g.shape == index.shape + shape[1:]:
        add_rows(out.reshape(-1), index, np.ascontiguousarray(g))
    else:
        np.add.at(out, index, g)
    return out


@primitive
def scatter_set(x: Any, index: Any, values: Any) -> Any:
    """``x`` with ``values`` in the place of ``x[index]``; of repeated indices the last
    counts.
    """
    out = np.array(x, np.result_type(x, values))
    out[index] = values
    return out


def add_rows(flat: Any, index: Any, g: Any) -> None:
    """Add ``g[i]`` to row ``index[i]`` of a table that is laid out flat.

    NumPy adds at single numbers of one axis four times as fast as it adds rows, and two
    numbers that it takes for a complex one as fast as one.
    """
    width = g.size // max(index.size, 1)
    if width % 2 == 0 and g.dtype.char in "fd":
        pairs = f"c{2 * g.dtype.itemsize}"
        flat, g, width = flat.view(pairs), g.reshape(-1).view(pairs), width // 2
    starts = index.astype(np.intp) * width
    places = starts[..., None] + np.arange(width)
    np.add.at(flat, places.reshape(-1), g.reshape(-1))


def is_rows(index: Any) -> bool:
    """Whether ``index`` is an array of the numbers of rows."""
    return isinstance(index, np.ndarray) and index.dtype.kind in "iu"


def is_basic(index: Any) -> bool:
    """Whether ``index`` selects a view, in which no element stands twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, slice)
        or (isinstance(part, (int, np.integer)) and not isinstance(part, bool))
        for part in parts
    )


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """``x`` in another dtype."""
    return x.astype(dtype)


def padded(
    g: Any, out: Any, x: Any, width: Any, mode: Any = "constant", **options: Any
) -> Any:
    """Cut off a constant border; add any other border onto the elements it repeats."""
    if options.get("reflect_type", "even") != "even":
        raise NotImplementedError(
            "np.pad with reflect_type='odd' has no gradient here."
        )
    if isinstance(width, dict):  # from axes to their widths
        own: list[Any] = [width.get(i, width.get(i - x.ndim, 0)) for i in range(x.ndim)]
        width = [np.broadcast_to(both, 2) for both in own]
    widths = np.broadcast_to(width, (x.ndim, 2)).tolist()
    if mode == "constant":
        return g[
            tuple(slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True))
        ]
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise NotImplementedError(
            f"np.pad with mode={mode!r} has no gradient here; expected 'constant', "
            "'edge', 'reflect', 'symmetric' or 'wrap'."
        )
    for axis, n in enumerate(x.shape):
        source = np.pad(np.arange(n), widths[axis], mode, **options)
        shape = (*g.shape[:axis], n, *g.shape[axis + 1 :])
        g = scatter_add(g, (slice(None),) * axis + (source,), shape)
    return g


rule(np.pad, padded)
rule(getitem, lambda g, out, x, index: scatter_add(g, index, x.shape))
rule(lookup, lambda g, out, x, index: scatter_add(g, index, x.shape), None)
rule(
    scatter_set,
    lambda g, out, x, index, values: scatter_set(g, index, 0),
    None,
    lambda g, out, x, index, values: getitem(g, index),
)
rule(scatter_add, lambda g, out, x, index, shape: getitem(g, index))
rule(astype, lambda g, out, x, dtype: like(g, x))

# -- activations -----------------------------------------------------------------------


FEW = 256  # elements up to which one slow call beats several vectorised ones


@primitive
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), element by element; 0 and 1 far out, without a warning."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


@primitive
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) = -log(1 + exp(-x)), finite for every finite x."""
    return -np.logaddexp(-x, 0)


@primitive
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), element by element, without overflow."""
    if np.size(x) < FEW:
        return np.logaddexp(x, 0)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x)))


@primitive
def relu(x: Any) -> Any:
    """max(x, 0), element by element; slope 0 at 0."""
    return np.maximum(x, 0)


@primitive
def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) / sum(exp(x)) over ``axis`` (int or tuple), shifted by the maximum."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@primitive
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of softmax, x - log(sum(exp(x))), without the overflow."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@primitive
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over ``axis``, shifted by the maximum; -inf for all -inf."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)


def softmax_rule(g: Any, out: Any, x: Any, axis: Any = -1) -> Any:
    return out * (g - np.sum(g * out, axis=axis, keepdims=True))


def log_softmax_rule(g: Any, out: Any, x: Any, axis: Any = -1) -> Any:
    return g - np.exp(out) * np.sum(g, axis=axis, keepdims=True)


rule(sigmoid, lambda g, out, x: g * out * (1 - out))
rule(log_sigmoid, lambda g, out, x: g * sigmoid(-x))
rule(softplus, lambda g, out, x: g * sigmoid(x))
rule(relu, lambda g, out, x: g * (out > 0))
rule(softmax, softmax_rule)
rule(log_softmax, log_softmax_rule)
reduction(logsumexp, lambda g, out, x, axis: g * np.exp(x - out))

# -- the error function ----------------------------------------------------------------

erf_of_number = np.frompyfunc(math.erf, 1, 1)
erfc_of_number = np.frompyfunc(math.erfc, 1, 1)


def erfinv_of(y: float) -> float:
    """The x with erf(x) = y: an approximation, made exact by steps of Halley's method.

    Source: Winitzki, "A handy approximation for the error function and its inverse"
    (2008).
    """
    if not -1 < y < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    tail = 1 - abs(y)  # in which nothing cancels
    half = math.log(tail * (2 - tail)) / 2
    a = 0.147
    mean = 2 / (math.pi * a) + half
    x = math.sqrt(max(math.sqrt(mean * mean - 2 * half / a) - mean, 0))
    for _ in range(3):
        step = (math.erfc(x) - tail) * math.sqrt(math.pi) / 2 * math.exp(x * x)
        x += step / (1 + x * step)
    return math.copysign(x, y)


def float_array(values: Any, x: Any) -> Any:
    """``values`` in the dtype that NumPy's own functions would give for ``x``."""
    return np.asarray(values, dtype=np.result_type(np.asarray(x), np.float16))


@primitive
def erf(x: Any) -> Any:
    """2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, element by element."""
    return float_array(erf_of_number(x), x)


@primitive
def erfc(x: Any) -> Any:
    """1 - erf(x), exact in the right tail, where 1 - erf(x) would cancel."""
    return float_array(erfc_of_number(x), x)


@primitive
def erfinv(y: Any) -> Any:
    """The x with erf(x) = y, element by element; infinite at -1 and 1, nan beyond."""
    return float_array(np.frompyfunc(erfinv_of, 1, 1)(y), y)


rule(erfinv, lambda g, out, y: g * np.exp(np.square(out)) * (math.sqrt(math.pi) / 2))
rule(erf, lambda g, out, x: g * np.exp(-np.square(x)) * (2 / math.sqrt(math.pi)))
rule(erfc, lambda g, out, x: g * np.exp(-np.square(x)) * (-2 / math.sqrt(math.pi)))

# -- linear algebra --------------------------------------------------------------------


@primitive
def euclidean_norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """sqrt(sum(|x|^2)) over ``axis``; gradient 0 where the norm is 0."""
    squares = np.square(x if x.dtype.kind != "c" else np.absolute(x))
    return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))


@primitive
def sign_of_det(x: Any) -> Any:
    """sign(det(x)) of each matrix in ``x``, without forming the determinant."""
    return np.linalg.slogdet(x)[0]


@primitive
def phase_of_det(x: Any) -> Any:
    """det(x) / abs(det(x)) of each complex matrix, without forming the determinant."""
    return np.linalg.slogdet(x)[0]


@primitive
def logabsdet(x: Any) -> Any:
    """log(abs(det(x))) of each matrix in ``x``, without forming the determinant."""
    return np.linalg.slogdet(x)[1]


@primitive
def einsum(operands: list[Any], subscripts: str) -> Any:
    """``np.einsum`` with explicit subscripts without ``...`` or a repeated index."""
    return np.einsum(subscripts, *operands, optimize=len(operands) > 2)


def norm_rule(g: Any, out: Any, x: Any, axis: Any) -> Any:
    if x.dtype.kind == "c":
        return g / nonzero(out) * conj(x)
    return g * (x / nonzero(out))


def einsum_rule(g: Any, out: Any, operands: list[Any], subscripts: str) -> list[Any]:
    """For each operand: contract the gradient with all the others, onto its indices."""
    inputs, result = subscripts.split("->")
    terms = inputs.split(",")
    gradients = []
    for i, own in enumerate(terms):
        others = terms[:i] + terms[i + 1 :]
        known = [index for index in own if any(index in t for t in [result, *others])]
        equation = ",".join([result, *others]) + "->" + "".join(known)
        d = einsum([g, *operands[:i], *operands[i + 1 :]], equation)
        alone = tuple(axis for axis, index in enumerate(own) if index not in known)
        gradients.append(np.expand_dims(d, alone) if alone else d)
    return gradients


reduction(euclidean_norm, norm_rule)
rule(logabsdet, lambda g, out, x: as_matrix(g) * swap(np.linalg.inv(x)))
rule(  # the angle of the determinant is the imaginary part of its logarithm
    phase_of_det,
    lambda g, out, x: as_matrix(1j * np.imag(g * out)) * swap(np.linalg.inv(x)),
)
constant(sign_of_det)
rule(einsum, einsum_rule)
