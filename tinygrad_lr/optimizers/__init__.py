"""Optimizers: how weights follow gradients, and learning rates their schedules."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.optimizers import schedules
from tinygrad_lr.optimizers.adam import (
    Adam,
    Adamax,
    AdamW,
    Lamb,
    Nadam,
    ScheduleFreeAdamW,
)
from tinygrad_lr.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from tinygrad_lr.optimizers.matrices import Adafactor, Muon
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.optimizer import registry as registry  # not in __all__
from tinygrad_lr.optimizers.sgd import SGD, Lion
from tinygrad_lr.optimizers.wrappers import (
    LossScaleOptimizer,
    MultiOptimizer,
    OptimizerMap,
)

registry.add(
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion,
    LossScaleOptimizer, MultiOptimizer, Muon, Nadam, OptimizerMap, RMSprop, SGD,
    ScheduleFreeAdamW,
)  # fmt: skip
serialize, deserialize = registry.serialize, registry.deserialize


def get(identifier: Any) -> Any:
    """Return the optimizer for a name (in any case), a class, a configuration, or
    itself.

    >>> type(get("RMSprop")).__name__, type(get("sgd")).__name__
    ('RMSprop', 'SGD')
    """
    found = registry.get(identifier)
    if not isinstance(found, Optimizer) and identifier is not None:
        raise ValueError(
            "expected the name of an optimizer, such as 'adam', or an Optimizer, got "
            f"{identifier!r} of type {type(identifier).__name__}."
        )
    return found


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

attach_getattr(__name__)
