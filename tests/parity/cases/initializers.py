"""Moments and names of initializers."""

from __future__ import annotations

import copy
import inspect
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


def exact(keras: Keras) -> Any:
    """What involves no chance."""
    of = keras.initializers
    figures = {
        "identity": of.Identity(gain=2.0)((3, 2)),
        "integers": of.Ones()((2,), dtype="int32"),
        "rows": of.Constant([1.0, 2.0])((3, 2)),
        "array": of.get(np.array([[1.0, 2.5]]))((1, 2)),
        "identity_of_three": of.get("identity")((3, 3)),
    }
    for side in ("real", "imag"):
        figures[f"stft-{side}"] = of.STFT(side)((6, 1, 4))
        for window, scaling, periodic in (
            ("hamming", "spectrum", True),
            ("blackman", None, False),
            ("bartlett", "density", True),
            ("flattop", "density", False),
            ("nuttall", "spectrum", True),
            (None, "density", False),
        ):
            initializer = of.STFT(side, window, scaling, periodic)
            figures[f"stft-{side}-{window}"] = initializer((7, 2, 3))
    return {
        name: {"values": plain(array(value)), "dtype": str(array(value).dtype)}
        for name, value in figures.items()
    }


# All but Identity, whose gain real Keras leaves out.
CONFIGURED: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal")},
    **{name: {} for name in ("LecunUniform", "LecunNormal", "Zeros", "Ones", "STFT")},
    "Constant": {"value": np.array([1.0, 2.0])},
    "Orthogonal": {"gain": 2.0, "seed": 3},
    "RandomNormal": {"mean": 0.5, "stddev": 0.2, "seed": 3},
    "RandomUniform": {"minval": -0.5, "maxval": 0.2},
    "TruncatedNormal": {"mean": 0.5, "stddev": 0.2},
    "VarianceScaling": {"scale": 2.0, "mode": "fan_out", "distribution": "normal"},
}


def configuration(keras: Keras, name: str) -> Any:
    """Arguments with their defaults, and the configuration there and back."""
    of = keras.initializers
    kind = getattr(of, name)
    made = of.serialize(kind(**CONFIGURED[name]))
    parameters = inspect.signature(kind).parameters.values()
    return {
        "arguments": [[p.name, plain(p.default)] for p in parameters],
        "serialized": plain(made),
        "again": plain(of.serialize(of.deserialize(copy.deepcopy(made)))),
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
            ("TruncatedNormal", {"mean": 1.0, "stddev": 0.2}),
            ("VarianceScaling", {}),
            ("VarianceScaling", {"scale": 3.0, "mode": "fan_out"}),
            ("VarianceScaling", {"distribution": "uniform", "mode": "fan_avg"}),
            ("VarianceScaling", {"distribution": "untruncated_normal"}),
            ("VarianceScaling", {"input_axes": [1], "output_axes": [0]}),
            ("Orthogonal", {"gain": 2.0}),
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
    | {"names": initializer_names, "values": exact}
    | {f"config-{name}": partial(configuration, name=name) for name in CONFIGURED}
)
