"""Activations against their formulas in float64, their slopes, their conventions."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr import activations
from tinygrad_lr.activations import Probabilities
from tinygrad_lr.autodiff import Tensor, gradcheck, no_grad

erf = np.vectorize(math.erf, otypes=[float])

FORMULAS = {
    "celu": lambda x: np.maximum(x, 0) + np.minimum(np.exp(np.minimum(x, 0)) - 1, 0),
    "elu": lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
    "exponential": np.exp,
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "hard_shrink": lambda x: x * (abs(x) > 0.5),
    "hard_sigmoid": lambda x: np.minimum(np.maximum(x / 6 + 0.5, 0), 1),
    "hard_silu": lambda x: x * np.minimum(np.maximum(x / 6 + 0.5, 0), 1),
    "hard_tanh": lambda x: np.minimum(np.maximum(x, -1), 1),
    "leaky_relu": lambda x: np.maximum(x, 0.2 * x),
    "linear": lambda x: x,
    "log_sigmoid": lambda x: np.log(1 / (1 + np.exp(-x))),
    "log_softmax": lambda x: np.log(np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * (np.exp(x) - 1)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "sparse_plus": lambda x: np.where(
        x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)
    ),
    "sparse_sigmoid": lambda x: np.minimum(np.maximum((x + 1) / 2, 0), 1),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
}
# Points away from all kinks.
POINTS = np.array([[-7.3, -2.4, -0.8, -0.3], [0.2, 0.7, 1.6, 7.7]])


@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_slopes(name):
    function = getattr(activations, name)
    expected = FORMULAS[name](POINTS)
    np.testing.assert_allclose(function(POINTS), expected, rtol=1e-7, atol=1e-15)
    np.testing.assert_array_equal(function(Tensor(POINTS)).numpy(), function(POINTS))
    gradcheck(function, POINTS)


def test_every_activation_has_a_formula():
    own = {"glu", "sparsemax", "threshold", "swish", "hard_swish"}
    assert set(activations.registry.entries) == set(FORMULAS) | own


@pytest.mark.parametrize("name", FORMULAS)
def test_float32_stays_and_nothing_overflows(name):
    x = np.array([[-1000.0, -30.0, 0.0, 30.0, 80.0]], "float32")
    with np.errstate(all="raise", under="ignore"):
        out = getattr(activations, name)(Tensor(x, requires_grad=True))
        out.sum().backward()
    assert out.dtype == "float32"
    assert np.isfinite(out.numpy()).all()


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("relu", 0, 0), ("relu6", 0, 0), ("relu6", 6, 0), ("elu", 0, 1), ("celu", 0, 1),
        ("selu", 0, 1.0507009873554805 * 1.6732632423543772), ("leaky_relu", 0, 1),
        ("hard_tanh", 1, 1), ("hard_tanh", -1, 1), ("hard_sigmoid", 3, 0),
        ("hard_sigmoid", -3, 0), ("sparse_sigmoid", 1, 0.25),
        ("sparse_sigmoid", -1, 0.25),
        ("sparse_plus", 1, 1), ("sparse_plus", -1, 0), ("softsign", 0, 1),
        ("hard_shrink", 0.5, 0), ("soft_shrink", 0.5, 0),
    ],
)  # fmt: skip
def test_slopes_at_kinks_are_keras_s(name, x, slope):
    t = Tensor(float(x), requires_grad=True)
    getattr(activations, name)(t).backward()
    assert t.grad.item() == pytest.approx(slope, rel=1e-6)


def test_relu_with_arguments():
    x = np.array([-2.0, 0.5, 1.5, 3.0, 9.0])
    np.testing.assert_allclose(
        activations.relu(x, negative_slope=0.5), [-1, 0.5, 1.5, 3, 9]
    )
    np.testing.assert_allclose(activations.relu(x, max_value=2), [0, 0.5, 1.5, 2, 2])
    np.testing.assert_allclose(activations.relu(x, threshold=1), [0, 0, 1.5, 3, 9])
    np.testing.assert_allclose(
        activations.relu(x, negative_slope=0.5, max_value=4, threshold=1),
        [-1.5, -0.25, 1.5, 3, 4],
    )
    for arguments in ({"negative_slope": 0.5}, {"max_value": 2}, {"threshold": 1}):
        gradcheck(lambda x, a=arguments: activations.relu(x, **a), x)


def test_arguments_of_the_others():
    x = np.array([-2.0, -0.7, 0.3, 2.0])
    np.testing.assert_allclose(activations.elu(x, 2)[:2], 2 * (np.exp(x[:2]) - 1))
    np.testing.assert_allclose(activations.celu(x, 2)[:2], 2 * (np.exp(x[:2] / 2) - 1))
    np.testing.assert_allclose(activations.threshold(x, 0.5, 9), [9, 9, 9, 2])
    np.testing.assert_allclose(activations.hard_shrink(x, 1), [-2, 0, 0, 2])
    np.testing.assert_allclose(
        activations.gelu(x, True), activations.gelu(x), atol=1e-3
    )


def test_glu():
    x = np.arange(8.0).reshape(2, 4) - 3
    np.testing.assert_allclose(
        activations.glu(x), x[:, :2] * FORMULAS["sigmoid"](x[:, 2:])
    )
    gradcheck(activations.glu, x)
    with pytest.raises(ValueError, match="even"):
        activations.glu(np.ones((2, 3)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=6), st.floats(-100, 100))
def test_sparsemax_lies_on_the_simplex_and_ignores_a_shift(row, shift):
    x = np.array(row)
    out = activations.sparsemax(x)
    assert out.min() >= 0
    assert out.sum() == pytest.approx(1)
    np.testing.assert_allclose(activations.sparsemax(x + shift), out, atol=1e-9)
    # the nearest point: no other of a few is nearer
    for other in (
        np.eye(len(x))[0],
        np.full(len(x), 1 / len(x)),
        FORMULAS["softmax"](x),
    ):
        assert np.sum((out - x) ** 2) <= np.sum((other - x) ** 2) + 1e-9


def test_sparsemax_slope():
    gradcheck(
        activations.sparsemax, np.array([[0.1, -0.2, 0.3, 0.35], [5, -3, 0.5, 4.5]])
    )
    gradcheck(
        lambda x: activations.sparsemax(x, axis=0), np.array([[0.1, 2], [0.3, 1.7]])
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1000, 1000, width=32), min_size=2, max_size=5))
def test_softmax_is_a_distribution(row):
    p = activations.softmax(np.array(row, "float32"))
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1, abs=1e-5)


def test_probabilities_remember_their_logits():
    x = Tensor(POINTS, requires_grad=True)
    for function in (activations.sigmoid, activations.softmax):
        p = function(x)
        assert isinstance(p, Probabilities)
        assert p.logits is x
        assert p.requires_grad
        assert not isinstance(p * 1, Probabilities)
    assert not isinstance(activations.softmax(x, axis=0), Probabilities)
    assert isinstance(activations.softmax(x, axis=1), Probabilities)
    with no_grad():
        assert activations.sigmoid(x).logits is x


def test_probabilities_pass_gradients_and_pickle():
    x = Tensor([0.3, -1.0], requires_grad=True)
    p = activations.sigmoid(x)
    (p * p).sum().backward()
    q = FORMULAS["sigmoid"](x.numpy())
    np.testing.assert_allclose(x.grad.numpy(), 2 * q * q * (1 - q), rtol=1e-6)
    again = pickle.loads(pickle.dumps(p))
    assert type(again) is Tensor
    np.testing.assert_array_equal(again.numpy(), p.numpy())


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(np.tanh) is np.tanh
    assert activations.serialize(activations.relu) == "relu"
    assert activations.deserialize("relu") is activations.relu
