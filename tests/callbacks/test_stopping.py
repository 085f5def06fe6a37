"""EarlyStopping, TerminateOnNaN and LearningRateScheduler, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import (
    EarlyStopping,
    LearningRateScheduler,
    TerminateOnNaN,
)

X = np.ones((4, 1), "float32")


def model_of(metrics: Any = None) -> keras.Sequential:
    model = keras.Sequential(
        [keras.layers.Dense(1, input_dim=1, kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=metrics)
    return model


class Told:
    """A stand-in for a model, for a callback that is told values one by one."""

    metrics: tuple[Any, ...] = ()
    stop_training = False

    def __init__(self) -> None:
        self.epoch = -1

    def get_weights(self) -> int:
        return self.epoch

    def set_weights(self, weights: int) -> None:
        self.restored = weights


def run(callback: EarlyStopping, values: list[float], name: str = "loss") -> Told:
    model = Told()
    callback.set_model(model)
    callback.on_train_begin()
    for model.epoch, value in enumerate(values):
        callback.on_epoch_end(model.epoch, {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model


@pytest.mark.parametrize(
    ("arguments", "values", "last"),
    [
        ({"patience": 0}, [3, 2, 2, 1], 2),
        ({"patience": 2}, [3, 2, 2, 2, 1], 3),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.6, 2.4, 2.2], 1),
        ({"patience": 1, "mode": "max"}, [1, 2, 1, 0], 2),
        ({"patience": 3, "baseline": 0.5}, [3, 2, 2, 2], 2),
        ({"patience": 0, "start_from_epoch": 2}, [1, 2, 3, 4], 3),
    ],
)
def test_it_ends_when_nothing_improves(
    arguments: dict[str, Any], values: list[float], last: int
) -> None:
    model = run(EarlyStopping("loss", **arguments), values)
    assert model.stop_training
    assert model.epoch == last


def test_the_best_weights_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    callback = EarlyStopping("loss", patience=1, restore_best_weights=True, verbose=1)
    assert run(callback, [3, 1, 2, 0]).restored == 1
    assert capsys.readouterr().out == (
        "Epoch 3: early stopping\n"
        "Restoring model weights from the end of the best epoch: 2.\n"
    )


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("loss", -1),
        ("val_loss", -1),
        ("val_acc", 1),
        ("val_accuracy", 1),
        ("mae", -1),
        ("binary_accuracy", 1),
    ],
)
def test_the_direction_is_what_the_metric_says(name: str, sign: int) -> None:
    model = model_of(["accuracy", "binary_accuracy", "mae"])
    model.fit(X, X, verbose=0)
    callback = EarlyStopping(name)
    callback.set_model(model)
    assert callback.direction() == sign


def test_a_metric_nobody_knows_needs_a_mode() -> None:
    with pytest.raises(ValueError, match="Pass mode='max' or mode='min'"):
        run(EarlyStopping("wonder"), [1, 2], "wonder")


def test_a_metric_that_is_not_there_gives_a_warning() -> None:
    callback = EarlyStopping("val_loss")
    with pytest.warns(
        UserWarning, match="`val_loss` is not available. Available metrics are: loss$"
    ):
        model_of().fit(X, X, verbose=0, callbacks=[callback])


def test_either_spelling_of_accuracy_can_be_monitored() -> None:
    callback = EarlyStopping("val_acc", patience=1, mode="max")
    model = model_of(["accuracy"])
    model.fit(X, X, epochs=9, verbose=0, validation_data=(X, X), callbacks=[callback])
    assert callback.stopped_epoch > 0


def test_it_can_be_used_again() -> None:
    callback = EarlyStopping("loss")
    run(callback, [1, 2])
    assert run(callback, [5, 4, 3]).epoch == 2


def test_an_unknown_mode_is_auto() -> None:
    with pytest.warns(UserWarning, match="got 'up'"):
        assert EarlyStopping("loss", mode="up").mode == "auto"


def test_terminate_on_nan(capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of()
    with pytest.warns(UserWarning, match="NaN|nan"):
        model.fit(X * np.nan, X, epochs=3, verbose=0, callbacks=[TerminateOnNaN()])
    assert model.history.epoch == [0]
    assert capsys.readouterr().out == "Batch 0: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="the loss is nan at batch 0"):
        TerminateOnNaN(raise_error=True).on_batch_end(0, {"loss": float("nan")})


@pytest.mark.parametrize(
    "schedule", [lambda epoch, rate: rate / 2, lambda epoch: 0.1 * 0.5 ** (epoch + 1)]
)
def test_learning_rate_scheduler(
    schedule: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model = model_of()
    scheduler = LearningRateScheduler(schedule, verbose=1)
    history = model.fit(X, X, epochs=2, verbose=0, callbacks=[scheduler])
    np.testing.assert_allclose(history.history["learning_rate"], [0.05, 0.025], 1e-6)
    assert "Epoch 1: LearningRateScheduler setting learning" in capsys.readouterr().out


def test_a_schedule_must_give_numbers() -> None:
    scheduler = LearningRateScheduler(lambda epoch: "fast")
    with pytest.raises(ValueError, match="got 'fast' for epoch 0"):
        model_of().fit(X, X, verbose=0, callbacks=[scheduler])


def test_what_is_watched_may_be_computed() -> None:
    class OfTwo(EarlyStopping):
        def get_monitor_value(self, logs: Any) -> float:
            return float(logs["a"] + logs["b"])

    stopping = OfTwo("loss", patience=1)
    stopping.set_model(keras.Sequential([keras.layers.Dense(1)]))
    stopping.on_train_begin()
    for epoch, a in enumerate([3.0, 1.0, 2.0]):
        stopping.on_epoch_end(epoch, {"a": a, "b": 0.5})
    assert (stopping.best, stopping.stopped_epoch) == (1.5, 2)
