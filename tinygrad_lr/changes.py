"""One counter for all attributes set on layers, optimizers, losses and metrics.

A compiled step has settings such as a dropout rate built in. As long as the counter
stands still nothing can have changed, which costs one comparison to know.
"""

from __future__ import annotations

from typing import Any


class Changes:
    """How many attributes have been set so far."""

    count = 0


changes = Changes()


class Noticed:
    """Base of classes whose attributes are settings of a step."""

    def __setattr__(self, name: str, value: Any) -> None:
        changes.count += 1
        super().__setattr__(name, value)
