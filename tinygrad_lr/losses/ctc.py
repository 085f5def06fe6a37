"""Connectionist temporal classification: targets without a time for each label.

A sequence of labels has many alignments with a longer sequence of predictions: labels
may last, and blanks (class 0) may lie between them. The loss is minus the logarithm of
the probability of all alignments together, summed up by dynamic programming, one step
in time after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import check_class_numbers, noted, predictions

BLANK = 0
IMPOSSIBLE = -1e5  # a logarithm of 0 that stays finite, as in Keras


@noted(targets="integers")
def ctc(y_true: Any, y_pred: Any) -> Any:
    """-log(P(y_true | y_pred)), one value per sequence.

    ``y_true`` holds labels from 1 and has shape (n, longest), padded with 0; ``y_pred``
    holds logits of shape (n, time, classes), class 0 being the blank.

    Source: Graves et al., "Connectionist temporal classification", 2006.

    >>> ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]])  # of 4 paths, 3 mean label 1
    Tensor([0.2876821], dtype=float32)
    """
    y, logits = as_tensor(y_true), predictions(y_pred)
    if y.ndim != 2 or logits.ndim != 3 or len(y) != len(logits):
        raise ValueError(
            "ctc: expected targets of shape (n, longest) and logits of shape (n, time, "
            f"classes), got shapes {y.shape} and {logits.shape}."
        )
    if mode.recorder is None:
        check_class_numbers(y.data, logits.shape[-1], None, "ctc: y_true")
    n, longest = y.shape
    labels = y.astype(np.int64)
    # States: a blank before, between and after the labels.
    blanks = np.zeros_like(labels)
    states = np.reshape(np.stack([blanks, labels], axis=-1), (n, 2 * longest))
    states = np.concatenate([states, np.zeros((n, 1), np.int64)], axis=1)
    # A blank may be left out between two different labels, at the odd states.
    odd = np.arange(2, 2 * longest + 1) % 2 == 1
    free = odd & (states[:, 2:] != states[:, :-2])
    toll = np.where(free, 0.0, IMPOSSIBLE).astype(logits.dtype)
    log_p = functions.log_softmax(logits, axis=-1)
    log_p = np.take_along_axis(log_p, states[:, None], axis=-1)
    never = np.full((n, 2 * longest + 1), IMPOSSIBLE, logits.dtype)
    path = np.concatenate([np.zeros((n, 1), logits.dtype), never[:, 1:]], axis=1)
    for t in range(logits.shape[1]):
        step = np.concatenate([never[:, :1], path[:, :-1]], axis=1)
        jump = np.concatenate([never[:, :2], path[:, :-2] + toll], axis=1)
        path = np.logaddexp(np.logaddexp(path, step), jump) + log_p[:, t]
    # The end is the last label or the blank after it.
    last = 2 * np.sum(labels != BLANK, axis=1, keepdims=True)
    at = np.arange(2 * longest + 1)
    ends = np.where((at == last) | (at == last - 1), path, IMPOSSIBLE)
    return -functions.logsumexp(ends, axis=1)


class CTC(FunctionLoss, of=ctc):
    """The loss of :func:`ctc`, weighted and reduced."""
