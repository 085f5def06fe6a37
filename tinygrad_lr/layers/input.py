"""Input: the shape of what a model will be given, before there is any data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.config import floatx
from tinygrad_lr.layers.keras_tensor import Form, KerasTensor, Node
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.texts import BEFORE


class InputLayer(Layer):
    """The first layer of a model: states the shape of one sample and passes data on.

    ``shape`` is that of one sample (an integer n stands for (n,)); ``batch_shape`` has
    the batch axis in front. ``input_tensor`` is a place to stand for the data, from
    which shape and dtype are taken. Raises ``ValueError`` if both shapes or neither are
    given, for lengths that are no positive integers, and for what contradicts
    ``input_tensor``.

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
        if isinstance(input_tensor, KerasTensor):
            dtype = dtype or input_tensor.dtype
        if dtype in ("string", "str", str):
            raise NotImplementedError(
                f"Input: places for texts (dtype={dtype!r}) are not available. {BEFORE}"
            )
        super().__init__(name=name, dtype=dtype or floatx(), **kwargs)
        if sparse or ragged:
            raise NotImplementedError(
                f"input {self.name!r}: sparse and ragged inputs are not available; "
                "give dense arrays."
            )
        self.sparse = self.ragged = False
        if input_tensor is not None:
            place = checked_place(self, input_tensor, shape, batch_size, batch_shape)
            shape, batch_shape = None, place.shape
        if batch_shape is not None and input_tensor is None and batch_size is not None:
            raise ValueError(
                f"input {self.name!r}: batch_shape={batch_shape!r} says the batch size "
                f"already; leave batch_size={batch_size!r} out."
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
        node = Node(self, (), {})
        if input_tensor is None:
            node.finish(Form(self.batch_shape, self.dtype), self.name)
        else:
            node.outputs.append(input_tensor)
            if input_tensor.node is None:
                input_tensor.node = node
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


def checked_place(
    layer: InputLayer, place: Any, shape: Any, batch_size: Any, batch_shape: Any
) -> KerasTensor:
    """Return the place if it is one, and nothing else contradicts it."""
    if not isinstance(place, KerasTensor):
        raise ValueError(
            f"input {layer.name!r}: expected a KerasTensor as input_tensor, got "
            f"{type(place).__name__}."
        )
    for name, given, has in (
        ("shape", shape, place.shape[1:]),
        ("batch_shape", batch_shape, place.shape),
        ("batch_size", batch_size, place.shape[:1]),
        ("dtype", layer.dtype, place.dtype),
    ):
        if name != "dtype" and given is not None:
            given = checked_shape(given, layer.name)
        if given is not None and given != has:
            raise ValueError(
                f"input {layer.name!r}: {name}={given!r} contradicts {place!r}; leave "
                "it out."
            )
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
