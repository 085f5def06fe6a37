"""Importing costs little: what few programs need is loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after some code."""
    shown = f"{code}\nimport sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_what_is_seldom_needed_is_not_loaded() -> None:
    loaded = loaded_by("import tinygrad_lr")
    seldom = ("datasets", "ops", "preprocessing", "wrappers")
    assert not {f"tinygrad_lr.{name}" for name in seldom} & loaded


def test_it_is_there_when_asked_for() -> None:
    loaded = loaded_by("import tinygrad_lr as k; k.ops.relu; k.datasets.mnist")
    assert {"tinygrad_lr.ops", "tinygrad_lr.datasets"} <= loaded


def test_the_alias_looks_without_loading() -> None:
    loaded = loaded_by("import tinygrad_lr.alias, keras, tensorflow")
    assert not {"sklearn", "scipy", "pandas", "h5py"} & loaded
