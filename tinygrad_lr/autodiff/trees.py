"""Trees: any nesting of tuples, lists and dicts, with values at the leaves.

A function of many parameters is a function of one tree. Flattening gives the leaves in
a fixed order (dicts by sorted key), rebuilding puts new leaves into the same nesting.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of ``tree`` from left to right; ``None`` is an empty tree."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for key in keys_of(tree) for leaf in leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def keys_of(tree: dict[Any, Any]) -> list[Any]:
    """The keys in an order that does not depend on how the dict came about."""
    try:
        return sorted(tree)
    except TypeError:  # keys of several types
        return sorted(tree, key=lambda key: (type(key).__name__, key))


def rebuild(tree: Any, values: Iterable[Any]) -> Any:
    """Return the nesting of ``tree`` with ``values`` as leaves, from left to right."""
    return _rebuild(tree, iter(values))


def _rebuild(tree: Any, values: Iterator[Any]) -> Any:
    if tree is None:
        return None
    if isinstance(tree, dict):
        built = {key: _rebuild(tree[key], values) for key in keys_of(tree)}
        if type(tree) is dict:
            return {key: built[key] for key in tree}
        same = copy.copy(tree)  # an OrderedDict or defaultdict stays one
        same.update(built)
        return same
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_rebuild(part, values) for part in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(_rebuild(part, values) for part in tree)
    return next(values)


def transform(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply ``function`` to every leaf of ``tree``."""
    return rebuild(tree, [function(leaf) for leaf in leaves(tree)])
