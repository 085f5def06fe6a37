"""The few settings that hold everywhere: float type, small number, image layout.

``floatx`` is the dtype of weights and computations (float32); ``epsilon`` the small
number that keeps logarithms and divisions finite (1e-7).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tinygrad_lr import dtype_policies
from tinygrad_lr.autodiff import default_dtype, set_default_dtype
from tinygrad_lr.dtype_policies import DTypePolicy

settings: dict[str, Any] = {
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
}


def floatx() -> str:
    """The dtype of weights and computations, as a string.

    >>> floatx()
    'float32'
    """
    return default_dtype().name


def set_floatx(value: str) -> None:
    """Set the dtype of weights made from now on: "float16", "float32" or "float64"."""
    if value not in ("float16", "float32", "float64"):
        raise ValueError(
            f"set_floatx: expected 'float16', 'float32' or 'float64', got {value!r}."
        )
    set_default_dtype(value)
    settings["dtype_policy"] = DTypePolicy(value)


#: What Keras calls dtypes and NumPy does not.
KERAS_DTYPES = {"float": "float32", "int": "int32", "mixed_float16": "float32"}


def dtype_name(dtype: Any = None) -> str:
    """Return the name of a dtype (a name, a NumPy dtype or a policy); None is floatx.

    >>> dtype_name(), dtype_name(np.float64), dtype_name("int")
    ('float32', 'float64', 'int32')
    """
    dtype = getattr(dtype, "compute_dtype", dtype)
    if dtype is None:
        return floatx()
    return str(np.dtype(KERAS_DTYPES.get(dtype, dtype)).name)


def epsilon() -> float:
    """The small number that keeps logarithms and divisions finite.

    >>> epsilon()
    1e-07
    """
    return float(settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Set the number that :func:`epsilon` returns."""
    settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Where the channels of an image are: "channels_last" or "channels_first"."""
    return str(settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set the layout that :func:`image_data_format` returns."""
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            "set_image_data_format: expected 'channels_last' or 'channels_first', got "
            f"{data_format!r}."
        )
    settings["image_data_format"] = data_format


def dtype_policy() -> DTypePolicy:
    """The policy of layers made from now on."""
    policy: DTypePolicy = settings.get("dtype_policy") or DTypePolicy()
    return policy


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers made from now on: a policy or its name."""
    policy = dtype_policies.get(policy)
    set_floatx(policy.variable_dtype)
    settings["dtype_policy"] = policy


# -- what is said, and where -----------------------------------------------------------


def enable_interactive_logging() -> None:
    """Print messages to standard output, as is the rule."""
    settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Send messages to the logger ``tinygrad_lr``, level INFO."""
    settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether messages are printed to standard output."""
    return bool(settings.get("interactive_logging", True))


def enable_traceback_filtering() -> None:
    """Accepted; tracebacks are always shown as they are, our frames are few."""
    settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Accepted; tracebacks are always shown as they are."""
    settings["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """What was last asked for, True at first."""
    return bool(settings.get("traceback_filtering", True))


# -- what there is one of --------------------------------------------------------------


def backend() -> str:
    """The name of what computes.

    >>> backend()
    'numpy'
    """
    return "numpy"


def set_backend(backend: str) -> None:
    """Raise ``ValueError`` for any backend but the one there is."""
    if backend != "numpy":
        raise ValueError(f"set_backend: there is 'numpy' alone here, got {backend!r}.")


def enable_flash_attention() -> None:
    """Raise ``NotImplementedError``: it is for GPUs."""
    raise NotImplementedError("flash attention is for GPUs; attention is exact here.")


def disable_flash_attention() -> None:
    """Accepted; there is none."""


def is_flash_attention_enabled() -> bool:
    """False: there is none."""
    return False


def is_nnx_enabled() -> bool:
    """False: NNX belongs to JAX."""
    return False


def limit(name: str) -> int | None:
    """A limit that was set, or else stands in an environment variable."""
    found: int | None = settings.get(name)
    if name not in settings and f"KERAS_{name.upper()}" in os.environ:
        found = int(os.environ[f"KERAS_{name.upper()}"])
    return found


def max_epochs() -> int | None:
    """The most epochs of any ``fit``; None: as many as it says."""
    return limit("max_epochs")


def max_steps_per_epoch() -> int | None:
    """The most steps of any epoch, also of ``evaluate`` and ``predict``."""
    return limit("max_steps_per_epoch")


def set_max_epochs(max_epochs: int | None) -> None:
    """Let no ``fit`` run more epochs, to try a program; None lifts the limit.

    The environment variable ``KERAS_MAX_EPOCHS`` does the same.
    """
    settings["max_epochs"] = max_epochs


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Let no epoch have more steps, to try a program; None lifts the limit.

    The environment variable ``KERAS_MAX_STEPS_PER_EPOCH`` does the same.
    """
    settings["max_steps_per_epoch"] = max_steps_per_epoch
