"""Optimizers: how weights follow gradients, and learning rates their schedules."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.optimizers import schedules
from tinygrad_lr.optimizers.adaptive import Adam, RMSprop
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.sgd import SGD
from tinygrad_lr.registry import Registry

registry = Registry("optimizer", "keras.optimizers")
registry.add(Adam, RMSprop, SGD)
serialize, deserialize = registry.serialize, registry.deserialize


def get(identifier: Any) -> Any:
    """Return the optimizer for a name (in any case), a class, a configuration, or
    itself.

    >>> type(get("RMSprop")).__name__, type(get("sgd")).__name__
    ('RMSprop', 'SGD')
    """
    found = registry.get(identifier)
    if not isinstance(found, Optimizer):
        raise ValueError(
            "expected the name of an optimizer, such as 'adam', or an Optimizer, got "
            f"{identifier!r} of type {type(identifier).__name__}."
        )
    return found


__all__ = [
    "SGD",
    "Adam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "registry",
    "schedules",
    "serialize",
]
