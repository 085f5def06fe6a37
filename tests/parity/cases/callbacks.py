"""Callbacks: what they print and write, when they act, what becomes of a training."""

from __future__ import annotations

import contextlib
import inspect
import io
import tempfile
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from cases.common import Case, Keras, plain

NAMES = (
    "CSVLogger", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LearningRateScheduler", "ProgbarLogger", "ReduceLROnPlateau", "RemoteMonitor",
    "SwapEMAWeights", "TensorBoard", "TerminateOnNaN",
)  # fmt: skip


def signature(name: str, keras: Keras) -> Any:
    """The first arguments of a callback and their defaults."""
    found = inspect.signature(getattr(keras.callbacks, name)).parameters.values()
    named = [p for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]
    many = name in ("CallbackList", "LambdaCallback")  # Keras has these in **kwargs
    return [
        [p.name, None if p.default is p.empty else p.default]
        for p in named[
            : {"CallbackList": 4, "LambdaCallback": 6}[name] if many else None
        ]
    ]


# -- told values one by one ------------------------------------------------------------


class Model:
    """A stand-in for a model whose weights are the number of the epoch."""

    metrics: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.stop_training = False
        self.epoch = -1
        self.restored: Any = None
        self.optimizer = SimpleNamespace(learning_rate=0.1)

    def get_weights(self) -> int:
        return self.epoch

    def set_weights(self, weights: int) -> None:
        self.restored = weights


def told(callback: Any, values: list[float]) -> tuple[Model, list[float], str]:
    """The model, its learning rates and what was printed."""
    model, rates, out = Model(), [], io.StringIO()
    callback.set_model(model)
    with contextlib.redirect_stdout(out):
        callback.on_train_begin()
        for model.epoch, value in enumerate(values):
            callback.on_epoch_end(model.epoch, {"x": value})
            rates.append(float(model.optimizer.learning_rate))
            if model.stop_training:
                break
        callback.on_train_end()
    return model, rates, out.getvalue()


def pick(draw: np.random.Generator, *choices: Any) -> Any:
    """One of the choices."""
    return choices[int(draw.integers(len(choices)))]


def early_stopping(keras: Keras) -> Any:
    """Forty settings, each told other values."""
    draw, figures = np.random.default_rng(1), []
    for _ in range(40):
        values = draw.integers(0, 6, 14) / 4
        callback = keras.callbacks.EarlyStopping(
            "x",
            patience=pick(draw, 0, 1, 2, 3),
            min_delta=pick(draw, 0, 0.25, -0.25, 0.3),
            mode=pick(draw, "min", "max"),
            baseline=pick(draw, None, 0.5),
            restore_best_weights=pick(draw, True, False),
            start_from_epoch=pick(draw, 0, 0, 2),
            verbose=1,
        )
        model, _rates, out = told(callback, values.tolist())
        figures.append([model.epoch, model.restored, callback.stopped_epoch, out])
    return figures


def plateau(keras: Keras) -> Any:
    """Forty settings, each told other values."""
    draw, figures = np.random.default_rng(2), []
    for _ in range(40):
        values = draw.integers(0, 5, 14) / 4
        callback = keras.callbacks.ReduceLROnPlateau(
            "x",
            factor=pick(draw, 0.5, 0.1),
            patience=pick(draw, 1, 2, 3),
            min_delta=pick(draw, 0, 1e-4, 0.25),
            mode=pick(draw, "min", "max"),
            cooldown=pick(draw, 0, 0, 2),
            min_lr=pick(draw, 0.0, 0.01),
            verbose=1,
        )
        _model, rates, out = told(callback, values.tolist())
        figures.append([rates, out])
    return figures


def csv_logger(keras: Keras) -> Any:
    """Files of two trainings, begun anew and appended to."""
    files = {}
    first = [{"loss": 0.5, "acc": 1}, {"loss": np.float64(0.25), "val_loss": 1e-9}]
    second = [{"loss": 2.0, "val_loss": 3.0, "x": [1, 2], "t": "a,b"}, {}]
    for name, arguments in {
        "new": {},
        "append": {"append": True},
        "separator": {"separator": ";"},
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.csv"
            for epochs in (first, second):
                logger = keras.callbacks.CSVLogger(path, **arguments)
                logger.on_train_begin()
                for epoch, logs in enumerate(epochs):
                    logger.on_epoch_end(epoch, logs)
                logger.on_train_end()
            files[name] = path.read_bytes().decode()
    return files


# -- in a training ---------------------------------------------------------------------

X = np.linspace(-1, 1, 24, dtype="float32").reshape(12, 2)
Y = (X @ np.array([[1.0], [-0.5]], "float32")).astype("float32")


def model_of(keras: Keras, metrics: Any = None, **optimizer: Any) -> Any:
    """A model of three weights, all 0.5."""
    model = keras.Sequential(
        [
            keras.layers.Input((2,)),
            keras.layers.Dense(
                1,
                kernel_initializer=keras.initializers.Constant(0.5),
                bias_initializer=keras.initializers.Constant(0.5),
            ),
        ]
    )
    model.compile(
        keras.optimizers.SGD(**{"learning_rate": 0.1, **optimizer}),
        "mse",
        metrics=metrics,
    )
    return model


def fitted(keras: Keras, callbacks: Any, **arguments: Any) -> Any:
    """History, weights and output of a training with callbacks."""
    model, out = model_of(keras), io.StringIO()
    with contextlib.redirect_stdout(out):
        history = model.fit(
            X, Y, **{"batch_size": 4, "shuffle": False, "verbose": 0, **arguments},
            callbacks=callbacks,
        ).history  # fmt: skip
    return {
        "history": {key: plain(values) for key, values in sorted(history.items())},
        "weights": plain(model.get_weights()),
        "out": out.getvalue(),
    }


def scheduler(keras: Keras) -> Any:
    """Schedules of one argument and of two."""
    make = keras.callbacks.LearningRateScheduler
    return [
        fitted(keras, [make(schedule, verbose=1)], epochs=3)
        for schedule in (
            lambda epoch: 0.05 / (epoch + 1),
            lambda epoch, rate: rate * 0.5,
        )
    ]


def plateau_fit(keras: Keras) -> Any:
    """A learning rate that is reduced since the loss improves too little."""
    make = keras.callbacks.ReduceLROnPlateau
    callback = make("loss", patience=1, min_delta=0.1, factor=0.5, verbose=1)
    return fitted(keras, [callback], epochs=5)


def terminate(keras: Keras) -> Any:
    """A loss that overflows."""
    out, model = io.StringIO(), model_of(keras, learning_rate=1e30)
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(
            X, Y, batch_size=4, epochs=3, verbose=0, shuffle=False,
            callbacks=[keras.callbacks.TerminateOnNaN()],
        )  # fmt: skip
    return {"epochs": history.epoch, "out": out.getvalue()}


HOOKS = tuple(
    f"on_{part}{edge}"
    for part in ("epoch", "train", "train_batch", "test", "test_batch", "predict",
                 "predict_batch")
    for edge in ("_begin", "_end")
)  # fmt: skip


def hooks(keras: Keras) -> Any:
    """The order in which hooks are called, and with what."""
    calls: list[Any] = []

    def note(hook: str) -> Any:
        def called(self: Any, *number: int, logs: Any = None) -> None:
            if number and not isinstance(number[-1], int):
                *number, logs = number  # type: ignore[assignment]  # given by place
            calls.append([hook, *number, sorted(logs or {})])

        return called

    class Noting(keras.callbacks.Callback):  # type: ignore[misc]
        pass

    for hook in HOOKS:
        setattr(Noting, hook, note(hook))
    model, callback = model_of(keras, ["mae"]), Noting()
    model.fit(
        X, Y, batch_size=6, epochs=2, verbose=0, validation_data=(X, Y),
        callbacks=[callback],
    )  # fmt: skip
    model.evaluate(X, Y, verbose=0, callbacks=[callback])
    model.predict(X, verbose=0, callbacks=[callback])
    return calls


DIRECTIONS = ("loss", "val_loss", "accuracy", "val_mse", "val_accuracy")


def direction(monitor: str, keras: Keras) -> Any:
    """The epoch that is best in the eyes of "auto"."""
    model = model_of(keras, ["accuracy", "mse"])
    callback = keras.callbacks.EarlyStopping(
        monitor, patience=9, restore_best_weights=True
    )
    model.fit(X, Y, verbose=0)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate([1.0, 0.5, 2.0, 0.75]):
        callback.on_epoch_end(epoch, {monitor: value})
    return callback.best_epoch


CALLBACKS: dict[str, Case] = {
    **{f"signature.{name}": partial(signature, name) for name in NAMES},
    "EarlyStopping": early_stopping,
    "ReduceLROnPlateau": plateau,
    "ReduceLROnPlateau-fit": plateau_fit,
    "CSVLogger": csv_logger,
    "LearningRateScheduler": scheduler,
    "TerminateOnNaN": terminate,
    "hooks": hooks,
    **{f"direction.{name}": partial(direction, name) for name in DIRECTIONS},
}
