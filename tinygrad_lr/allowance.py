"""How much memory and time may be taken while a model is made from a file.

A configuration of a few bytes can ask for a layer of a terabyte. The file knows better
how large its model is: while it is read, every weight is paid for from an allowance
that follows from the size of the file. Nor may it bring patterns that take for ever.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class AllowanceError(MemoryError):
    """A model wants more memory or time than its file can account for."""


class Allowance(threading.local):
    """What is left in this thread, in bytes; None if nobody counts."""

    left: int | None = None


allowance = Allowance()


@contextmanager
def allowed(size: int) -> Iterator[None]:
    """Allow ``size`` bytes of weights within a ``with`` statement."""
    before, allowance.left = allowance.left, size
    try:
        yield
    finally:
        allowance.left = before


def pay_for(shape: Any, dtype: Any) -> None:
    """Take an array of this shape off the allowance, if there is one.

    Raises :class:`AllowanceError` if it was the last straw.
    """
    if allowance.left is not None:
        size = math.prod(int(n) for n in shape) * np.dtype(dtype).itemsize
        if size < 0 or size > allowance.left:
            raise AllowanceError(
                f"an array of shape {tuple(shape)} takes {size} bytes, more than the "
                "file can account for."
            )
        allowance.left -= size


PLACE = 2**27  # bytes that one sample may take between two layers of a model


OPEN = 12  # what an open axis counts, for about so many numbers are tried


def lengths_of(shape: Any) -> tuple[int, ...]:
    """A shape of one sample: numbers for what is open."""
    return tuple((OPEN if i else 1) if n is None else n for i, n in enumerate(shape))


def room_for(shape: Any, dtype: Any) -> None:
    """Raise :class:`AllowanceError` if a file asks for a place as large as this.

    What flows through a model does not follow from the size of its file, so that the
    bound is the same for all.
    """
    if allowance.left is None:
        return
    size = math.prod(max(int(n), 0) for n in lengths_of(shape))
    if size * np.dtype(dtype).itemsize > PLACE:
        raise AllowanceError(
            f"a place of shape {tuple(shape)} takes {size} numbers for each sample; "
            f"a file may ask for {PLACE} bytes."
        )


MOST_WILD = 3  # repetitions and groups in a pattern: each multiplies the time it takes
MOST_LETTERS = 200  # of a pattern,
MOST_PATH = 400  # and of a path that it is held against


def checked_pattern(pattern: str, owner: str) -> str:
    """A regular expression for the paths of variables.

    Raises ``ValueError`` if it is none. One from a file must be simple besides: a few
    ``.*``, or groups that are not repeated; else it raises :class:`AllowanceError`.
    """
    try:
        re.compile(pattern)
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"{owner}: {str(pattern)[:200]!r} is no regular expression: {error}. Put a "
            "backslash before characters that stand for themselves."
        ) from error
    if allowance.left is not None and (
        len(pattern) > MOST_LETTERS
        or sum(map(pattern.count, "*+?{(")) > MOST_WILD
        or re.search(r"\)[*+?{]|\(\?|\\[0-9]|\{", pattern)
    ):
        raise AllowanceError(
            f"{owner}: the pattern {pattern[:200]!r} could take for ever; expected a "
            f"path with at most {MOST_WILD} of '.*', '+', '?' or groups without them."
        )
    return pattern


def checked_path(path: str) -> str:
    """The path of a variable; :class:`AllowanceError` for a monster from a file."""
    if allowance.left is not None and len(path) > MOST_PATH:
        raise AllowanceError(
            f"the path {path[:50]!r}... has {len(path)} letters; expected "
            f"at most {MOST_PATH}, where optimizers are chosen by patterns."
        )
    return path
