"""What NumPy is told when it meets a Tensor, and what it must not do."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import GradientTape, Tensor, Variable

A = np.array([[1.5, -2.0, 0.5], [3.0, 1.0, -0.25]])


def leaf(values=A):
    return Tensor(np.array(values), requires_grad=True)


def gradient_of(out, x):
    out.sum().backward()
    return x.grad.numpy()


# -- calls come to the Tensor ----------------------------------------------------------


def test_an_array_on_the_left_hands_over():
    x = leaf()
    for out in (A + x, A * x, A @ x.T, A.T @ x, np.float64(2) * x, np.float32(2) - x):
        assert isinstance(out, Tensor)
        assert out.requires_grad
    assert isinstance(np.matmul(A, x.T), Tensor)


CALLS = [
    lambda f: f(np.sum, axis=0),
    lambda f: f(np.sum, 0, None, None, True),
    lambda f: f(np.mean, (0, -1)),
    lambda f: f(np.max, 0, None, True),
    lambda f: f(np.var, 1, None, None, 1, True),
    lambda f: f(np.std, ddof=1, axis=0),
    lambda f: f(np.amax, axis=-1, keepdims=True),
    lambda f: f(np.clip, 0, 1),
    lambda f: f(np.clip, a_min=0, a_max=1),
    lambda f: f(np.clip, None, 1),
    lambda f: f(np.pad, pad_width=1, mode="edge"),
    lambda f: f(np.pad, (1, 2), "reflect"),
    lambda f: f(np.swapaxes, axis1=0, axis2=1),
    lambda f: f(np.reshape, (3, 2), order="F"),
    lambda f: f(np.moveaxis, source=0, destination=-1),
    lambda f: f(np.roll, shift=1),
    lambda f: f(np.roll, np.array([1, 2]), axis=(0, 1)),
    lambda f: f(np.cumsum, axis=-1),
    lambda f: f(np.transpose, axes=(-1, 0)),
    lambda f: f(np.expand_dims, axis=(0, 3)),
    lambda f: f(np.take, indices=[[0, 1], [2, 2]], axis=-1),
    lambda f: f(np.take, 4),
    lambda f: f(np.take, [True, False]),
    lambda f: f(np.take, []),
    lambda f: f(np.repeat, repeats=[1, 0, 2], axis=1),
    lambda f: f(np.tile, reps=(2, 1)),
    lambda f: f(np.tile, (2, 0)),
    lambda f: f(np.sort, axis=None, kind="stable"),
    lambda f: f(np.take_along_axis, np.zeros((1, 2), int), 1),
    lambda f: f(np.trace, 1),
    lambda f: f(np.take_along_axis, np.array([[1, 0, 1]]), 0),
    lambda f: f(np.average, axis=1, weights=np.array([1.0, 2.0, 3.0])),
    lambda f: f(np.linalg.norm, axis=1),
    lambda f: f(np.linalg.norm, "fro"),
    lambda f: f(np.linalg.norm, 1, (0, 1)),
    lambda f: f(np.nan_to_num, nan=1.0),
    lambda f: f(np.diff, n=2),
    lambda f: f(np.flip, axis=(0, 1)),
    lambda f: f(np.rot90, k=-1),
    lambda f: f(np.tensordot, A, axes=([0, 1], [0, 1])),
    lambda f: f(np.dot, b=A.T),
    lambda f: f(np.tensordot, A, (1, -1)),
    lambda f: f(np.prod, axis=(0, 1)),
    lambda f: f(np.broadcast_to, shape=(2, 2, 3)),
    lambda f: f(np.squeeze, axis=None),
]


@pytest.mark.parametrize("call", CALLS)
def test_every_way_to_write_a_call(call):
    """Positions, keywords and defaults as NumPy has them: same value, a gradient."""
    x = leaf()
    try:
        expected = call(lambda f, *args, **options: f(A, *args, **options))
    except TypeError as error:  # a keyword that this NumPy does not have
        pytest.skip(str(error))
    out = call(lambda f, *args, **options: f(x, *args, **options))
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-14)
    assert out.shape == expected.shape
    assert gradient_of(out, x).shape == x.shape


def test_arguments_by_the_names_that_numpy_has():
    for call in (
        lambda x: np.sum(a=x, axis=0),
        lambda x: np.std(a=x),
        lambda x: np.flip(m=x),
        lambda x: np.tile(A=x, reps=2),
        lambda x: np.stack(arrays=[x, x]),
        lambda x: np.vstack(tup=[x, x]),
        lambda x: np.average(a=A, weights=x),
        lambda x: np.clip(A, a_min=x - 1, a_max=x + 1),
        lambda x: np.outer(a=x, b=A),
    ):
        x = leaf()
        np.testing.assert_allclose(call(x).numpy(), call(A), rtol=1e-14)
        gradient_of(call(x), x)


def test_lists_of_tensors_and_arrays():
    x, y = leaf(), leaf()
    for call in (
        lambda a, b: np.concatenate([a, b, A], axis=1),
        lambda a, b: np.concatenate((a, b), axis=None),
        lambda a, b: np.stack([a, A, b], axis=-1),
        lambda a, b: np.hstack((a, b)),
        lambda a, b: np.column_stack([a[:, 0], b]),
        lambda a, b: np.linalg.multi_dot([a, b.T, A]),
    ):
        out = call(x, y)
        np.testing.assert_allclose(out.numpy(), call(A, A), rtol=1e-14)
        assert gradient_of(out, x).shape == x.shape


def test_lists_beside_a_tensor():
    x = leaf()
    out = np.maximum([0.0, 1.0, 2.0], x) * [1.0, 1.0, 1.0]
    assert gradient_of(out, x).tolist() == [[1, 0, 0], [1, 0.5, 0]]


@pytest.mark.parametrize(
    ("subscripts", "operands"),
    [
        ("ij", 1), ("ij->ji", 1), ("ji", 1), ("ij->", 1), ("i...->...", 1), ("...j", 1),
        ("ij,kj->ik", 2), ("ij,ij", 2), ("ij,kj", 2), ("...j,...j->...", 2),
        (" ij , kj -> ik ", 2), ("ij,ij,ij->j", 3), ("ij,kj,kl", 3),
    ],
)  # fmt: skip
def test_einsum_forms(subscripts, operands):
    x = leaf()
    out = np.einsum(subscripts, *[x] * operands, optimize=True)
    np.testing.assert_allclose(out.numpy(), np.einsum(subscripts, *[A] * operands))
    gradient_of(out, x)


@pytest.mark.parametrize("subscripts", ["ii", "ii->i", "iij->ji", "iii"])
def test_einsum_diagonals(subscripts):
    values = np.arange(1.0, 1 + 2 ** len(subscripts.split("->")[0]))
    values = values.reshape((2,) * len(subscripts.split("->")[0]))
    x = leaf(values)
    out = np.einsum(subscripts, x)
    np.testing.assert_allclose(out.numpy(), np.einsum(subscripts, values))
    # a linear function: its slope along x is its value
    assert gradient_of(out, x).ravel() @ values.ravel() == pytest.approx(
        out.numpy().sum()
    )


def test_einsum_errors():
    with pytest.raises(ValueError, match="names 2 operands, got 1"):
        np.einsum("ij,jk", leaf())


def test_ufunc_methods_that_are_reductions():
    x = leaf()
    for method, function in (
        (np.add.reduce, np.sum), (np.multiply.reduce, np.prod),
        (np.maximum.reduce, np.max), (np.minimum.reduce, np.min),
    ):  # fmt: skip
        np.testing.assert_array_equal(method(x).numpy(), function(A, axis=0))
        np.testing.assert_array_equal(method(x, axis=None).numpy(), function(A))
        np.testing.assert_array_equal(method(x, axis=1).numpy(), function(A, axis=1))
    np.testing.assert_array_equal(np.add.accumulate(x).numpy(), np.add.accumulate(A))
    np.testing.assert_array_equal(
        np.multiply.outer(x, A).numpy(), np.multiply.outer(A, A)
    )


def test_ufunc_dtype():
    assert np.add(leaf(), 1, dtype=np.float32).dtype == np.float32


def test_batches_of_matrices():
    batch = np.stack([A @ A.T + np.eye(2), 2 * np.eye(2)])
    for function in (np.linalg.inv, np.linalg.det, np.linalg.cholesky):
        x = leaf(batch)
        np.testing.assert_allclose(function(x).numpy(), function(batch))
        gradient_of(function(x), x)
    sign, logdet = np.linalg.slogdet(-leaf(batch)[0])
    assert type(sign) is not Tensor
    assert isinstance(logdet, Tensor)
    assert np.linalg.slogdet(leaf(1e-200 * np.eye(3))).sign == 1.0  # det underflows


def test_functions_with_several_results():
    x = leaf()
    first, _, third = np.split(x, 3, axis=1)
    (first * third).sum().backward()
    assert x.grad.tolist() == [[0.5, 0, 1.5], [-0.25, 0, 3.0]]
    assert [p.shape for p in np.array_split(x, np.int64(2), axis=-1)] == [
        (2, 2),
        (2, 1),
    ]
    assert [p.shape for p in np.split(x, [1, 2], axis=1)] == [(2, 1)] * 3
    with pytest.raises(ValueError, match="does not divide"):
        np.split(x, 2, axis=1)


def test_scatter_by_bincount_and_full_like_keep_the_gradient():
    weights = leaf(A[0])
    out = np.bincount([0, 2, 2], weights=weights)
    np.testing.assert_array_equal(out.numpy(), np.bincount([0, 2, 2], weights=A[0]))
    assert gradient_of(out[2], weights).tolist() == [0, 1, 1]
    fill = leaf(2.0)
    assert gradient_of(np.full_like(leaf(), fill), fill) == 6.0
    assert np.bincount(Tensor([0, 2, 2])).tolist() == [1, 0, 2]


# -- what has no gradient says so ------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name", "argument"),
    [
        (lambda x: np.i0(x), "i0", 0),
        (lambda x: np.unique(x), "unique", 0),
        (lambda x: np.histogram(x)[1], "histogram", 0),
        (lambda x: np.polyfit(A[0], x[0], 1), "polyfit", 1),
        (lambda x: np.linalg.svd(x)[0], "all_singular_vectors", 0),
        (lambda x: np.linalg.qr(x.T, "complete")[0], "complete_qr", 0),
    ],
)
def test_functions_without_a_rule_raise_when_a_gradient_is_asked_for(
    call, name, argument
):
    x = leaf()
    out = call(x)  # the value is there
    with pytest.raises(NotImplementedError, match=rf"argument {argument} of {name}"):
        out.sum().backward()


@pytest.mark.parametrize(
    ("call", "option"),
    [
        (lambda x: np.var(x, where=A > 0), "where="),
        (lambda x: np.std(x, mean=0.0), "mean="),
        (lambda x: np.quantile(x, 0.5, weights=A), "weights="),
        (lambda x: np.pad(x, 1, "reflect", reflect_type="odd"), "reflect_type="),
        (lambda x: np.pad(x, 1, "linear_ramp"), "linear_ramp"),
        (lambda x: np.ravel(x, order="K"), "order="),
    ],
)
def test_options_without_a_gradient_are_named(call, option):
    with pytest.raises(NotImplementedError, match=option):
        call(leaf()).sum().backward()


def test_ufunc_options_are_refused():
    with pytest.raises(TypeError, match="takes no where"):
        np.add(leaf(), 1, where=A > 0)


def test_a_tensor_in_a_keyword_without_rule_is_refused():
    with pytest.raises(TypeError, match="keyword 'constant_values'"):
        np.pad(leaf(), 1, constant_values=leaf(1.0))
    with pytest.raises(TypeError, match="keyword 'weights'"):
        np.histogram(A, weights=leaf())


def test_integer_results_are_constants():
    x = leaf()
    assert not np.where(x)[0].requires_grad
    order = np.argpartition(x[0], 1)
    assert gradient_of(x[0][order], x).tolist() == [[1, 1, 1], [0, 0, 0]]


# -- no silent unboxing ----------------------------------------------------------------


@pytest.mark.parametrize(
    "unbox",
    [
        np.asarray, np.array, lambda x: np.array([x, x]), lambda x: np.asarray(x[0, 0]),
        lambda x: np.array([x[0, 0], x[0, 1]]), lambda x: np.sum([x, x]),
        lambda x: np.float32(x), lambda x: np.random.default_rng(0).normal(x),
        lambda x: A.dot(x.T), lambda x: np.r_[x, x], lambda x: np.full(3, x[0, 0]),
        lambda x: np.asarray(x, copy=False), lambda x: np.vectorize(abs)(x),
    ],
)  # fmt: skip
def test_a_gradient_is_not_lost_by_becoming_an_array(unbox):
    with pytest.raises(TypeError, match="gradient"):
        unbox(leaf())


def test_writing_into_an_array_is_refused():
    array = np.zeros((2, 3))
    x = leaf()
    with pytest.raises(TypeError, match="gradient"):
        array[:] = x
    with pytest.raises(TypeError, match="gradient"):
        array[0] = x[0]
    with pytest.raises(TypeError, match=r"a = a \+ t"):
        array += x
    with pytest.raises(TypeError, match="out="):
        np.add(x, 1, out=array)
    with pytest.raises(TypeError, match="out="):
        np.sum(x, axis=0, out=array[0])
    with pytest.raises(TypeError, match="out="):
        np.sum(x, 0, None, array[0])
    with pytest.raises(TypeError, match="out="):
        np.dot(x, A.T, out=np.zeros((2, 2)))
    for write in (
        lambda: np.copyto(array, x),
        lambda: np.put(array, [0], x[0, 0]),
        lambda: np.putmask(array, A > 0, x),
        lambda: np.place(array, A > 0, x),
        lambda: np.fill_diagonal(array, x[0, 0]),
        lambda: np.put_along_axis(array, np.zeros((2, 1), int), x[:, :1], 1),
    ):
        with pytest.raises(TypeError, match=r"writes into an array|gradient"):
            write()
    assert not array.any()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.add.at(np.zeros((2, 3)), 0, x),
        lambda x: np.add.reduceat(x, [0, 1]),
        lambda x: np.logaddexp.reduce(x),
        lambda x: np.subtract.accumulate(x),
    ],
)
def test_other_ufunc_methods_are_refused(call):
    with pytest.raises(TypeError, match="not available for Tensors"):
        call(leaf())


def test_arrays_of_callers_stay_writable():
    array = np.ones(3)
    x = leaf(array)
    for call in (
        lambda: x * array,
        lambda: np.concatenate([x, array]),
        lambda: x[array > 0],
    ):
        call().sum().backward()
    array[0] = 5.0
    assert x.tolist() == [1, 1, 1]


def test_constants_may_become_arrays():
    assert np.asarray(Tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
    w = Variable([1.0, 2.0])
    assert np.asarray(w).tolist() == [1.0, 2.0]
    array = np.asarray(w)
    array[0] = 9.0
    assert w.numpy().tolist() == [1.0, 2.0]
    with GradientTape(), pytest.raises(TypeError, match="gradient"):
        np.asarray(w)


def test_functions_for_tests_work():
    x = leaf()
    assert np.allclose(x, A)
    assert np.array_equal(x, A)
    assert np.shape(x) == (2, 3)
    np.testing.assert_allclose(x.numpy(), A)
