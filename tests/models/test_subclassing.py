"""Models of one's own: call, train_step and its siblings, custom losses inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.autodiff import GradientTape
from tinygrad_lr.layers import Dense

X = np.linspace(-1, 1, 30, dtype="float32").reshape(10, 3)
Y = X[:, :1] * 2


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = Dense(4, activation="tanh", name="hidden")
        self.out = Dense(1, name="out")

    def call(self, x: Any, training: bool | None = None) -> Any:
        return self.out(self.hidden(x))


def test_a_subclass_with_call_trains() -> None:
    keras.utils.set_random_seed(0)
    model = Net()
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    losses = model.fit(X, Y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert [layer.name for layer in model.layers] == ["hidden", "out"]
    assert model.count_params() == 21
    assert model.predict(X, verbose=0).shape == (10, 1)


def test_its_summary_knows_shapes_after_the_first_call() -> None:
    model = Net()
    seen: list[str] = []
    model.summary(print_fn=seen.append)
    assert seen[0].count("0 (unbuilt)") == 2
    model(X)
    model.summary(print_fn=seen.append)
    assert "(10, 4)" in seen[1]
    assert "Total params: 21 " in seen[1]


def test_it_can_be_built_by_a_shape() -> None:
    model = Net()
    model.build((None, 3))
    assert [w.shape for w in model.get_weights()] == [(3, 4), (4,), (4, 1), (1,)]
    with pytest.raises(ValueError, match="needs the shape of its input"):
        Net().build()


def test_train_step_can_be_ones_own() -> None:
    class Own(Net):
        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(
                zip(gradients, self.trainable_variables, strict=True)
            )
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    own, plain = Own(), Net()
    for model in (own, plain):
        model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
        model.build((None, 3))
    own.set_weights(plain.get_weights())
    histories = [
        model.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0).history
        for model in (own, plain)
    ]
    assert sorted(histories[0]) == ["loss", "mae"]
    for key in ("loss", "mae"):
        np.testing.assert_allclose(histories[0][key], histories[1][key], rtol=1e-5)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_step_is_given_inputs_alone_without_a_tuple(eagerly: bool) -> None:
    class Autoencoder(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.Sequential([Dense(2), Dense(3)])

        def train_step(self, data: Any) -> dict[str, Any]:
            with GradientTape() as tape:
                loss = np.mean(np.square(self.inner(data) - data))
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

        def predict_step(self, data: Any) -> Any:
            return self.inner(data)

    model = Autoencoder()
    model.inner.build((None, 3))
    model.compile("sgd", run_eagerly=eagerly)
    losses = model.fit(X, epochs=5, verbose=0).history["loss"]
    assert losses == sorted(losses, reverse=True)
    assert model.predict(X, verbose=0).shape == X.shape


def test_a_train_step_that_returns_no_dict_is_named() -> None:
    class Wrong(Net):
        def train_step(self, data: Any) -> Any:
            return self.compute_loss(y=data[1], y_pred=self(data[0]))

    model = Wrong()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="expected a step to return a dict"):
        model.fit(X, Y, verbose=0)


def test_test_step_and_predict_step_can_be_ones_own() -> None:
    class Own(Net):
        def test_step(self, data: Any) -> dict[str, Any]:
            return {"answer": 42.0}

        def predict_step(self, data: Any) -> Any:
            return super().predict_step(data) * 0.0

    model = Own()
    model.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == {"answer": 42.0}
    assert not model.predict(X, verbose=0).any()


def test_compute_loss_can_be_ones_own() -> None:
    class Own(Net):
        def compute_loss(self, *arguments: Any, **named: Any) -> Any:
            return super().compute_loss(*arguments, **named) + 1000.0

    model = Own()
    model.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0) > 1000


def test_compute_loss_need_not_take_training() -> None:
    class Own(Net):
        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
            return np.mean((y - y_pred) ** 2) + 1000.0

    model = Own()
    model.compile("sgd")
    assert model.evaluate(X, Y, verbose=0) > 1000
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 1000


def test_losses_that_layers_add_are_counted() -> None:
    model = keras.Sequential(
        [
            Dense(
                1, input_dim=3, kernel_regularizer=keras.regularizers.L2(1.0),
                kernel_initializer="ones",
            )
        ]
    )  # fmt: skip
    model.compile("sgd", "mse")
    p = X.sum(axis=1, keepdims=True)
    expected = np.mean((p - Y) ** 2) + 3
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


def test_a_model_without_call_says_so() -> None:
    class Nothing(keras.Model):
        pass

    model = Nothing()
    model.compile("sgd", "mse")
    with pytest.raises(NotImplementedError, match="no method call"):
        model.fit(X, Y, verbose=0)


def test_names_that_keras_leaves_free_can_be_ones_own() -> None:
    """Only models of places have inputs, outputs and their names, in Keras."""
    names = (
        "inputs", "outputs", "input_names", "output_names", "input_shape",
        "output_shape", "operations", "compiled_loss", "compiled_metrics",
        "prepare_inputs", "single_input", "single_output",
    )  # fmt: skip
    model = Net()
    for number, name in enumerate(names):
        setattr(model, name, number)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert [getattr(model, name) for name in names] == list(range(len(names)))


def test_a_call_set_on_a_layer_stays() -> None:
    model = Net()
    model.hidden.call = lambda x: x * 7
    model.out.call = lambda x: x[:, :1]
    assert model.predict(X, verbose=0).tolist() == (X[:, :1] * 7).tolist()
    assert model.hidden.call(1) == 7


def test_weights_frozen_after_compile_are_spoken_of() -> None:
    model = keras.Sequential([keras.Input((3,)), Dense(2), Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    frozen = model.layers[0].get_weights()
    with pytest.warns(UserWarning, match="compiled with 4 trainable weights and .* 2"):
        model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], frozen[0])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)


def test_an_operation_of_ones_own_is_a_step_of_a_model(tmp_path: Any) -> None:
    @keras.saving.register_keras_serializable()
    class Times(keras.Operation):
        def __init__(self, factor: float, name: str | None = None) -> None:
            super().__init__(name=name)
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * self.factor

    x = keras.Input((3,))
    model = keras.Model(x, Dense(1)(Times(3.0)(x)))
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    copy = keras.models.clone_model(model, clone_function=lambda layer: Dense(1))
    copy.set_weights(model.get_weights())
    for other in (again, copy):
        expected = model.predict(X, verbose=0)
        np.testing.assert_array_equal(other.predict(X, verbose=0), expected)
    with pytest.raises(ValueError, match="without '/' as name, got 'a/b'"):
        keras.Operation(name="a/b")
    with pytest.raises(NotImplementedError, match="has no method"):
        keras.Operation()(X)


def test_a_function_says_what_it_needs() -> None:
    x, y = keras.Input((3,)), keras.Input((1,))
    with pytest.raises(ValueError, match="not connected"):
        keras.Function(x, x + y)
    function = keras.Function([x, y], {"sum": x + y})
    assert function.compute_output_shape([(2, 3), (2, 1)]) == {"sum": (2, 3)}
    with pytest.raises(ValueError, match="expected 2 inputs"):
        function(np.ones((2, 3)))
    with pytest.raises(NotImplementedError, match=r"keras\.Model"):
        function.get_config()


def test_how_many_elements_a_place_will_have() -> None:
    place = keras.Input((3, 2))
    assert keras.ops.ndim(place) == 3
    model = keras.Model(place, keras.ops.size(place))
    assert int(model(np.ones((5, 3, 2)))) == 30
