"""Models, data and altered files that the tests of files share."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_lr as keras

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(22, 3)).astype("float32")
Y = (X[:, :1] + X[:, 1:2] > 0).astype("float32")

# What would write a file if it were ever run.
CODE = "__import__('pathlib').Path('pwned').write_text('')"

WHOLE = ["m.keras", "m.h5", "m.hdf5", "m.npz", "m", "m.ckpt"]
WEIGHTS = ["m.weights.h5", "m.h5", "m.hdf5", "m.npz", "m"]


def small(optimizer: Any = "adam", seed: int = 3, **compiled: Any) -> Any:
    """A compiled model of two layers, the same one for the same seed."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.layers.Dense(4, activation="tanh", input_shape=(3,)),
            keras.layers.Dense(1, activation="sigmoid", kernel_regularizer="l2"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", **compiled)
    return model


def bits(arrays: Any) -> list[bytes]:
    """Arrays as bytes, to compare them bit for bit."""
    return [np.asarray(array).tobytes() for array in arrays]


def trained(epochs: int = 2, **options: Any) -> Any:
    """A small model after some epochs."""
    model = small(**options)
    model.fit(X, Y, epochs=epochs, batch_size=4, verbose=0)
    return model


def saved(path: Path, name: str, model: Any = None) -> Path:
    """A file of a small model."""
    (trained() if model is None else model).save(path / name)
    return path / name


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewritten(path: Path, change: Any) -> Path:
    """The file with its configuration changed in place by ``change``."""
    entries = entries_of(path)
    config = json.loads(entries["config.json"])
    entries["config.json"] = json.dumps(change(config) or config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path
