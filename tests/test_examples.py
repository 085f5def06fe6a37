"""The examples run as they stand and print what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(name):
    found = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert found.stderr == ""
    assert found.returncode == 0
    return found.stdout


def test_or_gate():
    lines = run("or_gate.py").splitlines()
    assert [line.split()[:3] for line in lines[1:5]] == [
        ["0", "0", "0"], ["0", "1", "1"], ["1", "0", "1"], ["1", "1", "1"],
    ]  # fmt: skip
    assert all(line.endswith("ok") for line in lines[1:5])
    first, last = map(float, re.findall(r"\d\.\d+", lines[5]))
    assert last < first
    assert last < 0.12


def test_iris():
    text = run("iris.py")
    train, test = (float(a) for a in re.findall(r"accuracy (\d\.\d+)", text))
    assert train > 0.95
    assert test > 0.9
    table = [line.split()[1:] for line in text.splitlines()[-3:]]
    assert sum(int(n) for row in table for n in row) == 45
