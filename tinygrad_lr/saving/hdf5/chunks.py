"""Arrays in pieces, possibly compressed: Keras writes none, but people repack files."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tinygrad_lr.saving.errors import (
    DamagedFileError,
    UnsafeFileError,
    UnsupportedFileError,
)
from tinygrad_lr.saving.hdf5.source import UNDEFINED, Source
from tinygrad_lr.saving.hdf5.types import count

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
NAMES = {4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32001: "blosc"}
MOST_EXPANSION = 20  # how much larger than stored an array may be,
FLOOR = 2**24  # beyond so many bytes


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
    source: Source, layout: int, shape: tuple[int, ...], itemsize: int, size: int,
    filters: list[Filter], name: str,
) -> bytes:  # fmt: skip
    """Put the pieces of an array together (IV.A.2.i, III.A.1)."""
    (axes,) = source.unpack("B", layout + 2)
    (tree,) = source.unpack("Q", layout + 3)
    *piece, last = source.unpack(f"{axes}I", layout + 11)
    if axes != len(shape) + 1 or last != itemsize or 0 in piece:
        raise DamagedFileError(f"the pieces of {name!r} do not fit its shape.")
    piece_size = count((*piece, itemsize))
    found = [] if tree == UNDEFINED else list(leaves(source, tree, axes, name))
    stored = sum(length for length, _, _, _ in found)
    for total in (size, piece_size):
        if total > max(FLOOR, MOST_EXPANSION * stored):
            raise UnsafeFileError(
                f"the array {name!r} says that it has shape {shape}, {size} bytes, but "
                f"only {stored} are stored."
            )
    whole = np.zeros((*shape, itemsize), np.uint8)
    for length, mask, start, place in found:
        source.spend(piece_size // 64 + 1)
        data = undo(
            bytes(source.take(place, length)), filters, mask, itemsize, piece_size, name
        )
        values = np.frombuffer(data, np.uint8).reshape(*piece, itemsize)
        target = tuple(slice(a, a + n) for a, n in zip(start, piece, strict=True))
        part = whole[target]
        whole[target] = values[tuple(slice(n) for n in part.shape[:-1])]
    return whole.tobytes()


def leaves(
    source: Source, tree: int, axes: int, name: str
) -> Iterator[tuple[int, int, tuple[int, ...], int]]:
    """The pieces: stored size, filters left out, places in the array and the file."""
    waiting, seen = [tree], set()
    key = 8 + 8 * axes
    while waiting:
        node = waiting.pop()
        source.expect(b"TREE", node, "a tree of pieces")
        kind, level, used = source.unpack("BBH", node + 4)
        if kind != 1 or node in seen:
            raise DamagedFileError(f"the pieces of {name!r} are in disorder.")
        seen.add(node)
        for i in range(used):
            place = node + 24 + i * (key + 8)
            length, mask, *start = source.unpack(f"II{axes}Q", place)
            (child,) = source.unpack("Q", place + key)
            if level:
                waiting.append(child)
            else:
                yield length, mask, tuple(start[:-1]), child


def undo(
    data: bytes, filters: list[Filter], mask: int, itemsize: int, size: int, name: str
) -> bytes:
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
            data = data[:-4]
        elif len(data) % itemsize == 0:
            data = np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.tobytes()
    if len(data) != size:
        raise DamagedFileError(f"a piece of {name!r} has the wrong length.")
    return data
