"""From what people pass in (arrays, lists, frames) to Tensors of fitting shapes.

Everything a layer, loss or metric is given goes through :func:`as_tensor`, and
everything that compares targets with predictions goes through :func:`align_ranks`, once
for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.activations import Probabilities, logits_of
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.nesting import like


def as_tensor(value: Any, dtype: Any = None) -> Any:
    """Return ``value`` (a Tensor, array, list, number or data frame) as a Tensor.

    A Tensor that has the wanted ``dtype`` already is returned as it is. Raises
    ``TypeError`` for strings, objects and ragged lists.
    """
    if not isinstance(value, Tensor):
        if hasattr(value, "to_numpy"):
            value = value.to_numpy()
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return Tensor(value, dtype=dtype)
        try:
            value = Tensor(value)
        except ValueError as error:
            raise TypeError(
                "expected numbers in a regular grid, got a ragged nesting of lists: "
                "pad the rows to one length first."
            ) from error
    return value if dtype is None or value.data.dtype == dtype else value.astype(dtype)


def is_place(value: Any) -> bool:
    """Whether ``value`` is a place in a model (KerasTensor lies above here)."""
    return hasattr(value, "_keras_history")


def as_tensors(value: Any, dtype: Any = None) -> Any:
    """Like :func:`as_tensor`, for one array or for a list, tuple or dict of them."""
    if isinstance(value, dict):
        return {key: as_tensors(part, dtype) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and any(
        isinstance(part, (Tensor, np.ndarray, dict)) for part in value
    ):
        return like(value, [as_tensors(part, dtype) for part in value])
    return as_tensor(value, dtype)


def align_ranks(x: Any, y: Any) -> tuple[Any, Any]:
    """Give ``x`` and ``y`` equal ranks where one lacks a last axis of length 1.

    Shapes (n,) and (n, 1) become (n, 1) both; (n, t, 1) and (n, t) become (n, t) both;
    everything else stays as it is.
    """
    if x.ndim == y.ndim + 1 and x.shape[-1] == 1:
        if y.ndim == 1:
            return x, reshaped(np.expand_dims, y)
        return reshaped(np.squeeze, x), y
    if y.ndim == x.ndim + 1 and y.shape[-1] == 1:
        if x.ndim == 1:
            return reshaped(np.expand_dims, x), y
        return x, reshaped(np.squeeze, y)
    return x, y


def reshaped(function: Callable[..., Any], x: Any) -> Any:
    """Add or remove a last axis; probabilities from a sigmoid keep their logits."""
    out = function(x, -1)
    logits = logits_of(x, "sigmoid")
    if logits is not None:
        return Probabilities.with_logits(out, function(logits, -1), "sigmoid")
    return out
