"""How much memory may be taken while a model is made from a file.

A configuration of a few bytes can ask for a layer of a terabyte. The file knows better
how large its model is: while it is read, every weight is paid for from an allowance
that follows from the size of the file.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class AllowanceError(MemoryError):
    """A model wants more memory than its file can account for."""


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
