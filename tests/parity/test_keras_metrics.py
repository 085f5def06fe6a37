"""Metrics after several updates, and what 'accuracy' means for which shapes."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("metrics")


@pytest.mark.parametrize("name", cases.METRICS)
def test_results_are_those_of_keras(name: str) -> None:
    # What is left of a sum after another was taken off has the rounding of the sum.
    rest = "Negatives" in name and "weighted" in name
    compare(cases.METRICS[name](keras), RECORDED[name], 2e-6, 5e-6 if rest else 2e-7)
