"""Layers around a layer: the base class, and one that repeats it at every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_lr.arguments import parameters
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.normalization import BatchNormalization
from tinygrad_lr.layers.passing import Lambda
from tinygrad_lr.layers.validation import invalid
from tinygrad_lr.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


class Wrapper(Layer):
    """Base class of layers that hold another ``layer`` and do something around it."""

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__} (layer {self.name!r}): expected a layer to "
                f"wrap, got {layer!r}."
            )
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        layer = deserialize_keras_object(config.pop("layer"), custom_objects)
        return cls(layer, **config)


class TimeDistributed(Wrapper):
    """The same layer at every step: inputs (batch, steps, ...), outputs likewise.

    A mask of shape (batch, steps) is passed on. Raises ``ValueError`` for inputs with
    fewer than three axes.

    >>> import numpy as np
    >>> from tinygrad_lr.layers import Dense
    >>> TimeDistributed(Dense(4))(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    """

    supports_masking = True

    def one_step(self, shape: Any) -> Any:
        """The shape of the inputs of one step."""
        if not isinstance(shape, (list, tuple)) or len(shape) < 3:
            raise invalid(
                self,
                "expected inputs of shape (batch, steps, ...) with three axes or more, "
                f"got shape {shape}.",
            )
        return (shape[0], *shape[2:])

    def build(self, input_shape: Any = None) -> None:
        super().build(self.one_step(input_shape))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        batch, steps = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (batch, steps):
            raise invalid(
                self,
                f"expected a mask of shape ({batch}, {steps}) for inputs of shape "
                f"{inputs.shape}, got {tuple(mask.shape)}.",
            )
        if not each_sample_by_itself(self.layer):
            outs = [
                self.inner(inputs[:, t], training, None if mask is None else mask[:, t])
                for t in range(steps)
            ]
            return np.stack(outs, 1)
        rows = batch * steps
        if mask is not None:
            mask = np.reshape(mask, (rows, *mask.shape[2:]))
        x = np.reshape(inputs, (rows, *inputs.shape[2:]))
        out = self.inner(x, training, mask)
        return np.reshape(out, (batch, steps, *out.shape[1:]))

    def inner(self, x: Any, training: Any, mask: Any) -> Any:
        """Call the layer with those of the arguments that it takes."""
        given = {"training": training}
        if mask is not None:
            given["mask"] = mask
        names = parameters(type(self.layer).call).names
        return self.layer.call(x, **{n: v for n, v in given.items() if n in names})

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *out = self.layer.compute_output_shape(self.one_step(input_shape))
        return (batch, input_shape[1], *out)


def each_sample_by_itself(layer: Any) -> bool:
    """Whether it is known that a layer never looks from one sample at another.

    Then all steps go through it at once, as one long batch; else one after the other.
    """
    return all(
        type(part).__module__.startswith("tinygrad_lr.")
        and not isinstance(part, (BatchNormalization, Lambda))
        for part in layer._flatten_layers()
    )
