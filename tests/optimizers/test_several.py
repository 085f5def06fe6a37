"""Optimizers that contain others."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.autodiff import Variable
from tinygrad_lr.optimizers import (
    SGD,
    Adam,
    LossScaleOptimizer,
    MultiOptimizer,
    OptimizerMap,
    RMSprop,
    deserialize,
    serialize,
)

ONES = np.ones(2, "float32")


def test_loss_scale():
    inner = SGD(1.0, loss_scale_factor=2.0)
    optimizer = LossScaleOptimizer(inner, 4.0, 2)
    assert inner.loss_scale_factor is None
    assert optimizer.scale_loss(3.0) == 12
    w = Variable(ONES)
    optimizer.apply([4 * ONES], [w])
    assert w.numpy().tolist() == [0, 0]
    optimizer.apply([np.inf * ONES], [w])
    assert w.numpy().tolist() == [0, 0]
    assert float(optimizer.scale_loss(1.0)) == 2
    for _ in range(2):
        optimizer.apply([0 * ONES], [w])
    assert float(optimizer.scale_loss(1.0)) == 4
    assert optimizer.iterations.item() == 3
    optimizer.learning_rate = 0.5
    assert float(inner.learning_rate) == float(optimizer.learning_rate) == 0.5


def test_mistakes_with_loss_scales():
    with pytest.raises(ValueError, match="expected an Optimizer as inner_optimizer"):
        LossScaleOptimizer("sgd")
    with pytest.raises(ValueError, match="does not take clipnorm"):
        LossScaleOptimizer(SGD(), clipnorm=1.0)
    for arguments in ({"initial_scale": 0}, {"dynamic_growth_steps": 0}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            LossScaleOptimizer(SGD(), **arguments)


def test_maps():
    slow, fast, other = SGD(name="slow"), Adam(name="fast"), RMSprop(name="other")
    chosen = OptimizerMap(slow, {"head/kernel": fast, "head/.*": other})
    assert chosen["head/kernel"] is fast
    assert chosen["head/bias"] is other
    assert chosen["ahead/bias"] is slow
    assert list(chosen) == ["head/kernel", "head/.*"]
    chosen["h.*s"] = fast
    with pytest.raises(ValueError, match=r"several patterns fit .*'head/bias'"):
        chosen["head/bias"]
    del chosen["h.*s"]
    assert len(chosen) == 2
    with pytest.raises(ValueError, match="has an optimizer already"):
        chosen["head/kernel"] = slow
    for wrong in ("sgd", MultiOptimizer(chosen), LossScaleOptimizer(SGD())):
        with pytest.raises(ValueError, match="contains no others"):
            chosen["new"] = wrong
    with pytest.raises(ValueError, match="path as key"):
        chosen[3] = slow
    with pytest.raises(TypeError, match="default_optimizer"):
        OptimizerMap("sgd")
    with pytest.raises(TypeError, match="dict"):
        OptimizerMap(slow, [fast])


def model(optimizer):
    keras.utils.set_random_seed(4)
    made = keras.Sequential(
        [
            keras.layers.Dense(3, "tanh", input_dim=2, name="body"),
            keras.layers.Dense(1, name="head"),
        ]
    )
    made.compile(optimizer, "mse")
    return made


def test_each_variable_follows_its_own():
    x = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")
    y = x[:, :1] * x[:, 1:]
    rates = {"body": 0.1, "head": 0.0}
    of = {name: SGD(rate, name=name) for name, rate in rates.items()}
    by_path = OptimizerMap(of["head"], {".*/body/.*": of["body"]})
    made = model(MultiOptimizer(by_path))
    before = made.get_weights()
    made.fit(x, y, batch_size=4, epochs=2, verbose=0)
    after = made.get_weights()
    assert [(a != b).all() for a, b in zip(before, after, strict=True)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [o.iterations.item() for o in made.optimizer.optimizers] == [6, 6]
    single = SGD(0.1)
    chosen = MultiOptimizer(lambda variable: single)
    one, other = model(chosen), model(SGD(0.1))
    for trained in (one, other):
        trained.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert chosen.optimizers == [single]


def test_state_and_configuration_of_several():
    optimizer = MultiOptimizer(
        OptimizerMap(SGD(0.5, momentum=0.5), {"w": Adam(0.5)}), loss_scale_factor=2.0
    )
    w, v = Variable(ONES, name="w"), Variable(ONES, name="v")
    optimizer.apply([2 * ONES, 2 * ONES], [w, v])
    state = [a.numpy() for a in optimizer.variables]
    again = deserialize(serialize(optimizer))
    again.build([w, v])
    again.set_weights(state)
    for a, b in zip(again.variables, state, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)
    assert [o.loss_scale_factor for o in again.optimizers] == [2, 2]


def test_mistakes_with_several():
    with pytest.raises(ValueError, match="expected an OptimizerMap"):
        MultiOptimizer({"w": SGD()})
    optimizer = MultiOptimizer(OptimizerMap(SGD()))
    with pytest.raises(AttributeError, match="on each of its"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="on each of its"):
        optimizer.learning_rate = 0.1
    with pytest.raises(ValueError, match="expected an optimizer for the variable 'w'"):
        MultiOptimizer(lambda v: "sgd").build([Variable(ONES, name="w")])
    with pytest.raises(ValueError, match="1 gradients for 2 variables"):
        optimizer.apply([ONES], [Variable(ONES), Variable(ONES)])


def test_a_scaled_multi_optimizer_has_one_scale():
    inner = SGD(0.1)
    several = MultiOptimizer(OptimizerMap(inner), loss_scale_factor=5.0)
    LossScaleOptimizer(several)
    assert (several.loss_scale_factor, inner.loss_scale_factor) == (None, None)


def test_the_scale_always_changes():
    LossScaleOptimizer(SGD(), dynamic=True)
    with pytest.raises(ValueError, match="loss_scale_factor="):
        LossScaleOptimizer(SGD(), dynamic=False)


def test_an_optimizer_inside_that_was_built_for_others():
    used = SGD(0.1)
    used.apply([ONES], [Variable(ONES)])
    w = Variable(ONES)
    with pytest.raises(ValueError, match="does not know the variable"):
        MultiOptimizer(OptimizerMap(used)).apply([ONES], [w])
    assert w.numpy().tolist() == [1, 1]
