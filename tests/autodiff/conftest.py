import pytest

from tinygrad_lr.autodiff.rules import COMPOSITIONS, CONSTANTS, RULES


@pytest.fixture(autouse=True)
def unchanged_table():
    """Forget the rules that a test declares, so that no other test meets them."""
    before = dict(RULES), dict(COMPOSITIONS), set(CONSTANTS)
    yield
    for table, kept in zip((RULES, COMPOSITIONS, CONSTANTS), before, strict=True):
        table.clear()
        table.update(kept)
