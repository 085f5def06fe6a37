"""Classes of the user's, inside others, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import saving
from tinygrad_lr.models import load_model


class Twice(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


class Ones(keras.initializers.Initializer):
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.ones(shape, dtype or "float32")


class Slower(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.5 / (step + 1.0)

    def get_config(self) -> dict[str, Any]:
        return {}


def thrice(x: Any) -> Any:
    return x * 3


def far(y_true: Any, y_pred: Any) -> Any:
    return np.mean(np.abs(y_true - y_pred))


OWN = {thing.__name__: thing for thing in (Twice, Ones, Slower, thrice, far)}


def with_own_inside() -> Any:
    """A compiled model with the user's classes and functions deep inside."""
    dense = keras.layers.Dense(2, activation=thrice, kernel_initializer=Ones())
    inner = keras.Sequential([keras.Input((3,)), Twice(), dense])
    layers = [
        keras.layers.TimeDistributed(Twice()),
        keras.layers.TimeDistributed(inner),
        keras.layers.Lambda(thrice),
    ]
    model = keras.Sequential([keras.Input((4, 3)), *layers])
    sgd = keras.optimizers.SGD(Slower())
    model.compile(keras.optimizers.LossScaleOptimizer(sgd), far, metrics=[far])
    return model


WAYS: dict[str, Any] = {
    "from_config": lambda m: keras.Sequential.from_config(m.get_config(), OWN),
    "json": lambda m: keras.models.model_from_json(m.to_json(), OWN),
    "layers": lambda m: keras.layers.deserialize(keras.layers.serialize(m), OWN),
    "objects": lambda m: saving.deserialize_keras_object(
        saving.serialize_keras_object(m), OWN
    ),
}


@pytest.mark.parametrize("way", [*WAYS, "m.keras", "m.h5", "m.npz"])
def test_custom_objects_reach_what_is_inside(tmp_path: Path, way: str) -> None:
    model = with_own_inside()
    if way in WAYS:
        found = WAYS[way](model)
    else:
        model.save(tmp_path / way)
        found = load_model(tmp_path / way, OWN)
        rate = found.optimizer.inner_optimizer.get_config()["learning_rate"]
        assert rate["class_name"] == "Slower"
        with pytest.raises(saving.UnknownObjectError, match="custom_objects"):
            load_model(tmp_path / way)
    x = np.ones((2, 4, 3), "float32")
    np.testing.assert_array_equal(found(x).numpy(), model(x).numpy())
