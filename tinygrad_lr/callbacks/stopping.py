"""Callbacks that end a training: it no longer improves, or it has gone wrong."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.notices import warn

HIGHER_IS_BETTER = (
    "acc",
    "accuracy",
    "auc",
    "precision",
    "recall",
    "score",
    "iou",
    "f1",
)
LOWER_IS_BETTER = (
    "loss",
    "error",
    "mse",
    "mae",
    "mape",
    "msle",
    "rmse",
    "crossentropy",
)


class MonitorCallback(Callback):
    """Base of callbacks that watch whether one metric improves.

    ``mode`` is "min", "max", or "auto" (by the metric's name); an improvement is a
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

    def direction(self) -> int:
        """1 if the metric should grow, -1 if it should shrink."""
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        known = {"up": 1, "down": -1}
        for metric in getattr(self.model, "metrics", ()):
            for part in getattr(metric, "metrics", ()) or (metric,):
                if part.name == name and getattr(part, "_direction", None) in known:
                    return known[part._direction]
        words = name.lower().split("_")
        for endings, sign in ((LOWER_IS_BETTER, -1), (HIGHER_IS_BETTER, 1)):
            if any(word in endings for word in words):
                return sign
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
                f"{type(self).__name__}: the metric {self.monitor!r} is not "
                f"available; there is {', '.join(logs) or 'none'}."
            )
        return value

    def improved(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` is better than ``reference`` by more than ``min_delta``."""
        self.sign = self.sign or self.direction()
        return reference is None or self.sign * (value - reference) > self.min_delta


class EarlyStopping(MonitorCallback):
    """Ends the training when a metric has stopped improving.

    Args:
        monitor: name of the metric.
        min_delta: least change that counts as an improvement.
        patience: number of epochs without improvement after which training ends.
        verbose: 1 to tell when it ends.
        mode: "min", "max" or "auto".
        baseline: value that has to be beaten, too.
        restore_best_weights: whether to go back to the weights of the best epoch at the
            end.
        start_from_epoch: number of epochs to wait before watching.

    Source: Prechelt, "Early stopping - but when?" (1998).
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self.sign = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.sign = self.sign or self.direction()
        value = self.current(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improved(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improved(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Ends the training at the first batch after which the loss is NaN or infinite.

    With ``raise_error=True`` it raises ``RuntimeError`` instead of ending quietly.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"the loss is {loss} at batch {batch}; training is ended."
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
