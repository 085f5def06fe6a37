"""``keras.mixed_precision``: policies under the names that older programs use."""

from __future__ import annotations

from tinygrad_lr.config import dtype_policy, set_dtype_policy
from tinygrad_lr.dtype_policies import DTypePolicy
from tinygrad_lr.optimizers import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy


__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
