"""The one form of a call, whatever way it was written.

NumPy lets ``np.sum(x, 0)`` and ``np.sum(x, axis=0, keepdims=False)`` mean the same; the
rule table, and whoever reads a recorded program, know one spelling.
"""

from __future__ import annotations

import functools
from typing import Any

from tinygrad_lr.autodiff.rules import RULES, Function


@functools.cache
def parameters(function: Function) -> tuple[dict[str, Any], int]:
    """Return a function's parameters with their defaults, and how many go by position.

    Empty for the few functions that tell nothing, or take any number of arguments.
    """
    import inspect  # not loaded by every NumPy, and costs time at import

    try:
        listed = inspect.signature(function).parameters.values()
    except ValueError:
        return {}, 0
    if any(p.kind is p.VAR_POSITIONAL for p in listed):
        return {}, 0
    found = {p.name: p.default for p in listed if p.kind is not p.VAR_KEYWORD}
    required = sum(default is inspect.Parameter.empty for default in found.values())
    known = RULES.get(function)
    return found, max(required, len(known.vjps) if known is not None else 0)


def normal(
    function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give a call the one form that rules know, whatever way it was written.

    What is required or differentiable goes by position, options by name, and options
    that have their default are dropped.
    """
    defaults, required = parameters(function)
    if len(args) > len(defaults) or (not kwargs and len(args) <= required):
        return args, kwargs
    given = dict(zip(defaults, args, strict=False)) | kwargs
    names = list(defaults)[:required]
    while names and names[-1] not in given:
        names.pop()
    leading = [given.pop(name, None) for name in names]
    return tuple(leading), {
        name: value
        for name, value in given.items()
        if name not in defaults or value is not defaults[name]
    }


def check_options(
    function: Function, kwargs: dict[str, Any], known: frozenset[str] | None
) -> None:
    """Say which option of a function has no gradient here."""
    unknown = [name for name in kwargs if known is not None and name not in known]
    if unknown:
        raise NotImplementedError(
            f"{function.__name__} with {', '.join(unknown)}= has no gradient here. "
            "Leave the option out (np.where selects elements), or declare a rule of "
            "your own."
        )
