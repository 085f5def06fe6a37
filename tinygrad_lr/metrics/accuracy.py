"""Accuracies: how often the prediction is the truth, for each way of writing both.

Which of them the name "accuracy" means depends on the data: see
:func:`tinygrad_lr.metrics.resolve`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.config import floatx
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.metrics.means import MeanMetricWrapper


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true == y_pred, else 0."""
    p = as_tensor(y_pred)
    y, p = align_ranks(as_tensor(y_true, p.dtype), p)
    return as_tensor(y == p, floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where (y_pred > threshold) == y_true, else 0.

    >>> binary_accuracy([[1], [0]], [[0.7], [0.6]])
    Tensor([[1.],
            [0.]], dtype=float32)
    """
    y, p = align_ranks(as_tensor(y_true), as_tensor(y_pred))
    return as_tensor(y == as_tensor(p > threshold, y.dtype), floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_pred is where the largest of y_true is, else 0.

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]])
    Tensor([1., 0.], dtype=float32)
    """
    y, p = as_tensor(y_true), as_tensor(y_pred)
    return as_tensor(np.argmax(y, axis=-1) == np.argmax(p, axis=-1), floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_pred is number y_true, else 0.

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]])
    Tensor([1., 0.], dtype=float32)
    """
    y, p = as_tensor(y_true), as_tensor(y_pred)
    if y.ndim == p.ndim and y.shape[-1] == 1:
        y = np.squeeze(y, -1)
    return as_tensor(y == np.argmax(p, axis=-1), floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the largest of y_true is among the k largest of y_pred, else 0."""
    return sparse_top_k_categorical_accuracy(
        np.argmax(as_tensor(y_true), axis=-1), y_pred, k
    )


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where class number y_true is among the k largest of y_pred.

    Classes that tie for the k-th place are all among them. With ``from_sorted_ids``
    y_pred holds class numbers, the likeliest first.
    """
    p = as_tensor(y_pred)
    y = np.expand_dims(as_tensor(y_true), -1)
    if from_sorted_ids:
        return as_tensor(np.any(y == p[..., :k], axis=-1), floatx())
    of_truth = np.take_along_axis(p, as_tensor(y, "int64"), -1)
    return as_tensor(np.sum(p > of_truth, axis=-1) < k, floatx())


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels."""

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions above or below ``threshold`` match labels 1 and 0.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.7], [0.6]]))
    0.5
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is the one of the one-hot label."""

    _direction = "up"

    def __init__(
        self, name: str | None = "categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is the one of the label, a class number."""

    _direction = "up"

    def __init__(
        self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the one-hot label is among the ``k`` likeliest."""

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "top_k_categorical_accuracy",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class number is among the ``k`` likeliest."""

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None, from_sorted_ids: bool = False,
    ) -> None:  # fmt: skip
        settings = {"from_sorted_ids": True} if from_sorted_ids else {}
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, **settings
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
