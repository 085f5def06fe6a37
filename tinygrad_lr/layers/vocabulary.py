"""Vocabularies: lists of words with an order, given or learned, and kept in files.

What is common to all layers that number words; :mod:`tinygrad_lr.layers.lookup` looks
them up.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lr.allowance import pay_for
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.hashing import checked_salt
from tinygrad_lr.layers.preprocessing import checked_mode
from tinygrad_lr.layers.texts import TextLayer, pieces
from tinygrad_lr.layers.validation import invalid, is_whole

Array = np.ndarray[Any, Any]


class Vocabulary(TextLayer):
    """Base class of layers with a vocabulary; for its settings see ``Lookup``."""

    vocabulary_dtype: str

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1,
        mask_token: Any = None, oov_token: Any = None, vocabulary: Any = None,
        idf_weights: Any = None, invert: bool = False, output_mode: str = "int",
        sparse: bool = False, pad_to_max_tokens: bool = False,
        oov_method: str = "floormod", salt: Any = None,
        vocabulary_size: int | None = None, has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        if max_tokens is not None and (not is_whole(max_tokens) or max_tokens <= 1):
            raise invalid(
                self, f"expected an integer above 1 as max_tokens, got {max_tokens!r}."
            )
        if pad_to_max_tokens and max_tokens is None:
            raise invalid(self, "pad_to_max_tokens=True needs max_tokens=.")
        if not is_whole(num_oov_indices) or num_oov_indices < 0:
            raise invalid(
                self,
                f"expected an integer from 0 as num_oov_indices, got "
                f"{num_oov_indices!r}.",
            )
        if oov_method not in ("floormod", "farmhash"):
            raise invalid(
                self,
                f"expected floormod or farmhash as oov_method, got {oov_method!r}.",
            )
        whole = self.vocabulary_dtype == "int64"
        if salt is not None and whole and oov_method != "farmhash":
            raise invalid(self, "salt= is for oov_method='farmhash'.")
        output_mode = "tf_idf" if output_mode == "tf-idf" else output_mode
        self.output_mode = checked_mode(self, output_mode, sparse, "int", "tf_idf")
        if invert and output_mode != "int":
            raise invalid(self, f"invert=True gives words, not {output_mode!r}.")
        if idf_weights is not None and output_mode != "tf_idf":
            raise invalid(self, "idf_weights are for output_mode='tf_idf' only.")
        self.max_tokens = max_tokens
        self.num_oov_indices = int(num_oov_indices)
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = checked_salt(self, salt)
        self.autocast = False
        self.input_vocabulary = (
            None if isinstance(vocabulary, (str, os.PathLike)) else vocabulary
        )
        self.input_idf_weights = idf_weights
        self.fixed = (
            vocabulary is not None
            if has_input_vocabulary is None
            else has_input_vocabulary
        )
        self.frozen_size = vocabulary_size
        self.idf_weights: Any = None
        self.keep([])
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif self.output_mode == "tf_idf" and vocabulary_size is not None:
            pay_for((self.depth,), floatx())  # a file will tell words and weights
            self.idf_weights = np.zeros(self.depth, floatx())

    # -- the vocabulary ----------------------------------------------------------------

    @property
    def specials(self) -> list[Any]:
        """The words in front of the vocabulary: the mask, and those for others."""
        masked = self.mask_token is not None and self.output_mode == "int"
        return [self.mask_token] * masked + [self.oov_token] * self.num_oov_indices

    @property
    def oov_start(self) -> int:
        """The first index for words out of vocabulary."""
        return len(self.specials) - self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the words in the order of their indices."""
        return [*(self.specials if include_special_tokens else ()), *self.tokens]

    def vocabulary_size(self) -> int:
        """Return the number of indices."""
        return len(self.specials) + len(self.tokens)

    def as_tokens(self, values: Any) -> list[Any]:
        """Words in any form as a flat list."""
        raise NotImplementedError

    def keep(self, tokens: list[Any]) -> None:
        """Make these words the vocabulary."""
        self.tokens = tuple(tokens)
        start = len(self.specials)
        self.index_of = {token: start + i for i, token in enumerate(tokens)}

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Replace the vocabulary: words, or the path of a file with one in each line.

        The special words may stand in front. ``idf_weights`` has a weight for each
        word, and for others their mean unless the special words are there.
        """
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise invalid(
                self, "idf_weights belong to a vocabulary in tf_idf mode, and only so."
            )
        if isinstance(vocabulary, (str, os.PathLike)):
            if not Path(vocabulary).is_file():
                raise invalid(self, f"there is no vocabulary file {vocabulary!r}.")
            vocabulary = Path(vocabulary).read_text("utf-8").splitlines()
        given = self.as_tokens(vocabulary)
        if not given:
            raise invalid(self, "expected a vocabulary with a word at least.")
        specials = self.specials
        complete = given[: len(specials)] == specials
        tokens = given[len(specials) :] if complete else given
        twice = [token for token, n in Counter(tokens).items() if n > 1]
        if twice:
            raise invalid(self, f"the vocabulary has more than once: {twice[:10]!r}.")
        for word, use in (
            (self.mask_token, "mask_token"),
            (self.oov_token if self.invert else None, "oov_token"),
        ):
            if word is not None and word in tokens:
                raise invalid(
                    self,
                    f"the vocabulary has the {use} {word!r} at index "
                    f"{given.index(word)}. Leave special words out, or put them in "
                    f"front as {specials!r}.",
                )
        size = len(specials) + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise invalid(
                self,
                f"a vocabulary of {size} words, special ones included, is larger than "
                f"max_tokens={self.max_tokens}.",
            )
        self.keep(tokens)
        self.freeze_size()
        if idf_weights is not None:
            self.set_idf_weights(idf_weights, len(given), complete)

    def set_idf_weights(self, weights: Any, number: int, complete: bool) -> None:
        """Set the weights of the words, padded to the number of columns."""
        found = as_tensor(weights).numpy().astype(floatx())
        if found.shape != (number,):
            raise invalid(
                self,
                f"expected {number} idf_weights, one for each word, got an array of "
                f"shape {found.shape}.",
            )
        front = 0 if complete else len(self.specials)
        self.idf_weights = self.padded(np.pad(found, (front, 0), mode="mean"))

    def padded(self, weights: Array) -> Array:
        """Weights with zeros for columns without a word."""
        more = self.depth - weights.size if self.pad_to_max_tokens else 0
        pay_for((max(more, 0),), floatx())
        return np.pad(weights, (0, more))

    @property
    def depth(self) -> int:
        """The number of columns."""
        found = self.max_tokens if self.pad_to_max_tokens else self.frozen_size
        if found is None:
            raise RuntimeError(
                f"{type(self).__name__} (layer {self.name!r}): give it a vocabulary, "
                f"or call adapt on data, before it is called in mode "
                f"{self.output_mode!r}."
            )
        return found

    def freeze_size(self) -> None:
        """Note the number of columns, which others may have relied on already."""
        if self.output_mode == "int" or self.pad_to_max_tokens:
            self.frozen_size = self.vocabulary_size()
            return
        if self.frozen_size not in (None, self.vocabulary_size()):
            raise RuntimeError(
                f"{type(self).__name__} (layer {self.name!r}): in mode "
                f"{self.output_mode!r} the number of words cannot change: it was "
                f"{self.frozen_size}, and would be {self.vocabulary_size()}. Make a "
                "new layer, or set max_tokens= and pad_to_max_tokens=True."
            )
        self.frozen_size = self.vocabulary_size()

    # -- learning it -------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary of an array or list, or of an iterable of batches.

        Words are in the order of how often they occur, equally frequent ones in
        reverse order. In mode "tf_idf" each row is a document, and the weight of a word
        is log(1 + documents / (1 + documents with the word)). Of an iterable, ``steps``
        batches are taken (None: all).
        """
        self.reset_state()
        for batch in pieces(self, data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget all words counted so far."""
        self.counts: Counter[Any] = Counter()
        self.document_counts: Counter[Any] = Counter()
        self.documents = 0

    def update_state(self, data: Any) -> None:
        """Count the words of a batch: rows of words, or the words of one document."""
        if self.fixed:
            raise invalid(self, "its vocabulary was given; adapt has no use.")
        rows: Sequence[Any] = data if is_nested(data) else [data]
        for row in map(self.as_tokens, rows):
            self.counts.update(row)
            self.document_counts.update(set(row))
            self.documents += 1

    def finalize_state(self) -> None:
        """Make what was counted the vocabulary."""
        if self.fixed or not self.counts:
            self.freeze_size()
            return
        for special in (self.mask_token, self.oov_token):
            self.counts.pop(special, None)
        ranked = sorted(self.counts, key=lambda t: (self.counts[t], t), reverse=True)
        if self.max_tokens:
            ranked = ranked[: max(self.max_tokens - len(self.specials), 0)]
        self.keep(ranked)
        if self.output_mode == "tf_idf":
            weights = np.array(
                [
                    math.log(1 + self.documents / (1 + self.document_counts[token]))
                    for token in ranked
                ],
                floatx(),
            )
            front = (len(self.specials), 0)
            self.idf_weights = self.padded(np.pad(weights, front, mode="mean"))
        self.reset_state()
        self.freeze_size()

    # -- files -------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "vocabulary_dtype": self.vocabulary_dtype,
            "idf_weights": listed(self.input_idf_weights),
            "vocabulary": listed(self.input_vocabulary),
            "vocabulary_size": self.frozen_size,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**without_paths(config))

    def get_build_config(self) -> dict[str, Any]:
        return {}

    def save_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf" and "idf_weights" in store:
            self.idf_weights = np.asarray(store["idf_weights"])

    def save_assets(self, dir_path: str) -> None:
        """Write a learned vocabulary as a file; a given one is in the configuration."""
        if self.input_vocabulary is None:
            lines = "\n".join(map(str, self.get_vocabulary()))
            Path(dir_path, "vocabulary.txt").write_text(lines, "utf-8")

    def load_assets(self, dir_path: str) -> None:
        """Read what :meth:`save_assets` wrote."""
        if self.input_vocabulary is None:
            text = Path(dir_path, "vocabulary.txt").read_text("utf-8")
            given = self.as_tokens(text.rstrip("\n").split("\n"))
            self.keep(given[len(self.specials) :])
            self.freeze_size()


def without_paths(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration, unless it names a file: what loads a model opens no others."""
    if isinstance(config.get("vocabulary"), str):
        raise ValueError(
            f"the configuration of {config.get('name')!r} names the vocabulary file "
            f"{config['vocabulary']!r:.200}, which is not opened for it. Make the "
            "layer, and call set_vocabulary(path)."
        )
    return config


def is_nested(data: Any) -> bool:
    """Whether ``data`` has rows: two axes or more, or lists in a list."""
    if isinstance(data, (list, tuple)):
        return bool(data) and not isinstance(data[0], (str, bytes, int, np.generic))
    return np.ndim(data) > 1


def listed(values: Any) -> Any:
    """An array as a list; anything else as it is."""
    return values.tolist() if isinstance(values, (np.ndarray, np.generic)) else values
