"""Texts as lists of word numbers: marked at the start, limited to frequent words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tinygrad_lr.datasets.sources import fetch

Texts = list[list[int]]


def read_word_index(name: str, path: str) -> dict[str, int]:
    """The numbers of words, from a file that the cache keeps as ``path``."""
    with open(fetch(name, path), encoding="utf-8") as file:
        index: dict[str, int] = json.load(file)
    return index


def shuffled(generator: Any, *arrays: Any) -> list[Any]:
    """The arrays in one new order."""
    order = np.arange(len(arrays[0]))
    generator.shuffle(order)
    return [array[order] for array in arrays]


def marked(texts: Any, start_char: int | None, index_from: int) -> Texts:
    """Word numbers moved up by ``index_from``, behind the number of the start."""
    if start_char is not None:
        return [[start_char, *(w + index_from for w in text)] for text in texts]
    return [[w + (index_from or 0) for w in text] for text in texts]


def shorter(maxlen: int | None, texts: Texts, labels: Any) -> tuple[Texts, Any]:
    """The texts of fewer than ``maxlen`` words, and their labels."""
    if not maxlen:
        return texts, labels
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(
            f"maxlen: no text is shorter than {maxlen} words; increase maxlen."
        )
    return [texts[i] for i in kept], labels[kept]


def limited(
    texts: Texts, num_words: int | None, skip_top: int, oov_char: int | None
) -> Texts:
    """Words outside ``skip_top <= word < num_words`` replaced, or left out."""
    most = num_words or max(map(max, texts))
    if oov_char is None:
        return [[w for w in text if skip_top <= w < most] for text in texts]
    return [[w if skip_top <= w < most else oov_char for w in text] for text in texts]


def as_objects(texts: Texts) -> Any:
    """An array of lists (a table if all have one length, as in Keras)."""
    return np.array(texts, dtype=object)
