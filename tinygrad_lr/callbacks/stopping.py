"""Callbacks that end a training: it no longer improves, or it has gone wrong."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.monitor import MonitorCallback
from tinygrad_lr.utils.interactive import print_message


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

    Example:
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> stop = EarlyStopping(monitor="loss", min_delta=0.1, patience=2)
        >>> history = model.fit(x, y, epochs=50, verbose=0, callbacks=[stop])
        >>> len(history.epoch)
        9
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

    def get_monitor_value(self, logs: dict[str, Any] | None) -> float | None:
        """The value to be watched, or None with a warning; to be overridden."""
        return self.current(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.sign = self.sign or self.direction(logs)
        value = self.get_monitor_value(logs)
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
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print_message(
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
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
