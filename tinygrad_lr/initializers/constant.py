"""Initializers without chance: zeros, ones, a constant, the identity matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import floatx
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.serialization import deserialize_keras_object, serialize_keras_object


class Constant(Initializer):
    """All elements are ``value``: a number, or an array that broadcasts to the shape.

    >>> Constant(0.5)((2,))
    Tensor([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.full(shape, np.asarray(self.value), dtype or floatx()))

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(deserialize_keras_object(config["value"]))


class Zeros(Initializer):
    """All elements are 0.

    >>> Zeros()((2,))
    Tensor([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.zeros(shape, dtype or floatx()))


class Ones(Initializer):
    """All elements are 1.

    >>> Ones()((2,))
    Tensor([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return Tensor(np.ones(shape, dtype or floatx()))


class Identity(Initializer):
    """``gain`` on the diagonal of a matrix, 0 elsewhere. ``ValueError`` otherwise.

    >>> Identity(gain=2.0)((2, 2))
    Tensor([[2., 0.],
            [0., 2.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(
                f"Identity: expected a shape of two axes, got {tuple(shape)}."
            )
        return Tensor(self.gain * np.eye(*shape, dtype=np.dtype(dtype or floatx())))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
