"""Arrays in an ``.npz`` file: what NumPy reads and writes, with nothing but numbers.

The same tree of weights that ``.weights.h5`` has, one ``.npy`` entry for each, so that
``numpy.load`` opens it. A whole model has its configuration beside them, as text.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy

from tinygrad_lr.saving.archive import Container
from tinygrad_lr.saving.errors import DamagedFileError, UnsafeFileError

# The header that NumPy writes: a dict of three entries. It is not evaluated.
HEADER = re.compile(
    rb"\{'descr': '([<>|=][a-zA-Z?]\d*)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,20}, ?)*(?:\d{1,20})?)\), \} *\n"
)
NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")


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
    width = 2 if data[6:7] == b"\x01" else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    found = HEADER.fullmatch(data[start : start + length]) if length < 2**16 else None
    if data[:6] != b"\x93NUMPY" or found is None:
        raise DamagedFileError(f"{name!r} is no array of numbers as NumPy writes them.")
    kind, order, lengths = (part.decode() for part in found.groups())
    if "O" in kind:
        raise UnsafeFileError(
            f"{name!r} holds Python objects, which can run code when they are read; "
            "expected numbers."
        )
    if kind[1:] not in NUMBERS:
        raise DamagedFileError(f"expected numbers in {name!r}, found dtype {kind!r}.")
    dtype, fortran = np.dtype(kind), order == "True"
    shape = tuple(int(n) for n in lengths.split(",") if n.strip())
    start += length
    size = math.prod(shape) * dtype.itemsize
    if size != len(data) - start:
        raise UnsafeFileError(
            f"the array {name!r} says that it has shape {shape}, which takes {size} "
            f"bytes, but {len(data) - start} are stored."
        )
    values = np.frombuffer(data, dtype, offset=start)
    values = values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
    return values.astype(dtype.newbyteorder("="))


class Tree:
    """The arrays of an archive by folder: ``get("layers/dense/vars")["0"]``."""

    def __init__(self, archive: Container) -> None:
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

    def __init__(self, archive: Container, places: dict[str, str]) -> None:
        self.archive = archive
        self.places = places

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        place = self.places[name]
        return decode(self.archive.read(place), place)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)
