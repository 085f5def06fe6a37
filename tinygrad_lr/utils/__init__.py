"""Utilities around models: class numbers as rows, progress bars, datasets, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.naming import reset_names
from tinygrad_lr.random import set_random_seed
from tinygrad_lr.serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from tinygrad_lr.utils.batches import (
    pack_x_y_sample_weight,
    unpack_x_y_sample_weight,
)
from tinygrad_lr.utils.interactive import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from tinygrad_lr.utils.numeric import normalize, to_categorical
from tinygrad_lr.utils.progbar import Progbar
from tinygrad_lr.utils.py_dataset import PyDataset, Sequence
from tinygrad_lr.utils.sequences import pad_sequences

if TYPE_CHECKING:
    from tinygrad_lr.backend.tensors import is_keras_tensor, standardize_dtype
    from tinygrad_lr.layers.keras_tensor import get_source_inputs
    from tinygrad_lr.preprocessing.image import (
        array_to_img,
        img_to_array,
        load_img,
        save_img,
    )
    from tinygrad_lr.utils.files import get_file
    from tinygrad_lr.utils.plot import model_to_dot, plot_model
    from tinygrad_lr.utils.settings import Config
    from tinygrad_lr.utils.splitting import split_dataset
    from tinygrad_lr.utils.timeseries import timeseries_dataset_from_array


def clear_session(free_memory: bool = True) -> None:
    """Begin a new session: layers and models are named from ``dense`` on again."""
    reset_names()


__all__ = [
    "Config",
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

attach_getattr(
    __name__,
    {
        "tinygrad_lr.layers.keras_tensor": ("get_source_inputs",),
        "tinygrad_lr.backend.tensors": ("is_keras_tensor", "standardize_dtype"),
        "tinygrad_lr.preprocessing.image": (
            "array_to_img", "img_to_array", "load_img", "save_img",
        ),
        "tinygrad_lr.utils.files": ("get_file",),
        "tinygrad_lr.utils.settings": ("Config",),
        "tinygrad_lr.utils.plot": ("model_to_dot", "plot_model"),
        "tinygrad_lr.utils.splitting": ("split_dataset",),
        "tinygrad_lr.utils.timeseries": ("timeseries_dataset_from_array",),
    },
)  # fmt: skip
