"""Random initializers of a given spread: normal, uniform, truncated, orthogonal.

An initializer with a ``seed`` (or none: it draws one when it is made) returns the same
values at each call, as in Keras; with a :class:`~tinygrad_lr.random.SeedGenerator`
other values.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import floatx
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.random import (
    Seed,
    SeedGenerator,
    checked_seed,
    generator_of,
    new_seed,
    shape_of,
)
from tinygrad_lr.registry import configuration

if TYPE_CHECKING:
    from numpy.random import Generator


class RandomInitializer(Initializer):
    """Base class of what draws its values: keeps the seed."""

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, dict):
            seed = SeedGenerator.from_config(seed.get("config", seed))
        if not isinstance(seed, SeedGenerator) and seed is not None:
            seed = checked_seed(seed, type(self).__name__)
        self.given_seed: Seed = seed
        self.seed: int | SeedGenerator = new_seed() if seed is None else seed

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        values = self.draw(generator_of(self.seed), shape_of(shape))
        return Tensor(np.asarray(values), dtype=dtype or floatx())

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        """Return an array of ``shape`` with draws from ``generator``."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        seed: Any = self.given_seed
        if isinstance(seed, SeedGenerator):
            seed = configuration(
                "keras.random", "SeedGenerator", seed.get_config(), None
            )
        return {"seed": seed}


class RandomNormal(RandomInitializer):
    """Normal numbers with the given ``mean`` and ``stddev``.

    >>> round(float(np.std(RandomNormal(stddev=0.5, seed=1)((100, 100)))), 1)
    0.5
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        return generator.normal(self.mean, self.stddev, shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Normal numbers; those beyond two ``stddev`` from the ``mean`` are drawn again.

    >>> values = TruncatedNormal(stddev=0.5, seed=1)((100, 100))
    >>> bool(np.max(np.abs(values)) <= 1.0)  # two standard deviations
    True
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        return truncated_normal(generator, shape) * self.stddev + self.mean

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Numbers evenly spread from ``minval`` (included) to ``maxval`` (not included).

    >>> values = RandomUniform(-0.1, 0.1, seed=1)((100, 100))
    >>> bool(np.max(np.abs(values)) <= 0.1)
    True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None
    ) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        return generator.uniform(self.minval, self.maxval, shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, times ``gain``.

    For more than two axes all but the last are taken together as rows. Raises
    ``ValueError`` for fewer than two.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", arXiv:1312.6120.

    >>> q = Orthogonal(seed=1)((3, 3))
    >>> bool(np.allclose(q.T @ q, np.eye(3), atol=1e-6))
    True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def draw(self, generator: Generator, shape: tuple[int, ...]) -> Any:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: expected at least two axes, got shape {shape}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q = q * np.sign(np.diag(r))
        return self.gain * np.reshape(q if rows >= columns else q.T, shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}


def truncated_normal(generator: Generator, shape: tuple[int, ...]) -> Any:
    """Standard normal numbers between -2 and 2: what lies outside is drawn again."""
    values = np.asarray(generator.standard_normal(shape))
    while (outside := np.abs(values) > 2).any():
        values[outside] = generator.standard_normal(int(outside.sum()))
    return values
