"""Every activation of Keras, on small and large values: value and gradient."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("activations")
CANCELLING = ("gelu-approximate", "squareplus")  # differences of large numbers


@pytest.mark.parametrize("name", cases.ACTIVATIONS)
def test_values_and_gradients_are_those_of_keras(name: str) -> None:
    rtol, atol = 1e-12, 1e-13
    if name.endswith("float32"):
        rtol, atol = 3e-6, 1e-5 if name.startswith(CANCELLING) else 1e-6
    compare(cases.ACTIVATIONS[name](keras), RECORDED[name], rtol, atol)
