"""The variance scaling family: a spread that fits the number of inputs and outputs.

The variance of the weights is ``scale / n``, where ``n`` counts the inputs of a unit,
its outputs, or the mean of both. Glorot takes the mean, He twice the inputs, LeCun the
inputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinygrad_lr.initializers.random import RandomInitializer, truncated_normal

if TYPE_CHECKING:
    from numpy.random import Generator

# The standard deviation of a standard normal number known to lie between -2 and 2.
TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Draws with variance ``scale / n``.

    ``mode`` says what n is: "fan_in", "fan_out" or "fan_avg"; ``distribution`` is
    "truncated_normal", "untruncated_normal" or "uniform". ``input_axes`` and
    ``output_axes`` name the axes of the shape that count as inputs and outputs, for
    kernels of other layouts. Raises ``ValueError`` for a scale that is not positive and
    for unknown words.

    >>> import numpy as np
    >>> values = VarianceScaling(2.0, "fan_in", seed=1)((200, 50))
    >>> round(float(np.std(values)), 2)  # sqrt(2 / 200)
    0.1
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in",
        distribution: str = "truncated_normal", seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        if scale <= 0:
            raise ValueError(
                f"VarianceScaling: expected a positive scale, got {scale!r}."
            )
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                "VarianceScaling: expected mode 'fan_in', 'fan_out' or 'fan_avg', got "
                f"{mode!r}."
            )
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                "VarianceScaling: expected distribution 'truncated_normal', "
                f"'untruncated_normal' or 'uniform', got {distribution!r}."
            )
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, n[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(-limit, limit, shape)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return generator.normal(0, stddev, shape)
        return truncated_normal(generator, shape) * (stddev / TRUNCATED_STDDEV)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class Named(VarianceScaling):
    """Base class of the well-known members of the family."""

    settings: tuple[float, str, str]

    def __init__(
        self, seed: Any = None, input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(*self.settings, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(Named):
    """Evenly spread up to sqrt(6 / (fan_in + fan_out)): the default of a kernel.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010.

    >>> import numpy as np
    >>> values = GlorotUniform(seed=1)((100, 50))
    >>> bool(np.max(np.abs(values)) <= 0.2)  # sqrt(6 / (100 + 50))
    True
    """

    settings = (1.0, "fan_avg", "uniform")


class GlorotNormal(Named):
    """Truncated normal numbers of standard deviation sqrt(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio, AISTATS 2010.

    >>> import numpy as np
    >>> round(float(np.std(GlorotNormal(seed=1)((150, 50)))), 2)  # sqrt(2 / 200)
    0.1
    """

    settings = (1.0, "fan_avg", "truncated_normal")


class HeUniform(Named):
    """Evenly spread up to sqrt(6 / fan_in): for rectifiers.

    Source: He et al., "Delving deep into rectifiers", arXiv:1502.01852.

    >>> import numpy as np
    >>> values = HeUniform(seed=1)((150, 50))
    >>> bool(np.max(np.abs(values)) <= 0.2)  # sqrt(6 / 150)
    True
    """

    settings = (2.0, "fan_in", "uniform")


class HeNormal(Named):
    """Truncated normal numbers of standard deviation sqrt(2 / fan_in): for rectifiers.

    Source: He et al., "Delving deep into rectifiers", arXiv:1502.01852.

    >>> import numpy as np
    >>> round(float(np.std(HeNormal(seed=1)((200, 50)))), 2)  # sqrt(2 / 200)
    0.1
    """

    settings = (2.0, "fan_in", "truncated_normal")


class LecunUniform(Named):
    """Evenly spread up to sqrt(3 / fan_in).

    Source: LeCun et al., "Efficient backprop", 1998.

    >>> import numpy as np
    >>> values = LecunUniform(seed=1)((75, 50))
    >>> bool(np.max(np.abs(values)) <= 0.2)  # sqrt(3 / 75)
    True
    """

    settings = (1.0, "fan_in", "uniform")


class LecunNormal(Named):
    """Truncated normal numbers of standard deviation sqrt(1 / fan_in).

    Source: LeCun et al., "Efficient backprop", 1998.

    >>> import numpy as np
    >>> round(float(np.std(LecunNormal(seed=1)((100, 50)))), 2)  # sqrt(1 / 100)
    0.1
    """

    settings = (1.0, "fan_in", "truncated_normal")


def fans(
    shape: tuple[int, ...],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Count the inputs and outputs of a kernel: the last axes, times a receptive field.

    >>> fans((4, 3)), fans((5,)), fans((3, 3, 10, 20))
    ((4, 3), (5, 5), (90, 180))
    """
    if input_axes is not None and output_axes is not None:
        return (
            math.prod(shape[axis] for axis in input_axes),
            math.prod(shape[axis] for axis in output_axes),
        )
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field
