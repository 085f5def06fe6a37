"""Operators and indexing of Tensors."""

import operator

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor

A = np.array([[1.5, -2.0, 0.5], [3.0, 1.0, -0.25]])
B = np.array([2.0, 0.5, -1.5])


def leaf(values, dtype=None):
    return Tensor(np.array(values, dtype=dtype or np.float64), requires_grad=True)


# -- operators -------------------------------------------------------------------------

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
    operator.mod,
]  # fmt: skip
OTHERS = {
    "array": np.array([2.0, 0.5, 1.5]), "column": np.array([[2.0], [3.0]]),
    "0-d": np.array(2.0), "float64": np.float64(2.0), "float32": np.float32(2.0),
    "int": 2, "float": 2.5, "int64": np.int64(3), "bool": True, "list": [1.0, 2.0, 3.0],
    "ints": np.array([1, 2, 3]),
}  # fmt: skip


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_operators_both_ways_round(op, other, dtype):
    other = OTHERS[other]
    values = np.array([[1.3, 2.7, 0.65], [3.4, 1.2, 0.7]], dtype=dtype)
    plain = np.asarray(other) if isinstance(other, list) else other
    reference = np.power if op is operator.pow else op  # NumPy 2.0 differs between them
    for swap in (False, True):
        x = leaf(values, dtype)
        out = op(other, x) if swap else op(x, other)

        def call(a, b, swap=swap):
            return reference(b, a) if swap else reference(a, b)

        expected = call(values, plain)
        assert isinstance(out, Tensor)
        assert out.dtype == expected.dtype
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-6)
        out.sum().backward()
        assert x.grad.shape == x.shape
        assert x.grad.dtype == x.dtype
        near = [call(values.astype(float) + step, plain) for step in (1e-4, -1e-4)]
        numeric = (near[0] - near[1]) / 2e-4
        np.testing.assert_allclose(x.grad.numpy(), numeric, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", BINARY)
def test_operators_between_tensors(op):
    x, y = leaf(np.abs(A)), leaf(np.abs(B))
    out = op(x, y)
    np.testing.assert_array_equal(out.numpy(), op(np.abs(A), np.abs(B)))
    out.sum().backward()
    assert x.grad.shape == (2, 3)
    assert y.grad.shape == (3,)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (A, B),
        (B, A.T),
        (B, B),
        (A, A.T),
        (np.stack([A, A]), A.T),
        (B, np.stack([A.T] * 2)),
    ],
)
def test_matmul_both_ways_round(x, y):
    seed = np.ones(np.shape(x @ y))
    grads = []
    for left, right in [(leaf(x), y), (x, leaf(y)), (leaf(x), leaf(y))]:
        out = left @ right
        assert isinstance(out, Tensor)
        np.testing.assert_allclose(out.numpy(), x @ y)
        out.backward(seed)
        grads.append([t.grad.numpy() for t in (left, right) if isinstance(t, Tensor)])
    np.testing.assert_array_equal(grads[0][0], grads[2][0])
    np.testing.assert_array_equal(grads[1][0], grads[2][1])


@pytest.mark.parametrize("op", [operator.neg, operator.pos, abs])
def test_unary_operators(op):
    x = leaf(A)
    np.testing.assert_array_equal(op(x).numpy(), op(A))
    op(x).sum().backward()
    sign = {operator.neg: -1, operator.pos: 1}.get(op, np.sign(A))
    np.testing.assert_array_equal(x.grad.numpy(), sign * np.ones_like(A))


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge,
                                operator.eq, operator.ne])  # fmt: skip
def test_comparisons_give_plain_arrays(op):
    x = leaf(A)
    for result in (op(x, B), op(x, leaf(B)), op(x, 1.0)):
        assert type(result) is np.ndarray
        assert result.dtype == bool
    np.testing.assert_array_equal(op(x, B), op(A, B))
    np.testing.assert_array_equal(op(B, x), op(B, A))


def test_floor_division_is_flat():
    assert type(leaf(A) // 2) is np.ndarray
    np.testing.assert_array_equal(7 // leaf(A), 7 // A)


@pytest.mark.parametrize("exponent", [-1, 0.5, 1, 2, 3, 0, -2.5, 1.0, True])
def test_powers_by_python_numbers(exponent):
    values = np.array([0.5, 1.5, 3.0], dtype=np.float32)
    x = leaf(values, np.float32)
    out = x**exponent
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.numpy(), values**exponent, rtol=1e-6)
    out.sum().backward()
    slope = exponent * values.astype(float) ** (exponent - 1)
    np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-5)


def test_powers_at_zero():
    x = leaf([0.0, 0.0, 2.0])
    (x**3 + x**1 + x**0).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 13.0]
    x, y = leaf([0.0, 0.0, 0.0]), leaf([0.0, 1.0, 2.0])
    np.power(x, y).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0]
    assert y.grad.tolist() == [0.0, 0.0, 0.0]


def test_integer_powers_are_numpys():
    assert (Tensor([2, 3]) ** 2).tolist() == [4, 9]
    with pytest.raises(ValueError, match="negative integer powers"):
        Tensor([2, 3]) ** -1


def test_augmented_assignment_rebinds():
    x = leaf([1.0, 2.0])
    y = x
    y += 1
    y *= 2
    assert x.tolist() == [1.0, 2.0]
    assert y.tolist() == [4.0, 6.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_float32_stays_float32_with_python_numbers():
    x = leaf([1.0, 2.0], np.float32)
    y = ((x * 2.0 + 1) / 3 - 0.5) ** 2.0 + np.maximum(x, 0.0) + np.where(x > 0, x, 0.0)
    assert y.dtype == np.float32
    assert np.clip(x, 0.0, 1.0).dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert (x * np.float64(2.0)).dtype == np.float64  # as NumPy has it


def test_mixed_dtypes_give_each_argument_its_own():
    x, y = leaf([1.0, 2.0], np.float32), leaf([3.0, 4.0], np.float64)
    out = x * y * np.array([1, 2])
    assert out.dtype == np.float64
    out.sum().backward()
    assert x.grad.dtype == np.float32
    assert y.grad.dtype == np.float64
    assert x.grad.tolist() == [3.0, 8.0]


# -- indexing --------------------------------------------------------------------------

INDICES = [
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    (0, 1),
    (slice(None), 1),
    Ellipsis,
    None,
    (None, 1, ..., None),
    (),
    [0, 0, 1],
    [],
    np.array([[0, 1], [1, 1]]),
    ([0, 1, 1], [2, 0, 2]),
    (slice(None), [2, 2]),
    A > 0,
    [True, False],
    (A[:, 0] > 2, slice(1)),
    np.int64(1),
    np.array(1),
    (np.array([0, 1])[:, None], np.array([1, 2])),
    True,
    (0, [1, 1]),
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_indexing_reads_as_numpy_and_repeated_elements_add_up(index):
    x = leaf(A)
    out = x[index]
    expected = A[index]
    np.testing.assert_array_equal(out.numpy(), expected)
    seed = np.arange(1.0, 1 + expected.size).reshape(expected.shape)
    out.backward(seed)
    places = np.arange(A.size).reshape(A.shape)[index]
    slopes = np.bincount(places.ravel(), seed.ravel(), minlength=A.size)
    np.testing.assert_array_equal(x.grad.numpy().ravel(), slopes)


def test_tensors_as_indices():
    x = leaf(A)
    rows = Tensor([1, 1])
    x[rows].sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [2, 2, 2]]
    assert x[x > 0].shape == (4,)
    assert A[Tensor(1), Tensor(0)] == 3.0


@pytest.mark.parametrize("index", [5, (0, 0, 0), "a", 1.0])
def test_a_wrong_index_is_an_index_error(index):
    with pytest.raises(IndexError):
        leaf(A)[index]


def test_items_cannot_be_assigned():
    x = leaf(A)
    with pytest.raises(TypeError, match=r"np\.where"):
        x[0] = 1.0
    with pytest.raises(TypeError, match="never changes"):
        x[x > 0] += 1.0


def test_iteration_and_length():
    x = leaf(A)
    assert len(x) == 2
    rows = list(x)
    assert [row.shape for row in rows] == [(3,), (3,)]
    (rows[0] * rows[1]).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), A[::-1])
    _, second = x
    assert second[0].item() == 3.0
    with pytest.raises(TypeError, match="without axes"):
        len(leaf(1.0))
    with pytest.raises(TypeError, match="without axes"):
        iter(leaf(1.0))


def test_membership():
    assert 3.0 in leaf(A)
    assert 99.0 not in leaf(A)
