"""How much of the targets' variation predictions explain, and how far off they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.losses.loss import spread
from tinygrad_lr.losses.targets import UNITS, compares
from tinygrad_lr.metrics.means import Mean
from tinygrad_lr.metrics.metric import Metric

AGGREGATIONS = ("uniform_average", "variance_weighted_average", None)


@compares(hint=UNITS)
def squared_errors(y_true: Any, y_pred: Any) -> Any:
    return np.square(y_pred - y_true)


class RootMeanSquaredError(Mean):
    """The square root of the mean squared error.

    >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[3.0], [3.0]]))
    3.0
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]  # two arrays instead of one
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        y, p = as_tensor(y_true, self.dtype), as_tensor(y_pred, self.dtype)
        super().update_state(squared_errors(y, p), sample_weight)

    def result(self) -> Any:
        return np.sqrt(super().result())


class R2Score(Metric):
    """The coefficient of determination: 1 - sum((y - p)^2) / sum((y - mean(y))^2).

    1 is perfect, 0 is no better than the mean of the targets; 0 is also said of targets
    that do not vary. Targets and predictions have shape (n, outputs); the scores of the
    outputs are averaged ("uniform_average"), averaged with the variances as weights
    ("variance_weighted_average") or returned as they are (None). With
    ``num_regressors`` inputs the adjusted score is given, if there are samples enough
    for it.

    >>> float(R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]]))
    0.5
    """

    _direction = "up"

    def __init__(
        self, class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0, name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise ValueError(
                f"metric {self.name!r}: expected one of {AGGREGATIONS} as "
                f"class_aggregation, got {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(
                f"metric {self.name!r}: expected a number from 0 as num_regressors, "
                f"got {num_regressors}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")
        self.built = False

    def build(self, y_shape: tuple[int, ...], p_shape: tuple[int, ...]) -> None:
        """Make variables for as many outputs as there are."""
        if len(y_shape) != 2 or y_shape != p_shape:
            raise ValueError(
                f"metric {self.name!r}: expected targets and predictions of one shape "
                f"(n, outputs), got {y_shape} and {p_shape}."
            )
        outputs = p_shape[1:]
        self.squared_sum = self.add_variable(outputs, name="squared_sum")
        self.sum = self.add_variable(outputs, name="sum")
        self.total_mse = self.add_variable(outputs, name="residual")
        self.count = self.add_variable(outputs, name="count")
        self.built = True

    @no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y, p = as_tensor(y_true, self.dtype), as_tensor(y_pred, self.dtype)
        y, p = align_ranks(y, p)
        if not self.built:
            self.build(y.shape, p.shape)
        weight = as_tensor(1 if sample_weight is None else sample_weight, self.dtype)
        if weight.ndim == 1:
            weight = np.expand_dims(weight, 1)
        weight = spread(weight, y)
        self.sum.assign(self.sum + np.sum(y * weight, axis=0))
        self.squared_sum.assign(self.squared_sum + np.sum(y * (y * weight), axis=0))
        residual = np.sum(np.square(p - y) * weight, axis=0)
        self.total_mse.assign(self.total_mse + residual)
        self.count.assign(self.count + np.sum(weight, axis=0))
        self.num_samples.assign(self.num_samples + y.size)

    @no_grad()
    def result(self) -> Any:
        if not self.built:
            return self.num_samples.value
        mean = self.sum / np.where(self.count == 0, 1, self.count)
        total = self.squared_sum - self.sum * mean
        constant = np.where(self.total_mse == 0, np.nan, 0).astype(total.dtype)
        score: Any = 1 - self.total_mse / np.where(total == 0, 1, total)
        score = np.where(total == 0, constant, score)
        if self.class_aggregation == "uniform_average":
            score = np.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = np.sum(total * score) / np.sum(total)
        if self.num_regressors:
            free = self.num_samples - self.num_regressors - 1
            enough = free > 0
            adjusted = 1 - (1 - score) * (self.num_samples - 1) / np.where(
                enough, free, 1
            )
            score = np.where(enough, adjusted, score)
        return score

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
