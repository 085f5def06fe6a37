"""Doubts: what can be computed, but is hardly what was meant.

They are found in values, on which a recorded step must not depend, so they are asked
for before a training, with its first batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lr.losses.loss import Loss

SLACK = 1e-5  # what rounding may add to a probability


def doubts(loss: Loss, y_true: Any, y_pred: Any, weights: Any) -> Iterator[str]:
    """Say what is odd about arrays of targets, predictions and weights (or None)."""
    if loss._targets in ("unit", "classes"):
        logits = getattr(loss, "from_logits", False)
        if not logits and outside(y_pred):
            yield (
                f"loss {loss.name!r} expects probabilities from 0 to 1, but the "
                f"outputs {reach(y_pred)} in the first batch. End the model with a "
                "sigmoid or softmax, or give the loss from_logits=True."
            )
        if loss._targets == "unit" and outside(y_true):
            yield (
                f"loss {loss.name!r} expects targets from 0 to 1, but they "
                f"{reach(y_true)} in the first batch. {remedy(y_true)}"
            )
    if weights is not None and (weights < 0).any():
        yield (
            f"sample_weight: expected weights from 0, got {weights.min():g}. A sample "
            "of negative weight is one to be predicted as badly as possible."
        )


def remedy(y_true: Any) -> str:
    """What to do about targets that are no probabilities."""
    if np.isin(y_true, (-1, 1)).all():
        return "Turn -1 and 1 into 0 and 1: (y + 1) / 2."
    if (y_true >= 0).all() and (y_true == np.round(y_true)).all():
        count = int(y_true.max()) + 1
        return (
            f"If these are the numbers of {count} classes, end the model with "
            f"Dense({count}, activation='softmax') and take the loss "
            "'sparse_categorical_crossentropy'."
        )
    return "Scale them to 0 to 1, or take a loss for numbers such as 'mse'."


def outside(x: Any) -> bool:
    """Whether an array has numbers that are no probabilities."""
    return bool((np.isfinite(x) & ((x < -SLACK) | (x > 1 + SLACK))).any())


def reach(x: Any) -> str:
    """How far an array reaches, in words."""
    return f"go from {np.nanmin(x):g} to {np.nanmax(x):g}"
