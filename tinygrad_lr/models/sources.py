"""Sources: they hand out the batches of an epoch, whatever the data come from.

Arrays in memory are checked and shuffled as wholes, so that a batch is a slice of each
and nothing more; generators and datasets are looked at batch by batch. A batch is a
tuple ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Protocol

import numpy as np

from tinygrad_lr.autodiff.trees import leaves, rebuild
from tinygrad_lr.models.data import (
    Array,
    Batch,
)
from tinygrad_lr.notices import warn
from tinygrad_lr.random import root_generator

MANY = 32  # batches from which arranging them as rows pays
SHUFFLED_WHOLE = (
    2**25
)  # bytes up to which all data of an epoch are put in order at once


class Source(Protocol):
    """Where batches come from."""

    @property
    def steps(self) -> int | None:
        """The number of batches in an epoch, if it is known."""

    def first(self) -> Batch | None:
        """The first batch, for its shapes; asking does not use it up."""

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""
        ...

    def runs(self, reuse: bool = False) -> Iterator[tuple[int, Iterable[Batch]]]:
        """The batches of one epoch in runs of one form, each with its number.

        ``reuse`` allows a batch to lie where the one before lay.
        """
        ...


class OneByOne:
    """Sources whose batches may differ in form: each is a run of its own."""

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""
        raise NotImplementedError

    def runs(self, reuse: bool = False) -> Iterator[tuple[int, Iterable[Batch]]]:
        """Each batch of an epoch by itself."""
        return ((1, [batch]) for batch in self.epoch())


class ArraySource:
    """Arrays in memory, cut into batches of ``batch_size`` rows.

    ``parts`` is ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, checked and
    prepared. ``shuffle`` is True (rows), "batch" (whole batches) or False.
    """

    def __init__(
        self, parts: Batch, batch_size: int, shuffle: bool | str = False
    ) -> None:
        self.parts = parts
        self.arrays = [np.ascontiguousarray(leaf) for leaf in leaves(parts)]
        self.rows = len(self.arrays[0])
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.plain = all(isinstance(part, np.ndarray) for part in parts)
        self.cuts = [
            slice(at, at + batch_size) for at in range(0, self.rows, batch_size)
        ]
        self.steps: int | None = len(self.cuts)

    @property
    def uniform(self) -> bool:
        """Whether all batches have one size."""
        return len(self.cuts) == 1 or self.rows % self.batch_size == 0

    def first(self) -> Batch:
        return self.join([array[self.cuts[0]] for array in self.arrays])

    def epoch(self, reuse: bool = False) -> Iterator[Batch]:
        """Slices of the arrays, put in a new order first if they are to be shuffled.

        With ``reuse`` the rows of a large array are always taken into the same memory,
        for whoever is done with a batch when asking for the next.
        """
        arrays = self.arrays
        if not self.shuffle:
            columns: list[Iterator[Array]] = [self.pieces(array) for array in arrays]
        elif sum(array.nbytes for array in arrays) <= SHUFFLED_WHOLE:
            order = self.order()
            columns = [self.pieces(array.take(order, 0)) for array in arrays]
        else:
            order = self.order()
            chunks = [order[cut] for cut in self.cuts]
            columns = [map(taker(array, reuse), chunks) for array in arrays]
        batches = zip(*columns, strict=True)
        return batches if self.plain else map(self.join, batches)

    def pieces(self, array: Array) -> Iterator[Array]:
        """One view for each batch; many come faster as the rows of one array."""
        if len(self.cuts) < MANY:
            return map(array.__getitem__, self.cuts)
        *full, rest = self.cuts
        shape = (len(full), self.batch_size, *array.shape[1:])
        whole = array[: rest.start].reshape(shape)
        return itertools.chain(whole, [array[rest]])

    def runs(self, reuse: bool = False) -> Iterator[tuple[int, Iterable[Batch]]]:
        """All full batches, then the short one that may be left."""
        batches = self.epoch(reuse)
        full = self.rows // self.batch_size
        if full:
            yield full, itertools.islice(batches, full)
        if self.rows % self.batch_size:
            yield 1, batches

    def order(self) -> Array:
        """The row numbers in the order of this epoch."""
        generator = root_generator()
        if self.shuffle != "batch":
            return generator.permutation(self.rows)
        full = self.rows - self.rows % self.batch_size
        blocks = np.arange(full).reshape(-1, self.batch_size)
        return np.concatenate(
            [generator.permutation(blocks).ravel(), np.arange(full, self.rows)]
        )

    def join(self, arrays: Iterable[Array]) -> Batch:
        """Put one array per leaf into the nesting that the data came in."""
        return tuple(rebuild(self.parts, arrays))


def taker(array: Array, reuse: bool) -> Callable[[Array], Array]:
    """A function that takes rows of ``array`` by their numbers."""
    places: dict[int, Array] = {}

    def take(rows: Array) -> Array:
        n = len(rows)
        if n not in places:
            places[n] = np.empty((n, *array.shape[1:]), array.dtype)
        return array.take(rows, 0, places[n], "clip")

    return take if reuse else lambda rows: array.take(rows, 0)


class IteratedSource(OneByOne):
    """Batches from a generator or any other iterable.

    An iterator can be gone through once; an iterable begins anew in every epoch.
    """

    def __init__(self, batches: Iterable[Any], check: Callable[[Any], Batch]) -> None:
        self.batches = batches
        self.check = check
        self.once = iter(batches) is batches
        self.steps = length_of(batches)
        self.waiting: list[Any] = []
        self.current: Iterator[Any] = iter(batches)

    def first(self) -> Batch | None:
        if not self.waiting:
            self.waiting = list(itertools.islice(self.current, 1))
        return self.check(self.waiting[0]) if self.waiting else None

    def epoch(self) -> Iterator[Batch]:
        waiting, self.waiting = self.waiting, []
        if not waiting and not self.once:
            self.current = iter(self.batches)
        return map(self.check, itertools.chain(waiting, self.current))


def length_of(batches: Iterable[Any]) -> int | None:
    """The number of batches, if they know it: a stream may be infinite."""
    try:
        return len(batches) if isinstance(batches, Sized) else None
    except TypeError:
        return None


class DatasetSource(OneByOne):
    """Batches of an object with ``__len__`` and ``__getitem__``: a PyDataset."""

    def __init__(
        self, dataset: Any, check: Callable[[Any], Batch], shuffle: bool | str = False
    ) -> None:
        self.dataset = dataset
        self.check = check
        self.shuffle = shuffle

        if shuffle and self.steps is None:
            warn(
                "shuffle=True has no effect on a PyDataset without end, which is taken "
                "to be shuffled. Pass shuffle=False."
            )

    @property
    def steps(self) -> int | None:
        """The number of batches, None if they never end."""
        if hasattr(self.dataset, "num_batches"):
            steps: int | None = self.dataset.num_batches
            return steps
        return len(self.dataset)

    def first(self) -> Batch | None:
        return None if self.steps == 0 else self.check(self.dataset[0])

    def epoch(self) -> Iterator[Batch]:
        self.tell("on_epoch_begin")
        n = self.steps
        numbers: Iterable[int] = itertools.count()
        if n is not None:
            order = np.arange(n)
            if self.shuffle:
                order = root_generator().permutation(order)
            numbers = order.tolist()
        for number in numbers:
            yield self.check(self.dataset[number])
        self.tell("on_epoch_end")

    def tell(self, hook: str) -> None:
        """Call a hook of the dataset if it has one."""
        getattr(self.dataset, hook, lambda: None)()


class Stepped(OneByOne):
    """Epochs of a fixed number of steps, whatever the length of the data beneath.

    An epoch goes on where the last one stopped. If the data end early the epoch does,
    too, with a warning, and the next one begins anew.
    """

    def __init__(self, source: Source, steps: int) -> None:
        self.source = source
        self.steps: int | None = steps
        self.count = steps
        self.restart()

    def restart(self) -> None:
        """Let the next epoch begin with the first batch."""
        self.current: Iterator[Batch] | None = None
        self.used = 0

    def first(self) -> Batch | None:
        return self.source.first()

    def epoch(self) -> Iterator[Batch]:
        if self.current is None:
            self.current, self.used = self.source.epoch(), 0
        given = 0
        for batch in itertools.islice(self.current, self.count):
            given += 1
            yield batch
        self.used += given
        if given < self.count:
            warn(
                f"the data ended after {given} of {self.count} steps of an epoch. "
                "Lower steps_per_epoch (or validation_steps, steps), or give more "
                "batches."
            )
        if given < self.count or self.used == self.source.steps:
            self.current = None
