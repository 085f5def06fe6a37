"""Optimizers follow real Keras through 25 steps, and schedules at many.

In float64 they agree to 1e-12, which no wrong formula would survive; in float32 the two
libraries round differently, and the gradients, which depend on the weights, carry that
on. (Muon's iteration makes rounding errors larger by design: it stretches small
singular values some hundred times.)
"""

from __future__ import annotations

import re
from typing import Any

import cases
import numpy as np
import pytest
from cases.optimizers import NAMES, OWN, SCHEDULES, UPDATES
from comparison import compare, compare_arrays, recorded

import tinygrad_lr as keras

RECORDED = recorded("optimizers")
CASES = cases.OPTIMIZERS


def tolerance(name: str) -> float:
    if not name.endswith("float64"):
        return 1e-4 if name.startswith("Muon") else 1e-5
    return 1e-10 if name.startswith("Muon") else 1e-12


def compare_states(name: str, found: Any, expected: Any) -> None:
    """Weights by their arrays; what is remembered by name, shape and sum."""
    rtol = tolerance(name)
    expected_names = [
        [re.sub(r"/variable(_\d+)?$", "/u_product", path), shape]  # Nadam's has none
        for path, shape, _ in expected["remembered"]
    ]
    assert [v[:2] for v in found["remembered"]] == expected_names
    for variable, weight in expected["weights"].items():
        compare_arrays(found["weights"][variable], weight, rtol, variable)
    sums = [[v[2] for v in side["remembered"]] for side in (found, expected)]
    np.testing.assert_allclose(*sums, 20 * rtol, 20 * rtol)
    for key in ("count", "iterations"):
        assert found[key] == expected[key]


@pytest.mark.parametrize("name", UPDATES)
def test_updates(name: str) -> None:
    found, expected = CASES[name](keras), RECORDED[name]
    compare_states(name, found, expected)
    compare_arrays(found["final"], expected["final"], tolerance(name), "final")


@pytest.mark.parametrize("name", ["LossScaleOptimizer", "MultiOptimizer"])
def test_optimizers_that_contain_others(name: str) -> None:
    found, expected = CASES[name](keras), RECORDED[name]
    compare_states(name, found, expected)
    for key in expected.keys() - {"weights", "remembered", "count", "iterations"}:
        compare(found[key], expected[key], 0, where=key)


@pytest.mark.parametrize("name", OWN)
def test_configurations(name: str) -> None:
    found, expected = CASES[f"config-{name}"](keras), RECORDED[f"config-{name}"]
    if name == "Lamb":  # real Keras does not find it by its name
        assert expected["again"] == "Lamb"
        assert found["again"] == found["serialized"]
        del found["again"], expected["again"]
    compare(found, expected, 0)


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name: str) -> None:
    assert CASES[f"signature-{name}"](keras) == RECORDED[f"signature-{name}"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name: str, dtype: str) -> None:
    case = f"schedule-{name}-{dtype}"
    found, expected = CASES[case](keras), RECORDED[case]
    rtol, atol = (1e-13, 1e-16) if dtype == "float64" else (2e-6, 1e-7)
    compare(found["rates"], expected["rates"], rtol, atol)
    compare(found["again"], expected["again"], rtol, atol)
    assert found["config"] == expected["config"]
