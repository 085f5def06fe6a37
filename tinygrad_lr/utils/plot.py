"""Pictures of models: ``plot_model`` and ``model_to_dot``, without Graphviz."""

from __future__ import annotations

import os
import sys
from typing import Any

from tinygrad_lr.arguments import unknown_argument
from tinygrad_lr.utils.plotting.diagram import Options, diagram_of
from tinygrad_lr.utils.plotting.dot import Dot

DIRECTIONS = ("TB", "LR", "BT", "RL")


def plot_model(
    model: Any, to_file: Any = "model.png", show_shapes: bool = False,
    show_dtype: bool = False, show_layer_names: bool = False, rankdir: str = "TB",
    expand_nested: bool = False, dpi: float = 200, show_layer_activations: bool = False,
    show_trainable: bool = False, splines: Any = "ortho", **kwargs: Any,
) -> Any:  # fmt: skip
    """Draw a model into a file: its layers as boxes, with arrows between them.

    The picture is an SVG file, which needs neither Graphviz nor any other package. For
    a name that ends in ``.png`` (or ``.pdf`` ...) it is written beside that, as
    ``.svg``, with a warning; ``.dot`` and ``.gv`` get the text for Graphviz.

    Args:
        model: a model that has been built. One that is defined by its ``call`` is one
            box.
        to_file: name of the file.
        show_shapes: show the shapes of inputs and outputs.
        show_dtype: show the dtypes of outputs.
        show_layer_names: show the names of layers beside their classes.
        rankdir: "TB" for arrows from top to bottom, "LR" from left to right; "BT" and
            "RL" the other way.
        expand_nested: show what is in models inside the model.
        dpi: resolution, for Graphviz; an SVG has no dots.
        show_layer_activations: show the activation functions.
        show_trainable: show whether a layer is trained.
        splines: how arrows run: "line" and "polyline" are straight, others bent.
        **kwargs: none; older arguments of Keras are answered with what to write today.

    Returns:
        In a notebook the picture, else None.

    Raises:
        ValueError: for a model that has not been built, or an unknown direction.
        OSError: if the file cannot be written; what was there before stays.
    """
    dot = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi,
        False, show_layer_activations, show_trainable, splines, **kwargs,
    )  # fmt: skip
    to_file = os.fspath(to_file)
    dot.write(to_file, format=os.path.splitext(to_file)[1][1:] or "png")
    # A notebook shows what a cell returns; elsewhere there is nobody to look at it.
    return dot if "IPython" in sys.modules else None


def model_to_dot(
    model: Any, show_shapes: bool = False, show_dtype: bool = False,
    show_layer_names: bool = True, rankdir: str = "TB", expand_nested: bool = False,
    dpi: float = 200, subgraph: bool = False, show_layer_activations: bool = False,
    show_trainable: bool = False, splines: Any = "ortho", **kwargs: Any,
) -> Dot:  # fmt: skip
    """Return the graph of a model, for Graphviz and as SVG.

    The arguments are those of :func:`plot_model`; ``subgraph`` asks for a cluster that
    can stand in another graph. What is returned answers like an object of pydot.

    >>> from tinygrad_lr import Sequential, layers
    >>> model = Sequential([layers.Dense(3, input_dim=2, name="a")], name="small")
    >>> model_to_dot(model).to_string().splitlines()[0]
    'digraph "small" {'
    >>> model_to_dot(model).create(format="svg")[:4]
    b'<svg'
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError(
            "layer_range: Keras 3 draws whole models only. Leave it out, or draw "
            "Model(inputs, outputs) of the part you want to see."
        )
    if kwargs:
        known = frozenset(model_to_dot.__annotations__) | {"to_file"}
        raise unknown_argument("plot_model", list(kwargs), known - {"kwargs", "return"})
    if rankdir not in DIRECTIONS:
        raise ValueError(f"rankdir: expected one of {DIRECTIONS}, got {rankdir!r}.")
    options = Options(
        show_shapes, show_dtype, expand_nested, show_layer_activations, show_trainable
    )
    diagram = diagram_of(model, options)
    return Dot(diagram, rankdir, show_layer_names, splines, dpi, subgraph)
