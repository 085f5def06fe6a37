"""Lookups: from the words of a vocabulary to their numbers, and back.

A vocabulary is given, or learned by ``adapt``: the most frequent words first. What is
not in it goes to one or several places of its own ("out of vocabulary", oov), and a
word that stands for nothing, such as padding, can be masked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.autodiff.rules import primitive, rule, whole
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.hashing import hash_bins
from tinygrad_lr.layers.preprocessing import encoded
from tinygrad_lr.layers.texts import as_texts, is_text
from tinygrad_lr.layers.validation import invalid
from tinygrad_lr.layers.vocabulary import Vocabulary


@primitive
def values_at(x: Any, keys: Any, values: Any, default: int) -> Any:
    """The value that belongs to each x among the sorted keys, or else the default."""
    if not keys.size:
        return np.full(x.shape, default, values.dtype)
    at = np.minimum(np.searchsorted(keys, x), keys.size - 1)
    return np.where(keys[at] == x, values[at], values.dtype.type(default))


@primitive
def all_found(lookups: Any, x: Any) -> Any:
    """``lookups``, unless there is a -1 among them."""
    lost = x[lookups == -1]
    if lost.size:
        raise ValueError(
            f"with num_oov_indices=0 all inputs must be in the vocabulary, and "
            f"{', '.join(map(repr, lost[:5].tolist()))} "
            f"{'is' if lost.size == 1 else 'are'} not; set num_oov_indices=1."
        )
    return lookups.copy()


rule(values_at, None)
whole(all_found)


class Lookup(Vocabulary):
    """Base class of the two lookups, of integers and of texts.

    The index of a word is its place in ``get_vocabulary()``. With ``mask_token`` and
    ``output_mode="int"`` index 0 is that of the mask; then follow ``num_oov_indices``
    for words out of vocabulary (several share them by a hash, see
    :class:`tinygrad_lr.layers.Hashing`; 0 refuses such words), then the words. Other
    modes ("one_hot", "multi_hot", "count", "tf_idf") give columns, in which masked
    words are not counted; "tf_idf" multiplies counts by ``idf_weights``. ``max_tokens``
    bounds the number of indices, and ``pad_to_max_tokens`` makes as many columns.
    ``invert=True`` goes from indices to words, and gives ``oov_token`` for others.
    """

    def places(self, inputs: Any) -> Any:
        """The index of each word, -1 of those out of vocabulary."""
        raise NotImplementedError

    def oov_bins(self, inputs: Any) -> Any:
        """Which of several places each word would get out of vocabulary."""
        return hash_bins(inputs, self.num_oov_indices, self.salt)

    def indices(self, inputs: Any) -> Any:
        """The index of each word; in columns, -1 of masked ones."""
        found = self.places(inputs)
        if self.num_oov_indices > 0:
            others: Any = self.oov_start
            if self.num_oov_indices > 1:
                others = self.oov_bins(inputs) + self.oov_start
            found = np.where(np.equal(found, -1), others, found)
        if self.mask_token is not None:
            masked = np.equal(inputs, self.mask_token)
            if self.num_oov_indices == 0:
                found = np.where(masked, 0, found)
                found = all_found(found, inputs)
            found = np.where(masked, 0 if self.output_mode == "int" else -1, found)
        elif self.num_oov_indices == 0:
            found = all_found(found, inputs)
        return found

    def call(self, inputs: Any) -> Any:
        if self.invert:
            return self.words(inputs)
        found = as_tensor(self.indices(inputs)).astype("int64")
        return self.in_columns(found)

    def in_columns(self, found: Any) -> Any:
        """Indices in the form of the output mode."""
        if self.output_mode == "int":
            return found
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        columns = encoded(found, mode, self.depth, "int64")
        if self.output_mode == "tf_idf":
            return columns.astype(floatx()) * self.idf_weights
        return columns

    def words(self, inputs: Any) -> Any:
        """The word of each index."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        if self.output_mode == "one_hot" and (len(shape) < 2 or shape[-1] != 1):
            return (*shape, self.depth)
        return (*shape[:-1], self.depth)


class IntegerLookup(Lookup):
    """The index of each integer in a vocabulary of integers (see :class:`Lookup`).

    Integers out of vocabulary share ``num_oov_indices`` by their remainder, or with
    ``oov_method="farmhash"`` by the hash of their digits.

    >>> import numpy as np
    >>> layer = IntegerLookup(vocabulary=[12, 36, 1138, 42])
    >>> layer(np.array([[12, 1138, 42], [42, 1000, 36]])).numpy().tolist()
    [[1, 3, 4], [4, 0, 2]]
    """

    vocabulary_dtype = "int64"

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1,
        mask_token: Any = None, oov_token: Any = -1, vocabulary: Any = None,
        vocabulary_dtype: str = "int64", idf_weights: Any = None, invert: bool = False,
        output_mode: str = "int", sparse: bool = False, pad_to_max_tokens: bool = False,
        oov_method: str = "floormod", salt: Any = None, name: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights,
            invert, output_mode, sparse, pad_to_max_tokens, oov_method, salt, name=name,
            **kwargs,
        )  # fmt: skip
        if vocabulary_dtype != "int64":
            raise invalid(
                self, f"expected int64 as vocabulary_dtype, got {vocabulary_dtype!r}."
            )

    def as_tokens(self, values: Any) -> list[Any]:
        if isinstance(values, Tensor):
            values = values.numpy()
        return [int(value) for value in np.ravel(np.asarray(values))]

    def keep(self, tokens: list[Any]) -> None:
        super().keep(tokens)
        words = np.array(tokens, "int64")
        order = np.argsort(words, kind="stable")
        self.sorted_words = words[order]
        self.sorted_indices = order + len(self.specials)

    def places(self, inputs: Any) -> Any:
        return values_at(inputs, self.sorted_words, self.sorted_indices, -1)

    def oov_bins(self, inputs: Any) -> Any:
        if self.oov_method == "floormod":
            return np.mod(inputs, self.num_oov_indices)
        return super().oov_bins(inputs)

    def call(self, inputs: Any) -> Any:
        if is_text(inputs):
            raise invalid(self, "expected integers, got texts; use StringLookup.")
        return super().call(inputs.astype("int64"))

    def words(self, inputs: Any) -> Any:
        size = self.vocabulary_size()
        words = np.array(self.get_vocabulary(), "int64")
        return values_at(inputs, np.arange(size), words, self.oov_token)


class StringLookup(Lookup):
    """The index of each text in a vocabulary of texts (see :class:`Lookup`).

    Texts are ``str`` (or ``bytes`` in ``encoding``): lists, arrays or columns of a data
    frame. Looked up before a model or eagerly; ``invert=True`` gives an array of
    ``str``. Several places for other texts are shared by FarmHash64, or by SipHash with
    a ``salt``.

    >>> layer = StringLookup(vocabulary=["a", "b", "c"])
    >>> layer([["a", "c"], ["z", "b"]]).numpy().tolist()
    [[1, 3], [0, 2]]
    >>> StringLookup(vocabulary=["a", "b", "c"], invert=True)([[1, 0]]).tolist()
    [['a', '[UNK]']]
    """

    vocabulary_dtype = "string"

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1,
        mask_token: Any = None, oov_token: Any = "[UNK]", vocabulary: Any = None,
        idf_weights: Any = None, invert: bool = False, output_mode: str = "int",
        pad_to_max_tokens: bool = False, sparse: bool = False, encoding: str = "utf-8",
        name: str | None = None, salt: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self.encoding = encoding
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights,
            invert, output_mode, sparse, pad_to_max_tokens, salt=salt, name=name,
            **kwargs,
        )  # fmt: skip
        self.only_texts = not invert

    def as_tokens(self, values: Any) -> list[Any]:
        return list(np.ravel(as_texts(values, self.encoding)))

    def places(self, inputs: Any) -> Any:
        found = [self.index_of.get(text, -1) for text in inputs.ravel()]
        return np.array(found, "int64").reshape(inputs.shape)

    def words(self, inputs: Any) -> Any:
        at, words = inputs.numpy(), self.get_vocabulary()
        found = [words[i] if 0 <= i < len(words) else self.oov_token for i in at.flat]
        return np.array(found, object).reshape(at.shape).astype(str)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["vocabulary_dtype"]
        return {**config, "encoding": self.encoding}
