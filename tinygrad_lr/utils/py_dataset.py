"""PyDataset: data that is made batch by batch, each batch asked for by its number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_lr.arguments import checked


class PyDataset:
    """Base of datasets with ``__len__`` (batches) and ``__getitem__`` (one batch).

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

    def __len__(self) -> int:
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method __len__(self) that returns the "
            "number of batches."
        )

    @property
    def num_batches(self) -> int:
        """The number of batches."""
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch."""


Sequence = PyDataset
