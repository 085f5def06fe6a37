"""Operations of neural networks: activations, encodings, cross-entropies, norms.

The activations are those of :mod:`tinygrad_lr.activations`; integers become floats
before. Convolution and pooling are not here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr import activations
from tinygrad_lr.config import epsilon as small
from tinygrad_lr.config import floatx
from tinygrad_lr.losses import crossentropy
from tinygrad_lr.ops.attention import (
    depth_to_space,
    dot_product_attention,
    polar,
    space_to_depth,
)
from tinygrad_lr.ops.conversion import (
    cast,
    dtype_of,
    named,
    tensor,
    together,
    wrapped,
)
from tinygrad_lr.ops.reductions import real


def activation(name: str) -> Any:
    """An activation without arguments as an operation."""
    function = getattr(activations, name)

    def operation(x: Any) -> Any:
        x = tensor(x)
        return wrapped(function(x if name == "relu" else real(x)))

    return named(operation, name, function.__doc__)


made: dict[str, Any] = {
    name: activation(name)
    for name in (
        "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "relu", "relu6",
        "selu", "sigmoid", "silu", "softplus", "softsign", "sparse_plus",
        "sparse_sigmoid", "tanh_shrink",
    )
}  # fmt: skip
made["hard_swish"] = made["hard_silu"]
made["swish"] = made["silu"]
globals().update(made)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x for x > 0, else ``alpha (exp(x / alpha) - 1)``."""
    return wrapped(activations.celu(real(x), alpha))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x for x > 0, else ``alpha (exp(x) - 1)``."""
    return wrapped(activations.elu(real(x), alpha))


def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the normal distribution function of x; by tanh if ``approximate``."""
    return wrapped(activations.gelu(real(x), approximate))


def glu(x: Any, axis: int = -1) -> Any:
    """The first half along ``axis`` times the sigmoid of the second."""
    return wrapped(activations.glu(real(x), axis))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where its amount is above the threshold, else 0."""
    return wrapped(activations.hard_shrink(real(x), threshold))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x for x > 0, else ``negative_slope x``."""
    return wrapped(activations.leaky_relu(real(x), negative_slope))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold, but not beyond."""
    return wrapped(activations.soft_shrink(real(x), threshold))


def squareplus(x: Any, b: float = 4) -> Any:
    """``(x + sqrt(x^2 + b)) / 2``."""
    return wrapped(activations.squareplus(real(x), b))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, else ``default_value``."""
    return wrapped(activations.threshold(real(x), threshold, default_value))


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) / sum(exp(x)) over ``axis`` (an axis or several; None for all)."""
    return over_axes(activations.softmax, real(x), axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of :func:`softmax`."""
    return over_axes(activations.log_softmax, real(x), axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The probabilities nearest to x; many of them are 0."""
    return wrapped(activations.sparsemax(real(x), axis))


def over_axes(function: Any, x: Any, axis: Any) -> Any:
    if axis is None:
        axis = tuple(range(len(x.shape)))
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    return wrapped(function(x, axis))


# -- encodings -------------------------------------------------------------------------


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Class numbers as vectors with a one; a number that is no class gives zeros.

    The classes stand along the new ``axis``. There are no sparse tensors.
    """
    dense_only(sparse, "one_hot")
    x = tensor(x)
    x = cast(x, "int32") if np.dtype(x.dtype).kind not in "iu" else x
    hot = np.equal(np.expand_dims(x, -1), np.arange(num_classes, dtype=x.dtype))
    out = wrapped(hot, dtype_of(dtype or floatx()))
    return out if axis in (-1, len(x.shape)) else np.moveaxis(out, -1, axis)


def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None,
    sparse: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """One vector for each row of class numbers, with a one for each that occurs."""
    num_classes = kwargs.pop("num_tokens", num_classes)
    dense_only(sparse, "multi_hot")
    if num_classes is None or kwargs:
        raise ValueError("multi_hot: expected num_classes, the number of classes.")
    inputs = tensor(inputs)
    hot = one_hot(inputs, num_classes, axis, dtype)
    return np.max(hot, axis=1 if len(inputs.shape) > 1 else 0)


def dense_only(sparse: bool, name: str) -> None:
    if sparse:
        raise NotImplementedError(f"{name}: there are no sparse tensors here.")


# -- losses ----------------------------------------------------------------------------


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-y log(p) - (1 - y) log(1 - p), element by element."""
    target, output = same_shape(target, output)
    logits = output if from_logits else activations.logits_of(output, "sigmoid")
    if logits is not None:
        return wrapped(crossentropy.sigmoid_crossentropy(logits, target))
    p = np.clip(output, small(), 1 - small())
    return wrapped(-(target * np.log(p) + (1 - target) * np.log(1 - p)))


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum(y log(p)) over ``axis``, for one-hot targets."""
    target, output = same_shape(target, output)
    log_p = crossentropy.log_probabilities(output, from_logits, axis)
    return wrapped(-np.sum(target * log_p, axis=axis))


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log(p[y]), for targets that are class numbers."""
    target, output = cast(tensor(target), "int32"), real(output)
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = np.squeeze(target, -1)
    if tuple(target.shape) != tuple(output.shape[:-1]):
        raise ValueError(
            "sparse_categorical_crossentropy: expected targets of shape "
            f"{output.shape[:-1]} for outputs of shape {output.shape}, got "
            f"{target.shape}."
        )
    hot = one_hot(target, output.shape[axis], axis, output.dtype)
    log_p = crossentropy.log_probabilities(output, from_logits, axis)
    return wrapped(-np.sum(hot * log_p, axis=axis))


def same_shape(target: Any, output: Any) -> tuple[Any, Any]:
    output = real(output)
    target = tensor(target, output.dtype)
    if tuple(target.shape) != tuple(output.shape) or not len(target.shape):
        raise ValueError(
            "expected target and output of the same shape, with at least one axis, got "
            f"{target.shape} and {output.shape}."
        )
    return target, output


def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    """The peak signal-to-noise ratio in dB: ``20 log10(max_val) - 10 log10(mse)``."""
    x1, x2 = together(x1, x2, real=True)
    if x1.shape != x2.shape:
        raise ValueError(f"psnr: expected one shape, got {x1.shape} and {x2.shape}.")
    error = np.mean(np.square(x1 - x2))
    return wrapped(20 * math.log10(max_val) - 10 * np.log10(error))


# -- norms -----------------------------------------------------------------------------


def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance over ``axes``."""
    if synchronized:
        raise NotImplementedError("moments: synchronized= needs several devices.")
    x = real(x)
    axes = tuple(axes) if isinstance(axes, list) else axes
    inside = cast(x, np.promote_types(x.dtype, np.float32))
    mean = np.mean(inside, axis=axes, keepdims=keepdims)
    variance = np.var(inside, axis=axes, keepdims=keepdims)
    return wrapped(mean, x.dtype), wrapped(variance, x.dtype)


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None,
    epsilon: float = 0.001,
) -> Any:  # fmt: skip
    """``(x - mean) / sqrt(variance + epsilon) * scale + offset`` along ``axis``."""
    x = real(x)
    shape = [1] * len(x.shape)
    shape[axis] = x.shape[axis]

    def along(v: Any) -> Any:
        return np.reshape(tensor(v, x.dtype), shape)

    factor = 1 / np.sqrt(along(variance) + epsilon)
    if scale is not None:
        factor = factor * along(scale)
    shift = -along(mean) * factor
    if offset is not None:
        shift = shift + along(offset)
    return wrapped(x * factor + shift)


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1,
    epsilon: float | None = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta``, each over ``axis``.

    With ``rms_scaling=True`` neither the mean nor ``beta`` is used.

    Source: Ba et al., "Layer normalization", arXiv:1607.06450.
    """
    unmoved = kwargs.pop("rms_scaling", False)  # Keras's word for it
    if kwargs:
        raise TypeError(
            f"layer_normalization: unknown argument {next(iter(kwargs))!r}."
        )
    x, axes = real(x), tuple(np.atleast_1d(axis).tolist())
    inside = cast(x, np.promote_types(x.dtype, np.float32))
    mean = np.mean(inside, axis=axes, keepdims=True)
    variance = np.var(inside, axis=axes, keepdims=True)
    factor = 1 / np.sqrt(variance + (small() if epsilon is None else epsilon))
    if gamma is not None:
        factor = factor * along_axes(gamma, inside, axes)
    if unmoved:
        return wrapped(inside * factor, x.dtype)
    shift = -mean * factor
    if beta is not None:
        shift = shift + along_axes(beta, inside, axes)
    return wrapped(inside * factor + shift, x.dtype)


def along_axes(v: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """Weights in a shape that broadcasts against ``x`` along some axes."""
    v = tensor(v, x.dtype)
    if len(v.shape) == len(x.shape) or axes in ((-1,), (len(x.shape) - 1,)):
        return v
    places = [axis % len(x.shape) for axis in axes]
    return np.reshape(v, [n if i in places else 1 for i, n in enumerate(x.shape)])


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """``x / sqrt(mean(x^2) + epsilon) * scale``, the mean over ``axis``.

    Source: Zhang and Sennrich, "Root mean square layer normalization",
    arXiv:1910.07467.
    """
    x, axes = real(x), tuple(np.atleast_1d(axis).tolist())
    x = np.expand_dims(x, 0) if not len(x.shape) else x
    inside = cast(x, np.promote_types(x.dtype, np.float32))
    square = np.mean(np.square(inside), axis=axes, keepdims=True)
    out = inside * (1 / np.sqrt(square + (small() if epsilon is None else epsilon)))
    if scale is not None:
        out = out * tensor(scale, out.dtype)
    return wrapped(out, x.dtype)


def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: Any = None) -> Any:
    """``x`` divided by its norm of this order along ``axis``."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: expected an integer order >= 1, got {order!r}.")
    x = real(x)
    x = np.expand_dims(x, 0) if not len(x.shape) else x
    least = small() if epsilon is None else epsilon
    if order == 2:
        squares = np.sum(np.square(x), axis=axis, keepdims=True)
        zero = np.equal(squares, 0)  # its root has no slope there
        root = np.sqrt(np.where(zero, 1, squares))
        return wrapped(x * np.where(zero, 1 / least, np.minimum(1 / root, 1 / least)))
    powers = np.sum(np.absolute(x) ** order, axis=axis, keepdims=True)
    return wrapped(x / np.maximum(powers ** (1 / order), least))


__all__ = [
    *made,
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "celu",
    "depth_to_space",
    "dot_product_attention",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "layer_normalization",
    "leaky_relu",
    "log_softmax",
    "moments",
    "multi_hot",
    "normalize",
    "one_hot",
    "polar",
    "psnr",
    "rms_normalization",
    "soft_shrink",
    "softmax",
    "space_to_depth",
    "sparse_categorical_crossentropy",
    "sparsemax",
    "squareplus",
    "threshold",
]
