"""Circle loss: embeddings of one class come together, those of others move apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff import functions
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import noted, predictions
from tinygrad_lr.masks import set_mask

NEVER = -1e30  # stands for the logarithm of 0


def labels_of(y: Any, rows: int, what: str) -> Any:
    """Integer labels of shape (rows,)."""
    y = as_tensor(y)
    if y.shape not in ((rows,), (rows, 1)):
        raise ValueError(
            f"circle: expected one label for each of the {rows} {what}, got labels of "
            f"shape {y.shape}."
        )
    return np.reshape(y, (rows,)).astype(np.int64)


@checked
@noted(targets="integers")
def circle(
    y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None,
    remove_diagonal: bool = True, gamma: float = 80, margin: float = 0.4,
) -> Any:  # fmt: skip
    """softplus(logsumexp(pairs of one class) + logsumexp(pairs of two classes)).

    ``y_true`` holds integer labels of shape (n,) and ``y_pred`` embeddings of length 1
    and shape (n, d); the result has shape (n,). Each is compared with all others of the
    batch, or with ``ref_embeddings`` of shape (m, d), which have ``ref_labels``;
    ``remove_diagonal`` leaves out the comparison of a sample with itself. ``margin``
    says how near is near enough, and ``gamma`` how steep the loss is. In a mean,
    samples without loss do not count.

    Source: Sun et al., "Circle loss", arXiv:2002.10857.
    """
    own = predictions(y_pred)
    others = own if ref_embeddings is None else as_tensor(ref_embeddings, own.dtype)
    labels = labels_of(y_true, len(own), "embeddings")
    other_labels = labels
    if ref_labels is not None:
        other_labels = labels_of(ref_labels, len(others), "reference embeddings")
    distance = np.maximum(1 - own @ others.T, 0)
    same = labels[:, None] == other_labels
    other = np.logical_not(same)
    if remove_diagonal:
        same = same & (np.eye(*same.shape) == 0)
    pull = gamma * np.maximum(margin + distance, 0) * (distance - margin)
    push = gamma * np.maximum(1 + margin - distance, 0) * (1 - margin - distance)
    nearest = functions.logsumexp(np.where(same, pull, NEVER), axis=1)
    furthest = functions.logsumexp(np.where(other, push, NEVER), axis=1)
    loss = functions.softplus(nearest + furthest)
    set_mask(loss, loss > 0)
    return loss


class Circle(
    FunctionLoss, of=circle, order="gamma margin remove_diagonal reduction name dtype",
    gamma=80.0,
):  # fmt: skip
    """The loss of :func:`circle`, weighted and reduced."""
