"""Recorded steps give the bits of written ones, for every metric."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import (
    LOSS_DATA,
    SIZES,
    agree,
    kind_of,
    small,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import (
    metrics,
)


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
