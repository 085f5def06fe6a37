"""What programs of the days of graphs ask of ``keras.backend``, said with places.

A placeholder is an ``Input``, a function of the graph is a model that is called, and a
gradient is one more step of that model: an operation that computes what lies between
two places once more, under a tape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import GradientTape, Tensor
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.layers import FunctionOperation, Input, KerasTensor
from tinygrad_lr.layers.keras_tensor import Form, Node
from tinygrad_lr.models import Model
from tinygrad_lr.nesting import map_structure


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """A place for data, of a ``shape`` that includes the batch axis."""
    if shape is None and ndim is None:
        raise ValueError("K.placeholder: expected shape= or ndim=, got neither.")
    shape = (None,) * (ndim or 0) if shape is None else tuple(shape)
    return Input(batch_shape=shape, dtype=dtype, sparse=sparse, name=name)


def function(
    inputs: Any, outputs: Any, updates: Any = None, name: str | None = None,
    **kwargs: Any,
) -> Callable[[Any], Any]:  # fmt: skip
    """Return what computes ``outputs`` from arrays for ``inputs``, both places.

    The arrays that it returns are in a list if ``outputs`` are. ``K.learning_phase()``
    among the inputs stands for a number: 1 to let layers behave as in training. Raises
    ``NotImplementedError`` for ``updates``: assign to Variables instead.
    """
    if updates:
        raise NotImplementedError(
            "K.function: values are computed at once here, so updates= has nothing to "
            "wait for. Call assign of a Variable where its value changes."
        )
    asked = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    places = [place for place in asked if isinstance(place, KerasTensor)]
    model = Model(places, outputs, name=name)
    alone = isinstance(outputs, (list, tuple)) and len(outputs) == 1

    def compute(arrays: Any) -> Any:
        given = list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]
        if len(given) != len(asked):
            raise ValueError(
                f"K.function: expected {len(asked)} inputs, got {len(given)}."
            )
        data, training = [], False
        for place, array in zip(asked, given, strict=True):
            if isinstance(place, KerasTensor):
                data.append(Tensor.of(np.asarray(array)))
            else:
                training = bool(array)
        results = model(data, training=training)
        results = [results] if alone else results
        return map_structure(lambda result: result.numpy()[()], results)

    return compute


def gradients(loss: Any, variables: Any) -> Any:
    """Places for the gradients of ``loss``, a place, in places or weights.

    A loss with several elements, or a list of losses, stands for their sum. Fetch the
    values by a :func:`function`, from the inputs that the loss needs. Raises
    ``ValueError`` for a loss that is no place.
    """
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    for part in losses or [loss]:
        if not isinstance(part, KerasTensor):
            raise ValueError(
                "K.gradients: expected a loss computed from an Input or a placeholder "
                f"(or a list of them), got {part!r:.40} of type "
                f"{type(part).__name__}. For values use GradientTape."
            )
    wanted = variables if isinstance(variables, (list, tuple)) else [variables]
    within = [v for v in wanted if isinstance(v, KerasTensor)]
    given = within + [place for place in sources(losses) if all_other(place, within)]
    model = Model(given, losses)

    def gradients(*data: Any) -> list[Any]:
        with GradientTape() as tape:
            tape.watch(data[: len(within)])
            sums = [np.sum(part) for part in leaves(model(list(data)))]
            total = sum(sums[1:], sums[0])
        places = iter(data)
        found = [next(places) if isinstance(v, KerasTensor) else v for v in wanted]
        return list(tape.gradient(total, found))

    node = Node(FunctionOperation(gradients), tuple(given), {})
    return node.finish([Form(tuple(v.shape), np.dtype(v.dtype).name) for v in wanted])


def all_other(place: Any, places: list[Any]) -> bool:
    """Whether a place is none of these (``==`` of places is a place)."""
    return all(place is not other for other in places)


def sources(places: list[Any]) -> list[Any]:
    """The inputs that places are computed from."""
    found: dict[int, Any] = {}
    waiting, seen = places[::-1], set()
    while waiting:
        place = waiting.pop()
        if id(place) in seen:
            continue
        seen.add(id(place))
        before = [] if place.node is None else place.node.inputs
        if before:
            waiting += reversed(before)
        else:
            found[id(place)] = place
    return list(found.values())


# -- sessions --------------------------------------------------------------------------


class Session:
    """A session of TensorFlow 1: there is nothing to hold or to run here.

    Programs make one to set threads and memory and then leave it to Keras, which has
    no effect; ``run`` is refused, except for what initializes variables.
    """

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        self.graph = graph or Graph()
        self.config = config

    def run(self, fetches: Any = None, feed_dict: Any = None, **options: Any) -> None:
        """Do nothing for an initializer of variables (None); refuse anything else."""
        if fetches is not None:
            raise NotImplementedError(
                "Session.run: there are no graphs here, values are computed at once. "
                "Use model.predict, or K.function(inputs, outputs)."
            )

    def close(self) -> None:
        """Nothing to close."""

    def as_default(self) -> contextlib.AbstractContextManager[Session]:
        """A ``with`` block without effect."""
        return contextlib.nullcontext(self)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Graph:
    """The graph of TensorFlow 1, which programs keep for threads: nothing is in it."""

    def as_default(self) -> contextlib.AbstractContextManager[Graph]:
        """A ``with`` block without effect."""
        return contextlib.nullcontext(self)

    def finalize(self) -> None:
        """Nothing to finish."""


def get_session() -> Session:
    """A session, for programs that hand it on."""
    return Session()


def set_session(session: Any) -> None:
    """Accepted; there is nothing to hold a session for."""


__all__ = [
    "function",
    "get_session",
    "gradients",
    "placeholder",
    "set_session",
]
