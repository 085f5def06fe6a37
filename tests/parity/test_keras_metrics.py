"""Metrics after several updates, and what 'accuracy' means for which shapes."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("metrics")


@pytest.mark.parametrize("name", cases.METRICS)
def test_results_are_those_of_keras(name: str) -> None:
    compare(cases.METRICS[name](keras), RECORDED[name], rtol=2e-6)
