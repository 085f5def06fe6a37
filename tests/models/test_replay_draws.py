"""Random draws are calls of the recorded step: new in each batch, as if written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import BINARY, X, agree

import tinygrad_lr as keras
from tinygrad_lr import random
from tinygrad_lr.autodiff import draws


class Noisy(keras.Layer):
    """Applies a draw while training."""

    def __init__(self, noise: Any, seed: Any = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.noise = noise
        self.source = random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.noise(x, self.source) if training else x


NOISES = {
    "dropout": lambda x, s: random.dropout(x, 0.4, seed=s),
    "rows": lambda x, s: random.dropout(x, 0.4, (None, 1), seed=s),
    "twice": lambda x, s: random.dropout(random.dropout(x, 0.2, seed=s), 0.3, seed=s),
    "normal": lambda x, s: x + random.normal(x.shape, 0.1, 0.2, seed=s),
    "uniform": lambda x, s: x * random.uniform(x.shape, 0.5, 1.5, seed=s),
    "truncated": lambda x, s: x + random.truncated_normal(x.shape, seed=s),
    "randint": lambda x, s: x * random.randint(x.shape, 0, 3, seed=s),
    "categorical": lambda x, s: x * random.categorical(x, x.shape[1], seed=s),
    "shuffle": lambda x, s: random.shuffle(x, axis=1, seed=s),
    "gamma": lambda x, s: x * random.gamma(x.shape, 2.0, seed=s),
    "gamma of x": lambda x, s: x + random.gamma(x.shape, np.exp(x.detach()), seed=s),
    "beta": lambda x, s: x * random.beta(x.shape, 2.0, 3.0, seed=s),
    "binomial": lambda x, s: x * random.binomial(x.shape, 4, 0.3, seed=s),
    "unseeded": lambda x, s: random.dropout(x, 0.4),
    "the same": lambda x, s: random.dropout(x, 0.4, seed=3),
}


def noisy(noise: str) -> Any:
    model = keras.Sequential(
        [
            keras.layers.Dense(8, "tanh", input_dim=3),
            Noisy(NOISES[noise]),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("batch_size", [4, 8])
@pytest.mark.parametrize("noise", NOISES)
def test_draws_are_recorded(noise: str, batch_size: int) -> None:
    agree(lambda: noisy(noise), batch_size=batch_size, epochs=9)


def test_each_batch_draws_anew_and_an_integer_seed_does_not() -> None:
    seen: dict[str, list[Any]] = {}
    for noise in ("dropout", "the same"):
        model = noisy(noise)
        model.fit(X, BINARY, epochs=2, batch_size=22, verbose=0)
        model.get_layer(index=0).trainable = False
        model.compile("sgd", "mse")
        model.optimizer.learning_rate = 0.0
        losses = model.fit(X, BINARY, epochs=4, batch_size=22, shuffle=False, verbose=0)
        seen[noise] = losses.history["loss"]
    assert len(set(seen["dropout"])) == 4
    assert len(set(seen["the same"])) == 1


def test_the_state_is_a_variable_but_no_weight() -> None:
    model = noisy("dropout")
    state = model.layers[1].source.state
    assert any(v is state for v in model.variables)
    assert any(v is state for v in model.non_trainable_variables)
    assert not any(w is state for w in model.weights)
    model.fit(X, BINARY, epochs=3, batch_size=11, verbose=0)
    assert state.numpy().tolist() == [5, 6]


def test_an_error_puts_the_state_back() -> None:
    def fail(x: Any, s: Any) -> Any:
        random.dropout(x, 0.5, seed=s)
        raise RuntimeError("stop")

    layer = Noisy(fail)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match="stop"):
        model.fit(X, BINARY, verbose=0)
    assert layer.source.state.numpy().tolist() == [5, 0]


def test_the_printed_step_draws_the_same_numbers() -> None:
    model = noisy("dropout")
    model.fit(X[:4], BINARY[:4], batch_size=4, epochs=2, verbose=0)
    source = model.train_step_source()
    assert "draw_uniform(noisy" in source
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    state = np.array([9, 4], np.uint32)
    shown = namespace["stream"](state).random((3, 2), np.float32)
    np.testing.assert_array_equal(shown, draws.draw_uniform(state, (3, 2), np.float32))


def test_streams_of_different_draws_do_not_meet() -> None:
    one = draws.draw_uniform(np.array([1, 0], np.uint32), (1000,), np.float64)
    two = draws.draw_uniform(np.array([1, 1], np.uint32), (1000,), np.float64)
    assert not set(one.tolist()) & set(two.tolist())
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.1


def test_predictions_that_draw_are_all_there() -> None:
    class Sampling(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(1)

        def call(self, x: Any) -> Any:
            return x + keras.random.normal(x.shape, seed=self.seed)

    def drawn(eager: bool) -> Any:
        place = keras.Input((1,))
        model = keras.Model(place, [Sampling()(place), place])
        model.compile(run_eagerly=eager)
        return model.predict(np.arange(14.0)[:, None], batch_size=3, verbose=0)

    noisy, same = drawn(eager=False)
    np.testing.assert_array_equal(same.ravel(), np.arange(14))
    assert len(set((noisy - same).ravel().tolist())) == 14
    np.testing.assert_array_equal(noisy, drawn(eager=True)[0])
