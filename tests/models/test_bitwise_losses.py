"""Recorded steps give the bits of written ones, for every loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from replaying import (
    BINARY,
    CLASSES,
    LOSS_DATA,
    ONE_HOT,
    SIZES,
    agree,
    kind_of,
    small,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import losses

SIGNS = 2 * BINARY - 1
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "BinaryFocalCrossentropy": [{"apply_class_balancing": True}],
    "CategoricalFocalCrossentropy": [{"alpha": [0.1, 0.2, 0.7]}],
    "CategoricalGeneralizedCrossEntropy": [{"q": 0.3}],
    "Circle": [{"remove_diagonal": False, "gamma": 8.0}],
    "CosineSimilarity": [{"axis": 0}],
    "Dice": [{"axis": -1}],
    "Huber": [{"delta": 0.3}],
    "Tversky": [{"alpha": 0.2, "axis": (1,)}],
}
# Targets, number of outputs and last activation where the name does not say them.
DATA: dict[str, tuple[Any, int, Any]] = {
    "categoricalgeneralizedcrossentropy": LOSS_DATA["sparse"],
    "circle": (CLASSES, 3, "tanh"),
    "ctc": (1 + np.stack([CLASSES, CLASSES[::-1]], 1), 4, None),
    "dice": (BINARY, 1, "sigmoid"),
    "hinge": (SIGNS, 1, "tanh"),
    "kldivergence": (ONE_HOT, 3, "softmax"),
    "squaredhinge": (BINARY, 1, "tanh"),
    "tversky": (BINARY, 1, "sigmoid"),
}


class InTime(keras.layers.Layer):
    """Predictions at six times, for a loss that needs a sequence of them."""

    def call(self, x: Any) -> Any:
        return x[:, None] * np.linspace(-2, 3, 6)[:, None].astype("float32")


def loss_cases() -> Iterator[Any]:
    for name in sorted(things(losses.registry)):
        found = losses.registry.find(name)
        if name != "categorical_generalized_cross_entropy":  # q has no default
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
        for options in OPTIONS.get(name, []):
            yield pytest.param(name, options, id=f"{name}-{next(iter(options))}")


def model_for(name: str, options: dict[str, Any]) -> tuple[Any, Callable[[], Any]]:
    """Targets and the maker of a model for a loss."""
    key = name.lower().replace("_", "")
    y, units, last = DATA.get(key) or LOSS_DATA[kind_of(name)]
    found = losses.registry.find(name)

    def make() -> Any:
        loss = found(**options) if isinstance(found, type) else found
        model = small(
            loss, units=units, last=None if options.get("from_logits") else last
        )
        if key == "ctc":
            layers = [keras.layers.Dense(4, input_dim=3), InTime()]
            model = keras.Sequential(layers)
            model.compile("sgd", loss)
        return model

    return y, make


@pytest.mark.parametrize(
    ("name", "options"),
    [pytest.param(*case.values, id=case.id) for case in loss_cases()],
)
def test_loss(name: str, options: dict[str, Any]) -> None:
    y, make = model_for(name, options)
    agree(make, y=y, sizes=SIZES)


@pytest.mark.parametrize("last", ["sigmoid", None, "tanh"])
@pytest.mark.filterwarnings("ignore:.*probabilities")
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
