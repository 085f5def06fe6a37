import pytest


@pytest.fixture(autouse=True)
def forgotten(unchanged_tables):
    """No test meets the rules that another declares."""
