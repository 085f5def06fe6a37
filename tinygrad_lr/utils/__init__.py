"""Utilities around models: class numbers as rows, progress bars, datasets, seeds."""

from tinygrad_lr.naming import reset_names
from tinygrad_lr.random import set_random_seed
from tinygrad_lr.utils.numeric import normalize, to_categorical
from tinygrad_lr.utils.progbar import Progbar
from tinygrad_lr.utils.py_dataset import PyDataset, Sequence


def clear_session(free_memory: bool = True) -> None:
    """Begin a new session: layers and models are named from ``dense`` on again."""
    reset_names()


__all__ = [
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "normalize",
    "set_random_seed",
    "to_categorical",
]
