"""Optimizers, penalties and losses under their old names: lr, decay, l."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from old_program import X, or_gate, quiet, y

import tinygrad_lr as keras
from tinygrad_lr.legacy.optimizer_methods import Decay


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_lr(name):
    with pytest.warns(DeprecationWarning, match=r"lr=.* learning_rate="):
        optimizer = getattr(keras.optimizers, name)(lr=0.25)
    assert float(optimizer.learning_rate) == float(optimizer.lr) == 0.25
    optimizer.lr = 0.5
    assert float(optimizer.learning_rate) == 0.5
    optimizer.lr.assign(0.125)
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_lr_and_learning_rate_together():
    with pytest.raises(TypeError, match="both 'lr' and 'learning_rate'"):
        keras.optimizers.SGD(lr=0.1, learning_rate=0.1)
    with pytest.raises(TypeError, match="both 'lr' and 'learning_rate'"):
        keras.optimizers.SGD(lr=0.1, learning_rate=0.1, decay=0.1)


def test_no_decay_is_no_schedule():
    optimizer = keras.optimizers.SGD(0.1, decay=0.0)
    optimizer.learning_rate = 0.5
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize(
    ("make", "rate"),
    [
        (lambda: keras.optimizers.SGD(lr=0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(decay=0.25, lr=0.5), 0.5),
        (lambda: keras.optimizers.SGD(learning_rate=0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(decay=0.25), 0.01),
        (lambda: keras.optimizers.Adam(decay=0.25), 0.001),
    ],
)
def test_decay_means_what_it_meant(make, rate):
    optimizer = quiet(make)
    w = keras.Variable([1.0])
    for step in range(4):
        assert float(optimizer.learning_rate) == pytest.approx(rate / (1 + 0.25 * step))
        assert float(optimizer.lr) == pytest.approx(rate)
        optimizer.apply([np.array([1.0], "float32")], [w])
    if isinstance(optimizer, keras.optimizers.SGD):
        steps = sum(rate / (1 + 0.25 * step) for step in range(4))
        assert w.numpy()[0] == pytest.approx(1 - steps)


def test_lr_can_be_assigned_under_decay():
    optimizer = quiet(lambda: keras.optimizers.SGD(lr=0.5, decay=1.0))
    w = keras.Variable([0.0])
    optimizer.apply([np.array([1.0], "float32")], [w])
    optimizer.lr = 0.25
    assert float(optimizer.lr) == 0.25
    assert float(optimizer.learning_rate) == 0.125
    twin = keras.optimizers.SGD.from_config(optimizer.get_config())
    assert float(twin.lr) == 0.25
    assert isinstance(twin._learning_rate, Decay)
    assert twin._learning_rate.decay == 1


def test_decay_in_fit_follows_the_formula():
    keras.utils.set_random_seed(1)
    model = or_gate(quiet(lambda: keras.optimizers.SGD(lr=0.5, decay=0.1)))
    w, b = (a.astype(float) for a in model.get_weights())
    model.fit(X, y, epochs=30, batch_size=4, verbose=0)
    for step in range(30):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        rate = 0.5 / (1 + 0.1 * step)
        w -= rate * X.T @ (p - y) / 4
        b -= rate * np.mean(p - y)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], b, rtol=1e-5)


def has_a_learning_rate(kind):
    return "learning_rate" in inspect.signature(kind).parameters


@pytest.mark.parametrize(
    "kind",
    dict.fromkeys(
        filter(has_a_learning_rate, keras.optimizers.registry.entries.values())
    ),
)
def test_decay_of_every_optimizer(kind):
    optimizer = quiet(lambda: kind(lr=0.5, decay=0.25))
    w = keras.Variable(np.ones((2, 2), "float32"))
    for step in range(3):
        assert float(optimizer.learning_rate) == pytest.approx(0.5 / (1 + 0.25 * step))
        optimizer.apply([np.ones((2, 2), "float32")], [w])
    default = inspect.signature(kind).parameters["learning_rate"].default
    assert float(quiet(lambda: kind(decay=0.25)).lr) == pytest.approx(default)


def test_what_optimizers_could_do():
    optimizer = keras.optimizers.SGD(0.5, momentum=0.5)
    w = keras.Variable([3.0])
    optimizer.minimize(lambda: w * w, [w])
    assert w.numpy() == [0]
    assert [a.tolist() for a in optimizer.get_weights()] == [1, 0.5, [-3]]
    assert optimizer.weights == optimizer.variables
    with keras.GradientTape() as tape:
        loss = 2.0 * w
    optimizer.minimize(loss, [w], tape=tape)
    assert w.numpy() == [-2.5]
    with pytest.raises(ValueError, match="needs a function"):
        optimizer.minimize(loss, [w])


def test_old_arguments_of_penalties_and_constraints():
    assert quiet(lambda: keras.regularizers.l1(l=0.5)).l1 == 0.5
    assert quiet(lambda: keras.regularizers.L2(l=0.5)).l2 == 0.5
    assert quiet(lambda: keras.constraints.MaxNorm(m=3)).max_value == 3
    norm = quiet(lambda: keras.constraints.MinMaxNorm(low=0.1, high=0.5))
    assert (norm.min_value, norm.max_value) == (0.1, 0.5)
    assert type(quiet(lambda: keras.optimizers.Nadam(schedule_decay=0.004)))


@pytest.mark.parametrize("rate", ["fast", None, math.nan])
def test_decay_of_what_is_no_number(rate):
    with pytest.raises(ValueError, match="expected a number"):
        keras.optimizers.SGD(learning_rate=rate, decay=0.1)


@pytest.mark.parametrize(
    "name", ["sgd", "SGD", "Sgd", "adam", "Adam", "ADAM", "rmsprop", "RMSProp"]
)
def test_optimizers_in_any_case(name):
    model = or_gate(name)
    assert type(model.optimizer).__name__.lower() == name.lower()


@pytest.mark.parametrize(
    "name", ["binary_crossentropy", "Binary_Crossentropy", "BinaryCrossentropy", "mse",
             "MSE", "mean_squared_error", "MeanSquaredError", "mae"],
)  # fmt: skip
def test_losses_in_any_case(name):
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_dim=2)])
    model.compile("sgd", name)
    assert np.isfinite(model.evaluate(X, y, verbose=0))
