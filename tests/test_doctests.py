"""Every example in a docstring of the package is run."""

import doctest
import importlib
import pkgutil

import pytest

import tinygrad_lr
from tinygrad_lr.backend import clear_session

MODULES = [
    info.name
    for info in pkgutil.walk_packages(tinygrad_lr.__path__, "tinygrad_lr.")
    if not info.name.endswith("__main__")
]


@pytest.fixture(autouse=True)
def as_in_a_new_session(unchanged_tables):
    """Names begin anew, and what an example adds to a table is gone after it."""
    clear_session()


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(len(t.examples) for m in modules for t in finder.find(m)) > 20
