"""model_to_dot shows the boxes and arrows that real Keras shows."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("plots")


@pytest.mark.parametrize("name", cases.PLOTS)
def test_boxes_and_arrows_are_those_of_keras(name: str) -> None:
    compare(cases.PLOTS[name](keras), RECORDED[name], rtol=0)
