"""PyDataset: data that is made batch by batch, each batch asked for by its number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sized
from typing import Any

from tinygrad_lr.arguments import checked


class PyDataset:
    """Base of datasets with ``__len__`` (batches) and ``__getitem__`` (one batch).

    Instead of ``__len__`` there may be a property ``num_batches``, which is None if
    batches never end: then ``fit`` needs ``steps_per_epoch``, and the numbers go on
    from epoch to epoch.

    A batch is ``(inputs,)``, ``(inputs, targets)`` or ``(inputs, targets,
    sample_weights)``. ``on_epoch_begin`` and ``on_epoch_end`` may prepare the next
    round. ``workers``, ``use_multiprocessing`` and ``max_queue_size`` are kept for
    Keras's sake: batches are made when they are needed, in the calling thread.

    Example:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.full((2, 1), index)
        ...         return x, x**2
        >>> len(list(Squares()))
        3
    """

    @checked
    def __init__(
        self,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method __getitem__(self, index) that "
            "returns the batch of that number."
        )

    @property
    def num_batches(self) -> int | None:
        """The number of batches, None if they never end."""
        if isinstance(self, Sized):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method __len__(self) that returns the "
            "number of batches, or a property num_batches."
        )

    def __iter__(self) -> Iterator[Any]:
        n = self.num_batches
        return map(self.__getitem__, itertools.count() if n is None else range(n))

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch."""


Sequence = PyDataset
