import pytest

from tinygrad_lr import arguments


@pytest.fixture(autouse=True)
def nothing_said_yet():
    arguments.warned.clear()
