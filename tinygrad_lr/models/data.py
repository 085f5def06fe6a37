"""Data: from whatever people pass in to checked arrays of numbers.

Arrays, lists, data frames and Tensors all become arrays here; what is no grid of
numbers is refused in one sentence that says where the trouble is. A model never sees
anything else.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff import Tensor, default_dtype
from tinygrad_lr.autodiff.trees import leaves, rebuild
from tinygrad_lr.nesting import like
from tinygrad_lr.notices import warn

Array = np.ndarray[Any, np.dtype[Any]]
Batch = tuple[Any, ...]


class Single(NamedTuple):
    """Whether a list of arrays stands for one input (or target), row by row."""

    input: bool = True
    output: bool = True


# -- from what people pass in to arrays of numbers -------------------------------------


def as_array(value: Any, name: str) -> Array:
    """Return ``value`` (array, list, data frame, Tensor) as an array of at least one
    axis.

    Floats get the default dtype; integers and booleans stay what they are. All lie in C
    order: products of another layout are rounded otherwise. Raises ``TypeError`` or
    ``ValueError`` for what is no grid of numbers.
    """
    if isinstance(value, Tensor):
        array = value.data
    elif hasattr(value, "to_numpy"):
        array = frame_numbers(value, name)
    elif hasattr(value, "toarray"):
        array = np.asarray(value.toarray())  # a sparse matrix of SciPy
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            raise ValueError(ragged(value, name)) from None
        if np.ma.is_masked(value):
            raise ValueError(
                f"{name}: expected an array without gaps, got a masked array of which "
                f"{np.ma.getmaskarray(value).sum()} entries are masked. Fill them: "
                f"{name}.filled(0)."
            )
    if not array.ndim:
        hint = f"Call it: {name}()." if callable(value) else ""
        raise TypeError(
            f"{name}: expected an array or a list with one row per sample, got "
            f"{type(value).__name__} {value!r:.60}. {hint}".rstrip()
        )
    if array.dtype.kind not in "biuf":
        raise TypeError(not_numbers(array, name))
    return np.ascontiguousarray(to_float(array))


def to_float(array: Array) -> Array:
    """Give floats the default dtype; what is too large for it becomes infinite."""
    if array.dtype.kind != "f" or array.dtype == default_dtype():
        return array
    with np.errstate(over="ignore"):
        return array.astype(default_dtype())


def frame_numbers(frame: Any, name: str) -> Array:
    """The numbers of a data frame or series; a column that holds none is named."""
    columns = getattr(frame, "columns", ())
    for column in columns:
        kind = getattr(getattr(frame[column], "dtype", None), "kind", "f")
        if kind not in "biuf":
            raise TypeError(
                f"{name}: expected columns of numbers, got {frame[column].dtype} in "
                f"column {column!r}. Drop it or encode it as numbers first."
            )
    array = np.asarray(frame.to_numpy())
    if array.dtype.kind == "O" and len(
        columns
    ):  # numbers of several kinds side by side
        try:
            array = array.astype(default_dtype())
        except (TypeError, ValueError):  # a missing value, or a column met twice
            raise TypeError(not_numbers(array, name)) from None
    return array


def ragged(value: Any, name: str) -> str:
    """What is wrong with nested lists of unequal lengths, in a sentence."""
    shapes = [
        np.shape(row) if not hasattr(row, "__len__") else (len(row),) for row in value
    ]
    odd = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), 0)
    if not odd:
        return (
            f"{name}: expected a regular grid of numbers, got nested lists of unequal "
            "lengths. Pad them to one length."
        )
    lengths = [shape[0] if shape else "no" for shape in (shapes[0], shapes[odd])]
    return (
        f"{name}: expected rows of equal length, got {lengths[0]} entries in row 0 and "
        f"{lengths[1]} in row {odd}. Pad or cut the rows to one length."
    )


def not_numbers(array: Array, name: str) -> str:
    """What is wrong with an array of strings, objects or dates, in a sentence."""
    if array.dtype.kind == "O":
        for index, item in np.ndenumerate(array):
            if not isinstance(item, (int, float, np.number, np.bool_)):
                place = index[0] if len(index) == 1 else tuple(index)
                return (
                    f"{name}: expected numbers, got {type(item).__name__} "
                    f"{item!r:.40} at position {place} of an object array. Encode it "
                    "as a number or remove it; rows of different lengths need "
                    "padding."
                )
        return (
            f"{name}: expected an array of numbers, got one of objects (dtype object). "
            f"Convert it with np.asarray({name}, 'float32')."
        )
    if array.dtype.kind == "c":
        return (
            f"{name}: expected real numbers, got {array.dtype} data. Pass "
            f"{name}.real or np.abs({name})."
        )
    example = array.reshape(-1)[0] if array.size else ""
    return (
        f"{name}: expected numbers, got {array.dtype} data such as {example!r:.40}. "
        f"Convert numbers in text with {name}.astype('float32'); look categories and "
        "words up before the model, with layers.StringLookup or TextVectorization."
    )


def all_finite(array: Array) -> bool:
    """Whether there is neither NaN nor infinity; one pass without memory of its own."""
    if array.dtype.kind != "f":
        return True
    if array.size > 1 << 16 and array.flags.c_contiguous and array.dtype.itemsize >= 4:
        flat = array.reshape(-1)
        with np.errstate(all="ignore"):
            if math.isfinite(np.dot(flat, flat)):
                return True
    return bool(np.isfinite(array).all())


def warn_if_not_finite(array: Array, name: str) -> bool:
    """Warn about NaN or infinity in the data, with the first row; say whether it was
    so.
    """
    if all_finite(array):
        return False
    rows = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    warn(
        f"{name}: NaN or infinity in row {int(np.argmax(rows))} ({int(rows.sum())} of "
        f"{len(array)} rows). What is computed from it will not be a number: remove "
        "or fill these rows."
    )
    return True


def as_tree(value: Any, name: str, single: bool = True) -> Any:
    """Arrays for one part of the data: one array, or a list or dict of arrays (and of
    such lists and dicts).

    With ``single`` a list of arrays is one input given as its rows, unless it has but
    one entry; else it is several inputs.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {
            key: as_tree(part, f"{name}[{key!r}]", single)
            for key, part in value.items()
        }
    if isinstance(value, (list, tuple)) and value and all(map(holds_rows, value)):
        if len(value) == 1 and single:
            return as_array(value[0], name)
        if not single:
            named = enumerate(value)
            return like(value, [as_tree(v, f"{name}[{i}]", single) for i, v in named])
    return as_array(value, name)


def holds_rows(value: Any) -> bool:
    """Whether an entry of a list may be a whole input of its own, or several."""
    if isinstance(value, (list, tuple, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return len(value) > 0 and all(map(holds_rows, parts))
    shape = getattr(value, "shape", None)
    return shape is not None and len(shape) >= 1


def same_length(parts: Mapping[str, Any]) -> int:
    """The common number of rows; raises ``ValueError`` if there is none, or no row."""
    lengths = {
        name: [len(leaf) for leaf in leaves(part)]
        for name, part in parts.items()
        if part is not None
    }
    known = {length for counts in lengths.values() for length in counts}
    if len(known) > 1:
        counts = ", ".join(
            f"{name} {'/'.join(map(str, c))}" for name, c in lengths.items()
        )
        raise ValueError(
            f"expected the same number of rows everywhere, got {counts}. Each row of "
            "x needs its own target."
        )
    if not known or known == {0}:
        raise ValueError(
            "expected at least one row of data, got none (empty x). Check how the "
            "data were read or split."
        )
    return int(known.pop())


def batch_of(x: Any, y: Any = None, sample_weight: Any = None) -> Batch:
    """Make a batch, without what is missing at its end."""
    if y is None and sample_weight is None:
        return (x,)
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def class_weights_of(y: Any, class_weight: Mapping[Any, float]) -> Array:
    """One weight per sample from one weight per class; classes not named weigh 1.

    ``y`` holds class numbers, of shape ``(n,)`` or ``(n, 1)``, or rows with a one.
    """
    if not isinstance(y, np.ndarray):
        raise ValueError(
            "class_weight: expected a single target array y to look up the classes "
            f"in, got {type(y).__name__}. Pass sample_weight instead."
        )
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            "class_weight: expected a dict from class numbers to weights such as "
            f"{{0: 1.0, 1: 2.0}}, got {class_weight!r}."
        )
    if y.ndim > 1 and y.shape[-1] > 1:
        classes = y.argmax(-1)
    else:
        classes = np.rint(y.reshape(len(y), -1)[:, 0]).astype(np.int64)
    weights = np.ones(classes.shape, default_dtype())
    for number, weight in class_weight.items():
        weights[classes == number] = weight
    return weights


def split(
    parts: tuple[Any, ...], fraction: float
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Cut the last ``fraction`` of the rows off: (for training, for validation)."""
    if not isinstance(fraction, numbers.Real) or not 0 < fraction < 1:
        raise ValueError(
            f"validation_split: expected a number between 0 and 1, got {fraction!r}."
        )
    rows = len(leaves(parts)[0])
    at = math.floor(rows * (1 - fraction))
    if not 0 < at < rows:
        raise ValueError(
            f"validation_split={fraction!r} of {rows} rows leaves {at} for training "
            f"and {rows - at} for validation: both need at least one. Change the "
            "fraction or bring more data."
        )
    head = rebuild(parts, [leaf[:at] for leaf in leaves(parts)])
    return head, rebuild(parts, [leaf[at:] for leaf in leaves(parts)])


def whole_number(value: Any, name: str, least: int = 1) -> int:
    """Return ``value`` if it is an integer of at least ``least``, or raise
    ``ValueError``.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(
            f"{name}: expected an integer of at least {least}, got {value!r}."
        )
    return number
