"""Every layer of Keras that is here: value, gradients, state, names, configuration."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("layers")


@pytest.mark.parametrize("name", cases.LAYERS)
def test_layers_are_those_of_keras(name: str) -> None:
    compare(cases.LAYERS[name](keras), RECORDED[name], rtol=1e-5, atol=2e-6)
