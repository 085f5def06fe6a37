"""Operations on places: one step of a model for each, in Keras's form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import ops

A = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")


def steps(model: Any) -> list[Any]:
    """The steps of a model, without its inputs."""
    rows = model.get_config()["layers"]
    return [row for row in rows if row["class_name"] != "InputLayer"]


def rebuilt(model: Any) -> Any:
    return keras.models.model_from_json(model.to_json())


@pytest.mark.parametrize(
    ("function", "kind", "settings"),
    [
        (lambda x: np.mean(x, axis=1), "Mean", {"axis": 1, "keepdims": False}),
        (lambda x: np.clip(x, a_min=0, a_max=1), "Clip", {"x_min": 0, "x_max": 1}),
        (lambda x: np.where([True, False, True, True], x, 0.0), "Where", {}),
        (lambda x: np.transpose(x), "Transpose", {"axes": None}),
        (lambda x: x % 2, "Mod", {}),
        (lambda x: abs(x), "Absolute", {}),
        (lambda x: x @ np.ones((4, 2), "float32"), "Matmul", {}),
        (lambda x: 2 / x, "TrueDivide", {}),
        (lambda x: x.astype("int32"), "Cast", {"dtype": "int32"}),
        (lambda x: x[:, None], "GetItem", {}),
        (lambda x: x[[1, 0, 1]], "GetItem", {}),
        (lambda x: x[1, 2], "GetItem", {}),
        (lambda x: ops.cast(x, float), "Cast", {"dtype": "float32"}),
        (
            lambda x: ops.split(x, np.array([1, 3]), axis=-1)[1],
            "Split",
            {"indices_or_sections": [1, 3], "axis": -1},
        ),
        (lambda x: keras.activations.softmax(x), "Softmax", {"axis": -1}),
    ],
)
def test_a_step_is_keras_s(function: Any, kind: str, settings: dict[str, Any]) -> None:
    place = keras.Input((4,))
    model = keras.Model(place, function(place))
    (row,) = steps(model)
    assert row["class_name"] == row["registered_name"] == kind
    assert row["module"].startswith("keras.src.ops.")
    assert row["config"] == {"name": row["name"], **settings}
    want = function(keras.ops.convert_to_tensor(A)).numpy()
    for made in (model, rebuilt(model)):
        np.testing.assert_array_equal(made(A).numpy(), want)


def test_what_keras_has_not_is_a_step_of_ours() -> None:
    place = keras.Input((4,))
    model = keras.Model(place, np.var(place, axis=1, ddof=1))
    (row,) = steps(model)
    assert row["module"] == "tinygrad_lr.layers"
    np.testing.assert_array_equal(rebuilt(model)(A).numpy(), model(A).numpy())


def test_a_place_where_keras_has_a_setting() -> None:
    a, b = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([a, b], ops.clip(a, b, 1.0))
    want = np.clip(A, -A, 1.0)
    for made in (model, rebuilt(model)):
        np.testing.assert_array_equal(made([A, -A]).numpy(), want)


def double(x: Any) -> Any:
    return x * 2


def test_functions_are_found_by_name() -> None:
    place = keras.Input((4,))
    model = keras.Model(place, ops.map(double, place))
    text, own = model.to_json(), {"double": double}
    for made in (model, keras.models.model_from_json(text, own)):
        np.testing.assert_array_equal(made(A).numpy(), A * 2)
    copy = keras.Model.from_config(model.get_config(), own)
    np.testing.assert_array_equal(copy(A).numpy(), A * 2)
    with pytest.raises(ValueError, match="custom_objects"):
        keras.models.model_from_json(text)
    with pytest.raises(ValueError, match="a lambda cannot be written"):
        keras.Model(place, ops.map(lambda x: x, place)).get_config()


def test_dtypes_are_keras_s() -> None:
    whole = keras.Input((4,), dtype="int32")
    assert (whole / 2).dtype == "float32"
    assert np.argmax(whole, axis=1).dtype == "int32"


def test_zeros_have_no_inverse() -> None:
    place = keras.Input((3, 3))
    assert ops.inv(place).shape == (None, 3, 3)
    assert ops.cholesky(place).shape == (None, 3, 3)


def test_unknown_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="expand_dims: missing a required argument"):
        ops.expand_dims(keras.Input((4,)))


def test_settings_of_a_file_are_checked(tmp_path: Any) -> None:
    place = keras.Input((4,))
    config = keras.Model(place, ops.repeat(place, 2, axis=1)).get_config()
    row = config["layers"][1]["config"]
    row["repeated"] = 1
    with pytest.raises(ValueError, match="Repeat: expected the settings"):
        keras.Model.from_config(config)
    del row["repeated"]
    path = tmp_path / "m.keras"
    model = keras.Model(place, ops.repeat(place, 2, axis=1))
    model._graph.operations[1].options["repeats"] = 10**9
    model.save(path)
    with pytest.raises(keras.saving.UnsafeFileError, match="4000000000"):
        keras.models.load_model(path)
