"""A batch in one piece: ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``."""

from __future__ import annotations

from typing import Any


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Take a batch apart: what is missing is None.

    >>> unpack_x_y_sample_weight(("x", "y"))
    ('x', 'y', None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "expected a batch of the form (x,), (x, y) or (x, y, sample_weight), got "
            f"a tuple of {len(data)} parts."
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Put a batch together; without ``y`` it is ``x`` alone, in a tuple only where
    ``x`` is a list or tuple itself.

    >>> pack_x_y_sample_weight("x", "y"), pack_x_y_sample_weight("x")
    (('x', 'y'), 'x')
    """
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
