"""Preprocessing as layers: numbers brought to a common scale, categories to columns.

:class:`Normalization` and :class:`Discretization` learn from data before training, by
``adapt``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lr.allowance import room_for
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import epsilon, image_data_format
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.validation import (
    axes_inside,
    invalid,
    is_whole,
    known,
    positive,
)
from tinygrad_lr.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


class Rescaling(Layer):
    """inputs * scale + offset, as in ``Rescaling(1 / 255)`` for images.

    ``scale`` and ``offset`` are numbers, or one number for each channel.

    >>> import numpy as np
    >>> Rescaling(0.5, offset=-1.0)(np.array([0, 4])).numpy()
    array([-1.,  1.], dtype=float32)
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = deserialize_keras_object(scale)
        self.offset = deserialize_keras_object(offset)

    def call(self, inputs: Any) -> Any:
        scale = np.asarray(self.scale, self.compute_dtype)
        if scale.ndim and image_data_format() == "channels_first":
            scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))
        offset = np.asarray(self.offset, self.compute_dtype)
        out = inputs.astype(self.compute_dtype) * scale
        return out + offset if offset.any() else out

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": serialize_keras_object(self.scale),
            "offset": serialize_keras_object(self.offset),
        }


class Normalization(Layer):
    """(inputs - mean) / sqrt(variance), for each entry of ``axis``.

    ``axis`` is an integer, several, or None for one mean of everything. ``mean`` and
    ``variance`` are given both, or learned by :meth:`adapt`; before that they are 0 and
    1. ``invert=True`` computes the inputs from the outputs.

    >>> import numpy as np
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer(np.array([[1.0], [3.0]])).numpy().tolist()
    [[-1.0], [1.0]]
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None,
        invert: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        axes = () if axis is None else (axis,) if is_whole(axis) else tuple(axis)
        self.axis = axes
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        if (mean is None) != (variance is None):
            raise invalid(self, "give both mean and variance, or neither.")
        if np.shape(mean) != np.shape(variance) or np.ndim(mean) > len(axes):
            raise invalid(
                self,
                "expected mean and variance of one shape, with at most one axis for "
                f"each of axis={axes}, got shapes {np.shape(mean)} and "
                f"{np.shape(variance)}.",
            )

    def build(self, input_shape: Any) -> None:
        axes_inside(self, self.axis, input_shape)
        ndim = len(input_shape)
        self.kept = tuple(sorted(axis % ndim for axis in self.axis))
        shape = [known(self, input_shape, axis, "the statistics") for axis in self.kept]
        self.broadcast_shape = [
            n if i in self.kept else 1 for i, n in enumerate(input_shape)
        ]
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(
                name="mean", shape=shape, initializer="zeros", trainable=False
            )
            self.adapt_variance = self.add_weight(
                name="variance", shape=shape, initializer="ones", trainable=False
            )
            self.count = self.add_weight(
                name="count", dtype="int32", initializer="zeros", trainable=False
            )

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts against the inputs."""
        return self.statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts against the inputs."""
        return self.statistic(self.input_variance, "adapt_variance")

    def statistic(self, given: Any, weight: str) -> Any:
        """A given statistic, or the weight that holds the learned one."""
        if not self.built:
            return None
        if given is None:
            return np.reshape(getattr(self, weight), self.broadcast_shape)
        value = np.asarray(given, self.compute_dtype)
        lengths = [self.broadcast_shape[axis] for axis in self.kept]
        full = np.broadcast_to(value, lengths)
        return full.reshape(self.broadcast_shape)

    def call(self, inputs: Any) -> Any:
        inputs = inputs.astype(self.compute_dtype)
        scale = np.maximum(np.sqrt(self.variance), epsilon())
        return (
            self.mean + inputs * scale
            if self.invert
            else ((inputs - self.mean) / scale)
        )

    def adapt(self, data: Any) -> None:
        """Learn mean and variance of ``data``: an array, or an iterable of batches.

        Batches may be tuples (inputs, targets). What was learned before is forgotten.
        """
        total: Any = None
        for batch in batches(self, data):
            x = as_tensor(batch).numpy()
            if not self.built:
                self.build(x.shape)
            elif [x.shape[a] for a in self.kept] != [
                self.broadcast_shape[a] for a in self.kept
            ]:
                raise invalid(
                    self,
                    f"it was built for inputs of shape {self._build_shape}, and cannot "
                    f"adapt to data of shape {x.shape}.",
                )
            total = combined(total, x, self.kept)
        if total is None:
            raise invalid(self, "adapt was given no data: the iterable is empty.")
        if self.input_mean is not None:
            raise invalid(self, "its mean and variance were given; adapt has no use.")
        self.adapt_mean.assign(total[1].astype(self.dtype))
        self.adapt_variance.assign(total[2].astype(self.dtype))

    def finalize_state(self) -> None:
        """Nothing: the statistics are read from the weights whenever it is called."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }


def batches(layer: Layer, data: Any) -> Iterable[Any]:
    """The inputs of each batch of an iterable; an array is one batch."""
    if isinstance(data, list) and data and isinstance(data[0], (list, int, float)):
        return [data]  # an array in Python's own terms
    if isinstance(data, (np.ndarray, Tensor)) or hasattr(data, "to_numpy"):
        return [data]
    if not isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
        raise TypeError(
            f"{type(layer).__name__} (layer {layer.name!r}): adapt expects an array or "
            f"an iterable of batches, got {data!r}."
        )
    listed = hasattr(data, "__getitem__") and hasattr(data, "__len__")  # a PyDataset
    parts = map(data.__getitem__, range(len(data))) if listed else data
    return (part[0] if isinstance(part, tuple) else part for part in parts)


def combined(total: Any, x: Any, kept: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Count, mean and variance of all seen before and of ``x`` together.

    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
    computing sample variances" (1979).
    """
    axes = tuple(i for i in range(x.ndim) if i not in kept)
    n = math.prod(x.shape[i] for i in axes)
    mean, variance = np.mean(x, axis=axes), np.var(x, axis=axes)
    if total is None:
        return n, mean, variance
    count, old_mean, old_variance = total
    share = n / (count + n)
    new_mean = old_mean * (1 - share) + mean * share
    old = (old_variance + (old_mean - new_mean) ** 2) * (1 - share)
    return count + n, new_mean, old + (variance + (mean - new_mean) ** 2) * share


class CategoryEncoding(Layer):
    """Columns for categories: integers from 0 to ``num_tokens`` - 1.

    ``output_mode`` is "one_hot" (a row for each integer), "multi_hot" (which integers
    a sample has) or "count" (how often, times ``count_weights`` if given).

    >>> import numpy as np
    >>> CategoryEncoding(4)(np.array([[0, 2, 2]])).numpy().tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    """

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot",
        sparse: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.num_tokens = positive(self, "num_tokens", num_tokens)
        self.output_mode = checked_mode(self, output_mode, sparse)
        self.sparse = sparse

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise invalid(self, "count_weights are for output_mode='count' only.")
        return encoded(
            inputs, self.output_mode, self.num_tokens, self.compute_dtype, count_weights
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        own = {"num_tokens": self.num_tokens, "output_mode": self.output_mode}
        return {**super().get_config(), **own}


def checked_mode(layer: Layer, mode: Any, sparse: bool, *more: str) -> str:
    """Check an ``output_mode``; "binary" is an older name of "multi_hot"."""
    if sparse:
        raise NotImplementedError(
            f"{type(layer).__name__} (layer {layer.name!r}): sparse outputs are not "
            "available; leave sparse out."
        )
    mode = "multi_hot" if mode == "binary" else mode
    modes = ("one_hot", "multi_hot", "count", *more)
    if mode not in modes:
        raise invalid(
            layer, f"expected one of {', '.join(modes)} as output_mode, got {mode!r}."
        )
    return str(mode)


def encoded(inputs: Any, mode: str, depth: int, dtype: Any, weights: Any = None) -> Any:
    """Integers as columns; an integer outside 0 to depth - 1 is in none of them."""
    if not inputs.ndim:
        inputs = inputs[None]
    if mode == "one_hot" and inputs.ndim > 1 and inputs.shape[-1] == 1:
        inputs = inputs[..., 0]
    room_for((*inputs.shape, depth), dtype)
    columns = as_tensor(np.equal(inputs[..., None], np.arange(depth)), dtype)
    if mode == "one_hot":
        return columns
    axis = 1 if inputs.ndim > 1 else 0
    if mode == "multi_hot":
        return np.max(columns, axis=axis)
    if weights is not None:
        columns = columns * as_tensor(weights, dtype)[..., None]
    return np.sum(columns, axis=axis)


def encoded_shape(shape: Any, mode: str, depth: int) -> Any:
    """The shape that :func:`encoded` gives."""
    shape = tuple(shape)
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    if mode == "count" and len(shape) > 1:
        return (shape[0], *shape[2:], depth)
    return (*shape[:-1], depth)
