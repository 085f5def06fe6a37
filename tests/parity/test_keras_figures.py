"""The page docs/parity.md has a row for every name that there are cases of."""

from __future__ import annotations

import re
from typing import Any

import cases
import figures
import numpy as np
import pytest

COMMAND = "python tests/parity/figures.py"
SECTIONS = dict(
    part.split("\n", 1)
    for part in figures.PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
)


def test_every_group_has_a_section() -> None:
    assert list(SECTIONS) == list(cases.GROUPS), f"run `{COMMAND}`"


@pytest.mark.parametrize(
    "group", [g for g in cases.GROUPS if g not in figures.OTHERWISE]
)
def test_every_case_is_counted(group: str) -> None:
    shown = re.findall(r"`([^`]+)` (?:\| |\()(\d+)", SECTIONS.get(group, ""))
    known = {name: str(len(own)) for name, own in figures.rows(group).items()}
    assert dict(shown) == known, f"run `{COMMAND}`"


def test_no_figure_has_another_form() -> None:
    assert [group for group in SECTIONS if "other |" in SECTIONS[group]] == []


@pytest.mark.parametrize(
    ("found", "expected", "off"),
    [
        ({"loss": [1.0, 2.0]}, {"loss": [1.0, 2.0]}, 0.0),
        ({"loss": [1.0, 2.5]}, {"loss": [1.0, 2.0]}, 0.25),
        ([1.0, 1e-9], [1.0, 0.0], 1e-7),
        ([[0.0, 0.5]], [[0.0, 0.0]], 50.0),
        ([np.nan, np.inf], [np.nan, np.inf], 0.0),
        (2.0, np.nan, np.inf),
        ([1.0], [1.0, 2.0], np.inf),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0}, np.inf),
        ("a", "b", 0.0),
        (None, 1.0, np.inf),
        ([["a"], 1.0], [["a"], 2.0], 0.5),
    ],
)
def test_differences(found: Any, expected: Any, off: float) -> None:
    assert figures.distance(found, expected) == pytest.approx(off)
