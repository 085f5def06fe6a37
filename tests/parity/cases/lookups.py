"""Lookups: integers and texts to numbers of a vocabulary or of a hash, and back.

Real Keras computes them with TensorFlow, whatever its backend; the record is made with
``KERAS_BACKEND=tensorflow``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases.common import Case, Keras, array, plain

WORDS = np.array([["a", "c", "d", "d"], ["d", "z", "b", "z"]])
NUMBERS = np.array([[12, 1138, 42, 42], [42, 7, 36, 7]])
TEXTS = [
    "The quick-brown fox, JUMPS over!", "the lazy dog;  the DOG\t\u00c9lan \u00a0x", "",
    "a 'quoted' (dog)",
]  # fmt: skip
V, W = ["a", "b", "c", "d"], [12, 36, 1138, 42]
INDICES = np.array([[0, 1, 2], [3, 9, 5]])
LONG = ["".join(chr(97 + i * n % 26) for i in range(n)) for n in range(1, 200, 7)]


def texts(value: Any) -> Any:
    """Texts as ``str``, whatever they were."""
    if isinstance(value, list):
        return [texts(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value


def figures(keras: Keras, name: str, data: Any, adapt: Any, **arguments: Any) -> Any:
    """All that is asked of a lookup: results, dtype, vocabulary, configuration."""
    keras.utils.clear_session()
    layer = getattr(keras.layers, name)(**arguments)
    if adapt is not None:
        layer.adapt(adapt)
    out = [layer(part) for part in data]
    config = layer.get_config()
    again = type(layer).from_config(dict(config)).get_config()
    found = {
        "value": [texts(array(part).tolist()) for part in out],
        "dtype": "text"
        if array(out[0]).dtype.kind in "OSU"
        else str(array(out[0]).dtype),
        "config": plain(config),
        "again": plain(again) == plain(config),
    }
    if found["dtype"] == "float32":
        found["value"] = plain([array(part) for part in out])
    if hasattr(layer, "get_vocabulary"):
        found["vocabulary"] = [
            [word if isinstance(word, str) else int(word) for word in words]
            for words in (layer.get_vocabulary(), layer.get_vocabulary(False))
        ]
        found["size"] = int(layer.vocabulary_size())
    return found


class Table(dict[str, Case]):
    """Collects cases under readable names."""

    def row(self, name: str, *data: Any, adapt: Any = None, **arguments: Any) -> None:
        """One layer: its class, what it is called on, and its arguments."""
        shown = [f"{k}={v}" for k, v in arguments.items() if k != "vocabulary"]
        title = "-".join([name, *(["adapt"] if adapt is not None else []), *shown])
        title += "" if title not in self else f"-{len(self)}"
        self[title] = partial(figures, name=name, data=data, adapt=adapt, **arguments)


def hashes(t: Table) -> None:
    t.row(
        "Hashing",
        LONG,
        NUMBERS,
        -NUMBERS,
        np.array([1.5, -2.5], "float32"),
        num_bins=97,
    )
    t.row("Hashing", LONG, NUMBERS, num_bins=97, salt=[133, 137])
    t.row("Hashing", ["a", "b", ""], num_bins=3, mask_value="", salt=7)
    t.row("Hashing", NUMBERS, num_bins=3, mask_value=7, dtype="int32")
    for mode in ("one_hot", "multi_hot", "count"):
        t.row("Hashing", NUMBERS, NUMBERS[:, :1], num_bins=4, output_mode=mode)
    pairs = (np.array(LONG), np.arange(len(LONG)))
    t.row("HashedCrossing", pairs, pairs[::-1], (pairs[0][:, None],) * 3, num_bins=97)
    t.row(
        "HashedCrossing", (NUMBERS[0], -NUMBERS[1]), num_bins=4, output_mode="one_hot"
    )


def words(t: Table) -> None:
    for options in (
        {}, {"mask_token": ""}, {"num_oov_indices": 3},
        {"num_oov_indices": 3, "salt": 7},
        {"mask_token": "z", "output_mode": "count"}, {"max_tokens": 9},
    ):  # fmt: skip
        t.row("StringLookup", WORDS, WORDS[0], vocabulary=V, **options)
    for mode in ("one_hot", "multi_hot", "count"):
        t.row("StringLookup", WORDS, WORDS[:, :1], vocabulary=V, output_mode=mode)
        t.row(
            "StringLookup", WORDS, vocabulary=V, output_mode=mode, max_tokens=7,
            pad_to_max_tokens=True,
        )  # fmt: skip
    weights = [0.5, 0.25, 0.75, 0.625]
    for vocabulary, idf in ((V, weights), (["[UNK]", *V], [2.0, *weights])):
        t.row(
            "StringLookup", WORDS, vocabulary=vocabulary, output_mode="tf_idf",
            idf_weights=idf, max_tokens=8, pad_to_max_tokens=True,
        )  # fmt: skip
    t.row("StringLookup", WORDS, adapt=WORDS)
    t.row("StringLookup", WORDS, adapt=WORDS, max_tokens=4, mask_token="z")
    t.row("StringLookup", WORDS, adapt=WORDS, output_mode="tf_idf")
    t.row("StringLookup", INDICES, vocabulary=V, invert=True, mask_token="")


def integers(t: Table) -> None:
    for options in (
        {}, {"mask_token": 0}, {"num_oov_indices": 3}, {"mask_token": 7},
        {"num_oov_indices": 3, "oov_method": "farmhash"},
        {"num_oov_indices": 2, "oov_method": "farmhash", "salt": [1, 2]},
        {"mask_token": 7, "output_mode": "count"}, {"output_mode": "one_hot"},
        {"output_mode": "multi_hot", "max_tokens": 9, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "idf_weights": [0.5, 0.25, 0.75, 0.625]},
    ):  # fmt: skip
        t.row("IntegerLookup", NUMBERS, NUMBERS[:, :1], vocabulary=W, **options)
    t.row("IntegerLookup", NUMBERS, adapt=NUMBERS, mask_token=7)
    t.row(
        "IntegerLookup", INDICES, vocabulary=W, invert=True, mask_token=0, oov_token=-5
    )


def sentences(t: Table) -> None:
    for options in (
        {}, {"max_tokens": 5}, {"standardize": "lower"}, {"standardize": None},
        {"standardize": "strip_punctuation", "output_sequence_length": 3},
        {"output_sequence_length": 9, "ngrams": 2}, {"ngrams": (2, 3)},
        {"split": "character", "max_tokens": 8, "output_sequence_length": 6},
        {"output_mode": "multi_hot"}, {"output_mode": "tf_idf"},
        {"output_mode": "count", "max_tokens": 15, "pad_to_max_tokens": True},
    ):  # fmt: skip
        t.row("TextVectorization", TEXTS, "the fox", adapt=TEXTS, **options)
    t.row("TextVectorization", TEXTS, vocabulary=["dog", "fox"])
    t.row("TextVectorization", WORDS, vocabulary=V, split=None, ngrams=2)


LOOKUPS = Table()
for group in (hashes, words, integers, sentences):
    group(LOOKUPS)
