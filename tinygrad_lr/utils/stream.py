"""Stream: elements that are described first and made when they are asked for.

A stream makes tokens, and a reader turns a token into an element. Rows of arrays travel
as row numbers, so that they can be put in order at no cost and a batch of them can be
taken from the arrays at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np

from tinygrad_lr.autodiff import Tensor, no_grad
from tinygrad_lr.notices import warn
from tinygrad_lr.random import new_seed
from tinygrad_lr.utils.elements import (
    TensorSpec,
    as_element,
    as_tensors,
    each,
    spec_of,
    stack,
)

INFINITE, UNKNOWN = -1, -2  # lengths that are no number
Tokens = Callable[[], Iterator[Any]]


class AsTheyAre:
    """Tokens that are elements themselves."""

    one: Callable[[Any], Any] = staticmethod(lambda token: token)
    many: Callable[[list[Any]], Any] = staticmethod(stack)


class Rows:
    """Tokens that are row numbers of ``arrays``."""

    def __init__(self, arrays: Any) -> None:
        self.arrays = arrays

    def one(self, row: int) -> Any:
        """The element that is one row of each array."""
        return each(lambda array: array[row, ...], self.arrays)

    def many(self, rows: list[int]) -> Any:
        """Several rows of each array."""
        return each(lambda array: array.take(rows, 0), self.arrays)


class Stream:
    """Elements one after the other, and which of them in what order."""

    def __init__(
        self,
        tokens: Tokens,
        length: int = UNKNOWN,
        reader: Any = AsTheyAre,
        spec: Any = None,
        varies: bool = False,
    ) -> None:
        self.tokens = tokens
        self.length = length
        self.reader = reader
        self.spec = spec
        self.batch_size: int | None = None  # if the elements were made by batch
        self.varies = varies  # whether the first axis of elements may change its length

    # -- looking at it -----------------------------------------------------------------

    def elements(self) -> Iterator[Any]:
        """The elements with arrays as leaves."""
        return map(self.reader.one, self.tokens())

    def first(self) -> Any:
        """The first element with arrays as leaves."""
        for element in self.elements():
            return element
        raise ValueError("expected a dataset with at least one element, got none.")

    def __iter__(self) -> Iterator[Any]:
        return map(as_tensors, self.elements())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements with NumPy arrays and numbers as leaves."""
        return (
            each(lambda leaf: leaf.copy()[()], element) for element in self.elements()
        )

    def __len__(self) -> int:
        if self.length < 0:
            how = "infinite" if self.length == INFINITE else "unknown"
            raise TypeError(f"The dataset is {how} in length; count it, or give steps.")
        return self.length

    def __bool__(self) -> bool:
        return True

    def cardinality(self, name: str | None = None) -> Tensor:
        """The number of elements (int64); -1 if it is infinite, -2 if unknown."""
        return Tensor.on(np.array(self.length))

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of the elements (of the first one, if nobody told)."""
        if self.spec is not None:
            return self.spec
        found = spec_of(self.first())
        return each(TensorSpec.varied, found) if self.varies else found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} element_spec={self.element_spec}>"

    # -- choosing and ordering elements ------------------------------------------------

    def only(self, tokens: Tokens, length: int) -> Self:
        """A stream of elements of this one."""
        return type(self)(tokens, length, self.reader, self.spec, self.varies)

    def take(self, count: Any, name: str | None = None) -> Self:
        """The first ``count`` elements (-1: all)."""
        n = int(count)
        if n < 0:
            return self
        length = {INFINITE: n, UNKNOWN: UNKNOWN}.get(self.length, min(n, self.length))
        return self.only(lambda: itertools.islice(self.tokens(), n), length)

    def skip(self, count: Any, name: str | None = None) -> Self:
        """All but the first ``count`` elements (-1: none)."""
        n = int(count)
        if n < 0:
            return self.take(0)
        length = self.length if self.length < 0 else max(self.length - n, 0)
        return self.only(lambda: itertools.islice(self.tokens(), n, None), length)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Self:
        """Every ``num_shards``-th element, beginning with number ``index``."""
        n, i = int(num_shards), int(index)
        if not 0 <= i < n:
            raise ValueError(f"shard: expected 0 <= index < {n}, got {i}.")
        length = self.length if self.length < 0 else -((i - self.length) // n)
        return self.only(
            lambda: itertools.islice(self.tokens(), i, None, n), max(length, UNKNOWN)
        )

    def repeat(self, count: Any = None, name: str | None = None) -> Self:
        """All elements ``count`` times over (None or -1: for ever)."""
        n = -1 if count is None else int(count)
        if n >= 0:
            length = self.length * n if self.length >= 0 else self.length
            times: Callable[[], Iterable[int]] = lambda: range(n)  # noqa: E731  # two of a kind
        else:
            length = INFINITE if self.length else 0
            times = itertools.count

        def repeated() -> Iterator[Any]:
            for _ in times():
                empty = True
                for token in self.tokens():
                    empty = False
                    yield token
                if empty:
                    return

        return self.only(repeated, length if n else 0)

    def shuffle(
        self,
        buffer_size: Any,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> Self:
        """Another order: each element is drawn from the next ``buffer_size`` ones.

        A buffer as large as the dataset gives every order the same chance. Each
        iteration has an order of its own unless ``reshuffle_each_iteration`` is False.
        """
        size = at_least_one(buffer_size, "shuffle", "buffer_size")
        seed = new_seed() if seed is None else int(seed) % 2**64
        passes = itertools.count()

        def shuffled() -> Iterator[Any]:
            turn = 0 if reshuffle_each_iteration is False else next(passes)
            generator = np.random.default_rng([seed, turn])
            tokens = self.tokens()
            buffer = list(itertools.islice(tokens, size))
            while block := list(itertools.islice(tokens, 256)):
                places = generator.integers(len(buffer), size=len(block)).tolist()
                for place, token in zip(places, block, strict=True):
                    yield buffer[place]
                    buffer[place] = token
            for place in generator.permutation(len(buffer)).tolist():
                yield buffer[place]

        return self.only(shuffled, self.length)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Self:
        """The elements for which ``predicate(*element)`` is true."""
        return self.only(
            lambda: (t for t in self.tokens() if self.holds(predicate, t)), UNKNOWN
        )

    def take_while(
        self, predicate: Callable[..., Any], name: str | None = None
    ) -> Self:
        """The elements before the first for which ``predicate`` is false."""
        return self.only(
            lambda: itertools.takewhile(
                lambda token: self.holds(predicate, token), self.tokens()
            ),
            UNKNOWN,
        )

    def holds(self, predicate: Callable[..., Any], token: Any) -> bool:
        """Whether ``predicate`` is true for an element."""
        return bool(np.all(call(predicate, self.reader.one(token))))

    def cache(self, filename: str = "", name: str | None = None) -> Self:
        """The same elements, kept in memory from the first full iteration on."""
        if filename:
            warn("Dataset.cache: elements are kept in memory, no file is written.")
        kept: list[list[Any]] = []

        def cached() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            seen = []
            for token in self.tokens():
                seen.append(token)
                yield token
            kept.append(seen)

        return self.only(cached, self.length)

    def prefetch(self, buffer_size: Any = None, name: str | None = None) -> Self:
        """The same elements: they are made when they are needed, in this thread."""
        return self.only(self.tokens, self.length)

    def with_options(self, options: Any, name: str | None = None) -> Self:
        """The same elements: the options tune what there is nothing of here."""
        return self.only(self.tokens, self.length)

    def concatenate(self, dataset: Stream, name: str | None = None) -> Self:
        """The elements of this dataset, then those of ``dataset``."""
        lengths = {self.length, dataset.length}
        unknown = INFINITE if INFINITE in lengths else UNKNOWN
        length = unknown if min(lengths) < 0 else self.length + dataset.length
        return type(self)(
            lambda: itertools.chain(self.elements(), dataset.elements()),
            length,
            spec=self.spec if self.spec == dataset.spec else None,
        )


def call(function: Callable[..., Any], element: Any) -> Any:
    """What a user's function makes of an element, with arrays as leaves.

    The components of a tuple are its arguments; a list that it returns is a tuple.
    """
    with no_grad():
        shown = as_tensors(element)
        out = function(*shown) if isinstance(element, tuple) else function(shown)
    return as_element(tuple(out) if isinstance(out, list) else out)


def at_least_one(value: Any, method: str, name: str) -> int:
    """``value`` as an integer of at least 1, or a ``ValueError``."""
    number = int(value)
    if number < 1:
        raise ValueError(f"{method}: expected {name} of at least 1, got {value!r}.")
    return number
