"""Utilities around models: class numbers as rows, progress bars, datasets, seeds."""

from tinygrad_lr.naming import reset_names
from tinygrad_lr.random import set_random_seed
from tinygrad_lr.utils.batches import (
    pack_x_y_sample_weight,
    unpack_x_y_sample_weight,
)
from tinygrad_lr.utils.files import get_file
from tinygrad_lr.utils.interactive import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from tinygrad_lr.utils.numeric import normalize, to_categorical
from tinygrad_lr.utils.plot import model_to_dot, plot_model
from tinygrad_lr.utils.progbar import Progbar
from tinygrad_lr.utils.py_dataset import PyDataset, Sequence
from tinygrad_lr.utils.sequences import pad_sequences
from tinygrad_lr.utils.splitting import split_dataset
from tinygrad_lr.utils.timeseries import timeseries_dataset_from_array


def clear_session(free_memory: bool = True) -> None:
    """Begin a new session: layers and models are named from ``dense`` on again."""
    reset_names()


__all__ = [
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_file",
    "is_interactive_logging_enabled",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "set_random_seed",
    "split_dataset",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
