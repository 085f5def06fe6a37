"""Recorded steps give the bits of written ones, for every optimizer and schedule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, SIZES, X, agree, small, things

import tinygrad_lr as keras
from tinygrad_lr import optimizers
from tinygrad_lr.compiler.families import find_families
from tinygrad_lr.optimizers import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    OptimizerMap,
    RMSprop,
    ScheduleFreeAdamW,
    schedules,
)

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
# Tried with all common options: what they touch is the same for the others.
EVERYBODY = (SGD, Adam, RMSprop, Nadam, Adafactor, Muon)
BETAS = {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}
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
    AdamW: {"own": {"weight_decay": 0.1, "amsgrad": True, **BETAS}},
    Adagrad: {"own": {"initial_accumulator_value": 0.5, "epsilon": 1e-3}},
    Adadelta: {"own": {"rho": 0.7, "epsilon": 1e-3}},
    Adamax: {"own": BETAS},
    Nadam: {"own": BETAS},
    Lamb: {"own": BETAS},
    ScheduleFreeAdamW: {"own": {"warmup_steps": 7, **BETAS}},
    Lion: {"own": {"beta_1": 0.5, "beta_2": 0.9}},
    Ftrl: {
        "penalties": {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
        },
        "own": {
            "learning_rate_power": -0.7,
            "initial_accumulator_value": 0.5,
            "beta": 0.2,
        },
    },
    Adafactor: {
        "own": {
            "beta_2_decay": -0.5,
            "epsilon_1": 1e-4,
            "epsilon_2": 0.1,
            "clip_threshold": 0.5,
            "relative_step": False,
        }
    },
    Muon: {
        "coefficients": {"muon_a": 3.0, "muon_b": -3.5, "muon_c": 1.5, "ns_steps": 3},
        "momentum": {"momentum": 0.5, "nesterov": False, "rms_rate": None},
        "adam": {
            "exclude_layers": ["dense_1"],
            "exclude_embeddings": False,
            "adam_beta_1": 0.5,
            "adam_beta_2": 0.9,
            "adam_weight_decay": 0.1,
            "adam_lr_ratio": 0.5,
            "epsilon": 1e-3,
        },
    },
}


def scaled() -> LossScaleOptimizer:
    return LossScaleOptimizer(
        Adam(0.05), initial_scale=2.0**125, dynamic_growth_steps=4
    )


def divided() -> MultiOptimizer:
    chosen = {".*kernel": Adam(0.05), ".*bias": SGD(0.1, momentum=0.5)}
    return MultiOptimizer(OptimizerMap(RMSprop(), chosen), loss_scale_factor=4.0)


CONTAINERS = {LossScaleOptimizer: scaled, MultiOptimizer: divided}


def optimizer_cases() -> Iterator[Any]:
    for kind, own in OWN.items():
        shared = COMMON if kind in EVERYBODY else {"plain": {}}
        for name, options in {**shared, **own}.items():
            yield pytest.param(kind, options, id=f"{kind.__name__}-{name}")


def test_every_optimizer_and_each_of_its_options_has_a_case() -> None:
    kinds = {*OWN, *CONTAINERS, OptimizerMap}
    assert {kind.__name__ for kind in kinds} == things(optimizers.registry)
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


@pytest.mark.parametrize(("kind", "options"), [*optimizer_cases()])
def test_optimizer(kind: Any, options: dict[str, Any]) -> None:
    agree(
        lambda: small(optimizer=kind(0.05, **options)),
        sizes=SIZES,
    )


@pytest.mark.parametrize("kind", CONTAINERS)
def test_optimizers_that_contain_others(kind: Any) -> None:
    agree(lambda: small(optimizer=CONTAINERS[kind]()))


def test_a_step_whose_scaled_gradients_overflow_is_left_out() -> None:
    model = small("mse", scaled(), last="linear")
    before = [w.numpy() for w in model.variables]
    with np.errstate(over="ignore"):
        model.fit(X[:4], 1e5 * BINARY[:4], batch_size=4, epochs=1, verbose=0)
    for w, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(w.numpy(), old)
    assert model.optimizer.iterations.item() == 0
    assert model.optimizer.dynamic_scale.item() == 2.0**124


def test_a_scaled_loss_changes_no_step() -> None:
    def trained(optimizer: Any) -> list[Any]:
        keras.utils.set_random_seed(3)
        model = small(optimizer=optimizer)
        model.fit(X, BINARY, batch_size=4, epochs=3, verbose=0)
        return list(model.get_weights())

    plain = trained(Adam(0.05))
    for other in (
        Adam(0.05, loss_scale_factor=1024.0),
        LossScaleOptimizer(Adam(0.05), dynamic_growth_steps=3),
    ):
        for w, expected in zip(trained(other), plain, strict=True):
            np.testing.assert_array_equal(w, expected)  # powers of two are exact


def test_updates_of_all_weights_are_joined() -> None:
    # The layers' updates run as one chain over all weights, laid out flat.
    elementwise = (
        SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, Adamax, Nadam, Ftrl, Lion,
        ScheduleFreeAdamW,
    )  # fmt: skip
    for kind in elementwise:
        model = small(optimizer=kind(0.05))
        model.fit(X, BINARY, batch_size=11, verbose=0)
        families = find_families(model.train_function.program)
        assert [len(family.members) for family in families] == [4], kind


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_schedule(kind: Any, name: str) -> None:
    agree(lambda: small(optimizer=kind(SCHEDULES[name]())))
