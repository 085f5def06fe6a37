"""``keras.mixed_precision``: policies under the names that older programs use."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.config import dtype_policy, set_dtype_policy
from tinygrad_lr.dtype_policies import DTypePolicy

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy


def LossScaleOptimizer(inner_optimizer: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the optimizer itself: float32 needs no scaling of the loss."""
    return inner_optimizer


__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
