"""More of TensorFlow: what programs of TensorFlow 2 call beside ``tf.keras``.

Operations are those of :mod:`tinygrad_lr.ops` under TensorFlow's names; ``tf.data``,
``tf.io.gfile``, ``tf.random`` and the losses of ``tf.nn`` are here, too. ``NAMES`` is
added to that of :mod:`tinygrad_lr.tensorflow_names`.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr import initializers, losses, metrics, ops, optimizers, random
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.backend.graphs import Graph, Session
from tinygrad_lr.config import floatx
from tinygrad_lr.losses import crossentropy
from tinygrad_lr.ops.conversion import dtype_of
from tinygrad_lr.utils.dataset import Dataset

Function = Callable[..., Any]


def without_name(function: Function) -> Function:
    """Let a function take TensorFlow's ``name=``, and arrays in the dtype they have."""

    def named(*args: Any, name: str | None = None, **options: Any) -> Any:
        ready = (Tensor(arg) if isinstance(arg, np.ndarray) else arg for arg in args)
        return function(*ready, **options)

    return named


def operations(names: str) -> dict[str, Function]:
    """Operations that have one name in TensorFlow and Keras."""
    return {name: without_name(getattr(ops, name)) for name in names.split()}


# -- losses of tf.nn, from logits ------------------------------------------------------


def sigmoid_crossentropy(
    labels: Any = None, logits: Any = None, name: Any = None
) -> Any:
    """-y log(p) - (1 - y) log(1 - p) with p = sigmoid(logits), element by element."""
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def softmax_crossentropy(
    labels: Any, logits: Any, axis: int = -1, name: Any = None
) -> Any:
    """-sum(y log(p)) over ``axis`` with p = softmax(logits)."""
    return ops.categorical_crossentropy(labels, logits, True, axis)


def sparse_softmax_crossentropy(labels: Any, logits: Any, name: Any = None) -> Any:
    """-log(p[y]) with p = softmax(logits), for class numbers."""
    return crossentropy.sparse_categorical_crossentropy(labels, logits, True)


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None
) -> Any:
    """``x / sqrt(max(sum(x**2), epsilon))`` over ``axis``."""
    x = ops.convert_to_tensor(x)
    squares = np.sum(np.square(x), axis=axis, keepdims=True)
    return x / np.sqrt(np.maximum(squares, epsilon))


def l2_loss(t: Any, name: Any = None) -> Any:
    """``sum(t**2) / 2``."""
    return ops.sum(ops.square(t)) / 2


def dropout(x: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set a fraction ``rate`` of the elements to 0, and scale up the others."""
    return random.dropout(x, rate, noise_shape, seed)


# -- random numbers --------------------------------------------------------------------


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None,
    name: Any = None,
) -> Any:  # fmt: skip
    """Numbers of the normal distribution."""
    return random.normal(shape, mean, stddev, dtype_of(dtype or floatx()), seed)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None,
    name: Any = None,
) -> Any:  # fmt: skip
    """Numbers of the normal distribution within two standard deviations."""
    kind = dtype_of(dtype or floatx())
    return random.truncated_normal(shape, mean, stddev, kind, seed)


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = None,
    seed: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Numbers between two limits; integers for an integer ``dtype``."""
    kind = dtype_of(dtype or floatx())
    if kind.kind in "iu":
        if maxval is None:
            raise ValueError("tf.random.uniform: integers need maxval=.")
        return random.randint(shape, minval, maxval, kind, seed)
    return random.uniform(shape, minval, 1 if maxval is None else maxval, kind, seed)


# -- matrices of counts, shapes --------------------------------------------------------


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None,
    dtype: Any = np.int32, name: Any = None,
) -> Tensor:  # fmt: skip
    """How often each class (row) was taken for each (column)."""
    true, seen = (
        np.asarray(x.numpy() if isinstance(x, Tensor) else x, int).ravel()
        for x in (labels, predictions)
    )
    n = int(max(true.max(), seen.max())) + 1 if num_classes is None else num_classes
    counts = np.zeros((n, n), dtype_of(dtype))
    np.add.at(counts, (true, seen), 1 if weights is None else np.asarray(weights))
    return Tensor(counts)


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False,
    name: Any = None,
) -> Any:  # fmt: skip
    """The matrix product."""
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return ops.matmul(a, b)


def gather(params: Any, indices: Any, axis: int = 0, name: Any = None) -> Any:
    """The slices at ``indices`` along ``axis``."""
    return ops.take(params, indices, axis)


def one_hot(
    indices: Any, depth: int, on_value: Any = None, off_value: Any = None,
    axis: int | None = None, dtype: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Class numbers as vectors with a one (``on_value``)."""
    hot = ops.one_hot(indices, depth, -1 if axis is None else axis, dtype)
    if on_value is None and off_value is None:
        return hot
    on = 1 if on_value is None else on_value
    return ops.where(ops.equal(hot, 1), on, 0 if off_value is None else off_value)


def split(value: Any, num_or_size_splits: Any, axis: int = 0, name: Any = None) -> Any:
    """Cut into equal parts, or into parts of the sizes listed."""
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis)
    return ops.split(value, np.cumsum(num_or_size_splits)[:-1].tolist(), axis)


def in_order(function: Function) -> Function:
    """A reduction with TensorFlow's names of arguments."""

    def reduce(
        input_tensor: Any, axis: Any = None, keepdims: bool = False, name: Any = None
    ) -> Any:
        return function(input_tensor, axis=axis, keepdims=keepdims)

    return reduce


def add_n(inputs: Any, name: Any = None) -> Any:
    """The sum of a list of Tensors of one shape."""
    first, *others = [ops.convert_to_tensor(part) for part in inputs]
    return sum(others, first)


def boolean_mask(tensor: Any, mask: Any, axis: int = 0, name: Any = None) -> Any:
    """The slices along ``axis`` where a mask, whose values are looked at, is true."""
    rows = np.flatnonzero(mask.numpy() if isinstance(mask, Tensor) else mask)
    return ops.take(tensor, rows, axis)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """``t`` shortened to ``clip_norm`` where its norm is greater."""
    t = ops.convert_to_tensor(t)
    squares = np.sum(np.square(t), axis=axes, keepdims=True)
    return t * clip_norm / np.maximum(np.sqrt(squares), clip_norm)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0,
    name: Any = None,
) -> Any:  # fmt: skip
    """Add elements at the ends of the axes."""
    if mode.lower() == "constant":
        return ops.pad(tensor, paddings, "constant", constant_values)
    return ops.pad(tensor, paddings, mode.lower())


# -- what is gone ----------------------------------------------------------------------


def graphs(name: str) -> Function:
    """A function of TensorFlow 1 that says what to write instead."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"tf.{name}: there are no graphs and sessions here, values are computed at "
            "once. Use keras.Input and keras.Model, or tf.GradientTape."
        )

    return refuse


class Settings:
    """Settings of a session (``tf.ConfigProto``): any may be set, and none matters."""

    def __init__(self, *args: Any, **options: Any) -> None:
        vars(self).update(options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return vars(self).setdefault(name, Settings())


@contextlib.contextmanager
def nothing(*args: Any, **kwargs: Any) -> Any:
    """A ``with`` block without effect: there is one device."""
    yield


MATH = {
    **operations(
        "argsort cumsum divide_no_nan erf log_sigmoid logical_not mod rsqrt sort top_k"
    ),
    "confusion_matrix": confusion_matrix,
    "count_nonzero": without_name(ops.count_nonzero),
    "l2_normalize": l2_normalize,
    "reduce_logsumexp": in_order(ops.logsumexp),
    "segment_sum": without_name(ops.segment_sum),
    "softmax": without_name(ops.softmax),
}
TOP = {
    "reduce_logsumexp": MATH["reduce_logsumexp"],
    **operations("argsort broadcast_to cumsum einsum eye meshgrid norm roll slice"),
    **operations("sort tensordot tile unstack"),
    "add_n": add_n,
    "boolean_mask": boolean_mask,
    "clip_by_norm": clip_by_norm,
    "map_fn": lambda fn, elems, **options: ops.map(fn, elems),
    "ones_initializer": initializers.Ones,
    "pad": pad,
    "random_normal": normal,
    "random_uniform": uniform,
    "rank": lambda input, name=None: Tensor(np.int32(ops.ndim(input))),
    **operations("linspace moveaxis searchsorted while_loop scan zeros_like"),
    **{name: graphs(name) for name in ("placeholder", "gradients")},
    "ConfigProto": Settings,
    "GPUOptions": Settings,
    "Graph": Graph,
    "Session": Session,
    "get_default_graph": Graph,
    "InteractiveSession": Session,
    "device": nothing,
    "fill": lambda dims, value, name=None: ops.full(
        dims, value, None if isinstance(value, float) else "int32"
    ),
    "gather": gather,
    "matmul": matmul,
    "name_scope": nothing,
    "one_hot": one_hot,
    "random_normal_initializer": initializers.RandomNormal,
    "random_uniform_initializer": initializers.RandomUniform,
    "repeat": without_name(ops.repeat),
    "reverse": without_name(ops.flip),
    "split": split,
    "zeros_initializer": initializers.Zeros,
}
GFILE = {
    "GFile": open,
    "Open": open,
    "copy": lambda src, dst, overwrite=False: shutil.copyfile(src, dst),
    "exists": os.path.exists,
    "glob": lambda pattern: sorted(glob.glob(pattern)),
    "isdir": os.path.isdir,
    "listdir": os.listdir,
    "makedirs": lambda path: os.makedirs(path, exist_ok=True),
    "mkdir": os.mkdir,
    "remove": os.remove,
    "rmtree": shutil.rmtree,
}
NN = {
    **operations("log_sigmoid moments top_k"),
    "bias_add": lambda value, bias, data_format=None, name=None: ops.add(value, bias),
    "embedding_lookup": lambda params, ids, name=None: ops.take(params, ids, 0),
    "dropout": dropout,
    "l2_loss": l2_loss,
    "l2_normalize": l2_normalize,
    "sigmoid_cross_entropy_with_logits": sigmoid_crossentropy,
    "softmax_cross_entropy_with_logits": softmax_crossentropy,
    "softmax_cross_entropy_with_logits_v2": softmax_crossentropy,
    "sparse_softmax_cross_entropy_with_logits": sparse_softmax_crossentropy,
}
RANDOM = {
    "normal": normal,
    "shuffle": lambda value, seed=None, name=None: random.shuffle(value, 0, seed),
    "truncated_normal": truncated_normal,
    "uniform": uniform,
}
TRAIN = {
    "AdadeltaOptimizer": optimizers.Adadelta,
    "AdagradOptimizer": optimizers.Adagrad,
    "AdamOptimizer": optimizers.Adam,
    "GradientDescentOptimizer": optimizers.SGD,
    "RMSPropOptimizer": optimizers.RMSprop,
}


def public(module: Any) -> dict[str, Any]:
    """What a module of ours offers, for a name that TensorFlow has beside tf.keras."""
    return {name: getattr(module, name) for name in module.__all__}


NAMES: dict[str, dict[str, Any]] = {
    "": TOP,
    "autograph": {"set_verbosity": lambda *args, **kwargs: None},
    "compat.v1.train": TRAIN,
    "data": {"AUTOTUNE": -1, "Dataset": Dataset},
    "data.experimental": {
        "AUTOTUNE": -1,
        "INFINITE_CARDINALITY": -1,
        "UNKNOWN_CARDINALITY": -2,
        "cardinality": lambda dataset: dataset.cardinality(),
    },
    "initializers": public(initializers),
    "io.gfile": GFILE,
    "linalg": {
        **operations("cholesky det inv logdet norm qr solve svd"),
        "matmul": matmul,
    },
    "losses": public(losses),
    "math": MATH,
    "metrics": public(metrics),
    "nn": NN,
    "optimizers": public(optimizers),
    "random": RANDOM,
    "train": TRAIN,
}
