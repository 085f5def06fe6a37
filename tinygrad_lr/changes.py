"""One counter for all attributes set on layers, optimizers, losses and metrics.

A compiled step has settings such as a dropout rate built in. As long as the counter
stands still none of these can have changed, which costs one comparison to know. Other
objects, and what is in containers, do not say that they changed: :meth:`Changes.doubt`
is called where a training, an evaluation or a prediction begins.
"""

from __future__ import annotations

from typing import Any


class Changes:
    """How many attributes have been set so far, and how often there was doubt."""

    count = 0
    doubts = 0

    def doubt(self) -> None:
        """Have what does not say that it changed looked at once more."""
        self.doubts += 1


changes = Changes()


class Noticed:
    """Base of classes whose attributes are settings of a step.

    ``_counted`` names containers whose every change adds to the counter, too.
    """

    _counted: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        changes.count += 1
        super().__setattr__(name, value)
