"""History: the metrics of every epoch, kept for plots and tables."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.callbacks.callback import Callback


class Logs(dict[str, Any]):
    """Metrics by name. ``acc`` and ``accuracy`` answer for each other, as do ``lr`` and
    ``learning_rate``.

    Keras has called the same thing both ways; the key that is there is the one compile
    was given, and the other is found all the same (with ``val_`` in front, too).

        >>> logs = Logs(val_accuracy=0.75)
        >>> logs["val_acc"], list(logs)
        (0.75, ['val_accuracy'])
    """

    def __missing__(self, name: str) -> Any:
        alias = other_spelling(name)
        if alias is None or not dict.__contains__(self, alias):
            raise KeyError(name)
        return self[alias]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or dict.__contains__(
            self, other_spelling(name)
        )

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of ``name`` under either spelling, else ``default``."""
        return self[name] if name in self else default  # noqa: SIM401  # this is get


SPELLINGS = {"acc": "accuracy", "accuracy": "acc"}
SPELLINGS |= {f"val_{name}": f"val_{other}" for name, other in SPELLINGS.items()}
SPELLINGS |= {"lr": "learning_rate", "learning_rate": "lr"}


def other_spelling(name: object) -> str | None:
    """The other name of the same thing, or None."""
    return SPELLINGS.get(name) if isinstance(name, str) else None


class History(Callback):
    """What ``fit`` returns: ``history`` (lists by metric), ``epoch`` (numbers),
    ``params``.

    Every model gets one by itself, as ``model.history``.

    >>> from tinygrad_lr import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(optimizer="sgd", loss="mse")
    >>> x, y = [[1.0]], [[2.0]]
    >>> history = model.fit(x, y, epochs=3, verbose=0)
    >>> history.epoch, list(history.history)
    ([0, 1, 2], ['loss'])
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = Logs()
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.epoch = []
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            if not dict.__contains__(self.history, name):
                self.history[name] = []
            self.history[name].append(value)
