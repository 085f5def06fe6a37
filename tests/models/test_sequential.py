"""Sequential: putting layers together, building, names, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.layers import Activation, Dense, InputLayer

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def test_names_are_counted_as_in_keras() -> None:
    keras.utils.clear_session()
    model = keras.Sequential([Dense(2), Dense(1), Activation("relu")])
    assert model.name == "sequential"
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "activation"]
    assert keras.Sequential().name == "sequential_1"
    assert keras.Sequential(name="own").name == "own"


@pytest.mark.parametrize(
    "first",
    [
        lambda: [keras.Input((3,)), Dense(2)],
        lambda: [keras.Input(shape=(3,)), Dense(2)],
        lambda: [InputLayer((3,)), Dense(2)],
        lambda: [Dense(2, input_dim=3)],
        lambda: [Dense(2, input_shape=(3,))],
        lambda: [Dense(2, input_shape=[3])],
        lambda: [Dense(2, batch_input_shape=(None, 3))],
    ],
)
def test_the_input_shape_may_be_told_in_many_ways(first: Any) -> None:
    model = keras.Sequential(first())
    assert (model.built, model.input_shape) == (True, (None, 3))
    assert model.output_shape == (None, 2)
    assert model.count_params() == 8
    assert len(model.layers) == 1
    assert model.inputs[0].shape == (None, 3)
    assert model.outputs[0].shape == (None, 2)


def test_without_a_shape_the_first_data_build_it() -> None:
    model = keras.Sequential([Dense(2), Dense(1)])
    assert (model.built, model.weights) == (False, [])
    assert model.predict(X, verbose=0).shape == (4, 1)
    assert (model.built, model.input_shape) == (True, (4, 3))
    assert model.predict(X[:2], verbose=0).shape == (2, 1)


def test_build_with_a_shape() -> None:
    model = keras.Sequential([Dense(2), Dense(1)])
    model.build((None, 3))
    assert model.output_shape == (None, 1)
    assert [w.shape for w in model.get_weights()] == [(3, 2), (2,), (2, 1), (1,)]


def test_add_and_pop() -> None:
    model = keras.Sequential()
    model.add(keras.Input((3,)))
    model.add(Dense(2))
    first = model.get_weights()
    model.add(Dense(1))
    assert model.output_shape == (None, 1)
    np.testing.assert_array_equal(model.get_weights()[0], first[0])
    popped = model.pop()
    assert isinstance(popped, Dense)
    assert model.output_shape == (None, 2)
    assert model.predict(X, verbose=0).shape == (4, 2)


def test_a_layer_that_does_not_fit_is_not_added() -> None:
    model = keras.Sequential([Dense(2, input_dim=3)])
    other = keras.Sequential([Dense(1, input_dim=7, name="other")])
    with pytest.raises(ValueError, match="expected"):
        model.add(other.layers[0])
    assert len(model.layers) == 1
    assert model.built
    assert model.output_shape == (None, 2)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (3, "expected a layer, got 3 of type int"),
        (np.tanh, "Wrap a function in keras.layers.Activation"),
        (Dense, r"Write Dense\(...\) with parentheses"),
    ],
)
def test_what_is_no_layer_is_refused(layer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        keras.Sequential([layer])


def test_names_must_differ() -> None:
    with pytest.raises(ValueError, match="has a layer 'a' already"):
        keras.Sequential([Dense(1, name="a"), Dense(1, name="a")])


def test_an_input_comes_first() -> None:
    with pytest.raises(ValueError, match="Input only in front"):
        keras.Sequential([Dense(1), keras.Input((3,))])


def test_a_model_without_layers() -> None:
    model = keras.Sequential(name="empty")
    for use in (model, model.predict):
        with pytest.raises(ValueError, match="'empty' has no layers"):
            use(X)
    with pytest.raises(IndexError, match="'empty' has no layers"):
        model.pop()


def test_shapes_are_unknown_before_building() -> None:
    model = keras.Sequential([Dense(1)])
    with pytest.raises(AttributeError, match="has no input shape yet"):
        model.input_shape  # noqa: B018  # asking raises
    with pytest.raises(ValueError, match="not built"):
        model.count_params()
    with pytest.raises(ValueError, match="needs the shape of its input"):
        model.build()
    assert model.get_weights() == []


def test_get_layer() -> None:
    model = keras.Sequential([Dense(2, name="first"), Dense(1, name="last")])
    assert model.get_layer("last") is model.get_layer(index=-1) is model.layers[1]
    for arguments, message in (
        ({"name": "frist"}, "Did you mean 'first'"),
        ({"index": 2}, "below 2"),
        ({}, "got both or none"),
    ):
        with pytest.raises(ValueError, match=message):
            model.get_layer(**arguments)


def test_set_weights_names_the_weight_and_changes_nothing() -> None:
    model = keras.Sequential([Dense(2, input_dim=3, name="a"), Dense(1, name="b")])
    before = model.get_weights()
    wrong = [w + 1 for w in before]
    wrong[2] = np.ones((3, 1))
    with pytest.raises(ValueError, match=r"b/kernel' .* shape \(2, 1\), .* \(3, 1\)"):
        model.set_weights(wrong)
    with pytest.raises(ValueError, match="4 weights, got 3"):
        model.set_weights(wrong[:3])
    with pytest.raises(TypeError, match="expected numbers"):
        model.set_weights([np.full(w.shape, "a") for w in before])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.set_weights([w * 2 for w in before])
    np.testing.assert_array_equal(model.get_weights()[0], before[0] * 2)


def test_get_weights_hands_out_copies() -> None:
    model = keras.Sequential([Dense(1, input_dim=3)])
    model.get_weights()[0][:] = np.nan
    assert np.isfinite(model.predict(X, verbose=0)).all()


def test_a_model_may_stand_in_a_model() -> None:
    inner = keras.Sequential([Dense(2), Activation("tanh")])
    model = keras.Sequential([keras.Input((3,)), inner, Dense(1)])
    assert model.count_params() == 8 + 3
    assert inner.output_shape == (None, 2)
    expected = np.tanh(X @ inner.get_weights()[0]) @ model.get_weights()[2]
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5)


def test_config_round_trip() -> None:
    model = keras.Sequential([Dense(2, input_dim=3, activation="relu"), Dense(1)])
    again = keras.Sequential.from_config(model.get_config())
    assert again.name == model.name
    assert [layer.name for layer in again.layers] == [
        layer.name for layer in model.layers
    ]
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(
        again.predict(X, verbose=0), model.predict(X, verbose=0)
    )


def test_a_frozen_model_does_not_learn() -> None:
    model = keras.Sequential([Dense(2, input_dim=3), Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X[:, 0], verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 2


def test_calling_a_model_gives_a_tensor() -> None:
    model = keras.Sequential([Dense(1, input_dim=3)])
    out = model(X)
    assert isinstance(out, keras.Tensor)
    np.testing.assert_allclose(out.numpy(), model.predict(X, verbose=0))


def test_a_single_column_may_lack_its_axis() -> None:
    model = keras.Sequential([Dense(1, input_dim=1)])
    assert model.predict([1.0, 2.0], verbose=0).shape == (2, 1)
    assert model(np.ones(3)).shape == (3, 1)
