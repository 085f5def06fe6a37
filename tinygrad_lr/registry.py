"""Names for things: "adam", "mse", "glorot_uniform" and every spelling of them.

Each kind of thing (loss, metric, optimizer, ...) has one :class:`Registry`, which turns
a name, a class, a configuration or the thing itself into the thing, and a thing into a
configuration. Upper and lower case and underscores make no difference, unless two names
differ only there.

The registries together with what users registered or passed are the only classes and
functions that a configuration can name: nothing is imported, whatever it says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinygrad_lr.naming import snake_case, suggestion

CUSTOM: dict[str, Any] = {}  # what users registered, by name
CUSTOM_NAMES: dict[Any, str] = {}  # and the names under which they did
KINDS: dict[str, Registry] = {}  # all registries, by where Keras keeps their kind


class UnknownNameError(ValueError):
    """A configuration names something that is neither ours nor registered."""


class Scope(threading.local):
    """What holds in this thread, in a ``with`` statement."""

    def __init__(self) -> None:
        self.custom: dict[str, Any] = {}
        self.shared: dict[Any, Any] | None = None  # objects made so far, by number


scope = Scope()


@contextmanager
def custom_objects_known(objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let every registry know some classes and functions by name, for a while."""
    before = scope.custom
    scope.custom = {**before, **(objects or {})}
    try:
        yield
    finally:
        scope.custom = before


@contextmanager
def objects_shared() -> Iterator[None]:
    """Let configurations refer to objects made before, by their numbers."""
    before, scope.shared = scope.shared, {}
    try:
        yield
    finally:
        scope.shared = before


def registered_name(thing: Any) -> str:
    """The name a class or function was registered by, or else its own."""
    try:
        known = CUSTOM_NAMES.get(thing)
    except TypeError:  # what has no hash was not registered
        known = None
    return str(known or thing.__name__)


def find_custom(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What a user passed or registered by this name, or None.

    "package>name" is also found by its last part, and the other way round: files of
    older versions name things shorter.
    """
    if not isinstance(name, str):
        return None
    tables = ((custom_objects or {}), scope.custom, CUSTOM)
    for table in tables:
        if table.get(name) is not None:
            return table[name]
    if ">" in name:
        name = name.rpartition(">")[2]
        return next((table[name] for table in tables if name in table), None)
    ends = f">{name}"
    found = (t for table in tables for key, t in table.items() if key.endswith(ends))
    return next(found, None)


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
    tinygrad_lr.registry.UnknownNameError: unknown colour 'drak_red'. Did you mean
    'dark_red'?
    """

    def __init__(self, kind: str, module: str, functions_by_name: bool = True) -> None:
        self.kind = kind
        self.module = module
        self.functions_by_name = functions_by_name
        self.entries: dict[str, Any] = {}
        self.loose: dict[str, Any] = {}
        KINDS[module] = self

    def add(self, *things: Any, **aliases: Any) -> None:
        """Register classes and functions under their own names, and aliases."""
        named = {thing.__name__: thing for thing in things} | aliases
        for name, thing in named.items():
            self.entries[name] = thing
            if isinstance(thing, type) and name == thing.__name__:
                self.entries.setdefault(snake_case(name), thing)
        for name, thing in named.items():
            self.loose.setdefault(loose(name), thing)

    def known(self, name: str) -> Any:
        """Our own class or function of this name, in any spelling, or None."""
        found = self.entries.get(name)
        return self.loose.get(loose(name)) if found is None else found

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the class or function of this name; else raise with near names."""
        for table in (custom_objects or {}, scope.custom, CUSTOM):
            if name in table:
                return table[name]
        found = self.known(name)
        return self.unknown(name) if found is None else found

    def unknown(self, name: str) -> Any:
        """Raise for a name that is not known, with the nearest that are."""
        hint = (
            suggestion(name, {*self.entries, *scope.custom, *CUSTOM})
            or f" Known are {', '.join(sorted(self.entries))}."
        )
        raise UnknownNameError(f"unknown {self.kind} {name!r}.{hint}")

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
            return describe_function(thing)
        return describe(thing)

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
        return make(config, custom_objects, self)


def configuration(
    module: str | None, class_name: str, config: Any, registered: Any
) -> dict[str, Any]:
    """Return the dict by which Keras describes an object."""
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
    }


def module_of(thing: Any) -> str | None:
    """The module of a user's class or function; that of the program itself is None."""
    module = str(thing.__module__)
    return None if module == "__main__" else module


def describe(thing: Any) -> dict[str, Any]:
    """Return the configuration of an object: its class, its arguments, its build."""
    cls = type(thing)
    home = next(
        (r.module for r in KINDS.values() if r.entries.get(cls.__name__) is cls), None
    )
    if home is None:
        config = configuration(
            module_of(cls), cls.__name__, thing.get_config(), registered_name(cls)
        )
    else:
        config = configuration(
            getattr(cls, "keras_module", home), cls.__name__, thing.get_config(), None
        )
        if "keras_module" in vars(cls):  # where Keras wants the name twice
            config["registered_name"] = cls.__name__
    for part in ("build", "compile"):
        method = getattr(thing, f"get_{part}_config", None)
        found = method() if method is not None else None
        if found is not None:
            config[f"{part}_config"] = found
    return config


def describe_function(function: Any) -> dict[str, Any]:
    """Return the configuration of a function: its name."""
    return configuration("builtins", "function", registered_name(function), "function")


# -- from a configuration --------------------------------------------------------------


def home_of(module: Any) -> Registry | None:
    """The registry for a module path of any version of Keras, or None.

    >>> home_of("os"), home_of("keras.src.of.nothing")
    (None, None)
    """
    if not isinstance(module, str):
        return None
    parts = module.split(".")
    if parts[0] == "tensorflow":
        parts = parts[2:] if parts[1:2] == ["python"] else parts[1:]
    if not parts or parts[0] not in ("keras", "tf_keras"):
        return None
    parts = [part for part in parts[1:] if part not in ("api", "src", "_v2", "legacy")]
    if not parts or parts[0] in ("engine", "models"):
        return KINDS.get("keras")
    if parts[:2] == ["optimizers", "schedules"]:
        return KINDS.get("keras.optimizers.schedules")
    return KINDS.get(f"keras.{parts[0]}")


def lookup(
    config: Mapping[str, Any], name: str,
    custom_objects: Mapping[str, Any] | None, kind: Registry | None,
) -> Any:  # fmt: skip
    """Return the class or function that a configuration names.

    What the user registered or passed comes first. Then, if the configuration says that
    it is Keras's own, or comes from a version that did not say, ours of that name.
    """
    registered, module = config.get("registered_name"), config.get("module")
    function = config["class_name"] == "function"
    for wanted in (name,) if function else (registered, name):
        found = find_custom(wanted, custom_objects)
        if found is not None:
            return found
    name = name.removeprefix("Custom>")  # Keras 2 so called its own optimizers
    places = [home_of(module)]
    if module == "builtins" or "module" not in config:
        places = [kind, *(r for r in KINDS.values() if function or kind is None)]
        if kind is not None and kind.module == "keras.layers":
            places.append(KINDS.get("keras"))  # a model can stand for a layer
    elif kind is not None and places[0] is not None and module == "keras":
        places.append(kind)
    for place in places:
        found = place.known(name) if place is not None else None
        if found is not None:
            return found
    word = kind.kind if kind is not None else "class or function"
    near = {*scope.custom, *CUSTOM, *(custom_objects or {})}
    for place in places:
        near.update(place.entries if place is not None else ())
    label = config.get("config")
    label = label.get("name") if isinstance(label, dict) else None
    of = f" (named {label!r})" if isinstance(label, str) else ""
    raise UnknownNameError(
        f"unknown {word} {name!r}{of}, of module {module!r}.{suggestion(name, near)} "
        f"If it is yours, pass custom_objects={{{name!r}: {name}}}, or register it "
        "with keras.saving.register_keras_serializable() before loading."
    )


def make(
    config: Mapping[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
    kind: Registry | None = None,
) -> Any:
    """Make the object that a configuration describes, and build it as that says.

    ``kind`` is the registry for configurations of Keras 1 and 2, which do not say where
    their class belongs. Raises :class:`UnknownNameError` for a class or function that
    is neither ours nor known by ``custom_objects`` or registration.
    """
    name, settings = config["class_name"], config.get("config")
    if not isinstance(name, str):
        raise ValueError(f"expected the name of a class, got {name!r}.")
    if name == "__lambda__":
        raise UnknownNameError(
            "the configuration holds the code of a Python lambda, which is never run "
            "from a file. Give the function a name, register it with "
            "keras.saving.register_keras_serializable(), and save the model again."
        )
    if name == "function":
        if not isinstance(settings, str):
            raise ValueError(f"expected the name of a function, got {settings!r}.")
        return lookup(config, settings, custom_objects, kind)
    number = config.get("shared_object_id")
    if scope.shared is not None and number in scope.shared:
        return scope.shared[number]
    cls = lookup(config, name, custom_objects, kind)
    if not isinstance(cls, type):
        return cls
    settings = {} if settings is None else settings
    from_config: Callable[..., Any] = getattr(
        cls, "from_config", lambda given: cls(**given)
    )
    with custom_objects_known(custom_objects):
        made = from_config(dict(settings) if isinstance(settings, dict) else settings)
        build = config.get("build_config")
        if build and hasattr(made, "build_from_config") and not made.built:
            made.build_from_config(build)
        compiled = config.get("compile_config")
        if compiled and hasattr(made, "compile_from_config"):
            made.compile_from_config(compiled)
    if scope.shared is not None and number is not None:
        scope.shared[number] = made
    return made
