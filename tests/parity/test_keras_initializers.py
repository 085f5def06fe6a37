"""Initializers draw from the same distributions as real Keras, though other numbers.

With 120,000 draws the mean is known to 0.3 % of the spread and the spread to 0.2 %; the
bounds of a bounded distribution are met closely, the extremes of a normal one roughly.
"""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("initializers")
MOMENTS = [name for name in cases.INITIALIZERS if "(" in name]


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name: str) -> None:
    found, expected = cases.INITIALIZERS[name](keras), RECORDED[name]
    spread = expected["std"]
    unbounded = ("RandomNormal", "Orthogonal")
    extremes = 1.5 if name.startswith(unbounded) or "untruncated" in name else 0.01
    tolerances = {"mean": 0.02, "std": 0.01, "min": extremes, "max": extremes}
    for key, tolerance in tolerances.items():
        assert found[key] == pytest.approx(expected[key], abs=tolerance * spread), key
    assert (found["shape"], found["dtype"]) == (expected["shape"], expected["dtype"])


@pytest.mark.parametrize("name", [n for n in cases.INITIALIZERS if n not in MOMENTS])
def test_names_and_seeds(name: str) -> None:
    found, expected = cases.INITIALIZERS[name](keras), RECORDED[name]
    if name == "values":
        compare(found, expected, rtol=1e-6, atol=1e-6)
    else:
        compare(found, expected, rtol=0)
