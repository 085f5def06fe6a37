"""Masks: which time steps of a Tensor count, handed on beside it from layer to layer.

A mask is a Tensor of truth values of shape (batch, time). It is no part of the Tensor
it belongs to: calculations do not know it, only layers, losses and metrics ask for it.
"""

from __future__ import annotations

import weakref
from typing import Any

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.nesting import map_structure

masks: dict[int, Any] = {}  # by the identity of a Tensor, for as long as it lives
watched: dict[int, weakref.ref[Any]] = {}


def mask_of(value: Any) -> Any:
    """The mask of a Tensor, or None; for a nesting of Tensors a nesting of masks.

    >>> x = Tensor([[1.0, 2.0]])
    >>> set_mask(x, Tensor([[True, False]]))
    >>> mask_of(x)
    Tensor([[ True, False]], dtype=bool)
    """
    if isinstance(value, (list, tuple, dict)):
        return map_structure(mask_of, value)
    return masks.get(id(value)) if masks else None


def set_mask(tensor: Tensor, mask: Any) -> None:
    """Let a Tensor have a mask, or none."""
    key = id(tensor)
    if mask is None:
        masks.pop(key, None)
        watched.pop(key, None)
        return

    def forget(_: Any) -> None:
        masks.pop(key, None)
        watched.pop(key, None)

    masks[key] = mask
    watched[key] = weakref.ref(tensor, forget)
