"""Callback: being called while a model trains.

A callback overrides the hooks it cares about. What it does not override costs nothing:
the hooks of a batch are called only on those that have them.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import Checked

Logs = dict[str, Any] | None


class Callback(metaclass=Checked):
    """Base of all callbacks: every hook is there and does nothing.

    ``self.model`` is the model that trains, ``self.params`` a dict with ``verbose``,
    ``epochs`` and ``steps``. ``logs`` holds the metrics so far as Python floats. A
    callback ends the training by ``self.model.stop_training = True``.

    Example:
        >>> class Printer(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, sorted(logs))
        >>> Printer().on_epoch_end(0, {"loss": 0.5})
        0 ['loss']
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.model: Any = None
        self.validation_data = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the training."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model that is trained."""
        self.model = model

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """The old name of :meth:`on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """The old name of :meth:`on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called before the first batch of epoch number ``epoch`` (from 0)."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called after an epoch and its validation; ``logs`` holds both."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a training batch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a training batch; ``logs`` holds the means over the epoch so
        far.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of ``evaluate`` or of a validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of ``evaluate`` or of a validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of ``predict``; ``logs["outputs"]`` is what came out."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when ``fit`` begins."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when ``fit`` ends; ``logs`` is that of the last epoch."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called when ``evaluate`` or a validation begins."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called when ``evaluate`` or a validation ends."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called when ``predict`` begins."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called when ``predict`` ends."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def overrides(callback: Callback, hook: str) -> bool:
    """Whether a callback does something in a hook (or under the hook's old name)."""
    names = [hook, hook.replace("train_", "")] if "train_batch" in hook else [hook]
    return any(
        getattr(getattr(callback, name), "__func__", None) is not vars(Callback)[name]
        for name in names
    )
