"""Dataset: data as ``tf.data`` describes them, from arrays, generators and each other.

    Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)

Each method returns a new dataset; nothing is computed before somebody iterates, and
each iteration begins anew.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.trees import leaves, rebuild
from tinygrad_lr.utils.elements import (
    TensorSpec,
    as_element,
    as_tensors,
    each,
    fitted,
    leaves_of,
    padded,
    spec_of,
    specs_from,
)
from tinygrad_lr.utils.stream import INFINITE, UNKNOWN, Rows, Stream, at_least_one, call


class Dataset(Stream):
    """A stream of elements: Tensors, or tuples and dicts of Tensors.

    Made by :meth:`from_tensor_slices`, :meth:`from_generator`, :meth:`range` and
    :meth:`zip`; goes into ``fit``, ``evaluate`` and ``predict`` if its elements are
    batches. ``len()`` is the number of elements, and raises ``TypeError`` if that is
    infinite or unknown.

    Example:
        >>> data = Dataset.from_tensor_slices([1, 2, 3]).map(lambda x: x * x)
        >>> for batch in data.batch(2):
        ...     print(batch.numpy())
        [1 4]
        [9]
    """

    # -- where elements come from ------------------------------------------------------

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """The one element ``tensors``."""
        element = as_element(tensors)
        return Dataset(lambda: iter([element]), 1, spec=spec_of(element))

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """One element for each row of the arrays in ``tensors`` (which are copied).

        Raises ``ValueError`` for arrays of different lengths and for single numbers.
        """
        arrays = each(np.array, as_element(tensors))
        shapes = [array.shape for array in leaves_of(arrays)]
        if not shapes or () in shapes:
            raise ValueError(
                "from_tensor_slices: expected arrays with at least one axis to cut "
                f"into rows, got shapes {shapes}. Use from_tensors for one element."
            )
        lengths = {shape[0] for shape in shapes}
        if len(lengths) > 1:
            raise ValueError(
                "from_tensor_slices: expected arrays with equally many rows, got "
                f"{', '.join(map(str, sorted(lengths)))}."
            )
        spec = each(lambda array: TensorSpec(array.shape[1:], array.dtype), arrays)
        n = shapes[0][0]
        return Dataset(lambda: iter(builtins.range(n)), n, Rows(arrays), spec)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple[Any, ...] | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """What ``generator(*args)`` yields, cast to the dtypes announced.

        Announce them by ``output_signature`` (TensorSpecs) or by ``output_types`` and,
        if known, ``output_shapes``. Raises ``TypeError`` for an element of another
        shape.
        """
        if not callable(generator):
            raise TypeError(
                "from_generator: expected a function that returns a generator, got "
                f"{type(generator).__name__}. Pass the function itself, not its result."
            )
        spec = output_signature
        if spec is None and output_types is None:
            raise TypeError(
                "from_generator: expected output_signature= or output_types=, got "
                "neither. Announce what comes, for example "
                "output_signature=tf.TensorSpec(shape=(2,), dtype=tf.float32)."
            )
        if spec is None:
            spec = specs_from(output_types, output_shapes)
        elif isinstance(spec, list):
            spec = tuple(spec)

        def made() -> Iterator[Any]:
            for value in generator(*(args or ())):
                if isinstance(spec, tuple) and isinstance(value, list):
                    value = tuple(value)
                yield each(lambda part, leaf: fitted(leaf, part), spec, value)

        return Dataset(made, UNKNOWN, spec=spec)

    @staticmethod
    def range(
        *args: Any, output_type: Any = np.int64, name: str | None = None
    ) -> Dataset:
        """The integers of ``range(*args)``, of dtype ``output_type``."""
        numbers = np.asarray(builtins.range(*map(int, args)), np.dtype(output_type))
        return Dataset.from_tensor_slices(numbers)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Elements that hold one of each dataset; ends with the shortest.

        Takes datasets, or a nesting of them whose form the elements will have.
        """
        parts = datasets if datasets is not None else args
        if isinstance(parts, tuple) and len(parts) == 1:
            parts = parts[0]
        if isinstance(parts, list):
            parts = tuple(parts)
        sources = leaves(parts)
        wrong = [part for part in sources if not isinstance(part, Dataset)]
        if wrong or not sources:
            raise TypeError(f"zip: expected datasets, got {wrong or args!r}.")
        lengths = {source.length for source in sources}
        known = lengths - {INFINITE} or {INFINITE}
        return Dataset(
            lambda: (
                rebuild(parts, elements)
                for elements in builtins.zip(
                    *(source.elements() for source in sources), strict=False
                )
            ),
            UNKNOWN if UNKNOWN in lengths else min(known),
            varies=any(source.varies for source in sources),
        )

    # -- making new elements -----------------------------------------------------------

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
        **options: Any,
    ) -> Dataset:
        """``map_func(*element)`` for each element."""
        return Dataset(
            lambda: (call(map_func, e) for e in self.elements()),
            self.length,
            varies=self.varies,
        )

    def flat_map(
        self, map_func: Callable[..., Dataset], name: str | None = None
    ) -> Dataset:
        """The elements of the datasets that ``map_func(*element)`` returns."""
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements of ``cycle_length`` datasets that ``map_func`` returns, in turn
        ``block_length`` of each.
        """
        at_once = cycle_length or 1

        def interleaved() -> Iterator[Any]:
            sources = (call(map_func, e).elements() for e in self.elements())
            open_ones = list(itertools.islice(sources, at_once))
            while open_ones:
                for place, source in enumerate(tuple(open_ones)):
                    given = 0
                    for element in itertools.islice(source, block_length or 1):
                        given += 1
                        yield element
                    if given < (block_length or 1):
                        open_ones[place] = next(sources, None)
                open_ones = [source for source in open_ones if source is not None]

        return Dataset(interleaved, UNKNOWN)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Pairs of a number (int64) and an element."""
        numbers = Dataset(lambda: map(np.array, itertools.count(start)), INFINITE)
        return Dataset.zip((numbers, self))

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """``batch_size`` elements as one, with a new first axis.

        The last batch is shorter, or left out with ``drop_remainder``.
        """
        size = at_least_one(batch_size, "batch", "batch_size")
        fixed = size if drop_remainder else None
        spec = self.spec and each(lambda s: s.batched(fixed), self.spec)
        batches = self.grouped(size, drop_remainder, self.reader.many, spec)
        batches.batch_size = size
        return batches

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Like :meth:`batch`, after filling shorter elements up to a common shape.

        ``padded_shapes`` fixes lengths where it has a number; ``padding_values`` are 0
        (or "") if not given.
        """

        def fill(parts: list[Any], shapes: Any, values: Any) -> Any:
            first = parts[0]
            if isinstance(first, (tuple, dict)):
                keys = first if isinstance(first, dict) else builtins.range(len(first))
                several = isinstance(values, (tuple, list, dict))
                filled = {
                    key: fill(
                        [part[key] for part in parts],
                        None if shapes is None else shapes[key],
                        values[key] if several else values,
                    )
                    for key in keys
                }
                return filled if isinstance(first, dict) else tuple(filled.values())
            return padded(parts, shapes, values)

        size = at_least_one(batch_size, "padded_batch", "batch_size")
        return self.grouped(
            size,
            drop_remainder,
            lambda tokens: fill(
                [self.reader.one(token) for token in tokens],
                padded_shapes,
                padding_values,
            ),
        )

    def grouped(
        self, size: int, drop: bool, join: Callable[[list[Any]], Any], spec: Any = None
    ) -> Dataset:
        """Groups of ``size`` elements, joined."""

        def groups() -> Iterator[Any]:
            tokens = self.tokens()
            while group := list(itertools.islice(tokens, size)):
                if len(group) == size or not drop:
                    yield join(group)

        n = self.length
        whole = n // size if drop else -(-n // size)
        return Dataset(groups, n if n < 0 else whole, spec=spec, varies=not drop)

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of the elements, each an element."""

        def rows() -> Iterator[Any]:
            for element in self.elements():
                lengths = {leaf.shape[:1] for leaf in leaves_of(element)}
                if len(lengths) != 1 or lengths == {()}:
                    raise ValueError(
                        "unbatch: expected elements with equally many rows, got "
                        f"{element!r:.80}"
                    )
                reader = Rows(element)
                yield from map(reader.one, builtins.range(lengths.pop()[0]))

        shapes = [s.shape for s in leaves_of(self.spec)] if self.spec else []
        width = shapes[0][0] if shapes and shapes[0] else None
        if width is None or self.length < 0:
            return Dataset(rows)
        return Dataset(rows, self.length * width)

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Datasets of ``size`` elements each, ``stride`` apart; each begins ``shift``
        elements (``size`` if None) after the one before.
        """
        size = at_least_one(size, "window", "size")
        step = at_least_one(size if shift is None else shift, "window", "shift")
        stride = at_least_one(stride, "window", "stride")
        span = (size - 1) * stride + 1

        def of_part(*parts: Any) -> Dataset:
            return Dataset(lambda: iter(parts), len(parts), spec=spec_of(parts[0]))

        def windows() -> Iterator[Any]:
            elements = self.elements()
            held: list[Any] = []
            while True:
                held += itertools.islice(elements, span - len(held))
                if not held or (drop_remainder and len(held) < span):
                    return
                yield each(of_part, *held[:span:stride])
                for _ in itertools.islice(elements, max(step - len(held), 0)):
                    pass
                held = held[step:]

        n = self.length
        whole = max((n - span) // step + 1, 0) if drop_remainder else -(-n // step)
        return Dataset(windows, n if n < 0 else whole)

    def unique(self, name: str | None = None) -> Dataset:
        """Each element once."""

        def first_ones() -> Iterator[Any]:
            seen = set()
            for token in self.tokens():
                key = self.reader.one(token).tobytes()
                if key not in seen:
                    seen.add(key)
                    yield token

        return self.only(first_ones, UNKNOWN)

    # -- ends of a chain ---------------------------------------------------------------

    def reduce(
        self,
        initial_state: Any,
        reduce_func: Callable[[Any, Any], Any],
        name: str | None = None,
    ) -> Any:
        """The last of the states ``state = reduce_func(state, element)``."""
        state = as_tensors(as_element(initial_state))
        for element in self:
            state = as_tensors(as_element(reduce_func(state, element)))
        return state

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element; raises ``ValueError`` if there is not exactly one."""
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            some = "more" if found else "none"
            raise ValueError(f"get_single_element: expected one element, got {some}.")
        return found[0]

    def apply(self, transformation_func: Callable[[Dataset], Any]) -> Any:
        """``transformation_func(self)``."""
        return transformation_func(self)
