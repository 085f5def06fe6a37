"""Arrays in an ``.npz`` file: what NumPy reads and writes, with nothing but numbers.

The same tree of weights that ``.weights.h5`` has, one ``.npy`` entry for each, so that
``numpy.load`` opens it. A whole model has its configuration beside them, as text.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy

from tinygrad_lr.saving.archive import Archive
from tinygrad_lr.saving.errors import DamagedFileError, UnsafeFileError

MOST_HEADER = 10_000  # bytes; the header of an array has about a hundred


def encode(array: np.ndarray[Any, Any]) -> Iterable[bytes | memoryview]:
    """The pieces of an ``.npy`` entry."""
    array = np.ascontiguousarray(array).reshape(array.shape)
    head = io.BytesIO()
    npy.write_array_header_1_0(head, npy.header_data_from_array_1_0(array))
    yield head.getvalue()
    if array.size:
        yield array.reshape(-1).view(np.uint8).data


def decode(data: bytes, name: str) -> np.ndarray[Any, Any]:
    """The array in an ``.npy`` entry; objects, texts and wrong sizes are refused."""
    file = io.BytesIO(data)
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, fortran, dtype = read[version](file, max_header_size=MOST_HEADER)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError,
            OverflowError, UnicodeDecodeError) as error:  # fmt: skip
        raise DamagedFileError(f"{name!r} is no array of NumPy: {error}.") from error
    if dtype.hasobject:
        raise UnsafeFileError(
            f"{name!r} holds Python objects, which can run code when they are read; "
            "expected numbers."
        )
    if dtype.kind not in "biuf":
        raise DamagedFileError(f"expected numbers in {name!r}, found dtype {dtype}.")
    size = math.prod(shape) * dtype.itemsize
    found = len(data) - file.tell()
    if size != found or any(n < 0 for n in shape):
        raise UnsafeFileError(
            f"the array {name!r} says that it has shape {shape}, which takes {size} "
            f"bytes, but {found} are stored."
        )
    values = np.frombuffer(data, dtype, offset=file.tell())
    values = values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
    return values.astype(dtype.newbyteorder("="))


class Tree:
    """The arrays of an archive by folder: ``get("layers/dense/vars")["0"]``."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.folders: dict[str, dict[str, str]] = {}
        for place in archive.entries:
            if place.endswith(".npy"):
                folder, _, name = place[:-4].rpartition("/")
                self.folders.setdefault(folder, {})[name] = place

    def get(self, folder: str) -> Mapping[str, np.ndarray[Any, Any]]:
        """The arrays right under a folder, each read when it is asked for."""
        return Arrays(self.archive, self.folders.get(folder, {}))


class Arrays(Mapping[str, np.ndarray[Any, Any]]):
    """Arrays by name, read from an archive when they are asked for."""

    def __init__(self, archive: Archive, places: dict[str, str]) -> None:
        self.archive = archive
        self.places = places

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        place = self.places[name]
        return decode(self.archive.read(place), place)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)
