"""Trainings follow real Keras: 1,000 steps in float32, 200 steps in float64.

In float32 the two libraries round differently, and agree to 1e-6; in float64 they agree
to 1e-12, which no wrong formula would survive.
"""

from __future__ import annotations

import cases
import pytest
from comparison import compare, compare_arrays, recorded

import tinygrad_lr as keras

RECORDED = recorded("trajectories")


@pytest.mark.parametrize("name", cases.TRAJECTORIES)
def test_loss_and_weights_follow_keras(name: str) -> None:
    rtol = 1e-12 if name.endswith("float64") else 1e-6
    found, expected = cases.TRAJECTORIES[name](keras), RECORDED[name]
    compare(found["history"], expected["history"], rtol)
    compare(found["evaluate"], expected["evaluate"], rtol)
    for place, pair in enumerate(
        zip(found["weights"], expected["weights"], strict=True)
    ):
        compare_arrays(*pair, rtol, f"weights[{place}]")
    compare_arrays(found["predictions"], expected["predictions"], rtol, "predictions")
