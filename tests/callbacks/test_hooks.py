"""Callbacks: which hooks are called when, with what, and at what cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import Callback, CallbackList, LambdaCallback, ProgbarLogger
from tinygrad_lr.callbacks.callback import HOOKS, overrides

X = np.linspace(-1, 1, 12).reshape(6, 2)
Y = np.arange(6) % 2


def trained(**arguments: Any) -> keras.Sequential:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    model.fit(X, Y, **{"batch_size": 2, "verbose": 0, **arguments})
    return model


class Counter(Callback):
    """Notes the hooks of batches under their old names."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.told.append(("begin", batch, dict(logs)))

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        self.told.append(("end", batch, sorted(logs)))


def test_old_names_of_hooks_are_called() -> None:
    counter = Counter()
    trained(callbacks=counter)
    assert [told[:2] for told in counter.told] == [
        (edge, i) for i in range(3) for edge in ("begin", "end")
    ]
    assert counter.told[1] == ("end", 0, ["loss"])


def test_steps_per_execution_calls_batch_hooks_once_a_group() -> None:
    counter = Counter()
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile("sgd", "mse", steps_per_execution=2)
    model.fit(X, Y, batch_size=1, verbose=0, callbacks=[counter])
    expected = [("begin", 0), ("end", 1), ("begin", 2), ("end", 3)]
    assert [told[:2] for told in counter.told[:4]] == expected
    counter.told.clear()
    model.fit(X[:3], Y[:3], batch_size=1, verbose=0, callbacks=[counter])
    assert [told[:2] for told in counter.told] == [*expected[:3], ("end", 2)]


def test_only_overridden_hooks_of_batches_are_called() -> None:
    assert not any(overrides(Callback(), hook) for hook in HOOKS)
    quiet = CallbackList([Callback(), LambdaCallback()], add_history=True)
    assert not quiet.listens_to("train")
    assert overrides(Counter(), "on_train_batch_end")
    assert CallbackList([Counter()]).listens_to("train")
    assert not CallbackList([Counter()]).listens_to("predict")


def test_logs_become_numbers_only_if_somebody_looks() -> None:
    class Untouchable:
        def __float__(self) -> float:
            raise AssertionError("nobody asked for this number")

    CallbackList([Callback()]).on_train_batch_end(0, {"loss": Untouchable()})
    with pytest.raises(AssertionError, match="nobody asked"):
        CallbackList([Counter()]).on_train_batch_end(0, {"loss": Untouchable()})


def test_a_bar_in_a_pipe_does_not_listen_to_batches() -> None:
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=3)
    callbacks.on_epoch_begin(0)
    assert not callbacks.listens_to("train")


def test_lambda_callback_takes_any_hook() -> None:
    told: list[Any] = []
    trained(
        callbacks=[
            LambdaCallback(
                on_train_batch_end=lambda batch, logs: told.append(batch),
                on_epoch_end=lambda epoch, logs: told.append(sorted(logs)),
                on_train_end=lambda logs: told.append("end"),
            )
        ]
    )
    assert told == [0, 1, 2, ["loss"], "end"]


def test_lambda_callback_refuses_an_unknown_hook() -> None:
    with pytest.raises(TypeError, match="Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epok_end=print)


def test_a_callback_may_stop_a_training_between_batches() -> None:
    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    model = trained(callbacks=[Stop()], epochs=5)
    assert int(model.optimizer.iterations) == 2
    assert model.history.epoch == [0]


def test_predict_hooks_see_the_outputs() -> None:
    shapes: list[Any] = []
    trained().predict(
        X,
        batch_size=4,
        verbose=0,
        callbacks=LambdaCallback(
            on_predict_batch_end=lambda batch, logs: shapes.append(
                logs["outputs"].shape
            )
        ),
    )
    assert shapes == [(4, 1), (2, 1)]


def test_what_is_no_callback_is_refused() -> None:
    with pytest.raises(TypeError, match="expected Callback objects, got 3"):
        trained(callbacks=[3])
    with pytest.raises(TypeError, match=r"Write Counter\(\) with parentheses"):
        trained(callbacks=[Counter])


def test_a_list_of_the_users_own_is_used_as_it_is() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    counter = Counter()
    own = CallbackList([counter], add_history=True, model=model, epochs=1)
    model.fit(X, Y, callbacks=own)
    assert len(counter.told) == 2
    assert own.history is model.history


def test_params_are_those_of_fit() -> None:
    callback = Callback()
    trained(callbacks=[callback], epochs=2)
    assert callback.params == {"verbose": 0, "epochs": 2, "steps": 3}


def test_a_bar_given_by_the_user_is_not_doubled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained(callbacks=[ProgbarLogger()], verbose=1)
    assert capsys.readouterr().out.count("3/3 [") == 1


def test_other_arguments_of_a_lambda_callback_become_attributes() -> None:
    assert LambdaCallback(helper=abs).helper is abs
    with pytest.raises(TypeError, match="Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ends=print)
