"""CIFAR-10: 60,000 colour images of 32 x 32 pixels in 10 classes.

Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tinygrad_lr.config import image_data_format
from tinygrad_lr.datasets.pickles import load_cifar_batch
from tinygrad_lr.datasets.sources import fetch_cifar


def load_data() -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``, all uint8.

    Images have shape ``(50000, 32, 32, 3)`` and ``(10000, 32, 32, 3)`` (channels first
    if the image data format says so), labels ``(n, 1)``: 0 airplane, 1 automobile, 2
    bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.
    """
    folder = os.path.join(fetch_cifar("cifar-10"), "cifar-10-batches-py")
    batches = [
        load_cifar_batch(os.path.join(folder, f"data_batch_{i}")) for i in range(1, 6)
    ]
    return (
        arranged(
            np.concatenate([images for images, _ in batches]),
            np.concatenate([labels for _, labels in batches]),
        ),
        arranged(*load_cifar_batch(os.path.join(folder, "test_batch"))),
    )


def arranged(images: Any, labels: Any) -> tuple[Any, Any]:
    """Images in the layout that is set, labels as a column, both uint8."""
    if image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images.astype(np.uint8), np.reshape(labels, (-1, 1)).astype(np.uint8)
