"""Metrics: what is reported about predictions, batch by batch and over all batches."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    sparse_categorical_crossentropy,
    targets_kind,
)
from tinygrad_lr.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from tinygrad_lr.metrics.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinygrad_lr.metrics.means import Mean, MeanMetricWrapper, Sum
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.registry import Registry

registry = Registry("metric", "keras.metrics")
registry.add(
    Accuracy, BinaryAccuracy, BinaryCrossentropy, CategoricalAccuracy,
    CategoricalCrossentropy, LogCoshError, Mean, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanMetricWrapper, MeanSquaredError,
    MeanSquaredLogarithmicError, RootMeanSquaredError, SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy, SparseTopKCategoricalAccuracy, Sum,
    TopKCategoricalAccuracy, bce=BinaryCrossentropy, BCE=BinaryCrossentropy,
    mse=MeanSquaredError, MSE=MeanSquaredError, mae=MeanAbsoluteError,
    MAE=MeanAbsoluteError, mape=MeanAbsolutePercentageError,
    MAPE=MeanAbsolutePercentageError, msle=MeanSquaredLogarithmicError,
    MSLE=MeanSquaredLogarithmicError, rmse=RootMeanSquaredError,
    RMSE=RootMeanSquaredError, logcosh=LogCoshError,
)  # fmt: skip
registry.add(binary_focal_crossentropy, categorical_focal_crossentropy, huber, log_cosh)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error

ACCURACIES: dict[str, type[Metric]] = {
    "binary": BinaryAccuracy,
    "sparse": SparseCategoricalAccuracy,
    "categorical": CategoricalAccuracy,
}


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """Return the Metric for what ``compile`` was given, seeing the data.

    "accuracy" and "acc" become the accuracy that fits the shapes of targets and
    predictions; a function becomes the mean of its values; a name given as a string
    stays the metric's name.
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        kind = ACCURACIES[targets_kind(y_true, y_pred)]
        return kind(name=identifier)
    found = get(identifier)
    if found is None:
        raise ValueError(
            "expected a metric (a name, a Metric or a function), got None."
        )
    if isinstance(found, Metric):
        metric = found
    else:
        name = getattr(found, "__name__", None) or getattr(found, "name", None)
        metric = MeanMetricWrapper(found, name=name)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


__all__ = [
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "Sum",
    "TopKCategoricalAccuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "deserialize",
    "get",
    "huber",
    "log_cosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "registry",
    "resolve",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "targets_kind",
    "top_k_categorical_accuracy",
]
