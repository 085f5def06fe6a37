"""Preprocessing: from texts, series and images to arrays, as Keras 2 did it."""

from tinygrad_lr.preprocessing import image, sequence, text
from tinygrad_lr.utils.timeseries import timeseries_dataset_from_array

__all__ = ["image", "sequence", "text", "timeseries_dataset_from_array"]
