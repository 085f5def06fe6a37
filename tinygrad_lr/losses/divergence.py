"""Divergences: how far a predicted distribution is from the true one."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.config import epsilon
from tinygrad_lr.losses.loss import FunctionLoss
from tinygrad_lr.losses.targets import compares


@compares()
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y log(y / p)) over the last axis, with both kept in [epsilon, 1].

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
    Tensor([0.14384106], dtype=float32)
    """
    y, p = (np.clip(t, epsilon(), 1) for t in (y_true, y_pred))
    return np.sum(y * np.log(y / p), axis=-1)


@compares()
def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(p - y log(p + epsilon)) over the last axis, for counts ``y_true`` and
    predicted means ``y_pred``.
    """
    return np.mean(y_pred - y_true * np.log(y_pred + epsilon()), axis=-1)


class KLDivergence(FunctionLoss, of=kl_divergence):
    """The loss of :func:`kl_divergence`, weighted and reduced.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """


class Poisson(FunctionLoss, of=poisson):
    """The loss of :func:`poisson`, weighted and reduced.

    >>> round(float(Poisson()([[2.0]], [[3.0]])), 4)
    0.8028
    """
