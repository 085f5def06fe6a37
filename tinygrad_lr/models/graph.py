"""Graph: layers called on places, sorted so that they can run from inputs to outputs.

A place knows the call it came from, and a call its arguments, so the graph is already
there; what is left is to walk back from the outputs, once, and to remember the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.layers import InputLayer, KerasTensor, Layer
from tinygrad_lr.layers.calling import context
from tinygrad_lr.layers.keras_tensor import Node
from tinygrad_lr.nesting import inside, map_structure


class Graph:
    """The calls between ``inputs`` and ``outputs``, places or nestings of places.

    ``operations`` has every layer and function once, in the order in which Keras lists
    (and stores) them. Raises ``ValueError`` for what is no place, for outputs that need
    more than the inputs, and for two layers of one name.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs = alone(inputs)
        self.outputs = alone(outputs)
        self.places = checked_places(inputs, "inputs")
        self.results = checked_places(outputs, "outputs")
        self.nodes, order = self.walk_back()
        self.operations = self.by_depth(order)
        names = [operation.name for operation in self.operations]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"expected layers with names of their own, got {name!r} "
                    f"{names.count(name)} times. Pass name= to one of them."
                )

    def walk_back(self) -> tuple[list[Node], dict[int, int]]:
        """The nodes in an order in which they can run, and when each operation (by its
        identity) was first met on the way back.
        """
        given = {id(place) for place in self.places}
        done: set[int] = set()
        nodes: list[Node] = []
        order: dict[int, int] = {}
        for result in self.results:
            waiting: list[tuple[Node, Iterator[KerasTensor]]] = []
            place: KerasTensor | None = result
            while place is not None or waiting:
                if place is not None:
                    node = place.node
                    if id(place) in given and (node is None or node.inputs):
                        pass  # what lies before is not part of this graph
                    elif node is None or (not node.inputs and id(place) not in given):
                        raise self.not_connected(place, result)
                    elif id(node) not in done:
                        done.add(id(node))
                        order.setdefault(id(node.operation), len(order))
                        waiting.append((node, iter(node.inputs)))
                if not waiting:
                    break
                node, arguments = waiting[-1]
                place = next(arguments, None)
                if place is None:
                    nodes.append(node)
                    waiting.pop()
        return nodes, order

    def not_connected(self, place: KerasTensor, result: KerasTensor) -> ValueError:
        """The error for an output that needs what is not among the inputs."""
        names = [given.name for given in self.places]
        return ValueError(
            f"the output {result.name!r} of {result.layer!r} is not connected to "
            f"inputs={names}: it needs the Input {place.name!r}. "
            "Add that one to inputs, or compute the output from the inputs given."
        )

    def by_depth(self, order: dict[int, int]) -> list[Any]:
        """The operations, farthest from the outputs first, as Keras sorts them."""
        within = {id(node) for node in self.nodes}
        node_depth: dict[int, int] = {}
        depth: dict[int, int] = {}
        operations = {id(node.operation): node.operation for node in self.nodes}
        for node in reversed(self.nodes):
            key = id(node.operation)
            here = max(node_depth.get(id(node), 0), depth.get(key, 0))
            depth[key] = node_depth[id(node)] = here
            for place in node.inputs:
                if id(place.node) in within:
                    before = id(place.node)
                    node_depth[before] = max(here + 1, node_depth.get(before, 0))
        self.input_layers: list[InputLayer] = []
        for place in self.places:
            layer = place.layer
            if not isinstance(layer, InputLayer):  # the model begins in the middle
                layer = InputLayer(
                    batch_shape=place.shape, dtype=place.dtype, name=place.name
                )
            self.input_layers.append(layer)
            if id(layer) not in depth:
                unused = layer is place.layer
                operations[id(layer)] = layer
                order[id(layer)] = -1
                depth[id(layer)] = 0 if unused else max(depth.values(), default=0) + 1
        keys = sorted(operations, key=lambda key: (-depth[key], order[key]))
        return [operations[key] for key in keys]

    @property
    def layers(self) -> list[Layer]:
        """The layers among the operations."""
        return [layer for layer in self.operations if isinstance(layer, Layer)]

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [place.name for place in self.places]

    @property
    def output_names(self) -> list[str]:
        """The outputs are called after the layers they come out of."""
        return [
            place.name if place.node is None else place.node.operation.name
            for place in self.results
        ]

    def run(self, values: list[Any]) -> Any:
        """Compute the outputs, in their nesting, from one value per input."""
        known = dict(zip(map(id, self.places), values, strict=True))

        def value_of(x: Any) -> Any:
            return known[id(x)] if isinstance(x, KerasTensor) else x

        for node in self.nodes:
            if id(node.outputs[0]) in known and not node.inputs:
                continue  # an Input
            args = map_structure(value_of, node.args)
            kwargs = map_structure(value_of, node.kwargs)
            if context.training is not None:  # what the model is told counts, as in
                kwargs.pop("training", None)  # Keras, not what its layers were told
            out = node.operation(*args, **kwargs)
            results = inside(out, (Tensor, np.ndarray))
            known.update(zip(map(id, node.outputs), results, strict=True))
        return map_structure(value_of, self.outputs)

    # -- what the inputs are given -----------------------------------------------------

    def arrange(self, x: Any, who: str) -> list[Any]:
        """One value per input, in their order, with fitting ranks and shapes.

        ``x`` is nested like the inputs; a dict may go by the names of the inputs, and a
        list may stand for a dict. Raises ``ValueError`` for what does not fit.
        """
        values = self.in_order(x, who)
        return [
            None if value is None else fitted(value, place, who)
            for value, place in zip(values, self.places, strict=True)
        ]

    def in_order(self, x: Any, who: str) -> list[Any]:
        """The values of a nesting, one for each input."""
        names = self.input_names
        if isinstance(x, dict):
            keyed = self.inputs if isinstance(self.inputs, dict) else {}
            for wanted in (list(keyed), names):
                if wanted and set(wanted) <= set(x):
                    found = [x[name] for name in wanted]
                    if wanted is names:
                        return found
                    return leaves(dict(zip(wanted, found, strict=True)))
            missing = next(name for name in names if name not in x)
            raise ValueError(
                f"model {who!r}: expected inputs by the names {names}, got {list(x)}: "
                f"there is no {missing!r}."
            )
        if len(self.places) == 1 and not isinstance(x, (list, tuple)):
            return [x]
        values: list[Any] = []

        def gather(part: Any) -> None:
            if isinstance(part, (list, tuple)):
                for inner in part:
                    gather(inner)
            elif isinstance(part, dict):
                values.extend(leaves(part))
            else:
                values.append(part)

        gather(x)
        if len(values) != len(self.places):
            raise ValueError(
                f"model {who!r}: expected {len(self.places)} inputs ({names}), got "
                f"{len(values)}. Pass a list in that order, or a dict by these names."
            )
        return values


def alone(nesting: Any) -> Any:
    """One place in a list stands alone, as in Keras."""
    one = isinstance(nesting, list) and len(nesting) == 1
    return nesting[0] if one else nesting


def checked_places(nesting: Any, what: str) -> list[KerasTensor]:
    """The places in a nesting, from left to right."""
    found = leaves(nesting)
    for place in found:
        if not isinstance(place, KerasTensor):
            raise ValueError(
                f"Model: expected places as {what} (what keras.Input and layers called "
                f"on it return), got {place!r:.80} of type {type(place).__name__}."
            )
    if not found:
        raise ValueError(f"Model: expected at least one place as {what}, got none.")
    return found


def fitted(value: Any, place: KerasTensor, who: str) -> Any:
    """A value with a last axis of length 1 added or dropped, if that makes it fit."""
    shape = place.shape
    if value.ndim == len(shape) - 1 and shape[-1] == 1:
        value = np.expand_dims(value, -1)
    elif value.ndim == len(shape) + 1 and value.shape[-1] == 1:
        value = np.squeeze(value, -1)
    fits = len(value.shape) == len(shape) and all(
        want is None or have is None or have == want
        for have, want in zip(value.shape[1:], shape[1:], strict=True)
    )
    if fits:
        return value
    hint = "Give each row as many values as the model was built for."
    if value.shape == shape[1:]:
        hint = "A single sample needs a batch axis: x[np.newaxis]."
    wanted = ", ".join("any" if n is None else str(n) for n in shape[1:])
    raise ValueError(
        f"model {who!r} (input {place.name!r}): expected inputs of shape (rows, "
        f"{wanted}), got {value.shape}. {hint}"
    )
