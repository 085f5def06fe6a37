"""A second thread for what is large: half of a product, every other block of an update.

NumPy lets go of Python's lock while it computes, so that two threads do such work in
little more than half the time. What is computed stays the same in every bit: products
are divided where BLAS itself begins anew.
"""

from __future__ import annotations

import contextvars
import functools
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

WORTH = 4_000_000  # multiplications in a product from which two threads are quicker
GROUPS = (8, 12, 16, 24, 32, 48, 64, 96)  # rows that kernels of BLAS take together
LIMITS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS",
          "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")  # fmt: skip


class Task:
    """A call that is made by whoever comes first: the helper, or who asked for it."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function = function
        self.args = args
        self.context = contextvars.copy_context()  # np.errstate is part of it
        self.begun = threading.Lock()
        self.ended = threading.Lock()
        self.ended.acquire()
        self.error: BaseException | None = None

    def begin(self) -> None:
        """Make the call, unless somebody is at it already."""
        if self.begun.acquire(blocking=False):
            try:
                self.context.run(self.function, *self.args)
            except BaseException as error:  # raised by `end`
                self.error = error
            finally:
                self.ended.release()

    def end(self) -> None:
        """Have the call made, and raise what it raised."""
        self.begin()
        try:
            self.ended.acquire()
        except KeyboardInterrupt:  # its arrays are free only when it has ended
            self.ended.acquire()
            raise
        if self.error is not None:
            raise self.error


class Threads:
    """How many threads there may be, and the tasks that the helper takes."""

    def __init__(self) -> None:
        self.count = min(2, processors())
        self.tasks: SimpleQueue[Task] | None = None  # until somebody has work

    def forget(self) -> None:
        """Begin anew in a forked process, which has no helper."""
        self.tasks = None

    def give(self, task: Task) -> None:
        """Let the helper begin with ``task``, if it has nothing else to do."""
        if self.tasks is None:
            tasks: SimpleQueue[Task] = SimpleQueue()

            def helper() -> None:
                while True:
                    tasks.get().begin()

            try:
                threading.Thread(target=helper, daemon=True).start()
            except RuntimeError:  # a platform without threads
                self.count = 1
                return
            self.tasks = tasks
        self.tasks.put(task)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


threads = Threads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.forget)


def get_num_threads() -> int:
    """How many threads compiled steps may use: 2, or 1 on a single processor."""
    return threads.count


def set_num_threads(count: int) -> None:
    """Let the steps that are compiled from now on use one thread, or two.

    Two are the default where there are two processors; results do not depend on it.
    Products are divided only if the environment keeps BLAS to one thread
    (``OPENBLAS_NUM_THREADS=1`` and the like); else BLAS divides them itself. Raises
    ``ValueError`` for another number.

    >>> from tinygrad_lr import get_num_threads, set_num_threads
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    if count not in (1, 2):
        raise ValueError(
            f"set_num_threads: expected 1 or 2, got {count!r}. More threads than two "
            "are no use for models of the size that this package is made for."
        )
    threads.count = count


def in_two(
    function: Callable[..., Any], mine: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    """Call ``function(*mine)`` and ``function(*other)``, at the same time if possible.

    Raises what either raises, when both have ended.
    """
    if threads.count == 1:
        function(*mine)
        function(*other)
        return
    task = Task(function, other)
    threads.give(task)
    try:
        function(*mine)
    finally:
        task.end()


def where_to_divide(
    rows: int, inner: int, columns: int, dtype: np.dtype[Any]
) -> int | None:
    """The row at which to divide a product for two threads, or None to leave it whole.

    ``rows`` x ``inner`` times ``inner`` x ``columns``.
    """
    if threads.count == 1 or rows * inner * columns < WORTH or not blas_is_limited():
        return None
    group = row_group(dtype)
    return None if group is None else rows // 2 // group * group or None


def blas_is_limited() -> bool:
    """Whether the environment keeps BLAS to one thread; else it divides by itself."""
    given = [os.environ[name] for name in LIMITS if name in os.environ]
    return bool(given) and given[0] == "1"


@functools.cache
def row_group(dtype: np.dtype[Any]) -> int | None:
    """How many rows of a product BLAS treats as one group, or None if it has none.

    The rows left over after the last whole group are rounded otherwise, so a product in
    two parts equals the whole only if it is divided between groups. BLAS does not say
    how many they are; a product shows it.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((300, 128)).astype(dtype)
    y = generator.standard_normal((128, 128)).astype(dtype)
    whole = x @ y
    for group in GROUPS:
        if all(
            np.array_equal(x[:at] @ y, whole[:at])
            and np.array_equal(x[at:] @ y, whole[at:])
            for at in (group, 3 * group)
        ):
            return group
    return None
