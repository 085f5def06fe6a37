"""Models of places: layers called on inputs, sorted, run, configured and cloned."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from replaying import X, agree

import tinygrad_lr as keras
from tinygrad_lr import layers
from tinygrad_lr.layers import Dense, KerasTensor
from tinygrad_lr.models import Functional, clone_model
from tinygrad_lr.naming import reset_names

A = np.random.default_rng(1).normal(size=(22, 4)).astype("float32")
Y = np.random.default_rng(2).normal(size=(22, 1)).astype("float32")
Z = np.random.default_rng(3).normal(size=(22, 2)).astype("float32")


def two_and_two() -> Any:
    """Two inputs, two outputs, a shared layer, functions of NumPy in between."""
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    shared = Dense(5, activation="tanh", name="shared")
    h, k = shared(Dense(4, name="d1")(a)), shared(Dense(4, name="d2")(b))
    s = (h + k) * 2.0 + np.sum(k, axis=-1, keepdims=True)
    one = Dense(1, name="one")(s)
    two = Dense(2, name="two")(np.concatenate([s, h], axis=-1)[:, 1:])
    return keras.Model([a, b], [one, two], name="net")


def compiled(**arguments: Any) -> Any:
    model = two_and_two()
    model.compile("sgd", **({"loss": ["mse", "mae"]} | arguments))
    return model


def by_hand(model: Any, a: Any, b: Any) -> list[Any]:
    w = {weight.path: weight.numpy() for weight in model.weights}

    def dense(name: str, x: Any) -> Any:
        return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

    h = np.tanh(dense("shared", dense("d1", a)))
    k = np.tanh(dense("shared", dense("d2", b)))
    s = (h + k) * 2 + k.sum(-1, keepdims=True)
    return [dense("one", s), dense("two", np.concatenate([s, h], -1)[:, 1:])]


def test_the_graph_computes_what_its_calls_say() -> None:
    model = two_and_two()
    for got, wanted in zip(
        model.predict([A, X], verbose=0), by_hand(model, A, X), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    assert type(model) is Functional
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_shape == [(None, 1), (None, 2)]
    assert model.output_names == ["one", "two"]
    assert model.input_names == ["a", "b"]
    names = [layer.name for layer in model.layers]
    assert names == ["a", "b", "d1", "d2", "shared", "one", "two"]
    assert (
        model.get_layer("shared").output is model.layers[4]._inbound_nodes[0].outputs[0]
    )


@pytest.mark.parametrize("batch_size", [4, 8])
def test_recorded_and_eager_steps_agree(batch_size: int) -> None:
    weights = [np.linspace(0.5, 1.5, 22), np.linspace(1, 2, 22)]
    agree(
        lambda: compiled(metrics=[["mae"], ["mse", "mae"]], loss_weights=[1.0, 0.5]),
        [A, X],
        [Y, Z],
        batch_size=batch_size,
        epochs=9,
        sample_weight=weights,
    )


def test_inputs_by_name_and_by_order() -> None:
    model = two_and_two()
    expected = model.predict([A, X], verbose=0)
    for x in ({"a": A, "b": X}, {"b": X, "a": A}, (A, X)):
        for got, wanted in zip(model.predict(x, verbose=0), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_inputs_and_outputs_in_dicts() -> None:
    a, b = keras.Input((4,), name="left"), keras.Input((1,), name="right")
    model = keras.Model(
        {"left": a, "right": b}, {"sum": Dense(1, name="s")(a) + b, "a": Dense(2)(a)}
    )
    out = model.predict({"left": A, "right": Y[:, 0]}, verbose=0)
    assert out["sum"].shape == (22, 1)
    assert out["a"].shape == (22, 2)
    model.compile("sgd", loss={"sum": "mse", "a": "mae"}, metrics={"a": ["mse"]})
    history = model.fit(
        {"left": A, "right": Y}, {"sum": Y, "a": Z}, verbose=0, batch_size=11
    )
    assert sorted(history.history) == ["a_loss", "a_mse", "loss", "sum_loss"]


@pytest.mark.parametrize(
    ("arguments", "y", "keys"),
    [
        ({"loss": "mse"}, [Y, Z], ["loss", "one_loss", "two_loss"]),
        ({"loss": {"one": "mse", "two": "mae"}}, {"one": Y, "two": Z},
         ["loss", "one_loss", "two_loss"]),
        ({"loss": ["mse", None]}, [Y, Z], ["loss"]),
        ({"loss": ["mse", None]}, Y, ["loss"]),
        ({"loss": "mse", "metrics": ["mae"]}, [Y, Z],
         ["loss", "one_loss", "one_mae", "two_loss", "two_mae"]),
        ({"loss": "mse", "metrics": ["mae", "mse"]}, [Y, Z],
         ["loss", "one_loss", "one_mae", "two_loss", "two_mse"]),
        ({"loss": "mse", "metrics": {"two": ["mae", "mse"]}}, [Y, Z],
         ["loss", "one_loss", "two_loss", "two_mae", "two_mse"]),
        ({"loss": "mse", "metrics": ["mae", "mse", "mape"]}, [Y, Z],
         ["loss", "one_loss", "one_mae", "one_mape", "one_mse", "two_loss", "two_mae",
          "two_mape", "two_mse"]),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:no gradient reaches")
def test_losses_and_metrics_of_several_outputs(
    arguments: dict[str, Any], y: Any, keys: list[str]
) -> None:
    model = compiled(**arguments)
    assert list(model.fit([A, X], y, verbose=0).history) == keys
    found = model.evaluate([A, X], y, verbose=0, return_dict=True)
    assert sorted(found) == keys
    p, q = model.predict([A, X], verbose=0)
    squares = [np.mean((Y - p) ** 2), np.mean((Z - q) ** 2)]
    np.testing.assert_allclose(found.get("one_loss", found["loss"]), squares[0], 1e-5)
    if arguments["loss"] == "mse":
        np.testing.assert_allclose(found["loss"], sum(squares), rtol=1e-5)
        values = model.evaluate([A, X], y, verbose=0)
        names = ["loss", "one_loss", "two_loss"]
        assert values[:3] == [found[name] for name in names]
        assert values[3:] == [found[name] for name in keys if name not in names]


@pytest.mark.parametrize(
    ("arguments", "y", "message"),
    [
        ({"loss": {"one": "mse", "too": "mse"}}, [Y, Z], "no output 'too'.*'two'"),
        ({"loss": {"one": "mse"}}, [Y, Z], "expected an entry for each"),
        ({"loss": ["mse"] * 3}, [Y, Z], "one for each of the 2 outputs"),
        ({"loss": "mse", "loss_weights": [1.0]}, [Y, Z], "loss_weights.* 2 outputs"),
        ({"loss": "mse", "metrics": {"tow": "mae"}}, [Y, Z], "no output 'tow'"),
        ({"loss": "mse"}, [Y, Z, Z], "targets for the 2 outputs"),
        ({"loss": "mse"}, {"one": Y, "to": Z}, "no output 'to'"),
    ],
)
def test_what_does_not_fit_the_outputs(
    arguments: dict[str, Any], y: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compiled(**arguments).fit([A, X], y, verbose=0)


def test_bad_graphs() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    out = Dense(1, name="out")(a + b)
    with pytest.raises(ValueError, match=r"not connected to inputs=\['a'\].*Input 'b'"):
        keras.Model(a, out)
    with pytest.raises(ValueError, match="expected places as inputs"):
        keras.Model(A, out)
    with pytest.raises(ValueError, match="expected places as outputs"):
        keras.Model(a, Dense(1))
    with pytest.raises(ValueError, match="both inputs and outputs"):
        keras.Model(inputs=a)
    x = Dense(3, name="same")(a)
    with pytest.raises(ValueError, match="'same' 2 times"):
        keras.Model(a, Dense(3, name="same")(x))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (A, "expected 2 inputs .*, got 1"),
        ([A, A], r"input 'b'.*\(rows, 3\), got \(22, 4\)"),
        ({"a": A}, "there is no 'b'"),
        ([A, X[:3]], "same number of rows"),
    ],
)
def test_bad_inputs(x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        two_and_two().predict(x, verbose=0)


def test_places_have_no_values() -> None:
    x = keras.Input((4,))
    for ask in (bool, float, list, np.asarray, lambda t: t.numpy()):
        with pytest.raises(ValueError, match="has no values yet") as refused:
            ask(x)
        assert isinstance(refused.value, TypeError)


def test_functions_of_numpy_on_places() -> None:
    x = keras.Input((4, 3))
    cases = [
        x * 2, 2 / x, -x, x @ np.ones((3, 5), "float32"), x[:, 1:, None, ..., 0],
        np.tanh(x), np.mean(x, axis=(1, 2)), np.stack([x, x], -1), x.reshape((-1, 12)),
        np.where(x > 0, x, 0.1 * x), x.astype("int32"), np.argmax(x, -1),
        np.einsum("bij,bkj->bik", x, x), x.T, np.expand_dims(x, 1).squeeze(1),
    ]  # fmt: skip
    shapes = [
        (None, 4, 3), (None, 4, 3), (None, 4, 3), (None, 4, 5), (None, 3, 1),
        (None, 4, 3), (None,), (None, 4, 3, 2), (None, 12), (None, 4, 3), (None, 4, 3),
        (None, 4), (None, 4, 4), (3, 4, None), (None, 4, 3),
    ]  # fmt: skip
    assert [place.shape for place in cases] == shapes
    assert all(isinstance(place, KerasTensor) for place in cases)
    data = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")
    model = keras.Model(x, cases)
    out = model.predict_on_batch(data)
    np.testing.assert_allclose(out[12], np.einsum("bij,bkj->bik", data, data), 1e-5)
    again = Functional.from_config(json.loads(json.dumps(model.get_config())))
    for one, other in zip(out, again.predict_on_batch(data), strict=True):
        np.testing.assert_array_equal(one, other)


def test_open_axes_stay_open() -> None:
    x = keras.Input((None, 3))
    assert Dense(5)(x).shape == (None, None, 5)
    assert np.sum(x, axis=1).shape == (None, 3)
    assert x[:, -1].shape == (None, 3)


def test_configurations_there_and_back() -> None:
    model = two_and_two()
    config = json.loads(json.dumps(model.get_config()))
    again = Functional.from_config(config)
    again.set_weights(model.get_weights())
    for one, other in zip(model([A, X]), again([A, X]), strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    assert json.loads(json.dumps(again.get_config())) == config
    with pytest.raises(ValueError, match="not complete"):
        Functional.from_config(config | {"layers": config["layers"][2:]})


def test_configurations_of_keras_2_are_read() -> None:
    def row(name: str, kind: str, calls: Any, **config: Any) -> dict[str, Any]:
        config = {"name": name, **config}
        return {
            "class_name": kind, "config": config, "name": name, "inbound_nodes": calls,
        }  # fmt: skip

    config = {
        "name": "old",
        "layers": [
            row("x", "InputLayer", [], batch_input_shape=[None, 4], dtype="float32"),
            row("d", "Dense", [[["x", 0, 0, {}]]], units=3),
            row("e", "Dense", [[["d", 0, 0, {}]], [["x", 0, 0, {}]]], units=2)
            if False
            else row("e", "Dense", [[["d", 0, 0, {}]]], units=2),
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["e", 0, 0]],
    }
    assert Functional.from_config(config).output_shape == (None, 2)


def test_clones_have_weights_of_their_own() -> None:
    for model in (two_and_two(), keras.Sequential([Dense(2, input_dim=4)])):
        copy = clone_model(model)
        assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
        copy.set_weights(model.get_weights())
        x = [A, X] if len(model.inputs) == 2 else A
        one, other = model.predict(x, verbose=0), copy.predict(x, verbose=0)
        np.testing.assert_array_equal(one[0], other[0])
        assert not any(a is b for a in model.weights for b in copy.weights)
    wider = clone_model(
        keras.Sequential([Dense(2, input_dim=4)]),
        clone_function=lambda layer: Dense(7, name=layer.name),
    )
    assert wider.output_shape == (None, 7)


def test_part_of_a_model_is_a_model() -> None:
    whole = keras.Sequential([Dense(5, "tanh", input_dim=4), Dense(1)])
    hidden = keras.Model(whole.inputs, whole.layers[0].output)
    kernel, bias = whole.layers[0].get_weights()
    np.testing.assert_allclose(
        hidden.predict(A, verbose=0), np.tanh(A @ kernel + bias), rtol=1e-5, atol=1e-6
    )
    head = keras.Model(whole.layers[0].output, whole.output)
    np.testing.assert_allclose(
        head.predict(hidden.predict(A, verbose=0), verbose=0),
        whole.predict(A, verbose=0),
        rtol=1e-5,
    )
    assert [type(layer).__name__ for layer in head.layers] == ["InputLayer", "Dense"]


def test_models_as_layers_and_subclasses_with_a_graph() -> None:
    inner = keras.Sequential([Dense(3, input_dim=4), Dense(2)])
    x = keras.Input((4,))
    outer = keras.Model(x, Dense(1)(inner(x)))
    assert len(outer.weights) == 6
    outer.compile("adam", "mse")
    before = inner.get_weights()
    outer.fit(A, Y, verbose=0)
    assert not np.array_equal(before[0], inner.get_weights()[0])

    class Mine(keras.Model):
        def __init__(self) -> None:
            a = keras.Input((4,))
            super().__init__(inputs=a, outputs=Dense(2)(a))

        def train_step(self, data: Any) -> Any:
            return super().train_step(data) | {"own": 3.0}

    keras.utils.clear_session()  # names count from the beginning
    mine = Mine()
    mine.compile("sgd", "mse")
    history = mine.fit(A, Z, verbose=0).history
    assert history["own"] == [3.0]
    assert mine.name == "mine"


def test_a_layer_in_two_models_is_one_layer() -> None:
    x = keras.Input((4,))
    shared = Dense(1)
    one, other = keras.Model(x, shared(x)), keras.Model(x, shared(x) * 2)
    one.compile("sgd", "mse")
    one.fit(A, Y, verbose=0)
    np.testing.assert_allclose(
        other.predict(A, verbose=0), 2 * one.predict(A, verbose=0), rtol=1e-6
    )


def test_a_call_on_places_leaves_the_layer_s_state_alone() -> None:
    class Counting(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.calls = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="calls"
            )

        def call(self, x: Any) -> Any:
            self.calls.assign(self.calls + 1)
            self.add_loss(np.sum(x) + 1)
            return x

    layer = Counting()
    x = keras.Input((4,))
    model = keras.Model(x, layer(x))
    assert float(layer.calls) == 0
    assert model.losses == []
    model(A)
    assert float(layer.calls) == 1


def test_the_summary_shows_the_connections() -> None:
    lines: list[str] = []
    reset_names()
    two_and_two().summary(print_fn=lines.append, line_length=100)
    text = lines[0]
    assert "Connected to" in text
    assert "multiply (Multiply)" in text
    assert "d1[0][0]" in text
    assert "Total params: 87" in text
    x = keras.Input((4,))
    keras.Model(x, Dense(2)(x)).summary(print_fn=lines.append)
    assert "Connected" not in lines[1]


def test_every_layer_had_its_shapes_as_attributes() -> None:
    model = keras.Sequential([Dense(3, input_dim=4), Dense(2)])
    assert model.layers[0].input_shape == (None, 4)
    assert model.layers[1].output_shape == (None, 2)

    class Own(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.output_shape = 7

    assert Own().output_shape == 7
    with pytest.raises(AttributeError, match="never been called"):
        Dense(2).output_shape  # noqa: B018  # asking is the point


def test_forms_without_a_call() -> None:
    spec = Dense(3).compute_output_spec(KerasTensor((None, 5)))
    assert (spec.shape, spec.dtype, spec.node) == ((None, 3), "float32", None)


def test_clones_with_other_inputs_calls_and_inner_models() -> None:
    inner = keras.Sequential([Dense(3, input_dim=4), Dense(2)], name="inner")
    x = keras.Input((4,))
    outer = keras.Model(x, Dense(1)(inner(x)))
    seen: list[str] = []

    def replace(layer: Any) -> Any:
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    clone_model(outer, clone_function=replace)
    assert seen[0] == "inner"
    seen.clear()
    clone_model(outer, clone_function=replace, recursive=True)
    assert len(seen) == 3
    assert "inner" not in seen
    own = keras.Input((4,), name="own")
    assert clone_model(outer, input_tensors=own).input_names == ["own"]
    doubled = clone_model(
        inner, call_function=lambda layer, x, **options: layer(x, **options) * 2
    )
    doubled.set_weights(inner.get_weights())
    kernel = [w.numpy() for w in inner.weights]
    hidden = 2 * (A @ kernel[0] + kernel[1])
    np.testing.assert_allclose(
        doubled.predict(A, verbose=0), 2 * (hidden @ kernel[2] + kernel[3]), rtol=1e-5
    )

    class Written(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ValueError, match="its own call"):
        clone_model(Written(), clone_function=replace)


def test_specs_are_plain_values() -> None:
    spec = keras.InputSpec(min_ndim=2, axes={-1: 3})
    assert keras.InputSpec.from_config(spec.get_config()).axes == {-1: 3}


def test_training_of_the_model_counts_before_that_of_a_call_in_it() -> None:
    place = keras.Input((3,))
    model = keras.Model(place, layers.Dropout(0.5, seed=1)(place, training=True))
    ones = np.ones((4, 3), "float32")
    assert (model.predict(ones, verbose=0) == 1).all()
    assert (model(ones, training=False).numpy() == 1).all()
    assert set(model(ones).numpy().ravel()) == {0.0, 2.0}
    quiet = keras.Model(place, layers.Dropout(0.5, seed=1)(place, training=False))
    assert (quiet(ones).numpy() == 1).all()
    assert set(quiet(ones, training=True).numpy().ravel()) == {0.0, 2.0}


def test_losses_of_places_belong_to_the_model() -> None:
    """The loss of a model with outputs and places, against the same in a layer."""
    from tinygrad_lr.losses import binary_crossentropy

    def fitted(eager: bool) -> list[Any]:
        keras.utils.set_random_seed(2)
        place = keras.Input((3,))
        mean = Dense(2, name="middle")(place)
        out = Dense(3, activation="sigmoid", name="out")(mean)
        model = keras.Model(place, out)
        extra = Dense(1, name="aside")(mean)
        loss = binary_crossentropy(place, out)
        loss *= 3
        model.add_loss(np.mean(loss) + 0.1 * np.mean(np.square(mean)))
        model.add_loss([np.mean(extra), 1.0 + 0 * np.mean(out)])
        assert len(model.trainable_weights) == 6
        model.compile("sgd", run_eagerly=eager)
        data = (X > 0).astype("float32")
        history = model.fit(data, epochs=2, shuffle=False, verbose=0).history
        weights = [w.numpy() for w in model.get_layer("middle").weights]
        assert [p.shape for p in (model.predict(data, verbose=0),)] == [X.shape]
        return [history["loss"], model.evaluate(data, verbose=0), *weights]

    one, other = fitted(False), fitted(True)
    assert one[:2] == other[:2]
    np.testing.assert_array_equal(one[2], other[2])
    assert one[0][1] < one[0][0]


def test_a_lambda_in_a_written_model_keeps_its_shape() -> None:
    class Written(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.twice = layers.Lambda(lambda x: 2 * x, output_shape=(3,))

        def call(self, x: Any) -> Any:
            return self.twice(x)

    model = Written()
    model(X)
    assert model.twice.compute_output_shape((None, 3)) == (None, 3)
    place = keras.Input((3,))
    assert keras.Sequential([place, model.twice]).output_shape == (None, 3)


def test_the_places_that_a_place_comes_from() -> None:
    x, y = keras.Input((2,)), keras.Input((2,))
    total = keras.layers.Add()([x, Dense(2)(y) + x])
    found = keras.utils.get_source_inputs(total)
    assert [place is other for place, other in zip(found, (x, y), strict=True)] == [
        True,
        True,
    ]
    assert keras.utils.get_source_inputs(3) == 3
