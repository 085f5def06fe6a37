"""NumPy functions that are combinations of others, and so need no rule of their own.

On Tensors, ``np.vstack`` *is* a concatenation and ``np.tile`` *is* a broadcast between
two reshapes: written that way, their gradients of every order follow from the rule
table.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.calculus import swap
from tinygrad_lr.autodiff.complexes import conj
from tinygrad_lr.autodiff.rules import axes_of, composition

# -- shape -----------------------------------------------------------------------------


@composition(np.vstack)
def vstack(arrays: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_2d(a) for a in arrays], 0)


@composition(np.hstack)
def hstack(arrays: Sequence[Any]) -> Any:
    ready = [np.atleast_1d(a) for a in arrays]
    return np.concatenate(ready, 0 if ready[0].ndim == 1 else 1)


@composition(np.dstack)
def dstack(arrays: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_3d(a) for a in arrays], 2)


@composition(np.column_stack)
def column_stack(arrays: Sequence[Any]) -> Any:
    return np.concatenate(
        [np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in arrays], 1
    )


@composition(np.split)
def split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    if np.ndim(sections) == 0 and x.shape[axis] % sections:
        raise ValueError(
            f"np.split: axis {axis} of length {x.shape[axis]} does not divide into "
            f"{sections} equal parts. Use np.array_split for parts of unequal length."
        )
    return array_split(x, sections, axis)


@composition(np.array_split)
def array_split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    n = x.shape[axis]
    if np.ndim(sections) == 0:
        small, large = divmod(n, sections)
        lengths = [small + 1] * large + [small] * (sections - large)
        edges = list(itertools.accumulate(lengths, initial=0))
    else:
        edges = [0, *sections, n]
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(a, b))] for a, b in itertools.pairwise(edges)]


@composition(np.hsplit)
def hsplit(x: Any, sections: Any) -> list[Any]:
    return split(x, sections, 1 if x.ndim > 1 else 0)


@composition(np.vsplit)
def vsplit(x: Any, sections: Any) -> list[Any]:
    return split(x, sections, 0)


@composition(np.tile)
def tile(x: Any, reps: Any) -> Any:
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    shape = (1,) * (len(reps) - x.ndim) + x.shape
    reps = (1,) * (len(shape) - len(reps)) + reps
    pairs = list(zip(reps, shape, strict=True))
    x = np.reshape(x, [n for _, length in pairs for n in (1, length)])
    x = np.broadcast_to(x, [n for pair in pairs for n in pair])
    return np.reshape(x, [times * length for times, length in pairs])


@composition(np.repeat)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        x, axis = np.ravel(x), 0
    return np.take(x, np.repeat(np.arange(x.shape[axis]), repeats), axis)


@composition(np.fliplr)
def fliplr(x: Any) -> Any:
    return np.flip(x, 1)


@composition(np.flipud)
def flipud(x: Any) -> Any:
    return np.flip(x, 0)


@composition(np.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    return swap(x)


@composition(np.full_like)
def full_like(x: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    shape = np.shape(x) if shape is None else shape
    return np.broadcast_to(fill_value, shape).astype(
        x.dtype if dtype is None else dtype
    )


# -- indexing --------------------------------------------------------------------------


@composition(np.take)
def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    if axis is None or (np.ndim(x) == 0 and axis in (0, -1)):
        x, axis = np.ravel(x), 0
    n = x.shape[axis]
    if mode == "wrap":
        indices = np.remainder(indices, n)
    elif mode == "clip":
        indices = np.clip(indices, 0, n - 1)
    elif not isinstance(indices, int) and not hasattr(indices, "dtype"):
        indices = np.asarray(indices, np.intp if np.size(indices) == 0 else None)
    if not isinstance(indices, int) and indices.dtype.kind == "b":
        indices = indices.astype(np.intp)  # True takes element 1, and is not a mask
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


@composition(np.take_along_axis)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        x, axis = np.ravel(x), 0
    if np.ndim(indices) != x.ndim:
        raise ValueError(
            f"np.take_along_axis: expected indices with {x.ndim} axes, as the array "
            f"has, got {np.ndim(indices)}."
        )
    grid: list[Any] = [
        np.reshape(np.arange(n), [-1 if i == at else 1 for i in range(x.ndim)])
        for at, n in enumerate(x.shape)
    ]
    grid[axis] = indices
    return x[tuple(grid)]


@composition(np.diagonal)
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    x = np.moveaxis(x, (axis1, axis2), (-2, -1))
    n = max(0, min(x.shape[-2] + min(offset, 0), x.shape[-1] - max(offset, 0)))
    rows = np.arange(n)
    return x[..., rows - min(offset, 0), rows + max(offset, 0)]


@composition(np.diag)
def diag(x: Any, k: int = 0) -> Any:
    if x.ndim not in (1, 2):
        raise ValueError(f"np.diag: expected 1 or 2 axes, got shape {x.shape}.")
    if x.ndim == 2:
        return diagonal(x, k)
    n = x.shape[0] + abs(k)
    rows = np.arange(x.shape[0])
    return functions.scatter_add(x, (rows - min(k, 0), rows + max(k, 0)), (n, n))


@composition(np.trace)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return np.sum(diagonal(x, offset, axis1, axis2), -1)


@composition(np.bincount)
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Add up the weights at the positions ``x``; each counts 1 (an integer) without."""
    length = max(int(np.max(x)) + 1 if np.size(x) else 0, minlength)
    if weights is None:
        return functions.scatter_add(np.ones(np.shape(x), np.intp), x, (length,))
    return functions.scatter_add(functions.astype(weights, np.float64), x, (length,))


# -- products --------------------------------------------------------------------------


@composition(np.dot)
def dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return np.matmul(a, b)
    return tensordot(a, b, (-1, -2 if np.ndim(b) > 1 else -1))


@composition(np.vdot)
def vdot(x: Any, y: Any) -> Any:
    return np.matmul(conj(np.ravel(x)), np.ravel(y))


@composition(np.inner)
def inner(x: Any, y: Any) -> Any:
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return np.multiply(x, y)
    return tensordot(x, y, (-1, -1))


@composition(np.outer)
def outer(x: Any, y: Any) -> Any:
    return np.ravel(x)[:, None] * np.ravel(y)


@composition(np.vecdot)
def vecdot(x: Any, y: Any) -> Any:
    return np.sum(conj(x) * y, -1)


@composition(np.tensordot)
def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """Bring the contracted axes side by side, and multiply two matrices."""
    if isinstance(axes, int):
        of_x, of_y = tuple(range(np.ndim(x) - axes, np.ndim(x))), tuple(range(axes))
    else:
        of_x, of_y = axes_of(axes[0], np.ndim(x)), axes_of(axes[1], np.ndim(y))
    free_x = tuple(i for i in range(np.ndim(x)) if i not in of_x)
    free_y = tuple(i for i in range(np.ndim(y)) if i not in of_y)
    shared = math.prod(np.shape(x)[i] for i in of_x)
    if [np.shape(x)[i] for i in of_x] != [np.shape(y)[i] for i in of_y]:
        raise ValueError(
            f"np.tensordot: axes {of_x} of shape {np.shape(x)} do not match axes "
            f"{of_y} of shape {np.shape(y)}."
        )
    shape_x = tuple(np.shape(x)[i] for i in free_x)
    shape_y = tuple(np.shape(y)[i] for i in free_y)
    left = np.reshape(np.transpose(x, free_x + of_x), (math.prod(shape_x), shared))
    right = np.reshape(np.transpose(y, of_y + free_y), (shared, math.prod(shape_y)))
    return np.reshape(np.matmul(left, right), shape_x + shape_y)


@composition(np.kron)
def kron(x: Any, y: Any) -> Any:
    ndim = max(np.ndim(x), np.ndim(y))
    shape_x = (1,) * (ndim - np.ndim(x)) + np.shape(x)
    shape_y = (1,) * (ndim - np.ndim(y)) + np.shape(y)
    x = np.reshape(x, [n for length in shape_x for n in (length, 1)])
    y = np.reshape(y, [n for length in shape_y for n in (1, length)])
    return np.reshape(x * y, [m * n for m, n in zip(shape_x, shape_y, strict=True)])


def spelled(interleaved: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """``x, [0, 1], y, [1, 2], [0, 2]`` as ``ab,bc->ac``, and the operands."""
    operands, lists = interleaved[0::2], list(interleaved[1::2])
    arrow = len(interleaved) % 2 == 1
    if arrow:
        *operands, result = operands
        lists.append(result)
    words = [
        "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in indices)
        for indices in lists
    ]
    tail = "->" + words.pop() if arrow else ""
    return ",".join(words) + tail, tuple(operands)


@composition(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = None) -> Any:
    """Spell out what the short forms leave to the reader, then contract.

    ``...`` becomes letters, a missing result the indices that occur once, and an index
    that an operand repeats (a diagonal) a second index joined to it by an identity
    matrix.
    """
    if not isinstance(subscripts, str):
        subscripts, operands = spelled((subscripts, *operands))
    inputs, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(
            f"np.einsum: {subscripts!r} names {len(terms)} operands, got "
            f"{len(operands)}."
        )
    unused = iter([c for c in string.ascii_letters if c not in subscripts])
    hidden = [  # how many axes each "..." stands for
        np.ndim(x) - len(t) + 3 if "." in t else 0
        for t, x in zip(terms, operands, strict=True)
    ]
    batch = "".join(itertools.islice(unused, max(hidden)))
    if not arrow:
        plain = inputs.replace(",", "").replace(".", "")
        result = "..." * bool(batch) + "".join(
            sorted(c for c in set(plain) if plain.count(c) == 1)
        )
    terms = [
        t.replace("...", batch[len(batch) - n :])
        for t, n in zip(terms, hidden, strict=True)
    ]
    result = result.replace("...", batch)
    arrays = list(operands)
    for i, term in enumerate(list(terms)):
        for at, index in enumerate(term):
            if index in term[:at]:
                twin = next(unused)
                terms[i] = terms[i][:at] + twin + terms[i][at + 1 :]
                terms.append(index + twin)
                arrays.append(np.eye(np.shape(arrays[i])[at], dtype=arrays[i].dtype))
    return functions.einsum(arrays, ",".join(terms) + "->" + result)
