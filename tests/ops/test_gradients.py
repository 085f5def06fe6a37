"""Operations that take matrices and signals apart carry gradients, and are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_lr import function, ops
from tinygrad_lr.autodiff import grad

X = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
WEIGHT = np.linspace(-1, 2, 18, dtype="float32")


def weighed(x: Any) -> Any:
    """One number of any array, without symmetries that hide a wrong gradient."""
    flat = ops.reshape(x, (-1,))
    return ops.sum(ops.square(flat) * WEIGHT[: flat.shape[0]])


CASES: dict[str, Callable[[Any], Any]] = {
    "svd": lambda x: weighed(ops.svd(x, full_matrices=False)[1]),
    "qr": lambda x: weighed(ops.qr(x)[1]),
    "eigh": lambda x: weighed(ops.eigh(ops.matmul(x, ops.transpose(x)))[0]),
    "eig": lambda x: weighed(ops.real(ops.eig(x[:, :3])[0])),
    "pinv": lambda x: weighed(ops.pinv(x)),
    "lstsq": lambda x: weighed(ops.lstsq(x, np.ones(3, "float32"))),
    "fft": lambda x: weighed(ops.fft((x, 2 * x))[0]),
    "rfft": lambda x: weighed(ops.rfft(x)[1]),
    "irfft": lambda x: weighed(ops.irfft((x, x * x))),
    "nanquantile": lambda x: weighed(ops.nanquantile(x, 0.3, axis=1)),
    "view_as_complex": lambda x: weighed(
        ops.view_as_real(ops.view_as_complex(ops.reshape(x, (3, 2, 2))))
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_a_slope(name: str) -> None:
    """Along one direction, in single precision (Fourier transforms have no other)."""
    case, step = CASES[name], 1e-2
    along = np.random.default_rng(1).standard_normal(X.shape).astype("float32")
    ahead, behind = (float(case(X + s * along)) for s in (step, -step))
    slope = float(np.sum(np.asarray(grad(case)(X)) * along))
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=5e-3, abs=5e-3)


@pytest.mark.parametrize("name", CASES)
def test_recorded_is_eager(name: str) -> None:
    case = function(CASES[name])
    first, second = case(X), case(X)
    assert first.numpy().tobytes() == second.numpy().tobytes()
    np.testing.assert_allclose(case(2 * X).numpy(), CASES[name](2 * X).numpy(), 1e-5)
