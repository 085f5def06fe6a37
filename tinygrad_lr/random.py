"""Random numbers from generators that one can name, seed and pass on.

Every draw belongs to a :class:`SeedGenerator`, whose state is a Variable, so that a
recorded training step draws anew in each batch and a saved one goes on where it
stopped. Whoever is given no seed gets one from the root generator:
:func:`set_random_seed` makes a whole run repeat itself, bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.arguments import checked, unknown_argument
from tinygrad_lr.autodiff import Tensor, Variable, draws, hint, no_grad
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.registry import Registry

if TYPE_CHECKING:
    from numpy.random import Generator

root: dict[str, Any] = {}


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
    generator: Generator = root["generator"]
    return generator


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
    root.clear()
    root["generator"] = np.random.default_rng(int(seed))


def new_seed() -> int:
    """Draw a seed from the root generator."""
    return int(root_generator().integers(1, 10**9))


class SeedGenerator:
    """A source of random numbers: a ``seed``, and how many draws there were.

    Both are in the Variable ``state``, two integers (uint32). Without a ``seed`` it
    draws one from the root generator. ``next()`` returns the state as it is, for one
    draw, and moves it on. Raises ``ValueError`` for a seed that is no integer of at
    least 0.

    >>> first, second = SeedGenerator(3), SeedGenerator(3)
    >>> first.next().tolist(), first.next().tolist(), second.next().tolist()
    ([3, 0], [3, 1], [3, 0])
    """

    def __init__(
        self, seed: int | None = None, name: str | None = None, **kwargs: Any
    ) -> None:
        if kwargs:
            names = frozenset(("seed", "name"))
            raise unknown_argument("SeedGenerator", list(kwargs), names)
        self._given = seed
        if seed is None:
            seed = new_seed()
        self.name = name or "seed_generator"
        self.seed = checked_seed(seed, "SeedGenerator")
        start = np.array([self.seed % 2**32, 0], np.uint32)
        self.state = Variable(start, trainable=False, name="seed_generator_state")
        self.state.path = f"{self.name}/seed_generator_state"
        self.state.word = name and name.removesuffix("_generator")

    @no_grad()
    def next(self, ordered: bool = True) -> Tensor:
        """The state for one draw; the next one gets another."""
        state = self.state.value
        self.state.assign(draws.next_state(state))
        return state

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a generator."""
        return {"seed": self._given, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make a generator from what :meth:`get_config` returned."""
        return cls(**config)


Registry("seed generator", "keras.random").add(SeedGenerator)
Seed = int | SeedGenerator | None


def checked_seed(seed: Any, who: str) -> int:
    """Return a seed as a Python integer."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(
            f"{who}: expected an integer of at least 0 (or a SeedGenerator, or None) "
            f"as seed, got {seed!r}."
        )
    return int(seed)


def generator_of(seed: Seed) -> Generator:
    """Return a NumPy generator for a seed; a SeedGenerator is moved on."""
    if isinstance(seed, SeedGenerator):
        return np.random.default_rng(seed.next().tolist())
    return np.random.default_rng(new_seed() if seed is None else seed)


def draw_state(seed: Seed) -> Tensor:
    """The state for one draw: always the same for an integer, a new one otherwise."""
    if seed is None:
        if "unseeded" not in root:
            root["unseeded"] = SeedGenerator(name="global_seed_generator")
        seed = root["unseeded"]
    if isinstance(seed, SeedGenerator):
        return seed.next()
    number = checked_seed(seed, "keras.random") % 2**32
    return Tensor(np.array([number, 0], np.uint32))


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of integers; one integer is a shape of one axis."""
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    return tuple(int(n) for n in shape)


def float_dtype(dtype: Any, who: str) -> Any:
    """The dtype of a draw of real numbers, ``floatx`` if None."""
    kind = np.dtype(getattr(dtype, "name", dtype) or floatx())
    if kind.kind != "f":
        raise ValueError(
            f"{who}: expected a float dtype, got {dtype!r}. For integers there is "
            "randint."
        )
    return kind


# -- draws -----------------------------------------------------------------------------


@checked
def uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Any:  # fmt: skip
    """Numbers from ``minval`` (included) to ``maxval`` (not included), all equally
    likely.

    ``shape`` is the shape of the result, ``dtype`` its float dtype (``floatx``). An
    integer ``seed`` gives the same numbers at each call, a :class:`SeedGenerator` or
    None new ones.

    >>> uniform((2, 3), seed=1).shape
    (2, 3)
    """
    kind = float_dtype(dtype, "uniform")
    out = draws.draw_uniform(draw_state(seed), shape_of(shape), kind)
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        span = maxval - minval
        out = out if span == 1 else out * span
        return out if minval == 0 else out + minval
    low, high = as_tensor(minval, kind), as_tensor(maxval, kind)
    return out * (high - low) + low


@checked
def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Any:  # fmt: skip
    """Numbers of the normal distribution of this mean and standard deviation."""
    kind = float_dtype(dtype, "normal")
    out = draws.draw_normal(draw_state(seed), shape_of(shape), kind)
    return moved(out, mean, stddev)


@checked
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Any:  # fmt: skip
    """Like :func:`normal`, but no number is further than 2 ``stddev`` from ``mean``."""
    kind = float_dtype(dtype, "truncated_normal")
    out = draws.draw_truncated(draw_state(seed), shape_of(shape), kind)
    return moved(out, mean, stddev)


def moved(out: Any, mean: Any, stddev: Any) -> Any:
    """``mean + stddev * out``, in the dtype of ``out``."""
    if not isinstance(stddev, (int, float)):
        out = out * as_tensor(stddev, out.dtype)
    elif stddev != 1:
        out = out * float(stddev)
    if not isinstance(mean, (int, float)):
        return out + as_tensor(mean, out.dtype)
    return out if mean == 0 else out + float(mean)


@checked
def randint(
    shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Seed = None
) -> Any:
    """Integers from ``minval`` (included) to ``maxval`` (not included)."""
    kind = np.dtype(getattr(dtype, "name", dtype))
    if kind.kind not in "iu":
        raise ValueError(f"randint: expected an integer dtype, got {dtype!r}.")
    return draws.draw_integers(
        draw_state(seed), int(minval), int(maxval), shape_of(shape), kind
    )


@checked
def categorical(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed = None
) -> Any:
    """Class numbers of shape (n, num_samples), drawn for each of n rows of ``logits``.

    A class is drawn with probability softmax(logits), as the largest of the logits
    after Gumbel noise is added.

    Source: Gumbel, "Statistical theory of extreme values" (1954).
    """
    logits = as_tensor(logits)
    if logits.ndim != 2:
        raise ValueError(
            f"categorical: expected logits of shape (rows, classes), got shape "
            f"{logits.shape}."
        )
    if logits.dtype.kind != "f":
        logits = logits.astype(floatx())
    rows, classes = logits.shape
    u = draws.draw_uniform(
        draw_state(seed), (rows, num_samples, classes), np.dtype("float64")
    )
    noise = -np.log(-np.log(np.maximum(u, 1e-300)))
    found = np.argmax(logits.astype("float64")[:, None, :] + noise, -1)
    return as_tensor(found, np.dtype(getattr(dtype, "name", dtype)))


@checked
def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None,
    seed: Seed = None,
) -> Any:  # fmt: skip
    """Set a fraction ``rate`` of the inputs to 0, and divide the others by 1 - rate.

    ``noise_shape`` is the shape of the mask: where it has 1, all elements of an axis
    are kept or dropped together; None stands for the length in ``inputs``.

    Source: Srivastava et al., "Dropout" (2014).
    """
    inputs = as_tensor(inputs)
    shape = inputs.shape
    if noise_shape is not None:
        wanted = zip(noise_shape, shape, strict=True)
        shape = tuple(n if want is None else int(want) for want, n in wanted)
    keep = 1.0 - rate
    kept = draws.draw_uniform(draw_state(seed), shape, np.dtype("float32")) < keep
    hint(kept, "kept")
    return np.where(kept, inputs / keep, 0)


@checked
def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Any:
    """The slices of ``x`` along ``axis`` in a random order."""
    x = as_tensor(x)
    order = draws.draw_permutation(draw_state(seed), x.shape[axis])
    return np.take(x, order, axis)


@checked
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Seed = None) -> Any:
    """Numbers of the gamma distribution of shape ``alpha`` and scale 1."""
    kind = float_dtype(dtype, "gamma")
    return draws.draw_gamma(draw_state(seed), alpha, shape_of(shape), kind)


@checked
def beta(
    shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Seed = None
) -> Any:
    """Numbers of the beta distribution: a / (a + b) of two gamma draws."""
    kind = float_dtype(dtype, "beta")
    state = draw_state(seed)
    wide = np.dtype("float64")
    a = draws.draw_gamma(state, alpha, shape_of(shape), wide)
    b = draws.draw_gamma(state + np.array([2**31, 0], np.uint32), beta, a.shape, wide)
    return as_tensor(a / (a + b), kind)


@checked
def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Seed = None
) -> Any:
    """How many of ``counts`` trials succeed, if each does with this probability."""
    kind = float_dtype(dtype, "binomial")
    return draws.draw_binomial(
        draw_state(seed), counts, probabilities, shape_of(shape), kind
    )


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
