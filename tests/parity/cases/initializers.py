"""Moments and names of initializers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases.common import Case, Keras, array, label, plain


def moments(
    keras: Keras, name: str, arguments: dict[str, Any], shape: tuple[int, ...]
) -> Any:
    """Mean, spread and extremes of 120,000 draws."""
    draws = array(getattr(keras.initializers, name)(**arguments)(shape))
    return {
        "mean": float(draws.mean(dtype="float64")),
        "std": float(draws.std(dtype="float64")),
        "min": float(draws.min()),
        "max": float(draws.max()),
        "shape": plain(draws.shape),
        "dtype": str(draws.dtype),
    }


def repeated(keras: Keras, name: str) -> Any:
    """Do two calls of one seeded initializer draw the same? Do two without a seed?"""
    make = getattr(keras.initializers, name)

    def same(initializer: Any) -> bool:
        return bool(np.all(array(initializer((4, 3))) == array(initializer((4, 3)))))

    return {"seeded": same(make(seed=5)), "unseeded": same(make())}


def initializer_names(keras: Keras) -> Any:
    """The class behind every name, and its default in a layer."""
    known = (
        *("glorot_uniform", "GlorotUniform", "glorot_normal", "he_uniform"),
        *("he_normal", "lecun_uniform", "lecun_normal", "zeros", "ones"),
        *("random_normal", "random_uniform", "truncated_normal", "normal", "uniform"),
        *("zero", "one"),
    )
    figures = {name: type(keras.initializers.get(name)).__name__ for name in known}
    dense = keras.layers.Dense(3)
    return figures | {
        "kernel": type(dense.kernel_initializer).__name__,
        "bias": type(dense.bias_initializer).__name__,
    }


INITIALIZERS: dict[str, Case] = (
    {
        label(name, arguments, shape): partial(
            moments, name=name, arguments=arguments, shape=shape
        )
        for name, arguments in (
            ("GlorotUniform", {}),
            ("GlorotNormal", {}),
            ("HeUniform", {}),
            ("HeNormal", {}),
            ("LecunUniform", {}),
            ("LecunNormal", {}),
            ("Zeros", {}),
            ("Ones", {}),
            ("Constant", {"value": 0.5}),
            ("RandomNormal", {}),
            ("RandomNormal", {"mean": 1.0, "stddev": 0.2}),
            ("RandomUniform", {}),
            ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
            ("TruncatedNormal", {}),
        )
        for shape in ((200, 600),)
    }
    | {
        label("GlorotUniform", shape): partial(
            moments, name="GlorotUniform", arguments={}, shape=shape
        )
        for shape in ((120_000,), (3, 3, 100, 150))
    }
    | {
        label("repeated", name): partial(repeated, name=name)
        for name in ("GlorotUniform", "RandomNormal", "RandomUniform")
    }
    | {"names": initializer_names}
)
