"""Activations: what a layer does to each number, or each row, after its linear part.

Every function takes an array or a Tensor and keeps its dtype; its derivative follows
from the rule table, with Keras's choice at the kinks. :func:`sigmoid` and
:func:`softmax` return :class:`Probabilities`, which remember the logits that they came
from, so that a loss can be computed without the rounding of a probability near 0 or 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff import Tensor, functions
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.notices import warn
from tinygrad_lr.registry import Registry


class Probabilities(Tensor):
    """A Tensor of probabilities that knows its ``logits``.

    ``activation`` is what lies between, "sigmoid" or "softmax" (over the last axis).
    """

    __slots__ = ("activation", "logits")

    logits: Tensor
    activation: str

    @classmethod
    def with_logits(cls, out: Tensor, logits: Tensor, activation: str) -> Probabilities:
        """Return ``out`` itself (data and history), with its logits."""
        made = object.__new__(cls)
        made.data = out.data
        made.requires_grad = out.requires_grad
        made.come_from(out)
        made.logits = logits
        made.activation = activation
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensor, (self.data, self.requires_grad)


def logits_of(x: Tensor, activation: str) -> Tensor | None:
    """The logits behind ``x`` if it came out of this activation, else None."""
    if isinstance(x, Probabilities) and x.activation == activation:
        return x.logits
    return None


# -- probabilities ---------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), element by element.

    >>> from tinygrad_lr import Tensor
    >>> sigmoid(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([0.2689, 0.5   , 0.7311], dtype=float32)
    """
    out = functions.sigmoid(x)
    if isinstance(out, Tensor):
        return Probabilities.with_logits(out, x, "sigmoid")
    return out


@checked
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) over ``axis``: positive numbers that add up to 1.

    >>> from tinygrad_lr import Tensor
    >>> softmax(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([0.09  , 0.2447, 0.6652], dtype=float32)
    """
    warn_of_one(x, axis)
    out = functions.softmax(x, axis=axis)
    if isinstance(out, Tensor) and axis in (-1, out.ndim - 1):
        return Probabilities.with_logits(out, x, "softmax")
    return out


def warn_of_one(x: Any, axis: Any) -> None:
    """Warn of a softmax over a single value, which is always 1."""
    shape = getattr(x, "shape", ())
    if isinstance(axis, int) and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        warn(
            f"softmax over axis {axis}, which has size 1 here, always gives 1. Did you "
            "mean sigmoid?"
        )


@checked
def log_softmax(x: Any, axis: int = -1) -> Any:
    """x - log(sum(exp(x))) over ``axis``: the logarithm of :func:`softmax`."""
    return functions.log_softmax(x, axis=axis)


def log_sigmoid(x: Any) -> Any:
    """-log(1 + exp(-x)), element by element: the logarithm of :func:`sigmoid`."""
    return functions.log_sigmoid(x)


@checked
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest point of the probability simplex: max(x - tau, 0) over ``axis``.

    ``tau`` is such that the result adds up to 1; small entries become exactly 0.

    Source: Martins and Astudillo, "From softmax to sparsemax", arXiv:1602.02068.
    """
    rows = np.moveaxis(x, axis, -1)
    descending = np.flip(np.sort(rows, -1), -1)
    surplus = np.cumsum(descending, -1) - 1
    rank = np.arange(1, rows.shape[-1] + 1).astype(rows.dtype)
    support = (descending > surplus / rank).sum(-1, keepdims=True)
    tau = np.take_along_axis(surplus, support - 1, -1) / support.astype(rows.dtype)
    return np.moveaxis(np.maximum(rows - tau, 0), -1, axis)


# -- rectifiers ------------------------------------------------------------------------


@checked
def relu(
    x: Any,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Any:
    """max(x, 0), element by element; slope 0 at 0.

    With the optional arguments: ``x`` above ``threshold``, at most ``max_value``, and
    ``negative_slope * (x - threshold)`` below. Slope 1/2 at ``max_value`` (0 if it is
    6).

    >>> from tinygrad_lr import Tensor
    >>> relu(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([0., 0., 1.], dtype=float32)
    """
    if not negative_slope and not threshold and max_value is None:
        return functions.relu(x)
    if negative_slope and not threshold and max_value is None:
        return leaky_relu(x, negative_slope)
    out = np.where(x > threshold, x, 0) if threshold else functions.relu(x)
    if max_value == 6 and not threshold:
        out = np.where(out < 6, out, 6)
    elif max_value is not None:
        out = np.minimum(np.maximum(out, 0), max_value)
    if negative_slope:
        out = out - negative_slope * functions.relu(threshold - x)
    return out


@checked
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x >= 0, else ``negative_slope * x``."""
    return np.where(x >= 0, x, negative_slope * x)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6), element by element; slope 0 at both ends."""
    return relu(x, max_value=6.0)


@checked
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (exp(x) - 1).

    Source: Clevert et al., "Fast and accurate deep network learning by exponential
    linear units", arXiv:1511.07289.

    >>> from tinygrad_lr import Tensor
    >>> elu(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.6321,  0.    ,  1.    ], dtype=float32)
    """
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))


def selu(x: Any) -> Any:
    """1.0507 * elu(x, 1.6733): keeps mean 0 and variance 1 from layer to layer.

    Source: Klambauer et al., "Self-normalizing neural networks", arXiv:1706.02515.
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


@checked
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (exp(x / alpha) - 1): smooth for every alpha.

    Source: Barron, "Continuously differentiable exponential linear units",
    arXiv:1704.07483.
    """
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x) / alpha))


# -- smooth gates ----------------------------------------------------------------------


@checked
def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the probability that a standard normal number is below x.

    ``approximate=True`` takes a tanh formula for the probability.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415.

    >>> from tinygrad_lr import Tensor
    >>> gelu(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.1587,  0.    ,  0.8413], dtype=float32)
    """
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))
        return x * (0.5 * (1 + np.tanh(inner)))
    return 0.5 * x * functions.erfc(-x * math.sqrt(0.5))


def silu(x: Any) -> Any:
    """x * sigmoid(x); also called swish.

    Source: Ramachandran et al., "Searching for activation functions", arXiv:1710.05941.

    >>> from tinygrad_lr import Tensor
    >>> silu(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """
    return x * functions.sigmoid(x)


def mish(x: Any) -> Any:
    """x * tanh(softplus(x)).

    Source: Misra, "Mish: a self regularized non-monotonic activation",
    arXiv:1908.08681.
    """
    return x * np.tanh(functions.softplus(x))


@checked
def glu(x: Any, axis: int = -1) -> Any:
    """a * sigmoid(b), where a and b are the two halves of ``x`` along ``axis``.

    Source: Dauphin et al., "Language modeling with gated convolutional networks",
    arXiv:1612.08083.
    """
    if x.shape[axis] % 2:
        raise ValueError(
            f"glu halves axis {axis}, so its length must be even; got shape {x.shape}."
        )
    a, b = np.split(x, 2, axis)
    return a * functions.sigmoid(b)


# -- smooth curves ---------------------------------------------------------------------


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), element by element.

    >>> from tinygrad_lr import Tensor
    >>> softplus(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([0.3133, 0.6931, 1.3133], dtype=float32)
    """
    return functions.softplus(x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|), element by element."""
    return x / (np.absolute(x) + 1)


@checked
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2, element by element.

    Source: Barron, "Squareplus: a softplus-like algebraic rectifier", arXiv:2112.11687.
    """
    return (x + np.sqrt(np.square(x) + b)) / 2


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, element by element.

    >>> from tinygrad_lr import Tensor
    >>> tanh(Tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.7616,  0.    ,  0.7616], dtype=float32)
    """
    return np.tanh(x)


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x), element by element."""
    return x - np.tanh(x)


def exponential(x: Any) -> Any:
    """exp(x), element by element."""
    return np.exp(x)


def linear(x: Any) -> Any:
    """x itself."""
    return x


# -- straight pieces -------------------------------------------------------------------


def hard_tanh(x: Any) -> Any:
    """x cut off at -1 and 1; slope 1 at both ends."""
    return np.clip(x, -1, 1)


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1/2, cut off at 0 and 1."""
    return relu6(x + 3) / 6


def hard_silu(x: Any) -> Any:
    """x * hard_sigmoid(x); also called hard swish.

    Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244.
    """
    return x * hard_sigmoid(x)


@checked
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0."""
    return np.where(np.absolute(x) > threshold, x, 0)


@checked
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by ``threshold``; 0 where |x| <= threshold."""
    return np.where(
        x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0)
    )


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)^2 / 4 up to 1, then x."""
    return np.where(x <= -1, 0, np.where(x < 1, np.square(x + 1) / 4, x))


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, cut off at 0 and 1; half the slope at both ends.

    Source: Blondel et al., "Learning with Fenchel-Young losses", arXiv:1901.02324.
    """
    return 0.5 * np.minimum(np.maximum(x + 1, 0), 2)


@checked
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else ``default_value``."""
    return np.where(x > threshold, x, default_value)


# -- names -----------------------------------------------------------------------------

registry = Registry("activation", "keras.activations")
registry.add(
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh,
    leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid,
    silu, soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid,
    sparsemax, squareplus, tanh, tanh_shrink, threshold, swish=silu,
    hard_swish=hard_silu,
)  # fmt: skip
swish = silu
hard_swish = hard_silu
serialize = registry.serialize
deserialize = registry.deserialize


def get(identifier: Any) -> Any:
    """Return the activation for a name, a function, a layer, or None (:func:`linear`).

    >>> get("swish").__name__, get(None).__name__
    ('silu', 'linear')
    """
    return linear if identifier is None else registry.get(identifier)


attach_getattr(__name__)
