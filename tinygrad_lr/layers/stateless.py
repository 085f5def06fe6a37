"""Layers without weights: there is nothing to build, so they are ready once made."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.layers.layer import Layer


class Stateless(Layer):
    """Base class: built from the start, unless a subclass has a ``build`` after all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if type(self).build is Layer.build:
            self.built = True


class SameShape(Stateless):
    """Base class: the output has the shape, and the mask, of the input."""

    supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
