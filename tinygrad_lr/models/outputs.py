"""Which is whose: losses, metrics, targets and weights of a model of several outputs.

Outputs are numbered in the order of their leaves. What is given for them may be one
thing for all, a list in their order, a dict by their names, or a nesting like theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.naming import suggestion

Names = Sequence[str | None]


def is_nested(value: Any) -> bool:
    """Whether there may be several things in it; a configuration is one thing."""
    if isinstance(value, dict):
        return "class_name" not in value
    return isinstance(value, (list, tuple))


def named_outputs(y_pred: Any, names: Names | None) -> tuple[list[str | None], Any]:
    """The names of a model's outputs, and the outputs, in the same order.

    A dict has its own names; the outputs of a model of places those of their layers.
    """
    outputs = leaves(y_pred)
    if isinstance(y_pred, dict) and len(outputs) == len(y_pred):
        return sorted(y_pred), outputs
    if names is None or len(names) != len(outputs):
        return [None] * len(outputs), outputs
    return list(names), outputs


def per_output(given: Any, names: Names, what: str, complete: bool = False) -> Any:
    """What was given for each output: None where nothing was.

    A dict goes by the names of the outputs; ``complete`` asks for all of them.
    """
    if isinstance(given, dict):
        known = [name for name in names if name is not None]
        for name in given:
            if name not in known:
                hint = suggestion(str(name), known) or f" It has {known}."
                raise ValueError(f"{what}: the model has no output {name!r}.{hint}")
        missing = [name for name in known if name not in given]
        if complete and missing:
            raise ValueError(
                f"{what}: expected an entry for each of the outputs {known}, got none "
                f"for {missing[0]!r}. Write None for an output that has none."
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return list(given)
    raise ValueError(
        f"{what}: expected one for each of the {len(names)} outputs, in a list or a "
        f"dict by the names {list(names)}, got {given!r:.80}."
    )


def only(value: Any, what: str) -> Any:
    """The entry for the one output of a model, out of a list or dict of one."""
    if not is_nested(value):
        return value
    value = list(value.values() if isinstance(value, dict) else value)
    if len(value) == 1:
        return only(value[0], what)
    raise ValueError(
        f"compile: expected one {what} for the one output of the model, got "
        f"{len(value)}: {value!r}."
    )


def is_deep(value: Any) -> bool:
    """Whether there are nestings in a nesting."""
    parts = value.values() if isinstance(value, dict) else value
    return is_nested(value) and any(is_nested(part) for part in parts)


def paths_of(y_pred: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys and places that lead to each output, in the order of the leaves.

    >>> list(paths_of({"b": [1, 2], "a": 3}))
    [('a',), ('b', 0), ('b', 1)]
    """
    if isinstance(y_pred, dict):
        for key in sorted(y_pred):
            yield from paths_of(y_pred[key], (*path, key))
    elif isinstance(y_pred, (list, tuple)):
        for place, part in enumerate(y_pred):
            yield from paths_of(part, (*path, place))
    else:
        yield path


def path_names(y_pred: Any, names: Names) -> Names:
    """What the loss of each output is called: "b/dense" for one in a nesting."""
    if not is_deep(y_pred):
        return names
    found: list[str | None] = []
    for path, name in zip(paths_of(y_pred), names, strict=True):
        last = path[-1] if isinstance(path[-1], str) or name is None else name
        found.append("/".join(map(str, (*path[:-1], last))))
    return found


def along(
    y_pred: Any, given: Any, names: Names, what: str, complete: bool = False
) -> list[Any]:
    """What was given for each output: one for all, one for each, or nested like them.

    ``complete`` asks for one for each name, if they are given by names.
    """
    if not is_nested(given):
        return [given] * len(names)
    if not is_deep(y_pred):
        return list(per_output(given, names, what, complete))
    if not is_deep(given):  # like the outputs after all?
        by_name = isinstance(given, dict) and {*given} <= {*names} - {*y_pred}
        in_order = isinstance(given, (list, tuple)) and len(given) == len(names)
        if by_name or in_order:
            return list(per_output(given, names, what, complete))
    return list(matched(y_pred, given, what))


def matched(y_pred: Any, given: Any, what: str) -> Iterator[Any]:
    """Pair the leaves of the outputs with what stands at their places in ``given``.

    Something that is not nested is for all the outputs below its place.
    """
    if not isinstance(y_pred, (dict, list, tuple)) or not is_nested(given):
        yield from [given] * len(leaves(y_pred))
        return
    by_key = isinstance(y_pred, dict)
    keys = sorted(y_pred) if by_key else list(range(len(y_pred)))
    have = list(given) if isinstance(given, dict) else list(range(len(given)))
    if by_key != isinstance(given, dict) or not {*have} <= {*keys}:
        raise ValueError(
            f"{what}: expected the nesting of the outputs, {sketch(y_pred)}, got "
            f"{sketch(given)}."
        )
    for key in keys:
        yield from matched(y_pred[key], given[key] if key in have else None, what)


def sketch(value: Any) -> str:
    """A nesting with dots for what is in it: ``{'a': [., .]}``."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k!r}: {sketch(v)}' for k, v in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(sketch, value))}]"
    return "."


def targets_for(y: Any, names: Names, wanted: Sequence[Any]) -> list[Any]:
    """The targets of each output; an output without a loss may lack them."""
    count = len(wanted)
    if isinstance(y, dict) and not is_deep(y):
        if count == 1 and len(y) == 1:
            return leaves(y)
        partly = {name: y[name] for name in y if name in names}
        if len(partly) < len(y) or not partly:
            odd = next(name for name in y if name not in names)
            known = [name for name in names if name is not None]
            raise ValueError(
                f"y: the model has no output {odd!r}.{suggestion(str(odd), known)} It "
                f"has {known}."
            )
        found = [partly.get(name) for name in names]
    else:
        given = leaves(y)
        if len(given) == count:
            return given
        rest = iter(given)
        if len(given) != sum(one is not None for one in wanted):
            raise ValueError(
                f"y: expected targets for the {count} outputs of the model "
                f"({list(names)}), got {len(given)} arrays. Pass a list of {count} "
                "arrays, or a dict by these names."
            )
        found = [None if one is None else next(rest) for one in wanted]
    for name, target, one in zip(names, found, wanted, strict=True):
        if target is None and one is not None:
            raise ValueError(f"y: there are no targets for the output {name!r}.")
    return found


def flat(value: Any) -> Iterator[Any]:
    """The entries of lists and dicts in lists and dicts; a single thing is its own
    entry.
    """
    if value is None:
        return
    if not is_nested(value) and not isinstance(value, set):
        yield value
        return
    value = value.values() if isinstance(value, dict) else value
    for part in value:
        yield from flat(part)
