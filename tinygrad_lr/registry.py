"""Names for things: "adam", "mse", "glorot_uniform" and every spelling of them.

Each kind of thing (loss, metric, optimizer, ...) has one :class:`Registry`, which turns
a name, a class, a configuration or the thing itself into the thing, and a thing into a
configuration. Upper and lower case and underscores make no difference, unless two names
differ only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tinygrad_lr.naming import snake_case, suggestion

CUSTOM: dict[str, Any] = {}


def register_custom(name: str, thing: Any) -> Any:
    """Let every registry know a user's own class or function by ``name``."""
    CUSTOM[name] = thing
    return thing


def loose(name: str) -> str:
    """What two spellings of one name have in common."""
    return name.lower().replace("_", "")


class Registry:
    """All that can be named where a loss (a metric, an optimizer ...) is expected.

    ``kind`` is the word for error messages; ``module`` is where Keras keeps the kind,
    which configurations name so that Keras can read them. A known function is written
    as its name, or in full unless ``functions_by_name``.

    >>> colours = Registry("colour", "keras.colours")
    >>> class DarkRed: pass
    >>> colours.add(DarkRed, crimson=DarkRed)
    >>> type(colours.get("dark_red")).__name__, type(colours.get("Crimson")).__name__
    ('DarkRed', 'DarkRed')
    >>> colours.get("drak_red")
    Traceback (most recent call last):
    ValueError: unknown colour 'drak_red'. Did you mean 'dark_red'?
    """

    def __init__(self, kind: str, module: str, functions_by_name: bool = True) -> None:
        self.kind = kind
        self.module = module
        self.functions_by_name = functions_by_name
        self.entries: dict[str, Any] = {}
        self.loose: dict[str, Any] = {}

    def add(self, *things: Any, **aliases: Any) -> None:
        """Register classes and functions under their own names, and aliases."""
        named = {thing.__name__: thing for thing in things} | aliases
        for name, thing in named.items():
            self.entries[name] = thing
            if isinstance(thing, type) and name == thing.__name__:
                self.entries.setdefault(snake_case(name), thing)
        for name, thing in named.items():
            self.loose.setdefault(loose(name), thing)

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the class or function of this name; else raise with near names."""
        for table in (custom_objects or {}, CUSTOM, self.entries):
            if name in table:
                return table[name]
        if loose(name) in self.loose:
            return self.loose[loose(name)]
        known = {*self.entries, *CUSTOM}
        hint = (
            suggestion(name, known) or f" Known are {', '.join(sorted(self.entries))}."
        )
        raise ValueError(f"unknown {self.kind} {name!r}.{hint}")

    def get(
        self, identifier: Any, custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the thing for a name, a class, a configuration, or itself."""
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = self.find(identifier, custom_objects)
            return found() if isinstance(found, type) else found
        if isinstance(identifier, dict):
            return self.deserialize(identifier, custom_objects)
        if isinstance(identifier, type):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ValueError(
            f"expected a name, an object or a function as {self.kind}, got "
            f"{identifier!r} of type {type(identifier).__name__}."
        )

    def serialize(self, thing: Any) -> Any:
        """Return a configuration of plain values for ``thing``, in Keras's own form."""
        if thing is None or isinstance(thing, (str, dict)):
            return thing
        name = getattr(thing, "__name__", None)
        if name is not None and not isinstance(thing, type):
            if self.functions_by_name and self.entries.get(name) is thing:
                return name
            return configuration("builtins", "function", name, "function")
        kind = type(thing)
        ours = self.entries.get(kind.__name__) is kind
        module = self.module if ours else kind.__module__
        registered = None if ours else kind.__name__
        return configuration(module, kind.__name__, thing.get_config(), registered)

    def deserialize(
        self, config: Any, custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Make the thing that :meth:`serialize` described."""
        if not isinstance(config, dict):
            return self.get(config, custom_objects)
        if "class_name" not in config:
            raise ValueError(
                f"a {self.kind} configuration needs the entry 'class_name', got "
                f"{config!r}."
            )
        if config["class_name"] == "function":
            return self.find(config["config"], custom_objects)
        cls = self.find(config["class_name"], custom_objects)
        make: Callable[..., Any] = getattr(
            cls, "from_config", lambda settings: cls(**settings)
        )
        return make(dict(config.get("config") or {}))


def configuration(
    module: str, class_name: str, config: Any, registered: Any
) -> dict[str, Any]:
    """Return the dict by which Keras describes an object."""
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
    }
