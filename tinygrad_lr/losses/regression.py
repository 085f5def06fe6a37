"""Losses of regression: how far predicted numbers are from true ones, per sample.

Targets and predictions have shape (n, ..., d); each loss is a mean over the last axis.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions, hint
from tinygrad_lr.config import epsilon
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import UNITS, compares


def error_of(y_true: Any, y_pred: Any) -> Any:
    """What was predicted minus what is true."""
    error = y_pred - y_true
    hint(error, "error")
    return error


@compares(hint=UNITS)
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)^2) over the last axis.

    >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([2.], dtype=float32)
    """
    return np.mean(np.square(error_of(y_true, y_pred)), axis=-1)


@compares(hint=UNITS)
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|) over the last axis; slope 0 where they are equal.

    >>> mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([1.], dtype=float32)
    """
    return np.mean(np.absolute(error_of(y_true, y_pred)), axis=-1)


@compares(hint=UNITS)
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon)) over the last axis."""
    size = np.maximum(np.absolute(y_true), epsilon())
    return 100 * np.mean(np.absolute(error_of(y_true, y_pred) / size), axis=-1)


@compares(hint=UNITS)
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis, for numbers above
    0.
    """
    log_p, log_y = (np.log(np.maximum(t, epsilon()) + 1) for t in (y_pred, y_true))
    return np.mean(np.square(log_p - log_y), axis=-1)


@compares(hint=UNITS)
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between vectors along ``axis``: -1 for the same
    direction, 0 for orthogonal vectors and where a vector is 0.

    >>> cosine_similarity([[0.0, 1.0], [1.0, 1.0]], [[0.0, 3.0], [1.0, -1.0]])
    Tensor([-1., -0.], dtype=float32)
    """
    return -np.sum(direction(y_true, axis) * direction(y_pred, axis), axis=axis)


def direction(x: Any, axis: int) -> Any:
    """x / max(|x|, epsilon) along ``axis``, with gradient 0 for the norm of 0."""
    length = functions.euclidean_norm(x, axis=axis, keepdims=True)
    return x / np.maximum(length, epsilon())


@compares(hint=UNITS)
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 /
    2.

    Source: Huber, "Robust estimation of a location parameter", 1964.

    >>> huber([[1.0, 2.0]], [[1.5, 4.0]])
    Tensor([0.8125], dtype=float32)
    """
    size = np.absolute(error_of(y_true, y_pred))
    hint(size, "size")
    near, far = 0.5 * np.square(size), delta * size - 0.5 * delta * delta
    return np.mean(np.where(size <= delta, near, far), axis=-1)


@compares(hint=UNITS)
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true))) over the last axis."""
    e = error_of(y_true, y_pred)
    return np.mean(e + functions.softplus(e * -2) - math.log(2.0), axis=-1)


class MeanSquaredError(FunctionLoss, of=mean_squared_error):
    """The loss of :func:`mean_squared_error`, weighted and reduced.

    >>> MeanSquaredError()([[1.0], [2.0]], [[1.0], [4.0]])
    Tensor(2., dtype=float32)
    """


class MeanAbsoluteError(FunctionLoss, of=mean_absolute_error):
    """The loss of :func:`mean_absolute_error`, weighted and reduced.

    >>> MeanAbsoluteError()([[1.0], [2.0]], [[1.0], [4.0]])
    Tensor(1., dtype=float32)
    """


class MeanAbsolutePercentageError(FunctionLoss, of=mean_absolute_percentage_error):
    """The loss of :func:`mean_absolute_percentage_error`, weighted and reduced.

    >>> MeanAbsolutePercentageError()([[1.0], [2.0]], [[1.0], [4.0]])
    Tensor(50., dtype=float32)
    """


class MeanSquaredLogarithmicError(FunctionLoss, of=mean_squared_logarithmic_error):
    """The loss of :func:`mean_squared_logarithmic_error`, weighted and reduced.

    >>> round(float(MeanSquaredLogarithmicError()([[1.0], [2.0]], [[1.0], [4.0]])), 4)
    0.1305
    """


class CosineSimilarity(FunctionLoss, of=cosine_similarity, unsaid=("axis",)):
    """The loss of :func:`cosine_similarity`, weighted and reduced.

    >>> CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[0.0, 3.0], [1.0, -1.0]])
    Tensor(-0.5, dtype=float32)
    """


class Huber(FunctionLoss, of=huber, name="huber_loss", unsaid=("delta",)):
    """The loss of :func:`huber`, weighted and reduced.

    >>> Huber(delta=1.0)([[1.0], [2.0]], [[1.5], [4.0]])
    Tensor(0.8125, dtype=float32)
    """


class LogCosh(FunctionLoss, of=log_cosh):
    """The loss of :func:`log_cosh`, weighted and reduced.

    >>> round(float(LogCosh()([[1.0], [2.0]], [[1.0], [4.0]])), 4)
    0.6625
    """
