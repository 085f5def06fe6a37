"""Hinge losses: nothing to lose once the true class leads by a margin of 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import compares


def signs(y: Any) -> Any:
    """Labels -1 and 1; labels that are all 0 or 1 are translated."""
    binary = np.all((y == 0) | (y == 1))
    return np.where(binary, 2 * y - 1, y)


@compares()
def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true y_pred, 0)) over the last axis, for labels -1 and 1 (or 0 and
    1).

    >>> hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    Tensor([1.], dtype=float32)
    """
    return np.mean(np.maximum(1 - signs(y_true) * y_pred, 0), axis=-1)


@compares()
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true y_pred, 0)^2) over the last axis, for labels as in
    :func:`hinge`.

    >>> squared_hinge([[1.0]], [[-0.5]])
    Tensor([2.25], dtype=float32)
    """
    return np.mean(np.square(np.maximum(1 - signs(y_true) * y_pred, 0)), axis=-1)


@compares()
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0), for one-hot rows.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.25]])
    Tensor([1.25], dtype=float32)
    """
    true = np.sum(y_true * y_pred, axis=-1)
    best_other = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(best_other - true + 1, 0)


class Hinge(FunctionLoss, of=hinge):
    """The loss of :func:`hinge`, weighted and reduced."""


class SquaredHinge(FunctionLoss, of=squared_hinge):
    """The loss of :func:`squared_hinge`, weighted and reduced.

    >>> SquaredHinge()([[1.0]], [[-0.5]])
    Tensor(2.25, dtype=float32)
    """


class CategoricalHinge(FunctionLoss, of=categorical_hinge):
    """The loss of :func:`categorical_hinge`, weighted and reduced.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]])
    Tensor(1.25, dtype=float32)
    """
