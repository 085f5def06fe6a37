"""Arrays in pieces, possibly compressed: Keras writes none, but people repack files."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.saving.errors import DamagedFileError, UnsupportedFileError
from tinygrad_lr.saving.hdf5.chunk_index import Grid, Piece, read_grid
from tinygrad_lr.saving.hdf5.source import Source
from tinygrad_lr.saving.hdf5.types import Space, count

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
NAMES = {4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc"}


class Filter(NamedTuple):
    """How a piece was changed before it was stored; ``value`` is the first setting."""

    kind: int
    value: int


def read_filters(source: Source, offset: int, name: str) -> list[Filter]:
    """Read a filter pipeline message (IV.A.2.l)."""
    version, number = source.unpack("BB", offset)
    place = offset + (8 if version == 1 else 2)
    found = []
    for _ in range(number):
        (kind,) = source.unpack("H", place)
        place += 2
        length = 0
        if version == 1 or kind >= 256:
            (length,) = source.unpack("H", place)
            place += 2
        _, values = source.unpack("HH", place)
        place += 4 + (-(-length // 8) * 8 if version == 1 else length)
        value = source.unpack("I", place)[0] if values else 0
        place += 4 * (values + (values % 2 if version == 1 else 0))
        if kind not in (DEFLATE, SHUFFLE, FLETCHER32):
            raise UnsupportedFileError(
                f"the array {name!r} was changed by the filter "
                f"{NAMES.get(kind, kind)}, which is not available: expected gzip, "
                "shuffle, fletcher32 or none. Write it anew without: h5repack -f NONE "
                "old new"
            )
        found.append(Filter(kind, value))
    return found


def read_chunks(
    source: Source, layout: int, space: Space, itemsize: int, filters: list[Filter],
    fill: bytes, name: str,
) -> memoryview:  # fmt: skip
    """Put the pieces of an array together; what no piece covers is ``fill``."""
    grid, pieces = read_grid(source, layout, space, itemsize, bool(filters), name)
    starts = {piece.start for piece in pieces}
    if len(starts) != len(pieces):
        raise DamagedFileError(f"the pieces of {name!r} overlap.")
    stored = sum(piece.size for piece in pieces)
    whole = filled(source, space.shape, itemsize, fill, stored, name)
    source.unfold(len(pieces) * grid.size, stored, f"the array {name!r}")
    for piece in pieces:
        data: Any = source.take(piece.place, piece.size)
        if not (grid.bare_edges and reaches_beyond(piece, grid)):
            data = undo(data, filters, piece.left_out, itemsize, grid.size, name)
        if len(data) != grid.size:
            raise DamagedFileError(f"a piece of {name!r} has the wrong length.")
        values = np.frombuffer(data, np.uint8).reshape(*grid.shape, itemsize)
        target = tuple(
            slice(a, a + n) for a, n in zip(piece.start, grid.shape, strict=True)
        )
        part = whole[target]
        whole[target] = values[tuple(slice(n) for n in part.shape[:-1])]
    return whole.reshape(-1).data


def filled(
    source: Source, shape: tuple[int, ...], itemsize: int, fill: bytes, stored: int,
    name: str,
) -> np.ndarray[Any, Any]:  # fmt: skip
    """The bytes of an array of which ``stored`` bytes are there, all the fill value."""
    source.unfold(
        count((*shape, itemsize)), stored, f"the array {name!r} of shape {shape}"
    )
    whole = np.zeros((*shape, itemsize), np.uint8)
    if fill.strip(b"\0"):
        whole[...] = np.frombuffer(fill, np.uint8)
    return whole


def reaches_beyond(piece: Piece, grid: Grid) -> bool:
    """Whether a piece stands at an edge that it does not fit."""
    ends = zip(piece.start, grid.shape, grid.space.shape, strict=True)
    return any(start + step > length for start, step, length in ends)


def undo(
    data: Any, filters: list[Filter], mask: int, itemsize: int, size: int, name: str
) -> Any:
    """Undo the filters of one piece; the last was applied last."""
    for i, step in reversed(list(enumerate(filters))):
        if mask >> i & 1:
            continue
        if step.kind == DEFLATE:
            unpacker = zlib.decompressobj()
            try:
                data = unpacker.decompress(data, size + 8)
            except zlib.error as error:
                raise DamagedFileError(
                    f"the pieces of {name!r} cannot be unpacked: {error}."
                ) from error
        elif step.kind == FLETCHER32:
            data, check = data[:-4], int.from_bytes(data[-4:], "little")
            if fletcher32(data) != (check % 2**16 % 65535, (check >> 16) % 65535):
                raise DamagedFileError(f"a piece of {name!r} belies its checksum.")
        elif len(data) % itemsize == 0:
            data = np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.tobytes()
    return data


def fletcher32(data: Any) -> tuple[int, int]:
    """Fletcher's checksum of words of two bytes: two sums, modulo 65,535.

    Source: Fletcher, "An Arithmetic Checksum for Serial Transmissions" (1982).
    """
    even = bytes(data) + bytes(len(data) % 2)
    words = np.frombuffer(even, ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64) % 65535
    return int(words.sum() % 65535), int(words @ weights % 65535)
