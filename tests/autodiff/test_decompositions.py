"""Decompositions: what a row of the table cannot say alone."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor, grad, gradcheck

A = np.array([[2.0, 0.3, -0.5], [0.1, 1.0, 0.4], [0.7, -0.2, 3.0]])
TALL = np.array([[1.0, 0.2], [-0.3, 2.0], [0.5, 0.7]])


def test_a_matrix_is_the_product_of_its_parts_in_value_and_gradient():
    """The parts together are the identity: its gradient is that of the matrix."""
    weights = np.arange(6.0).reshape(3, 2)

    def by_svd(x):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(weights * ((u * s) @ vh))

    def by_qr(x):
        q, r = np.linalg.qr(x)
        return np.sum(weights * (q @ r))

    for function in (by_svd, by_qr):
        np.testing.assert_allclose(grad(function)(TALL), weights, atol=1e-12)


def test_one_triangle_is_read_and_gets_the_gradient():
    lower = grad(lambda x: np.sum(np.linalg.eigvalsh(x)[:1]))(A)
    upper = grad(lambda x: np.sum(np.linalg.eigvalsh(x, "U")[:1]))(A)
    assert not np.triu(lower, 1).any()
    assert not np.tril(upper, -1).any()
    assert np.trace(grad(lambda x: np.sum(np.linalg.eigvalsh(x)))(A)) == pytest.approx(
        3
    )


def test_the_results_have_their_names():
    x = Tensor(A, requires_grad=True)
    assert np.linalg.eigh(x).eigenvectors.shape == (3, 3)
    assert np.linalg.svd(x).S.shape == (3,)
    assert np.linalg.qr(x).R.shape == (3, 3)
    assert np.linalg.eig(x).eigenvalues.shape == (3,)


def test_vectors_that_are_not_determined_are_there_without_a_gradient():
    x = Tensor(TALL, requires_grad=True)
    assert np.linalg.svd(x).U.shape == (3, 3)
    assert np.linalg.qr(x, "complete").Q.shape == (3, 3)
    np.testing.assert_allclose(np.linalg.svd(x, compute_uv=False).numpy()[0],
                               np.linalg.norm(TALL, 2))  # fmt: skip


def test_least_squares():
    b = np.array([1.0, 2.0, -1.0])
    gradcheck(lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], TALL, b, order=2)
    x, residuals, rank, s = np.linalg.lstsq(Tensor(TALL), b, rcond=None)
    for found, wanted in zip(
        (x, residuals, rank, s), np.linalg.lstsq(TALL, b, rcond=None), strict=True
    ):
        np.testing.assert_allclose(getattr(found, "data", found), wanted)


def test_unknown_orders_are_refused():
    for order in ("frob", 3):
        with pytest.raises(ValueError, match="expected a number, inf or -inf"):
            np.linalg.norm(Tensor(A), order)


def test_cut_off_singular_values_turn_into_those_that_count():
    x = np.array([[1.0, 0.5], [0.0, 1e-3]])
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    gradcheck(lambda x: np.sum(weights * np.linalg.pinv(x, rcond=0.1)), x, order=2)
    single = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])  # of rank 1: the others are 0
    slopes = grad(lambda x: np.sum(np.linalg.pinv(x, rcond=0.1)))(single)
    assert np.isfinite(slopes).all()


def test_the_phase_of_a_complex_determinant_has_a_gradient():
    def phase(x, y):
        return np.real(np.linalg.slogdet(x + 1j * y)[0])

    gradcheck(phase, A, np.eye(3), order=2)


def test_least_squares_without_full_rank_leave_nothing_to_report():
    a, b = np.ones((4, 2)), np.arange(4.0)
    assert np.linalg.lstsq(Tensor(a), b, rcond=None)[1].shape == (0,)
    empty = np.linalg.lstsq(Tensor(a[:0]), b[:0], rcond=None)
    assert empty[0].tolist() == [0, 0]


@pytest.mark.parametrize("order", [1, 2, np.inf, "nuc", "fro"])
def test_norms_of_nothing(order):
    for shape in ((0, 3), (3, 0), (2, 0, 3)):
        x = np.zeros(shape)
        try:
            wanted = np.linalg.matrix_norm(x, ord=order)
        except ValueError:  # before NumPy 2.3
            continue
        np.testing.assert_array_equal(
            np.linalg.matrix_norm(Tensor(x), ord=order).numpy(), wanted
        )
    assert np.linalg.vector_norm(Tensor(np.zeros((0, 3))), axis=0).tolist() == [0] * 3
    assert np.resize(Tensor(np.zeros(0)), (2,)).tolist() == [0, 0]
