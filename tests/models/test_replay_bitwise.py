"""Recorded steps give the bits of written ones, for everything the package has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, CLASSES, ONE_HOT, POSITIVE, X, agree, bits, run, small

import tinygrad_lr as keras
from tinygrad_lr import (
    activations,
    constraints,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from tinygrad_lr.layers import Activation, Dense
from tinygrad_lr.optimizers import SGD, Adam, RMSprop, schedules

SIZES = {
    4: 9,
    8: 17,
}  # 22 rows: six batches of four with two left, three of eight with six


def things(registry: Any) -> set[str]:
    """The names of all that a registry knows, aliases left out."""
    return {thing.__name__ for thing in registry.entries.values()}


# -- activations -----------------------------------------------------------------------

ACTIVATIONS: dict[str, Any] = {
    "threshold": lambda x: activations.threshold(x, 0.1, -0.2),
}


class Chain(keras.Model):
    """Layers in a row, built when they meet their inputs (glu halves the last axis)."""

    def __init__(self, row: list[Any]) -> None:
        super().__init__()
        self.row = row

    def call(self, x: Any) -> Any:
        for layer in self.row:
            x = layer(x)
        return x


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("name", sorted(things(activations.registry)))
def test_activation(name: str, batch_size: int) -> None:
    activation = ACTIVATIONS.get(name, name)

    def make() -> Any:
        model = Chain(
            [Dense(6), Activation(activation), Dense(4, activation), Dense(2)]
        )
        model.compile(SGD(0.003), "mse")
        return model

    agree(make, y=POSITIVE[:, :2], batch_size=batch_size, epochs=SIZES[batch_size])


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "softmax", "gelu", "mish"])
def test_activation_of_large_batches(name: str) -> None:
    x = np.random.default_rng(1).normal(size=(700, 3)).astype("float32")
    agree(
        lambda: small("mse", activation=name, units=3, last=name),
        x,
        x,
        batch_size=300,
        epochs=4,
    )


# -- losses ----------------------------------------------------------------------------

LOSS_DATA: dict[str, tuple[Any, int, str]] = {
    "binary": (BINARY, 1, "sigmoid"),
    "categorical": (ONE_HOT, 3, "softmax"),
    "sparse": (CLASSES, 3, "softmax"),
    "regression": (POSITIVE, 3, "softplus"),
}


def kind_of(name: str) -> str:
    lowered = name.lower().replace("_", "")
    for kind in ("binary", "sparse", "categorical"):
        if lowered.startswith(kind) or f"{kind}" in lowered:
            return kind
    return "regression"


def loss_cases() -> Iterator[Any]:
    for name in sorted(things(losses.registry)):
        found = losses.registry.find(name)
        yield pytest.param(name, {}, id=name)
        if not isinstance(found, type):
            continue
        for reduction in ("sum", "mean"):
            yield pytest.param(name, {"reduction": reduction}, id=f"{name}-{reduction}")
        if "rossentropy" in name:
            yield pytest.param(name, {"from_logits": True}, id=f"{name}-logits")
            if "Sparse" in name:
                yield pytest.param(name, {"ignore_class": 1}, id=f"{name}-ignore")
            else:
                yield pytest.param(name, {"label_smoothing": 0.1}, id=f"{name}-smooth")
        if name == "BinaryFocalCrossentropy":
            balanced = {"apply_class_balancing": True}
            yield pytest.param(name, balanced, id=f"{name}-balanced")
        if name == "Huber":
            yield pytest.param(name, {"delta": 0.3}, id=f"{name}-delta")


@pytest.mark.parametrize(
    ("name", "options", "batch_size"),
    [
        pytest.param(*case.values, size, id=f"{case.id}-{size}")
        for case in loss_cases()
        for size in SIZES
        if size == 8 or not case.values[1]
    ],
)
def test_loss(name: str, options: dict[str, Any], batch_size: int) -> None:
    y, units, last = LOSS_DATA[kind_of(name)]
    found = losses.registry.find(name)
    agree(
        lambda: small(
            found(**options) if isinstance(found, type) else found,
            units=units,
            last=None if options.get("from_logits") else last,
        ),
        y=y,
        batch_size=batch_size,
        epochs=SIZES[batch_size],
    )


@pytest.mark.parametrize("last", ["sigmoid", None, "tanh"])
def test_probabilities_that_are_not_of_a_sigmoid(last: Any) -> None:
    agree(lambda: small("binary_crossentropy", last=last))


def test_weights_of_samples_and_classes() -> None:
    weight = np.linspace(0, 2, 22)
    agree(
        lambda: small(metrics=["acc"], weighted_metrics=["acc", "mse"]),
        sample_weight=weight,
    )
    agree(
        lambda: small("sparse_categorical_crossentropy", units=3, last="softmax"),
        y=CLASSES,
        class_weight={0: 1.0, 1: 2.0, 2: 0.5},
    )


# -- metrics ---------------------------------------------------------------------------


class OfPredictions(keras.metrics.Metric):
    """Lets Mean and Sum, which take values, measure predictions."""

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = kind()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.inner.update_state(y_pred)

    def result(self) -> Any:
        return self.inner.result()


def metric_of(name: str) -> Any:
    found = metrics.registry.find(name)
    if name in ("Mean", "Sum"):
        return OfPredictions(found, name="of_predictions")
    if name == "MeanMetricWrapper":
        return found(lambda t, p: np.mean(np.absolute(t - p) ** 3, axis=-1))
    return found() if isinstance(found, type) else found


def metric_data(name: str) -> tuple[Any, int, str]:
    if name in ("TopKCategoricalAccuracy", "CategoricalAccuracy"):
        return LOSS_DATA["categorical"]
    if name in ("Accuracy", "Mean", "Sum", "MeanMetricWrapper"):
        return LOSS_DATA["binary"]
    return LOSS_DATA[kind_of(name)]


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("name", sorted(things(metrics.registry)))
def test_metric(name: str, batch_size: int) -> None:
    y, units, last = metric_data(name)
    loss = "sparse_categorical_crossentropy" if y.ndim == 1 else "mse"
    got = agree(
        lambda: small(loss, units=units, last=last, metrics=[metric_of(name)]),
        y=y,
        batch_size=batch_size,
        epochs=SIZES[batch_size],
    )
    assert len(got["history"]) == 2


# -- optimizers ------------------------------------------------------------------------

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


# -- layers, regularizers, constraints -------------------------------------------------

LAYERS: dict[str, list[Callable[[], Any]]] = {
    "Dense": [
        lambda: Dense(4, use_bias=False),
        lambda: Dense(4, activity_regularizer="l2"),
        lambda: Dense(1),
        lambda: Dense(4, activation="relu", kernel_initializer="he_normal"),
    ],
    "Activation": [lambda: Activation("elu"), lambda: Activation(np.sin)],
    "InputLayer": [],
    "Layer": [],
}
REGULARIZERS: dict[str, Any] = {
    "L1": regularizers.L1(0.02),
    "L2": regularizers.L2(0.02),
    "L1L2": regularizers.L1L2(0.01, 0.02),
    "OrthogonalRegularizer": regularizers.OrthogonalRegularizer(0.1),
    "OrthogonalRegularizer-columns": regularizers.OrthogonalRegularizer(0.1, "columns"),
}
CONSTRAINTS: dict[str, Any] = {
    "MaxNorm": constraints.MaxNorm(0.5),
    "NonNeg": constraints.NonNeg(),
    "UnitNorm": constraints.UnitNorm(),
    "MinMaxNorm": constraints.MinMaxNorm(0.3, 0.9, 0.5),
}


def test_all_classes_have_a_case() -> None:
    assert things(layers.registry) == set(LAYERS)
    assert things(regularizers.registry) == {n.split("-")[0] for n in REGULARIZERS}
    assert things(constraints.registry) == {n.split("-")[0] for n in CONSTRAINTS}


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize(
    "make",
    [make for cases in LAYERS.values() for make in cases],
    ids=[f"{name}{i}" for name, cases in LAYERS.items() for i in range(len(cases))],
)
def test_layer(make: Callable[[], Any], batch_size: int) -> None:
    def model() -> Any:
        made = keras.Sequential([keras.Input((3,)), make(), Dense(1, "sigmoid")])
        made.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return made

    agree(model, batch_size=batch_size, epochs=SIZES[batch_size])


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("name", [*REGULARIZERS, *CONSTRAINTS])
def test_regularizer_or_constraint(name: str, batch_size: int) -> None:
    def model() -> Any:
        options: dict[str, Any] = {}
        if name in REGULARIZERS:
            options["kernel_regularizer"] = REGULARIZERS[name]
        else:
            options["kernel_constraint"] = CONSTRAINTS[name]
            options["bias_constraint"] = CONSTRAINTS[name]
        made = keras.Sequential(
            [Dense(4, "tanh", input_dim=3, **options), Dense(1, "sigmoid", **options)]
        )
        made.compile(SGD(0.1, momentum=0.5), "binary_crossentropy")
        return made

    agree(model, batch_size=batch_size, epochs=SIZES[batch_size])


# -- dtypes, sizes, frozen layers ------------------------------------------------------


@pytest.fixture
def float64() -> Iterator[None]:
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("kind", LOSS_DATA)
def test_float64(kind: str, optimizer: str) -> None:
    y, units, last = LOSS_DATA[kind]
    loss = {"regression": "mse"}.get(kind, f"{kind}_crossentropy").replace(
        "sparse_", "sparse_categorical_"
    )
    got = agree(
        lambda: small(
            loss,
            optimizer,
            units=units,
            last=last,
            metrics=["mae"] if kind == "regression" else ["acc"],
        ),
        X.astype("float64"),
        y,
    )
    assert got["predict"].dtype == "float64"


def large(optimizer: Any, frozen: int | None = None) -> Callable[[], Any]:
    def make() -> Any:
        model = keras.Sequential(
            [
                Dense(256, "relu", input_dim=784),
                Dense(64, "tanh"),
                Dense(10, "softmax"),
            ]
        )
        if frozen is not None:
            model.layers[frozen].trainable = False
        model.compile(
            optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    return make


IMAGES = np.random.default_rng(3).random(size=(150, 784)).astype("float32")
DIGITS = np.random.default_rng(4).integers(0, 10, size=150)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: "sgd",
        lambda: SGD(0.01, momentum=0.9, nesterov=True),
        lambda: Adam(0.01, amsgrad=True),
        lambda: Adam(0.01, weight_decay=0.01),
        lambda: Adam(0.01, global_clipnorm=0.5),
        lambda: RMSprop(0.01, centered=True, momentum=0.3),
        lambda: Adam(use_ema=True, ema_overwrite_frequency=3),
        lambda: Adam(gradient_accumulation_steps=2),
    ],
    ids=["sgd", "nesterov", "amsgrad", "decay", "global_clipnorm", "rmsprop", "ema", "accumulation"],  # noqa: E501
)  # fmt: skip
def test_large_model_with_buffers_families_and_blocks(optimizer: Any) -> None:
    agree(lambda: large(optimizer())(), IMAGES, DIGITS, batch_size=64, epochs=4)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_large_model_with_a_frozen_layer(frozen: int) -> None:
    agree(large("adam", frozen), IMAGES, DIGITS, batch_size=64, epochs=2)


@pytest.mark.parametrize("frozen", [0, 1])
def test_small_model_with_a_frozen_layer(frozen: int) -> None:
    def make() -> Any:
        model = small(optimizer="adam")
        model.layers[frozen].trainable = False
        model.compile("adam", "binary_crossentropy")
        return model

    agree(make)


def test_a_difference_would_be_found() -> None:
    one = run(lambda: small(), X, BINARY, True, 4, 9)
    other = run(lambda: small(optimizer=SGD(0.0100001)), X, BINARY, False, 4, 9)
    assert bits(one["weights"]) != bits(other["weights"])
