"""The few settings that hold everywhere: float type, small number, image layout.

``floatx`` is the dtype of weights and computations (float32); ``epsilon`` the small
number that keeps logarithms and divisions finite (1e-7).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import default_dtype, set_default_dtype

settings: dict[str, float | str] = {
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


#: What Keras calls dtypes and NumPy does not.
KERAS_DTYPES = {"float": "float32", "int": "int32", "mixed_float16": "float16"}


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
