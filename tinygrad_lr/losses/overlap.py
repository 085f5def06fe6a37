"""Overlap losses for masks: how much of two regions is not common to both."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.config import epsilon
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import compares


def axes(axis: Any) -> Any:
    """Axes as NumPy wants them; a configuration from a file has lists."""
    return tuple(axis) if isinstance(axis, list) else axis


@compares()
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)), over ``axis``, an int, a
    tuple, or None for the whole batch.

    Source: Milletari et al., "V-Net", arXiv:1606.04797.

    >>> dice([[1.0, 0.0, 1.0]], [[1.0, 1.0, 0.0]], axis=-1)
    Tensor([0.5], dtype=float32)
    """
    axis = axes(axis)
    common = np.sum(y_true * y_pred, axis=axis)
    both = np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis)
    return 1 - 2 * common / (both + epsilon())


@compares()
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """1 - c / (c + alpha sum(y_true (1 - y_pred)) + beta sum(y_pred (1 - y_true))),
    where c = sum(y_true y_pred).

    With alpha = beta = 0.5 this is :func:`dice`. Sums are taken over ``axis``.

    Source: Salehi et al., "Tversky loss function for image segmentation",
    arXiv:1706.05721.
    """
    axis = axes(axis)
    common = np.sum(y_true * y_pred, axis=axis)
    missed = np.sum(y_true * (1 - y_pred), axis=axis)
    extra = np.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - common / (common + missed * alpha + extra * beta + epsilon())


class Dice(FunctionLoss, of=dice, order="reduction name axis dtype"):
    """The loss of :func:`dice`, weighted and reduced.

    >>> round(float(Dice()([[1.0, 0.0]], [[0.5, 0.25]])), 4)
    0.4286
    """


class Tversky(FunctionLoss, of=tversky, order="alpha beta reduction name axis dtype"):
    """The loss of :func:`tversky`, weighted and reduced.

    >>> round(float(Tversky()([[1.0, 0.0]], [[0.5, 0.25]])), 4)
    0.4286
    """
