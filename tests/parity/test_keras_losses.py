"""Losses as functions, objects and names: the values and gradients of real Keras."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("losses")


@pytest.mark.parametrize("name", cases.LOSSES)
def test_values_and_gradients_are_those_of_keras(name: str) -> None:
    rtol, atol = (1e-12, 1e-13) if name.endswith("float64") else (3e-6, 3e-7)
    compare(cases.LOSSES[name](keras), RECORDED[name], rtol, atol)
