import math
import warnings

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    Tensor,
    erf,
    erfc,
    getitem,
    grad,
    log_sigmoid,
    log_softmax,
    logsumexp,
    relu,
    scatter_add,
    sigmoid,
    softmax,
    softplus,
)

INF = np.inf
FAR = np.array([-INF, -1000.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1000.0, INF])

# value and slope at each point of FAR, from the limits and from math's own functions
REFERENCES = {
    sigmoid: (
        lambda x: 0.0 if x < -700 else 1 / (1 + math.exp(-x)),
        lambda x: (
            0.0 if abs(x) > 700 else math.exp(-abs(x)) / (1 + math.exp(-abs(x))) ** 2
        ),
    ),
    softplus: (
        lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
        lambda x: 0.0 if x < -700 else 1 / (1 + math.exp(-x)),
    ),
    log_sigmoid: (
        lambda x: min(x, 0.0) - math.log1p(math.exp(-abs(x))),
        lambda x: 0.0 if x > 700 else 1 / (1 + math.exp(x)) if x > -700 else 1.0,
    ),
    relu: (lambda x: max(x, 0.0), lambda x: float(x > 0)),
    np.tanh: (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    erf: (math.erf, lambda x: math.exp(-x * x) * 2 / math.sqrt(math.pi)),
    erfc: (math.erfc, lambda x: -math.exp(-x * x) * 2 / math.sqrt(math.pi)),
}


@pytest.mark.parametrize("function", REFERENCES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_values_and_slopes_far_out_without_a_warning(function, dtype):
    value, slope = REFERENCES[function]
    points = FAR.astype(dtype)
    if function in (erf, erfc) and dtype == "float16":
        points = points[np.abs(FAR) != 1000.0]  # the square overflows
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = function(points)
        x = Tensor(points, requires_grad=True)
        traced = function(x)
        traced.backward(np.ones(len(points)))
    tolerance = 4 * float(np.finfo(dtype).eps)
    expected = [value(float(p)) for p in points]
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance**2)
    np.testing.assert_array_equal(out, traced.numpy())
    assert out.dtype == traced.dtype == x.grad.dtype == points.dtype
    slopes = [slope(float(p)) for p in points]
    # 1 - out^2 and out (1 - out) cancel where the result has run into its limit
    np.testing.assert_allclose(
        x.grad.numpy(), slopes, rtol=2 * tolerance, atol=tolerance
    )


def test_second_derivatives_far_out_are_finite():
    for function in (sigmoid, softplus, log_sigmoid, relu, np.tanh, erf):
        for point in (-1000.0, 1000.0):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert grad(grad(function))(np.array(point)) == 0.0


@pytest.mark.parametrize("function", [sigmoid, softplus, log_sigmoid, relu])
def test_long_arrays_give_what_short_ones_give(function):
    points = np.tile(FAR, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(
            function(points), np.tile(function(FAR), 100), rtol=1e-15
        )


def test_the_right_tail_of_erfc_keeps_its_digits():
    assert erfc(np.array(10.0)) == math.erfc(10.0)
    assert 1 - erf(np.array(10.0)) == 0.0


@pytest.mark.parametrize("function", [sigmoid, softplus, log_sigmoid, relu, erf, erfc])
def test_numbers_integers_and_zero_dimensions(function):
    """Plain numbers work, and integers give what NumPy's functions of floats give."""
    expected = float(function(np.array(1.0)))
    assert function(1.0) == pytest.approx(expected)
    assert function(np.float64(1.0)) == pytest.approx(expected)
    assert function(np.array([1])) == pytest.approx(expected)
    assert function(np.float32(1.0)).dtype == np.float32
    assert function(np.zeros((0, 2))).shape == (0, 2)
    assert function(Tensor(1.0)).shape == ()


# -- softmax and its relatives ---------------------------------------------------------

ROWS = [
    [1000.0, 999.0, -1000.0],
    [-1000.0, -1000.0, -1000.0],
    [0.0, -INF, 1.0],
    [1e300, 0.0, -1e300],
    [0.0, 0.0, 0.0],
    [-1e4, 3.0, 1e4],
    [5.0, -INF, -INF],
]


@pytest.mark.parametrize("row", ROWS)
def test_softmax_family_without_a_warning(row):
    """Against sums of exact exponentials of differences, in Python's own floats."""
    shifted = [x - max(row) for x in row]
    total = math.fsum(math.exp(x) for x in shifted)
    exact = [math.exp(x) / total for x in shifted]
    x = np.array(row)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(softmax(x), exact, rtol=1e-15)
        np.testing.assert_allclose(logsumexp(x), max(row) + math.log(total), rtol=1e-15)
        logs = [x - math.log(total) for x in shifted]
        np.testing.assert_allclose(log_softmax(x), logs, rtol=1e-15)
        # exp(x - out) carries the rounding of out, which is relative to its size
        rounding = 1e-15 * max(1.0, abs(max(row))) if max(row) < 1e5 else 0.0
        np.testing.assert_allclose(grad(logsumexp)(x), exact, atol=rounding)
        one_hot = grad(lambda z: log_softmax(z)[0])(x)
        np.testing.assert_allclose(one_hot, np.eye(3)[0] - exact, atol=1e-15)
        jacobian = grad(lambda z: softmax(z)[0])(x)
        expected = exact[0] * (np.eye(3)[0] - exact)
        np.testing.assert_allclose(jacobian, expected, atol=1e-15)


def test_logsumexp_of_infinities():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert logsumexp(np.array([-INF, -INF])) == -INF
        assert logsumexp(np.array([0.0, INF])) == INF
        assert logsumexp(np.array([1e308, 1e308, -INF])) == 1e308
        assert logsumexp(np.array([INF, -INF])) == INF


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1,)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes_of_logsumexp(axis, keepdims):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    expected = np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))
    np.testing.assert_allclose(logsumexp(x, axis, keepdims), expected, rtol=1e-14)
    np.testing.assert_allclose(
        logsumexp(Tensor(x), axis=axis, keepdims=keepdims).numpy(), expected, rtol=1e-14
    )


@pytest.mark.parametrize("axis", [0, -1, (0, 2)])
def test_axes_of_softmax(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    p = softmax(x, axis=axis)
    np.testing.assert_allclose(
        p, np.exp(x) / np.exp(x).sum(axis, keepdims=True), rtol=1e-14
    )
    np.testing.assert_allclose(log_softmax(x, axis=axis), np.log(p), rtol=1e-12)


def test_softmax_is_blind_to_a_shift():
    x = np.random.default_rng(0).normal(size=(5,))
    np.testing.assert_allclose(softmax(x), softmax(x + 700), rtol=1e-12)
    assert np.abs(grad(lambda z: softmax(z)[2])(x).sum()) < 1e-16


def test_cross_entropies_from_logits_have_the_gradient_p_minus_y():
    z = np.array([-1000.0, -2.0, 0.0, 3.0, 1000.0])
    y = np.array([0.0, 1.0, 1.0, 0.0, 0.0])
    found = grad(lambda t: np.sum(softplus(t) - y * t))(z)
    np.testing.assert_allclose(found, sigmoid(z) - y, rtol=1e-15)
    found = grad(lambda t: logsumexp(t) - t[1])(z)
    np.testing.assert_allclose(found, softmax(z) - np.eye(5)[1], atol=1e-12)


# -- indexing --------------------------------------------------------------------------


def test_scatter_add_is_the_transpose_of_getitem():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, 5))
    for index in (
        np.array([0, 0, 3]),
        (slice(1, 3), [1, 1]),
        x > 0,
        (..., 0),
        2,
        (None, 1),
    ):
        g = generator.normal(size=x[index].shape)
        left = np.sum(scatter_add(g, index, x.shape) * x)
        assert left == pytest.approx(np.sum(g * getitem(x, index)))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize("row", [(3,), (), (2, 3), (0,), (1,)])
def test_scatter_add_of_rows_is_bitwise_what_numpy_adds(dtype, row):
    generator = np.random.default_rng(0)
    index = generator.integers(0 if dtype == "uint8" else -6, 6, (40, 5)).astype(dtype)
    g = generator.normal(size=(40, 5, *row)).astype("float32")
    for n in (0, 40):
        expected = np.zeros((200, *row), "float32")
        np.add.at(expected, index[:n], g[:n])
        found = scatter_add(g[:n], index[:n], expected.shape)
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(IndexError):
        scatter_add(np.ones((2, 3)), np.array([0, 4]), (4, 3))


def test_gathering_rows_of_an_embedding():
    table = Tensor(np.arange(12.0).reshape(4, 3), requires_grad=True)
    table[np.array([[1, 1], [3, 0]])].sum().backward()
    assert table.grad.numpy()[:, 0].tolist() == [1, 2, 0, 1]
