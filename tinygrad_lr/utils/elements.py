"""Elements: what a dataset hands out, a nesting of tuples and dicts with arrays as
leaves.

Python numbers become arrays of 32 bits, arrays keep their dtype. A list is a leaf (one
array), a tuple is several components: the rules of ``tf.data``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor

SMALL = {"float64": np.float32, "int64": np.int32}  # what Python numbers become


class TensorSpec:
    """What is known of a leaf before it is there: its shape and dtype.

    A length that differs is None, and so is a shape of which nothing is known.

    >>> TensorSpec([None, 2], "float32")
    TensorSpec(shape=(None, 2), dtype=tf.float32, name=None)
    """

    def __init__(
        self, shape: Any = None, dtype: Any = np.float32, name: str | None = None
    ) -> None:
        if isinstance(shape, (int, np.integer)):
            shape = (int(shape),)
        self.shape = None if shape is None else tuple(shape)
        self.dtype = np.dtype(dtype)
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (
            other.shape,
            other.dtype,
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        shape = "<unknown>" if self.shape is None else self.shape
        kind = "string" if self.dtype.kind in "SUO" else self.dtype.name
        return f"TensorSpec(shape={shape}, dtype=tf.{kind}, name={self.name!r})"

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape is one of these."""
        return self.shape is None or (
            len(self.shape) == len(shape)
            and all(a is None or a == b for a, b in zip(self.shape, shape, strict=True))
        )

    def batched(self, length: int | None) -> TensorSpec:
        """The same for ``length`` of them in one array."""
        shape = None if self.shape is None else (length, *self.shape)
        return TensorSpec(shape, self.dtype)

    def varied(self) -> TensorSpec:
        """The same with a first axis of any length."""
        return TensorSpec(self.shape and (None, *self.shape[1:]), self.dtype)


def each(function: Callable[..., Any], *trees: Any) -> Any:
    """Apply ``function`` to the leaves that stand in the same place of all ``trees``.

    >>> each(lambda a, b: a + b, (1, {"x": 2}), (10, {"x": 20}))
    (11, {'x': 22})
    """
    first = trees[0]
    if first is None:
        return None
    if isinstance(first, dict):
        return {key: each(function, *(tree[key] for tree in trees)) for key in first}
    if isinstance(first, tuple):
        parts = [each(function, *part) for part in zip(*trees, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return function(*trees)


def as_leaf(value: Any) -> Any:
    """One leaf: anything array-like as an array, a dataset within as it is."""
    if isinstance(value, Tensor):
        return value.data
    if hasattr(value, "element_spec"):
        return value
    if hasattr(value, "to_numpy"):
        return np.asarray(value.to_numpy())
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    first = value
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            "expected numbers in a regular grid, got nested lists of unequal lengths. "
            "Pad them to one length (keras.utils.pad_sequences), or use "
            "Dataset.from_generator and padded_batch."
        ) from None
    small = None if hasattr(first, "dtype") else SMALL.get(array.dtype.name)
    return array if small is None else array.astype(small)


def as_element(value: Any) -> Any:
    """A nesting with arrays as leaves."""
    return each(as_leaf, value)


def as_tensor_leaf(leaf: Any) -> Any:
    """What the user sees of a leaf: a Tensor, if it holds numbers."""
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biuf":
        return Tensor.on(leaf)
    return leaf


def as_tensors(element: Any) -> Any:
    """What the user sees of an element."""
    return each(as_tensor_leaf, element)


def stack_leaves(*leaves: Any) -> Any:
    """Several leaves as one, along a new first axis."""
    if not isinstance(leaves[0], np.ndarray):
        raise TypeError(
            f"batch: expected arrays, got {type(leaves[0]).__name__} objects. Turn "
            "each window into an array first: flat_map(lambda w: w.batch(size))."
        )
    try:
        return np.stack(leaves)
    except ValueError:
        odd = next(leaf for leaf in leaves if leaf.shape != leaves[0].shape)
        raise ValueError(
            f"batch: expected elements of one shape, got {leaves[0].shape} and "
            f"{odd.shape}. Use padded_batch, or bring them to one shape with map."
        ) from None


def stack(elements: Sequence[Any]) -> Any:
    """Several elements as one, along a new first axis."""
    return each(stack_leaves, *elements)


def spec_of(element: Any) -> Any:
    """The specs of an element that is there."""
    return each(
        lambda leaf: (
            TensorSpec(leaf.shape, leaf.dtype)
            if isinstance(leaf, np.ndarray)
            else leaf.element_spec
        ),
        element,
    )


def leaves_of(tree: Any) -> list[Any]:
    """The leaves of an element (or of specs) from left to right."""
    found: list[Any] = []
    each(found.append, tree)
    return found


def specs_from(types: Any, shapes: Any) -> Any:
    """Specs from dtypes and, in the same nesting, shapes (None for unknown ones)."""
    if isinstance(types, dict):
        return {key: specs_from(types[key], (shapes or {}).get(key)) for key in types}
    if isinstance(types, (tuple, list)):
        parts = [None] * len(types) if shapes is None else shapes
        return tuple(specs_from(*pair) for pair in zip(types, parts, strict=True))
    return TensorSpec(shapes, types)


def fitted(value: Any, spec: TensorSpec) -> Any:
    """``value`` as the leaf that ``spec`` announced; else a clear error."""
    array = np.asarray(as_leaf(value))
    if not spec.admits(array.shape):
        raise TypeError(
            f"from_generator: expected an element of shape {spec.shape}, as announced, "
            f"got one of shape {array.shape}: {value!r:.60}"
        )
    return array if spec.dtype.kind in "SUO" else array.astype(spec.dtype, copy=False)


def padded(leaves: Sequence[Any], shape: Any, value: Any) -> Any:
    """Leaves of different lengths as one array, filled up at their ends.

    ``shape`` may fix some lengths; the others are the largest there are.
    """
    ndim = leaves[0].ndim
    given = [None] * ndim if shape is None else [None if n == -1 else n for n in shape]
    most = [max(leaf.shape[axis] for leaf in leaves) for axis in range(ndim)]
    whole = [m if n is None else int(n) for n, m in zip(given, most, strict=True)]
    if any(m > n for m, n in zip(most, whole, strict=True)):
        raise ValueError(
            f"padded_batch: expected elements that fit into {tuple(whole)}, got "
            f"lengths up to {tuple(most)}. Enlarge padded_shapes or cut the elements."
        )
    dtype = np.result_type(*leaves)
    if value is None:
        value = "" if dtype.kind in "SU" else 0
    out = np.full((len(leaves), *whole), value, dtype)
    for row, leaf in enumerate(leaves):
        place: tuple[Any, ...] = (row, *map(slice, leaf.shape))
        out[place] = leaf
    return out
