"""Schedules: a learning rate that changes with the number of steps.

A schedule is called with the step count, a Variable, and computes with NumPy, so that
it can be part of a recorded training step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.registry import Registry


class LearningRateSchedule(metaclass=Checked):
    """Base class: override ``__call__(step)`` and ``get_config``.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5 ** as_tensor(step, "float32")
    ...     def get_config(self):
    ...         return {}
    >>> float(Halving()(3))
    0.125
    """

    name: str | None = None

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of step ``step`` (0 for the first)."""
        raise NotImplementedError(
            f"{type(self).__name__}: a schedule needs a method __call__(self, step)."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a schedule."""
        return dict(getattr(self, "_given_arguments", {}))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a schedule from what :meth:`get_config` returned."""
        return cls(**config)


class Settings(LearningRateSchedule):
    """Base class of schedules that are nothing but their settings."""

    settings: tuple[str, ...]

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*self.settings, "name")}


def positive_steps(name: str, steps: float) -> float:
    """Check that a number of steps is positive."""
    if not steps > 0:
        raise ValueError(f"{name}: expected a positive number of steps, got {steps!r}.")
    return steps


class ExponentialDecay(Settings):
    """initial * decay_rate^(step / decay_steps); in stairs if ``staircase``.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    Tensor(0.025, dtype=float32)
    """

    settings = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase")

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float,
        staircase: bool = False, name: str | None = "ExponentialDecay",
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps("ExponentialDecay", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        p = as_tensor(step, floatx()) / self.decay_steps
        p = as_tensor(np.floor(p)) if self.staircase else p
        return as_tensor(self.initial_learning_rate * self.decay_rate**p)


class InverseTimeDecay(Settings):
    """initial / (1 + decay_rate * step / decay_steps); in stairs if ``staircase``.

    >>> float(InverseTimeDecay(0.5, decay_steps=10, decay_rate=1.0)(10))
    0.25
    """

    settings = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase")

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float,
        staircase: bool = False, name: str | None = "InverseTimeDecay",
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps("InverseTimeDecay", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        p = as_tensor(step, floatx()) / self.decay_steps
        p = np.floor(p) if self.staircase else p
        return as_tensor(self.initial_learning_rate / (1 + self.decay_rate * p))


class PiecewiseConstantDecay(Settings):
    """values[i] up to and including step boundaries[i]; the last value after all of
    them.

    Raises ``ValueError`` unless there is one value more than boundaries.

    >>> rate = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    >>> [float(rate(step)) for step in (10, 11, 21)]
    [1.0, 0.5, 0.25]
    """

    settings = ("boundaries", "values")

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float],
        name: str | None = "PiecewiseConstant",
    ) -> None:  # fmt: skip
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "PiecewiseConstantDecay: expected one value more than boundaries, got "
                f"{len(values)} values and {len(boundaries)} boundaries."
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = as_tensor(step)
        rate: Any = as_tensor(self.values[-1], floatx())
        pairs = list(zip(self.boundaries, self.values, strict=False))
        for boundary, value in reversed(pairs):
            rate = np.where(step <= boundary, value, rate)
        return rate


class PolynomialDecay(Settings):
    """(initial - end) * (1 - step / decay_steps)^power + end, then end.

    With ``cycle`` the end moves to the next multiple of ``decay_steps`` again and
    again.

    >>> float(PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0)(5))
    0.5
    """

    settings = (
        "initial_learning_rate",
        "decay_steps",
        "end_learning_rate",
        "power",
        "cycle",
    )

    def __init__(
        self, initial_learning_rate: float, decay_steps: float,
        end_learning_rate: float = 0.0001, power: float = 1.0, cycle: bool = False,
        name: str | None = "PolynomialDecay",
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps("PolynomialDecay", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = as_tensor(step, floatx())
        if self.cycle:
            periods = np.maximum(np.ceil(step / self.decay_steps), 1)
            p = step / (self.decay_steps * periods)
        else:
            p = np.minimum(step, self.decay_steps) / self.decay_steps
        span = self.initial_learning_rate - self.end_learning_rate
        return as_tensor(span * (1 - p) ** self.power + self.end_learning_rate)


class CosineDecay(Settings):
    """Down a half cosine from the initial rate to alpha times it, in ``decay_steps``
    steps.

    With ``warmup_steps``, first a straight rise from the initial rate to
    ``warmup_target``.

    Source: Loshchilov and Hutter, "SGDR", arXiv:1608.03983.

    >>> round(float(CosineDecay(1.0, decay_steps=10)(5)), 4)
    0.5
    """

    settings = (
        "initial_learning_rate", "decay_steps", "alpha", "warmup_target",
        "warmup_steps",
    )  # fmt: skip

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, alpha: float = 0.0,
        name: str | None = "CosineDecay", warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps("CosineDecay", decay_steps)
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = as_tensor(step, floatx())
        if self.warmup_target is None:
            return self.decayed(
                np.minimum(step, self.decay_steps), self.initial_learning_rate
            )
        total = self.decay_steps + self.warmup_steps
        step = np.minimum(step, total)
        rise = self.warmup_target - self.initial_learning_rate
        part = step / max(self.warmup_steps, 1)  # not used if there are none
        warm = rise * part + self.initial_learning_rate
        cold = self.decayed(step - self.warmup_steps, self.warmup_target)
        return np.where(step < self.warmup_steps, warm, cold)

    def decayed(self, step: Any, start: float) -> Any:
        cosine = 0.5 * (1 + np.cos(math.pi * (step / self.decay_steps)))
        return as_tensor(start * ((1 - self.alpha) * cosine + self.alpha))


class CosineDecayRestarts(Settings):
    """Half cosines one after the other, each ``t_mul`` times longer, ``m_mul`` times
    lower.

    Source: Loshchilov and Hutter, "SGDR", arXiv:1608.03983.

    >>> round(float(CosineDecayRestarts(1.0, first_decay_steps=10)(15)), 4)
    0.8536
    """

    settings = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha")

    def __init__(
        self, initial_learning_rate: float, first_decay_steps: float,
        t_mul: float = 2.0, m_mul: float = 1.0, alpha: float = 0.0,
        name: str | None = "SGDRDecay",
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive_steps(
            "CosineDecayRestarts", first_decay_steps
        )
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        p = as_tensor(step, floatx()) / self.first_decay_steps
        if self.t_mul == 1:
            restart = as_tensor(np.floor(p))  # a Tensor: ** rounds scalars otherwise
            p = p - restart
        else:
            turns = np.log(1 - p * (1 - self.t_mul)) / math.log(self.t_mul)
            restart = as_tensor(np.floor(turns))
            begun = (1 - self.t_mul**restart) / (1 - self.t_mul)
            p = (p - begun) / self.t_mul**restart
        cosine = 0.5 * self.m_mul**restart * (1 + np.cos(math.pi * p))
        return as_tensor(
            self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)
        )


registry = Registry("learning rate schedule", "keras.optimizers.schedules")
registry.add(
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay,
    PiecewiseConstantDecay, PolynomialDecay,
)  # fmt: skip
serialize, deserialize = registry.serialize, registry.deserialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
