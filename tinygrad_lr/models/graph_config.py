"""The graph of a model as plain values, and back.

A configuration lists the layers and, for each, its calls: arguments in which a place is
written as the name of the layer it comes from, the number of its call, and the number
of the result. That is how Keras 3 writes it; the lists of Keras 1 and 2 are read too.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import Any

import numpy as np

from tinygrad_lr import layers as layers_module
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.layers import InputLayer, KerasTensor
from tinygrad_lr.layers.function_operation import (
    FunctionOperation,
    deserialize_operation,
    serialize_operation,
)
from tinygrad_lr.models.graph import Graph
from tinygrad_lr.nesting import map_structure
from tinygrad_lr.registry import make
from tinygrad_lr.serialization import array_of, serialize_keras_object

# -- to plain values -------------------------------------------------------------------


def graph_config(graph: Graph) -> dict[str, Any]:
    """The layers of a graph, their calls, and which places are inputs and outputs."""
    writer = Writer(graph)
    return {
        "layers": [writer.row(operation) for operation in graph.operations],
        "input_layers": map_structure(writer.history, graph.inputs),
        "output_layers": map_structure(writer.numbered, graph.outputs),
    }


class Writer:
    """Writes the calls of a graph; it knows the number of each."""

    def __init__(self, graph: Graph) -> None:
        within = {id(node) for node in graph.nodes}
        self.number: dict[int, int] = {}  # of a node among the calls of its layer here
        for operation in graph.operations:
            own = [node for node in operation._inbound_nodes if id(node) in within]
            self.number.update((id(node), i) for i, node in enumerate(own))

    def row(self, operation: Any) -> dict[str, Any]:
        """A layer or operation, and its calls."""
        if isinstance(operation, FunctionOperation):
            row = serialize_operation(operation)
        else:
            row = layers_module.serialize(operation)
        calls = [
            {
                "args": [self.value(arg) for arg in node.args],
                "kwargs": self.value(node.kwargs),
            }
            for node in operation._inbound_nodes
            if id(node) in self.number and node.inputs
        ]
        return {**row, "name": operation.name, "inbound_nodes": calls}

    def history(self, place: KerasTensor) -> list[Any]:
        """The layer that a place comes from, the number of the call and the result."""
        node = place.node
        if node is None or id(node) not in self.number:  # an input in the middle
            return [place.name, 0, 0]
        return [node.operation.name, self.number[id(node)], place.index]

    def numbered(self, place: KerasTensor) -> list[Any]:
        """The history of an output, whose call Keras may count from 1."""
        name, call, result = self.history(place)
        return [name, call + counts_from_one(place.layer), result]

    def value(self, x: Any) -> Any:
        """An argument of a call as plain values."""
        if isinstance(x, KerasTensor):
            history = self.history(x)
            known = {"shape": x.shape, "dtype": x.dtype, "keras_history": history}
            return special("__keras_tensor__", known)
        if isinstance(x, (list, tuple)):  # as in Keras, a list in the file
            return [self.value(part) for part in x]
        if isinstance(x, dict):
            return {key: self.value(part) for key, part in x.items()}
        if isinstance(x, (Tensor, np.ndarray, np.generic)):
            array = np.asarray(x)
            values = {"value": array.tolist(), "dtype": array.dtype.name}
            return special("__numpy__", values)
        known_to_keras = isinstance(x, (slice, EllipsisType, np.dtype))
        if known_to_keras or callable(x):  # ops.map is given a function
            return serialize_keras_object(x)
        return x


def counts_from_one(operation: Any) -> bool:
    """Whether Keras 3 numbers the calls in ``output_layers`` from 1: for inner models
    of places (their first call is their own making), and nowhere else.
    """
    return getattr(operation, "_graph", None) is not None


def special(name: str, config: Any) -> dict[str, Any]:
    """What JSON has no word for, as Keras writes it."""
    return {"class_name": name, "config": config}


# -- and back --------------------------------------------------------------------------


def from_graph_config(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """The places that are inputs and outputs, after all layers were called anew."""
    made: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = []
    for row in config["layers"]:
        operation = deserialize_operation(row)
        if operation is None:
            operation = layers_module.deserialize(row, custom_objects)
        name = row.get("name") or row["config"]["name"]
        made[name] = operation
        waiting += [(name, call) for call in row["inbound_nodes"]]
    results: dict[tuple[str, int], list[KerasTensor]] = {
        (name, 0): layer._inbound_nodes[0].outputs
        for name, layer in made.items()
        if isinstance(layer, InputLayer)
    }
    counts = dict.fromkeys(made, 0)
    later = {name for name, layer in made.items() if counts_from_one(layer)}
    if not all(isinstance(call, dict) for _, call in waiting):
        later = set()  # Keras 2 numbers all calls of an inner model from 0 or from 1
        calls = [call_of(call) for _, call in waiting]
        known = [*histories_in(calls), *named_in(config["output_layers"])]
        for name, number, _ in sorted(known, key=lambda h: -h[1]):
            counts[name] = number
    while waiting:
        left: list[tuple[str, Any]] = []
        for name, call in waiting:
            args, kwargs = call_of(call)
            needed = histories_in([args, kwargs])
            earlier = any(other == name for other, _ in left)
            if earlier or any((h[0], h[1]) not in results for h in needed):
                left.append((name, call))
                continue
            args, kwargs = (
                with_places(part, results, custom_objects) for part in (args, kwargs)
            )
            outputs = made[name](*args, **kwargs)
            node = made[name]._inbound_nodes[-1] if outputs is not None else None
            results[name, counts[name]] = node.outputs if node is not None else []
            counts[name] += 1
        if len(left) == len(waiting):
            names = sorted({name for name, _ in left})
            raise ValueError(
                f"the configuration of model {config.get('name')!r} is not complete: "
                f"the layers {names} need places that no layer gives."
            )
        waiting = left
    inputs = find(config["input_layers"], results, set())
    return inputs, find(config["output_layers"], results, later)


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__tuple__": tuple,
    "__slice__": lambda config: slice(config["start"], config["stop"], config["step"]),
    "__ellipsis__": lambda config: Ellipsis,
    "__numpy__": array_of,
}


def is_history(x: Any) -> bool:
    """Whether ``x`` names a place: a layer, one of its calls, one of the results."""
    return (
        isinstance(x, (list, tuple))
        and len(x) == 3
        and isinstance(x[0], str)
        and all(isinstance(n, int) for n in x[1:])
    )


def find(nesting: Any, results: dict[Any, list[KerasTensor]], later: set[str]) -> Any:
    """The places for a nesting of histories; calls of ``later`` count from 1."""
    if is_history(nesting):
        name, call, result = nesting
        return results[name, call - (name in later)][result]
    if isinstance(nesting, dict):
        return {key: find(part, results, later) for key, part in nesting.items()}
    return [find(part, results, later) for part in nesting]


def named_in(nesting: Any) -> list[Any]:
    """The histories in a nesting of them."""
    if is_history(nesting):
        return [nesting]
    parts = nesting.values() if isinstance(nesting, dict) else nesting
    return [history for part in parts for history in named_in(part)]


def call_of(call: Any) -> tuple[Any, Any]:
    """Arguments of a call, with places written as Keras 3 does."""
    if isinstance(call, dict):
        return call["args"], call["kwargs"]
    rows = [call] if is_history(call[:3]) else call  # Keras 1 and 2: rows of histories
    places = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": list(row[:3])}}
        for row in rows
    ]
    options = rows[0][3] if len(rows[0]) > 3 else {}
    return [places[0] if len(places) == 1 else places], options


def is_place(x: Any) -> bool:
    """Whether a dict stands for a place."""
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def histories_in(x: Any) -> list[Any]:
    """The histories of all places in a nesting of plain values."""
    if is_place(x):
        return [x["config"]["keras_history"]]
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return [history for part in x for history in histories_in(part)]
    return []


def with_places(
    x: Any, results: dict[tuple[str, int], list[KerasTensor]], custom_objects: Any
) -> Any:
    """A nesting of plain values with places where they are named."""
    if is_place(x):
        name, call, result = x["config"]["keras_history"]
        return results[name, call][result]
    kind = x.get("class_name") if isinstance(x, dict) else None
    if kind in SPECIAL and set(x) == {"class_name", "config"}:
        config = with_places(x["config"], results, custom_objects)
        return SPECIAL[kind](config)
    if kind == "function":
        return make(x, custom_objects)
    if isinstance(x, dict):
        return {
            key: with_places(part, results, custom_objects) for key, part in x.items()
        }
    if isinstance(x, (list, tuple)):
        return type(x)([with_places(part, results, custom_objects) for part in x])
    return x
