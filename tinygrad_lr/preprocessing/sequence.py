"""Sequences: windows over a series, and pairs of words that stand close together."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.utils.py_dataset import PyDataset
from tinygrad_lr.utils.sequences import pad_sequences

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the target that follows it.

    The window for time t is ``data[t - length : t : sampling_rate]``, its target
    ``targets[t]``.

    Args:
        data, targets: arrays or lists of equal length, time first.
        length: steps that a window spans.
        sampling_rate: steps between two entries of a window.
        stride: steps between two windows.
        start_index, end_index: first time of a window, last time of a target.
        shuffle: draw the times at random (from NumPy's global generator, as Keras does)
            instead of one after the other.
        reverse: whether windows run backwards.
        batch_size: windows in a batch.

    Raises:
        ValueError: for unequal lengths, and if no window fits.

    Example:
        >>> series = np.arange(5)
        >>> windows, targets = TimeseriesGenerator(series, series, length=2)[0]
        >>> windows.tolist(), targets.tolist()
        ([[0, 1], [1, 2], [2, 3]], [2, 3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                "TimeseriesGenerator: expected data and targets of the same length, "
                f"got {len(data)} and {len(targets)}."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: start_index + length = {self.start_index} is "
                f"beyond end_index = {self.end_index}, so that no window fits. Shorten "
                "length, or bring more data."
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> Any:
        end = self.end_index + 1
        if self.shuffle:
            rows = np.random.randint(self.start_index, end, size=self.batch_size)
        else:
            step = self.batch_size * self.stride
            first = self.start_index + step * index
            rows = np.arange(first, min(first + step, end), self.stride)
        samples = np.array(
            [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        )
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments; data and targets as JSON texts."""
        data, targets = (
            json.dumps(part.tolist() if isinstance(part, np.ndarray) else part)
            for part in (self.data, self.targets)
        )
        names = (
            "length", "sampling_rate", "stride", "start_index", "end_index", "shuffle",
            "reverse", "batch_size",
        )  # fmt: skip
        return {"data": data, "targets": targets} | {n: getattr(self, n) for n in names}

    def to_json(self, **kwargs: Any) -> str:
        """The configuration as a JSON text."""
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


@checked
def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> Any:
    """Probabilities to keep the words of rank 0 to ``size - 1``, for :func:`skipgrams`.

    min(1, sqrt(s / f)) with s the ``sampling_factor`` and f the frequency of the word
    after Zipf's law, 1 / f ~ rank * (log(rank) + 0.577) + 1/2 - 1 / (12 rank).

    Source: Mikolov et al., "Distributed representations of words and phrases" (2013).
    """
    rank = np.arange(size)
    rank[:1] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    f = sampling_factor * inverse
    return np.minimum(1.0, f / np.sqrt(f))


@checked
def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words that stand close together (label 1), and random pairs (label 0).

    Args:
        sequence: word numbers; 0 is no word.
        vocabulary_size: random words are from 1 to ``vocabulary_size - 1``.
        window_size: how far apart the words of a pair may stand.
        negative_samples: random pairs for each real one.
        shuffle: whether to mix the pairs.
        categorical: labels ``[0, 1]`` and ``[1, 0]`` instead of 1 and 0.
        sampling_table: probabilities to keep a word, by its number.
        seed: of the order. Draws are those of Python's ``random``, as in Keras.

    Returns:
        The pairs and their labels.

    Source: Mikolov et al., "Efficient estimation of word representations" (2013).
    """
    import random  # slow to load, and needed nowhere else

    couples: list[list[int]] = []
    for i, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < random.random():
            continue
        start = max(0, i - window_size)
        for j, other in enumerate(sequence[start : i + window_size + 1], start):
            if j != i and other:
                couples.append([word, other])
    labels: list[Any] = [[0, 1] if categorical else 1] * len(couples)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)]
            for i in range(count)
        ]
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        if seed is None:
            seed = random.randint(0, 10**7)
        for mixed in (couples, labels):
            random.seed(seed)
            random.shuffle(mixed)
    return couples, labels
