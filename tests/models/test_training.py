"""fit, evaluate and predict: what they do with their arguments, and the same seed."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import LambdaCallback
from tinygrad_lr.layers import Activation, Dense
from tinygrad_lr.optimizers import SGD

X = np.linspace(-1, 1, 30, dtype="float32").reshape(10, 3)
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")


def classifier(**compiled: Any) -> keras.Sequential:
    keras.utils.set_random_seed(5)
    model = keras.Sequential([Dense(1, activation="sigmoid", input_dim=3)])
    model.compile("sgd", "binary_crossentropy", **compiled)
    return model


def test_the_program_of_the_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    keras.utils.set_random_seed(0)
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    t = np.array([[0], [1], [1], [1]])
    model = keras.Sequential([Dense(input_dim=2, units=1), Activation("sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer=SGD(learning_rate=0.1))
    model.fit(x, t, epochs=300, batch_size=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == [f"Epoch {n}/300" for n in range(1, 301)]
    bar = r"4/4 \[={30}\] - \d+s \d+(us|ms)/step - loss: \d\.\d{4}"
    assert all(re.fullmatch(bar, line) for line in lines[1::2])
    p = model.predict(x, batch_size=1)
    np.testing.assert_allclose(p[:, 0], [0.16, 0.94, 0.94, 0.999], atol=0.02)
    assert ((p > 0.5) == t).all()


def test_the_same_seed_gives_the_same_bits() -> None:
    def run() -> tuple[Any, Any]:
        keras.utils.set_random_seed(3)
        model = keras.Sequential([Dense(4, activation="tanh"), Dense(1)])
        model.compile("adam", "mse")
        history = model.fit(X, Y, epochs=3, batch_size=3, verbose=0)
        return history.history["loss"], model.get_weights()

    (first_loss, first), (second_loss, second) = run(), run()
    assert first_loss == second_loss
    for a, b in zip(first, second, strict=True):
        assert a.tobytes() == b.tobytes()


def test_rows_are_shuffled_together_and_anew_each_epoch() -> None:
    orders: list[list[float]] = []

    class Looking(keras.Sequential):
        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            np.testing.assert_array_equal(x.numpy()[:, 0], y.numpy()[:, 0])
            orders[-1] += x.numpy()[:, 0].tolist()
            return super().train_step(data)

    model = Looking([Dense(1, input_dim=1)])
    model.compile("sgd", "mse", run_eagerly=True)
    new = LambdaCallback(on_epoch_begin=lambda epoch, logs: orders.append([]))
    x = np.arange(20.0).reshape(20, 1)
    keras.utils.set_random_seed(1)
    model.fit(x, x, epochs=2, batch_size=3, verbose=0, callbacks=[new])
    assert orders[0] != orders[1] != sorted(orders[1])
    assert sorted(orders[0]) == sorted(orders[1]) == x[:, 0].tolist()
    orders.clear()
    model.fit(x, x, batch_size=3, verbose=0, shuffle=False, callbacks=[new])
    assert orders[0] == x[:, 0].tolist()
    orders.clear()
    model.fit(x, x, batch_size=4, verbose=0, shuffle="batch", callbacks=[new])
    blocks = np.reshape(orders[0], (5, 4))
    assert (np.diff(blocks, axis=1) == 1).all()
    assert orders[0] != x[:, 0].tolist()


def test_large_data_are_shuffled_batch_by_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tinygrad_lr.models import sources

    def weights() -> list[Any]:
        model = classifier()
        model.fit(X, Y, epochs=3, batch_size=4, verbose=0)
        return model.get_weights()

    whole = weights()
    monkeypatch.setattr(sources, "SHUFFLED_WHOLE", 0)
    for a, b in zip(whole, weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_validation_takes_the_last_rows_before_shuffling() -> None:
    model = classifier(metrics=["accuracy"])
    logs = model.fit(X, Y, validation_split=0.3, verbose=0).history
    expected = model.evaluate(X[7:], Y[7:], verbose=0)
    np.testing.assert_allclose(
        [logs["val_loss"][0], logs["val_accuracy"][0]], expected, rtol=1e-6
    )


def test_validation_freq() -> None:
    logs = classifier().fit(
        X, Y, epochs=5, validation_split=0.3, validation_freq=[2, 5], verbose=0
    )
    assert len(logs.history["val_loss"]) == 2
    assert len(logs.history["loss"]) == 5


def test_evaluate_gives_a_number_or_a_list_in_the_order_of_compile() -> None:
    assert isinstance(classifier().evaluate(X, Y, verbose=0), float)
    model = classifier(metrics=["mse", "acc"])
    found = model.evaluate(X, Y, verbose=0)
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert found == [named["loss"], named["mse"], named["acc"]]


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_on_batch_methods(method: str) -> None:
    assert isinstance(getattr(classifier(), method)(X, Y), float)
    model = classifier(metrics=["accuracy"])
    assert len(getattr(model, method)(X.tolist(), Y.tolist())) == 2
    assert set(getattr(model, method)(X, Y, return_dict=True)) == {"loss", "accuracy"}


def test_train_on_batch_in_a_loop_learns() -> None:
    model = classifier()
    losses = [model.train_on_batch(X, Y) for _ in range(50)]
    assert losses[-1] < losses[0]
    assert int(model.optimizer.iterations) == 50


def test_predict_returns_an_array_of_ones_own() -> None:
    model = classifier()
    for found in (
        model.predict(X, verbose=0),
        model.predict(X, batch_size=3, verbose=0),
        model.predict_on_batch(X),
    ):
        assert found.dtype == np.float32
        assert found.shape == (10, 1)
        found[:] = 0
    assert model.predict(X, verbose=0).any()
    assert model.predict(X, batch_size=3, steps=2, verbose=0).shape == (6, 1)


@pytest.mark.parametrize(
    ("metrics", "keys"),
    [
        ("acc", ["acc"]),
        ("accuracy", ["accuracy"]),
        (["mae", "mae"], ["mae", "mae_1"]),
        ([["mae", "mse"]], ["mae", "mse"]),
        ({"out": "mae"}, ["mae"]),
        (keras.metrics.BinaryAccuracy(), ["binary_accuracy"]),
        (keras.metrics.BinaryAccuracy, ["binary_accuracy"]),
        (lambda y, p: np.mean(p), ["lambda"]),
    ],
)
def test_metrics_in_every_form(metrics: Any, keys: list[str]) -> None:
    model = classifier(metrics=metrics)
    assert model.metrics_names == ["loss", *keys]
    model.fit(X, Y, verbose=0)
    assert model.metrics_names == ["loss", *keys]
    assert sorted(model.history.history) == sorted(["loss", *keys])


def test_weighted_metrics_have_names_of_their_own() -> None:
    model = classifier(metrics=["mae"], weighted_metrics=["mae"])
    logs = model.fit(X, Y, verbose=0, sample_weight=np.arange(10)).history
    assert list(logs) == ["loss", "mae", "weighted_mae"]
    assert logs["mae"] != logs["weighted_mae"]


@pytest.mark.parametrize(
    ("compiled", "factor"),
    [
        ({"loss": "mse"}, 1),
        ({"loss": ["mse"]}, 1),
        ({"loss": {"out": "mse"}}, 1),
        ({"loss": keras.losses.MeanSquaredError()}, 1),
        ({"loss": lambda y, p: np.mean(np.square(y - p), axis=-1)}, 1),
        ({"loss": "mse", "loss_weights": 2.0}, 2),
        ({"loss": "mse", "loss_weights": [2.0]}, 2),
    ],
)
def test_losses_in_every_form(compiled: dict[str, Any], factor: float) -> None:
    model = classifier()
    p = model.predict(X, verbose=0)
    model.compile("sgd", **compiled)
    expected = factor * np.mean((p - Y) ** 2)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


def test_crossentropy_is_chosen_by_the_targets() -> None:
    model = keras.Sequential([Dense(3, activation="softmax", input_dim=3)])
    classes = np.arange(10) % 3
    found = []
    for loss, y in (
        ("sparse_categorical_crossentropy", classes),
        ("crossentropy", classes),
        ("ce", np.eye(3)[classes]),
    ):
        model.compile("sgd", loss, metrics=["accuracy"])
        found.append(model.evaluate(X, y, verbose=0))
    np.testing.assert_allclose(found[1:], found[:1] * 2, rtol=1e-6)


def test_losses_and_optimizers_by_position() -> None:
    model = classifier()
    model.compile("SGD", "mse")
    assert type(model.optimizer).__name__ == "SGD"


def test_a_new_compile_takes_effect() -> None:
    model = classifier()
    model.fit(X, Y, verbose=0)
    model.compile(SGD(0.0), "mse", metrics=["mae"])
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    assert list(model.history.history) == ["loss", "mae"]


@pytest.mark.parametrize(
    ("verbose", "lines"), [(0, 0), (False, 0), (1, 4), (True, 4), ("auto", 4), (2, 4)]
)
def test_verbose(verbose: Any, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    classifier().fit(X, Y, epochs=2, batch_size=4, verbose=verbose)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == lines
    if lines:
        assert out[0] == "Epoch 1/2"
        start = (
            "3/3 - 0s - " if verbose == 2 else "3/3 [==============================]"
        )
        assert out[1].startswith(start)


def test_the_line_names_loss_metrics_and_validation_in_this_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = classifier(metrics=["accuracy"])
    model.fit(X, Y, validation_split=0.3, verbose=1)
    words = re.findall(r" - (\w+):", capsys.readouterr().out)
    assert words == ["loss", "accuracy", "val_loss", "val_accuracy"]


def test_what_is_printed_is_the_mean_over_the_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = classifier()
    history = model.fit(X, Y, batch_size=4, verbose=2)
    assert f"- loss: {history.history['loss'][0]:.4f}" in capsys.readouterr().out


def test_evaluate_and_predict_show_bars(capsys: pytest.CaptureFixture[str]) -> None:
    model = classifier(metrics=["accuracy"])
    model.evaluate(X, Y, batch_size=4)
    assert re.fullmatch(
        r"3/3 \[={30}\] - 0s \d+(us|ms)/step - loss: [\d.]+ - accuracy: \S+\n",
        capsys.readouterr().out,
    )
    model.predict(X, batch_size=4)
    pattern = r"3/3 \[={30}\] - 0s \d+(us|ms)/step\n"
    assert re.fullmatch(pattern, capsys.readouterr().out)


def test_a_loss_that_is_not_finite_is_explained_once() -> None:
    model = keras.Sequential(
        [
            Dense(2, input_dim=3, name="first"),
            Activation(lambda x: np.log(x - 1e9), name="bad"),
            Dense(1, name="last"),
        ]
    )
    model.compile("sgd", "mse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0, shuffle=False)
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "the loss became nan in epoch 1, batch 1: the output of layer 'bad'" in text
    assert len(history.history["loss"]) == 3
    assert caught[0].filename == __file__


def test_the_batch_at_which_it_went_wrong_is_named() -> None:
    model = keras.Sequential([Dense(1, input_dim=1, kernel_initializer="ones")])
    model.compile(SGD(1e-3), "mse")
    x = np.array([[1.0], [1.0], [3e30], [1.0]])
    with pytest.warns(UserWarning, match="loss became inf in epoch 1, batch 3") as seen:
        model.fit(x, np.zeros(4), batch_size=1, verbose=0, shuffle=False)
    assert "but their loss is not finite" in str(seen[0].message)


def test_losses_of_a_step_are_gone_after_it() -> None:
    model = keras.Sequential(
        [
            keras.layers.Dense(
                2, activity_regularizer="l2", kernel_regularizer="l1", input_dim=3
            )
        ]
    )
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert len(model.losses) == 1
    model(np.ones((4, 3)))
    assert len(model.losses) == 2


def test_models_inside_keep_their_metrics():
    """A GAN: the discriminator's loss and accuracy are not those of the whole."""
    keras.utils.set_random_seed(0)
    judge = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    judge.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    judge.train_on_batch(x, y)
    judge.trainable = False
    whole = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), judge])
    whole.compile("sgd", "mse")
    assert np.ndim(whole.train_on_batch(x, y)) == 0
    assert whole.metrics_names == ["loss"]
    expected = whole.evaluate(x, y, verbose=0)
    assert expected == pytest.approx(np.mean((whole.predict(x, verbose=0) - y) ** 2))
    (loss,) = whole.fit(x, y, verbose=0).history["loss"]
    assert loss == pytest.approx(expected)


def test_metrics_may_stand_where_keras_2_had_them():
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    for metrics in (["mae"], "mae"):
        model = keras.Sequential([Dense(1)])
        model.compile("sgd", "mse", metrics)
        assert list(model.fit(x, y, verbose=0).history) == ["loss", "mae"]
    model = keras.Sequential([Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", ["mae"], [0.5])
    assert model.evaluate(x, y, verbose=0) == [0.5, 1.0]
