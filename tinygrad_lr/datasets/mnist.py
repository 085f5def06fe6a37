"""MNIST: 70,000 handwritten digits as grey images of 28 x 28 pixels.

Source: LeCun, Cortes, Burges, "The MNIST database" (1998; CC BY-SA 3.0).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.datasets.sources import fetch


@checked
def load_data(path: str = "mnist.npz") -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``, all uint8.

    Images have shape ``(60000, 28, 28)`` and ``(10000, 28, 28)`` and values from 0 to
    255, labels are digits. ``path`` is the file's name in the cache.
    """
    with np.load(fetch("mnist.npz", path), allow_pickle=False) as f:
        return (f["x_train"], f["y_train"]), (f["x_test"], f["y_test"])
