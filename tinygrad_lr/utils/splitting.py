"""Splitting a dataset in two, for training and testing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.random import new_seed
from tinygrad_lr.utils.dataset import Dataset
from tinygrad_lr.utils.elements import each, stack


@checked
def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Split rows into a left and a right part.

    Args:
        dataset: an array, a list or tuple of arrays of equal length, or a ``Dataset``
            (the rows of its batches, if it was made by ``batch``).
        left_size: a fraction (float) or number of rows (int) for the left part; the
            rest of ``right_size`` if None.
        right_size: the same for the right part, which is taken from the end.
        shuffle: whether to put the rows in another order first.
        seed: of the order; the same seed gives Keras's own order.
        preferred_backend: accepted for Keras's sake.

    Returns:
        Two datasets of rows (of batches, if ``dataset`` was).

    Raises:
        TypeError: for other kinds of data and sizes that are no numbers.
        ValueError: for no size at all, or sizes that leave a part empty.

    Example:
        >>> left, right = split_dataset(np.arange(5), left_size=0.6)
        >>> len(left), len(right)
        (3, 2)
    """
    if left_size is None and right_size is None:
        raise ValueError("split_dataset: expected left_size or right_size, got none.")
    rows, batch_size = rows_of(dataset)
    n = len(rows)
    order = list(range(n))
    if shuffle:
        seed = new_seed() if seed is None else seed
        import random  # slow to load, and needed nowhere else

        random.Random(seed).shuffle(order)
    left, right = sizes(left_size, right_size, n)
    parts = []
    for chosen in (order[:left], order[n - right :]):
        part = Dataset.from_tensor_slices(stack([rows[row] for row in chosen]))
        parts.append(part if batch_size is None else part.batch(batch_size))
    return parts[0], parts[1]


def rows_of(dataset: Any) -> tuple[list[Any], int | None]:
    """The rows of the data, and the size of the batches they came in."""
    if isinstance(dataset, Dataset):
        rows = dataset if dataset.batch_size is None else dataset.unbatch()
        return list(rows.elements()), dataset.batch_size
    if not isinstance(dataset, (list, tuple, np.ndarray)):
        raise TypeError(
            "split_dataset: expected an array, a list or tuple of arrays, or a "
            f"Dataset, got {type(dataset).__name__}."
        )
    arrays = dataset if isinstance(dataset, np.ndarray) else tuple(dataset)
    wrong = [part for part in arrays if not isinstance(part, np.ndarray)]
    if isinstance(arrays, tuple) and (wrong or not arrays):
        got = f"{type(wrong[0]).__name__} in it" if wrong else "an empty one"
        raise ValueError(
            f"split_dataset: expected a list or tuple of arrays, got {got}. Put data "
            "into arrays with np.array."
        )
    lengths = {len(part) for part in arrays} if isinstance(arrays, tuple) else {0}
    if len(lengths) > 1:
        raise ValueError(
            "split_dataset: expected arrays of equal length, got lengths "
            f"{', '.join(map(str, sorted(lengths)))}."
        )
    return list(Dataset.from_tensor_slices(each(np.asarray, arrays)).elements()), None


def sizes(left: Any, right: Any, n: int) -> tuple[int, int]:
    """The numbers of rows of both parts, of ``n`` together."""
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, (int, float)):
            raise TypeError(
                f"split_dataset: expected an integer or a float as {name}, got "
                f"{size!r}."
            )
        if not 0 < size < (n if isinstance(size, int) else 1):
            raise ValueError(
                f"split_dataset: expected {name} to be an integer from 1 to {n - 1} or "
                f"a float between 0 and 1, got {size!r}."
            )
    counts = [round(s * n) if isinstance(s, float) else s for s in (left, right)]
    if counts[0] is None:
        counts[0] = n - counts[1]
    elif counts[1] is None:
        counts[1] = n - counts[0]
    if sum(counts) > n:
        raise ValueError(
            f"split_dataset: left_size={left!r} and right_size={right!r} are {counts} "
            f"rows, but there are {n}. Lower one of them, or leave it out."
        )
    if not all(counts):
        raise ValueError(
            f"split_dataset: left_size={left!r} and right_size={right!r} of {n} rows "
            f"leave a part empty: {counts}."
        )
    return counts[0], counts[1]
