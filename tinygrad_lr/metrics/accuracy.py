"""Accuracies: how often the prediction is the truth, for each way of writing both.

Which of them the name "accuracy" means depends on the data: see
:func:`tinygrad_lr.metrics.resolve`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.metrics.means import FunctionMetric


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true == y_pred, else 0."""
    p = as_tensor(y_pred)
    y, p = align_ranks(as_tensor(y_true, p.dtype), p)
    return as_tensor(y == p, floatx())


@checked
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
    y, p = rows_of_classes(y_true, y_pred, "categorical_accuracy")
    return as_tensor(np.argmax(y, axis=-1) == np.argmax(p, axis=-1), floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_pred is number y_true, else 0.

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]])
    Tensor([1., 0.], dtype=float32)
    """
    y, p = rows_and_numbers(y_true, y_pred, "sparse_categorical_accuracy")
    return as_tensor(y == np.argmax(p, axis=-1), floatx())


@checked
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the largest of y_true is among the k largest of y_pred, else 0."""
    y, p = rows_of_classes(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(np.argmax(y, axis=-1), p, k)


@checked
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where class number y_true is among the k largest of y_pred.

    Classes that tie for the k-th place are all among them. With ``from_sorted_ids``
    y_pred holds class numbers, the likeliest first.
    """
    y, p = rows_and_numbers(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    y = np.expand_dims(y, -1)
    if from_sorted_ids:
        return as_tensor(np.any(y == p[..., :k], axis=-1), floatx())
    of_truth = np.take_along_axis(p, as_tensor(y, "int64"), -1)
    return as_tensor(np.sum(p > of_truth, axis=-1) < k, floatx())


def rows_of_classes(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """Targets and predictions with a number for each class; else ``ValueError``."""
    y, p = as_tensor(y_true), as_tensor(y_pred)
    if y.shape != p.shape:
        raise ValueError(
            f"{name}: expected one-hot targets of shape {p.shape}, like the "
            f"predictions, got targets of shape {y.shape}. For class numbers use "
            f"sparse_{name}."
        )
    return y, p


def rows_and_numbers(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """One class number for each row of predictions; else ``ValueError``."""
    y, p = as_tensor(y_true), as_tensor(y_pred)
    if y.ndim == p.ndim and y.shape[-1] == 1:
        y = np.squeeze(y, -1)
    if y.shape != p.shape[:-1]:
        hint = f" For one-hot targets use {name.removeprefix('sparse_')}."
        raise ValueError(
            f"{name}: expected one class number for each row of the predictions of "
            f"shape {p.shape}, got targets of shape {y.shape}."
            f"{hint if y.shape == p.shape else ''}"
        )
    return y, p


class AccuracyMetric(FunctionMetric):
    """Base class of the metrics here: larger is better."""

    _direction = "up"


class Accuracy(AccuracyMetric, of=accuracy):
    """How often predictions equal labels.

    >>> float(Accuracy()([[1], [2]], [[1], [3]]))
    0.5
    """


class BinaryAccuracy(AccuracyMetric, of=binary_accuracy):
    """How often predictions above or below ``threshold`` match labels 1 and 0.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.7], [0.6]]))
    0.5
    """


class CategoricalAccuracy(AccuracyMetric, of=categorical_accuracy):
    """How often the likeliest class is the one of the one-hot label.

    >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """


class SparseCategoricalAccuracy(AccuracyMetric, of=sparse_categorical_accuracy):
    """How often the likeliest class is the one of the label, a class number.

    >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """


class TopKCategoricalAccuracy(
    AccuracyMetric, of=top_k_categorical_accuracy, order="k name dtype"
):
    """How often the class of the one-hot label is among the ``k`` likeliest.

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.1, 0.4]]))
    1.0
    """


class SparseTopKCategoricalAccuracy(
    AccuracyMetric, of=sparse_top_k_categorical_accuracy,
    order="k name dtype from_sorted_ids", unsaid=("from_sorted_ids",),
):  # fmt: skip
    """How often the class number is among the ``k`` likeliest.

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.1, 0.4]]))
    1.0
    """
