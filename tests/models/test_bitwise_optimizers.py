"""Recorded steps give the bits of written ones, for every optimizer and schedule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from replaying import (
    SIZES,
    agree,
    small,
    things,
)

from tinygrad_lr import (
    optimizers,
)
from tinygrad_lr.optimizers import SGD, Adam, RMSprop, schedules

SCHEDULES: dict[str, Any] = {
    "ExponentialDecay": lambda: schedules.ExponentialDecay(0.1, 5, 0.7),
    "ExponentialDecay-stairs": lambda: schedules.ExponentialDecay(0.1, 5, 0.7, True),
    "InverseTimeDecay": lambda: schedules.InverseTimeDecay(0.1, 5, 0.7),
    "InverseTimeDecay-stairs": lambda: schedules.InverseTimeDecay(0.1, 5, 0.7, True),
    "PiecewiseConstantDecay": lambda: schedules.PiecewiseConstantDecay(
        [5, 20], [0.1, 0.03, 0.2]
    ),
    "PolynomialDecay": lambda: schedules.PolynomialDecay(0.1, 20, power=2.0),
    "PolynomialDecay-cycle": lambda: schedules.PolynomialDecay(0.1, 7, cycle=True),
    "CosineDecay": lambda: schedules.CosineDecay(0.1, 30, 0.1),
    "CosineDecay-warmup": lambda: schedules.CosineDecay(
        0.01, 30, warmup_target=0.1, warmup_steps=8
    ),
    "CosineDecayRestarts": lambda: schedules.CosineDecayRestarts(0.1, 7),
    "CosineDecayRestarts-same": lambda: schedules.CosineDecayRestarts(0.1, 7, 1.0, 0.9),
}
COMMON: dict[str, dict[str, Any]] = {
    "plain": {},
    "weight_decay": {"weight_decay": 0.01},
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.02},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "use_ema": {"use_ema": True, "ema_momentum": 0.9},
    "ema_overwrite": {"use_ema": True, "ema_overwrite_frequency": 4},
    "accumulation": {"gradient_accumulation_steps": 3},
    "accumulation_ema": {"gradient_accumulation_steps": 3, "use_ema": True},
    "accumulation_decay": {"gradient_accumulation_steps": 2, "weight_decay": 0.01},
    "loss_scale_factor": {"loss_scale_factor": 8.0},
}
OWN: dict[type, dict[str, dict[str, Any]]] = {
    SGD: {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "nesterov_clipnorm": {"momentum": 0.9, "nesterov": True, "clipnorm": 0.1},
    },
    Adam: {
        "amsgrad": {"amsgrad": True},
        "betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        "amsgrad_decay": {"amsgrad": True, "weight_decay": 0.02},
    },
    RMSprop: {
        "momentum": {"momentum": 0.9},
        "centered": {"centered": True},
        "all": {"centered": True, "momentum": 0.5, "rho": 0.7, "epsilon": 1e-3},
    },
}


def optimizer_cases() -> Iterator[Any]:
    for kind, own in OWN.items():
        for name, options in {**COMMON, **own}.items():
            yield pytest.param(kind, options, id=f"{kind.__name__}-{name}")


def test_every_optimizer_and_each_of_its_options_has_a_case() -> None:
    assert {kind.__name__ for kind in OWN} == things(optimizers.registry)
    for kind, own in OWN.items():
        tried = {name for case in {**COMMON, **own}.values() for name in case}
        config = kind().get_config()
        without = {"name", "learning_rate"}
        assert set(config) - without <= tried | {"ema_momentum"}, kind


def test_every_schedule_has_a_case() -> None:
    base = schedules.LearningRateSchedule
    kinds = {
        name
        for name, thing in vars(schedules).items()
        if isinstance(thing, type) and issubclass(thing, base)
    }
    cases = {name.split("-")[0] for name in SCHEDULES}
    assert kinds - {"LearningRateSchedule", "Settings"} == cases


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize(("kind", "options"), [*optimizer_cases()])
def test_optimizer(kind: Any, options: dict[str, Any], batch_size: int) -> None:
    agree(
        lambda: small(optimizer=kind(0.05, **options)),
        batch_size=batch_size,
        epochs=SIZES[batch_size],
    )


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_schedule(kind: Any, name: str) -> None:
    agree(lambda: small(optimizer=kind(SCHEDULES[name]())))
