"""Numbers to check at: fixed, without zeros or ties, where slopes may jump."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff.tensor import Array


class Sample(NamedTuple):
    """One call at which a row is checked."""

    args: tuple[Any, ...]
    options: dict[str, Any]


def sample(*args: Any, **options: Any) -> Sample:
    """Write a sample as the call is written, without the function."""
    return Sample(args, options)


class Numbers:
    """Draws arrays for samples: fixed, without zeros or ties, where slopes may jump."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(7)

    def __call__(self, *shape: int, low: float = -2, high: float = 2) -> Array:
        """Return shuffled values spread evenly over (low, high)."""
        size = int(np.prod(shape))
        steps = (np.arange(size) + self.generator.uniform(0.3, 0.7)) / max(size, 1)
        return self.generator.permutation(low + (high - low) * steps).reshape(shape)

    def regular(self, *shape: int) -> Array:
        """Return well-conditioned matrices."""
        return self(*shape) + 3 * np.eye(shape[-1])

    def positive(self, *shape: int) -> Array:
        """Return symmetric positive definite matrices."""
        m = self(*shape)
        return m @ np.swapaxes(m, -1, -2) + np.eye(shape[-1])

    def distinct(self, *shape: int) -> Array:
        """Return matrices whose eigenvalues are real and far apart."""
        n = shape[-1]
        return self(*shape, n, low=-0.3, high=0.3) + np.diag(np.arange(1.0, n + 1))
