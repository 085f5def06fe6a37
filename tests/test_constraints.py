"""Constraints: what a weight must satisfy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrad_lr import constraints
from tinygrad_lr.autodiff import Tensor

WEIGHTS = arrays("float64", (3, 2), elements=st.floats(-10, 10))


def norms(w, axis=0):
    return np.sqrt((w * w).sum(axis))


@settings(max_examples=50, deadline=None)
@given(WEIGHTS)
def test_constraints_hold(w):
    t = Tensor(w)
    assert (norms(constraints.MaxNorm(2)(t).numpy()) <= 2 + 1e-6).all()
    assert (constraints.NonNeg()(t).numpy() == np.maximum(w, 0)).all()
    large = norms(w) > 1e-3
    np.testing.assert_allclose(
        norms(constraints.UnitNorm()(t).numpy())[large], 1, rtol=1e-3
    )
    within = norms(constraints.MinMaxNorm(1, 2)(t).numpy())[large]
    assert ((within > 0.99) & (within < 2.01)).all()


def test_small_weights_stay():
    w = np.array([[0.3], [0.4]])
    np.testing.assert_allclose(constraints.MaxNorm(2)(Tensor(w)).numpy(), w, rtol=1e-6)


def test_rate_and_axis():
    w = Tensor([[3.0, 4.0]])
    half = constraints.MinMaxNorm(0, 1, rate=0.5, axis=1)(w).numpy()
    assert norms(half, 1) == pytest.approx(3, rel=1e-6)
    np.testing.assert_allclose(
        constraints.UnitNorm([0, 1])(w).numpy(), [[0.6, 0.8]], rtol=1e-6
    )
    np.testing.assert_allclose(constraints.MaxNorm(1)(w).numpy(), [[1, 1]], rtol=1e-6)


CONSTRAINTS = (
    constraints.MaxNorm(3, axis=1),
    constraints.NonNeg(),
    constraints.UnitNorm([0, 1]),
    constraints.MinMaxNorm(0.1, 0.5, rate=0.3, axis=1),
)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_configurations(constraint):
    again = constraints.get(constraints.serialize(constraint))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()
    w = np.array([[3.0, 4.0], [-1.0, 0.1]])
    np.testing.assert_array_equal(again(w).numpy(), constraint(Tensor(w)).numpy())
    np.testing.assert_allclose(constraint(w.tolist()).numpy(), again(w), rtol=1e-6)


def test_the_base_class_allows_everything():
    assert constraints.Constraint()(3) == 3
