"""Trying out: what a step would do, without doing it.

Variables are lent other values, something is computed that assigns to them, and then
they have their own values again. Or a step is done, and undone if it fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad_lr.autodiff.mode import mode
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


@contextmanager
def noting() -> Iterator[dict[Variable, Any]]:
    """Give a dict to which each Variable that is assigned in a ``with`` statement is
    added with the value that it had.
    """
    outer, before = mode.journal, dict[Variable, Any]()
    mode.journal = before
    try:
        yield before
    finally:
        mode.journal = outer
        if outer is not None:
            for variable, value in before.items():
                outer.setdefault(variable, value)


@contextmanager
def unnoted() -> Iterator[None]:
    """Let what a ``with`` statement assigns stay, because it belongs to a beginning."""
    outer, mode.journal = mode.journal, None
    try:
        yield
    finally:
        mode.journal = outer


@contextmanager
def undone() -> Iterator[None]:
    """Put all Variables back, whoever's they are, that a ``with`` statement assigns."""
    with noting() as before:
        try:
            yield
        finally:
            put_back(before)


@contextmanager
def undone_on_error() -> Iterator[None]:
    """Put them back if the ``with`` statement fails; Ctrl-C is a failure, too."""
    with noting() as before:
        try:
            yield
        except BaseException:
            put_back(before)
            raise


def put_back(before: dict[Variable, Any]) -> None:
    """Let Variables have the values that they had."""
    for variable, value in list(before.items()):
        variable.data = value
