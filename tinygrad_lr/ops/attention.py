"""Attention, and moving elements between pixels and channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, functions
from tinygrad_lr.ops.conversion import (
    cast,
    is_number,
    tensor,
    together,
    wrapped,
)


def dot_product_attention(
    query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None,
    scale: float | None = None, is_causal: bool = False,
    flash_attention: bool | None = None, attn_logits_soft_cap: float | None = None,
) -> Any:  # fmt: skip
    """softmax(query keyᵀ scale + bias) value, for each head.

    The shapes are (batch, time, heads, size); ``mask`` broadcasts to (batch, heads,
    query time, key time) and is False for what is not looked at; ``scale`` is
    1 / sqrt(size) if None.

    Source: Vaswani et al., "Attention is all you need", arXiv:1706.03762.
    """
    if flash_attention:
        raise ValueError("dot_product_attention: there is no flash attention here.")
    query, key, value = together(query, key, value, real=True)
    for part in (query, key, value):
        if len(part.shape) != 4:
            raise ValueError(
                "dot_product_attention: expected (batch, time, heads, size), got shape "
                f"{part.shape}."
            )
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = np.repeat(key, groups, 2), np.repeat(value, groups, 2)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    logits = np.einsum("btnh,bsnh->bnts", query, key) * scale
    if bias is not None:
        logits = logits + tensor(bias, logits.dtype)
    if attn_logits_soft_cap is not None:
        logits = np.tanh(logits / attn_logits_soft_cap) * attn_logits_soft_cap
    seen = None if mask is None else cast(tensor(mask), bool)
    if is_causal:
        causal = np.tri(query.shape[1], key.shape[1], dtype=bool)
        seen = causal if seen is None else np.logical_and(seen, causal)
    if seen is not None:
        logits = np.where(seen, logits, -0.7 * float(np.finfo(logits.dtype).max))
    weights = functions.softmax(logits, axis=-1)
    return wrapped(np.einsum("bnts,bsnh->btnh", weights, value))


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Move channels into blocks of pixels."""
    x = channels_last(tensor(x), data_format)
    n, h, w, c = x.shape
    b = block_size
    x = np.reshape(x, (n, h, w, b, b, c // b**2))
    x = np.reshape(np.transpose(x, (0, 1, 3, 2, 4, 5)), (n, h * b, w * b, c // b**2))
    return wrapped(channels_back(x, data_format))


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Move blocks of pixels into channels."""
    x = channels_last(tensor(x), data_format)
    n, h, w, c = x.shape
    b = block_size
    x = np.reshape(x, (n, h // b, b, w // b, b, c))
    x = np.reshape(np.transpose(x, (0, 1, 3, 2, 4, 5)), (n, h // b, w // b, c * b**2))
    return wrapped(channels_back(x, data_format))


def channels_last(x: Any, data_format: str) -> Any:
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"expected 'channels_last' or 'channels_first', got {data_format!r}."
        )
    return np.transpose(x, (0, 2, 3, 1)) if data_format == "channels_first" else x


def channels_back(x: Any, data_format: str) -> Any:
    return np.transpose(x, (0, 3, 1, 2)) if data_format == "channels_first" else x


def polar(abs_: Any, angle: Any) -> Any:
    """The complex number of this amount and angle."""
    abs_, angle = together(abs_, angle, real=True)
    parts = (x if is_number(x) else x.numpy() for x in (abs_, angle))
    amount, turn = (np.asarray(part) for part in parts)
    return Tensor((amount * np.exp(1j * turn)).astype(np.complex64))
