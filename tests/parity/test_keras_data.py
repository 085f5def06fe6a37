"""Utilities, datasets and preprocessing give what real Keras gives, to the bit."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("data")


@pytest.mark.parametrize("name", cases.DATA)
def test_same_figures(name: str) -> None:
    if name.startswith("image"):
        compare(cases.DATA[name](keras), RECORDED[name], rtol=1e-4, atol=1e-3)
        return
    rtol = 1e-12 if "Tokenizer" in name or name.startswith("utils") else 0
    compare(cases.DATA[name](keras), RECORDED[name], rtol=rtol)
