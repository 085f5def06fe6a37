"""Settings: what a recorded step has built in, and whether it is still so.

A program holds the attributes of layers, optimizers, losses and metrics as constants.
These objects count their changes (see ``changes``), so as long as the counter stands
still only what keeps silent must be compared: the containers and the foreign objects
among their attributes.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.changes import Noticed, changes
from tinygrad_lr.compiler.function import Same
from tinygrad_lr.layers.tracking import Tracking


class Settings:
    """The settings of all ``parts()`` of a step, as they were at the latest look."""

    def __init__(self, parts: Callable[[], Iterable[Any]]) -> None:
        self.parts = parts
        self.count = self.doubts = -1
        self.traces: list[Any] = []
        self.silent: list[Any] = []  # what may change without being noticed
        self.silent_traces: list[Any] = []

    def changed(self) -> bool:
        """Whether something is not as it was at the look before this one."""
        if changes.count == self.count and changes.doubts == self.doubts:
            return False
        noticed = changes.count != self.count
        return (noticed or self.trace_silent() != self.silent_traces) and self.look()

    def look(self) -> bool:
        """Look at everything; whether something is not as it was."""
        self.count, self.doubts = changes.count, changes.doubts
        before, parts, seen = self.traces, list(self.parts()), set[int]()
        self.silent = [part for part in parts if way_of(type(part)) in MAY_CHANGE]
        self.traces = [trace(part, seen, self.silent) for part in parts]
        self.silent_traces = self.trace_silent()
        return self.traces != before

    def trace_silent(self) -> list[Any]:
        """Look at what may change without being noticed."""
        self.doubts = changes.doubts
        seen: set[int] = set()
        return [trace(value, seen) for value in self.silent]


LARGE = 2**20  # bytes from which an array is not looked into
MANY = 4096  # objects that are looked into
CLOSED = {"tinygrad_lr", "builtins", "numpy", "typing", "collections", "abc"}

Silent = list[Any] | None
Look = Callable[[Any, set[int], Silent], Any]


def trace(value: Any, seen: set[int], silent: Silent = None) -> Any:
    """Something that stays equal as long as a value, and all that it holds, does.

    What an object that counts its changes holds in silence is added to ``silent``; if
    that is None, such objects are not looked into.
    """
    return way_of(type(value))(value, seen, silent)


def find_way(kind: type) -> Look:
    """How values of a type are looked at."""
    return next(way for kinds, way in WAYS if issubclass(kind, kinds))


way_of: Callable[[type], Look] = functools.lru_cache(maxsize=1024)(find_way)


def constant(value: Any, seen: set[int], silent: Silent) -> Any:
    return (type(value), value)


def number(value: Any, seen: set[int], silent: Silent) -> Any:
    return (type(value), repr(value))  # nan is not equal to itself


def opaque(value: Any, seen: set[int], silent: Silent) -> Any:
    return Same(value)


def sequence(value: Any, seen: set[int], silent: Silent) -> Any:
    return [trace(part, seen, silent) for part in value]


def mapping(value: Any, seen: set[int], silent: Silent) -> Any:
    return [trace(part, seen, silent) for pair in value.items() for part in pair]


def array(value: Any, seen: set[int], silent: Silent) -> Any:
    if value.nbytes >= LARGE or value.dtype.hasobject:
        return Same(value)
    return (Same(value), value.tobytes())


def method(value: Any, seen: set[int], silent: Silent) -> Any:
    return (trace(value.__self__, seen, silent), Same(value.__func__))


def variable(value: Any, seen: set[int], silent: Silent) -> Any:
    if silent is None:
        return Same(value)
    own = [value.regularizer, value.constraint, value.trainable]
    return attributes(value, enumerate(own), seen, silent)


def noticed(value: Any, seen: set[int], silent: Silent) -> Any:
    return Same(value) if silent is None else foreign(value, seen, silent)


def foreign(value: Any, seen: set[int], silent: Silent) -> Any:
    """An object is its attributes, but for those that its class calls passing: these
    tell how far a training has come. A class of the user's may change as well.
    """
    kind = type(value)
    passing = getattr(kind, "_passing", ())
    own = getattr(value, "__dict__", {}).items()
    classes = ((cls, vars(cls)) for cls in kind.__mro__ if is_open(cls))
    parts = itertools.chain(((k, v) for k, v in own if k not in passing), classes)
    return attributes(value, parts, seen, silent)


@functools.lru_cache(maxsize=1024)
def is_open(kind: type) -> bool:
    """Whether methods of a class may be replaced: it is written outside packages."""
    return kind.__module__.split(".")[0] not in CLOSED


def attributes(
    owner: Any, own: Iterable[tuple[Any, Any]], seen: set[int], silent: Silent
) -> Any:
    """An object as itself and its attributes, where it is met first."""
    if id(owner) in seen or len(seen) > MANY:
        return Same(owner)
    seen.add(id(owner))
    traces, counted = [], getattr(type(owner), "_counted", ())
    for name, part in own:
        way = way_of(type(part))
        if silent is not None and way in MAY_CHANGE and name not in counted:
            if not is_plain(part):
                silent.append(part)
        traces.append((name, way(part, seen, silent)))
    return (Same(owner), traces)


def is_plain(value: Any) -> bool:
    """Whether a value is a tuple of constants, such as a shape."""
    return type(value) is tuple and all(way_of(type(n)) is constant for n in value)


MAY_CHANGE = (sequence, mapping, array, method, foreign)
WAYS: list[tuple[Any, Look]] = [
    ((int, str, bytes, bool, type(None), np.dtype), constant),
    ((float, complex, np.generic), number),
    ((list, tuple), sequence),
    (dict, mapping),
    (np.ndarray, array),
    (MethodType, method),
    ((type, FunctionType, ModuleType, np.ufunc), opaque),
    (MappingProxyType, mapping),
    (Variable, variable),
    ((Noticed, Tracking), noticed),
    (object, foreign),
]
