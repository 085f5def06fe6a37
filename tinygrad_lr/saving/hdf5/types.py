"""What the bytes of a value mean: numbers, texts and shapes of HDF5."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.saving.errors import DamagedFileError, UnsupportedFileError
from tinygrad_lr.saving.hdf5.source import Source

# IV.A.2.d, class numbers of a datatype message
INTEGER, FLOAT, STRING, ENUM, VARIABLE = 0, 1, 3, 8, 9

# exponent location and size, mantissa size, bias of IEEE 754 numbers, by bytes
IEEE = {2: (10, 5, 10, 15), 4: (23, 8, 23, 127), 8: (52, 11, 52, 1023)}


class Text(NamedTuple):
    """A text of fixed size, or (``size`` None) one that stands in a global heap."""

    size: int | None


Kind = np.dtype[Any] | Text


def read_type(source: Source, offset: int) -> tuple[Kind, int]:
    """Read a datatype message; return the type, and the bytes of one element."""
    first, b0, b1, _, size = source.unpack("4BI", offset)
    version, kind = first >> 4, first & 0x0F
    if version not in (1, 2, 3, 4, 5):
        raise DamagedFileError(f"unknown version {version} of an HDF5 datatype.")
    order = ">" if b0 & 1 else "<"
    if kind == INTEGER and size in (1, 2, 4, 8):
        check_packing(source.unpack("HH", offset + 8), (0, size * 8))
        return np.dtype(f"{order}{'i' if b0 & 8 else 'u'}{size}"), size
    if kind == FLOAT and size in IEEE:
        exponent, width, mantissa, bias = IEEE[size]
        check_packing(
            source.unpack("HHBBBBI", offset + 8),
            (0, size * 8, exponent, width, 0, mantissa, bias),
        )
        return np.dtype(f"{order}f{size}"), size
    if kind == STRING and size:
        return Text(size), size
    if kind == ENUM:  # h5py's way of writing truth values
        base, inner = read_type(source, offset + 8)
        if inner == size == 1 and b0 | b1 << 8 == 2:
            return np.dtype(bool), size
        return base, size
    if kind == VARIABLE and b0 & 0x0F == 1 and size == 16:
        return Text(None), size
    raise UnsupportedFileError(
        f"the file holds values of an HDF5 datatype (class {kind}, {size} bytes) that "
        "Keras does not write: expected numbers or texts."
    )


def check_packing(found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Numbers must fill their bytes in the usual way."""
    if found != expected:
        raise UnsupportedFileError(
            f"the file holds numbers packed in an unusual way, {found}; expected "
            f"{expected}."
        )


class Space(NamedTuple):
    """The shape of an array, and the longest it may become along each axis."""

    shape: tuple[int, ...]
    most: tuple[int, ...]


def read_space(source: Source, offset: int) -> Space:
    """Read a dataspace message (IV.A.2.b); "no data at all" is an empty array."""
    version, rank, flags, kind = source.unpack("4B", offset)
    if version not in (1, 2) or rank > 32:
        raise DamagedFileError(
            f"unknown HDF5 dataspace: version {version}, {rank} axes."
        )
    if version == 2 and kind == 2:
        return Space((0,), (0,))
    place = offset + (8 if version == 1 else 4)
    shape = source.unpack(f"{rank}Q", place)
    most = source.unpack(f"{rank}Q", place + 8 * rank) if flags & 1 else shape
    if any(length > limit for length, limit in zip(shape, most, strict=True)):
        raise DamagedFileError(f"an HDF5 array of shape {shape} may be at most {most}.")
    return Space(shape, most)


def count(shape: tuple[int, ...]) -> int:
    """The number of elements, exact however large."""
    return math.prod(shape)
