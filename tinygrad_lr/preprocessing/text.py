"""Texts as lists of word numbers and as rows of a matrix.

A :class:`Tokenizer` reads texts once to number their words, the most frequent first,
from 1 on; then it turns any text into numbers, and numbers into texts.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked, checked

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")

Analyzer = Callable[[str], list[str]] | None


@checked
def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Cut a text into words.

    Characters of ``filters`` count as ``split``, at which words are cut.

    >>> text_to_word_sequence("Well done, well done!")
    ['well', 'done', 'well', 'done']
    """
    if not isinstance(input_text, str):
        raise TypeError(
            f"expected a text, got {type(input_text).__name__} {input_text!r:.40}. "
            "Remove missing texts, or write str(text)."
        )
    if lower:
        input_text = input_text.lower()
    table = str.maketrans(dict.fromkeys(filters, split))
    return [word for word in input_text.translate(table).split(split) if word]


@checked
def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer = None,
) -> list[int]:
    """Number words by Python's ``hash``: :func:`hashing_trick` with its default.

    Python seeds ``hash`` anew for each process (see ``PYTHONHASHSEED``).
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


@checked
def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer = None,
) -> list[int]:
    """Number words from 1 to ``n - 1`` by a hash: different words may share a number.

    ``hash_function`` is a function of a word, "md5" (the same in every process) or None
    for Python's ``hash``. ``analyzer`` cuts the text into words, if given.

    >>> hashing_trick("well done", 50, "md5")
    [15, 31]
    """
    function = hash if hash_function is None else hash_function
    if function == "md5":
        import hashlib  # loads OpenSSL

        def function(word: str) -> int:
            digest = hashlib.md5(word.encode(), usedforsecurity=False)
            return int(digest.hexdigest(), 16)

    if analyzer is None:
        words = text_to_word_sequence(text, filters, lower, split)
    else:
        words = analyzer(text)
    return [function(word) % (n - 1) + 1 for word in words]


class Tokenizer(metaclass=Checked):
    """Numbers the words of texts by how frequent they are.

    Args:
        num_words: only word numbers below are used; all if None.
        filters: characters that separate words.
        lower: whether upper and lower case make no difference.
        split: at what words are cut.
        char_level: whether every character is a word.
        oov_token: a word for all unknown ones; gets the number 1.
        analyzer: function from a text to its words.

    After :meth:`fit_on_texts` there are ``word_index`` (word to number),
    ``index_word``, ``word_counts``, ``word_docs`` and ``index_docs`` (in how many texts
    a word is) and ``document_count``. A text may be a list of words.

    Example:
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["to be or not to be", "to see"])
        >>> tokenizer.texts_to_sequences(["not to see", "be gone"])
        [[4, 1, 5], [2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Analyzer = None,
        document_count: int = 0,
    ) -> None:
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def words(self, text: Any) -> Iterable[str]:
        """The words of a text."""
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            letters: str = text.lower() if self.lower else text
            return letters
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count and number the words of ``texts``, in addition to those known."""
        for text in texts:
            self.document_count += 1
            words = list(self.words(text))
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in dict.fromkeys(words):
                self.word_docs[word] += 1
        known = [] if self.oov_token is None else [self.oov_token]
        known += sorted(self.word_counts, key=lambda w: -self.word_counts[w])
        self.word_index = {word: i for i, word in enumerate(known, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Count in how many sequences each number is, for the mode "tfidf"."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def chosen(self, number: int | None) -> int | None:
        """The number that is used for ``number``: itself, that of the unknown, None."""
        if number is not None and not (self.num_words and number >= self.num_words):
            return number
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The word numbers of each text; unknown words are left out, or ``oov``."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Like :meth:`texts_to_sequences`, one by one."""
        for text in texts:
            numbers = (self.chosen(self.word_index.get(w)) for w in self.words(text))
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words of each list of numbers, with blanks between."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(
        self, sequences: Iterable[Iterable[int]]
    ) -> Iterator[str]:
        """Like :meth:`sequences_to_texts`, one by one."""
        for sequence in sequences:
            numbers = (
                self.chosen(n if n in self.index_word else None) for n in sequence
            )
            yield " ".join(self.index_word[n] for n in numbers if n is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> Any:
        """A row for each text; see :meth:`sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Any:
        """A row for each list of numbers, a column for each number.

        ``mode``: "binary" (1 if it is there), "count" (c), "freq" (c / length of the
        list) or "tfidf" ((1 + log c) * log(1 + documents / (1 + documents with it))).
        Raises ``ValueError`` for another mode, and if there is no number of columns.
        """
        if mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError(
                "Tokenizer: expected num_words= or a call of fit_on_texts before, to "
                "know the number of columns."
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError(
                "Tokenizer: expected a call of fit_on_texts or fit_on_sequences before "
                "mode 'tfidf', to know in how many texts a word is."
            )
        width = self.num_words or len(self.word_index) + 1
        out = np.zeros((len(sequences), width))
        for row, sequence in zip(out, sequences, strict=True):
            for number, count in Counter(sequence).items():
                if number >= width:
                    continue
                if mode == "binary":
                    row[number] = 1
                elif mode == "count":
                    row[number] = count
                elif mode == "freq":
                    row[number] = count / len(sequence)
                else:
                    docs = self.document_count / (1 + self.index_docs.get(number, 0))
                    row[number] = (1 + np.log(count)) * np.log(1 + docs)
        return out

    def get_config(self) -> dict[str, Any]:
        """Arguments and counts; the counts as JSON texts."""
        counts = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        plain = (
            "num_words", "filters", "lower", "split", "char_level", "oov_token",
            "document_count",
        )  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            name: json.dumps(getattr(self, name)) for name in counts
        }

    def to_json(self, **kwargs: Any) -> str:
        """All of it as a JSON text, for :func:`tokenizer_from_json`."""
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that :meth:`Tokenizer.to_json` wrote."""
    config = json.loads(json_string)["config"]
    counts = {
        name: json.loads(config.pop(name))
        for name in (
            "word_counts",
            "word_docs",
            "index_docs",
            "index_word",
            "word_index",
        )
    }
    tokenizer = Tokenizer(**config)
    for name, found in counts.items():
        if name.startswith("index"):
            found = {int(number): value for number, value in found.items()}
        getattr(tokenizer, name).update(found)
    return tokenizer
