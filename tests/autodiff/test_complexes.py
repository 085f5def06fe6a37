"""Real numbers through complex ones to a real loss: spectra, angles, decompositions."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor, grad, gradcheck

X = np.array([[0.5, -1.0, 2.0, 0.3], [1.5, 0.2, -0.4, 0.7]])


def test_the_energy_of_a_signal_is_that_of_its_spectrum():
    """Parseval: sum |fft(x)|^2 = n sum x^2, so the gradient is 2 n x."""
    slopes = grad(lambda x: np.sum(np.square(np.abs(np.fft.fft(x)))))(X)
    np.testing.assert_allclose(slopes, 2 * 4 * X)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.abs(np.fft.rfft(x)),
        lambda x: np.angle(np.fft.fft(x)[:, 1]),
        lambda x: np.real(np.fft.ifft(np.fft.fft(x) * np.fft.fft(x[::-1]))),
        lambda x: np.fft.irfft(np.fft.rfft(x) * np.array([1, 0.5j, 0.2])),
        lambda x: np.abs(np.linalg.eigvals(np.fft.fft(x[:, :2]))),
        lambda x: np.linalg.norm(np.fft.fft(x), axis=1),
        lambda x: np.abs(np.exp(1j * x) + x),
        lambda x: np.real((x + 1j) * x / (2 - 1j * x)),
    ],
)
def test_through_complex_numbers_and_back(function):
    gradcheck(function, X, order=2)


def test_complex_arguments_are_checked_by_their_parts():
    assert gradcheck(np.abs, X[0] + 1j * X[1], order=2).numbers == 16


def test_single_precision_stays_single():
    x = Tensor(X.astype("float32"), requires_grad=True)
    spectrum = np.fft.rfft(x)
    assert spectrum.dtype == "complex64"
    np.abs(spectrum).sum().backward()
    assert x.grad.dtype == "float32"
