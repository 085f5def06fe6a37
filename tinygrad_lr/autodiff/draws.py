"""Random numbers as functions of a state: the same state gives the same numbers.

A state is two numbers, a seed and how many draws came before. A draw reads it and
changes nothing, so it is an ordinary call that can be recorded and repeated; whoever
draws moves the state on by :func:`next_state`. The numbers come from Philox, a
generator that can begin anywhere: key and counter are the state.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff.rules import primitive

if TYPE_CHECKING:
    from numpy.random import Generator


class Streams(threading.local):
    """The generator of this thread, and the state that it is put back to.

    Moving a generator costs a tenth of making one. It is made at the first draw:
    loading ``numpy.random`` takes its time.
    """

    position: Any = None

    def begin(self) -> None:
        """Make the generator of this thread."""
        self.bits = np.random.Philox(0)
        self.generator = np.random.Generator(self.bits)
        self.position = self.bits.state


streams = Streams()


def stream(state: Any) -> Generator:
    """The generator for one draw: Philox with the seed as key, and a counter of its
    own.
    """
    if streams.position is None:
        streams.begin()
    seed, number = state.tolist()
    position = streams.position["state"]
    position["key"][0] = seed
    position["key"][1] = 0
    position["counter"][3] = number
    streams.bits.state = streams.position
    return streams.generator


# What a printed program shows instead: the same numbers, from a generator made anew.
FOR_PEOPLE = """\
def stream(state):
    seed, number = state.tolist()
    return np.random.Generator(np.random.Philox(key=seed, counter=number << 192))"""
stream.for_people = FOR_PEOPLE  # type: ignore[attr-defined]  # a function takes notes


def next_state(state: Any) -> Any:
    """The state after a draw."""
    return state + np.array([0, 1], np.uint32)


@primitive
def draw_uniform(state: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Numbers from 0 (included) to 1 (not included), all equally likely."""
    if dtype == np.float16:
        return stream(state).random(shape, np.float32).astype(np.float16)
    return stream(state).random(shape, dtype)


@primitive
def draw_normal(state: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Numbers of the standard normal distribution."""
    if dtype == np.float16:
        return stream(state).standard_normal(shape, np.float32).astype(np.float16)
    return stream(state).standard_normal(shape, dtype)


@primitive
def draw_truncated(state: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Numbers of the standard normal distribution between -2 and 2; others are drawn
    again.
    """
    generator = stream(state)
    out = generator.standard_normal(shape)
    outside = np.abs(out) > 2
    while outside.any():
        out[outside] = generator.standard_normal(int(outside.sum()))
        outside = np.abs(out) > 2
    return out.astype(dtype)


@primitive
def draw_integers(
    state: Any, low: int, high: int, shape: tuple[int, ...], dtype: Any
) -> Any:
    """Integers from ``low`` (included) to ``high`` (not included)."""
    return stream(state).integers(low, high, shape).astype(dtype)


@primitive
def draw_permutation(state: Any, length: int) -> Any:
    """The numbers from 0 to ``length`` - 1 in a random order."""
    return stream(state).permutation(length)


@primitive
def draw_gamma(state: Any, alpha: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Numbers of the gamma distribution of shape ``alpha`` and scale 1."""
    return stream(state).standard_gamma(alpha, shape).astype(dtype)


@primitive
def draw_binomial(
    state: Any, counts: Any, p: Any, shape: tuple[int, ...], dtype: Any
) -> Any:
    """How many of ``counts`` trials succeed, if each does with probability ``p``."""
    return stream(state).binomial(counts, p, shape).astype(dtype)


DRAWS = (
    draw_uniform, draw_normal, draw_truncated, draw_integers, draw_permutation,
    draw_gamma, draw_binomial,
)  # fmt: skip
