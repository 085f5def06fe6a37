"""Losses as metrics: their mean over all samples, for reporting."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import losses
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.metrics.means import Mean, MeanMetricWrapper


class LossMetric(MeanMetricWrapper):
    """Base class of the metrics here: smaller is better."""

    _direction = "down"


class MeanSquaredError(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.mean_squared_error`.

    >>> float(MeanSquaredError()([[1.0], [2.0]], [[1.0], [4.0]]))
    2.0
    """

    def __init__(
        self, name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean squared error."""

    _direction = "down"

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]  # two arrays instead of one
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        errors = losses.mean_squared_error(as_tensor(y_true), as_tensor(y_pred))
        super().update_state(errors, sample_weight)

    def result(self) -> Any:
        return np.sqrt(super().result())


class MeanAbsoluteError(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.mean_absolute_error`."""

    def __init__(
        self, name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.mean_absolute_percentage_error`."""

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.mean_squared_logarithmic_error`."""

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.log_cosh`."""

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class BinaryCrossentropy(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.binary_crossentropy`."""

    def __init__(
        self, name: str | None = "binary_crossentropy", dtype: Any = None,
        from_logits: bool = False, label_smoothing: float = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            losses.binary_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing,
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.categorical_crossentropy`."""

    def __init__(
        self, name: str | None = "categorical_crossentropy", dtype: Any = None,
        from_logits: bool = False, label_smoothing: float = 0, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(
            losses.categorical_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(LossMetric):
    """The mean of :func:`~tinygrad_lr.losses.sparse_categorical_crossentropy`."""

    def __init__(
        self, name: str | None = "sparse_categorical_crossentropy", dtype: Any = None,
        from_logits: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(
            losses.sparse_categorical_crossentropy, name, dtype,
            from_logits=from_logits, axis=axis,
        )  # fmt: skip
        self.from_logits = from_logits
        self.axis = axis
