"""Where a Variable starts: from an initializer, a function of a shape.

A Variable can be given the value itself, or how to make it. Initializers have names,
which this storey cannot know: whoever knows them says so in :data:`named`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lr.autodiff.mode import default_dtype

named: list[Callable[[Any], Any]] = []  # turns a name into an initializer


def started(initializer: Any, shape: Any, dtype: Any) -> tuple[Any, Any]:
    """Return the value that an initializer (or its name) gives, and its dtype.

    Raises ``ValueError`` without a shape.
    """
    if isinstance(initializer, str) and named:
        initializer = named[-1](initializer)
    if shape is None:
        raise ValueError(
            "a Variable that starts from an initializer needs a shape. Write "
            f"Variable({initializer!r}, shape=...), or give a value instead."
        )
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if None in shape:
        raise ValueError(
            f"the shape of a Variable must be fully known, got {shape}. Write a "
            "number for each axis."
        )
    dtype = default_dtype().name if dtype is None else dtype
    return initializer(shape, dtype=dtype), dtype


def function_or_none(function: Any, what: str) -> Any:
    """Return ``function``, or raise ``ValueError`` if it is none."""
    if function is None or callable(function):
        return function
    raise ValueError(
        f"the {what} of a Variable must be a function, or an object that can be called "
        f"(or None), got {function!r}. Names are for layers: {what}s.get({function!r})."
    )
