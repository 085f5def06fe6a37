"""Regularizers and constraints compute what real Keras computes, and their gradients.

Keras rounds the factor of two regularizers to float32, and so writes 0.009999999776
into their configuration where we write 0.01.
"""

from __future__ import annotations

from typing import Any

import cases
import pytest
from comparison import compare, compare_arrays, recorded

import tinygrad_lr as keras

RECORDED = recorded("penalties")
CLASSES = [name for name in cases.PENALTIES if "-" in name]


@pytest.mark.parametrize("name", CLASSES)
def test_values_and_gradients(name: str) -> None:
    found, expected = cases.PENALTIES[name](keras), RECORDED[name]
    rtol = 1e-12 if name.endswith("float64") else 2e-6
    if expected["value"]:  # else nothing is penalized
        compare_arrays(found["value"], expected["value"], rtol, "value")
        compare_arrays(found["gradient"], expected["gradient"], rtol, "gradient")
    assert found["dtype"] == expected["dtype"]
    for key in ("serialized", "again"):
        compare(found[key], expected[key], 1e-7, where=key)


@pytest.mark.parametrize("module", ["regularizers", "constraints"])
def test_names_and_signatures(module: str) -> None:
    found: Any = cases.PENALTIES[module](keras)
    assert found == RECORDED[module]
