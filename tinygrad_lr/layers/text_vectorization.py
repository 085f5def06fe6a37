"""TextVectorization: whole sentences to numbers, by way of words.

A text is standardized (case and punctuation), split into words, these are joined to
n-grams if wanted, and each is looked up in a vocabulary that ``adapt`` learns.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.allowance import room_for
from tinygrad_lr.layers.lookup import StringLookup
from tinygrad_lr.layers.texts import Array, TextLayer, as_texts, pieces
from tinygrad_lr.layers.validation import invalid, is_whole, unavailable
from tinygrad_lr.layers.vocabulary import listed, without_paths
from tinygrad_lr.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)

# As Keras has it: only the letters and the white space of ASCII are looked at.
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
NONE = str.maketrans("", "", string.punctuation)
WORDS = re.compile(r"[^ \t\n\v\f\r]+")


class TextVectorization(TextLayer):
    """Texts to integers (batch, words), or to one row of columns for each text.

    ``standardize`` is "lower_and_strip_punctuation", "lower", "strip_punctuation", None
    or a function of an array of texts; ``split`` is "whitespace", "character", None
    (the inputs are words already) or a function that gives a list of words for each
    text. ``ngrams`` joins up to so many words, or just as many as a tuple says.

    In mode "int" rows are padded with 0 to the longest, or cut and padded to
    ``output_sequence_length``; 1 is any word out of vocabulary. Other modes,
    ``max_tokens``, ``pad_to_max_tokens``, ``vocabulary`` and ``idf_weights`` are those
    of :class:`StringLookup`.

    >>> layer = TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["The cat, the dog!", "A cat."])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'the', 'cat', 'dog', 'a']
    >>> layer(["the cat sat"]).numpy().tolist()
    [[2, 3, 1, 0]]
    """

    only_texts = True

    def __init__(
        self, max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation", split: Any = "whitespace",
        ngrams: Any = None, output_mode: str = "int",
        output_sequence_length: int | None = None, pad_to_max_tokens: bool = False,
        vocabulary: Any = None, idf_weights: Any = None, sparse: bool = False,
        ragged: bool = False, encoding: str = "utf-8", name: str | None = None,
        vocabulary_size: int | None = None, has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name, **kwargs)
        unavailable(self, ragged=ragged)
        for option, value, known in (
            (
                "standardize",
                standardize,
                ("lower_and_strip_punctuation", "lower", "strip_punctuation"),
            ),
            ("split", split, ("whitespace", "character")),
        ):
            if value is not None and value not in known and not callable(value):
                raise invalid(
                    self,
                    f"expected {', '.join(known)}, None or a function as {option}, got "
                    f"{value!r}.",
                )
        several = isinstance(ngrams, tuple) and all(map(is_whole, ngrams))
        if ngrams is not None and not is_whole(ngrams) and not several:
            raise invalid(
                self,
                f"expected an integer or a tuple of them as ngrams, got {ngrams!r}.",
            )
        length = output_sequence_length
        if length is not None and (output_mode != "int" or not is_whole(length)):
            raise invalid(
                self,
                "expected an integer as output_sequence_length, and only with "
                f"output_mode='int', got {length!r} with {output_mode!r}.",
            )
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self.output_sequence_length = length
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens, 1, "", vocabulary=vocabulary, idf_weights=idf_weights,
            output_mode=output_mode, pad_to_max_tokens=pad_to_max_tokens, sparse=sparse,
            encoding=encoding, vocabulary_size=vocabulary_size,
            has_input_vocabulary=has_input_vocabulary,
        )  # fmt: skip
        self.output_mode = self._lookup_layer.output_mode

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: int | None = None
    ) -> None:
        """Learn the vocabulary of texts: an array, a list, or an iterable of batches.

        Of an iterable, ``steps`` batches are taken (None: all); ``batch_size`` changes
        nothing.
        """
        self.reset_state()
        for batch in pieces(self, data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the words of a batch of texts."""
        self._lookup_layer.update_state(self.words(as_texts(data, self.encoding)))

    def finalize_state(self) -> None:
        """Make what was counted the vocabulary."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget all words counted so far."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the words in the order of their numbers."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return how many numbers there are."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Replace the vocabulary, as that of a :class:`StringLookup`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # -- from texts to words -----------------------------------------------------------

    def words(self, texts: Array) -> Any:
        """The words of each text as lists; those of one text alone as one list."""
        texts = self.standardized(texts)
        if self.split is None:
            found = texts.tolist()
        else:
            if texts.ndim > 1 and texts.shape[-1] != 1:
                raise invalid(
                    self,
                    "expected texts of shape (batch,) or (batch, 1) to split, got "
                    f"shape {texts.shape}. With split=None each is a word.",
                )
            found = self.split_up(texts[..., 0] if texts.ndim > 1 else texts)
        n = self.ngrams
        if n is None:
            return found
        return in_rows(
            lambda row: joined(
                row, range(1, min(n, len(row)) + 1) if is_whole(n) else n
            ),
            found,
        )

    def standardized(self, texts: Array) -> Array:
        """Texts without what shall make no difference."""
        how = self.standardize
        if callable(how):
            return as_texts(how(texts.astype(str)), self.encoding)
        found = texts.copy()
        tables = [LOWER] * ("lower" in (how or "")) + [NONE] * ("strip" in (how or ""))
        for table in tables:
            for i, text in enumerate(found.flat):
                found.flat[i] = text.translate(table)
        return found

    def split_up(self, texts: Array) -> Any:
        """The words of each text."""
        if callable(self.split):
            found = self.split(texts.astype(str))
            return found.tolist() if isinstance(found, np.ndarray) else list(found)
        into = list if self.split == "character" else WORDS.findall
        found = [into(text) for text in texts.ravel()]
        return found if texts.ndim else found[0]

    def call(self, inputs: Any) -> Any:
        words = self.words(inputs)
        if isinstance(words, list):
            length = self.output_sequence_length
            if length is None:
                length = max(map(len, rows_in(words)), default=0)
            room_for((length,), "int64")
            words = in_rows(lambda row: (row + [""] * length)[:length], words)
        return self._lookup_layer.call(np.array(words, object))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return (shape[0], self.output_sequence_length)
        if self.split is not None or len(shape) <= 1:
            shape = (*shape, None if self.split is not None else 1)
        return self._lookup_layer.compute_output_shape(shape)

    # -- files -------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        inner = self._lookup_layer
        return {
            **super().get_config(),
            "max_tokens": inner.max_tokens,
            "standardize": described(self.standardize),
            "split": described(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "pad_to_max_tokens": inner.pad_to_max_tokens,
            "sparse": inner.sparse,
            "ragged": False,
            "vocabulary": listed(inner.input_vocabulary),
            "idf_weights": listed(inner.input_idf_weights),
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(without_paths(config))
        for option in ("standardize", "split"):
            if isinstance(config.get(option), dict):
                config[option] = deserialize_keras_object(config[option])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return cls(**config)

    def save_own_variables(self, store: Any) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write a learned vocabulary as a file."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read what :meth:`save_assets` wrote."""
        self._lookup_layer.load_assets(dir_path)


def described(option: Any) -> Any:
    """A function by its configuration; a name as it is."""
    return serialize_keras_object(option) if callable(option) else option


def rows_in(nested: list[Any]) -> Iterator[list[str]]:
    """The innermost lists, which have words in them (or nothing)."""
    if nested and isinstance(nested[0], list):
        for part in nested:
            yield from rows_in(part)
    else:
        yield nested


def in_rows(function: Callable[[list[str]], list[str]], nested: Any) -> Any:
    """A function of each of these lists; a word alone stays as it is."""
    if not isinstance(nested, list):
        return nested
    if nested and isinstance(nested[0], list):
        return [in_rows(function, part) for part in nested]
    return function(nested)


def joined(words: list[str], widths: Sequence[int]) -> list[str]:
    """All n-grams of each width, in turn.

    >>> joined(["a", "b", "c"], (1, 2))
    ['a', 'b', 'c', 'a b', 'b c']
    """
    return [
        " ".join(words[i : i + width])
        for width in widths
        for i in range(len(words) - width + 1)
    ]
