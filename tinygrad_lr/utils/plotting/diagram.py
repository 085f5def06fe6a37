"""A model as a diagram: a box for each layer, with what is known of it, and arrows.

How it is drawn, and how it is written for Graphviz, are other modules' business; what
they share is decided here: which boxes there are, and what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tinygrad_lr.nesting import map_structure

# A box by its name in the diagram; a box inside another one by the names of both.
Path = tuple[str, ...]


@dataclass
class Box:
    """A layer: its name and class, rows of (label, value), what is inside of it.

    ``kind`` is "input", "layer", "function" or "model". ``trainable`` is None where
    that is not asked for, or where there is nothing to train.
    """

    name: str
    cls: str
    kind: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    trainable: bool | None = None
    inner: Diagram | None = None


@dataclass
class Diagram:
    """Boxes by name, and arrows from one to another, each once."""

    name: str
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[tuple[Path, Path]] = field(default_factory=list)

    def connect(self, source: Path, target: Path) -> None:
        """Add an arrow, unless there is the same already."""
        if (source, target) not in self.arrows:
            self.arrows.append((source, target))


@dataclass(frozen=True)
class Options:
    """What is to be shown of a model; see :func:`plot_model`."""

    shapes: bool = False
    dtype: bool = False
    expand_nested: bool = False
    activations: bool = False
    trainable: bool = False


def diagram_of(model: Any, options: Options) -> Diagram:
    """The diagram of a model; one that is defined by its ``call`` is a single box.

    Raises ``ValueError`` for a model that has not been built.
    """
    if not model.built:
        raise ValueError(
            f"model {model.name!r} has not been built yet, so that there is nothing "
            "to draw. Give its first layer an input_shape, call build(input_shape), "
            "or call the model on a batch of data."
        )
    found = Diagram(model.name)
    for operation in parts(model) or [model]:
        found.boxes[operation.name] = box_of(operation, options)
    for source, target in connections(model):
        found.connect(
            (source[0].name, *inside(*source, options, last_result)),
            (target[0].name, *inside(*target, options, first_layer)),
        )
    return found


def graph_of(operation: Any) -> Any:
    """The graph of a model that was made by calling layers on places, or None."""
    return getattr(operation, "_graph", None)


def is_a_row(operation: Any) -> bool:
    """Whether this is a Sequential, which has no graph of its own."""
    return hasattr(operation, "pop") and hasattr(operation, "layers")


def parts(operation: Any) -> list[Any]:
    """The layers (and functions) inside a model; none of a layer, or of a model that is
    known by its ``call`` only.
    """
    graph = graph_of(operation)
    if graph is not None:
        return list(graph.operations)
    return list(operation.layers) if is_a_row(operation) else []


End = tuple[Any, int]  # an operation, and which of its results or inputs


def connections(model: Any) -> Iterator[tuple[End, End]]:
    """What goes where between the parts of a model."""
    graph = graph_of(model)
    if graph is None:
        layers = parts(model)
        for before, after in pairwise(layers):
            yield (before, 0), (after, 0)
        return
    given = dict(zip(map(id, graph.places), graph.input_layers, strict=True))
    for operation in graph.operations:  # in the order in which they are listed
        for node in graph.nodes:
            if node.operation is operation:
                for number, place in enumerate(node.inputs):
                    source = given.get(id(place)) or place.layer
                    yield (source, place.index), (operation, number)


def last_result(model: Any, index: int) -> End:
    """The part of a model that one of its results comes from."""
    graph = graph_of(model)
    if graph is None:
        return parts(model)[-1], index
    place = graph.results[index]
    given = dict(zip(map(id, graph.places), graph.input_layers, strict=True))
    return given.get(id(place)) or place.layer, place.index


def first_layer(model: Any, index: int) -> End:
    """The part of a model that one of its inputs goes to."""
    graph = graph_of(model)
    if graph is None:
        return parts(model)[0], index
    return graph.input_layers[index], 0


def inside(operation: Any, index: int, options: Options, step: Any) -> Path:
    """Go from a model into its parts as long as these are shown; their names."""
    names: list[str] = []
    while options.expand_nested and parts(operation):
        operation, index = step(operation, index)
        names.append(operation.name)
    return tuple(names)


# -- what stands in a box --------------------------------------------------------------


def box_of(operation: Any, options: Options) -> Box:
    """The box of a layer, a function, or a model."""
    cls = str(getattr(operation, "kind", type(operation).__name__))
    box = Box(operation.name, cls, kind_of(operation))
    if options.expand_nested and parts(operation):
        box.inner = diagram_of(operation, options)
        return box
    activation = getattr(operation, "activation", None)
    if options.activations and activation is not None:
        name = getattr(activation, "name", None) or activation_name(activation)
        box.rows.append(("Activation", name))
    if options.shapes:
        if box.kind != "input":
            box.rows.append(("Input shape", known(operation, "input", "shape")))
        box.rows.append(("Output shape", known(operation, "output", "shape")))
    if options.dtype:
        box.rows.append(("Output dtype", known(operation, "output", "dtype")))
    if options.trainable and getattr(operation, "weights", None):
        box.trainable = bool(operation.trainable)
    return box


def kind_of(operation: Any) -> str:
    """What sort of box: places for data, layers, NumPy's functions, models."""
    if type(operation).__name__ == "InputLayer":
        return "input"
    if not hasattr(operation, "weights"):
        return "function"
    return "model" if hasattr(operation, "fit") else "layer"


def activation_name(activation: Any) -> str:
    """The name of a function, or else what it prints as."""
    return str(getattr(activation, "__name__", activation))


def known(operation: Any, side: str, what: str) -> str:
    """Shape or dtype of what goes in or comes out, as seen first; "?" if never."""
    try:
        if hasattr(operation, "weights"):
            places = getattr(operation, side)
        else:  # a function, which keeps only its calls
            found = getattr(operation._inbound_nodes[0], f"{side}s")
            places = found[0] if len(found) == 1 else found
        value = map_structure(lambda place: getattr(place, what), places)
    except (AttributeError, ValueError):
        return "?"
    if what == "shape" and isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    return str(value)
