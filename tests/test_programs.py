"""Programs in the manners of four eras run unmodified; each asserts its results."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = sorted((ROOT / "tests" / "programs").glob("*.py"))


def run(path):
    return subprocess.run(
        [sys.executable, "-m", "tinygrad_lr", "run", str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program(path):
    found = run(path)
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    assert (
        f"{ROOT / 'tinygrad_lr'}" not in found.stderr
    )  # warnings show the user's lines
    assert found.stderr.count("Warning: ") == len(
        set(re.findall("Warning: .*", found.stderr))
    )


def test_there_are_programs_of_all_eras():
    eras = {path.stem.split("_")[0] for path in PROGRAMS}
    assert {"keras1", "keras2", "tf", "keras3"} <= eras
    assert len(PROGRAMS) >= 25


def test_the_tutorial():
    """300 epochs, four times True, and the probabilities of the tutorial.

    Over 400 starts and orders, a float64 program written by hand ended within 0.144 to
    0.171, 0.933 to 0.944 (twice) and 0.9989 to 0.9994.
    """
    found = run(ROOT / "tests" / "programs" / "or_gate.py")
    assert len(re.findall(r"^Epoch \d+/300$", found.stdout, re.M)) == 300
    assert (
        len(re.findall(r"^4/4 \[=+\] - .* - loss: \d\.\d{4}", found.stdout, re.M))
        == 300
    )
    result = found.stdout[found.stdout.index("classified:") :]
    assert result.count("True") == 4
    assert "False" not in result
    numbers = [
        float(n)
        for n in re.findall(r"[\d.]+(?:e-\d+)?", result.split("probability:")[1])
    ]
    distance = np.abs(np.subtract(numbers, [0.16, 0.94, 0.94, 0.999]))
    assert (distance < [0.02, 0.01, 0.01, 0.001]).all(), numbers
