"""Variables that change within a step, and steps that change more than one thinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import BINARY, X, agree, bits

import tinygrad_lr as keras
from tinygrad_lr import GradientTape
from tinygrad_lr.layers import Dense, Layer


class Centred(Layer):
    """Subtracts a running mean from weighted inputs, before and after it moves on."""

    def __init__(self, trainable_scale: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trainable_scale = trainable_scale

    def build(self, input_shape: Any) -> None:
        shape = input_shape[-1:]
        self.mean = self.add_weight(shape=shape, trainable=False, name="mean")
        self.scale = self.add_weight(
            shape=shape,
            initializer="ones",
            trainable=self.trainable_scale,
            name="scale",
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        outputs = inputs * self.scale - self.mean
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * np.mean(inputs, axis=0))
            self.scale.assign(self.scale * 0.99)
        return outputs * self.scale - self.mean


@pytest.mark.parametrize("trainable", [False, True])
def test_a_shared_layer_whose_state_moves_on_at_each_call(trainable: bool) -> None:
    def make() -> Any:
        layer, inputs = Centred(trainable), keras.Input((3,))
        outputs = Dense(1, "sigmoid")(layer(np.tanh(layer(Dense(3)(inputs)))))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse")
        return model

    agree(make, X, BINARY)


@pytest.mark.filterwarnings("ignore:.*trainable was set since")
def test_freezing_a_weight_between_two_recordings_is_no_counter() -> None:
    """Code of the user's is recorded twice, and only what differs by itself is told."""
    layer = Centred(True)
    model = keras.Sequential([keras.Input((3,)), layer, Dense(1)])
    model.compile("sgd", "mse")
    for weight in (None, layer.scale, model.layers[-1].kernel):
        if weight is not None:
            weight.trainable = False
        for _ in range(3):
            model.train_on_batch(X, BINARY)
        assert model.train_function.programs
        model.layers[-1].bias.trainable = not model.layers[-1].bias.trainable
        model.train_on_batch(X, BINARY)


def test_a_loss_that_is_not_finite_among_several_inputs_and_outputs() -> None:
    """The batch that stopped a program is handed on in the nesting that it had."""
    bad = X.copy()
    bad[9] = 1e30

    def run(eagerly: bool) -> Any:
        keras.utils.set_random_seed(1)
        one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two")
        both = Dense(4)(keras.layers.Concatenate()([one, two]))
        model = keras.Model([one, two], [Dense(1)(both), Dense(3)(both)])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        found = []
        for rows in (20, 22):  # all epochs in one run, and each by itself
            data = [X[:rows], bad[:rows]], [BINARY[:rows], X[:rows]]
            with pytest.warns(UserWarning, match="the loss became"):
                fit = model.fit(*data, batch_size=4, epochs=3, shuffle=False, verbose=0)
            found.append([np.nan_to_num(fit.history[key]) for key in fit.history])
        return found

    assert bits(run(False)) == bits(run(True))


@pytest.mark.parametrize("what", ["set_weights", "optimizer", "averages", "swap"])
def test_all_weights_are_set_or_none(what: str) -> None:
    """Whatever comes between two assignments, such as Ctrl-C."""
    optimizer = keras.optimizers.Adam(use_ema=True)
    model = keras.Sequential([keras.Input((3,)), Dense(2), Dense(1)])
    model.compile(optimizer, "mse")
    model.fit(X, BINARY, verbose=0, epochs=2)
    swapping = keras.callbacks.SwapEMAWeights()
    swapping.set_model(model)
    actions = {
        "set_weights": lambda: model.set_weights([2 * w for w in model.get_weights()]),
        "optimizer": lambda: optimizer.set_weights(
            [2 * v.numpy() for v in optimizer.variables]
        ),
        "averages": lambda: optimizer.finalize_variable_values(model.weights),
        "swap": lambda: swapping.swap(True),
    }
    before = bits([v.numpy() for v in (*model.weights, *optimizer.variables)])
    assign = keras.Variable.assign
    for moment in (1, 3):
        calls = iter(range(100))

        def interrupted(self: Any, value: Any, moment=moment, calls=calls) -> Any:
            if next(calls) == moment:
                raise KeyboardInterrupt
            return assign(self, value)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keras.Variable, "assign", interrupted)
            with pytest.raises(KeyboardInterrupt):
                actions[what]()
        now = bits([v.numpy() for v in (*model.weights, *optimizer.variables)])
        assert now == before
    actions[what]()


class Pair(keras.Model):
    """Two parts with an optimizer each, trained in turn, without compile's loss."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = keras.Sequential([keras.Input((3,)), Dense(4, "tanh"), Dense(3)])
        self.judge = keras.Sequential([keras.Input((3,)), Dense(1)])
        self.calls = {"number": keras.Variable(0.0, trainable=False)}
        self.broken = False

    def compile(self) -> None:
        super().compile()
        self.optimizers = [keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.1, 0.9)]
        self.loss_metric = keras.metrics.Mean(name="loss")

    def call(self, inputs: Any) -> Any:
        return self.maker(inputs)

    def train_step(self, data: Any) -> Any:
        for part, sign, optimizer in zip(
            (self.judge, self.maker), (1.0, -1.0), self.optimizers, strict=True
        ):
            weights = part.trainable_variables
            with GradientTape() as tape:
                real, made = self.judge(data), self.judge(self.maker(data))
                loss = np.mean(sign * (made - real)) + 0.1 * np.mean(made**2)
            optimizer.apply_gradients(
                zip(tape.gradient(loss, weights), weights, strict=True)
            )
            self.calls["number"].assign_add(1.0)
            if self.broken:
                raise RuntimeError("broken")
        self.loss_metric.update_state(loss)
        return {"loss": self.loss_metric.result()}


def everything(model: Pair) -> Any:
    slots = [v for optimizer in model.optimizers for v in optimizer.variables]
    return bits([v.numpy() for v in (*model.variables, *slots, *model.calls.values())])


@pytest.mark.parametrize("eagerly", [True, False])
@pytest.mark.parametrize("epochs", [0, 2])
def test_an_error_after_the_first_of_two_optimizers(eagerly: bool, epochs: int) -> None:
    model = Pair()
    model.compile()
    model.run_eagerly = eagerly
    for optimizer, part in zip(
        model.optimizers, (model.judge, model.maker), strict=True
    ):
        optimizer.build(part.trainable_variables)
    model.fit(X[:20], batch_size=5, epochs=epochs, verbose=0)
    before = everything(model)
    model.broken = True
    with pytest.raises(RuntimeError, match="broken"):
        model.fit(X, batch_size=7, verbose=0)
    assert everything(model) == before
    model.broken = False
    model.fit(X, batch_size=7, verbose=0)
    assert everything(model) != before


def test_two_optimizers_as_written_and_as_recorded() -> None:
    def run(eagerly: bool) -> Any:
        keras.utils.set_random_seed(3)
        model = Pair()
        model.compile()
        model.run_eagerly = eagerly
        found = model.fit(X, batch_size=5, epochs=4, verbose=0).history
        assert bool(model.train_function.programs) is not eagerly
        return found, everything(model)

    (history, state), (expected, expected_state) = run(False), run(True)
    assert bits(history) == bits(expected)
    assert state == expected_state


class Numbered(Layer):
    """Counts its calls, and begins with values of its own."""

    def build(self, input_shape: Any) -> None:
        self.start = self.add_weight(shape=(3,), trainable=False)
        self.start.assign([1.0, 2.0, 3.0])
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.calls.assign_add(1.0)
        return inputs * self.start


@pytest.mark.parametrize("layers", [[keras.Input((3,)), Numbered], [Numbered]])
@pytest.mark.parametrize("eagerly", [True, False])
def test_a_rehearsal_leaves_no_trace_and_a_build_does(
    layers: Any, eagerly: bool
) -> None:
    layers = [part() if isinstance(part, type) else part for part in layers]
    model = keras.Sequential([*layers, Dense(1)])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.fit(X[:8], BINARY[:8], batch_size=2, verbose=0)
    model.evaluate(X[:8], BINARY[:8], batch_size=4, verbose=0)
    assert layers[-1].calls.numpy() == 6
    assert layers[-1].start.numpy().tolist() == [1, 2, 3]
