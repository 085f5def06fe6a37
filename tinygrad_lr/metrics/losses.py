"""Losses as metrics: their mean over all samples, for reporting."""

from __future__ import annotations

from typing import Any

from tinygrad_lr import losses
from tinygrad_lr.metrics.means import FunctionMetric


class LossMetric(FunctionMetric):
    """Base class of the metrics here: smaller is better."""

    _direction = "down"


# -- regression ------------------------------------------------------------------------


class MeanSquaredError(LossMetric, of=losses.mean_squared_error):
    """The mean of :func:`~tinygrad_lr.losses.mean_squared_error`.

    >>> float(MeanSquaredError()([[1.0], [2.0]], [[1.0], [4.0]]))
    2.0
    """


class MeanAbsoluteError(LossMetric, of=losses.mean_absolute_error):
    """The mean of :func:`~tinygrad_lr.losses.mean_absolute_error`.

    >>> float(MeanAbsoluteError()([[1.0], [2.0]], [[1.0], [4.0]]))
    1.0
    """


class MeanAbsolutePercentageError(LossMetric, of=losses.mean_absolute_percentage_error):
    """The mean of :func:`~tinygrad_lr.losses.mean_absolute_percentage_error`.

    >>> float(MeanAbsolutePercentageError()([[1.0], [2.0]], [[1.0], [4.0]]))
    50.0
    """


class MeanSquaredLogarithmicError(LossMetric, of=losses.mean_squared_logarithmic_error):
    """The mean of :func:`~tinygrad_lr.losses.mean_squared_logarithmic_error`.

    >>> round(float(MeanSquaredLogarithmicError()([[1.0], [2.0]], [[1.0], [4.0]])), 4)
    0.1305
    """


class LogCoshError(LossMetric, of=losses.log_cosh, name="logcosh"):
    """The mean of :func:`~tinygrad_lr.losses.log_cosh`.

    >>> round(float(LogCoshError()([[1.0], [2.0]], [[1.0], [4.0]])), 4)
    0.6625
    """


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between vectors along ``axis``."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(FunctionMetric, of=cosine_similarity, unsaid=("axis",)):
    """The mean cosine of the angle between target and prediction: 1 is best.

    >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
    1.0
    """

    _direction = "up"


# -- probabilities ---------------------------------------------------------------------


class BinaryCrossentropy(
    LossMetric, of=losses.binary_crossentropy,
    order="name dtype from_logits label_smoothing", label_smoothing=0,
):  # fmt: skip
    """The mean of :func:`~tinygrad_lr.losses.binary_crossentropy`.

    >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.75]])), 4)
    0.4904
    """


class CategoricalCrossentropy(
    LossMetric, of=losses.categorical_crossentropy, label_smoothing=0
):
    """The mean of :func:`~tinygrad_lr.losses.categorical_crossentropy`.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.25, 0.75]])), 4)
    0.2877
    """


class SparseCategoricalCrossentropy(
    LossMetric, of=losses.sparse_categorical_crossentropy
):
    """The mean of :func:`~tinygrad_lr.losses.sparse_categorical_crossentropy`.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.25, 0.75]])), 4)
    0.2877
    """


class KLDivergence(LossMetric, of=losses.kl_divergence):
    """The mean of :func:`~tinygrad_lr.losses.kl_divergence`.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """


class Poisson(LossMetric, of=losses.poisson):
    """The mean of :func:`~tinygrad_lr.losses.poisson`.

    >>> round(float(Poisson()([[2.0]], [[3.0]])), 4)
    0.8028
    """


# -- margins ---------------------------------------------------------------------------


class Hinge(LossMetric, of=losses.hinge):
    """The mean of :func:`~tinygrad_lr.losses.hinge`.

    >>> float(Hinge()([[1.0]], [[-0.5]]))
    1.5
    """


class SquaredHinge(LossMetric, of=losses.squared_hinge):
    """The mean of :func:`~tinygrad_lr.losses.squared_hinge`.

    >>> float(SquaredHinge()([[1.0]], [[-0.5]]))
    2.25
    """


class CategoricalHinge(LossMetric, of=losses.categorical_hinge):
    """The mean of :func:`~tinygrad_lr.losses.categorical_hinge`.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """
