"""Trying out: what a step would do, without doing it.

Variables are lent other values, something is computed that assigns to them, and then
they have their own values again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad_lr.autodiff.variable import Variable


@contextmanager
def lent(
    variables: Sequence[Variable], values: Sequence[Any], owner: str
) -> Iterator[None]:
    """Let the variables of ``owner`` have these values in a ``with`` statement.

    Raises ``ValueError`` unless there is one value for each of them.
    """
    if len(values) != len(variables):
        raise ValueError(
            f"{owner!r} has {len(variables)} variables, got {len(values)} values for "
            "them."
        )
    before = [variable.value for variable in variables]
    try:
        for variable, value in zip(variables, list(values), strict=True):
            variable.assign(value)
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
