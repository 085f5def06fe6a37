"""Callbacks act when real Keras's do, print the same and write the same files."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("callbacks")


@pytest.mark.parametrize("name", cases.CALLBACKS)
def test_same_figures(name: str) -> None:
    compare(cases.CALLBACKS[name](keras), RECORDED[name], rtol=1e-5, atol=1e-9)
