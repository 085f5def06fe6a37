"""The small datasets that every course uses, downloaded once into Keras's own cache.

Each module has a function ``load_data``, which returns ``(x_train, y_train), (x_test,
y_test)``.
"""

from tinygrad_lr.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
