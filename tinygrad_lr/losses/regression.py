"""Losses of regression: how far predicted numbers are from true ones, per sample.

Targets and predictions have shape (n, ..., d); each loss is a mean over the last axis.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.config import epsilon, floatx
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.losses.loss import LossFunctionWrapper


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)^2) over the last axis.

    >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([2.], dtype=float32)
    """
    y, p = pair(y_true, y_pred)
    return np.mean(np.square(y - p), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|) over the last axis; slope 0 where they are equal."""
    y, p = pair(y_true, y_pred)
    return np.mean(np.absolute(y - p), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon)) over the last axis."""
    y, p = pair(y_true, y_pred)
    return 100 * np.mean(
        np.absolute((y - p) / np.maximum(np.absolute(y), epsilon())), axis=-1
    )


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis, for numbers above
    0.
    """
    y, p = pair(y_true, y_pred)
    log_p, log_y = (np.log(np.maximum(t, epsilon()) + 1) for t in (p, y))
    return np.mean(np.square(log_p - log_y), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 /
    2.

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """
    y, p = pair(y_true, y_pred)
    size = np.absolute(p - y)
    return np.mean(
        np.where(
            size <= delta, 0.5 * np.square(size), delta * size - 0.5 * delta * delta
        ),
        axis=-1,
    )


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true))) over the last axis."""
    y, p = pair(y_true, y_pred)
    e = p - y
    return np.mean(e + functions.softplus(e * -2) - math.log(2.0), axis=-1)


def pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return targets and predictions as Tensors of one float dtype, with ranks aligned.

    Raises ``ValueError`` for targets that do not broadcast to the predictions' shape.
    """
    p = as_tensor(y_pred)
    if p.dtype.kind != "f":
        p = as_tensor(p, floatx())
    y, p = align_ranks(as_tensor(y_true, p.dtype), p)
    if y.shape != p.shape:
        try:
            fits = np.broadcast_shapes(y.shape, p.shape) == p.shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"targets of shape {y.shape} do not fit predictions of shape "
                f"{p.shape}; they must be equal. Is the number of units of the last "
                "layer the number of targets?"
            )
    return y, p


class MeanSquaredError(LossFunctionWrapper):
    """The loss of :func:`mean_squared_error`, weighted and reduced."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The loss of :func:`mean_absolute_error`, weighted and reduced."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The loss of :func:`mean_absolute_percentage_error`, weighted and reduced."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The loss of :func:`mean_squared_logarithmic_error`, weighted and reduced."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """The loss of :func:`huber`, weighted and reduced."""

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """The loss of :func:`log_cosh`, weighted and reduced."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(log_cosh, reduction, name, dtype)
