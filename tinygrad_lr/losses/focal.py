"""Cross-entropies that care less for what is easy, or for labels that are wrong.

A focal loss turns down samples that are classified well already; the generalized
cross-entropy lies between a cross-entropy and an absolute error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.activations import sigmoid, softmax
from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff import hint
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.crossentropy import (
    expect_classes,
    normalized,
    smoothed,
    surprise,
)
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import class_numbers, compares, noted, predictions


@compares(equal=True, targets="unit")
def binary_focal_crossentropy(
    y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25,
    gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:  # fmt: skip
    """mean((1 - q)^gamma times the cross-entropy), where q is the probability of the
    truth.

    ``apply_class_balancing`` weighs class 1 by ``alpha`` and class 0 by 1 - ``alpha``.

    Source: Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.
    """
    y = smoothed(y_true, label_smoothing, 2)
    p = sigmoid(y_pred) if from_logits else y_pred
    truth = y * p + (1 - y) * (1 - p)
    doubt = 1 - truth
    hint(doubt, "doubt")
    loss = doubt**gamma * surprise(y, p)
    if apply_class_balancing:
        loss = (y * alpha + (1 - y) * (1 - alpha)) * loss
    return np.mean(loss, axis=axis)


@compares(equal=True, targets="unit")
def categorical_focal_crossentropy(
    y_true: Any, y_pred: Any, alpha: Any = 0.25, gamma: float = 2.0,
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
) -> Any:  # fmt: skip
    """-sum(alpha (1 - p)^gamma y log(p)) over ``axis``; ``alpha`` may be a list, one
    weight for each class.

    Source: Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.
    """
    expect_classes(y_pred, axis, "categorical_focal_crossentropy")
    y = smoothed(y_true, label_smoothing, y_true.shape[-1])
    p = normalized(softmax(y_pred, axis) if from_logits else y_pred, axis)
    alpha = alpha if isinstance(alpha, (int, float)) else as_tensor(alpha, p.dtype)
    return np.sum((1 - p) ** gamma * alpha * (-y * np.log(p)), axis=axis)


@checked
@noted(targets="classes")
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """(1 - p^q) / q, with the probability p of the true class.

    Near 0 ``q`` makes it a cross-entropy, near 1 an absolute error, which minds wrong
    labels less. ``y_true`` holds class numbers, (n, ...), for ``y_pred`` of shape
    (n, ..., classes).

    Source: Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural
    networks with noisy labels", arXiv:1805.07836.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    Tensor([1.], dtype=float32)
    """
    p = predictions(y_pred)
    y = class_numbers(y_true, p, "categorical_generalized_cross_entropy")
    p = np.take_along_axis(p, y[..., None], axis=-1)[..., 0]
    return (1 - p**q) / q


class BinaryFocalCrossentropy(FunctionLoss, of=binary_focal_crossentropy):
    """The loss of :func:`binary_focal_crossentropy`, weighted and reduced.

    >>> round(float(BinaryFocalCrossentropy()([[0.0], [1.0]], [[0.5], [0.75]])), 4)
    0.0956
    """


class CategoricalFocalCrossentropy(FunctionLoss, of=categorical_focal_crossentropy):
    """The loss of :func:`categorical_focal_crossentropy`, weighted and reduced.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.25, 0.75]])), 4)
    0.0045
    """


class CategoricalGeneralizedCrossEntropy(
    FunctionLoss, of=categorical_generalized_cross_entropy, q=0.5
):
    """The loss of :func:`categorical_generalized_cross_entropy`, weighted and reduced.

    Raises ``ValueError`` unless 0 < ``q`` < 1.

    >>> round(float(CategoricalGeneralizedCrossEntropy(q=0.5)([1], [[0.25, 0.75]])), 4)
    0.2679
    """

    q: float

    def check(self) -> None:
        if not 0 < self.q < 1:
            raise ValueError(
                f"loss {self.name!r}: expected q between 0 and 1, got {self.q}."
            )
