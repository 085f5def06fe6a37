"""Constructors made from functions: ``class Huber(FunctionLoss, of=huber)``.

Many losses and metrics are a function whose settings are remembered. What such a class
can be given is then known already: the settings of the function with their defaults,
and what all classes of its kind take. Only the order is a matter of history.
"""

from __future__ import annotations

import inspect  # imported by NumPy in any case
from collections.abc import Callable, Mapping
from typing import Any

from tinygrad_lr.arguments import unknown_argument

KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD


def settings_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The parameters after ``y_true`` and ``y_pred``, with their defaults.

    >>> def loss(y_true, y_pred, delta=1.0, axis=-1): ...
    >>> settings_of(loss)
    {'delta': 1.0, 'axis': -1}
    """
    known = [*inspect.signature(function).parameters.values()][2:]
    return {parameter.name: parameter.default for parameter in known}


def constructor(
    initialise: Callable[..., None], names: list[str], defaults: Mapping[str, Any]
) -> Callable[..., None]:
    """Make an ``__init__`` with these parameters.

    It calls ``initialise`` with the object and, by name, every argument. Parameters
    without an entry in ``defaults`` must be given.
    """
    empty = inspect.Parameter.empty
    parameters = [inspect.Parameter("self", KIND)]
    parameters += [
        inspect.Parameter(name, KIND, default=defaults.get(name, empty))
        for name in names
    ]
    signature = inspect.Signature(parameters)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # is one
        unknown = [name for name in kwargs if name not in names]
        if unknown:
            raise unknown_argument(type(self).__name__, unknown, frozenset(names))
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}.") from None
        given.apply_defaults()
        initialise(**given.arguments)

    __init__.__signature__ = signature  # type: ignore[attr-defined]  # for inspect
    return __init__


class OneFunction:
    """Mixin for a wrapper whose subclasses are each about one function.

    ``class Huber(FunctionLoss, of=huber)`` has the constructor that follows from
    ``huber``: its settings, and what is ``shared`` by all classes of the kind, in the
    ``order`` given; further keywords are other defaults. A setting becomes an attribute
    of its name. What is ``unsaid`` is in the configuration only if it is not the
    default.
    """

    shared: Mapping[str, Any] = {}
    settings_first = True
    _unsaid: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("each subclass has a constructor of its own")

    def __init_subclass__(
        cls, of: Callable[..., Any] | None = None, order: str = "",
        unsaid: tuple[str, ...] = (), **defaults: Any,
    ) -> None:  # fmt: skip
        super().__init_subclass__()
        if of is None:  # a user's class that changes one of ours
            return
        settings = settings_of(of)
        shared = {**cls.shared, "name": of.__name__}
        usual = [*settings, *shared] if cls.settings_first else [*shared, *settings]
        known = {**settings, **shared, **defaults}

        def initialise(self: Any, **given: Any) -> None:
            super().__init__(of, **given)  # type: ignore[call-arg]  # of the wrapper
            vars(self).update({name: given[name] for name in settings if name in given})
            self.check()

        made = constructor(initialise, order.split() or usual, known)
        cls.__init__ = made  # type: ignore[method-assign]  # made, not written
        cls._unsaid = {name: known[name] for name in unsaid}

    def check(self) -> None:
        """Raise for settings that make no sense."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an object."""
        config: dict[str, Any] = super().get_config()  # type: ignore[misc]  # of the wrapper
        del config["fn"]
        for name, default in self._unsaid.items():
            if config[name] == default:
                del config[name]
        return config
