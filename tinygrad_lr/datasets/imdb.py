"""IMDB: 50,000 film reviews as lists of word numbers; are they friendly (1) or not (0)?

Words are numbered by how frequent they are, the most frequent first.

Source: Maas et al., "Learning word vectors for sentiment analysis" (2011).
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


@checked
def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
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
        maxlen: only reviews of fewer words (the start counts).
        seed: of the order of the reviews.
        start_char: number of the start of a review; None for no start.
        oov_char: number for words that are left out; None to drop them.
        index_from: what is added to word numbers, to leave 0 (padding), 1 and 2 free.

    Raises:
        ValueError: if ``maxlen`` leaves no review.
    """
    f = load_npz(fetch("imdb.npz", path))
    generator = np.random.RandomState(seed)
    parts = []
    for part in ("train", "test"):
        x, y = shuffled(generator, f[f"x_{part}"], f[f"y_{part}"])
        parts.append(shorter(maxlen, marked(x, start_char, index_from), y))
    (x_train, y_train), (x_test, y_test) = parts
    texts = limited(x_train + x_test, num_words, skip_top, oov_char)
    at = len(x_train)
    return (as_objects(texts[:at]), y_train), (as_objects(texts[at:]), y_test)


@checked
def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Word numbers by word; :func:`load_data` adds ``index_from`` to them."""
    return read_word_index("imdb_word_index.json", path)
