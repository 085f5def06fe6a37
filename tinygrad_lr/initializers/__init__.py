"""Initializers: where weights start.

Called with a shape, an initializer returns a Tensor. The random ones of the variance
scaling family choose their spread so that numbers neither grow nor fade from layer to
layer.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.initializers.constant import Constant, Identity, Ones, Zeros
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from tinygrad_lr.initializers.spread import (
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from tinygrad_lr.registry import Registry

registry = Registry("initializer", "keras.initializers")
registry.add(
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal,
    LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal,
    VarianceScaling, Zeros,
    # older spellings, with the distributions that Keras 2 gave them
    zero=Zeros, one=Ones, uniform=RandomUniform, normal=RandomNormal, eye=Identity,
    identity=Identity, IdentityInitializer=Identity, OrthogonalInitializer=Orthogonal,
)  # fmt: skip
serialize = registry.serialize
deserialize = registry.deserialize

zeros, ones, constant, identity = Zeros, Ones, Constant, Identity
random_normal = normal = RandomNormal
random_uniform = uniform = RandomUniform
truncated_normal, variance_scaling, orthogonal = (
    TruncatedNormal,
    VarianceScaling,
    Orthogonal,
)
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform


def get(identifier: Any) -> Any:
    """Return the initializer for a name, class, configuration, function or array.

    >>> type(get("glorot_uniform")).__name__, type(get("uniform")).__name__
    ('GlorotUniform', 'RandomUniform')
    """
    if hasattr(identifier, "__array__"):
        return lambda shape, dtype=None: Constant(identifier)(shape, dtype)
    return registry.get(identifier)


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "registry",
    "serialize",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "zeros",
]
