"""Input: the shape of what a model will be given, before there is any data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.config import floatx
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.places import Form, KerasTensor, Node


class InputLayer(Layer):
    """The first layer of a model: states the shape of one sample and passes data on.

    ``shape`` is that of one sample (an integer n stands for (n,)); ``batch_shape`` has
    the batch axis in front. Raises ``ValueError`` if both or neither are given, or for
    lengths that are no positive integers.

    >>> InputLayer((4,)).batch_shape
    (None, 4)
    """

    def __init__(
        self, shape: Any = None, batch_size: int | None = None, dtype: Any = None,
        sparse: bool | None = None, ragged: bool | None = None, batch_shape: Any = None,
        input_tensor: Any = None, optional: bool = False, name: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        if shape is None and batch_shape is None:
            shape = kwargs.pop("input_shape", None)
            batch_shape = kwargs.pop("batch_input_shape", None)
        super().__init__(name=name, dtype=dtype or floatx(), **kwargs)
        if sparse or ragged:
            raise NotImplementedError(
                f"input {self.name!r}: sparse and ragged inputs are not available; "
                "give dense arrays."
            )
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                f"input {self.name!r}: expected shape= (of one sample) or batch_shape= "
                f"(with the batch axis), got shape={shape!r} and "
                f"batch_shape={batch_shape!r}."
            )
        if batch_shape is None:
            batch_shape = (batch_size, *checked_shape(shape, self.name))
        self.batch_shape = checked_shape(batch_shape, self.name)
        self.optional = optional
        self.input_tensor = input_tensor
        Node(self, (), {}).finish(Form(self.batch_shape, self.dtype), self.name)
        self.built = True

    def call(self, inputs: Any = None) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any = None) -> Any:
        return self.batch_shape

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


@checked
def Input(
    shape: Any = None, batch_size: int | None = None, dtype: Any = None,
    sparse: bool | None = None, ragged: bool | None = None, batch_shape: Any = None,
    name: str | None = None, tensor: Any = None, optional: bool = False,
) -> KerasTensor:  # fmt: skip
    """Return a place for data; the arguments are those of :class:`InputLayer`.

    >>> Input((4,)).shape
    (None, 4)
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name
    )
    place: KerasTensor = layer.output
    return place


def checked_shape(shape: Any, name: str) -> tuple[int | None, ...]:
    """Return a shape as a tuple; each length is a positive integer or None."""
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    try:
        lengths = tuple(None if n is None else int(n) for n in shape)
        good = all(
            m is None or (m == n and m > 0) for n, m in zip(shape, lengths, strict=True)
        )
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(
            f"input {name!r}: expected a shape of positive integers (or None), such as "
            f"(4,), got {shape!r}."
        )
    return lengths
