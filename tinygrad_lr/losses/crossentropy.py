"""Cross-entropies: how surprised the predicted probabilities are by what happened.

If the predictions are logits, or came out of a sigmoid or softmax that remembers its
logits, the loss is computed from the logits: finite for every logit, with the gradient
p - y. Probabilities that come from elsewhere are kept between epsilon and 1 - epsilon
(1e-7).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinygrad_lr.activations import logits_of, sigmoid, softmax
from tinygrad_lr.autodiff import functions, label, primitive, rule
from tinygrad_lr.config import epsilon, floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import LossFunctionWrapper


@primitive
def sigmoid_crossentropy(logits: Any, y: Any) -> Any:
    """-y log(p) - (1 - y) log(1 - p) with p = sigmoid(logits), element by element.

    With z for the logits this is log(exp(z - z y) + exp(-z y)), which neither overflows
    nor cancels; for many elements it is computed as max(z, 0) - z y + log(1 +
    exp(-|z|)).
    """
    zy = logits * y
    if np.size(logits) < functions.FEW:
        return np.logaddexp(logits - zy, -zy)
    return np.maximum(logits, 0) - zy + np.log1p(np.exp(-np.absolute(logits)))


rule(
    sigmoid_crossentropy,
    lambda g, out, logits, y: g * (functions.sigmoid(logits) - y),
    lambda g, out, logits, y: -g * logits,
)


@primitive
def softmax_crossentropy(logits: Any, y: Any) -> Any:
    """-sum(y log(p)) over the last axis, with p = softmax(logits)."""
    return -np.sum(y * functions.log_softmax(logits, axis=-1), axis=-1)


@primitive
def sparse_softmax_crossentropy(logits: Any, y: Any) -> Any:
    """-log(p[..., y]) with p = softmax(logits), for integers y of shape (...)."""
    log_p = functions.log_softmax(logits, axis=-1)
    return -np.take_along_axis(log_p, y[..., None], -1)[..., 0]


def softmax_rule(g: Any, out: Any, logits: Any, y: Any) -> Any:
    p = functions.softmax(logits, axis=-1)
    return g[..., None] * (p * np.sum(y, axis=-1, keepdims=True) - y)


def sparse_softmax_rule(g: Any, out: Any, logits: Any, y: Any) -> Any:
    p = functions.softmax(logits, axis=-1)
    return g[..., None] * (p - (y[..., None] == np.arange(logits.shape[-1])))


rule(
    softmax_crossentropy,
    softmax_rule,
    lambda g, out, logits, y: -g[..., None] * functions.log_softmax(logits, axis=-1),
)
rule(sparse_softmax_crossentropy, sparse_softmax_rule, None)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:  # fmt: skip
    """mean(-y log(p) - (1 - y) log(1 - p)) over ``axis``.

    ``y_true`` and ``y_pred`` have shape (n, ...), the result loses ``axis``. ``y_pred``
    holds probabilities, or logits with ``from_logits=True``; ``label_smoothing`` moves
    targets towards 1/2. Raises ``ValueError`` if the shapes differ.

    >>> binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32)
    """
    y, p = pair(y_true, y_pred, "binary_crossentropy")
    if label_smoothing:
        y = y * (1 - label_smoothing) + 0.5 * label_smoothing
    logits = p if from_logits else logits_of(p, "sigmoid")
    if logits is not None:
        label(logits, "z")
        return np.mean(sigmoid_crossentropy(logits, y), axis=axis)
    p = np.clip(p, epsilon(), 1 - epsilon())
    return np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p)), axis=axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:  # fmt: skip
    """-sum(y log(p)) over ``axis``, for targets that are one-hot rows.

    ``y_true`` and ``y_pred`` have shape (n, ..., classes), the result loses ``axis``.
    Probabilities that do not add up to 1 are divided by their sum. Raises
    ``ValueError`` if the shapes differ.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32)
    """
    y, p = pair(
        y_true, y_pred, "categorical_crossentropy",
        " For class numbers use sparse_categorical_crossentropy.",
    )  # fmt: skip
    if p.shape[-1] == 1:
        warnings.warn(
            f"categorical_crossentropy of predictions of shape {p.shape}: a single "
            "class is always certain, so nothing is learned. For two classes with "
            "one output use binary_crossentropy.",
            SyntaxWarning,
            stacklevel=2,
        )
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / p.shape[-1]
    logits = softmax_logits(p, from_logits, axis)
    if logits is not None:
        return softmax_crossentropy(logits, y)
    return -np.sum(y * log_probabilities(p, from_logits, axis), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False,
    ignore_class: int | None = None, axis: int = -1,
) -> Any:  # fmt: skip
    """-log(p[y]): minus the logarithm of the probability of the true class.

    ``y_true`` has shape (n, ...) or (n, ..., 1) and holds class numbers; ``y_pred`` has
    shape (n, ..., classes) and the result (n, ...). Samples of class ``ignore_class``
    give 0. Raises ``ValueError`` if the shapes do not belong together.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32)
    """
    y, p = as_tensor(y_true), as_tensor(y_pred, None)
    if p.dtype.kind != "f":
        p = as_tensor(p, floatx())
    if y.ndim == p.ndim and y.shape[axis] == 1:
        y = np.squeeze(y, axis)
    classes_last = np.moveaxis(p, axis, -1) if axis not in (-1, p.ndim - 1) else p
    if y.shape != classes_last.shape[:-1]:
        hint = (
            " For one-hot targets use categorical_crossentropy."
            if y.shape == p.shape
            else " Give one class number per sample."
        )
        raise ValueError(
            f"sparse_categorical_crossentropy: targets of shape {y.shape} do not fit "
            f"predictions of shape {p.shape}; expected class numbers of shape "
            f"{classes_last.shape[:-1]}.{hint}"
        )
    y = y.astype(np.int64)
    kept = None if ignore_class is None else y != ignore_class
    if kept is not None:
        y = np.where(kept, y, 0)
    logits = softmax_logits(p, from_logits, axis)
    if logits is not None:
        loss = sparse_softmax_crossentropy(logits, y)
    else:
        log_p = log_probabilities(p, from_logits, axis)
        place = np.expand_dims(y, axis)
        loss = -np.squeeze(np.take_along_axis(log_p, place, axis), axis)
    return loss if kept is None else np.where(kept, loss, 0)


# Class numbers stay integers on their way through a Loss.
sparse_categorical_crossentropy.casts_targets = False  # type: ignore[attr-defined]  # a note


def softmax_logits(p: Any, from_logits: bool, axis: int) -> Any:
    """The logits over the last axis, if there are any."""
    if axis not in (-1, p.ndim - 1):
        return None
    logits = p if from_logits else logits_of(p, "softmax")
    if logits is not None:
        label(logits, "z")
    return logits


def log_probabilities(p: Any, from_logits: bool, axis: int) -> Any:
    """The logarithms of the probabilities, over any axis."""
    if from_logits:
        return functions.log_softmax(p, axis=axis)
    p = p / np.sum(p, axis=axis, keepdims=True)
    return np.log(np.clip(p, epsilon(), 1 - epsilon()))


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
    y, p = pair(y_true, y_pred, "binary_focal_crossentropy")
    if label_smoothing:
        y = y * (1 - label_smoothing) + 0.5 * label_smoothing
    p = sigmoid(p) if from_logits else p
    clipped = np.clip(p, epsilon(), 1 - epsilon())
    loss = -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))
    truth = y * p + (1 - y) * (1 - p)
    loss = (1 - truth) ** gamma * loss
    if apply_class_balancing:
        loss = (y * alpha + (1 - y) * (1 - alpha)) * loss
    return np.mean(loss, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any, y_pred: Any, alpha: Any = 0.25, gamma: float = 2.0,
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
) -> Any:  # fmt: skip
    """-sum(alpha (1 - p)^gamma y log(p)) over ``axis``.

    Source: Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.
    """
    y, p = pair(y_true, y_pred, "categorical_focal_crossentropy")
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / p.shape[-1]
    p = softmax(p, axis) if from_logits else p
    p = np.clip(p / np.sum(p, axis=axis, keepdims=True), epsilon(), 1 - epsilon())
    alpha = alpha if isinstance(alpha, (int, float)) else as_tensor(alpha, p.dtype)
    return np.sum((1 - p) ** gamma * alpha * (-y * np.log(p)), axis=axis)


def pair(y_true: Any, y_pred: Any, name: str, hint: str = "") -> tuple[Any, Any]:
    """Return targets and predictions as Tensors of one float dtype and shape."""
    p = as_tensor(y_pred)
    if p.dtype.kind != "f":
        p = as_tensor(p, floatx())
    y = as_tensor(y_true, p.dtype)
    if y.shape != p.shape:
        raise ValueError(
            f"{name}: targets of shape {y.shape} do not fit predictions of shape "
            f"{p.shape}; they must be equal.{hint}"
        )
    return y, p


class BinaryCrossentropy(LossFunctionWrapper):
    """The loss of :func:`binary_crossentropy`, weighted and reduced."""

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalCrossentropy(LossFunctionWrapper):
    """The loss of :func:`categorical_crossentropy`, weighted and reduced."""

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The loss of :func:`sparse_categorical_crossentropy`, weighted and reduced."""

    def __init__(
        self, from_logits: bool = False, ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size", axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip

    def mask(self, y_true: Any, y_pred: Any) -> Any:
        ignored = self._fn_kwargs["ignore_class"]
        if ignored is None:
            return None
        axis = self._fn_kwargs["axis"]
        column = y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1
        return (np.squeeze(y_true, axis) if column else y_true) != ignored

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["axis"]
        return config


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """The loss of :func:`binary_focal_crossentropy`, weighted and reduced."""

    def __init__(
        self, apply_class_balancing: bool = False, alpha: float = 0.25,
        gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
        axis: int = -1, reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """The loss of :func:`categorical_focal_crossentropy`, weighted and reduced."""

    def __init__(
        self, alpha: Any = 0.25, gamma: float = 2.0, from_logits: bool = False,
        label_smoothing: float = 0.0, axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha,
            gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing,
            axis=axis,
        )  # fmt: skip
