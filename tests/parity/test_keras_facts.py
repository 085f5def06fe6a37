"""Names, parameters, defaults, configs and the summary, as real Keras has them.

``LEFT_OUT`` lists the parameters of Keras that this package need not offer; what it
does offer has Keras's name, place and default.
"""

from __future__ import annotations

from typing import Any

import cases
import pytest
from comparison import compare, recorded

import tinygrad_lr as keras

RECORDED = recorded("facts")
LEFT_OUT = {
    *("use_ema", "ema_momentum", "ema_overwrite_frequency"),
    *("loss_scale_factor", "gradient_accumulation_steps", "auto_scale_loss"),
    *("lora_rank", "lora_alpha", "quantization_config"),
    *("sparse", "ragged", "optional", "tensor", "input_tensor"),
    *("input_axes", "output_axes", "positions", "expand_nested", "layer_range"),
    *("steps_per_execution", "loss_weights"),
}


def names(*starts: str) -> list[str]:
    """The cases whose names start in one of these ways."""
    return [name for name in cases.FACTS if name.startswith(starts)]


def offered(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Keras's entries without those that are left out here."""
    return {k: v for k, v in expected.items() if k in found or k not in LEFT_OUT}


@pytest.mark.parametrize("name", names("signature"))
def test_parameters_and_defaults(name: str) -> None:
    found = cases.FACTS[name](keras)
    assert list(found.items()) == list(offered(RECORDED[name], found).items())


@pytest.mark.parametrize("name", names("config"))
def test_get_config(name: str) -> None:
    found = cases.FACTS[name](keras)
    expected = offered(RECORDED[name], found)
    for entry in (*found.values(), *expected.values()):
        if isinstance(entry, dict) and "config" in entry:  # a nested object
            entry["config"] = {
                k: v for k, v in entry["config"].items() if k not in LEFT_OUT
            }
    assert sorted(found) == sorted(expected)
    compare({key: found[key] for key in expected}, expected, rtol=1e-6)


@pytest.mark.parametrize("name", names("names", "summary", "compiled"))
def test_names_and_summary(name: str) -> None:
    assert cases.FACTS[name](keras) == RECORDED[name]
