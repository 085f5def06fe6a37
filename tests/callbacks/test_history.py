"""History: keys as Keras has them, and both spellings of accuracy."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import History
from tinygrad_lr.callbacks.history import Logs


@pytest.mark.parametrize(("given", "other"), [("acc", "accuracy"), ("accuracy", "acc")])
def test_both_spellings_of_accuracy(given: str, other: str) -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=1)])
    model.compile("sgd", "mse", metrics=[given])
    x = np.ones((4, 1))
    history = model.fit(x, x, epochs=2, verbose=0, validation_data=(x, x)).history
    assert list(history) == [given, "loss", f"val_{given}", "val_loss"]
    assert history[other] == history[given]
    assert history[f"val_{other}"] == history[f"val_{given}"]
    assert other in history
    assert history.get(other) == history[given]


@pytest.mark.parametrize("units", [1, 3])
def test_a_metric_per_class_is_an_array_as_written_and_as_recorded(units: int) -> None:
    y = np.eye(3)[:, :units]
    for eagerly in (True, False):
        model = keras.Sequential([keras.layers.Dense(units, input_dim=3)])
        metric = keras.metrics.F1Score(average=None, threshold=0.5, name="f1")
        model.compile("sgd", "mse", metrics=[metric], run_eagerly=eagerly)
        found = model.fit(np.ones((3, 3)), y, epochs=3, verbose=0).history["f1"]
        found.append(model.train_on_batch(np.ones((3, 3)), y)[1])
        assert [(type(f), f.shape) for f in found] == 4 * [(np.ndarray, (units,))]


def test_logs_are_an_ordinary_dict_otherwise() -> None:
    logs = Logs(accuracy=1.0, loss=2.0)
    assert logs == {"accuracy": 1.0, "loss": 2.0}
    assert json.loads(json.dumps(logs)) == logs
    assert pickle.loads(pickle.dumps(logs))["acc"] == 1.0
    assert logs.get("nothing") is None
    assert "nothing" not in logs
    assert 3 not in logs
    with pytest.raises(KeyError, match="nothing"):
        logs["nothing"]
    with pytest.raises(KeyError, match="val_acc"):
        logs["val_acc"]


def test_a_second_fit_has_a_history_of_its_own() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1))
    first = model.fit(x, x, epochs=2, verbose=0)
    second = model.fit(x, x, epochs=3, initial_epoch=2, verbose=0)
    assert isinstance(first, History)
    assert (first.epoch, second.epoch) == ([0, 1], [2])
    assert len(second.history["loss"]) == 1
    assert model.history is second


def test_no_epoch_gives_an_empty_history() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1))
    assert model.fit(x, x, epochs=0, verbose=0).history == {}
    assert model.fit(x, x, epochs=1, initial_epoch=3, verbose=0).epoch == []
