"""Every lookup gives the numbers of Keras, learns its vocabulary, says its settings."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("lookups")


@pytest.mark.parametrize("name", cases.LOOKUPS)
def test_lookups_are_those_of_keras(name: str) -> None:
    compare(cases.LOOKUPS[name](keras), RECORDED[name], rtol=1e-6)
