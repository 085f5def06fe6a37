"""The settings of optimizers: which are refused, where they stand, what they cost."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import config, optimizers
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.optimizers import Adam, AdamW, Muon, Optimizer, schedules
from tinygrad_lr.optimizers.settings import Common

KINDS = [
    kind
    for kind in dict.fromkeys(optimizers.registry.entries.values())
    if "learning_rate" in inspect.signature(kind).parameters
]
OUT_OF_RANGE = {
    "beta_1": (-0.1, 1.1),
    "beta_2": (-0.1, 1.1),
    "adam_beta_1": (-0.1, 1.0),
    "adam_beta_2": (-0.1, 1.0),
    "rho": (-0.1, 1.1),
    "momentum": (-0.1, 1.1),
    "epsilon": (-1e-7,),
    "epsilon_1": (-1e-7,),
    "epsilon_2": (-1e-7,),
    "initial_accumulator_value": (-0.1,),
    "learning_rate_power": (0.1,),
    "l1_regularization_strength": (-0.1,),
    "l2_regularization_strength": (-0.1,),
    "l2_shrinkage_regularization_strength": (-0.1,),
    "beta": (-0.1,),
    "beta_2_decay": (0.1,),
    "clip_threshold": (0.0, -1.0),
    "warmup_steps": (-1,),
    "ns_steps": (-1,),
    "adam_weight_decay": (-0.1,),
}
WITHOUT_RANGE = {
    "amsgrad", "nesterov", "centered", "relative_step", "exclude_layers",
    "exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "rms_rate",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_settings_out_of_range(kind):
    for key in kind._settings:
        assert key in OUT_OF_RANGE or key in WITHOUT_RANGE
        for value in (*OUT_OF_RANGE.get(key, ()), "x", True, float("nan")):
            if key in OUT_OF_RANGE:
                with pytest.raises(
                    ValueError, match=f"'mine'.*number in .* as {key}, "
                ):
                    kind(name="mine", **{key: value})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"loss_scale_factor": 0.0}, "loss_scale_factor must be a positive number"),
        ({"loss_scale_factor": "x"}, "loss_scale_factor must be a positive number"),
        ({"clipnorm": -1.0}, "clipnorm must not be negative"),
        ({"weight_decay": float("nan")}, "weight_decay must not be negative"),
        ({"gradient_accumulation_steps": 2.5}, "integer of at least 2"),
        ({"gradient_accumulation_steps": True}, "integer of at least 2"),
        ({"use_ema": True, "ema_momentum": "x"}, "ema_momentum must lie between"),
        ({"use_ema": True, "ema_overwrite_frequency": 1.5}, "positive integer"),
    ],
)
def test_common_settings_that_make_no_sense(arguments, words):
    with pytest.raises(ValueError, match=words):
        Adam(**arguments)


def test_adam_w_needs_weight_decay():
    with pytest.raises(ValueError, match="AdamW needs a number as weight_decay"):
        AdamW(weight_decay=None)


@pytest.mark.parametrize("value", [np.float64(0.5), np.float32(0.5), Tensor(0.5)])
def test_numbers_of_other_kinds_become_python_s(value):
    # A float64 scalar would make float64 of everything it meets.
    optimizer = Adam(beta_1=value)
    assert type(optimizer.beta_1) is float
    w = Variable(np.ones(2, "float32"))
    optimizer.apply([np.ones(2, "float32")], [w])
    assert w.dtype == "float32"


def test_epsilon_none_is_that_of_the_configuration():
    config.set_epsilon(1e-3)
    try:
        assert Adam(epsilon=None).epsilon == 1e-3
    finally:
        config.set_epsilon(1e-7)


def test_the_common_settings_are_the_same_everywhere():
    shown = inspect.signature(Optimizer).parameters
    assert list(Common.__annotations__) == list(shown)[1:-1]
    for kind in KINDS:
        assert set(Common.__annotations__) <= set(inspect.signature(kind).parameters)
        assert set(kind().get_config()) == {
            *Common.__annotations__, *kind._settings, "learning_rate",
        }  # fmt: skip


def test_common_settings_by_position():
    optimizer = Adam(0.1, 0.8, 0.9, 1e-3, True, 0.25, 0.5)
    assert optimizer.amsgrad is True
    assert (optimizer.weight_decay, optimizer.clipnorm) == (0.25, 0.5)
    assert Muon(0.1, 0.8, 0.9, 0.2, 1e-3, 0.3, 0.5).clipnorm == 0.5
    with pytest.raises(TypeError, match="16 arguments by position, but takes 15"):
        Adam(0.1, 0.8, 0.9, 1e-3, *[None] * 12)
    with pytest.raises(TypeError, match="weight_decay"):
        Adam(0.1, 0.8, 0.9, 1e-3, True, 0.25, weight_decay=0.25)
    with pytest.raises(TypeError, match=r"Adam.*unknown argument 'beta1'.*'beta_1'"):
        Adam(beta1=0.5)


def test_users_subclasses_of_ours():
    class Slow(Adam):
        def __init__(self, factor=0.5, **kwargs):
            super().__init__(0.1, 0.8, **kwargs)
            self.factor = factor

        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate * self.factor)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    slow = Slow(factor=0.25, weight_decay=0.5)
    assert (slow.beta_1, slow.weight_decay, slow.name) == (0.8, 0.5, "slow")
    w, v = (Variable(np.ones(2, "float32")) for _ in range(2))
    slow.apply([np.ones(2, "float32")], [w])
    Adam(0.1, 0.8, weight_decay=0.5).apply([np.ones(2, "float32")], [v])
    assert (w.numpy() > v.numpy()).all()
    assert slow.get_config()["factor"] == 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_build_is_done_once(kind):
    optimizer = kind()
    w = Variable(np.ones((2, 2), "float32"))
    optimizer.build([w])
    count = len(optimizer.variables)
    optimizer.build([w])
    assert len(optimizer.variables) == count


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_weights_keep_their_dtype(kind, dtype):
    optimizer = kind(0.01)
    weights = [Variable(np.ones(s, dtype)) for s in ((), (3,), (2, 3))]
    for _ in range(3):
        optimizer.apply([np.full(w.shape, 0.5, dtype) for w in weights], weights)
    for w in weights:
        assert w.dtype == dtype
        assert np.isfinite(w.numpy()).all()
        assert dtype == "float16" or (w.numpy() != 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_stateless_steps_are_steps(kind):
    rng = np.random.default_rng(3)
    start = rng.normal(size=(2, 3)).astype("float32")
    gradients = rng.normal(size=(4, 2, 3)).astype("float32")
    stateful, stateless = kind(0.05), kind(0.05)
    w, v = Variable(start, name="w"), Variable(start, name="w")
    with pytest.raises(ValueError, match=r"needs build\(variables\) first"):
        stateless.stateless_apply([], [gradients[0]], [start])
    stateless.build([v])
    state, weights = [a.numpy() for a in stateless.variables], [start]
    for g in gradients:
        stateful.apply([g], [w])
        weights, state = stateless.stateless_apply(state, [g], weights)
    np.testing.assert_array_equal(weights[0].numpy(), w.numpy())
    for value, variable in zip(state, stateful.variables, strict=True):
        np.testing.assert_array_equal(value.numpy(), variable.numpy())
    np.testing.assert_array_equal(v.numpy(), start)
    assert stateless.iterations.item() == 0


def test_configurations_of_users_schedules():
    class Halving(schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return self.start / (step + 1)

    optimizer = Adam(Halving(0.5))
    again = Adam.from_config(optimizer.get_config(), {"Halving": Halving})
    assert again.learning_rate.item() == 0.5
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile(again, "mse")
    model.fit(np.ones((4, 2)), np.ones(4), batch_size=2, verbose=0)
    assert again.learning_rate.item() == pytest.approx(0.5 / 3)
