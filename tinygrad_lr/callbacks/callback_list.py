"""CallbackList: several callbacks called as one, and only where they listen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.callbacks.callback import HOOKS, Callback, overrides
from tinygrad_lr.callbacks.history import History, Logs
from tinygrad_lr.callbacks.progbar_logger import ProgbarLogger


def numbers(logs: dict[str, Any] | None) -> Logs:
    """The values of ``logs`` as Python floats, by name; dicts within are laid flat.

    What has axes, a metric per class for example, stays an array.
    """
    if logs is not None and not isinstance(logs, dict):
        raise TypeError(
            "expected a step to return a dict of metrics such as {'loss': loss}, got "
            f"{type(logs).__name__}."
        )
    found = Logs()
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            found.update(numbers(value))
            continue
        if isinstance(value, Tensor):
            value = value.data
        try:
            found[name] = value if getattr(value, "ndim", 0) else float(value)
        except (TypeError, ValueError):
            found[name] = value
    return found


class CallbackList(Callback):
    """Calls every callback of a list in turn.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: add a :class:`History` unless there is one.
        add_progbar: add a :class:`ProgbarLogger` unless there is one.
        model: the model they are told about.
        every: call the hooks of batches only every so many batches.
        verbose, epochs, steps: what they are told with ``set_params``.

    :meth:`listens_to` tells whether anybody wants to be called at a batch: if not, the
    loop over batches need not.
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        every: int = 1,
        verbose: Any = 0,
        epochs: int = 1,
        steps: int | None = None,
    ) -> None:
        super().__init__()
        self.every = every
        self.late: tuple[str, int, dict[str, Any] | None] | None = None
        self.callbacks = as_list(callbacks)
        self.progbar = self.find(ProgbarLogger, add_progbar)
        self.history = self.find(History, add_history)
        if model is not None:
            self.set_model(model)
        self.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})
        self.refresh()

    def find(self, kind: type[Callback], add: bool) -> Any:
        """The callback of a kind, added if there is none and one is wanted."""
        found = next((c for c in self.callbacks if isinstance(c, kind)), None)
        if found is None and add:
            found = kind()
            self.callbacks.append(found)
        return found

    def refresh(self) -> None:
        """Find out who listens to which hook."""
        self.hooks: dict[str, list[Any]] = {
            hook: [getattr(c, hook) for c in self.callbacks if overrides(c, hook)]
            for hook in HOOKS
        }
        if type(self.progbar) is ProgbarLogger:  # it is asked first whether it is due
            for part in ("train", "test", "predict"):
                own = getattr(self.progbar, f"on_{part}_batch_end")
                self.hooks[f"on_{part}_batch_end"].remove(own)

    def listens_to(self, part: str) -> bool:
        """Whether anybody wants to know of "train", "test" or "predict" batches."""
        return bool(
            self.hooks[f"on_{part}_batch_begin"]
            or self.hooks[f"on_{part}_batch_end"]
            or (self.progbar is not None and self.progbar.moves(part))
        )

    @property
    def only_history(self) -> bool:
        """Whether nobody but a History wants to know of anything."""
        return [type(callback) for callback in self.callbacks] == [History]

    def batches_done(self, part: str, count: int) -> None:
        """Tell that the batches of "train", "test" or "predict" are done.

        The bar need not have been called for each, so it is told their number.
        """
        if self.late is not None:
            hook, batch, logs = self.late
            self.batch_end(hook, batch, logs, last=True)
        if self.progbar is not None and self.progbar.shows(part):
            self.progbar.seen = count

    def append(self, callback: Callback) -> None:
        """Add a callback."""
        self.callbacks.extend(as_list(callback))
        self.refresh()

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def call(self, hook: str, *arguments: Any) -> None:
        """Call one hook of everybody who has it."""
        for function in self.hooks[hook]:
            function(*arguments)

    def batch_begin(self, hook: str, batch: int, logs: dict[str, Any] | None) -> None:
        """Call a hook before a batch, if it is the first of a group of ``every``."""
        if batch % self.every == 0:
            self.call(hook, batch, numbers(logs))

    def batch_end(
        self, hook: str, batch: int, logs: dict[str, Any] | None, last: bool = False
    ) -> None:
        """Call a hook after a batch, turning ``logs`` into numbers only if somebody
        looks.
        """
        if (batch + 1) % self.every and not last:
            self.late = hook, batch, logs
            return
        self.late = None
        functions = self.hooks[hook]
        due = self.progbar is not None and self.progbar.due(hook)
        if functions or due:
            logs = numbers(logs)
            for function in functions:
                function(batch, logs)
            if due:
                getattr(self.progbar, hook)(batch, logs)

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.call("on_epoch_begin", epoch, numbers(logs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.call("on_epoch_end", epoch, numbers(logs))

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batch_begin("on_train_batch_begin", batch, logs)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batch_end("on_train_batch_end", batch, logs)

    def on_test_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batch_begin("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.batch_end("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batch_begin("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batch_end("on_predict_batch_end", batch, logs)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_train_begin", numbers(logs))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_train_end", numbers(logs))

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_test_begin", numbers(logs))

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_test_end", numbers(logs))

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_predict_begin", numbers(logs))

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self.call("on_predict_end", numbers(logs))


def as_list(callbacks: Any) -> list[Callback]:
    """One callback, a list of them (of lists) or None, as a list of callbacks."""
    if callbacks is None:
        return []
    if isinstance(callbacks, Callback):
        return [callbacks]
    if isinstance(callbacks, (list, tuple)):
        return [callback for part in callbacks for callback in as_list(part)]
    hint = "Derive a class from keras.callbacks.Callback."
    if isinstance(callbacks, type) and issubclass(callbacks, Callback):
        hint = f"Write {callbacks.__name__}() with parentheses."
    raise TypeError(f"callbacks: expected Callback objects, got {callbacks!r}. {hint}")
