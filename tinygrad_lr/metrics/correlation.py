"""Correlations: whether predictions rise and fall with the targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.config import epsilon
from tinygrad_lr.losses.targets import compares
from tinygrad_lr.metrics.means import FunctionMetric


def centred(x: Any, axis: int) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


def standardised(x: Any, axis: int) -> Any:
    """Values of mean 0 and variance 1; NaN for values that are all the same."""
    x = centred(x, axis)
    spread = np.std(x, axis=axis, keepdims=True)
    flat = spread == 0
    return np.where(flat, np.nan, x / np.where(flat, 1, spread))


@compares()
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """cov(y_true, y_pred) / (std(y_true) std(y_pred)) along ``axis``: from -1 to 1.

    Along an axis of length 1, and for values that are all the same, it is NaN; for one
    output per sample give ``axis=0``.

    Source: Pearson, "Notes on regression and inheritance", 1895.

    >>> pearson_correlation([[0.0, 1.0], [1.0, 2.0]], [[4.0, 6.0], [9.0, 3.0]])
    Tensor([ 1., -1.], dtype=float32)
    """
    return np.mean(standardised(y_true, axis) * standardised(y_pred, axis), axis=axis)


@compares()
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """2 cov(y_true, y_pred) / (var(y_true) + var(y_pred) + (difference of means)^2 +
    epsilon) along ``axis``: 1 only where predictions equal targets.

    Source: Lin, "A concordance correlation coefficient to evaluate reproducibility",
    Biometrics 45, 1989.
    """
    y, p = centred(y_true, axis), centred(y_pred, axis)
    shift = np.mean(y_true, axis=axis, keepdims=True) - np.mean(
        y_pred, axis=axis, keepdims=True
    )
    variation = np.var(y, axis=axis, keepdims=True) + np.var(
        p, axis=axis, keepdims=True
    )
    return np.mean(2 * y * p / (variation + np.square(shift) + epsilon()), axis=axis)


class PearsonCorrelation(FunctionMetric, of=pearson_correlation):
    """The mean of :func:`pearson_correlation`.

    >>> round(float(PearsonCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]])), 4)
    1.0
    """

    _direction = "up"


class ConcordanceCorrelation(FunctionMetric, of=concordance_correlation):
    """The mean of :func:`concordance_correlation`.

    >>> round(float(ConcordanceCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]])), 4)
    0.3636
    """

    _direction = "up"
