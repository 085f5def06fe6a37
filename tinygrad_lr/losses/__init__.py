"""Losses: what training makes small.

Each loss exists as a function (one value per sample), as a class (weighted and reduced
to a scalar) and as a name for ``compile(loss=...)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.losses.circle import Circle, circle
from tinygrad_lr.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from tinygrad_lr.losses.ctc import CTC, ctc
from tinygrad_lr.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from tinygrad_lr.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
)
from tinygrad_lr.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from tinygrad_lr.losses.loss import Loss, LossFunctionWrapper
from tinygrad_lr.losses.loss import registry as registry  # ours, so not in __all__
from tinygrad_lr.losses.overlap import Dice, Tversky, dice, tversky
from tinygrad_lr.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

registry.add(
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
    categorical_focal_crossentropy, categorical_generalized_cross_entropy,
    categorical_hinge, circle, cosine_similarity, ctc, dice, hinge, huber,
    kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error,
    mean_squared_error, mean_squared_logarithmic_error, poisson,
    sparse_categorical_crossentropy, squared_hinge, tversky, bce=binary_crossentropy,
    BCE=binary_crossentropy, kld=kl_divergence, KLD=kl_divergence,
    mse=mean_squared_error, MSE=mean_squared_error, mae=mean_absolute_error,
    MAE=mean_absolute_error, mape=mean_absolute_percentage_error,
    MAPE=mean_absolute_percentage_error, msle=mean_squared_logarithmic_error,
    MSLE=mean_squared_logarithmic_error,
)  # fmt: skip
registry.add(
    BinaryCrossentropy, BinaryFocalCrossentropy, CTC, CategoricalCrossentropy,
    CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, CategoricalHinge,
    Circle, CosineSimilarity, Dice, Hinge, Huber, KLDivergence, LogCosh,
    MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge,
    Tversky,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Return the loss for a name, a class, a configuration, a function or itself.

    Raises ``ValueError`` for an unknown name, with the nearest ones.
    """
    return registry.get(identifier)


def serialize(loss: Any) -> Any:
    """Return a configuration of plain values for a loss."""
    return registry.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make the loss that a name or a configuration of :func:`serialize` describes."""
    return registry.deserialize(name, custom_objects)


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


def is_open(identifier: Any) -> bool:
    """Whether the data must be seen to know which loss a name stands for."""
    return isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce")


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Loss | None:
    """Return the Loss for what ``compile`` was given, seeing the data.

    "crossentropy" becomes the cross-entropy that fits the shapes; a function becomes a
    :class:`Loss` of its name.
    """
    if identifier is None:
        return None
    if is_open(identifier):
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
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

attach_getattr(__name__)
