"""Layers: the building blocks of a model, each a few lines of NumPy on Tensors.

A layer is made with its settings, built when it first sees the shape of its input, and
then called. :class:`Layer` is the base of all, and of your own.
"""

from __future__ import annotations

from tinygrad_lr.layers.core import Activation, Dense
from tinygrad_lr.layers.input import Input, InputLayer
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.operation import Operation
from tinygrad_lr.layers.places import KerasTensor
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.tracking import Weight
from tinygrad_lr.registry import Registry

registry = Registry("layer", "keras.layers")
registry.add(Activation, Dense, InputLayer, Layer)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

__all__ = [
    "Activation",
    "Dense",
    "Input",
    "InputLayer",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Operation",
    "Weight",
    "deserialize",
    "get",
    "registry",
    "serialize",
]
