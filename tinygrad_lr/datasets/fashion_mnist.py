"""Fashion-MNIST: 70,000 pieces of clothing as grey images of 28 x 28 pixels.

Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST" (2017; MIT License).
"""

from __future__ import annotations

import gzip
import os
import zlib
from typing import Any

import numpy as np

from tinygrad_lr.datasets.sources import fetch

FOLDER = os.path.join("datasets", "fashion-mnist")


def load_data() -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``, all uint8.

    Images have shape ``(60000, 28, 28)`` and ``(10000, 28, 28)`` and values from 0 to
    255. Labels: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6
    shirt, 7 sneaker, 8 bag, 9 ankle boot.
    """
    return part("train"), part("t10k")


def part(name: str) -> tuple[Any, Any]:
    """Images and labels of "train" or "t10k"."""
    y = numbers(f"{name}-labels-idx1-ubyte.gz")
    x = numbers(f"{name}-images-idx3-ubyte.gz")
    return x, y


def numbers(name: str) -> Any:
    """The array in a file; one that is damaged is downloaded again, once."""
    for again in (False, True):
        path = fetch(name, cache_subdir=FOLDER, force_download=again)
        try:
            with gzip.open(path) as file:
                return idx(file.read())
        except (EOFError, OSError, ValueError, zlib.error) as error:
            problem = error
    raise ValueError(f"{path} is damaged, also after a second download: {problem}")


def idx(data: bytes) -> Any:
    """An array of bytes in the IDX format: magic number, lengths, values."""
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError("expected an IDX file of bytes.")
    ndim = data[3]
    shape = np.frombuffer(data, ">i4", ndim, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * ndim).reshape(shape).copy()
