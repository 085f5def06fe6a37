"""The house of four storeys: each imports only from those below, and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_lr

ROOT = Path(tinygrad_lr.__file__).parent
STOREYS = {
    **dict.fromkeys(["autodiff", "changes"], 0),
    "compiler": 1,
    **dict.fromkeys(
        [
            "dtype_policies", "mixed_precision", "tree",
            "absent", "activations", "allowance", "arguments", "config", "constraints",
            "constructors", "convert", "initializers", "layers", "lazy", "losses",
            "masks", "metrics", "naming", "nesting", "notices", "ops", "optimizers",
            "random", "registry", "regularizers", "serialization",
        ],
        2,
    ),
    **dict.fromkeys(
        [
            "backend", "callbacks", "datasets", "legacy", "models",
            "preprocessing", "saving", "utils", "wrappers",
        ],
        3,
    ),
    **dict.fromkeys(
        [
            "__init__", "__main__", "alias", "check", "samples", "tensorflow_names",
            "tensorflow_programs", "tensorflow_strings",
        ],
        4,
    ),
}  # fmt: skip
STRANGERS = {
    1: {2},
    2: {1},
}  # the compiler and the Keras parts know nothing of each other
MODULES = sorted(ROOT.rglob("*.py"))


def storey_of(parts: tuple[str, ...]) -> int:
    return STOREYS[parts[0]]


def imported(path: Path) -> set[str]:
    """The parts of this package that a module imports at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "tinygrad_lr":
            found.update(f"tinygrad_lr.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    parts = {name.split(".")[1] for name in found if name.startswith("tinygrad_lr.")}
    return {part for part in parts if part in STOREYS}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_below(path: Path) -> None:
    inside = path.relative_to(ROOT).with_suffix("").parts
    own = storey_of(inside)
    for part in imported(path):
        other = STOREYS[part]
        assert other <= own, f"storey {own} imports {part} of storey {other}"
        assert other not in STRANGERS.get(own, ()), f"{inside[0]} knows {part}"


def test_import_loads_numpy_and_the_standard_library_only() -> None:
    code = (
        "import sys, numpy; before = set(sys.modules); import tinygrad_lr;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    ours = {"tinygrad_lr", "numpy"}  # numpy.fft comes with its first use: our rules'
    assert loaded - sys.stdlib_module_names == ours
