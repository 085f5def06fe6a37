"""Places for data that is not there yet: what models of places are drawn with.

Calling a layer on a :class:`KerasTensor` computes nothing. It notes a :class:`Node`:
this layer, called on these places, gives those. NumPy's functions and operators do the
same, so ``np.mean(place)`` and ``place * 2`` become steps of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tinygrad_lr.allowance import room_for
from tinygrad_lr.autodiff.functions import astype, getitem
from tinygrad_lr.naming import unique_name
from tinygrad_lr.nesting import inside, map_structure


class History(NamedTuple):
    """Where a place comes from: which call of which layer, and which of its results."""

    operation: Any
    node_index: int
    tensor_index: int


class NoValuesError(TypeError, ValueError):
    """A place was asked for values; of which kind the error is depends in Keras on the
    question.
    """


class KerasTensor(NDArrayOperatorsMixin):
    """A place for data: a ``shape`` (None where it is open), a ``dtype``, no values.

    ``node`` is the call it comes out of, None for one that was made by hand. Asking for
    values raises ``ValueError``.

    >>> place = KerasTensor((None, 3))
    >>> place.ndim, place.dtype
    (2, 'float32')
    """

    # What a function of NumPy does when it is given a place; see function_operation.
    apply: Callable[..., Any]

    def __init__(
        self, shape: Sequence[int | None], dtype: Any = "float32", sparse: bool = False,
        ragged: bool = False, record_history: bool = True, name: str | None = None, *,
        node: Node | None = None, index: int = 0,
    ) -> None:  # fmt: skip
        self.shape = tuple(shape)
        self.dtype = np.dtype(getattr(dtype, "name", dtype)).name
        room_for(self.shape, self.dtype)
        self.name = name or unique_name("KerasTensor")
        self.node = node
        self.index = index
        self.sparse = sparse
        self.ragged = ragged
        self.mask: Form | None = None  # what the mask beside the data looks like

    @property
    def layer(self) -> Any:
        """The layer it comes out of."""
        return None if self.node is None else self.node.operation

    @property
    def _keras_history(self) -> History:
        if self.node is None:
            return History(None, 0, 0)
        return History(self.node.operation, self.node.index, self.index)

    @property
    def ndim(self) -> int:
        """The number of axes, the batch axis included."""
        return len(self.shape)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        if method != "__call__":
            return NotImplemented
        if isinstance(kwargs.get("out", (None,))[0], KerasTensor):
            del kwargs["out"]  # place += 1 gives the name to another place
        return KerasTensor.apply(ufunc, inputs, kwargs)

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        return KerasTensor.apply(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):  # in files a list is a tuple
            index = np.array(index)
        return getitem(self, index)

    def astype(self, dtype: Any) -> Any:
        """The same place in another dtype."""
        kind = np.dtype(dtype)
        return self if kind.name == self.dtype else astype(self, kind)

    def reshape(self, *shape: Any) -> Any:
        """A place of another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def squeeze(self, axis: Any = None) -> Any:
        """A place without axes of length 1."""
        return np.squeeze(self, axis)

    @property
    def T(self) -> Any:
        """The place with its axes in reverse order."""
        return np.transpose(self)

    # -- there are no values -----------------------------------------------------------

    def refuse(self, *_: Any, **__: Any) -> Any:
        raise NoValuesError(
            f"{self!r} is a place for data and has no values yet. Compute with "
            "layers, NumPy functions or keras.ops, and ask the finished model for "
            "values: Model(inputs, outputs).predict(x)."
        )

    __array__ = __float__ = __int__ = __bool__ = __len__ = __iter__ = refuse
    numpy = item = tolist = refuse
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


@dataclass(frozen=True)
class Form:
    """What a place is known by, and its mask."""

    shape: tuple[int | None, ...]
    dtype: str
    mask: Form | None = None


class Node:
    """One call of an operation (a layer, usually) on places: arguments and results.

    ``index`` counts the calls of the operation.
    """

    def __init__(
        self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.index = len(operation._inbound_nodes)
        self.outputs: list[KerasTensor] = []
        operation._inbound_nodes.append(self)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The places among the arguments."""
        return list(places_in([self.args, self.kwargs]))

    def finish(self, outputs: Any, name: str | None = None) -> Any:
        """Make places for results, given the forms (shape, dtype) they have."""

        def place(form: Any) -> Any:
            if not isinstance(form, Form):
                return form
            index = len(self.outputs)
            made = KerasTensor(
                form.shape, form.dtype, name=name, node=self, index=index
            )
            made.mask = form.mask
            self.outputs.append(made)
            return made

        return map_structure(place, outputs)


def places_in(value: Any) -> Iterator[KerasTensor]:
    """The places in a nesting of lists, tuples and dicts."""
    return inside(value, KerasTensor)


def has_places(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether there is a place among the arguments of a call."""
    for arg in (*args, *kwargs.values()):
        if isinstance(arg, KerasTensor):
            return True
        if isinstance(arg, (list, tuple, dict)) and any(True for _ in places_in(arg)):
            return True
    return False


def get_source_inputs(tensor: Any) -> Any:
    """The places for data that a place is computed from; anything else as it is.

    >>> x, y = KerasTensor((None, 3)), KerasTensor((None, 3))
    >>> get_source_inputs(x) == [x]
    True
    """
    if not isinstance(tensor, KerasTensor):
        return tensor
    found: list[KerasTensor] = []
    waiting, seen = [tensor], {id(tensor)}
    while waiting:
        place = waiting.pop(0)
        if place.node is None or not place.node.inputs:
            found.append(place)
            continue
        fresh = [p for p in place.node.inputs if id(p) not in seen]
        seen.update(map(id, fresh))
        waiting = fresh + waiting
    return found
