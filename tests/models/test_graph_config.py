"""Models of places as plain values: configurations of ours and of Keras, copies."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from replaying import X

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense
from tinygrad_lr.models import Functional, clone_model

A = np.random.default_rng(1).normal(size=(22, 4)).astype("float32")
Y = np.random.default_rng(2).normal(size=(22, 1)).astype("float32")
Z = np.random.default_rng(3).normal(size=(22, 2)).astype("float32")


def rebuilt(model: Any) -> Any:
    """A model made of a model's JSON, with its weights."""
    copy = keras.models.model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    return copy


class Careful(keras.Model):
    """A step of its own, and nothing else, around inputs and outputs."""

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None,
        sample_weight: Any = None, training: bool = True,
    ) -> Any:  # fmt: skip
        return np.mean(np.abs(y - y_pred))


def test_a_subclass_of_model_made_of_places_is_copied_as_what_it_is() -> None:
    place = keras.Input((4,))
    model = Careful(place, Dense(1)(place), name="careful")
    for copy in (
        Careful.from_config(model.get_config()),
        clone_model(model),
        keras.models.model_from_json(model.to_json(), {"Careful": Careful}),
    ):
        assert type(copy) is Careful
        assert copy.name == "careful"
        copy.set_weights(model.get_weights())
        np.testing.assert_array_equal(copy(A).numpy(), model(A).numpy())


def test_one_place_in_a_list_stands_alone() -> None:
    place = keras.Input((4,))
    model = keras.Model([place], [Dense(1)(place)])
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 1)
    assert model.predict(A, verbose=0).shape == (22, 1)


def test_nested_lists_and_dicts_of_inputs_and_targets() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    outputs = [Dense(1, name="p")(a), {"q": Dense(2, name="q")(b)}]
    model = keras.Model([a, [b]], outputs)
    model.compile("sgd", "mse")
    model.fit([A, [X]], [Y, {"q": Z}], verbose=0)
    one, two = model.predict([A, [X]], verbose=0)
    assert one.shape == (22, 1)
    assert two["q"].shape == (22, 2)
    copy = rebuilt(model)
    np.testing.assert_array_equal(copy([A, [X]])[1]["q"].numpy(), two["q"])


def test_a_configuration_can_be_read_by_model_itself() -> None:
    model = inner_model_twice()
    copy = keras.Model.from_config(model.get_config())
    assert type(copy) is Functional
    copy.set_weights(model.get_weights())
    for got, wanted in zip(copy(A), model(A), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted.numpy())


def inner_model_twice() -> Any:
    place = keras.Input((4,), name="place")
    inner = keras.Model(place, Dense(4, name="dense")(place), name="inner")
    a = keras.Input((4,), name="a")
    once = inner(a)
    return keras.Model(a, [inner(once), Dense(1, name="last")(once)], name="outer")


def test_calls_of_an_inner_model_are_numbered_as_keras_does() -> None:
    model = inner_model_twice()
    config = model.get_config()
    assert config["output_layers"] == [["inner", 2, 0], ["last", 0, 0]]
    (call,) = config["layers"][2]["inbound_nodes"]
    assert call["args"][0]["config"]["keras_history"] == ["inner", 0, 0]
    for got, wanted in zip(rebuilt(model)(A), model(A), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted.numpy())


@pytest.mark.parametrize("first", [0, 1])
def test_keras_2_numbers_calls_of_an_inner_model_from_0_or_1(first: int) -> None:
    model = inner_model_twice()
    config = json.loads(json.dumps(model.get_config()))
    for row in config["layers"]:
        row["inbound_nodes"] = [
            [
                [*place["config"]["keras_history"], {}]
                for place in call["args"]
            ]
            for call in row["inbound_nodes"]
        ]  # fmt: skip
    config["layers"][1]["inbound_nodes"][1][0][1] += first
    config["layers"][2]["inbound_nodes"][0][0][1] += first
    config["output_layers"][0][1] += first - 1
    copy = keras.Model.from_config(config)
    copy.set_weights(model.get_weights())
    for got, wanted in zip(copy(A), model(A), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted.numpy())


def operation(module: str, kind: str, options: dict[str, Any], *args: Any) -> Any:
    """A step of a model as Keras 3 writes it."""
    name = kind.lower()
    row = {
        "module": f"keras.src.ops.{module}", "class_name": kind, "name": name,
        "config": {"name": name, **options}, "registered_name": kind,
        "inbound_nodes": [{"args": list(args), "kwargs": {}}],
    }  # fmt: skip
    return row, (name, 0, 0)


def place_of(history: Any) -> Any:
    """A place as Keras 3 writes it."""
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": history},
    }


SLICE = {"class_name": "__slice__", "config": {"start": 1, "stop": 3, "step": None}}
ALL = {"class_name": "__slice__", "config": dict.fromkeys(("start", "stop", "step"))}
OF_KERAS = {
    "Cast": ("core", {"dtype": "int32"}, [], A.astype("int32")),
    "Clip": ("numpy", {"x_min": -1, "x_max": 1}, [], A.clip(-1, 1)),
    "GetItem": ("numpy", {}, [[ALL, SLICE]], A[:, 1:3]),
    "Max": (
        "numpy", {"axis": -1, "keepdims": False, "initial": None}, [], A.max(-1),
    ),
    "Reshape": ("numpy", {"newshape": [-1, 2, 2]}, [], A.reshape(-1, 2, 2)),
    "Relu": ("nn", {}, [], A.clip(0)),
    "TrueDivide": ("numpy", {}, [4], A / 4),
}  # fmt: skip


@pytest.mark.parametrize("kind", OF_KERAS)
def test_operations_of_keras_are_read_and_written(kind: str) -> None:
    module, options, args, wanted = OF_KERAS[kind]
    first = keras.layers.serialize(keras.layers.InputLayer((4,), name="a"))
    first |= {"name": "a", "inbound_nodes": []}
    row, out = operation(module, kind, options, place_of(["a", 0, 0]), *args)
    config = {
        "name": "m", "trainable": True, "layers": [first, row],
        "input_layers": ["a", 0, 0], "output_layers": list(out),
    }  # fmt: skip
    model = keras.Model.from_config(config)
    np.testing.assert_allclose(model.predict(A, verbose=0), wanted, rtol=1e-6)
    again = model.get_config()["layers"][1]
    assert again["module"] == row["module"]
    assert again["class_name"] == kind
    np.testing.assert_array_equal(
        rebuilt(model).predict(A, verbose=0), model.predict(A, verbose=0)
    )


def test_slices_and_quotients_are_written_as_operations_of_keras() -> None:
    place = keras.Input((4,))
    model = keras.Model(place, (place / 3)[:, 1:])
    rows = model.get_config()["layers"][1:]
    assert [row["class_name"] for row in rows] == ["TrueDivide", "GetItem"]
    assert {row["module"] for row in rows} == {"keras.src.ops.numpy"}
    np.testing.assert_array_equal(rebuilt(model)(A).numpy(), (A / 3)[:, 1:])
