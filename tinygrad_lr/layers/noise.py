"""Noise in training: values dropped, multiplied or added at random; none in inference.

Each layer owns a :class:`SeedGenerator`, so a ``seed`` makes its noise repeat itself.
The mean is kept: what is not dropped grows by as much as is lost.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_lr import random, regularizers
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.layers.validation import (
    fraction,
    invalid,
    is_whole,
    layout,
    spatial_axes,
)


class Noise(SameShape):
    """Base class: calls :meth:`disturbed` in training, if there is any noise at all."""

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.noisy = False

    def checked_strength(self, name: str, value: Any) -> Any:
        """Return a rate or deviation from 0 to 1; above 0 there is noise."""
        self.noisy = fraction(self, name, value) > 0
        if self.noisy:
            self.seed_generator = random.SeedGenerator(self.seed)
        return value

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if training and self.noisy:
            return self.disturbed(inputs.astype(self.compute_dtype))
        return inputs

    def disturbed(self, x: Any) -> Any:
        """Return ``x`` with noise."""
        raise NotImplementedError


class Dropout(Noise):
    """Sets a fraction ``rate`` of the values to 0, and divides the rest by 1 - rate.

    ``noise_shape`` is the shape of the random mask: along axes where it is 1, values
    are kept or dropped together; None stands for the length of the input. Raises
    ``ValueError`` for a rate outside 0 to 1.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15 (2014).

    >>> import numpy as np
    >>> np.unique(Dropout(0.5)(np.ones(1000), training=True).numpy())
    array([0., 2.], dtype=float32)
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed, **kwargs)
        self.rate = self.checked_strength("rate", rate)
        if noise_shape is not None and (
            not isinstance(noise_shape, (list, tuple))
            or not all(n is None or (is_whole(n) and n > 0) for n in noise_shape)
        ):
            raise invalid(
                self,
                "expected a shape of positive integers (or None) as noise_shape, such "
                f"as (None, 1, 8), got {noise_shape!r}.",
            )
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the mask for inputs of this shape."""
        if self.noise_shape is None:
            return shape
        pairs = list(zip(self.noise_shape, shape, strict=False))
        if len(self.noise_shape) != len(shape) or any(
            m not in (None, 1, n) for m, n in pairs
        ):
            raise invalid(
                self,
                f"noise_shape {self.noise_shape} does not fit inputs of shape {shape}: "
                "each entry must be None, 1 or the length of that axis.",
            )
        return tuple(n if m is None else m for m, n in pairs)

    def disturbed(self, x: Any) -> Any:
        if self.rate == 1:
            return x * 0
        shape = self.mask_shape(x.shape)
        return random.dropout(x, self.rate, shape, self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


class SpatialDropout(Dropout):
    """Base class: drops whole channels, the same ones at every place of a sample."""

    rank: int

    def __init__(
        self, rate: float, data_format: str | None = None, seed: int | None = None,
        name: str | None = None, dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = layout(self, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        axes = spatial_axes(self.data_format, self.rank)
        return tuple(1 if axis in axes else n for axis, n in enumerate(shape))

    def get_config(self) -> dict[str, Any]:
        config = {"rate": self.rate, "seed": self.seed, "name": self.name}
        if self.rank > 1:
            config["data_format"] = self.data_format
        return {**config, "dtype": self.dtype}


class SpatialDropout1D(SpatialDropout):
    """Drops whole features of a sequence (batch, steps, features), at all its steps.

    Source: Tompson et al., "Efficient object localization using convolutional
    networks", arXiv:1411.4280.

    >>> import numpy as np
    >>> out = SpatialDropout1D(0.5)(np.ones((1, 4, 3)), training=True).numpy()
    >>> bool((out == out[:, :1]).all())  # a feature is dropped at all steps or none
    True
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None,
        dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(rate, "channels_last", seed, name, dtype, **kwargs)


class SpatialDropout2D(SpatialDropout):
    """Drops whole channels of an image of shape (batch, height, width, channels)."""

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Drops whole channels of a volume: (batch, depth, height, width, channels)."""

    rank = 3


class AlphaDropout(Dropout):
    """Sets a fraction ``rate`` of the values to what SELU gives far below 0.

    The result is scaled and shifted so that mean 0 and variance 1 stay what they are.
    The arguments are those of :class:`Dropout`; a rate of 1 is refused.

    Source: Klambauer et al., "Self-normalizing neural networks", arXiv:1706.02515.

    >>> import numpy as np
    >>> AlphaDropout(0.5)(np.ones(2)).numpy()  # changed in training only
    array([1., 1.], dtype=float32)
    """

    def checked_strength(self, name: str, value: Any) -> Any:
        return below_one(self, super().checked_strength(name, value))

    def disturbed(self, x: Any) -> Any:
        low = -1.6732632423543772 * 1.0507009873554805
        u = random.uniform(
            self.mask_shape(x.shape), dtype=x.dtype, seed=self.seed_generator
        )
        kept = (u >= self.rate).astype(x.dtype)
        scale = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        return scale * (x * kept + low * (1 - kept)) - scale * low * self.rate


class GaussianDropout(Noise):
    """Multiplies by normal noise of mean 1 and deviation sqrt(rate / (1 - rate)).

    Raises ``ValueError`` for a rate that is not from 0 to below 1.

    Source: Srivastava et al., JMLR 15 (2014), section 10.

    >>> import numpy as np
    >>> GaussianDropout(0.5)(np.ones(2)).numpy()  # changed in training only
    array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = below_one(self, self.checked_strength("rate", rate))

    def disturbed(self, x: Any) -> Any:
        deviation = math.sqrt(self.rate / (1 - self.rate))
        return x * random.normal(x.shape, 1.0, deviation, x.dtype, self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class GaussianNoise(Noise):
    """Adds normal noise of mean 0 and deviation ``stddev`` (from 0 to 1), in training.

    >>> import numpy as np
    >>> GaussianNoise(0.1)(np.ones(2)).numpy()  # changed in training only
    array([1., 1.], dtype=float32)
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = self.checked_strength("stddev", stddev)

    def disturbed(self, x: Any) -> Any:
        return x + random.normal(
            x.shape, 0.0, self.stddev, x.dtype, self.seed_generator
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


def below_one(layer: Layer, rate: Any) -> Any:
    """Refuse to drop everything, where what is left would have to grow without end."""
    if rate == 1:
        raise invalid(layer, "expected a rate below 1, got 1: nothing would be left.")
    return rate


class ActivityRegularization(SameShape):
    """Passes its input on, and adds l1 * sum(|x|) + l2 * sum(x^2) to the loss.

    As for every penalty on an output, the sum is divided by the batch size.

    >>> import numpy as np
    >>> layer = ActivityRegularization(l2=0.1)
    >>> out = layer(np.array([[3.0]]))
    >>> round(float(layer.losses[0]), 4)
    0.9
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        del config["activity_regularizer"]
        return config
