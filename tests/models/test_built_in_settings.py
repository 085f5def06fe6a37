"""What a step has built in is looked at as a whole only if something said that it
changed; else the silent things alone are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.changes import changes
from tinygrad_lr.layers import Dense, Layer
from tinygrad_lr.models.settings import Settings


class Helper:
    """An object that does not say that it changed."""

    def __init__(self) -> None:
        self.gain = 1.0
        self.inner = Dense(2)

    def scale(self, x: Any) -> Any:
        return x * self.gain


class Holder(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.table = {"a": [1.0, 2.0]}
        self.layers = [Dense(3), Dense(4)]
        self.mask = np.zeros(3)
        self.helper = Helper()
        self.method = Helper().scale
        self.weight = Variable([1.0], name="weight")
        self.weight.regularizer = Helper().scale
        self.shape = (3, None)


@pytest.fixture
def holder() -> Holder:
    return Holder()


CHANGES: list[Callable[[Any], Any]] = [
    lambda holder: holder.table["a"].append(3.0),
    lambda holder: holder.table.update(b=0),
    lambda holder: holder.layers.pop(),
    lambda holder: holder.mask.fill(2.0),
    lambda holder: setattr(holder.helper, "gain", 2.0),
    lambda holder: setattr(holder.helper.inner, "units", 5),
    lambda holder: setattr(holder.method.__self__, "gain", 2.0),
    lambda holder: setattr(holder.weight.regularizer.__self__, "gain", 2.0),
    lambda holder: setattr(holder.layers[1], "units", 5),
    lambda holder: setattr(holder, "shape", (4, None)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_after_doubt(holder: Any, change: Any) -> None:
    settings = Settings(lambda: [holder])
    settings.look()
    for _ in range(2):
        changes.doubt()
        assert not settings.changed()
    change(holder)
    changes.doubt()
    assert settings.changed()
    changes.doubt()
    assert not settings.changed()


def test_without_a_sign_nothing_is_looked_at(holder: Any) -> None:
    looks: list[int] = []

    def parts() -> list[Any]:
        looks.append(1)
        return [holder]

    settings = Settings(parts)
    settings.look()
    changes.doubt()
    assert not settings.changed()
    assert len(looks) == 1  # the silent ones alone
    holder.name = holder.name
    assert not settings.changed()
    assert len(looks) == 2


def test_a_part_may_be_of_a_foreign_kind() -> None:
    helper = Helper()
    settings = Settings(lambda: [helper])
    settings.look()
    helper.gain = 3.0
    changes.doubt()
    assert settings.changed()


def test_an_object_that_holds_itself() -> None:
    helper: Any = Helper()
    helper.me = [helper]
    settings = Settings(lambda: [helper])
    settings.look()
    changes.doubt()
    assert not settings.changed()
