"""Recorded steps give the bits of written ones, for every loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from replaying import (
    CLASSES,
    LOSS_DATA,
    SIZES,
    agree,
    kind_of,
    small,
    things,
)

from tinygrad_lr import (
    losses,
)


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
