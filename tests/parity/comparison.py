"""Compare figures with recorded ones, naming the place where they differ.

A tolerance is relative to each number (:func:`compare`) or, for weights and
predictions, to the largest number of an array (:func:`compare_arrays`): an entry that
is zero by chance has no relative error worth the name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def recorded(group: str) -> dict[str, Any]:
    """The figures that real Keras gave, by the name of the case."""
    path = Path(__file__).parent / "recorded" / f"{group}.json"
    figures: dict[str, Any] = json.loads(path.read_text())
    del figures["versions"]
    return figures


def is_number(value: Any) -> bool:
    """Numbers are compared within a tolerance, everything else exactly."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(
    found: Any, expected: Any, rtol: float, atol: float = 0.0, where: str = "figures"
) -> None:
    """Walk through nested figures; every number within ``atol + rtol * |expected|``."""
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected), f"{where}: {list(found)}"
        for key in expected:
            compare(found[key], expected[key], rtol, atol, f"{where}[{key!r}]")
    elif isinstance(expected, list) and all(map(is_number, expected)):
        np.testing.assert_allclose(found, expected, rtol, atol, err_msg=where)
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {found!r}"
        for index, pair in enumerate(zip(found, expected, strict=True)):
            compare(*pair, rtol, atol, f"{where}[{index}]")
    elif is_number(expected):
        assert is_number(found), f"{where}: {found!r}"
        np.testing.assert_allclose(found, expected, rtol, atol, err_msg=where)
    else:
        assert found == expected, f"{where}: {found!r}, expected {expected!r}"


def compare_arrays(found: Any, expected: Any, rtol: float, where: str) -> None:
    """Every entry within ``rtol`` times the largest entry."""
    scale = float(np.max(np.abs(expected)))
    np.testing.assert_allclose(found, expected, 0, rtol * scale, err_msg=where)
