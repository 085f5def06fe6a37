"""Callbacks made of functions: any hook, or a learning rate for each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lr.arguments import unknown_argument
from tinygrad_lr.callbacks.callback import HOOKS, Callback
from tinygrad_lr.callbacks.learning_rates import learning_rates, rate_of, with_rates
from tinygrad_lr.naming import suggestion
from tinygrad_lr.utils.interactive import print_message

Hook = Callable[..., Any] | None


class LambdaCallback(Callback):
    """A callback made of functions, one for each hook that is given.

    Other arguments become attributes; ``TypeError`` for a name like that of a hook.

    Example:
        >>> show = lambda epoch, logs: print(epoch, logs)
        >>> printer = LambdaCallback(on_epoch_end=show)
        >>> printer.on_epoch_end(0, {"loss": 0.5})
        0 {'loss': 0.5}
    """

    for_function = True  # the constructor checks other names itself

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        on_batch_begin: Hook = None,
        on_batch_end: Hook = None,
        on_test_begin: Hook = None,
        on_test_end: Hook = None,
        on_test_batch_begin: Hook = None,
        on_test_batch_end: Hook = None,
        on_predict_begin: Hook = None,
        on_predict_end: Hook = None,
        on_predict_batch_begin: Hook = None,
        on_predict_batch_end: Hook = None,
        **attributes: Any,
    ) -> None:
        given = locals()
        super().__init__()
        for name in attributes:
            if suggestion(name, HOOKS):
                raise unknown_argument("LambdaCallback", [name], frozenset(HOOKS))
        vars(self).update(attributes)
        for name in HOOKS:
            if given[name] is not None:
                setattr(self, name, given[name])


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch.

    Args:
        schedule: function of the epoch (from 0) and, if it takes two arguments, of the
            current learning rate; returns the new one.
        verbose: 1 to print it.

    Example:
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[halve])
        >>> [round(rate, 5) for rate in history.history["learning_rate"]]
        [0.005, 0.0025, 0.00125]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, optimizer in with_rates(self.model.optimizer):
            rate = self.set_rate(optimizer, epoch)
            if self.verbose:
                print_message(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting "
                    f"{rate_of(name)} to {rate}."
                )

    def set_rate(self, optimizer: Any, epoch: int) -> float:
        """Set the rate of one optimizer for an epoch, and return it."""
        if takes_two(self.schedule):
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        else:
            rate = self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError):
            raise ValueError(
                "LearningRateScheduler: expected the schedule to return a number, got "
                f"{rate!r} for epoch {epoch}."
            ) from None
        optimizer.learning_rate = rate
        return rate

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs.update(learning_rates(self.model.optimizer))


def takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function can be given two arguments."""
    import inspect  # costs milliseconds, and hardly any program gets here

    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True
