"""The few names beside ``tf.keras`` that Keras programs take from TensorFlow.

``NAMES`` gives for each namespace (``""`` is ``tf`` itself, ``"nn"`` is ``tf.nn``) what
it holds: activations, seeds, small mathematics on Tensors, and switches that have
nothing to switch here and say so once. Graphs, sessions and devices are not here.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr import activations, random, tensorflow_programs, tensorflow_strings
from tinygrad_lr.autodiff import GradientTape, Tensor, Variable
from tinygrad_lr.layers.texts import as_texts, is_text

VERSION = "2.20.0"  # the TensorFlow whose Keras interface is followed

Function = Callable[..., Any]

# -- Tensors ---------------------------------------------------------------------------


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str | None = None
) -> Any:
    """A constant Tensor; Python integers become int32 and floats float32.

    Of texts it is an array of ``str`` objects, for the layers that look them up.

    >>> constant([1, 2])
    Tensor([1, 2], dtype=int32)
    """
    if is_text(value):
        return as_texts(value)
    tensor = Tensor.of(value)
    if dtype is None and not hasattr(value, "dtype") and tensor.dtype == np.int64:
        dtype = np.int32
    if dtype is not None:
        tensor = tensor.astype(dtype)
    return tensor if shape is None else np.broadcast_to(tensor, shape)


def on_tensors(function: Function, count: int = 1) -> Function:
    """Let ``function`` take TensorFlow's ``name=``, and Tensors as first arguments.

    A Python number beside a Tensor stays one, so that it does not change the dtype.
    """

    def named(*args: Any, name: str | None = None, **options: Any) -> Tensor:
        first = args[:count]
        alone = all(isinstance(arg, (int, float)) for arg in first)
        tensors = [
            arg if isinstance(arg, (int, float)) and not alone else constant(arg)
            for arg in first
        ]
        return Tensor.of(function(*tensors, *args[count:], **options))

    return named


def same_name(names: str, count: int = 1) -> dict[str, Function]:
    """NumPy functions under their own names."""
    return {name: on_tensors(getattr(np, name), count) for name in names.split()}


def reduction(function: Function) -> Function:
    """Give a NumPy reduction TensorFlow's order of arguments."""
    return on_tensors(
        lambda x, axis=None, keepdims=False: function(x, axis=axis, keepdims=keepdims)
    )


MATH: dict[str, Function] = {
    **same_name("abs ceil cos cosh exp expm1 floor isfinite isinf isnan log log1p"),
    **same_name("negative reciprocal round sign sin sinh sqrt square tan tanh"),
    **same_name("add divide equal floor_divide greater greater_equal less", 2),
    **same_name("less_equal logical_and logical_or maximum minimum multiply", 2),
    **same_name("not_equal subtract", 2),
    "pow": on_tensors(np.power, 2),
    "squared_difference": on_tensors(lambda x, y: np.square(x - y), 2),
    "reduce_all": reduction(np.all),
    "reduce_any": reduction(np.any),
    "reduce_max": reduction(np.max),
    "reduce_mean": reduction(np.mean),
    "reduce_min": reduction(np.min),
    "reduce_prod": reduction(np.prod),
    "reduce_std": reduction(np.std),
    "reduce_sum": reduction(np.sum),
    "reduce_variance": reduction(np.var),
    "argmax": on_tensors(lambda x, axis=0: np.argmax(x, axis)),
    "argmin": on_tensors(lambda x, axis=0: np.argmin(x, axis)),
    "sigmoid": on_tensors(activations.sigmoid),
    "softplus": on_tensors(activations.softplus),
}

ARRAYS: dict[str, Function] = {
    **same_name("expand_dims ones_like reshape size squeeze zeros_like"),
    "cast": on_tensors(lambda x, dtype: x.astype(dtype)),
    "clip_by_value": on_tensors(np.clip),
    "concat": lambda values, axis, name=None: np.concatenate(
        [constant(value) for value in values], axis
    ),
    "convert_to_tensor": constant,
    "identity": on_tensors(lambda x: x),
    "is_tensor": lambda x: isinstance(x, Tensor),
    "linspace": lambda start, stop, num, name=None: Tensor(
        np.linspace(start, stop, num, dtype=np.float32)
    ),
    "matmul": on_tensors(np.matmul, 2),
    "one_hot": on_tensors(lambda x, depth: Tensor(np.eye(depth, dtype=np.float32))[x]),
    "ones": lambda shape, dtype=np.float32, name=None: Tensor(np.ones(shape, dtype)),
    "range": lambda *limits, dtype=np.int32, name=None: Tensor(
        np.arange(*limits, dtype=dtype)
    ),
    "shape": on_tensors(lambda x: np.array(x.shape, np.int32)),
    "stack": lambda values, axis=0, name=None: np.stack(
        [constant(value) for value in values], axis
    ),
    "stop_gradient": on_tensors(Tensor.detach),
    "transpose": on_tensors(lambda x, perm=None: np.transpose(x, perm)),
    "where": on_tensors(np.where, 3),
    "zeros": lambda shape, dtype=np.float32, name=None: Tensor(np.zeros(shape, dtype)),
}  # fmt: skip

NN = {
    name: getattr(activations, name)
    for name in (
        "elu", "gelu", "leaky_relu", "log_softmax", "relu", "relu6", "selu", "sigmoid",
        "silu", "softmax", "softplus", "softsign", "swish", "tanh",
    )
}  # fmt: skip

DTYPES = {
    "bool": np.bool_,
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
    "int32": np.int32,
    "int64": np.int64,
    "newaxis": None,
    "string": "string",
    "uint8": np.uint8,
}

# -- switches that have nothing to switch ----------------------------------------------


class Device(NamedTuple):
    """The one device there is."""

    name: str = "/physical_device:CPU:0"
    device_type: str = "CPU"


def devices(device_type: str | None = None) -> list[Device]:
    """The CPU; no GPU, no TPU."""
    return [Device()] if device_type in (None, "CPU") else []


class Strategy:
    """A distribution strategy over one replica: its scope changes nothing."""

    num_replicas_in_sync = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        say_once("tf.distribute", "there is one device, and nothing to distribute")

    def scope(self) -> contextlib.AbstractContextManager[None]:
        """A ``with`` block without effect."""
        return contextlib.nullcontext()


said: set[str] = set()


def say_once(what: str, why: str) -> None:
    """Tell the user, the first time, that a switch was accepted and does nothing."""
    if what not in said:
        said.add(what)
        warnings.warn(f"{what} has no effect here: {why}.", stacklevel=3)


def switches(namespace: str, why: str, names: str) -> dict[str, Function]:
    """Functions that accept anything, change nothing, and say so once."""

    def switch(name: str) -> Function:
        def accept(*args: Any, **kwargs: Any) -> None:
            say_once(f"{namespace}.{name}", why)

        return accept

    return {name: switch(name) for name in names.split()}


def function(func: Function | None = None, **options: Any) -> Function:
    """``@tf.function``: returns the function itself, which runs as plain NumPy."""
    say_once("tf.function", "functions run as they are written")
    return func if func is not None else lambda func: func


EAGER = "computations are always eager"
CPU = "tinygrad_lr computes with NumPy on the CPU"

CONFIG = {
    "get_visible_devices": devices,
    "list_logical_devices": devices,
    "list_physical_devices": devices,
    "PhysicalDevice": Device,
    **switches("tf.config", EAGER, "run_functions_eagerly"),
    **switches("tf.config", EAGER, "experimental_run_functions_eagerly"),
    **switches("tf.config", CPU, "LogicalDeviceConfiguration"),
    **switches("tf.config", CPU, "VirtualDeviceConfiguration"),
    **switches("tf.config", CPU, "enable_op_determinism"),
    **switches("tf.config", CPU, "enable_tensor_float_32_execution"),
    **switches("tf.config", CPU, "set_logical_device_configuration"),
    **switches("tf.config", CPU, "set_memory_growth set_visible_devices"),
    **switches("tf.config", CPU, "set_soft_device_placement"),
    **switches("tf.config", CPU, "set_virtual_device_configuration"),
}  # fmt: skip

LOGGER = logging.getLogger("tensorflow")

LOGGING = {
    "DEBUG": logging.DEBUG,
    "ERROR": logging.ERROR,
    "FATAL": logging.FATAL,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "get_logger": lambda: LOGGER,
    "set_verbosity": LOGGER.setLevel,
}

# -- the namespaces --------------------------------------------------------------------

TOP: dict[str, Any] = {
    "__version__": VERSION,
    **{name: MATH[name] for name in MATH if name not in ("floor_divide", "softplus")},
    **ARRAYS,
    **DTYPES,
    "GradientTape": GradientTape,
    "Tensor": Tensor,
    "Variable": Variable,
    "constant": constant,
    "executing_eagerly": lambda: True,
    "function": function,
    "get_logger": lambda: LOGGER,
    "print": print,
    "set_random_seed": random.set_random_seed,
    **switches("tf", EAGER, "enable_eager_execution enable_v2_behavior"),
    **switches("tf", EAGER, "disable_eager_execution disable_v2_behavior"),
    **switches("tf", EAGER, "global_variables_initializer reset_default_graph"),
}

NAMES: dict[str, dict[str, Any]] = {
    "": TOP,
    "compat.v1": TOP,
    "compat.v1.logging": LOGGING,
    "compat.v2": TOP,
    "config": CONFIG,
    "config.experimental": CONFIG,
    "config.threading": switches(
        "tf.config.threading",
        "NumPy's own threads are set by OPENBLAS_NUM_THREADS",
        "set_inter_op_parallelism_threads set_intra_op_parallelism_threads",
    ),
    "debugging": switches("tf.debugging", CPU, "set_log_device_placement"),
    "distribute": {"MirroredStrategy": Strategy, "OneDeviceStrategy": Strategy},
    "logging": LOGGING,
    "math": MATH,
    "nn": NN,
    "strings": tensorflow_strings.NAMES,
    "random": {
        "set_random_seed": random.set_random_seed,
        "set_seed": random.set_random_seed,
    },
    "test": {
        "gpu_device_name": lambda: "",
        "is_built_with_cuda": lambda: False,
        "is_gpu_available": lambda *args, **kwargs: False,
    },
    "version": {"VERSION": VERSION},
}  # fmt: skip

for namespace, more in tensorflow_programs.NAMES.items():
    NAMES[namespace] = NAMES.get(namespace, {}) | more
NAMES["compat.v1"] = NAMES["compat.v2"] = NAMES[""]
