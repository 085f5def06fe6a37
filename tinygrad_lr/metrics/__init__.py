"""Metrics: what is reported about predictions, batch by batch and over all batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
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
from tinygrad_lr.metrics.auc import AUC
from tinygrad_lr.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from tinygrad_lr.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from tinygrad_lr.metrics.fscore import F1Score, FBetaScore
from tinygrad_lr.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from tinygrad_lr.metrics.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from tinygrad_lr.metrics.means import Mean, MeanMetricWrapper, Sum
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.metrics.regression import R2Score, RootMeanSquaredError
from tinygrad_lr.registry import Registry

registry = Registry("metric", "keras.metrics", functions_by_name=False)
registry.add(
    AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, BinaryIoU, CategoricalAccuracy,
    CategoricalCrossentropy, CategoricalHinge, ConcordanceCorrelation, CosineSimilarity,
    F1Score, FBetaScore, FalseNegatives, FalsePositives, Hinge, IoU, KLDivergence,
    LogCoshError, Mean, MeanAbsoluteError, MeanAbsolutePercentageError, MeanIoU,
    MeanMetricWrapper, MeanSquaredError, MeanSquaredLogarithmicError, OneHotIoU,
    OneHotMeanIoU, PearsonCorrelation, Poisson, Precision, PrecisionAtRecall, R2Score,
    Recall, RecallAtPrecision, RootMeanSquaredError, SensitivityAtSpecificity,
    SparseCategoricalAccuracy, SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy, SpecificityAtSensitivity, SquaredHinge, Sum,
    TopKCategoricalAccuracy, TrueNegatives, TruePositives, bce=BinaryCrossentropy,
    BCE=BinaryCrossentropy, mse=MeanSquaredError, MSE=MeanSquaredError,
    mae=MeanAbsoluteError, MAE=MeanAbsoluteError, mape=MeanAbsolutePercentageError,
    MAPE=MeanAbsolutePercentageError, msle=MeanSquaredLogarithmicError,
    MSLE=MeanSquaredLogarithmicError,
)  # fmt: skip
registry.add(binary_focal_crossentropy, categorical_focal_crossentropy, huber, log_cosh)

ACCURACIES: dict[str, type[Metric]] = {
    "binary": BinaryAccuracy,
    "sparse": SparseCategoricalAccuracy,
    "categorical": CategoricalAccuracy,
}


def get(identifier: Any) -> Any:
    """Return the metric for a name, a class, a configuration, a function or itself.

    Raises ``ValueError`` for an unknown name, with the nearest ones.
    """
    return registry.get(identifier)


def serialize(metric: Any) -> Any:
    """Return a configuration of plain values for a metric."""
    return registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make the metric that a name or a configuration of :func:`serialize` describes."""
    return registry.deserialize(config, custom_objects)


def is_open(identifier: Any) -> bool:
    """Whether the data must be seen to know which metric a name stands for."""
    return isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc")


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """Return the Metric for what ``compile`` was given, seeing the data.

    "accuracy" and "acc" become the accuracy that fits the shapes of targets and
    predictions; a function becomes the mean of its values; a name given as a string
    stays the metric's name.
    """
    if is_open(identifier):
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
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "pearson_correlation",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

attach_getattr(__name__)
