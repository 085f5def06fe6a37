"""plot_model and model_to_dot: what is drawn, where it goes, and bad input."""

from __future__ import annotations

import os
import re
import sys
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.utils.plotting import dot as dot_module
from tinygrad_lr.utils.plotting.svg import text_width, wrap

LAYERS = keras.layers
TAG = "{http://www.w3.org/2000/svg}"
EVERYTHING = {
    f"show_{what}": True
    for what in ("shapes", "dtype", "layer_names", "layer_activations", "trainable")
}


@pytest.fixture(autouse=True)
def fresh():
    keras.utils.clear_session()
    dot_module.told.clear()


def row(model="row", **first):
    layers = [LAYERS.Dense(3, activation="relu", **first), LAYERS.Dense(1, name="end")]
    return keras.Sequential([keras.Input((2,)), *layers], name=model)


def twins():
    """A model that is used twice, and joined with a third input."""
    encoder = row("encoder")
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    joined = LAYERS.Concatenate(name="joined")([encoder(a), encoder(b), c])
    return keras.Model([a, b, c], [LAYERS.Dense(1, name="one")(joined), joined])


def drawn(model, **options):
    return ElementTree.fromstring(keras.utils.model_to_dot(model, **options).create())


def texts(svg):
    return ["".join(text.itertext()) for text in svg.iter(f"{TAG}text")]


def boxes(svg):
    """The outlines of boxes by their tooltips: left, top, right, bottom."""
    found = {}
    for group in svg.iter(f"{TAG}g"):
        rect = group.find(f"{TAG}rect")
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        found[group.find(f"{TAG}title").text] = (x, y, x + w, y + h)
    return found


def arrows(svg):
    """Where each arrow begins and ends."""
    for path in svg.iter(f"{TAG}path"):
        if path.get("class") == "arrow":
            numbers = [float(n) for n in re.findall(r"-?\d+\.\d", path.get("d"))]
            yield tuple(numbers[:2]), tuple(numbers[-2:])


# -- the picture -----------------------------------------------------------------------


def test_a_box_says_what_is_asked_for():
    svg = drawn(row("first"), **EVERYTHING)
    assert texts(svg)[:10] == [
        "dense (Dense)", "Activation", "relu", "Input shape", "(None, 2)",
        "Output shape", "(None, 3)", "Output dtype", "float32", "Trainable",
    ]  # fmt: skip
    assert texts(drawn(row(), show_layer_names=False)) == ["Dense", "Dense"]


def test_a_frozen_layer_and_one_without_weights():
    model = keras.Sequential([keras.Input((2,)), LAYERS.Dense(1), LAYERS.ReLU()])
    model.layers[0].trainable = False
    assert [t for t in texts(drawn(model, show_trainable=True)) if "ain" in t] == [
        "Non-trainable"
    ]


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
def test_arrows_lead_from_box_to_box_in_every_direction(rankdir):
    svg = drawn(twins(), rankdir=rankdir, show_shapes=True)
    at = boxes(svg)
    one, other = at["joined (Concatenate)"], at["one (Dense)"]
    axis = rankdir in ("TB", "BT")
    assert (one[axis] < other[axis]) == (rankdir in ("TB", "LR"))
    assert len(list(arrows(svg))) == 5
    for start, end in arrows(svg):
        near = [
            sum(
                left - 7 <= x <= right + 7 and top - 7 <= y <= bottom + 7
                for left, top, right, bottom in at.values()
            )
            for x, y in (start, end)
        ]
        assert near == [1, 1]


@pytest.mark.parametrize("options", [{}, EVERYTHING, {"expand_nested": True}])
@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_boxes_are_apart_and_on_the_sheet(options, rankdir):
    svg = drawn(twins(), rankdir=rankdir, **options)
    left, top, width, height = map(float, svg.get("viewBox").split())
    found = list(boxes(svg).values())
    for index, (x0, y0, x1, y1) in enumerate(found):
        assert left < x0 < x1 < left + width
        assert top < y0 < y1 < top + height
        for u0, v0, u1, v1 in found[:index]:
            assert x1 < u0 or u1 < x0 or y1 < v0 or v1 < y0


def test_a_model_inside_is_a_box_or_a_frame():
    closed, opened = drawn(twins()), drawn(twins(), expand_nested=True)
    assert "encoder (Sequential)" in boxes(closed)
    assert not closed.findall(f".//{TAG}rect[@stroke-dasharray]")
    frame = opened.find(f".//{TAG}rect[@stroke-dasharray]")
    x, y, w, h = (float(frame.get(key)) for key in ("x", "y", "width", "height"))
    inner = ["end (Dense)"]
    for name in inner:
        left, top, right, bottom = boxes(opened)[name]
        assert x < left < right < x + w
        assert y < top < bottom < y + h
    assert "encoder" in texts(opened)


def test_a_model_that_is_called_on_its_own_result():
    square = keras.Sequential([keras.Input((2,)), LAYERS.Dense(2)], name="square")
    x = keras.Input((2,))
    model = keras.Model(x, square(square(x)))
    for expand_nested in (False, True):
        assert len(list(arrows(drawn(model, expand_nested=expand_nested)))) >= 2


def test_functions_are_boxes_too():
    x = keras.Input((2,), name="x")
    svg = drawn(keras.Model(x, np.tanh(x) * 2), show_shapes=True)
    assert list(boxes(svg)) == ["x (InputLayer)", "tanh (Tanh)", "multiply (Multiply)"]


def test_a_subclass_is_one_box():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = LAYERS.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Mine()
    model(np.zeros((1, 2), "float32"))
    svg = drawn(model, show_shapes=True)
    assert texts(svg) == ["mine (Mine)", "Input shape", "?", "Output shape", "?"]


@pytest.mark.parametrize(
    "name", ["a<b>&\"c\" 'd'", "]]>", "層" * 30, "x" * 200, "with a \x07 bell", "\\"]
)  # fmt: skip
def test_any_name_fits_its_box(name):
    model = row(f"model {name}", name=name)
    svg = drawn(model, show_shapes=True)
    printable = re.sub(r"\s|\x07", "", name)
    assert printable in re.sub(r"\s|\ufffd", "", "".join(texts(svg)))
    for title, (left, _, right, _) in boxes(svg).items():
        lines = [t for t in texts(svg) if t and t in title]
        assert all(text_width(line, 13) < right - left for line in lines)
        assert right - left < 800
    keras.utils.model_to_dot(model).to_string()


@pytest.mark.parametrize(
    ("text", "ems"),
    [  # as wide as DejaVu Sans Bold makes them, a wide font
        ("category_of_the_article (Dense)", 17.820), ("BATCHNORMALIZATION", 13.264),
        ("layer_normalization_12 (LayerNormalization)", 25.296),
        ("WWW@@@mmm", 9.435), ("illicit_fjord", 5.958), ("{n: 1}", 3.579),
    ],
)  # fmt: skip
def test_the_width_of_text_is_not_underestimated(text, ems):
    assert ems <= text_width(text, 1) < 1.35 * ems


def test_lines_are_broken_where_they_may_be():
    assert wrap("short", 10) == ["short"]
    assert wrap("a_long_name_of_words", 10) == ["a_long_", "name_of_", "words"]
    assert wrap("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrap("[(None, 3), (None, 4)]", 12) == ["[(None, 3),", "(None, 4)]"]


def test_straight_arrows():
    assert (
        "C" in keras.utils.model_to_dot(twins()).create().decode().split('arrow" d=')[1]
    )
    svg = drawn(twins(), splines="line")
    paths = [p.get("d") for p in svg.iter(f"{TAG}path") if p.get("class") == "arrow"]
    assert not any("C" in path for path in paths)


# -- files -----------------------------------------------------------------------------


def test_svg_is_written_as_asked(tmp_path, recwarn):
    path = tmp_path / "deep" / "model.svg"
    assert keras.utils.plot_model(row(), path) is None
    assert ElementTree.parse(path).getroot().tag == f"{TAG}svg"
    assert os.listdir(path.parent) == ["model.svg"]
    assert not recwarn


@pytest.mark.parametrize("name", ["model.png", "model.pdf", "model"])
def test_other_formats_become_svg_with_one_warning(tmp_path, name):
    path = str(tmp_path / name)
    for _ in range(2):
        if not os.listdir(tmp_path):
            with pytest.warns(
                UserWarning, match=r"wrote .*model\.svg.* instead"
            ) as seen:
                keras.utils.plot_model(row(), to_file=path)
            assert f"rsvg-convert -f {name[6:] or 'png'} -o" in str(seen[0].message)
            assert seen[0].filename == __file__
        else:
            keras.utils.plot_model(row(), to_file=path)
    assert os.listdir(tmp_path) == ["model.svg"]


@pytest.mark.parametrize("name", ["model.dot", "model.gv"])
def test_dot_files(tmp_path, name):
    keras.utils.plot_model(row(), tmp_path / name, rankdir="LR", dpi=96)
    text = (tmp_path / name).read_text()
    assert text.startswith('digraph "row" {\n  rankdir=LR; dpi=96; splines=ortho;')
    assert '"dense" -> "end";' in text


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.svg"
    path.write_text("old")
    with pytest.raises(ValueError, match="has not been built"):
        keras.utils.plot_model(keras.Sequential([LAYERS.Dense(1)]), path)
    assert path.read_text() == "old"


def test_a_notebook_is_given_the_picture(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    shown = keras.utils.plot_model(row(), tmp_path / "model.svg")
    assert shown._repr_svg_() == (tmp_path / "model.svg").read_text()


# -- like pydot ------------------------------------------------------------------------


def test_what_programs_do_with_it(tmp_path):
    dot = keras.utils.model_to_dot(row(), show_shapes=True)
    svg = dot.create(prog="dot", format="svg")
    assert svg == dot.create_svg() == dot._repr_svg_().encode()
    assert dot.create(format="dot") == dot.to_string().encode() == str(dot).encode()
    assert dot.write(tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text() == dot.to_string()
    dot.write(tmp_path / "b.svg", format="svg")
    dot.write_svg(tmp_path / "c.svg")
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "c.svg").read_bytes() == svg
    with pytest.warns(UserWarning, match=r"d\.svg"):
        dot.write_png(tmp_path / "d.png")
    assert (tmp_path / "d.svg").read_bytes() == svg


def test_the_same_model_gives_the_same_text():
    one, other = (keras.utils.model_to_dot(row()) for _ in range(2))
    keras.utils.clear_session()
    assert keras.utils.model_to_dot(row()).to_string() == one.to_string()
    assert one.to_string() != other.to_string()  # layers have other names


def test_a_subgraph_is_a_cluster():
    text = keras.utils.model_to_dot(row(), subgraph=True).to_string()
    assert text.startswith('subgraph "cluster_row" {')


def test_formats_that_there_are_not():
    dot = keras.utils.model_to_dot(row())
    with pytest.raises(ValueError, match="expected format='svg' or 'dot', got 'png'"):
        dot.create(format="png")
    with pytest.raises(ValueError, match="got 'jpg'"):
        dot.create_jpg()
    with pytest.raises(AttributeError, match="no attribute 'get_nodes'"):
        dot.get_nodes()


# -- bad input -------------------------------------------------------------------------


def test_an_unknown_direction():
    with pytest.raises(ValueError, match=r"rankdir: expected one of .*'TB'.* got 'UP'"):
        keras.utils.plot_model(row(), rankdir="UP")


def test_arguments_of_older_keras_and_misspelt_ones():
    keras.utils.model_to_dot(row(), layer_range=None)
    with pytest.raises(ValueError, match="layer_range"):
        keras.utils.model_to_dot(row(), layer_range=["dense", "end"])
    with pytest.raises(TypeError, match=r"unknown argument 'show_shape'.*show_shapes"):
        keras.utils.plot_model(row(), show_shape=True)


def test_old_paths():
    from tinygrad_lr import alias

    for path in ("keras.utils.vis_utils", "keras.utils.visualize_util"):
        assert alias.names_of(path)["plot_model"] is keras.utils.plot_model
    assert (
        alias.names_of("keras.utils.visualize_util")["plot"] is keras.utils.plot_model
    )
    alias.uninstall()
