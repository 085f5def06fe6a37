"""What holds for all shapes and dtypes: NumPy is the oracle, chance the opponent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tinygrad_lr.autodiff import Tensor, grad, log_softmax, logsumexp, softmax

quick = settings(deadline=None, max_examples=60, derandomize=True, database=None)

DTYPES = ["float16", "float32", "float64"]
SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
PAIRS = npst.mutually_broadcastable_shapes(
    num_shapes=2, max_dims=3, min_side=0, max_side=3
)


def array(shape, dtype, seed=0, low=0.5, high=2.0):
    values = np.random.default_rng(seed).uniform(low, high, shape)
    return np.asarray(values).astype(dtype)


def summed_to(g, shape):
    """The transpose of broadcasting, written out element by element."""
    out = np.zeros(shape)
    places = np.broadcast_to(np.arange(out.size).reshape(shape), np.shape(g))
    np.add.at(out.reshape(-1), places.reshape(-1), np.reshape(g, -1))
    return out


SLOPES = {
    np.add: lambda x, y: (1 + 0 * x * y, 1 + 0 * x * y),
    np.subtract: lambda x, y: (1 + 0 * x * y, -1 + 0 * x * y),
    np.multiply: lambda x, y: (y + 0 * x, x + 0 * y),
    np.divide: lambda x, y: (1 / y + 0 * x, -x / y**2),
    np.power: lambda x, y: (y * x ** (y - 1), x**y * np.log(x)),
    np.maximum: lambda x, y: ((x > y) + 0.5 * (x == y), (x < y) + 0.5 * (x == y)),
    np.arctan2: lambda x, y: (y / (x * x + y * y), -x / (x * x + y * y)),
}


@pytest.mark.parametrize("function", SLOPES, ids=lambda f: f.__name__)
@quick
@given(PAIRS, st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_elementwise_functions_broadcast(function, pair, left, right):
    x, y = array(pair.input_shapes[0], left, 1), array(pair.input_shapes[1], right, 2)
    tx, ty = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    out = function(tx, ty)
    expected = function(x, y)
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(out.numpy(), expected)
    seed = array(expected.shape, expected.dtype, 3)
    out.backward(seed)
    slopes = SLOPES[function](x.astype(float), y.astype(float))
    for t, slope in zip((tx, ty), slopes, strict=True):
        assert (t.grad.shape, t.grad.dtype) == (t.shape, t.dtype)
        exact = summed_to(seed.astype(float) * slope, t.shape)
        rough = 0.05 if np.float16 in (x.dtype, y.dtype) else 1e-4
        np.testing.assert_allclose(t.grad.numpy(), exact, rtol=rough, atol=rough)


@quick
@given(
    SHAPES, st.sampled_from(["int8", "uint8", "int64", "bool"]), st.sampled_from(DTYPES)
)
def test_integers_beside_floats(shape, kind, dtype):
    x, n = array(shape, dtype), array(shape, kind, 2, 0, 3)
    t = Tensor(x, requires_grad=True)
    out = t * n + n
    assert out.dtype == (x * n + n).dtype
    out.backward(np.ones(shape))
    assert t.grad.dtype == x.dtype
    np.testing.assert_array_equal(t.grad.numpy(), n.astype(dtype))


@st.composite
def shapes_with_axes(draw, min_side=0):
    shape = draw(
        npst.array_shapes(min_dims=1, max_dims=4, min_side=min_side, max_side=3)
    )
    positive = draw(st.sets(st.integers(0, len(shape) - 1)))
    axes = tuple(a - draw(st.sampled_from([0, len(shape)])) for a in positive)
    axis = draw(st.sampled_from([None, axes, *axes[:1]]))
    return shape, axis


@quick
@given(shapes_with_axes(), st.booleans(), st.sampled_from(DTYPES))
def test_sums_over_any_axes(case, keepdims, dtype):
    shape, axis = case
    x = array(shape, dtype)
    t = Tensor(x, requires_grad=True)
    out = np.sum(t, axis=axis, keepdims=keepdims)
    expected = np.sum(x, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(out.numpy(), expected)
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    seed = array(out.shape, out.dtype, 1)
    out.backward(seed)
    kept = np.sum(x, axis=axis, keepdims=True).shape
    np.testing.assert_array_equal(
        t.grad.numpy(), np.broadcast_to(seed.reshape(kept), shape)
    )


@pytest.mark.parametrize(
    "function", [np.mean, np.max, np.min, np.prod, np.var, logsumexp]
)
@quick
@given(shapes_with_axes(min_side=1), st.booleans())
def test_reductions_over_any_axes(function, case, keepdims):
    shape, axis = case
    x = array(shape, "float64")
    t = Tensor(x, requires_grad=True)
    out = function(t, axis=axis, keepdims=keepdims)
    expected = function(x, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(out.numpy(), expected)
    out.backward(np.ones(out.shape))
    g = t.grad.numpy()
    assert g.shape == x.shape
    # Euler: for f(cx) = c^k f(x) the slope along x is k f(x); a shift by c adds k c
    totals = {
        np.mean: ((g * x).sum(), expected.sum()),
        np.max: ((g * x).sum(), expected.sum()),
        np.min: (g.sum(), expected.size),
        np.var: ((g * x).sum(), 2 * expected.sum()),
        np.prod: ((g * x).sum(), (x.size / expected.size) * expected.sum()),
        logsumexp: (g.sum(), expected.size),
    }
    found, exact = totals[function]
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-12)


@quick
@given(shapes_with_axes(min_side=1))
def test_softmax_adds_up_to_one(case):
    shape, axis = case
    x = array(shape, "float64", low=-30, high=30)
    p = softmax(x, axis=axis)
    np.testing.assert_allclose(p.sum(axis=axis), 1, rtol=1e-12)
    np.testing.assert_allclose(
        np.exp(log_softmax(x, axis=axis)), p, rtol=1e-12, atol=1e-300
    )


@quick
@given(st.data())
def test_basic_and_advanced_indices(data):
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    x = array(shape, "float64")
    index = data.draw(
        st.one_of(
            npst.basic_indices(shape, allow_newaxis=True),
            npst.integer_array_indices(shape),
            npst.arrays(bool, shape),
            npst.arrays(bool, shape[:1]),
        )
    )
    t = Tensor(x, requires_grad=True)
    out = t[index]
    np.testing.assert_array_equal(out.numpy(), x[index])
    seed = array(np.shape(x[index]), "float64", 4)
    out.backward(seed)
    expected = np.zeros(shape)
    np.add.at(expected, index, seed)
    np.testing.assert_allclose(t.grad.numpy(), expected, rtol=1e-14)


@quick
@given(SHAPES, st.data())
def test_moving_elements_moves_their_gradients(shape, data):
    """Reshape, transpose, flip, roll: the gradient of each element is where it went."""
    x = np.arange(float(np.prod(shape))).reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    signs = [data.draw(st.sampled_from([0, len(shape)])) for _ in shape]
    shift = data.draw(st.integers(-4, 4))
    for move in (
        lambda t: np.transpose(t, [o - s for o, s in zip(order, signs, strict=True)]),
        lambda t: np.reshape(t, (*reversed(shape), 1)),
        lambda t: np.flip(t, tuple(order[:1])),
        lambda t: np.roll(t, shift),
        lambda t: np.expand_dims(t, (0, -1)),
        lambda t: np.tile(t, (2,) * len(shape))[tuple(slice(n) for n in shape)],
    ):
        t = Tensor(x, requires_grad=True)
        out = move(t)
        np.testing.assert_array_equal(out.numpy(), move(x))
        out.backward(out.numpy())
        np.testing.assert_array_equal(t.grad.numpy(), x)


@quick
@given(st.data())
def test_concatenate_and_split_are_inverse(data):
    shape = data.draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = data.draw(st.integers(1, 3))
    arrays = [array(shape, "float64", i) for i in range(parts)]
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    joined = np.concatenate(tensors, axis)
    np.testing.assert_array_equal(joined.numpy(), np.concatenate(arrays, axis))
    pieces = np.split(joined, parts, axis)
    sum((k + 1) * piece.sum() for k, piece in enumerate(pieces)).backward()
    for k, t in enumerate(tensors):
        np.testing.assert_array_equal(t.grad.numpy(), np.full(shape, k + 1.0))


@quick
@given(
    npst.mutually_broadcastable_shapes(
        signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3
    )
)
def test_matmul_of_any_shapes(case):
    x, y = (array(s, "float64", i) for i, s in enumerate(case.input_shapes))
    tx, ty = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    out = tx @ ty
    np.testing.assert_array_equal(out.numpy(), x @ y)
    seed = array(out.shape, "float64", 5)
    out.backward(seed)
    total = np.sum(seed * (x @ y))  # linear in each argument: <d_x, x> = <g, out>
    for t, values in ((tx, x), (ty, y)):
        assert t.grad.shape == values.shape
        assert np.sum(t.grad.numpy() * values) == pytest.approx(total, rel=1e-10)


@quick
@given(
    st.lists(st.sampled_from("abc"), max_size=3),
    st.lists(st.sampled_from("abc"), max_size=3),
)
def test_einsum_of_any_subscripts(left, right):
    sizes = {"a": 2, "b": 3, "c": 1}
    result = sorted(set(left) | set(right))[::-1][:2]
    subscripts = f"{''.join(left)},{''.join(right)}->{''.join(result)}"
    x, y = (
        array([sizes[i] for i in term], "float64", k)
        for k, term in enumerate((left, right))
    )
    np.testing.assert_allclose(
        np.einsum(subscripts, Tensor(x), Tensor(y)).numpy(), np.einsum(subscripts, x, y)
    )
    d_x, d_y = grad(lambda a, b: np.einsum(subscripts, a, b).sum(), (0, 1))(x, y)
    total = np.einsum(subscripts, x, y).sum()
    assert np.sum(d_x * x) == pytest.approx(total)
    assert np.sum(d_y * y) == pytest.approx(total)
