"""Initializers: where weights start.

Called with a shape, an initializer returns a Tensor. The random ones of the variance
scaling family choose their spread so that numbers neither grow nor fade from layer to
layer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_lr.arguments import parameters
from tinygrad_lr.autodiff import starting
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.initializers.constant import Constant, Identity, Ones, Zeros
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.initializers.random import (
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from tinygrad_lr.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from tinygrad_lr.initializers.stft import STFT
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.registry import Registry

registry = Registry("initializer", "keras.initializers")
registry.add(
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal,
    LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal,
    VarianceScaling, Zeros,
    # older spellings, with the distributions that Keras 2 gave them
    zero=Zeros, one=Ones, uniform=RandomUniform, normal=RandomNormal, eye=Identity,
    identity=Identity, IdentityInitializer=Identity, OrthogonalInitializer=Orthogonal,
    STFTInitializer=STFT,
)  # fmt: skip
serialize = registry.serialize
deserialize = registry.deserialize

zeros, ones, constant, identity, stft = Zeros, Ones, Constant, Identity, STFT
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
STFTInitializer = STFT
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
        return functools.partial(the_array, as_tensor(identifier))
    found = registry.get(identifier)
    names = parameters(found) if hasattr(found, "__code__") else None
    if names is None or names.any_keyword or "dtype" in names.names:
        return found
    return of_shape_only(found, {"name": None} if "name" in names.names else {})


starting.named.append(get)  # Variable("zeros", shape=...) looks there


def the_array(array: Any, shape: Any, dtype: Any = None) -> Any:
    """Initialize with given values; ``ValueError`` unless they have this shape."""
    if array.shape != tuple(shape):
        raise ValueError(
            f"expected initial values of shape {tuple(shape)}, got an array of shape "
            f"{array.shape}."
        )
    return as_tensor(array, dtype or floatx())


def of_shape_only(function: Callable[..., Any], named: dict[str, Any]) -> Any:
    """Make a user's function of a shape (and, in Keras 1, a name) take a dtype too."""

    @functools.wraps(function)
    def initialize(shape: Any, dtype: Any = None) -> Any:
        return as_tensor(function(shape, **named), dtype)

    del initialize.__wrapped__  # its arguments are not these
    return initialize


__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
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
    "serialize",
    "stft",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "zeros",
]

attach_getattr(__name__)
