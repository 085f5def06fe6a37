"""Reuters: 11,228 news messages of 1987 as lists of word numbers, in 46 topics.

Words are numbered by how frequent they are, the most frequent first.

Source: Lewis, "Reuters-21578 text categorization collection" (1997).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.datasets.pickles import load_npz
from tinygrad_lr.datasets.sources import fetch
from tinygrad_lr.datasets.word_lists import (
    as_objects,
    limited,
    marked,
    read_word_index,
    shorter,
    shuffled,
)

LABELS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade
    reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum
    oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs
    lei bop zinc orange pet-chem dlr gas silver wpi hog lead
    """


@checked
def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``: arrays of lists, and labels.

    Args:
        path: the file's name in the cache.
        num_words: word numbers from here on are replaced by ``oov_char``.
        skip_top: word numbers below are replaced by ``oov_char``.
        maxlen: only messages of fewer words (the start counts).
        test_split: the fraction kept for testing.
        seed: of the order of the messages.
        start_char: number of the start of a message; None for no start.
        oov_char: number for words that are left out; None to drop them.
        index_from: what is added to word numbers, to leave 0 (padding), 1 and 2 free.

    Raises:
        ValueError: if ``maxlen`` leaves no message.
    """
    f = load_npz(fetch("reuters.npz", path))
    x, y = shuffled(np.random.RandomState(seed), f["x"], f["y"])
    x, y = shorter(maxlen, marked(x, start_char, index_from), y)
    x = limited(x, num_words, skip_top, oov_char)
    at = int(len(x) * (1 - test_split))
    return (as_objects(x[:at]), y[:at].copy()), (as_objects(x[at:]), y[at:].copy())


@checked
def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Word numbers by word; :func:`load_data` adds ``index_from`` to them."""
    return read_word_index("reuters_word_index.json", path)


def get_label_names() -> tuple[str, ...]:
    """The topics, in the order of their numbers."""
    return tuple(LABELS.split())
