"""``keras.tree``: functions on nestings of lists, tuples and dicts.

What is none of these is a leaf. Leaves of a dict come in the order of its sorted keys.

>>> flatten({"b": 1, "a": [2, (3,)]})
[2, 3, 1]
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from typing import Any


class MapToNone:
    """What a function given to :func:`traverse` returns to put None in a place."""

    def __repr__(self) -> str:
        return "MAP_TO_NONE"


MAP_TO_NONE = MapToNone()


def is_nested(structure: Any) -> bool:
    """Whether ``structure`` is a list, a tuple or a dict."""
    return isinstance(structure, (list, tuple, dict))


def parts(structure: Any) -> list[tuple[Any, Any]]:
    """The keys or numbers of the parts, and the parts."""
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in builtins.sorted(structure)]
    return list(enumerate(structure))


def rebuilt(structure: Any, values: list[Any]) -> Any:
    """A nesting like ``structure`` with these parts."""
    if isinstance(structure, dict):
        new = dict(zip(builtins.sorted(structure), values, strict=True))
        return type(structure)((key, new[key]) for key in structure)
    if hasattr(structure, "_fields"):  # a named tuple
        return type(structure)(*values)
    return type(structure)(values)


def leaves(structure: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Each leaf with its path."""
    if not is_nested(structure):
        yield path, structure
        return
    for key, part in parts(structure):
        yield from leaves(part, (*path, key))


def flatten(structure: Any) -> list[Any]:
    """The leaves in a row."""
    return [leaf for _, leaf in leaves(structure)]


def flatten_with_path(structure: Any) -> list[tuple[Any, Any]]:
    """The leaves in a row, each with the keys and numbers that lead to it."""
    return list(leaves(structure))


def map_structure(
    func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True
) -> Any:
    """``func`` of the leaves of one nesting, or of several of the same form."""
    if not callable(func):
        raise TypeError(f"map_structure: expected a function first, got {func!r}.")
    if not structures:
        raise ValueError("map_structure: expected at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return map_structure_up_to(structures[0], func, *structures)


def map_structure_up_to(
    shallow_structure: Any, func: Callable[..., Any], *structures: Any
) -> Any:
    """Like :func:`map_structure`, but what lies below the first nesting is a leaf."""
    if not is_nested(shallow_structure):
        return func(*structures)
    keys = [key for key, _ in parts(shallow_structure)]
    values = [
        map_structure_up_to(shallow_structure[key], func, *(s[key] for s in structures))
        for key in keys
    ]
    return rebuilt(shallow_structure, values)


def assert_same_structure(a: Any, b: Any, check_types: bool = True) -> None:
    """Raise ``ValueError`` unless both have the same form (and ``TypeError`` for other
    types of nestings).
    """
    if is_nested(a) != is_nested(b):
        raise ValueError(f"the structures differ: {a!r} against {b!r}.")
    if not is_nested(a):
        return
    if check_types and type(a) is not type(b):
        raise ValueError(
            f"the structures differ: a {type(a).__name__} against a {type(b).__name__}."
        )
    first, second = parts(a), parts(b)
    if [key for key, _ in first] != [key for key, _ in second]:
        raise ValueError(f"the structures differ: {a!r} against {b!r}.")
    for (_, one), (_, other) in zip(first, second, strict=True):
        assert_same_structure(one, other, check_types)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ``ValueError`` unless the paths to the leaves are the same."""
    one, other = ({path for path, _ in leaves(structure)} for structure in (a, b))
    if one != other:
        raise ValueError(f"the paths differ: {builtins.sorted(one ^ other, key=str)}.")


def pack_sequence_as(
    structure: Any, flat_sequence: Any, sequence_fn: Any = None
) -> Any:
    """A nesting like ``structure`` with the leaves of ``flat_sequence``."""
    flat = list(flat_sequence)
    count = len(flatten(structure))
    if count != len(flat):
        raise ValueError(f"pack_sequence_as: expected {count} leaves, got {len(flat)}.")
    rest = iter(flat)
    return map_structure_up_to(structure, lambda _: next(rest), structure)


def lists_to_tuples(structure: Any) -> Any:
    """The same with tuples in place of lists."""
    if not is_nested(structure):
        return structure
    values = [lists_to_tuples(part) for _, part in parts(structure)]
    return tuple(values) if isinstance(structure, list) else rebuilt(structure, values)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """``func`` of each shape (a tuple or list of integers and None)."""
    shape = isinstance(structure, (list, tuple)) and all(
        n is None or isinstance(n, int) for n in structure
    )
    if shape:
        return func(tuple(structure))
    values = [map_shape_structure(func, part) for _, part in parts(structure)]
    return rebuilt(structure, values)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Replace each nesting or leaf by what ``func`` returns; None leaves it.

    Top down, what was replaced is not looked into.
    """
    if top_down:
        found = func(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
    if is_nested(structure):
        values = [traverse(func, part, top_down) for _, part in parts(structure)]
        structure = rebuilt(structure, values)
    if top_down:
        return structure
    found = func(structure)
    if found is None:
        return structure
    return None if found is MAP_TO_NONE else found


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
