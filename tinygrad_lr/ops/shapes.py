"""Rearranging tensors: shapes, borders, joins, cuts, picking elements.

What is joined is brought to one dtype first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, functions
from tinygrad_lr.convert import is_place
from tinygrad_lr.ops.conversion import (
    cast,
    dtype_of,
    tensor,
    together,
    wrapped,
)

# -- shapes ----------------------------------------------------------------------------


def copy(x: Any) -> Any:
    """The same values in a new tensor."""
    return wrapped(np.copy(tensor(x)))


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape; one axis may be -1."""
    newshape = tuple(newshape) if isinstance(newshape, list) else newshape
    return wrapped(np.reshape(tensor(x), newshape))


def ravel(x: Any) -> Any:
    """All elements along one axis."""
    return wrapped(np.reshape(tensor(x), -1))


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order, reversed by default."""
    return wrapped(np.transpose(tensor(x), axes))


def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of length 1."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return wrapped(np.expand_dims(tensor(x), axis))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Take away axes of length 1."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return wrapped(np.squeeze(tensor(x), axis))


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat along axes of length 1 until the shape is reached."""
    return wrapped(np.broadcast_to(tensor(x), tuple(shape)))


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to other places."""
    return wrapped(np.moveaxis(tensor(x), source, destination))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    return wrapped(np.swapaxes(tensor(x), axis1, axis2))


def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reverse order along ``axis``, or along all."""
    return wrapped(np.flip(tensor(x), axis))


def fliplr(x: Any) -> Any:
    """The columns in reverse order."""
    return wrapped(np.flip(tensor(x), 1))


def flipud(x: Any) -> Any:
    """The rows in reverse order."""
    return wrapped(np.flip(tensor(x), 0))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Shift the elements; what falls off at the end comes in at the start."""
    x = tensor(x)
    if axis is None:
        return wrapped(np.reshape(np.roll(np.reshape(x, -1), shift, 0), x.shape))
    return wrapped(np.roll(x, shift, axis))


def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by 90 degrees, ``k`` times."""
    array = tensor(array)
    if len(array.shape) < 2:
        raise ValueError(f"rot90: expected at least two axes, got shape {array.shape}.")
    return wrapped(np.rot90(array, k, axes))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element along ``axis``."""
    repeats = repeats.numpy() if isinstance(repeats, Tensor) else repeats
    return wrapped(np.repeat(tensor(x), repeats, axis))


def tile(x: Any, repeats: Any) -> Any:
    """Repeat the whole along each axis."""
    repeats = repeats.tolist() if isinstance(repeats, Tensor) else repeats
    return wrapped(np.tile(tensor(x), repeats))


def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Any:
    """Add a border of a constant (0), or as ``mode`` says: "reflect", "symmetric"."""
    x = tensor(x)
    if constant_values is None:
        return wrapped(np.pad(x, pad_width, mode))  # type: ignore[call-overload]  # a mode
    if mode != "constant":
        raise ValueError(
            f"pad: constant_values goes with mode='constant' alone, got mode={mode!r}."
        )
    return wrapped(np.pad(x, pad_width, "constant", constant_values=constant_values))


def tril(x: Any, k: int = 0) -> Any:
    """``x`` with zeros above the ``k``-th diagonal."""
    return wrapped(np.tril(tensor(x), k))


def triu(x: Any, k: int = 0) -> Any:
    """``x`` with zeros below the ``k``-th diagonal."""
    return wrapped(np.triu(tensor(x), k))


def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    return wrapped(np.diag(tensor(x), k))


def diagflat(x: Any, k: int = 0) -> Any:
    """The matrix that has all elements of ``x`` on its diagonal."""
    return diag(ravel(x), k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of matrices."""
    return wrapped(np.diagonal(tensor(x), offset, axis1, axis2))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal."""
    from_diagonal = np.diagonal(tensor(x), offset, axis1, axis2)
    dtype = (
        from_diagonal.dtype if np.dtype(from_diagonal.dtype).kind == "f" else "int32"
    )
    return wrapped(np.sum(from_diagonal, -1), dtype)


def view(x: Any, dtype: Any = None) -> Any:
    """The same bytes read as another dtype; without a gradient."""
    x = tensor(x)
    return x if dtype is None else Tensor(x.numpy().view(dtype_of(dtype)))


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(tensor(x).shape)


def size(x: Any) -> Any:
    """The number of elements."""
    if is_place(x):  # only the data will tell
        return cast(np.sum(np.ones_like(x, dtype="int32")), "int32")
    return tensor(x).size


# -- joins and cuts --------------------------------------------------------------------


def concatenate(xs: Any, axis: int = 0) -> Any:
    """Join along an existing axis."""
    return wrapped(np.concatenate(together(*xs), axis))


def stack(x: Any, axis: int = 0) -> Any:
    """Join along a new axis."""
    return wrapped(np.stack(together(*x), axis))


def hstack(xs: Any) -> Any:
    """Join along the second axis, or the only one."""
    return wrapped(np.hstack(together(*xs)))


def vstack(xs: Any) -> Any:
    """Join as rows."""
    return wrapped(np.vstack(together(*xs)))


def dstack(xs: Any) -> Any:
    """Join along the third axis."""
    return wrapped(np.dstack(together(*xs)))


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Join two, all elements in a row without an ``axis``."""
    x1, x2 = (tensor(x) for x in (x1, x2))
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    return concatenate([x1, x2], axis)


def sections(indices_or_sections: Any) -> Any:
    """Where to cut, as numbers of Python."""
    if hasattr(indices_or_sections, "tolist"):
        return indices_or_sections.tolist()
    return indices_or_sections


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut into equal parts, or at the places listed."""
    return wrapped(list(np.split(tensor(x), sections(indices_or_sections), axis)))


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut into parts whose lengths differ by at most one."""
    cut = sections(indices_or_sections)
    return wrapped(list(np.array_split(tensor(x), cut, axis)))


def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the second axis, or the only one."""
    x = tensor(x)
    return split(x, indices_or_sections, 1 if len(x.shape) > 1 else 0)


def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """Cut along the third axis."""
    return split(x, indices_or_sections, 2)


# -- picking ---------------------------------------------------------------------------


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements or slices at ``indices`` along ``axis``; negative from the end."""
    return wrapped(np.take(tensor(x), cast(tensor(indices), "int32"), axis))


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """One element for each index, along ``axis``."""
    x, indices = tensor(x), cast(tensor(indices), "int32")
    if axis is None:
        x, indices, axis = np.reshape(x, -1), np.reshape(indices, -1), 0
    return wrapped(np.take_along_axis(x, indices, axis))


def get_item(x: Any, key: Any) -> Any:
    """``x[key]``; a list is a tuple that went through JSON."""
    x, key = tensor(x), tuple(key) if isinstance(key, list) else key
    return x[key] if isinstance(x, Tensor) else functions.getitem(x, key)


def nonzero(x: Any) -> Any:
    """The places of elements that are not 0, one tensor for each axis (int32)."""
    return wrapped(tuple(np.nonzero(tensor(x).numpy())), "int32")


def unravel_index(indices: Any, shape: Sequence[int]) -> Any:
    """Places in a flat array as places in one of a shape."""
    found = np.unravel_index(tensor(indices).numpy(), tuple(shape))
    return tuple(wrapped(part, "int32") for part in found)


def unique(
    x: Any, sorted: bool = True, return_index: bool = False,
    return_inverse: bool = False, return_counts: bool = False, axis: int | None = None,
    size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """The different elements in order, with places, inverse and counts if wanted."""
    found = np.unique(
        tensor(x).numpy(), return_index=True, return_inverse=True, return_counts=True,
        axis=axis,
    )  # fmt: skip
    values, index, inverse, counts = found
    if size is not None:
        along = axis or 0
        short = size - values.shape[along]
        values = values.take(range(min(size, values.shape[along])), along)
        index, counts = index[:size], counts[:size]
        if short > 0:
            border = [(0, 0)] * values.ndim
            border[along] = (0, short)
            filler = values.min() if fill_value is None else fill_value
            values = np.pad(values, border, constant_values=filler)
            index = np.pad(index, (0, short), constant_values=index[0])
            counts = np.pad(counts, (0, short))
    out = [wrapped(values)]
    wanted = (return_index, return_inverse, return_counts)
    for asked, part in zip(wanted, (index, inverse, counts), strict=True):
        if asked:
            out.append(wrapped(part, "int32"))
    return out[0] if len(out) == 1 else tuple(out)


__all__ = [
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "copy",
    "diag",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "get_item",
    "hsplit",
    "hstack",
    "moveaxis",
    "ndim",
    "nonzero",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "take",
    "take_along_axis",
    "tile",
    "trace",
    "transpose",
    "tril",
    "triu",
    "unique",
    "unravel_index",
    "view",
    "vsplit",
    "vstack",
]
