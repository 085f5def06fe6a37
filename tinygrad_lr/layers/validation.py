"""What layers check about their arguments, and the one form of their complaints.

Each function returns the argument in its final form, or raises a sentence that names
the class and the layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.config import image_data_format
from tinygrad_lr.layers.layer import Layer


def invalid(layer: Layer, problem: str) -> ValueError:
    """The error for ``problem`` of ``layer``."""
    return ValueError(f"{type(layer).__name__} (layer {layer.name!r}): {problem}")


def is_whole(value: Any) -> bool:
    """Whether ``value`` is an integer, of Python or NumPy, and no bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def positive(layer: Layer, name: str, value: Any) -> int:
    """Check a number of units, repetitions and the like."""
    if not is_whole(value) or value < 1:
        raise invalid(layer, f"expected a positive integer as {name}, got {value!r}.")
    return int(value)


def whole_numbers(
    layer: Layer, name: str, value: Any, n: int, least: int
) -> tuple[int, ...]:
    """Return ``n`` integers, each at least ``least``; one integer stands for all."""
    values = (value,) * n if is_whole(value) else value
    good = (
        isinstance(values, (list, tuple))
        and len(values) == n
        and all(is_whole(v) and v >= least for v in values)
    )
    if not good:
        raise invalid(
            layer,
            f"expected an integer or {n} integers, each at least {least}, as {name}, "
            f"got {value!r}.",
        )
    return tuple(int(v) for v in values)


def fraction(layer: Layer, name: str, value: Any) -> Any:
    """Check a number from 0 to 1, such as a rate."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:
        raise invalid(layer, f"expected a number from 0 to 1 as {name}, got {value!r}.")
    return value


def layout(layer: Layer, data_format: Any) -> str:
    """Check where the channels are; None is what the configuration says."""
    if data_format is None:
        return image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise invalid(
            layer,
            "expected 'channels_last' or 'channels_first' as data_format, got "
            f"{data_format!r}.",
        )
    return str(data_format)


def spatial_axes(data_format: str, n: int) -> range:
    """The axes of an input that are neither the batch nor the channels."""
    return range(1, n + 1) if data_format == "channels_last" else range(2, n + 2)


def axes_inside(layer: Layer, axis: Any, shape: Any) -> None:
    """Check that every axis (an integer or several) is one of ``shape``."""
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if any(not -len(shape) <= a < len(shape) for a in axes):
        raise invalid(
            layer,
            f"axis {axis} is out of range for an input of shape {tuple(shape)}; use "
            f"{-len(shape)} to {len(shape) - 1}.",
        )


def known(layer: Layer, shape: Any, axis: int, what: str) -> int:
    """The length of ``axis``, which must be known to make ``what``."""
    axes_inside(layer, axis, shape)
    if shape[axis] is None:
        raise invalid(
            layer,
            f"axis {axis} of the input must be known to make {what}, got shape "
            f"{tuple(shape)}.",
        )
    return int(shape[axis])


def unavailable(layer: Layer, **options: Any) -> None:
    """Refuse options of Keras that nothing here answers."""
    given = [name for name, value in options.items() if value not in (None, False)]
    if given:
        raise NotImplementedError(
            f"{type(layer).__name__} (layer {layer.name!r}): {', '.join(given)} "
            f"{'is' if len(given) == 1 else 'are'} not available; leave it out."
        )
