"""Windows that slide over a time series, as a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.random import new_seed
from tinygrad_lr.utils.dataset import Dataset
from tinygrad_lr.utils.elements import TensorSpec, as_leaf


class Windows:
    """Reads windows by where they begin: a window is never stored."""

    def __init__(self, data: Any, targets: Any, offsets: Any) -> None:
        self.data = data
        self.targets = targets
        self.offsets = offsets

    def one(self, start: int) -> Any:
        """The window that begins at ``start``, and the target there."""
        window = self.data[start + self.offsets]
        return window if self.targets is None else (window, self.targets[start, ...])

    def many(self, starts: list[int]) -> Any:
        """Several windows in one array, and their targets."""
        begin = np.array(starts)
        windows = self.data[begin[:, None] + self.offsets]
        return windows if self.targets is None else (windows, self.targets[begin])


@checked
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",  # Keras's name
) -> Dataset:
    """Cut a time series into windows of equal length.

    Window i holds ``data[t], data[t + sampling_rate], ...`` (``sequence_length`` of
    them) from ``t = start_index + i * sequence_stride`` on; its target is
    ``targets[t]``.

    Args:
        data: array with time as first axis.
        targets: one target for each time at which a window may begin, or None. For the
            value that follows a window give ``data[sequence_length:]``.
        sequence_length: entries in a window.
        sequence_stride: steps between the beginnings of two windows.
        sampling_rate: steps between two entries of a window.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether windows come in another order, a new one in each epoch.
        seed: of the order.
        start_index: first time to use.
        end_index: time at which to stop.
        format: accepted for Keras's sake.

    Returns:
        A dataset of batches ``(windows, targets)``, or ``windows`` without targets.

    Raises:
        ValueError: for a number outside the data.

    Example:
        >>> x = np.arange(5)
        >>> for window, target in timeseries_dataset_from_array(x, x[2:], 2):
        ...     print(window.tolist(), target.tolist())
        [[0, 1], [1, 2], [2, 3]] [2, 3, 4]
    """
    data = as_leaf(data)
    n = len(data)
    check_numbers(n, start_index, end_index, sampling_rate, sequence_stride)
    if format not in ("tf", "grain"):
        raise ValueError(f"format: expected 'tf' or 'grain', got {format!r}.")
    start = start_index or 0
    data = data[start:end_index]
    count = len(data) - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = as_leaf(targets)
        count = min(count, len(targets))
        targets = targets[start:end_index]
        if count > len(targets):
            raise ValueError(
                f"targets: expected one for each of {count} beginnings from "
                f"start_index={start} on, got {len(targets)}. targets[t] belongs to "
                "the window that begins at time t."
            )
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        seed = new_seed() if seed is None else seed
        np.random.default_rng(seed).shuffle(starts)
    order = starts.tolist()
    offsets = np.arange(sequence_length) * sampling_rate
    spec: Any = TensorSpec((sequence_length, *data.shape[1:]), data.dtype)
    if targets is not None:
        spec = spec, TensorSpec(targets.shape[1:], targets.dtype)
    reader = Windows(data, targets, offsets)
    dataset = Dataset(lambda: iter(order), len(order), reader, spec)
    if shuffle:
        dataset = dataset.shuffle(8 * batch_size if batch_size else 1024, seed=seed)
    return dataset if batch_size is None else dataset.batch(batch_size)


def check_numbers(
    n: int, start_index: int | None, end_index: int | None, sampling_rate: int,
    sequence_stride: int,
) -> None:  # fmt: skip
    """Raise ``ValueError`` for numbers that do not fit data of length ``n``."""
    for name, number in (("start_index", start_index), ("end_index", end_index)):
        if number and not 0 <= number < n:
            raise ValueError(
                f"{name}: expected a number from 0 to {n - 1} for data of length {n}, "
                f"got {number!r}."
            )
    if start_index and end_index and end_index <= start_index:
        raise ValueError(
            f"end_index: expected a number above start_index={start_index}, got "
            f"{end_index!r}."
        )
    for name, number in (
        ("sampling_rate", sampling_rate),
        ("sequence_stride", sequence_stride),
    ):
        if not 0 < number < n:
            raise ValueError(
                f"{name}: expected a number from 1 to {n - 1} for data of length {n}, "
                f"got {number!r}."
            )
