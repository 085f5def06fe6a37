"""Losses: what training makes small.

Each loss exists as a function (one value per sample), as a class (weighted and reduced
to a scalar) and as a name for ``compile(loss=...)``.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from tinygrad_lr.losses.loss import Loss, LossFunctionWrapper
from tinygrad_lr.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from tinygrad_lr.registry import Registry

registry = Registry("loss", "keras.losses")
registry.add(
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
    categorical_focal_crossentropy, huber, log_cosh, mean_absolute_error,
    mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error,
    sparse_categorical_crossentropy, bce=binary_crossentropy, BCE=binary_crossentropy,
    mse=mean_squared_error, MSE=mean_squared_error, mae=mean_absolute_error,
    MAE=mean_absolute_error, mape=mean_absolute_percentage_error,
    MAPE=mean_absolute_percentage_error, msle=mean_squared_logarithmic_error,
    MSLE=mean_squared_logarithmic_error, logcosh=log_cosh, huber_loss=huber,
)  # fmt: skip
registry.add(
    BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy,
    CategoricalFocalCrossentropy, Huber, LogCosh, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError,
    SparseCategoricalCrossentropy,
)  # fmt: skip
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
logcosh = log_cosh


def targets_kind(y_true: Any, y_pred: Any) -> str:
    """Say what targets are for these predictions: "binary", "sparse" or "categorical".

    Predictions of one value are binary; targets that lack the last axis, or have it in
    length 1, are class numbers; all others are one-hot rows.
    """
    if y_pred.shape[-1] == 1:
        return "binary"
    if len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1:
        return "sparse"
    return "categorical"


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Loss | None:
    """Return the Loss for what ``compile`` was given, seeing the data.

    "crossentropy" becomes the cross-entropy that fits the shapes; a function becomes a
    :class:`Loss` of its name.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        found: Any = {
            "binary": binary_crossentropy,
            "sparse": sparse_categorical_crossentropy,
            "categorical": categorical_crossentropy,
        }[targets_kind(y_true, y_pred)]
    else:
        found = get(identifier)
    if isinstance(found, Loss):
        return found
    if isinstance(identifier, str):
        name = identifier
    else:
        name = getattr(found, "__name__", type(found).__name__)
    return LossFunctionWrapper(found, name=name)


__all__ = [
    "BCE",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "Huber",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "SparseCategoricalCrossentropy",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "deserialize",
    "get",
    "huber",
    "log_cosh",
    "logcosh",
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
    "sparse_categorical_crossentropy",
    "targets_kind",
]
