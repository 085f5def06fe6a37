"""Merging: several inputs become one output, added, multiplied, joined ...

Each class has a function of the same name in lower case: ``add([a, b])`` is
``Add()([a, b])``. Shapes broadcast against each other, the batch axis aside; an input
with fewer axes gets axes of length 1 after the batch axis.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.normalization import unit_vectors
from tinygrad_lr.layers.validation import invalid, is_whole
from tinygrad_lr.nesting import is_shape


class Merge(Layer):
    """Base class: override :meth:`merged`, which is given inputs of equal rank."""

    supports_masking = True

    def check_shapes(self, shapes: Any) -> Any:
        """Raise ``ValueError`` unless this is a list of shapes, of the same batch."""
        if not isinstance(shapes, (list, tuple)) or is_shape(shapes):
            raise invalid(
                self,
                "expected a list of inputs, such as [a, b], got a single one of shape "
                f"{shapes}.",
            )
        batches = {shape[0] for shape in shapes if len(shape)} - {None}
        if len(batches) > 1:
            raise invalid(
                self,
                f"the inputs have different numbers of samples: shapes {shapes}.",
            )
        return shapes

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.merged(aligned(self.alike(inputs)))

    def alike(self, inputs: Any) -> Any:
        """Give all inputs the dtype of the layer, unless they have one in common."""
        if len({x.dtype for x in inputs}) == 1:
            return inputs
        return [x.astype(self.compute_dtype) for x in inputs]

    def merged(self, inputs: Any) -> Any:
        """Return the output."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = self.check_shapes(input_shape)
        rank = max(len(shape) for shape in shapes)
        batch = next((s[0] for s in shapes if s[0] is not None), None)
        out = [batch]
        padded = [(1,) * (rank - len(shape)) + tuple(shape[1:]) for shape in shapes]
        for lengths in zip(*padded, strict=True):
            known = set(lengths) - {1, None}
            if len(known) > 1:
                raise invalid(
                    self,
                    f"inputs of shapes {', '.join(map(str, map(tuple, shapes)))} do "
                    "not fit each other: along each axis, lengths must be equal or 1.",
                )
            out.append(None if None in lengths else max(known, default=1))
        return tuple(out)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        self.check_masks(inputs, mask)
        if mask is None or any(m is None for m in mask):
            return None
        return functools.reduce(np.logical_or, mask)

    def check_masks(self, inputs: Any, mask: Any) -> None:
        """Raise ``ValueError`` unless there are no masks, or a list like the inputs."""
        if mask is None:
            return
        both = isinstance(inputs, (list, tuple)) and isinstance(mask, (list, tuple))
        if not both or len(inputs) != len(mask):
            raise invalid(
                self,
                "expected a list of inputs and a list of as many masks (None for an "
                f"input without one), got {inputs!r:.60} and {mask!r:.60}.",
            )


def aligned(inputs: Any) -> Any:
    """Give inputs of lower rank axes of length 1 after the batch axis."""
    rank = max(x.ndim for x in inputs)
    return [
        x if x.ndim == rank else np.expand_dims(x, tuple(range(1, rank - x.ndim + 1)))
        for x in inputs
    ]


def where_counted(inputs: Any, mask: Any) -> list[Any]:
    """The masks of the inputs in the inputs' shapes, None for those without one."""
    masks = [None] * len(inputs) if mask is None else mask
    return [
        m if m is None else np.broadcast_to(np.expand_dims(m, -1), x.shape)
        for x, m in zip(inputs, masks, strict=True)
    ]


class Add(Merge):
    """The sum of the inputs, a list of two or more whose shapes broadcast.

    >>> import numpy as np
    >>> Add()([np.array([[1.0]]), np.array([[2.0]])]).numpy()
    array([[3.]], dtype=float32)
    """

    def merged(self, inputs: Any) -> Any:
        return functools.reduce(np.add, inputs)


class Subtract(Merge):
    """The first input minus the second; there must be two.

    >>> import numpy as np
    >>> Subtract()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])]).numpy()
    array([[-2.,  2.]], dtype=float32)
    """

    def check_shapes(self, shapes: Any) -> Any:
        return two(self, super().check_shapes(shapes))

    def merged(self, inputs: Any) -> Any:
        return inputs[0] - inputs[1]


class Multiply(Merge):
    """The product of the inputs; what a mask hides counts as 1.

    Where all inputs are masked, the output is 0.

    >>> import numpy as np
    >>> Multiply()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])]).numpy()
    array([[3., 8.]], dtype=float32)
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        inputs = aligned(self.alike(inputs))
        counted = where_counted(inputs, mask)
        factors = [
            x if c is None else np.where(c, x, 1)
            for x, c in zip(inputs, counted, strict=True)
        ]
        out = functools.reduce(np.multiply, factors)
        if any(c is None for c in counted):
            return out
        return np.where(functools.reduce(np.logical_or, counted), out, 0)


class Average(Merge):
    """The mean of the inputs, a list of two or more whose shapes broadcast.

    >>> import numpy as np
    >>> Average()([np.zeros((1, 2)), np.ones((1, 2))]).numpy()
    array([[0.5, 0.5]], dtype=float32)
    """

    def merged(self, inputs: Any) -> Any:
        total = functools.reduce(np.add, inputs)
        return total.astype(self.compute_dtype) / len(inputs)


class Extreme(Merge):
    """Base class: the larger or smaller of what the masks let through."""

    function: Any

    def call(self, inputs: Any, mask: Any = None) -> Any:
        inputs = aligned(self.alike(inputs))
        (out, *others), (known, *masks) = inputs, where_counted(inputs, mask)
        for x, counted in zip(others, masks, strict=True):
            if counted is not None:
                x = np.where(counted, x, out)
            if known is not None:
                out = np.where(known, out, x)
            both = known is not None and counted is not None
            known = np.logical_or(known, counted) if both else None
            out = self.function(out, x)
        return out


class Maximum(Extreme):
    """The largest of the inputs, element by element."""

    function = np.maximum


class Minimum(Extreme):
    """The smallest of the inputs, element by element."""

    function = np.minimum


class Concatenate(Merge):
    """The inputs side by side along ``axis``; all other lengths must agree.

    >>> import numpy as np
    >>> Concatenate()([np.zeros((5, 2)), np.zeros((5, 3))]).shape
    (5, 5)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not is_whole(axis):
            raise invalid(self, f"expected an integer as axis, got {axis!r}.")
        self.axis = int(axis)

    def check_shapes(self, shapes: Any) -> Any:
        if self.axis != 0:
            return super().check_shapes(shapes)
        return shapes

    def call(self, inputs: Any) -> Any:
        return np.concatenate(self.alike(inputs), self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [tuple(shape) for shape in self.check_shapes(input_shape)]
        rank = len(shapes[0])
        if any(len(s) != rank for s in shapes) or not -rank <= self.axis < rank:
            raise invalid(
                self,
                f"cannot join inputs of shapes {', '.join(map(str, shapes))} along "
                f"axis {self.axis}: they need that axis and equally many axes.",
            )
        out: list[Any] = []
        for axis, lengths in enumerate(zip(*shapes, strict=True)):
            known = set(lengths) - {None}
            if axis == self.axis % rank:
                out.append(None if None in lengths else sum(lengths))
            elif len(known) > 1:
                raise invalid(
                    self,
                    f"inputs of shapes {', '.join(map(str, shapes))} differ on axis "
                    f"{axis}; only axis {self.axis}, along which they are joined, may.",
                )
            else:
                out.append(next(iter(known), None))
        return tuple(out)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        self.check_masks(inputs, mask)
        if mask is None or all(m is None for m in mask):
            return None
        parts = []
        for x, m in zip(inputs, mask, strict=True):
            if m is None:
                m = np.ones(x.shape, bool)
            elif m.ndim < x.ndim:
                m = np.broadcast_to(np.expand_dims(m, -1), x.shape)
            parts.append(m)
        return np.any(np.concatenate(parts, self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class Dot(Merge):
    """Products of two inputs, summed over an axis of each, for each sample.

    ``axes`` is that axis (an integer for both, or one for each; the batch axis 0 is
    none); ``normalize=True`` divides by the lengths of the vectors along it before,
    which makes the products cosines. Inputs of shapes (batch, a, n) and (batch, b, n)
    give (batch, a, b) with ``axes=2``; two of shape (batch, n) give (batch, 1).

    >>> import numpy as np
    >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
    array([[11.]], dtype=float32)
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        several = isinstance(axes, (list, tuple))
        if not is_whole(axes) and not several:
            raise TypeError(
                f"Dot (layer {self.name!r}): expected an integer or a pair of them as "
                f"axes, got {axes!r}."
            )
        if several and (len(axes) != 2 or not all(map(is_whole, axes))):
            raise invalid(self, f"expected a pair of integers as axes, got {axes!r}.")
        self.axes = axes
        self.normalize = normalize

    def check_shapes(self, shapes: Any) -> Any:
        return two(self, super().check_shapes(shapes))

    def summed_axes(self, shapes: Any) -> tuple[int, int]:
        """The axis of each input over which the products are summed."""
        pair = (self.axes, self.axes) if is_whole(self.axes) else self.axes
        both = list(zip(pair, map(len, shapes), strict=True))
        if any(not -n <= axis < n or axis % n == 0 for axis, n in both):
            raise invalid(
                self,
                f"axes {self.axes} do not name an axis after the batch axis in both "
                f"inputs, of shapes {tuple(shapes[0])} and {tuple(shapes[1])}.",
            )
        first, second = (axis % n for axis, n in both)
        if None not in (shapes[0][first], shapes[1][second]) and (
            shapes[0][first] != shapes[1][second]
        ):
            raise invalid(
                self,
                f"axis {first} of the first input, of shape {tuple(shapes[0])}, and "
                f"axis {second} of the second, of shape {tuple(shapes[1])}, differ in "
                "length.",
            )
        return first, second

    def call(self, inputs: Any) -> Any:
        x, y = self.alike(inputs)
        shape = self.compute_output_shape((x.shape, y.shape))
        first, second = self.summed_axes((x.shape, y.shape))
        if self.normalize:
            x, y = unit_vectors(x, first, 1e-7), unit_vectors(y, second, 1e-7)
        x, y = np.moveaxis(x, first, -1), np.moveaxis(y, second, 1)
        batch, *rows, n = x.shape
        left = np.reshape(x, (batch, math.prod(rows), n))
        right = np.reshape(y, (batch, n, math.prod(y.shape[2:])))
        return np.reshape(left @ right, shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        x, y = (list(shape) for shape in self.check_shapes(input_shape))
        first, second = self.summed_axes((x, y))
        del x[first], y[second]
        out = (*x, *y[1:])
        return (*out, 1) if len(out) == 1 else out

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def two(layer: Merge, shapes: Any) -> Any:
    """Refuse any other number of inputs than two."""
    if len(shapes) != 2:
        raise invalid(layer, f"expected exactly 2 inputs, got {len(shapes)}.")
    return shapes


# -- functions -------------------------------------------------------------------------


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Add` as a function."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Subtract` as a function."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Multiply` as a function."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Average` as a function."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Maximum` as a function."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """:class:`Minimum` as a function."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """:class:`Concatenate` as a function."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: Any = -1, **kwargs: Any) -> Any:
    """:class:`Dot` as a function."""
    return Dot(axes, **kwargs)(inputs)
