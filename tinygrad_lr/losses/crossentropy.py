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

from tinygrad_lr.activations import logits_of
from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff import functions, hint, label, primitive, rule
from tinygrad_lr.config import epsilon
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import class_numbers, compares, noted, predictions
from tinygrad_lr.masks import set_mask


@primitive
def sigmoid_crossentropy(logits: Any, y: Any) -> Any:
    """-y log(p) - (1 - y) log(1 - p) with p = sigmoid(logits), element by element.

    With z for the logits this is log(exp(z - z y) + exp(-z y)), which neither overflows
    nor cancels; for many elements it is computed as max(z, 0) - z y + log(1 +
    exp(-|z|)).
    """
    zy = logits * y
    hint(zy, "zy")
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
    rows = np.reshape(log_p, (-1, logits.shape[-1]))
    picked = rows[np.arange(rows.shape[0]), np.reshape(y, -1)]
    return -np.reshape(picked, y.shape)


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


@compares(equal=True, targets="unit")
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
    y, p = smoothed(y_true, label_smoothing, 2), y_pred
    logits = p if from_logits else logits_of(p, "sigmoid")
    if logits is not None:
        label(logits, "z")
        return np.mean(sigmoid_crossentropy(logits, y), axis=axis)
    return np.mean(surprise(y, p), axis=axis)


@compares(
    equal=True, hint=" For class numbers use sparse_categorical_crossentropy.",
    targets="unit",
)  # fmt: skip
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
    expect_classes(y_pred, axis, "categorical_crossentropy")
    y = smoothed(y_true, label_smoothing, y_true.shape[-1])
    logits = softmax_logits(y_pred, from_logits, axis)
    if logits is not None:
        return softmax_crossentropy(logits, y)
    return -np.sum(y * log_probabilities(y_pred, from_logits, axis), axis=axis)


@checked
@noted(targets="classes")
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False,
    ignore_class: int | None = None, axis: int = -1,
) -> Any:  # fmt: skip
    """-log(p[y]): minus the logarithm of the probability of the true class.

    ``y_true`` has shape (n, ...) or (n, ..., 1) and holds class numbers; ``y_pred`` has
    shape (n, ..., classes) and the result (n, ...). Samples of class ``ignore_class``
    give 0. Raises ``ValueError`` if the shapes do not belong together, and for numbers
    of no class.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32)
    """
    p = predictions(y_pred)
    y = class_numbers(
        y_true, p, "sparse_categorical_crossentropy", axis, ignore_class,
        hint=" For one-hot targets use categorical_crossentropy.",
    )  # fmt: skip
    kept = None if ignore_class is None else y != ignore_class
    if kept is not None:
        y = np.where(kept, y, 0)
    logits = softmax_logits(p, from_logits, axis)
    if logits is not None:
        loss: Any = sparse_softmax_crossentropy(logits, y)
    else:
        log_p = log_probabilities(p, from_logits, axis)
        place = np.expand_dims(y, axis)
        loss = -np.squeeze(np.take_along_axis(log_p, place, axis), axis)
    if kept is not None:
        loss = np.where(kept, loss, 0)
        set_mask(loss, kept)
    return loss


def expect_classes(p: Any, axis: int, name: str) -> None:
    """Refuse an axis that is a switch, and warn of a single class."""
    if isinstance(axis, bool):
        raise ValueError(f"{name}: expected an int as axis, got {axis}.")
    if p.shape[-1] == 1:
        warnings.warn(
            f"{name} of predictions of shape {p.shape}: a single class is always "
            "certain, so nothing is learned. For two classes with one output use "
            "binary_crossentropy.",
            SyntaxWarning,
            stacklevel=4,
        )


def smoothed(y: Any, label_smoothing: float, classes: int) -> Any:
    """Targets moved towards even odds."""
    if not label_smoothing:
        return y
    y = y * (1 - label_smoothing) + label_smoothing / classes
    hint(y, "y_smooth")
    return y


def surprise(y: Any, p: Any) -> Any:
    """-y log(p) - (1 - y) log(1 - p) for probabilities, element by element."""
    p = np.clip(p, epsilon(), 1 - epsilon())
    hint(p, "clipped")
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


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
    return np.log(normalized(p, axis))


def normalized(p: Any, axis: int) -> Any:
    """Probabilities that add up to 1, away from 0 and 1."""
    p = p / np.sum(p, axis=axis, keepdims=True)
    return np.clip(p, epsilon(), 1 - epsilon())


class BinaryCrossentropy(FunctionLoss, of=binary_crossentropy):
    """The loss of :func:`binary_crossentropy`, weighted and reduced.

    >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.75]])), 4)
    0.4904
    """


class CategoricalCrossentropy(FunctionLoss, of=categorical_crossentropy):
    """The loss of :func:`categorical_crossentropy`, weighted and reduced.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.25, 0.75]])), 4)
    0.2877
    """


class SparseCategoricalCrossentropy(
    FunctionLoss, of=sparse_categorical_crossentropy,
    order="from_logits ignore_class reduction axis name dtype", unsaid=("axis",),
):  # fmt: skip
    """The loss of :func:`sparse_categorical_crossentropy`, weighted and reduced.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.25, 0.75]])), 4)
    0.2877
    """
