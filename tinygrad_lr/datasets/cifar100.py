"""CIFAR-100: 60,000 colour images of 32 x 32 pixels in 100 classes, 20 superclasses.

Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.datasets.cifar10 import arranged
from tinygrad_lr.datasets.pickles import load_cifar_batch
from tinygrad_lr.datasets.sources import fetch_cifar


@checked
def load_data(label_mode: str = "fine") -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``.

    Images (uint8) have shape ``(50000, 32, 32, 3)`` and ``(10000, 32, 32, 3)``, labels
    (int64) ``(n, 1)``: of 100 classes, or of 20 with ``label_mode="coarse"``.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            f"label_mode: expected 'fine' or 'coarse', got {label_mode!r}."
        )
    folder = os.path.join(fetch_cifar("cifar-100"), "cifar-100-python")

    def part(name: str) -> tuple[Any, Any]:
        images, labels = load_cifar_batch(
            os.path.join(folder, name), f"{label_mode}_labels"
        )
        return arranged(images, labels)[0], np.reshape(labels, (-1, 1))

    return part("train"), part("test")
