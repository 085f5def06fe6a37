"""Every operation of keras.ops: the values, dtypes and gradients of real Keras."""

from __future__ import annotations

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras
from tinygrad_lr import absent

RECORDED = recorded("ops")


@pytest.mark.parametrize("name", [name for name in cases.OPS if name != "signatures"])
def test_values_and_gradients_are_those_of_keras(name: str) -> None:
    compare(cases.OPS[name](keras), RECORDED[name], 2e-5, 2e-6)


def test_every_operation_is_there_or_named_as_missing() -> None:
    own = cases.OPS["signatures"](keras)
    for name, parameters in RECORDED["signatures"].items():
        if name in own:
            assert own[name] == parameters, name
        else:
            assert f"ops.{name}" in absent.MISSING, name


def test_every_operation_has_a_case() -> None:
    used = {
        name.split("#")[0].removesuffix("0").removesuffix("1").split("-", 1)[-1]
        for name in cases.OPS
    }
    without = set(RECORDED["signatures"]) - used
    assert {name for name in without if f"ops.{name}" not in absent.MISSING} <= {
        "convert_to_numpy", "eig", "view_as_complex", "empty_like", "log1p", "expm1",
        "i0", "log10", "identity", "rot90", "polar", "svd", "logaddexp2",
    }  # fmt: skip
