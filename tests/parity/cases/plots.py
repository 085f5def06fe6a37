"""What model_to_dot shows: what stands in the boxes, and which arrows there are.

Recording needs pydot beside Keras (not Graphviz).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import unescape
from typing import Any

import numpy as np

from cases.common import Case, Keras, label

EVERYTHING = {
    "show_shapes": True,
    "show_dtype": True,
    "show_layer_activations": True,
    "show_trainable": True,
}
KEY = r'("[^"]*"|\d+)'  # of a box


def row(keras: Keras) -> Any:
    """Layers in a row."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu", name="first"),
            layers.Dropout(0.5, name="half"),
            layers.Dense(2, name="last"),
        ]
    )
    model.layers[0].trainable = False
    return model


def branches(keras: Keras) -> Any:
    """Two inputs, two outputs, a layer that is used twice, one that is skipped."""
    layers = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate(name="joined")([shared(a), shared(b), a])
    twice = layers.Multiply(name="twice")([joined, joined])
    other = layers.Dense(1, name="other")(layers.Dense(2, name="hidden")(b))
    return keras.Model([a, b], [layers.Dense(1, name="one")(twice), other])


def nested(keras: Keras) -> Any:
    """Models in models: in a row, with two inputs and outputs, and used twice."""
    layers = keras.layers
    deep = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3, name="d1"), layers.Dense(3, name="d2")],
        name="deep",
    )
    outer = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="o1"), deep], name="outer"
    )
    i, j = keras.Input((3,), name="i"), keras.Input((2,), name="j")
    k = layers.Dense(2, name="k")(i)
    two = keras.Model([i, j], [layers.Add(name="sum")([k, j]), k], name="two")
    x, y = keras.Input((4,), name="x"), keras.Input((2,), name="y")
    left, right = two([outer(x), y])
    again = outer(layers.Dense(4, name="back")(left))
    return keras.Model(
        [x, y], [layers.Dense(1, name="end")(right), again], name="nested"
    )


def names(keras: Keras) -> Any:
    """Inputs and outputs by name."""
    given = {"p": keras.Input((2,), name="p"), "q": keras.Input((3,), name="q")}
    out = keras.layers.Concatenate(name="both")([given["p"], given["q"]])
    inner = keras.Model(given, {"r": out}, name="inner")
    x, y = keras.Input((2,), name="x"), keras.Input((3,), name="y")
    return keras.Model([x, y], inner({"p": x, "q": y}), name="named")


def called(keras: Keras) -> Any:
    """A model that is known by its call only."""

    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="mine")
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Mine()
    model(np.zeros((2, 3), "float32"))
    return model


def shown(keras: Keras, make: Callable[[Keras], Any], options: dict[str, Any]) -> Any:
    """The cells of each box, and arrows between boxes by their first cells."""
    keras.utils.clear_session()
    text = keras.utils.model_to_dot(make(keras), **options).to_string()
    boxes: dict[str, list[str]] = {}
    box = re.compile(rf"^\s*{KEY} \[.*?(<table.*?</table>)", re.M | re.S)
    for key, table in box.findall(text):
        cells = re.findall(r"<td.*?>(.*?)</td>", table, re.S)
        boxes[key] = [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in cells]
    arrows = re.findall(rf"^\s*{KEY} -> {KEY}", text, re.M)
    clusters = re.findall(r"subgraph \"?cluster_([^\s\"{]+)", text)
    return {
        "boxes": sorted(boxes.values()),
        "arrows": sorted([boxes[a][0], boxes[b][0]] for a, b in arrows),
        "clusters": sorted(name.rpartition("/")[2] for name in clusters),
    }


PLOTS: dict[str, Case] = {
    label(make.__name__, what): partial(shown, make=make, options=options)
    for make in (row, branches, nested, names, called)
    for what, options in (
        ("plain", {}),
        ("everything", EVERYTHING),
        ("expanded", {"expand_nested": True, "show_shapes": True}),
    )
}
