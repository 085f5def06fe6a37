"""The initializers of Keras 1: functions of a shape, in a module ``initializations``.

``normal((3, 2), scale=0.01, name="w")`` returns a Variable. They draw from the
distributions that Keras 1 drew from, under its names and defaults.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.initializers import get
from tinygrad_lr.initializers.constant import Identity, Ones, Zeros
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.initializers.random import Orthogonal, RandomNormal, RandomUniform
from tinygrad_lr.initializers.scaling import VarianceScaling, fans

Order = str | None


def get_fans(shape: Any, dim_ordering: Order = None) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a kernel of this shape."""
    return fans(tuple(shape))


def variable(initializer: Initializer, shape: Any, name: str | None) -> Variable:
    """A variable that starts where an initializer says."""
    return Variable(initializer(shape), name=name)


def uniform(
    shape: Any, scale: float = 0.05, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Evenly spread from -``scale`` to ``scale``."""
    return variable(RandomUniform(-scale, scale), shape, name)


def normal(
    shape: Any, scale: float = 0.05, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Normal numbers of mean 0 and standard deviation ``scale``."""
    return variable(RandomNormal(0.0, scale), shape, name)


def lecun_uniform(
    shape: Any, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Evenly spread up to sqrt(3 / fan_in)."""
    return variable(VarianceScaling(1.0, "fan_in", "uniform"), shape, name)


def glorot_normal(
    shape: Any, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Normal numbers of standard deviation sqrt(2 / (fan_in + fan_out))."""
    scaling = VarianceScaling(1.0, "fan_avg", "untruncated_normal")
    return variable(scaling, shape, name)


def glorot_uniform(
    shape: Any, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Evenly spread up to sqrt(6 / (fan_in + fan_out))."""
    return variable(VarianceScaling(1.0, "fan_avg", "uniform"), shape, name)


def he_normal(
    shape: Any, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Normal numbers of standard deviation sqrt(2 / fan_in)."""
    scaling = VarianceScaling(2.0, "fan_in", "untruncated_normal")
    return variable(scaling, shape, name)


def he_uniform(
    shape: Any, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """Evenly spread up to sqrt(6 / fan_in)."""
    return variable(VarianceScaling(2.0, "fan_in", "uniform"), shape, name)


def orthogonal(
    shape: Any, scale: float = 1.1, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """A random matrix with orthonormal rows or columns, times ``scale``."""
    return variable(Orthogonal(scale), shape, name)


def identity(
    shape: Any, scale: float = 1, name: str | None = None, dim_ordering: Order = None
) -> Variable:
    """``scale`` on the diagonal of a square matrix, 0 elsewhere."""
    return variable(Identity(scale), shape, name)


def zero(shape: Any, name: str | None = None, dim_ordering: Order = None) -> Variable:
    """All elements are 0."""
    return variable(Zeros(), shape, name)


def one(shape: Any, name: str | None = None, dim_ordering: Order = None) -> Variable:
    """All elements are 1."""
    return variable(Ones(), shape, name)


__all__ = [
    "get",
    "get_fans",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_uniform",
    "normal",
    "one",
    "orthogonal",
    "uniform",
    "zero",
]
