"""Learning rates of an optimizer: one, or one of each optimizer inside it.

A ``MultiOptimizer`` has no rate of its own; what callbacks show and set are the rates
of its parts, each under the part's name.
"""

from __future__ import annotations

from typing import Any


def with_rates(optimizer: Any) -> list[tuple[str, Any]]:
    """The optimizers that have a learning rate, each with the name of the rate."""
    if not hasattr(optimizer, "optimizers"):
        return [("learning_rate", optimizer)]
    return [(f"learning_rate_{part.name}", part) for part in optimizer.optimizers]


def rate_of(name: str) -> str:
    """What a message calls the rate of this name.

    >>> rate_of("learning_rate"), rate_of("learning_rate_sgd")
    ('learning rate', 'sgd learning rate')
    """
    part = name.removeprefix("learning_rate").removeprefix("_")
    return f"{part} learning rate".strip()


def learning_rates(optimizer: Any) -> dict[str, float]:
    """The learning rates by name, as numbers."""
    return {name: float(o.learning_rate) for name, o in with_rates(optimizer)}
