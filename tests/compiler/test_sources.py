"""What is printed runs on NumPy alone, whatever functions a program calls."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor, functions, grad, relu
from tinygrad_lr.compiler import function
from tinygrad_lr.losses import crossentropy

X = np.array([[0.5, -0.3, 0.2], [0.1, 0.7, -0.6]])
Y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

PROGRAMS = {
    "erfinv": functions.erfinv,
    "erf": functions.erf,
    "several of ours": lambda x: crossentropy.softmax_crossentropy(x, Y),
    "with a number of ours": lambda x: crossentropy.sigmoid_crossentropy(x, Y),
    "scatter": lambda x: functions.scatter_add(x, (np.array([0, 0]),), (2, 3)),
    "logarithm of a determinant": lambda x: functions.logabsdet(x @ x.T),
    "singular values": lambda x: np.linalg.svd(x, full_matrices=False)[0],
    "eigenvalues": lambda x: np.linalg.eigh(x @ x.T)[1],
    "QR": lambda x: np.linalg.qr(x)[1],
    "pseudoinverse": np.linalg.pinv,
    "spectrum": lambda x: np.abs(np.fft.fft(x)),
    "complex factors": lambda x: np.imag(np.fft.rfft(x) * 1j),
    "all axes": lambda x: np.concatenate([x, x[:1]], axis=None),
    "no index": lambda x: x[()],
    "no elements": lambda x: np.sum(x[:0] + np.empty((0, 3)), axis=0) + x,
    "quantiles": lambda x: np.quantile(x, np.array([0.1, 0.5]), axis=1),
    "a dtype as a class": lambda x: np.bincount([0, 1, 1], weights=x[0]),
    "infinity again": lambda x: (
        np.minimum(x, np.full((2, 3), np.inf)) @ np.full((3, 2), 0.7)
    ),
    "norm over two axes": lambda x: np.linalg.vector_norm(x[:, :, None], axis=(0, 1)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_gradient_are_printed_so_that_they_run(name):
    def step(x):
        return grad(lambda t: (PROGRAMS[name](t) ** 2).sum())(x)

    compiled = function(step)
    first = compiled(X).numpy()
    np.testing.assert_allclose(compiled(X).numpy(), first, rtol=1e-12)  # replayed
    assert "tinygrad_lr" not in compiled.source
    names = {}
    exec(compiled.source, names)
    printed = names["step"](X)
    np.testing.assert_allclose(
        printed[0] if isinstance(printed, tuple) else printed, first, rtol=1e-12
    )
    np.testing.assert_allclose(step(Tensor(X)).numpy(), first, rtol=1e-12)


def test_a_matrix_of_one_number_stays_a_matrix():
    """``x @ ones`` is no product with a number."""
    ones = np.full((3, 3), 0.7)
    step = function(lambda x: x @ ones + relu([x, x])[0])
    expected = step(X).numpy()
    np.testing.assert_array_equal(step(X).numpy(), expected)
    names = {}
    exec(step.source, names)
    np.testing.assert_array_equal(names["lambda_"](X), expected)
    assert "np.moveaxis" not in source_of(lambda x: np.moveaxis(x, 0, 0) * 2)


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_a_function_is_shown_for_the_dtypes_that_it_was_given(dtype):
    def step(x, i):
        return np.cov(x) + i.astype("float64")

    x, i = X.astype("float32"), np.eye(2).astype(dtype)
    expected = function(step)(x, i).numpy()
    names = {}
    recorded = function(step)
    recorded(x, i)
    exec(recorded.source, names)
    got = names["step"](x, i)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


def source_of(step):
    recorded = function(step)
    recorded(X)
    return recorded.source
