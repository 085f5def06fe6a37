"""Bad input: one clear sentence each, and the model is as it was."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense, Layer

X = np.linspace(-1, 1, 30, dtype="float32").reshape(10, 3)
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")
OBJECTS = np.array([[1, 2, 3], [4, "five", 6]], dtype=object)


def model_of(built: bool = True, **compiled: Any) -> keras.Sequential:
    arguments = {"input_dim": 3} if built else {}
    model = keras.Sequential(
        [Dense(2, name="first", **arguments), Dense(1, activation="sigmoid")],
        name="model",
    )
    model.compile("sgd", "binary_crossentropy", **compiled)
    return model


def state(model: keras.Sequential) -> Any:
    return (
        model.built,
        [layer.built for layer in model.layers],
        [w.tobytes() for w in model.get_weights()],
        [np.asarray(v.data).tobytes() for v in model.optimizer.variables],
    )


def empty() -> Any:
    yield from ()


FITS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "lengths": (
        {"x": X, "y": Y[:5]},
        ValueError,
        r"same number of rows everywhere, got x 10, y 5",
    ),
    "weights": (
        {"x": X, "y": Y, "sample_weight": np.ones(9)},
        ValueError,
        r"x 10, y 10, sample_weight 9",
    ),
    "empty": ({"x": X[:0], "y": Y[:0]}, ValueError, "at least one row of data"),
    "empty lists": ({"x": [], "y": []}, ValueError, "at least one row of data"),
    "no x": ({"x": None, "y": Y}, ValueError, "expected inputs x, got None"),
    "no y": ({"x": X}, ValueError, r"expected fit\(x, y\), got y=None"),
    "one value": ({"x": 3.0, "y": Y}, TypeError, "one row per sample, got float 3.0"),
    "strings": (
        {"x": np.full((10, 3), "a"), "y": Y},
        TypeError,
        "x: expected numbers, got <U1 data such as",
    ),
    "list of strings": ({"x": ["a"] * 10, "y": Y}, TypeError, "x: expected numbers"),
    "string targets": ({"x": X, "y": ["a"] * 10}, TypeError, "y: expected numbers"),
    "objects": (
        {"x": OBJECTS, "y": Y[:2]},
        TypeError,
        r"x: expected numbers, got str 'five' at position \(1, 1\)",
    ),
    "numbers as objects": (
        {"x": X.astype(object), "y": Y},
        TypeError,
        r"Convert it with np.asarray\(x, 'float32'\)",
    ),
    "dates": (
        {"x": np.zeros((10, 3), "datetime64[D]"), "y": Y},
        TypeError,
        "got datetime64",
    ),
    "complex": ({"x": X.astype("complex64"), "y": Y}, TypeError, r"Pass x\.real or"),
    "masked": (
        {"x": np.ma.masked_array(X, mask=X > 0.5), "y": Y},
        ValueError,
        r"got a masked array of which 8 entries are masked. Fill them: x.filled\(0\)",
    ),
    "huge integers": ({"x": [[10**30] * 3] * 10, "y": Y}, TypeError, "of objects"),
    "no numbers": ({"x": [[None] * 3] * 10, "y": Y}, TypeError, "got NoneType None"),
    "ragged": (
        {"x": [[1, 2, 3], [4, 5]], "y": Y[:2]},
        ValueError,
        "got 3 entries in row 0 and 2 in row 1",
    ),
    "ragged within": (
        {"x": [[[1, 2], [3]], [[1, 2], [3, 4]]], "y": Y[:2]},
        ValueError,
        "regular grid",
    ),
    "ragged arrays": (
        {"x": [np.zeros(3), np.zeros(2)], "y": Y[:2]},
        ValueError,
        "got 3 entries in row 0 and 2 in row 1",
    ),
    "too many targets": (
        {"x": X, "y": np.zeros((10, 10))},
        ValueError,
        r"\(10, 10\) .* \(10, 1\)",
    ),
    "batch_size 0": ({"x": X, "y": Y, "batch_size": 0}, ValueError, "batch_size: .* 0"),
    "batch_size -1": ({"x": X, "y": Y, "batch_size": -1}, ValueError, "got -1"),
    "batch_size 1.5": ({"x": X, "y": Y, "batch_size": 1.5}, ValueError, "got 1.5"),
    "batch_size a": ({"x": X, "y": Y, "batch_size": "a"}, ValueError, "got 'a'"),
    "batch_size True": ({"x": X, "y": Y, "batch_size": True}, ValueError, "got True"),
    "epochs": ({"x": X, "y": Y, "epochs": 1.5}, ValueError, "epochs: .* got 1.5"),
    "epochs -1": ({"x": X, "y": Y, "epochs": -1}, ValueError, "at least 0, got -1"),
    "steps": (
        {"x": X, "y": Y, "steps_per_epoch": 0},
        ValueError,
        "steps_per_epoch .*: expected an integer of at least 1, got 0",
    ),
    "steps 2.5": ({"x": X, "y": Y, "steps_per_epoch": 2.5}, ValueError, "got 2.5"),
    "verbose": ({"x": X, "y": Y, "verbose": "yes"}, ValueError, "got 'yes'"),
    "shuffle": ({"x": X, "y": Y, "shuffle": "rows"}, ValueError, "got 'rows'"),
    "unknown": ({"x": X, "y": Y, "epoch": 3}, TypeError, "Did you mean 'epochs'"),
    "split": ({"x": X, "y": Y, "validation_split": 1.5}, ValueError, "between 0 and 1"),
    "split in text": (
        {"x": X, "y": Y, "validation_split": "0.2"},
        ValueError,
        "between 0 and 1, got '0.2'",
    ),
    "tiny split": (
        {"x": X, "y": Y, "validation_split": 0.999},
        ValueError,
        "leaves 0 for training",
    ),
    "split of batches": (
        {"x": lambda: empty(), "validation_split": 0.5},
        ValueError,
        "expected arrays x and y to split, got generator",
    ),
    "validation x": (
        {"x": X, "y": Y, "validation_data": (X[:, :2], Y)},
        ValueError,
        r"\(rows, 3\), got \(10, 2\)",
    ),
    "validation lengths": (
        {"x": X, "y": Y, "validation_data": (X, Y[:3])},
        ValueError,
        "x 10, y 3",
    ),
    "validation without y": (
        {"x": X, "y": Y, "validation_data": X},
        ValueError,
        "Put inputs and targets into a tuple",
    ),
    "two weights": (
        {"x": X, "y": Y, "class_weight": {0: 1}, "sample_weight": np.ones(10)},
        ValueError,
        "class_weight or sample_weight, got both",
    ),
    "class weights": (
        {"x": X, "y": Y, "class_weight": [1, 2]},
        TypeError,
        "expected a dict",
    ),
    "y beside batches": (
        {"x": lambda: empty(), "y": Y},
        ValueError,
        "y: expected None, because x is a generator",
    ),
    "no batches": ({"x": lambda: empty()}, ValueError, "at least one batch, got none"),
    "a generator's maker": ({"x": empty}, TypeError, r"Call it: x\(\)"),
    "odd batch": (
        {"x": lambda: iter([(X, Y, None, None)])},
        ValueError,
        "got a tuple of 4 parts",
    ),
}


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("name", FITS)
def test_fit_refuses_and_changes_nothing(name: str, built: bool) -> None:
    arguments, error, message = FITS[name]
    if getattr(arguments["x"], "__name__", None) == "<lambda>":  # a fresh iterator
        arguments = {**arguments, "x": arguments["x"]()}
    model = model_of(built, metrics=["accuracy"])
    before = state(model)
    with pytest.raises(error, match=message):
        model.fit(**{"verbose": 0, **arguments})
    assert state(model) == before
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "predict"])
def test_a_wrong_number_of_features(method: str) -> None:
    model = model_of()
    targets = () if method == "predict" else (Y,)
    match = r"model 'model' \(first layer 'first'\): .* \(rows, 3\), got \(10, 2\)"
    with pytest.raises(ValueError, match=match):
        getattr(model, method)(X[:, :2], *targets)
    with pytest.raises(ValueError, match="needs a batch axis"):
        model.predict(X[0])


def test_an_unbuilt_model_may_try_again_with_other_data() -> None:
    model = model_of(built=False)
    with pytest.raises(ValueError, match="10, 10"):
        model.fit(X, np.zeros((10, 10)), verbose=0)
    model.fit(X[:, :2], Y, verbose=0)
    assert model.input_shape == (10, 2)


def test_accuracy_is_chosen_anew_after_a_refusal() -> None:
    model = keras.Sequential([Dense(3, activation="softmax", input_dim=3)])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match="categorical_crossentropy"):
        model.fit(X, np.zeros(10), verbose=0)
    model.fit(X, np.eye(3)[np.arange(10) % 3], verbose=0)
    assert type(model.metrics[1].metrics[0]).__name__ == "CategoricalAccuracy"


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_compile_comes_first(method: str) -> None:
    model = keras.Sequential([Dense(1)], name="new")
    with pytest.raises(ValueError, match=f"{method}: model 'new' is not compiled"):
        getattr(model, method)(X, Y)


def test_targets_of_one_axis_are_fine() -> None:
    a, b = model_of(), model_of()
    b.set_weights(a.get_weights())
    column = a.fit(X, Y, verbose=0, shuffle=False).history
    assert b.fit(X, Y[:, 0], verbose=0, shuffle=False).history == column


@pytest.mark.parametrize(
    ("compiled", "message"),
    [
        ({"loss": "mean_squared_eror"}, "Did you mean 'mean_squared_error'"),
        ({"loss": "mse", "metrics": ["acuracy"]}, "Did you mean 'accuracy'"),
        ({"optimizer": "sdg", "loss": "mse"}, "Did you mean 'sgd'"),
        ({"optimizer": 3, "loss": "mse"}, "got 3 of type int"),
        ({"loss": ["mse", "mae"]}, "expected one loss .* got 2"),
        ({"loss": "mse", "loss_weights": [None, True]}, r"given as metrics="),
        ({"loss": "mse", "steps_per_execution": 0}, "steps_per_execution: .* got 0"),
    ],
)
def test_compile_refuses_and_changes_nothing(
    compiled: dict[str, Any], message: str
) -> None:
    model = model_of()
    optimizer = model.optimizer
    with pytest.raises(ValueError, match=message):
        model.compile(**compiled)
    assert model.optimizer is optimizer
    assert model.loss == "binary_crossentropy"


def test_compile_refuses_an_unknown_argument() -> None:
    with pytest.raises(TypeError, match="Did you mean 'optimizer'"):
        model_of().compile(optimiser="sgd")


def test_a_model_without_a_loss_cannot_learn() -> None:
    model = model_of()
    model.compile("sgd")
    with pytest.raises(ValueError, match="'model' has no loss"):
        model.fit(X, Y, verbose=0)
    assert model.evaluate(X, Y, verbose=0) == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("part", ["x", "y"])
def test_numbers_that_are_not_finite_give_one_warning(bad: float, part: str) -> None:
    data = {"x": X.astype("float64"), "y": Y.astype("float64")}
    data[part][4:6, 0] = bad
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model_of().evaluate(**data, verbose=0)
    assert len(caught) == 1
    expected = f"{part}: NaN or infinity in row 4 (2 of 10 rows)"
    assert str(caught[0].message).startswith(expected)
    assert caught[0].filename == __file__


def test_large_finite_numbers_give_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model_of().predict(X * 3e38, verbose=0)


def test_a_batch_that_does_not_fit_stops_a_generator() -> None:
    def batches() -> Any:
        yield X[:4], Y[:4]
        yield X[:4, :2], Y[:4]

    with pytest.raises(ValueError, match=r"\(rows, 3\), got \(4, 2\)"):
        model_of().fit(batches(), verbose=0)


def test_an_embedding_names_itself_and_the_number_that_is_too_large() -> None:
    model = keras.Sequential([keras.layers.Embedding(5, 2, name="words")])
    with pytest.raises(IndexError, match=r"layer 'words'.*from 0 to 4.*got 5"):
        model.predict(np.array([[1, 5]]), verbose=0)
    model.predict(np.array([[1, 4]]), verbose=0)
    with pytest.raises(IndexError, match=r"from 0 to 4.*got -1"):
        model.predict(np.array([[1, -1]]), verbose=0)


@pytest.mark.parametrize("value", [5, 2.5, "rows"])
def test_a_layer_takes_arrays_and_not_a_number(value: Any) -> None:
    with pytest.raises(ValueError, match=f"layer 'first' .Dense.*array.*{value!r}"):
        Dense(3, name="first")(value)


def test_two_inputs_for_a_model_of_one() -> None:
    with pytest.raises(ValueError, match=r"The model has one input: pass one array"):
        model_of().predict([X, X], verbose=0)


def test_a_generator_that_ends_early_ends_the_epoch_with_a_warning() -> None:
    batches = [(X[:5], Y[:5])] * 3
    model = model_of()
    with pytest.warns(UserWarning, match="ended after 3 of 5 steps of an epoch"):
        history = model.fit(iter(batches), steps_per_epoch=5, verbose=0)
    assert len(history.history["loss"]) == 1
    with pytest.warns(UserWarning, match="ended after 3 of 5 steps"):
        model.evaluate(iter(batches), steps=5, verbose=0)
    with pytest.warns(UserWarning, match="ended after 3 of 5 steps"):
        assert len(model.predict(iter([X[:5]] * 3), steps=5, verbose=0)) == 15


def test_a_layer_in_two_models_is_one_layer() -> None:
    shared = Dense(2, name="shared")
    one = keras.Sequential([keras.Input((3,)), shared])
    two = keras.Sequential([keras.Input((3,)), shared, Dense(1)])
    two.compile("sgd", "mse")
    before = one.predict(X, verbose=0)
    two.fit(X, Y, verbose=0)
    assert not np.array_equal(one.predict(X, verbose=0), before)
    with pytest.raises(
        ValueError, match=r"layer 'shared'.*does not fit here.*3 values"
    ):
        keras.Sequential([keras.Input((4,)), shared])


def test_layers_of_a_graph_have_names_of_their_own() -> None:
    x = keras.Input((3,))
    with pytest.raises(ValueError, match=r"names of their own, got 'same' 2 times"):
        keras.Model(x, Dense(2, name="same")(Dense(2, name="same")(x)))


def test_verbose_none_is_silent(capsys: Any) -> None:
    model_of().fit(X, Y, verbose=None)
    assert capsys.readouterr().out == ""


def test_a_layer_that_forgets_to_return_is_named() -> None:
    class Silent(Layer):
        def call(self, x: Any) -> None:
            x * 2

    with pytest.raises(ValueError, match=r"layer 'mute'.*returned None"):
        keras.Sequential([Dense(3, input_dim=2), Silent(name="mute")])


def test_a_metric_without_a_return() -> None:
    model = keras.Sequential([Dense(3, input_dim=2)])
    model.compile("sgd", "mse", metrics=[lambda y_true, y_pred: None])
    with pytest.raises(ValueError, match=r"metric 'lambda' returned None"):
        model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
