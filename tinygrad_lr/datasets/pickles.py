"""Pickled arrays read without trust: nothing but arrays can come out.

A pickle is a program, and may call any function there is. The files of IMDB, Reuters
and CIFAR need three names to rebuild their arrays; every other name is refused.
"""

from __future__ import annotations

import os
import pickle
from typing import IO, Any

import numpy as np

ADMITTED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),  # as NumPy 1 wrote it
    ("numpy._core.multiarray", "_reconstruct"),
}


class ArrayUnpickler(pickle.Unpickler):
    """Rebuilds numbers, text, lists, dicts and arrays; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """The class or function of this name, if it is needed for an array."""
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(
                f"refused to read {module}.{name} from a dataset: expected arrays and "
                "lists only. The file is damaged or not to be trusted; delete it."
            )
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load_npz(path: str) -> dict[str, Any]:
    """The arrays of an ``.npz`` file by name, arrays of lists among them."""
    import zipfile  # slow to load, and rarely needed

    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                arrays[member.removesuffix(".npy")] = read_array(file)
    return arrays


def read_array(file: IO[bytes]) -> Any:
    """One array in NumPy's format."""
    version = np.lib.format.read_magic(file)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in header:
        raise ValueError(f"expected .npy format 1.0 or 2.0, got {version}.")
    shape, fortran, dtype = header[version](file)
    if dtype.hasobject:
        array = ArrayUnpickler(file).load()
        if not isinstance(array, np.ndarray):
            raise pickle.UnpicklingError(
                f"expected an array in the file, got {type(array).__name__}."
            )
        return array
    array = np.frombuffer(bytearray(file.read()), dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def load_cifar_batch(path: str, labels: str = "labels") -> tuple[Any, Any]:
    """Images (n, 3, 32, 32) and class numbers of one file of CIFAR."""
    if not os.path.exists(path):
        raise ValueError(f"{path} is missing: delete its folder, and load it again.")
    with open(path, "rb") as file:
        found = ArrayUnpickler(file, encoding="bytes").load()
    images = found[b"data"]
    return images.reshape(len(images), 3, 32, 32), found[labels.encode()]
