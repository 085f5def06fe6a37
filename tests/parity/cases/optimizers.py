"""Updates of every optimizer under each of its options, and rates of every schedule."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, array, label, plain, precision

STEPS = 25
SHAPES = {
    "scale": (),
    "bias": (3,),
    "kernel": (2, 3),
    "tall": (3, 2),
    "cube": (2, 2, 2),
}

# Options that only one optimizer has; every optimizer is also tried as it is.
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {"momentum": 0.9},
        {"momentum": 0.8, "nesterov": True},
    ],
    "Adam": [
        {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2},
        {"amsgrad": True, "beta_2": 0.8},
    ],
    "AdamW": [{"weight_decay": 0.3}, {"amsgrad": True, "beta_2": 0.8}],
    "RMSprop": [
        {"rho": 0.5, "epsilon": 1e-2},
        {"momentum": 0.6},
        {"centered": True, "rho": 0.8, "momentum": 0.3},
    ],
    "Adagrad": [{"initial_accumulator_value": 0.0, "epsilon": 1e-3}],
    "Adadelta": [{"rho": 0.6, "epsilon": 1e-3, "learning_rate": 1.0}],
    "Adamax": [{"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}],
    "Nadam": [{"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}],
    "Ftrl": [
        {"l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1},
        {"l2_shrinkage_regularization_strength": 0.1, "beta": 0.3},
        {"learning_rate_power": -0.8, "initial_accumulator_value": 0.5},
    ],
    "Lion": [{"beta_1": 0.5, "beta_2": 0.8}],
    "Lamb": [{"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}],
    "Adafactor": [
        {"beta_2_decay": -0.4, "clip_threshold": 0.3, "epsilon_2": 0.5},
        {"relative_step": False, "epsilon_1": 1e-3, "learning_rate": 0.5},
    ],
    "Muon": [
        {"nesterov": False, "momentum": 0.5, "ns_steps": 3, "rms_rate": None},
        {"muon_a": 3.0, "muon_b": -3.5, "muon_c": 1.5, "weight_decay": None},
        {
            "exclude_layers": ["tal"], "adam_beta_1": 0.5, "adam_beta_2": 0.8,
            "adam_lr_ratio": 0.5, "adam_weight_decay": None, "epsilon": 1e-2,
        },
    ],
    "ScheduleFreeAdamW": [
        {"beta_1": 0.6, "beta_2": 0.8, "epsilon": 1e-2, "warmup_steps": 10},
    ],
}  # fmt: skip

# What all optimizers share, tried on three that differ in what they remember.
COMMON: list[dict[str, Any]] = [
    {"weight_decay": 0.2},
    {"clipnorm": 0.7},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.9},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "weight_decay": 0.1},
    {"gradient_accumulation_steps": 4, "clipnorm": 0.4},
    {"loss_scale_factor": 16.0},
]
EVERYBODY = ("SGD", "Nadam", "Adafactor")


def start(dtype: str) -> dict[str, Array]:
    """Weights of all ranks; one is 0."""
    rng = np.random.default_rng(8)
    weights = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    weights["bias"][1] = 0.0
    return {name: weight.astype(dtype) for name, weight in weights.items()}


def gradient(weight: Array, step: int) -> Array:
    """A gradient that depends on the weight, so that no error is forgotten."""
    places = np.reshape(np.arange(weight.size), weight.shape)
    g = np.cos(2 * weight.astype("float64") + places + step / 3) * (1 + step % 5) / 3
    return np.asarray(g).astype(weight.dtype)


def follow(optimizer: Any, variables: list[Any], steps: int = STEPS) -> None:
    """Let an optimizer do some steps, with its loss scale in the gradients."""
    scale = optimizer.loss_scale_factor or 1.0
    for step in range(steps):
        gradients = [gradient(array(v), step) for v in variables]
        scaled = [(g * scale).astype(g.dtype) for g in gradients]
        optimizer.apply_gradients(zip(scaled, variables, strict=True))


def figures(optimizer: Any, variables: list[Any]) -> Any:
    """The weights, and the name, shape and sum of all that is remembered."""
    remembered = [
        [v.path, list(v.shape), float(np.sum(array(v), dtype="float64"))]
        for v in optimizer.variables
    ]
    return {
        "weights": {v.name: plain(array(v)) for v in variables},
        "remembered": remembered,
        "count": len(optimizer.variables),
        "iterations": int(array(optimizer.iterations)),
    }


def updates(
    keras: Keras,
    name: str,
    arguments: dict[str, Any],
    dtype: str,
    exclude: Callable[[list[Any]], dict[str, Any]] | None = None,
) -> Any:
    """Twenty-five steps from given weights, with gradients that depend on them."""
    with precision(keras, dtype):
        variables = [keras.Variable(w, name=n) for n, w in start(dtype).items()]
        rate = {"learning_rate": arguments.get("learning_rate", 0.05)}
        given = {**arguments, **rate, "name": name.lower()}
        if isinstance(given["learning_rate"], str):
            given["learning_rate"] = RATES[given["learning_rate"]](keras)
        optimizer = getattr(keras.optimizers, name)(**given)
        if exclude is not None:
            optimizer.exclude_from_weight_decay(**exclude(variables))
        follow(optimizer, variables)
        found = figures(optimizer, variables)
        optimizer.finalize_variable_values(variables)
        return found | {"final": plain(array(variables[2]))}


RATES: dict[str, Callable[[Keras], Any]] = {
    "schedule": lambda keras: keras.optimizers.schedules.CosineDecay(0.1, 20, 0.1),
    "function": lambda keras: lambda: 0.03,
}

ALONE: list[tuple[str, dict[str, Any]]] = [
    (name, options) for name, several in OWN.items() for options in ({}, *several)
]
SHARED: list[tuple[str, dict[str, Any]]] = [
    *itertools.product(EVERYBODY, COMMON),
    *((name, {"learning_rate": rate}) for name in EVERYBODY for rate in RATES),
]

UPDATES: dict[str, Case] = {
    label(name, arguments, dtype): partial(
        updates, name=name, arguments=arguments, dtype=dtype
    )
    for dtype, several in (("float32", ALONE), ("float64", [*ALONE, *SHARED]))
    for name, arguments in several
} | {
    f"{name}-exclude_{kind}-float64": partial(
        updates, name=name, arguments={"weight_decay": 0.3}, dtype="float64",
        exclude=exclude,
    )
    for name in ("AdamW", "Muon")
    for kind, exclude in {
        "names": lambda variables: {"var_names": ["bia", "tall"]},
        "list": lambda variables: {"var_list": variables[1:4]},
    }.items()
}  # fmt: skip


# -- optimizers that contain others ----------------------------------------------------


def scaled_loss(keras: Keras) -> Any:
    """Scales that grow, and gradients that are not finite, without side effects.

    (On JAX that is the only way in which Keras's own one works outside of ``fit``.)
    """
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.05, name="adam"), 8.0, 4, name="scaled"
    )
    variables = [keras.Variable(w, name=n) for n, w in start("float32").items()]
    optimizer.build(variables)
    scales = [float(array(optimizer.scale_loss(1.0)))]
    for step in range(STEPS):
        gradients = [gradient(array(v), step) * scales[-1] for v in variables]
        if step in (6, 7):
            gradients[2][0, 0] = (np.inf, np.nan)[step % 2]
        state = [array(v) for v in optimizer.variables]
        weights, state = optimizer.stateless_apply(
            state, gradients, [array(v) for v in variables]
        )
        for v, value in zip(variables, weights, strict=True):
            v.assign(value)
        for v, value in zip(optimizer.variables, state, strict=True):
            v.assign(value)
        scales.append(float(array(optimizer.scale_loss(1.0))))
    return figures(optimizer, variables) | {"scales": scales}


def several(keras: Keras) -> Any:
    """Paths, patterns and a default, with averages in one of the optimizers."""
    of = keras.optimizers
    chosen = of.OptimizerMap(of.SGD(0.05, use_ema=True, name="sgd"))
    chosen["kernel"] = of.Adam(0.02, name="adam")
    chosen["(tall|cube)"] = of.RMSprop(0.01, name="rms")
    optimizer = of.MultiOptimizer(chosen, loss_scale_factor=4.0, name="several")
    variables = [keras.Variable(w, name=n) for n, w in start("float32").items()]
    follow(optimizer, variables)
    return figures(optimizer, variables) | {
        "names": [inner.name for inner in optimizer.optimizers],
        "scales": [inner.loss_scale_factor for inner in optimizer.optimizers],
        "config": plain(of.serialize(optimizer)),
    }


# -- configurations and signatures -----------------------------------------------------


def configuration(keras: Keras, name: str) -> Any:
    """The default configuration, and one that has been through a round trip."""
    make = getattr(keras.optimizers, name)
    given = {"name": "own", "clipnorm": 0.5, "use_ema": True}
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    first = keras.optimizers.serialize(make(learning_rate=schedule, **given))
    second = keras.optimizers.serialize(
        keras.optimizers.deserialize(copy.deepcopy(first))
    )
    return {
        "default": plain(make(name="own").get_config()),
        "serialized": plain(first),
        "again": plain(second),
    }


def signature(keras: Keras, name: str) -> Any:
    """Arguments in their order, with their defaults."""
    parameters = inspect.signature(getattr(keras.optimizers, name)).parameters
    return [
        [p.name, None if p.default is p.empty else plain(p.default)]
        for p in parameters.values()
    ]


NAMES = (*OWN, "Optimizer")

# -- schedules -------------------------------------------------------------------------

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    label(name, arguments): (name, arguments)
    for name, arguments in (
        ("ExponentialDecay", {"decay_steps": 7, "decay_rate": 0.8}),
        ("ExponentialDecay", {"decay_steps": 7, "decay_rate": 0.8, "staircase": True}),
        ("InverseTimeDecay", {"decay_steps": 7, "decay_rate": 0.8}),
        ("InverseTimeDecay", {"decay_steps": 7, "decay_rate": 0.8, "staircase": True}),
        ("PolynomialDecay", {"decay_steps": 40}),
        ("PolynomialDecay", {"decay_steps": 40, "power": 0.5, "cycle": True}),
        ("PolynomialDecay", {"decay_steps": 40, "power": 3, "end_learning_rate": 0.01}),
        ("CosineDecay", {"decay_steps": 60}),
        ("CosineDecay", {"decay_steps": 60, "alpha": 0.1}),
        (
            "CosineDecay",
            {"decay_steps": 60, "warmup_target": 0.9, "warmup_steps": 15, "alpha": 0.2},
        ),
        ("CosineDecayRestarts", {"first_decay_steps": 9}),
        ("CosineDecayRestarts", {"first_decay_steps": 9, "t_mul": 1.0, "m_mul": 0.7}),
        (
            "CosineDecayRestarts",
            {"first_decay_steps": 9, "t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1},
        ),
        (
            "PiecewiseConstantDecay",
            {"boundaries": [10, 20, 50], "values": [0.5, 0.2, 0.1, 0.05]},
        ),
        ("PiecewiseConstantDecay", {"boundaries": [10], "values": [0.5, 0.2]}),
    )
}
AT = (0, 1, 2, 5, 8, 10, 11, 16, 20, 23, 30, 40, 41, 55, 60, 79, 80, 81, 200, 1001)


def rates(keras: Keras, name: str, arguments: dict[str, Any], dtype: str) -> Any:
    """Learning rates at many steps, and the configuration."""
    with precision(keras, dtype):
        rate = {} if "values" in arguments else {"initial_learning_rate": 0.5}
        schedules = keras.optimizers.schedules
        schedule = getattr(schedules, name)(**rate, **arguments)
        config = schedules.serialize(schedule)
        again = schedules.deserialize(copy.deepcopy(config))
        return {
            "rates": [float(array(schedule(step))) for step in AT],
            "again": [float(array(again(step))) for step in AT[::5]],
            "config": plain(config),
        }


OPTIMIZERS: dict[str, Case] = (
    UPDATES
    | {"LossScaleOptimizer": scaled_loss, "MultiOptimizer": several}
    | {f"config-{name}": partial(configuration, name=name) for name in OWN}
    | {f"signature-{name}": partial(signature, name=name) for name in NAMES}
    | {
        label("schedule", name, dtype): partial(
            rates, name=kind, arguments=arguments, dtype=dtype
        )
        for name, (kind, arguments) in SCHEDULES.items()
        for dtype in ("float32", "float64")
    }
)
