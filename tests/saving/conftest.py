from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def nothing_happens(tmp_path: Path, monkeypatch: Any) -> Any:
    """Run in a folder of its own; no program may start, no file may appear."""
    monkeypatch.chdir(tmp_path)

    def never(*arguments: Any, **options: Any) -> Any:
        raise AssertionError(f"run from a file: {arguments}")

    for name in ("system", "popen"):
        monkeypatch.setattr(os, name, never)
    yield
    assert not Path("pwned").exists()
