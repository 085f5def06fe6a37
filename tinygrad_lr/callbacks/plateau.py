"""ReduceLROnPlateau: smaller steps once a metric no longer improves."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.callbacks.learning_rates import learning_rates, rate_of, with_rates
from tinygrad_lr.callbacks.monitor import MonitorCallback
from tinygrad_lr.utils.interactive import print_message


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by ``factor`` when a metric stops improving.

    Args:
        monitor: name of the metric.
        factor: below 1.
        patience: number of epochs without improvement after which it is reduced.
        verbose: 1 to tell when.
        mode: "min", "max" or "auto".
        min_delta: least change that counts as an improvement.
        cooldown: number of epochs after a reduction in which none are counted.
        min_lr: the learning rate does not go below.

    Raises:
        ValueError: for a ``factor`` of 1 or more.

    Example:
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> slower = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1.0)
        >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[slower])
        >>> [round(float(rate), 4) for rate in history.history["learning_rate"]]
        [0.01, 0.01, 0.005]
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau: expected a factor below 1, got {factor!r}."
            )
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0
        self.sign = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction is too recent to count epochs for the next."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.sign = self.sign or self.direction(logs)
        logs = {} if logs is None else logs
        logs.update(learning_rates(self.model.optimizer))
        value = self.current(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improved(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self.reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def reduce(self, epoch: int) -> bool:
        """Reduce the learning rate unless it is as low as may be; say whether."""
        reduced = False
        for name, optimizer in with_rates(self.model.optimizer):
            old = float(optimizer.learning_rate)
            if old <= np.float32(self.min_lr):
                continue
            reduced = True
            optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
            if self.verbose > 0:
                print_message(
                    f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing "
                    f"{rate_of(name)} to {new}."
                )
        return reduced
