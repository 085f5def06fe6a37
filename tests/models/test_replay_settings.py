"""What is changed between two trainings (or within one) takes effect at once.

Every test trains a recorded model and one that runs as written, does the same to both,
trains on, and compares all bits; and it makes sure that the change made a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, POSITIVE, X, bits, small, state

import tinygrad_lr as keras
from tinygrad_lr.callbacks import Callback, EarlyStopping, LearningRateScheduler
from tinygrad_lr.layers import Activation, Dense, Layer
from tinygrad_lr.optimizers import SGD, Adam, schedules

Change = Callable[[Any], Any]

# Many of these changes set trainable between two trainings.
pytestmark = pytest.mark.filterwarnings("ignore:.*trainable was set since")


def nothing(model: Any) -> None:
    pass


def train(make: Callable[[], Any], change: Change, eagerly: bool, **fit: Any) -> Any:
    keras.utils.set_random_seed(4)
    model = make()
    model.run_eagerly = eagerly
    histories = []
    for again in range(2):
        if again:
            change(model)
        found = model.fit(X, BINARY, batch_size=8, epochs=3, verbose=0, **fit)
        histories.append(dict(found.history))
        predicted = model.predict(X, verbose=0)
        measured = model.evaluate(X, BINARY, verbose=0)
        histories += [predicted, measured]
    return histories, state(model)


def takes_effect(make: Callable[[], Any], change: Change, **fit: Any) -> None:
    """Assert that a change between two trainings does what it does without recording."""  # noqa: E501
    expected = train(make, change, True, **fit)
    got = train(make, change, False, **fit)
    assert bits(expected) != bits(train(make, nothing, True, **fit))
    assert bits(got) == bits(expected)


class Scale(Layer):
    """Multiplies by a Python number, through a table and through a list."""

    def __init__(self, factor: Any = 1.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.table = {"shift": 0.25}
        self.powers = [1.0, 2.0]
        self.array = np.ones(3, "float32")
        self.helper = Helper()

    def call(self, x: Any) -> Any:
        shifted = x * self.factor + self.table["shift"] * self.array
        return shifted * self.powers[1] * self.helper.gain


class Squared(Scale):
    """What a layer may become."""

    def call(self, x: Any) -> Any:
        return super().call(x) ** 2


def test_a_class_that_changes_and_a_layer_that_changes_its_class() -> None:
    class Own(Scale):
        power = 1

        def call(self, x: Any) -> Any:
            return np.abs(super().call(x)) ** self.power

    def run(eagerly: bool) -> Any:
        class Mine(Own):
            pass

        model = keras.Sequential([keras.Input((3,)), Mine(), Dense(1, "sigmoid")])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        model.set_weights([np.ones(w.shape) for w in model.get_weights()])
        found = []

        def look() -> None:
            found.append(model.predict(X, verbose=0))
            found.append(model.fit(X, BINARY, shuffle=False, verbose=0).history)

        look()
        Mine.power = 2  # a class beneath says it anew
        look()
        Mine.call = lambda self, x: x * 0.1
        look()
        model.layers[0].__class__ = Squared
        look()
        return found

    assert bits(run(False)) == bits(run(True))


class Helper:
    """A plain object with a setting."""

    gain = 1.0


def scaled() -> Any:
    model = keras.Sequential([Scale(), Dense(1, "sigmoid")])
    model.compile(SGD(0.1, momentum=0.5), "binary_crossentropy", metrics=["accuracy"])
    return model


def new_weights(model: Any) -> None:
    model.set_weights([w * 0.5 + 0.1 for w in model.get_weights()])


def freeze(model: Any) -> None:
    model.layers[0].trainable = False


def freeze_weight(model: Any) -> None:
    model.layers[0].kernel.trainable = False


def compile_adam(model: Any) -> None:
    eagerly = model.run_eagerly
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=eagerly)


def compile_weighted(model: Any) -> None:
    eagerly = model.run_eagerly
    model.compile("sgd", "mse", loss_weights=[0.25], run_eagerly=eagerly)


def set_optimizer(model: Any) -> None:
    model.optimizer = Adam(0.2)


def set_rate(model: Any) -> None:
    model.optimizer.learning_rate = 0.3


def assign_rate(model: Any) -> None:
    model.optimizer.learning_rate.assign(0.3)


def set_momentum(model: Any) -> None:
    model.optimizer.momentum = 0.9


def set_decay(model: Any) -> None:
    model.optimizer.weight_decay = 0.1


def set_clipnorm(model: Any) -> None:
    model.optimizer.clipnorm = 0.01


def swap_activation(model: Any) -> None:
    model.layers[0].activation = keras.activations.relu


def swap_regularizer(model: Any) -> None:
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.5)


def swap_constraint(model: Any) -> None:
    model.layers[0].kernel.constraint = keras.constraints.MaxNorm(0.1)


CHANGES: list[Change] = [
    new_weights, freeze, freeze_weight, compile_adam, compile_weighted, set_optimizer, set_rate,  # noqa: E501
    assign_rate, set_momentum, set_decay, set_clipnorm, swap_activation, swap_regularizer,  # noqa: E501
    swap_constraint,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_change_between_two_trainings(change: Change) -> None:
    def make() -> Any:
        return small(optimizer=SGD(0.1, momentum=0.5), metrics=["accuracy"])

    takes_effect(make, change)


@pytest.mark.parametrize("change", CHANGES)
def test_change_of_a_model_updated_in_place(change: Change) -> None:
    def make() -> Any:
        model = keras.Sequential([Dense(600, "tanh", input_dim=3), Dense(1, "sigmoid")])
        model.compile(SGD(0.1, momentum=0.5), "binary_crossentropy")
        return model

    takes_effect(make, change)


def test_a_schedule_in_place_of_a_rate() -> None:
    def change(model: Any) -> None:
        model.optimizer.learning_rate = schedules.ExponentialDecay(0.3, 2, 0.5)

    takes_effect(lambda: small(optimizer=Adam()), change)


def test_freezing_and_back() -> None:
    def melt(model: Any) -> None:
        model.layers[0].trainable = False
        model.fit(X, BINARY, batch_size=8, epochs=1, verbose=0)
        before = model.layers[0].get_weights()
        model.fit(X, BINARY, batch_size=8, epochs=1, verbose=0)
        assert bits(before) == bits(model.layers[0].get_weights())
        model.layers[0].trainable = True

    takes_effect(small, melt)


# -- attributes of layers --------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: setattr(layer, "factor", -2),
        lambda layer: setattr(layer, "factor", np.float32(0.5)),
        lambda layer: setattr(layer, "factor", np.array([1.0, 2.0, 3.0], "float32")),
        lambda layer: setattr(layer, "table", {"shift": 3.0}),
        lambda layer: setattr(layer, "powers", [1.0, 5.0]),
        lambda layer: setattr(layer, "array", np.full(3, 4.0, "float32")),
    ],
    ids=["number", "numpy", "array", "dict", "list", "other_array"],
)
def test_attribute_of_a_layer_of_ones_own(change: Change) -> None:
    takes_effect(scaled, lambda model: change(model.layers[0]))


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.table.update(shift=3.0),
        lambda layer: layer.powers.__setitem__(1, 5.0),
        lambda layer: layer.array.__setitem__(0, 4.0),
        lambda layer: setattr(layer.helper, "gain", 2.0),
    ],
    ids=["dict", "list", "array", "object"],
)
def test_what_an_attribute_holds_is_changed_in_place(change: Change) -> None:
    takes_effect(scaled, lambda model: change(model.layers[0]))


def test_activation_layers_and_functions_follow_each_other() -> None:
    """A new object in the memory of an old one is not taken for it."""

    def make() -> Any:
        model = keras.Sequential([Activation(np.sin), Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    def run(eagerly: bool) -> Any:
        keras.utils.set_random_seed(4)
        model = make()
        model.run_eagerly = eagerly
        found = []
        for number in range(6):
            for dropped in (50 + number, number):
                model.layers[0].activation = lambda x, n=dropped: x * n
            found.append(model.train_on_batch(X, BINARY))
            found.append(model.predict(X, verbose=0))
        return found

    assert bits(run(False)) == bits(run(True))


# -- losses and metrics ----------------------------------------------------------------


class Own(keras.losses.Loss):
    """A loss with a setting."""

    power = 2.0

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.absolute(y_true - y_pred) ** self.power, axis=-1)


class Share(keras.metrics.Metric):
    """The share of predictions above a limit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = 0.5
        self.total = self.add_variable((), name="total")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.total.assign(self.total + np.mean(np.where(y_pred > self.limit, 1.0, 0.0)))

    def result(self) -> Any:
        return self.total


def test_attribute_of_a_loss() -> None:
    def change(model: Any) -> None:
        model.loss.power = 3.0

    takes_effect(lambda: small(Own()), change)


def test_attribute_of_a_loss_of_the_package() -> None:
    def change(model: Any) -> None:
        model.loss.reduction = "sum"

    takes_effect(lambda: small(keras.losses.MeanSquaredError()), change)


def test_attribute_of_a_metric() -> None:
    def change(model: Any) -> None:
        model.metrics[1].metrics[0].limit = 0.9

    takes_effect(lambda: small(metrics=[Share(name="share")]), change)


def test_attributes_of_regularizers_constraints_and_schedules() -> None:
    def make() -> Any:
        model = keras.Sequential(
            [
                Dense(
                    4,
                    input_dim=3,
                    kernel_regularizer=keras.regularizers.L2(0.01),
                    bias_constraint=keras.constraints.MaxNorm(0.5),
                ),
                Dense(1, "sigmoid"),
            ]
        )
        model.compile(
            SGD(schedules.InverseTimeDecay(0.1, 5, 0.5)), "binary_crossentropy"
        )
        return model

    for change in (
        lambda model: setattr(model.layers[0].kernel_regularizer, "l2", 0.7),
        lambda model: setattr(model.layers[0].bias_constraint, "max_value", 0.01),
        lambda model: setattr(
            model.optimizer._learning_rate, "initial_learning_rate", 0.9
        ),
    ):
        takes_effect(make, change)


def test_attribute_of_an_activity_regularizer() -> None:
    def make() -> Any:
        penalty = keras.regularizers.L1(0.1)
        model = keras.Sequential([Dense(1, "sigmoid", activity_regularizer=penalty)])
        model.compile("sgd", "binary_crossentropy")
        return model

    takes_effect(
        make, lambda model: setattr(model.layers[0].activity_regularizer, "l1", 0.9)
    )


# -- the structure of a model ----------------------------------------------------------


def test_layers_added_and_taken_away() -> None:
    def change(model: Any) -> None:
        eagerly = model.run_eagerly
        model.pop()
        model.add(Dense(2, "relu"))
        model.add(Dense(1, "sigmoid"))
        model.compile("sgd", "binary_crossentropy", run_eagerly=eagerly)

    takes_effect(small, change)


def test_layer_replaced_in_a_model_of_ones_own() -> None:
    class Twin(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Scale(1.0)
            self.dense = Dense(1, "sigmoid")

        def call(self, x: Any) -> Any:
            return self.dense(self.inner(x))

    def make() -> Any:
        model = Twin()
        model.compile("sgd", "binary_crossentropy")
        return model

    takes_effect(make, lambda model: setattr(model, "inner", Scale(4.0)))


def test_run_eagerly_can_be_switched_on_and_off() -> None:
    model = small()
    for eagerly in (False, True, False):
        model.run_eagerly = eagerly
        model.fit(X, BINARY, verbose=0)
        assert model.train_function.eager is eagerly


# -- between and within epochs ---------------------------------------------------------


def test_train_on_batch_between_two_trainings() -> None:
    def change(model: Any) -> None:
        for rows in (8, 8, 5, 8):
            model.train_on_batch(X[:rows], BINARY[:rows])

    takes_effect(lambda: small(optimizer="adam", metrics=["acc"]), change)


def test_training_and_measuring_in_turn() -> None:
    def change(model: Any) -> None:
        for rows in (8, 5, 8):
            model.train_on_batch(X[:rows], BINARY[:rows])
            model.test_on_batch(X[:8], BINARY[:8])
            model.predict_on_batch(X[:8])
            model.evaluate(X, BINARY, batch_size=8, verbose=0)

    takes_effect(lambda: small(optimizer="adam", metrics=["acc"]), change)


class Meddle(Callback):
    """Does something to the model after some batches."""

    def __init__(self, change: Change, batches: tuple[int, ...] = (1, 2)) -> None:
        super().__init__()
        self.change = change
        self.batches = batches

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch in self.batches:
            self.change(self.model)


@pytest.mark.parametrize("width", [4, 600])
@pytest.mark.parametrize(
    "change",
    [
        new_weights, set_rate, assign_rate, set_momentum, swap_activation,
        lambda model: model.predict(X, verbose=0),
        lambda model: model.evaluate(X, BINARY, verbose=0),
        lambda model: model.reset_metrics(),
        lambda model: model.layers[0].kernel.assign(model.layers[0].kernel * 0.5),
    ],
    ids=["set_weights", "rate", "assign", "momentum", "activation", "predict",
         "evaluate", "reset", "assign_weight"],
)  # fmt: skip
def test_change_in_the_middle_of_an_epoch(change: Change, width: int) -> None:
    def make() -> Any:
        model = keras.Sequential(
            [Dense(width, "tanh", input_dim=3), Dense(1, "sigmoid")]
        )
        model.compile(SGD(0.1, momentum=0.5), "binary_crossentropy", metrics=["acc"])
        return model

    results = []
    for eagerly in (True, False):
        meddle = Meddle(change)
        results.append(train(make, nothing, eagerly, callbacks=[meddle]))
    assert bits(results[0]) == bits(results[1])


def test_weights_set_when_an_epoch_ends() -> None:
    class Reset(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            new_weights(self.model)

    results = [
        train(small, nothing, eagerly, callbacks=[Reset()]) for eagerly in (True, False)
    ]
    assert bits(results[0]) == bits(results[1])
    assert bits(results[0]) != bits(train(small, nothing, True))


def test_learning_rate_scheduler() -> None:
    results = [
        train(
            lambda: small(optimizer=Adam(0.1)),
            nothing,
            eagerly,
            callbacks=[LearningRateScheduler(lambda epoch, rate: rate * 0.5)],
        )
        for eagerly in (True, False)
    ]
    assert bits(results[0]) == bits(results[1])
    assert bits(results[0]) != bits(
        train(lambda: small(optimizer=Adam(0.1)), nothing, True)
    )


@pytest.mark.parametrize("width", [4, 600])
def test_early_stopping_restores_the_best_weights(width: int) -> None:
    def run(eagerly: bool) -> Any:
        keras.utils.set_random_seed(4)
        model = keras.Sequential(
            [Dense(width, "tanh", input_dim=3), Dense(1, "sigmoid")]
        )
        model.compile(SGD(3.0), "mse", metrics=["acc"], run_eagerly=eagerly)
        stop = EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
        fit = model.fit(
            X, BINARY, epochs=20, batch_size=5, verbose=0, callbacks=[stop],
            validation_data=(X, BINARY),
        )  # fmt: skip
        best = min(fit.history["val_loss"])
        assert model.evaluate(X, BINARY, verbose=0, batch_size=5)[0] == best
        again = model.fit(X, BINARY, epochs=2, verbose=0)
        return fit.history, again.history, state(model)

    assert bits(run(False)) == bits(run(True))


def test_the_number_of_programs_is_bounded() -> None:
    model = small("mse")
    for rows in range(1, 40):
        model.train_on_batch(
            POSITIVE[:1].repeat(rows, 0), POSITIVE[:1, :1].repeat(rows, 0)
        )
    assert len(model.train_function.programs) == 16


# -- between calls of other kinds ------------------------------------------------------


def regularized() -> Any:
    model = keras.Sequential(
        [
            keras.layers.Input((X.shape[1],)),
            Dense(
                1,
                kernel_regularizer=keras.regularizers.L2(0.0),
                kernel_constraint=keras.constraints.MaxNorm(9.0),
            ),
        ]
    )
    model.compile("sgd", "mse")
    return model


def fit(model: Any) -> Any:
    return model.fit(X, BINARY, batch_size=8, epochs=2, verbose=0).history


def fit_measured(model: Any) -> Any:
    data = (X, BINARY)
    found = model.fit(*data, batch_size=8, epochs=2, verbose=0, validation_data=data)
    return found.history


def evaluate(model: Any) -> Any:
    return model.evaluate(X, BINARY, verbose=0)


def train_on_batch(model: Any) -> Any:
    return [model.train_on_batch(X[:8], BINARY[:8]) for _ in range(3)]


def stronger_penalty(model: Any) -> None:
    model.layers[0].kernel_regularizer.l2 = np.float32(5.0)


def other_penalty(model: Any) -> None:
    model.layers[0].kernel.regularizer = keras.regularizers.L1(0.5)


def smaller_norm(model: Any) -> None:
    model.layers[0].kernel_constraint.max_value = 0.1


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (fit_measured, stronger_penalty, evaluate),
        (fit, stronger_penalty, train_on_batch),
        (fit, smaller_norm, train_on_batch),
        (fit, other_penalty, train_on_batch),
        (evaluate, stronger_penalty, evaluate),
        (train_on_batch, stronger_penalty, train_on_batch),
        (train_on_batch, smaller_norm, fit),
    ],
)
def test_change_between_calls(before: Change, change: Change, after: Change) -> None:
    def run(eagerly: bool, change: Change) -> Any:
        keras.utils.set_random_seed(4)
        model = regularized()
        model.run_eagerly = eagerly
        first = before(model)
        change(model)
        return first, after(model), state(model)

    expected = run(True, change)
    assert bits(run(False, change)) == bits(expected)
    assert bits(run(True, nothing)) != bits(expected)


def test_a_layer_may_call_its_own_attribute_passing() -> None:
    class Passing(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.passing = 0.5

        def call(self, inputs: Any) -> Any:
            return inputs * self.passing

    model = keras.Sequential([Passing()])
    first = model.predict(X, verbose=0)
    model.layers[0].passing = 2.0
    np.testing.assert_array_equal(model.predict(X, verbose=0), 4 * first)
