"""Random numbers from generators that one can name, seed and pass on.

Every draw belongs to a :class:`SeedGenerator`; whoever is given no seed gets one from
the root generator, so that :func:`set_random_seed` makes a whole run repeat itself, bit
by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

root: dict[str, Generator] = {}


def root_generator() -> Generator:
    """The generator that everything without a seed of its own draws from.

    Without :func:`set_random_seed` it starts from the state of NumPy's global
    generator, so a script that begins with ``np.random.seed(7)`` repeats itself too.
    (That state is only read: the script's own draws are the same with and without us.)
    """
    if "generator" not in root:
        state: Any = np.random.get_state(legacy=False)
        words = [*state["state"]["key"].tolist(), state["state"]["pos"]]
        root["generator"] = np.random.default_rng(words)
    return root["generator"]


def set_random_seed(seed: int) -> None:
    """Seed Python's ``random``, NumPy's global generator and the root generator.

    Two runs after the same seed are bit-equal. Raises ``ValueError`` for anything but
    an integer from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"set_random_seed: expected an integer, got {seed!r}.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: expected 0 <= seed < 2**32, got {seed!r}.")
    import random as python_random  # slow to load, and needed nowhere else

    python_random.seed(int(seed))
    np.random.seed(int(seed))
    root["generator"] = np.random.default_rng(int(seed))


def new_seed() -> int:
    """Draw a seed from the root generator."""
    return int(root_generator().integers(1, 10**9))


class SeedGenerator:
    """A source of random numbers: ``generator`` is a ``numpy.random.Generator``.

    Without a ``seed`` it draws one from the root generator. ``next()`` returns a new
    integer seed each time. Raises ``ValueError`` for a seed that is no integer.

    >>> first, second = SeedGenerator(3), SeedGenerator(3)
    >>> first.next() == second.next()
    True
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        if seed is None:
            seed = new_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(
                f"SeedGenerator: expected an integer as seed, got {seed!r}."
            )
        self.name = name or "seed_generator"
        self.seed = int(seed)
        self.generator = np.random.default_rng(self.seed)

    def next(self) -> int:
        """Return a new seed."""
        return int(self.generator.integers(1, 10**9))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a generator."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make a generator from what :meth:`get_config` returned."""
        return cls(**config)


def generator_of(seed: int | SeedGenerator | None) -> Generator:
    """Return the generator to draw from: a fresh one for an integer or None."""
    if isinstance(seed, SeedGenerator):
        return seed.generator
    return np.random.default_rng(new_seed() if seed is None else seed)
