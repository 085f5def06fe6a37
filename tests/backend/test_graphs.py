"""K.function, K.gradients and sessions: what programs with graphs asked for."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import backend as K
from tinygrad_lr.layers import Dense, Dropout

X = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            Dense(4, activation="tanh", input_shape=(3,), name="hidden"),
            Dropout(0.5),
            Dense(2, activation="softmax"),
        ]
    )


def test_a_function_gives_arrays_as_its_outputs_are_nested(model):
    hidden = keras.Model(model.inputs, model.get_layer("hidden").output).predict(X)
    first = K.function([model.layers[0].input], [model.layers[0].output])
    (found,) = first([X.astype("float64")])
    assert type(found) is np.ndarray
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, hidden, rtol=1e-6)
    np.testing.assert_array_equal(
        K.function(model.input, model.output)(X).sum(1) > 0, 1
    )
    everything = K.function(model.inputs, [layer.output for layer in model.layers])
    assert [out.shape for out in everything([X])] == [(5, 4), (5, 4), (5, 2)]


def test_the_phase_is_a_number_among_the_inputs(model):
    f = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    assert (f([X, 0])[0] != 0).all()
    assert (f([X, 1])[0] == 0).any()
    with pytest.raises(ValueError, match="expected 2 inputs, got 1"):
        f([X])
    with pytest.raises(NotImplementedError, match="updates="):
        K.function([model.input], [model.output], updates=[1])


def test_gradients_of_places_and_of_weights(model):
    loss = K.mean(model.output[:, 1])
    (slope,) = K.gradients(loss, model.input)
    assert slope.shape == (None, 3)
    weights = model.trainable_weights
    f = K.function([model.input], [loss, slope, *K.gradients(loss, weights)])
    value, found, *rest = f([X])

    def mean(x):
        return model.predict(x, verbose=0)[:, 1].mean()

    assert value == pytest.approx(mean(X))
    step = 1e-2 * np.eye(15, dtype="float32").reshape(15, 5, 3)
    expected = [(mean(X + s) - mean(X - s)) / 2e-2 for s in step]
    np.testing.assert_allclose(found.ravel(), expected, atol=2e-4)
    with keras.autodiff.GradientTape() as tape:
        out = np.mean(model(X)[:, 1])
    for a, b in zip(rest, tape.gradient(out, weights), strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-5, atol=1e-8)


def test_gradients_in_a_layer_s_output(model):
    hidden = model.get_layer("hidden").output
    f = K.function([model.input], K.gradients(model.output[:, 0], [hidden]))
    assert f([X])[0].shape == (5, 4)


def test_a_placeholder_is_an_input():
    a = K.placeholder(shape=(None, 2))
    a += 1
    (found,) = K.function(
        [K.placeholder(ndim=1), b := K.placeholder((None, 2))], [b * 2]
    )([np.ones(3), np.ones((3, 2))])
    assert found.tolist() == [[2, 2]] * 3
    assert a.shape == (None, 2)
    with pytest.raises(ValueError, match="shape= or ndim="):
        K.placeholder()


def test_a_session_holds_nothing():
    K.set_session(K.get_session())
    with K.get_session().as_default() as session:
        session.run(None)
    session.graph.finalize()
