"""Mathematics of ``keras.backend``: names, argument orders and defaults of Keras 2.

Most are operations of :mod:`tinygrad_lr.ops`; only what differs has a line of code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import ops, random
from tinygrad_lr.activations import hard_sigmoid  # offered as K.hard_sigmoid
from tinygrad_lr.config import (
    floatx,
)
from tinygrad_lr.losses import crossentropy

# Operations that have the same name and arguments in both.
SAME = """
    abs all any cast clip cos cumprod cumsum dtype elu equal exp eye greater
    greater_equal less less_equal log logsumexp max maximum mean min minimum ndim
    not_equal ones_like prod relu reshape round sigmoid sign sin softmax softplus
    softsign sqrt square squeeze stack std stop_gradient sum tanh tile transpose var
    where zeros_like arange one_hot
    """
for name in SAME.split():
    globals()[name] = getattr(ops, name)

permute_dimensions = ops.transpose
pow = ops.power


# -- mathematics with other names or defaults ------------------------------------------


def argmax(x: Any, axis: int = -1) -> Any:
    """The position of the greatest element along ``axis``."""
    return ops.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The position of the least element along ``axis``."""
    return ops.argmin(x, axis)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Join along an existing axis, the last by default."""
    return ops.concatenate(tensors, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Insert an axis of length 1, the last by default."""
    return ops.expand_dims(x, axis)


def flatten(x: Any) -> Any:
    """All elements along one axis."""
    return ops.ravel(x)


def batch_flatten(x: Any) -> Any:
    """All elements of each sample along one axis."""
    return ops.reshape(x, (x.shape[0] or -1, -1))


def gather(reference: Any, indices: Any) -> Any:
    """The rows at ``indices``."""
    return ops.take(reference, indices, 0)


def repeat(x: Any, n: int) -> Any:
    """Each sample of shape (size,) ``n`` times: (samples, n, size)."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element ``rep`` times along ``axis``."""
    return ops.repeat(x, rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """The elements in reverse order along ``axes``."""
    return ops.flip(x, axes)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of ``x`` and the second last of ``y``."""
    return ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each sample of ``x`` with the same one of ``y``, over ``axes``."""
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    first, second = len(x.shape), len(y.shape)
    if axes is None:
        axes = (1, 1) if first == second == 2 else (first - 1, max_of(second - 2, 1))
    axes = (axes, axes) if isinstance(axes, int) else tuple(axes)
    a, b = axes[0] % first, axes[1] % second
    left = ["a", *list("cdefgh")[: first - 1]]
    right = ["a", *list("nopqrs")[: second - 1]]
    right[b] = left[a]
    rest = [*(n for i, n in enumerate(left) if i != a), *right[1:b], *right[b + 1 :]]
    equation = f"{''.join(left)},{''.join(right)}->{''.join(rest)}"
    out = ops.einsum(equation, x, y)
    return ops.expand_dims(out, 1) if len(rest) == 1 else out


def max_of(a: int, b: int) -> int:
    return a if a > b else b


def l2_normalize(x: Any, axis: int | None = None) -> Any:
    """``x / sqrt(max(sum(x**2), 1e-12))``, along ``axis``."""
    x = ops.convert_to_tensor(x)
    squares = np.sum(np.square(x), axis=axis, keepdims=True)
    return x / np.sqrt(np.maximum(squares, 1e-12))


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """``x + bias`` along the last axis."""
    return ops.add(x, bias)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` if ``training``, else ``alt``; both may be functions."""
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` if ``training``, else ``x``; both may be functions."""
    return in_train_phase(alt, x, training)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """``then_expression`` where the condition holds, else ``else_expression``."""
    if callable(then_expression):
        return ops.cond(condition, then_expression, else_expression)
    return ops.where(condition, then_expression, else_expression)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set a fraction of the elements to 0, and scale up the others."""
    return random.dropout(x, level, noise_shape, seed)


def identity(x: Any, name: str | None = None) -> Any:
    """The same values."""
    return ops.convert_to_tensor(x)


def map_fn(fn: Any, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """What a function gives for each element along the first axis."""
    return ops.map(fn, elems)


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a Tensor's values; return the Tensor."""
    print(message, x)
    return x


def slice(x: Any, start: Any, size: Any) -> Any:
    """The part that begins at ``start`` and has ``size`` elements along the axes."""
    return ops.slice(x, start, size)


# -- losses ----------------------------------------------------------------------------


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-y log(p) - (1 - y) log(1 - p), element by element."""
    return ops.binary_crossentropy(target, output, from_logits)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum(y log(p)) over ``axis``, for one-hot targets."""
    return crossentropy.categorical_crossentropy(target, output, from_logits, axis=axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log(p[y]), for targets that are class numbers."""
    return crossentropy.sparse_categorical_crossentropy(
        target, output, from_logits, axis=axis
    )


# -- random numbers --------------------------------------------------------------------


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None,
    seed: Any = None,
) -> Any:  # fmt: skip
    """Numbers of the normal distribution."""
    return random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None,
    seed: Any = None,
) -> Any:  # fmt: skip
    """Numbers that are equally likely between two limits."""
    return random.uniform(shape, minval, maxval, dtype, seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None,
    seed: Any = None,
) -> Any:  # fmt: skip
    """Numbers of the normal distribution within two standard deviations."""
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def random_binomial(
    shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Ones with probability ``p``, else zeros."""
    return ops.cast(random.uniform(shape, seed=seed) < p, dtype or floatx())


random_bernoulli = random_binomial

__all__ = [
    *SAME.split(),
    "argmax",
    "argmin",
    "batch_dot",
    "batch_flatten",
    "bias_add",
    "binary_crossentropy",
    "categorical_crossentropy",
    "concatenate",
    "dot",
    "dropout",
    "expand_dims",
    "flatten",
    "gather",
    "hard_sigmoid",
    "identity",
    "in_test_phase",
    "in_train_phase",
    "l2_normalize",
    "map_fn",
    "permute_dimensions",
    "pow",
    "print_tensor",
    "random_bernoulli",
    "random_binomial",
    "random_normal",
    "random_uniform",
    "repeat",
    "repeat_elements",
    "reverse",
    "slice",
    "sparse_categorical_crossentropy",
    "switch",
    "truncated_normal",
]
