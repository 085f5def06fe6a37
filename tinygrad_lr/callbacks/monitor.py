"""MonitorCallback: watching whether one metric improves.

Whether it should grow or shrink is what the metric itself says; a loss shrinks.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.history import other_spelling
from tinygrad_lr.naming import suggestion
from tinygrad_lr.notices import warn

DIRECTIONS = {"up": 1, "down": -1}


class MonitorCallback(Callback):
    """Base of callbacks that watch whether one metric improves.

    ``mode`` is "min", "max", or "auto" (as the metric says); an improvement is a
    change by more than ``min_delta`` in that direction.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warn(
                f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', got "
                f"{mode!r}; 'auto' is used."
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best: float | None = baseline
        self.min_delta = abs(min_delta)
        self.sign = 0

    def direction(self, logs: dict[str, Any] | None = None) -> int:
        """1 if the metric should grow, -1 if it should shrink.

        Raises ``ValueError`` for a metric that does not say so, or is not in ``logs``.
        """
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return -1
        for metric in getattr(self.model, "metrics", ()):
            for part in getattr(metric, "metrics", ()) or (metric,):
                if part.name in (name, other_spelling(name)):
                    sign = DIRECTIONS.get(getattr(part, "_direction", None) or "")
                    if sign is not None:
                        return sign
        if logs and self.monitor not in logs:
            raise ValueError(
                f"{type(self).__name__}: there is no metric {self.monitor!r}."
                f"{suggestion(self.monitor, logs)} There is {', '.join(logs)}."
            )
        raise ValueError(
            f"{type(self).__name__}: cannot tell whether {self.monitor!r} should grow "
            "or shrink. Pass mode='max' or mode='min'."
        )

    def current(self, logs: dict[str, Any] | None) -> float | None:
        """The value of the metric, or None with a warning."""
        logs = logs or {}
        value: float | None = logs.get(self.monitor)
        if value is None:
            warn(
                f"{type(self).__name__}: the metric `{self.monitor}` is not available. "
                f"Available metrics are: {','.join(logs)}"
            )
        return value

    def improved(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` is better than ``reference`` by more than ``min_delta``."""
        self.sign = self.sign or self.direction()
        if reference is None:
            return True
        if self.sign > 0:
            return value - self.min_delta > reference
        return value + self.min_delta < reference
