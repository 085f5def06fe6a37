"""Learning rates by step."""

import math

import numpy as np
import pytest

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.optimizers.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)


def cosine(p):
    return 0.5 * (1 + math.cos(math.pi * p))


CASES = [
    (ExponentialDecay(0.5, 10, 0.25), lambda t: 0.5 * 0.25 ** (t / 10)),
    (ExponentialDecay(0.5, 10, 0.25, True), lambda t: 0.5 * 0.25 ** (t // 10)),
    (InverseTimeDecay(0.5, 10, 0.25), lambda t: 0.5 / (1 + 0.25 * t / 10)),
    (InverseTimeDecay(0.5, 10, 0.25, True), lambda t: 0.5 / (1 + 0.25 * (t // 10))),
    (
        PiecewiseConstantDecay([5, 20], [0.5, 0.25, 0.125]),
        lambda t: 0.5 if t <= 5 else 0.25 if t <= 20 else 0.125,
    ),
    (
        PolynomialDecay(0.5, 10, 0.1, 2),
        lambda t: 0.4 * (1 - min(t, 10) / 10) ** 2 + 0.1,
    ),
    (
        PolynomialDecay(0.5, 10, 0.1, 2, cycle=True),
        lambda t: 0.4 * (1 - t / (10 * max(1, math.ceil(t / 10)))) ** 2 + 0.1,
    ),
    (CosineDecay(0.5, 10, 0.2), lambda t: 0.5 * (0.8 * cosine(min(t, 10) / 10) + 0.2)),
    (
        CosineDecay(0.1, 10, 0.2, warmup_target=0.5, warmup_steps=5),
        lambda t: (
            0.1 + 0.4 * t / 5
            if t < 5
            else 0.5 * (0.8 * cosine((min(t, 15) - 5) / 10) + 0.2)
        ),
    ),
    (
        CosineDecayRestarts(0.5, 10, 1.0, 0.5, 0.2),
        lambda t: 0.5 * (0.8 * 0.5 ** (t // 10) * cosine(t / 10 % 1) + 0.2),
    ),
    (
        CosineDecayRestarts(0.5, 10, 2.0, 0.5),
        lambda t: 0.5 * cosine(t / 10) if t < 10 else 0.25 * cosine((t - 10) / 20),
    ),
]


@pytest.mark.parametrize(("schedule", "formula"), CASES)
@pytest.mark.parametrize("step", [0, 1, 5, 6, 13, 21, 27])
def test_formulas(schedule, formula, step):
    iterations = Variable(np.int64(step), trainable=False)
    rate = schedule(iterations)
    assert rate.dtype == "float32"
    assert rate.item() == pytest.approx(formula(step), rel=2e-6)
    assert float(schedule(step)) == rate.item()


def test_no_warmup_steps():
    schedule = CosineDecay(0.1, 10, warmup_target=0.5)
    assert float(schedule(0)) == 0.5
    assert float(schedule(10)) == 0


def test_mistakes():
    for kind in (ExponentialDecay, InverseTimeDecay):
        with pytest.raises(ValueError, match="positive number of steps"):
            kind(0.5, 0, 0.5)
    for other in (CosineDecay, CosineDecayRestarts, PolynomialDecay):
        with pytest.raises(ValueError, match="positive number of steps"):
            other(0.5, -1)
    with pytest.raises(ValueError, match="one value more than boundaries"):
        PiecewiseConstantDecay([1], [0.1])
    with pytest.raises(TypeError, match="'decay_steps'"):
        ExponentialDecay(0.5, decay_stps=3, decay_rate=0.5)
    with pytest.raises(NotImplementedError, match="__call__"):
        LearningRateSchedule()(0)


def test_users_schedules():
    class Halving(LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return self.start / (step + 1)

    assert Halving(4.0).get_config() == {"start": 4.0}
    assert Halving.from_config({"start": 4.0})(1) == 2
