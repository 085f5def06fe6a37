"""Objects as plain values and back, whatever their kind, in Keras's own form.

``serialize_keras_object`` and ``deserialize_keras_object`` do for any nesting of
objects and values what each :class:`~tinygrad_lr.registry.Registry` does for its kind.
Users register their own classes and functions here, by a decorator or for the length
of a ``with`` statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, TypeVar

import numpy as np

from tinygrad_lr import registry
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.registry import custom_objects_known, describe, describe_function, make

T = TypeVar("T")


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Register a class or function for model files, as "package>name".

    A class needs ``get_config``; a function needs nothing. Raises ``ValueError`` for a
    class without it.

    >>> @register_keras_serializable("shop")
    ... def double(x):
    ...     return 2 * x
    >>> get_registered_name(double), get_registered_object("shop>double") is double
    ('shop>double', True)
    """

    def register(thing: T) -> T:
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"register_keras_serializable: {thing.__name__} has no get_config(), "
                "which says how to make it again."
            )
        label = name or thing.__name__  # type: ignore[attr-defined]  # classes and functions have one
        full = f"{package}>{label}"
        registry.CUSTOM[full] = thing
        registry.CUSTOM_NAMES[thing] = full
        return thing

    return register


class CustomObjectScope:
    """Lets configurations name classes and functions within a ``with`` statement.

    >>> with custom_object_scope({"twice": lambda x: 2 * x}):
    ...     get_registered_object("twice")(3)
    6
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self.entered = ExitStack()

    def __enter__(self) -> CustomObjectScope:
        self.entered.enter_context(custom_objects_known(self.custom_objects))
        return self

    def __exit__(self, *error: object) -> None:
        self.entered.close()


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of all that is registered; changing it changes that."""
    return registry.CUSTOM


def get_registered_name(obj: Any) -> str:
    """Return the name a class or function is registered by, or else its own."""
    return registry.registered_name(obj)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered (or given) by a name, or None."""
    for table in (
        registry.scope.custom,
        registry.CUSTOM,
        custom_objects or {},
        module_objects or {},
    ):
        if name in table:
            return table[name]
    return None


def serialize_keras_object(obj: Any) -> Any:
    """Return plain values that describe an object, or a nesting of objects.

    Lambdas have no name to be found by, so they are refused with ``ValueError``.
    """
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, (list, tuple)):
        return type(obj)([serialize_keras_object(part) for part in obj])
    if isinstance(obj, dict):
        return {key: serialize_keras_object(part) for key, part in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode()}}
    if isinstance(obj, slice):
        ends = {part: getattr(obj, part) for part in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": serialize_keras_object(ends)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (np.ndarray, Tensor)) and np.ndim(obj):
        array = obj.numpy() if isinstance(obj, Tensor) else obj
        kind = "__tensor__" if isinstance(obj, Tensor) else "__numpy__"
        value = {"value": array.tolist(), "dtype": array.dtype.name}
        return {"class_name": kind, "config": value}
    if isinstance(obj, (np.ndarray, np.generic, Tensor)):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return serialize_keras_object(describe(obj))  # what users put into it, too
    name = getattr(obj, "__name__", None)
    if name == "<lambda>":
        raise ValueError(
            "a lambda cannot be written into a model file, because it has no name by "
            "which it could be found again. Define it with def, and register it with "
            "keras.saving.register_keras_serializable()."
        )
    if name is None:
        raise TypeError(
            f"expected an object with get_config(), a function or a plain value to "
            f"serialize, got {obj!r} of type {type(obj).__name__}."
        )
    return describe_function(obj)


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """Return what :func:`serialize_keras_object` described.

    Only our own classes and functions, and those registered or in ``custom_objects``,
    are made. ``safe_mode`` is accepted for Keras's sake: code is not run either way.
    Raises ``ValueError`` for names that are not known and for lambdas.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(
            f"deserialize_keras_object: unknown argument {next(iter(kwargs))!r}."
        )
    custom_objects = {**(module_objects or {}), **(custom_objects or {})}
    if isinstance(config, str):
        found = custom_objects.get(config, registry.scope.custom.get(config))
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return [deserialize_keras_object(part, custom_objects) for part in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {
            key: deserialize_keras_object(part, custom_objects)
            for key, part in config.items()
        }
    special = SPECIAL.get(config["class_name"])
    if special is not None:
        return special(config["config"])
    return make(config, custom_objects)


def as_slice(config: Any) -> slice:
    """The slice of three numbers, arrays or None."""
    ends = deserialize_keras_object(config)
    return slice(ends["start"], ends["stop"], ends["step"])


def array_of(config: Any) -> Any:
    """The array that a file holds as nested lists: of numbers, or of truths."""
    if np.dtype(config["dtype"]).kind not in "biufc":
        raise ValueError(f"an array of dtype {config['dtype']!r} is none of numbers.")
    return np.array(config["value"], config["dtype"])


SPECIAL: dict[Any, Callable[[Any], Any]] = {
    "__bytes__": lambda config: config["value"].encode(),
    "__ellipsis__": lambda config: Ellipsis,
    "__slice__": as_slice,
    "__numpy__": array_of,
    "__tensor__": lambda config: Tensor(array_of(config), dtype=config["dtype"]),
}
