"""``tf.strings``: what programs do with texts before a TextVectorization looks them up.

Texts are arrays of ``str`` objects here; what comes apart into several is a list of
lists. As in TensorFlow, only the letters and the white space of ASCII are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.layers.hashing import hash_bins
from tinygrad_lr.layers.text_vectorization import LOWER, WORDS
from tinygrad_lr.layers.texts import as_texts

UPPER = {capital: small for small, capital in LOWER.items()}
BLANKS = " \t\n\v\f\r"


def of_each(function: Callable[[str], Any], texts: Any, dtype: Any = object) -> Any:
    """A function of each text, as an array of the same shape."""
    texts = as_texts(texts)
    found = np.array([function(text) for text in texts.flat], dtype)
    return found.reshape(texts.shape)


def lower(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """Small letters; beyond ASCII only with ``encoding="utf-8"``.

    >>> lower(["Ab", "C"]).tolist()
    ['ab', 'c']
    """
    return of_each(str.lower if encoding else lambda t: t.translate(LOWER), input)


def upper(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """Capital letters; beyond ASCII only with ``encoding="utf-8"``."""
    return of_each(str.upper if encoding else lambda t: t.translate(UPPER), input)


def strip(input: Any, name: str | None = None) -> Any:
    """Without white space at both ends."""
    return of_each(lambda text: text.strip(BLANKS), input)


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """The number of bytes, or of characters with ``unit="UTF8_CHAR"``."""
    count = len if unit == "UTF8_CHAR" else lambda text: len(text.encode())
    return Tensor(of_each(count, input, "int32"))


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True,
    name: str | None = None,
) -> Any:  # fmt: skip
    r"""Replace what a pattern matches; ``\1`` in ``rewrite`` is the first group.

    >>> regex_replace("a<br />b", "<[^>]*>", " ").item()
    'a b'
    """
    count = 0 if replace_global else 1
    return of_each(lambda text: re.sub(pattern, rewrite, text, count=count), input)


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> Tensor:
    """Whether a pattern matches the whole text."""
    found = of_each(lambda text: re.fullmatch(pattern, text) is not None, input, bool)
    return Tensor(found)


def split(
    input: Any, sep: str | None = None, maxsplit: int = -1, name: str | None = None
) -> Any:
    """The words of each text, or its parts between ``sep``; a list for one text.

    >>> split(["a b", "c"])
    [['a', 'b'], ['c']]
    """
    texts = as_texts(input)
    found = [
        text.split(sep, maxsplit) if sep else WORDS.findall(text) for text in texts.flat
    ]
    return found if texts.ndim else found[0]


def unicode_split(
    input: Any, input_encoding: str = "UTF-8", name: str | None = None
) -> Any:
    """The characters of each text."""
    texts = as_texts(input)
    found = [list(text) for text in texts.flat]
    return found if texts.ndim else found[0]


def join(inputs: Any, separator: str = "", name: str | None = None) -> Any:
    """Texts at the same place put together."""
    parts = np.broadcast_arrays(*map(as_texts, inputs))
    joined = [separator.join(row) for row in zip(*(p.flat for p in parts), strict=True)]
    return np.array(joined, object).reshape(parts[0].shape)


def as_string(input: Any, name: str | None = None) -> Any:
    """Integers and truth values as texts."""
    values = np.asarray(Tensor.of(input).numpy())
    words = [str(v).lower() if values.dtype == bool else str(v) for v in values.flat]
    return np.array(words, object).reshape(values.shape)


def to_number(input: Any, out_type: Any = "float32", name: str | None = None) -> Tensor:
    """Texts as numbers."""
    return Tensor(of_each(float, input, "float64").astype(out_type))


def to_hash_bucket_fast(
    input: Any, num_buckets: int, name: str | None = None
) -> Tensor:
    """The bin of each text by FarmHash64."""
    return Tensor(hash_bins(as_texts(input), num_buckets))


NAMES: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        lower, upper, strip, length, regex_replace, regex_full_match, split,
        unicode_split, join, as_string, to_number, to_hash_bucket_fast,
    )
}  # fmt: skip
