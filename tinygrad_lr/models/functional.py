"""Functional: what ``Model(inputs, outputs)`` makes, and copies of such models."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.layers import FunctionOperation, InputLayer, KerasTensor, Layer
from tinygrad_lr.layers.function_operation import (
    deserialize_operation,
    serialize_operation,
)
from tinygrad_lr.models.graph import Graph
from tinygrad_lr.models.model import Model
from tinygrad_lr.models.sequential import Sequential
from tinygrad_lr.nesting import inside, map_structure, unique


class Functional(Model):
    """A model of layers called on places; see :class:`Model`."""

    keras_module = "keras.src.models.functional"  # where Keras looks for it

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(inputs, outputs, name=name, **kwargs)

    @property
    def _single_input(self) -> bool:  # type: ignore[override]  # known only here
        """Whether a list of arrays is one input, row by row."""
        return len(self._drawn().places) == 1

    @property
    def _single_output(self) -> bool:  # type: ignore[override]  # known only here
        """Whether a list of arrays is one array of targets."""
        return len(self._drawn().results) == 1

    # -- losses of places --------------------------------------------------------------

    def add_loss(self, loss: Any, inputs: Any = None) -> None:
        """Add a scalar (or a list of them) to the loss.

        Within a call that is a Tensor. From outside it is a place that was computed
        from the model's own places (Keras 2); layers on the way belong to the model
        then, but a file does not keep the loss.
        """
        losses = loss if isinstance(loss, (list, tuple)) else [loss]
        places = [value for value in losses if isinstance(value, KerasTensor)]
        super().add_loss([v for v in losses if not isinstance(v, KerasTensor)])
        if places:
            graph = self._drawn()
            before = [] if self._loss_graph is None else self._loss_graph.outputs[1:]
            drawn = Graph(graph.inputs, [graph.outputs, *before, *places])
            self.__dict__["_loss_graph"] = drawn
            self._graph_layers = unique([*graph.layers, *drawn.layers])


Model.functional = Functional


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Any = None,
    call_function: Any = None, recursive: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Return a model of the same layers, with weights of its own and fresh values.

    ``clone_function(layer)`` may return another layer for each of the model's (those of
    models inside too, if ``recursive``), ``call_function(layer, *args, **kwargs)`` may
    call it in another way. ``input_tensors`` are places to use as inputs. Raises
    ``ValueError`` for a subclassed model with these arguments, ``TypeError`` for
    unknown ones.

    >>> from tinygrad_lr import layers
    >>> model = Sequential([layers.Dense(3, input_dim=2)])
    >>> copy = clone_model(model)
    >>> copy.count_params(), copy.layers[0] is model.layers[0]
    (9, False)
    """
    if kwargs:
        raise TypeError(f"clone_model: unknown argument {next(iter(kwargs))!r}.")
    graph = getattr(model, "_graph", None)
    if type(model) is not Sequential and (
        graph is None or type(model).call is not Model.call
    ):
        if clone_function is not None or call_function is not None:
            raise ValueError(
                f"clone_model: {type(model).__name__} computes what its own call says, "
                "so its layers cannot be replaced. Pass the model alone, or build it "
                "of places: Model(inputs, outputs)."
            )
        return type(model).from_config(model.get_config())

    def clone(layer: Any) -> Any:
        if recursive and isinstance(layer, (Sequential, Functional)):
            return clone_model(layer, None, clone_function, call_function, True)
        if (
            clone_function is not None
            and isinstance(layer, Layer)
            and not isinstance(layer, InputLayer)
        ):
            return clone_function(layer)
        return type(layer).from_config(layer.get_config())

    def call(operation: Any, *args: Any, **options: Any) -> Any:
        if call_function is None or not isinstance(operation, Layer):
            return operation(*args, **options)
        return call_function(operation, *args, **options)

    if type(model) is Sequential:
        if input_tensors is not None or call_function is not None:
            graph = model._drawn()
        else:
            copy = Sequential(name=model.name, trainable=model.trainable)
            for layer in model._layers:
                copy.add(clone(layer))
            if model.built and not copy.built:
                copy.build(model.input_shape)
            return copy
    assert graph is not None
    kind = type(model) if model._made_of_places() else Functional
    inputs, outputs = cloned(graph, leaves(input_tensors), clone, call)
    return kind(inputs, outputs, name=model.name)


def cloned(graph: Graph, given: list[Any], clone: Any, call: Any) -> Any:
    """Inputs and outputs of fresh operations, called as in a graph."""
    fresh: dict[int, Any] = {
        id(op): deserialize_operation(serialize_operation(op))
        if isinstance(op, FunctionOperation)
        else clone(op)
        for op in graph.operations
    }
    given = given or [fresh[id(layer)].output for layer in graph.input_layers]
    known = dict(zip(map(id, graph.places), given, strict=True))

    def place_for(x: Any) -> Any:
        return known[id(x)] if isinstance(x, KerasTensor) else x

    for node in graph.nodes:
        if not node.inputs:
            continue
        args = map_structure(place_for, node.args)
        options = map_structure(place_for, node.kwargs)
        out = call(fresh[id(node.operation)], *args, **options)
        known.update(zip(map(id, node.outputs), inside(out, KerasTensor), strict=True))
    return [map_structure(place_for, part) for part in (graph.inputs, graph.outputs)]
