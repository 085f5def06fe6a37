"""Nestings of lists, tuples and dicts: of Tensors, and of shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor


def inside(value: Any, kind: type | tuple[type, ...]) -> Iterator[Any]:
    """Everything of this kind in ``value``, looking into lists, tuples and dicts."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from inside(part, kind)
    elif isinstance(value, dict):
        for part in value.values():
            yield from inside(part, kind)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors in a nesting of lists, tuples and dicts."""
    return inside(value, Tensor)


def unique(things: Iterable[Any]) -> list[Any]:
    """The things, each once, in order; the same means the same object."""
    return list({id(thing): thing for thing in things}.values())


def is_shape(value: Any) -> bool:
    """Whether ``value`` is one shape, not a nesting of shapes."""
    return isinstance(value, (list, tuple)) and all(
        n is None or isinstance(n, (int, np.integer)) for n in value
    )


def shapes_in(value: Any) -> Iterator[Any]:
    """The shapes in a nesting of lists, tuples and dicts of shapes."""
    if is_shape(value):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from shapes_in(part)


def map_shapes(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply ``function`` to each shape in a nesting."""
    if is_shape(value):
        return function(value)
    if isinstance(value, dict):
        return {key: map_shapes(function, part) for key, part in value.items()}
    return type(value)([map_shapes(function, part) for part in value])


def like(sequence: Any, parts: list[Any]) -> Any:
    """A list, tuple or namedtuple like ``sequence``, of other parts.

    >>> like((1, 2), [3, 4])
    (3, 4)
    """
    kind = type(sequence)
    return kind(*parts) if hasattr(sequence, "_fields") else kind(parts)


def map_structure(function: Any, structure: Any) -> Any:
    """Apply ``function`` to what is neither a list nor a tuple nor a dict."""
    if isinstance(structure, (list, tuple)):
        return like(structure, [map_structure(function, part) for part in structure])
    if isinstance(structure, dict):
        return {key: map_structure(function, part) for key, part in structure.items()}
    return function(structure)
