"""What fit and its kin record, return and tell their callbacks, as in real Keras."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("fit")


@pytest.mark.parametrize("name", cases.FIT)
def test_figures_are_those_of_keras(name: str) -> None:
    compare(cases.FIT[name](keras), RECORDED[name], rtol=2e-6, atol=2e-7)
