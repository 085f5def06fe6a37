"""ReduceLROnPlateau and SwapEMAWeights: mistakes, and figures of real Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import Callback, ReduceLROnPlateau, SwapEMAWeights

X = np.linspace(-1, 1, 24, dtype="float32").reshape(12, 2)
Y = X @ np.array([[1.0], [-0.5]], "float32")


def model_of(**optimizer: Any) -> keras.Sequential:
    half = keras.initializers.Constant(0.5)
    dense = keras.layers.Dense(
        1, input_dim=2, kernel_initializer=half, bias_initializer=half
    )
    model = keras.Sequential([dense])
    model.compile(keras.optimizers.SGD(0.1, **optimizer), "mse")
    return model


def weights_of(model: Any) -> list[float]:
    return np.concatenate([w.ravel() for w in model.get_weights()]).tolist()


def test_old_name_and_mistakes() -> None:
    with pytest.warns(DeprecationWarning, match="min_delta"):
        assert ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
    with pytest.raises(ValueError, match=r"expected a factor below 1, got 1\.5"):
        ReduceLROnPlateau(factor=1.5)
    with pytest.raises(TypeError, match="Did you mean 'patience'"):
        ReduceLROnPlateau(patiense=3)
    model = model_of()
    with pytest.warns(UserWarning, match="Available metrics are: .*learning_rate"):
        model.fit(X, Y, verbose=0, callbacks=[ReduceLROnPlateau()])
    assert model.history.history["lr"] == model.history.history["learning_rate"]


@pytest.mark.parametrize(
    ("swap_on_epoch", "seen"),
    [
        (False, [0.331492, 0.286912, -0.012665]),
        (True, [0.449740, 0.428293, 0.253358]),
    ],
)
def test_averages_are_tested(swap_on_epoch: bool, seen: list[float]) -> None:
    # Keras 3.15.1 on TensorFlow (on JAX the callback fails).
    model, swap = (
        model_of(use_ema=True, ema_momentum=0.9),
        SwapEMAWeights(swap_on_epoch),
    )
    last: list[float] = []

    class Look(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            last[:] = weights_of(self.model)

    history = model.fit(
        X,
        Y,
        batch_size=4,
        epochs=3,
        verbose=0,
        shuffle=False,
        validation_data=(X, Y),
        callbacks=[swap, Look()],
    ).history
    np.testing.assert_allclose(history["loss"], [0.328218, 0.083598, 0.022749], 1e-4)
    np.testing.assert_allclose(
        history["val_loss"], [0.336535, 0.238972, 0.152405], 1e-5
    )
    np.testing.assert_allclose(last, seen, rtol=1e-4)
    averages = [0.449740, 0.428293, 0.253358]
    np.testing.assert_allclose(weights_of(model), averages, rtol=1e-5)
    assert model.evaluate(X, Y, verbose=0, callbacks=[swap]) == pytest.approx(
        0.152405, rel=1e-5
    )
    model.predict(X, verbose=0, callbacks=[swap])
    np.testing.assert_allclose(weights_of(model), averages, rtol=1e-5)


def test_averages_need_an_optimizer_that_keeps_them() -> None:
    with pytest.raises(ValueError, match=r"expected .* use_ema=True, got SGD"):
        model_of().evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])


def test_messages_go_to_the_log_when_they_should_not_be_printed(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO")
    keras.utils.disable_interactive_logging()
    try:
        assert not keras.utils.is_interactive_logging_enabled()
        model_of().fit(X, Y, epochs=2, verbose=2)
    finally:
        keras.utils.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "Epoch 1/2" in caplog.text
    assert "loss:" in caplog.text


def test_each_optimizer_inside_has_a_rate_of_its_own() -> None:
    parts = [
        keras.optimizers.SGD(rate, name=name, use_ema=name == "a")
        for name, rate in (("a", 0.4), ("b", 0.2))
    ]
    by_path = keras.optimizers.OptimizerMap(parts[0], {".*bias": parts[1]})
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile(keras.optimizers.MultiOptimizer(by_path), "mse")
    halved = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9)
    log = model.fit(X, Y, 4, 2, 0, [halved, plateau, SwapEMAWeights()], 0.5).history
    np.testing.assert_allclose(log["learning_rate_a"], [0.2, 0.1], rtol=1e-6)
    np.testing.assert_allclose(log["learning_rate_b"], [0.1, 0.05], rtol=1e-6)
    rates = [float(part.learning_rate) for part in parts]
    np.testing.assert_allclose(rates, [0.05, 0.025], rtol=1e-6)


def test_averages_inside_a_loss_scale_optimizer() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    inner = keras.optimizers.SGD(0.1, use_ema=True)
    model.compile(keras.optimizers.LossScaleOptimizer(inner, 4.0), "mse")
    model.fit(X, Y, verbose=0, callbacks=[SwapEMAWeights()], validation_split=0.5)
