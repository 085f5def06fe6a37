"""Settings of optimizers: the arguments that all have in common, and checks.

A setting that makes no sense is refused when the optimizer is made, with the interval
that it must lie in, and not found out by a loss that becomes NaN.
"""

from __future__ import annotations

import math
from typing import Any, TypedDict

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import epsilon


class Common(TypedDict, total=False):
    """The arguments of every optimizer beside its learning rate and its own ones."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


def is_number(value: Any) -> bool:
    """Whether ``value`` is one real number, not a truth value or a text."""
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, (Tensor, np.ndarray)):
        return value.size == 1 and value.dtype.kind in "iuf"
    return isinstance(value, (int, float, np.integer, np.floating))


def within(value: float, interval: str) -> bool:
    """Whether ``value`` lies in an interval such as "[0, 1)".

    >>> within(0, "[0, 1)"), within(1, "[0, 1)"), within(5, "(0, inf)")
    (True, False, True)
    """
    low, high = map(float, interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    return above and (value <= high if interval[-1] == "]" else value < high)


def checked_number(name: str, key: str, value: Any, interval: str) -> Any:
    """Return a setting as a Python number; raise unless it lies in ``interval``."""
    if not is_number(value) or not within(float(value), interval):
        raise ValueError(
            f"optimizer {name!r}: expected a number in {interval} as {key}, got "
            f"{value!r}."
        )
    return value.item() if hasattr(value, "item") else value


def checked_epsilon(name: str, value: Any) -> Any:
    """Return epsilon; None stands for that of the configuration, as it once did."""
    if value is None:
        return epsilon()
    return checked_number(name, "epsilon", value, "[0, inf)")


def checked_rate(value: Any, name: str) -> float:
    """Return a learning rate as a Python number."""
    if not is_number(value) or math.isnan(float(value)):
        raise ValueError(
            f"optimizer {name!r}: expected a number, a LearningRateSchedule or a "
            f"function as learning_rate, got {value!r}."
        )
    return float(value)


def check_common(settings: Common) -> None:
    """Raise ``ValueError`` unless the common settings make sense, one by one and
    together.
    """
    who = f"optimizer {settings['name']!r}"
    clips = {key: settings[key] for key in ("clipnorm", "clipvalue", "global_clipnorm")}
    if sum(value is not None for value in clips.values()) > 1:
        raise ValueError(
            f"{who}: at most one of clipnorm, clipvalue and global_clipnorm can be "
            f"set, got {clips}."
        )
    for key, value in (clips | {"weight_decay": settings["weight_decay"]}).items():
        if value is not None and not is_number(value):
            raise ValueError(f"{who}: expected a number as {key}, got {value!r}.")
        if value is not None and not float(value) >= 0:
            raise ValueError(f"{who}: {key} must not be negative, got {value!r}.")
    scale = settings["loss_scale_factor"]
    if scale is not None and not (is_number(scale) and within(scale, "(0, inf)")):
        raise ValueError(
            f"{who}: loss_scale_factor must be a positive number, got {scale!r}."
        )
    steps = settings["gradient_accumulation_steps"]
    if steps and not is_count(steps, 2):
        raise ValueError(
            f"{who}: gradient_accumulation_steps must be an integer of at least 2, got "
            f"{steps!r}."
        )
    if not settings["use_ema"]:
        return
    momentum = settings["ema_momentum"]
    if not is_number(momentum) or not within(momentum, "[0, 1]"):
        raise ValueError(
            f"{who}: ema_momentum must lie between 0 and 1, got {momentum!r}."
        )
    every = settings["ema_overwrite_frequency"]
    if every is not None and not is_count(every, 1):
        raise ValueError(
            f"{who}: ema_overwrite_frequency must be a positive integer or None, got "
            f"{every!r}."
        )


def is_count(value: Any, least: int) -> bool:
    """Whether ``value`` is a whole number of at least ``least``."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and value >= least
