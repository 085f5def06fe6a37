"""Parts of a user's own in a recorded step, and steps that cannot be recorded.

What is written in NumPy on Tensors is recorded like our own. Whatever depends on values
or draws numbers by itself must run as it is written, with one warning that says where.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, X, agree, bits, run, small

import tinygrad_lr as keras
from tinygrad_lr import GradientTape, Tensor
from tinygrad_lr.layers import Dense, Layer
from tinygrad_lr.losses import Loss
from tinygrad_lr.metrics import Metric
from tinygrad_lr.optimizers import Optimizer


class Gate(Layer):
    """A layer of one's own: weights, NumPy, a penalty."""

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.steps.assign(self.steps + 1)
        gates = [
            np.tanh(part) for part in np.split(x * self.gain, x.shape[-1], axis=-1)
        ]
        self.add_loss(0.01 * np.sum(np.square(self.gain)))
        return np.concatenate(gates, axis=-1) * np.where(x > 0, x, 0.5 * x)


class Cubic(Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.absolute(y_true - y_pred) ** 3, axis=-1)


class Largest(Metric):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.largest = self.add_variable((), name="largest")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(np.maximum(self.largest, np.max(y_pred)))

    def result(self) -> Any:
        return self.largest


class Lion(Optimizer):
    """Sign of the momentum, with a decaying rate."""

    def build(self, variables: Any) -> None:
        super().build(variables)
        self.moments = self.add_optimizer_variables(variables, "moment")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        m = self.moments[self._get_variable_index(variable)]
        rate = learning_rate / np.sqrt(1.0 + self.iterations.astype("float32"))
        variable.assign(variable - rate * np.sign(0.9 * m + 0.1 * gradient))
        m.assign(0.99 * m + 0.01 * gradient)


def own_parts(width: int = 4) -> Any:
    model = keras.Sequential([Dense(width, input_dim=3), Gate(), Dense(1, "sigmoid")])
    model.compile(Lion(0.05), Cubic(), metrics=[Largest(name="largest")])
    return model


@pytest.mark.parametrize("width", [4, 40])
@pytest.mark.parametrize("batch_size", [4, 8])
def test_parts_of_ones_own_are_recorded(batch_size: int, width: int) -> None:
    got = agree(lambda: own_parts(width), batch_size=batch_size)
    steps = got["weights"][3] if width else None
    assert got["history"]["largest"][0] > 0
    assert steps is not None


def test_a_loss_that_is_a_function() -> None:
    agree(lambda: small(lambda t, p: np.mean((t - p) ** 4, axis=-1)))


class Penalized(keras.Model):
    """Gradient penalty: the gradient of a gradient within a step."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = Dense(4, "tanh")
        self.out = Dense(1)
        self.loss_metric = keras.metrics.Mean(name="loss")

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x))

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_metric]

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with GradientTape() as tape:
            with GradientTape() as inner:
                inner.watch(x)
                out = self(x, training=True)
            slope = inner.gradient(out, x)
            penalty = np.mean((np.sqrt(np.sum(slope**2, axis=1) + 1e-6) - 1) ** 2)
            loss = np.mean((y - out) ** 2) + 0.5 * penalty
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.loss_metric.update_state(loss)
        return {"loss": self.loss_metric.result()}


@pytest.mark.parametrize("batch_size", [4, 8])
def test_a_gradient_penalty_is_recorded(batch_size: int) -> None:
    def make() -> Any:
        model = Penalized()
        model.compile("adam", "mse")
        return model

    agree(make, batch_size=batch_size)


# -- steps that look at values ---------------------------------------------------------


class Looks(Layer):
    """Calls a function on its input and puts the result into its output."""

    def __init__(self, look: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.look = look

    def call(self, x: Any) -> Any:
        return self.look(x)


def doubled_if_positive(x: Any) -> Any:
    if x.sum() > 0:
        return x * 2
    return x


def scaled_by_a_float(x: Any) -> Any:
    return x * float(np.max(np.absolute(x)))


def printed(x: Any) -> Any:
    print(x.numpy()[0, 0])
    return x * 1.5


def through_an_array(x: Any) -> Any:
    with keras.autodiff.no_grad():
        return x * float(np.asarray(x.detach()).mean() > 0)


def by_item(x: Any) -> Any:
    return x + x[0, 0].item()


def shown(x: Any) -> Any:
    assert f"{x}"
    return x * np.float32(len(repr(x.sum())))


def mask(x: Any) -> Any:
    return x - np.mean(x[x > 0])


def mask_of_rows(x: Any) -> Any:
    rows = x[x[:, 0] > 0]
    return x * rows.shape[0]


def nonzero(x: Any) -> Any:
    return x * np.nonzero(x > 0)[0].shape[0]


def flatnonzero(x: Any) -> Any:
    return x + np.mean(x.reshape(-1)[np.flatnonzero(x > 0)])


def argwhere(x: Any) -> Any:
    return x * len(np.argwhere(x > 0))


def where_alone(x: Any) -> Any:
    return x + np.mean(x[np.where(x > 0)])


def unique(x: Any) -> Any:
    return x * np.unique(np.sign(x)).size


def count_nonzero(x: Any) -> Any:
    return x * np.count_nonzero(x > 0)


def extract(x: Any) -> Any:
    return x + np.mean(np.extract(x > 0, x))


LOOKS = [
    doubled_if_positive, scaled_by_a_float, printed, through_an_array, by_item,
]  # fmt: skip
SHAPES = [
    mask, mask_of_rows, nonzero, flatnonzero, argwhere, where_alone, unique, count_nonzero, extract,  # noqa: E501
]  # fmt: skip


def looking(look: Callable[[Any], Any]) -> Callable[[], Any]:
    def make() -> Any:
        model = keras.Sequential([Looks(look), Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        return model

    return make


def trained(make: Callable[[], Any], eagerly: bool) -> tuple[Any, list[Any]]:
    keras.utils.set_random_seed(2)
    model = make()
    model.run_eagerly = eagerly
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = [
            model.fit(X, BINARY, batch_size=4, epochs=3, verbose=0).history,
            model.fit(X, BINARY, batch_size=8, epochs=2, verbose=0).history,
            model.get_weights(),
        ]
    return found, [w for w in caught if "Tensor" in str(w.message)]


@pytest.mark.parametrize("look", LOOKS, ids=lambda f: f.__name__)
def test_a_layer_that_looks_at_values_warns_once_and_runs_as_written(look: Any) -> None:
    expected, quiet = trained(looking(look), True)
    got, caught = trained(looking(look), False)
    assert bits(got) == bits(expected)
    assert not quiet
    assert len(caught) == 1
    message = str(caught[0].message)
    line = look.__code__.co_firstlineno
    places = [f"{__file__}:{line + offset}" for offset in (1, 2)]
    assert any(place in message for place in places), message


def test_evaluate_and_predict_warn_and_run_as_written() -> None:
    results = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(2)
        model = looking(doubled_if_positive)()
        model.run_eagerly = eagerly
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            results.append(
                [
                    model.evaluate(X, BINARY, batch_size=4, verbose=0),
                    model.predict(X, batch_size=4, verbose=0),
                    model.predict(X, batch_size=5, verbose=0),
                ]
            )
        assert len(caught) == (0 if eagerly else 2)
    assert bits(results[0]) == bits(results[1])


@pytest.mark.filterwarnings("ignore:.*cannot be compiled")
@pytest.mark.parametrize("look", SHAPES, ids=lambda f: f.__name__)
def test_a_shape_that_depends_on_values_is_never_frozen(look: Any) -> None:
    """It may be refused with an error, or run as it is written."""

    def attempt(eagerly: bool) -> Any:
        try:
            return bits(trained(looking(look), eagerly)[0])
        except (TypeError, NotImplementedError) as error:
            return str(error)

    assert attempt(False) == attempt(True)


# -- what changes from batch to batch --------------------------------------------------


class Noisy(Layer):
    """Draws from a generator of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.generator = np.random.default_rng(5)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        return x + self.generator.normal(size=x.shape).astype("float32")


class NoisyNumber(Noisy):
    def call(self, x: Any, training: bool = False) -> Any:
        return x * self.generator.uniform() if training else x


class PythonCoin(Layer):
    """Is left out now and then; without a call on arrays nothing of it is recorded."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x if training and random.random() < 0.7 else x * 2


class NumPyCoin(Layer):
    """Asks NumPy's global generator."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x if training and np.random.rand() < 0.7 else x * 2  # as people write


class Counting(Layer):
    """Counts its calls with a Python number."""

    calls = 0

    def call(self, x: Any) -> Any:
        self.calls += 1
        return x * (1 + 0.1 * (self.calls % 7))


class CountingInside(Layer):
    """Counts its calls in a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.calls = [0]

    def call(self, x: Any) -> Any:
        self.calls[0] += 1
        return x * (1 + 0.1 * (self.calls[0] % 7))


@pytest.mark.filterwarnings("ignore:.*cannot be compiled")
@pytest.mark.parametrize(
    "kind", [Noisy, NoisyNumber, PythonCoin, NumPyCoin, Counting, CountingInside]
)
def test_what_changes_from_batch_to_batch_is_not_frozen(kind: Any) -> None:
    def make() -> Any:
        random.seed(8)
        np.random.seed(8)  # what NumPyCoin asks
        model = keras.Sequential([kind(), Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    expected, got = trained(make, True)[0], trained(make, False)[0]
    assert bits(got) == bits(expected)


def test_a_step_that_is_recorded_does_not_run_again_as_python() -> None:
    calls = []

    def look(x: Any) -> Any:
        calls.append(x.shape)
        return x * 1.0

    make = looking(look)
    model = make()
    model.fit(X[:20], BINARY[:20], batch_size=4, epochs=10, verbose=0)
    assert (
        len(calls) <= 5
    )  # building (twice) and rehearsal, then two recordings that must agree


def test_tensors_in_attributes_are_constants() -> None:
    class Shifted(Layer):
        def build(self, input_shape: Any) -> None:
            self.shift = Tensor(np.arange(input_shape[-1], dtype="float32"))

        def call(self, x: Any) -> Any:
            return x + self.shift

    def make() -> Any:
        model = keras.Sequential([Shifted(), Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    agree(make)
    assert run(make, X, BINARY, False, {4: 2})
