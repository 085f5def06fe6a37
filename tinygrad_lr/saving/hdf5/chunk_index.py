"""Where the chunks of an array stand: one table for each way in which they grow.

The oldest form is a tree. Newer files have a table made for the case: one piece, pieces
in a row without any table, a table of fixed size, one that grows along one axis, or a
tree of version 2 if several axes grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tinygrad_lr.saving.errors import (
    DamagedFileError,
    UnsafeFileError,
    UnsupportedFileError,
)
from tinygrad_lr.saving.hdf5.source import UNDEFINED, Source
from tinygrad_lr.saving.hdf5.trees import records
from tinygrad_lr.saving.hdf5.types import Space, count

MOST_PIECES = 2**19  # a table of them takes some hundred bytes for each
SINGLE, IMPLICIT, FIXED, EXTENSIBLE, TREE = 1, 2, 3, 4, 5  # VI, kinds of tables


class Piece(NamedTuple):
    """A piece: where it begins in the array and in the file, its bytes there, and a bit
    for each filter that was left out.
    """

    start: tuple[int, ...]
    place: int
    size: int
    left_out: int


class Grid(NamedTuple):
    """How an array is cut: into pieces of this shape and size in bytes."""

    space: Space
    shape: tuple[int, ...]
    size: int
    filtered: bool
    bare_edges: bool = False  # pieces that reach beyond the array are not filtered

    def at(self, numbers: tuple[int, ...], place: int, size: int, mask: int) -> Piece:
        """The piece that is the so-manieth along each axis."""
        start = tuple(n * step for n, step in zip(numbers, self.shape, strict=True))
        return Piece(start, place, size, mask)

    def counts(self) -> list[int]:
        """How many pieces there may ever be along each axis."""
        pairs = zip(self.space.most, self.shape, strict=True)
        return [max(-(-length // step), 1) for length, step in pairs]


def read_grid(
    source: Source, layout: int, space: Space, itemsize: int, filtered: bool, name: str
) -> tuple[Grid, list[Piece]]:
    """Read a layout message of an array in pieces (IV.A.2.i)."""
    (version,) = source.unpack("B", layout)
    if version == 3:
        (axes,) = source.unpack("B", layout + 2)
        lengths = source.unpack(f"{axes}I", layout + 11)
        flags, table = 0, layout + 3
    else:
        flags, axes, width = source.unpack("3B", layout + 2)
        table = layout + 5 + axes * width
        lengths = tuple(
            int.from_bytes(source.take(place, width), "little")
            for place in range(layout + 5, table, max(width, 1))
        )
    *shape, last = lengths or (0,)
    if len(shape) != len(space.shape) or last != itemsize or 0 in shape:
        raise DamagedFileError(f"the pieces of {name!r} do not fit its shape.")
    size = count((*shape, itemsize))
    grid = Grid(space, tuple(shape), size, filtered, bool(flags & 1))
    if not count(space.shape):
        return grid, []
    if version == 3:
        (tree,) = source.unpack("Q", table)
        found = leaves(source, tree, len(lengths), name)
    else:
        found = tabled(source, table, grid, flags, name)
    pieces = []
    for piece in found:
        inside = all(a < n for a, n in zip(piece.start, space.shape, strict=True))
        if inside and piece.place != UNDEFINED:
            pieces.append(piece)
        if len(pieces) > MOST_PIECES:
            raise UnsafeFileError(
                f"the array {name!r} is in more than {MOST_PIECES} pieces."
            )
    return grid, pieces


def leaves(source: Source, tree: int, axes: int, name: str) -> Iterator[Piece]:
    """The pieces in a tree of version 1 (III.A.1)."""
    waiting, seen = [tree] if tree != UNDEFINED else [], set()
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
            size, mask, *start = source.unpack(f"II{axes}Q", place)
            (child,) = source.unpack("Q", place + key)
            if level:
                waiting.append(child)
            else:
                yield Piece(tuple(start[:-1]), child, size, mask)


def tabled(
    source: Source, table: int, grid: Grid, flags: int, name: str
) -> Iterator[Piece]:
    """The pieces in a table of version 4 of the message."""
    (kind,) = source.unpack("B", table)
    first = (0,) * len(grid.shape)
    if kind == SINGLE and flags & 2:
        size, mask, place = source.unpack("QIQ", table + 1)
        yield grid.at(first, place, size, mask)
    elif kind == SINGLE:
        yield grid.at(first, source.unpack("Q", table + 1)[0], grid.size, 0)
    elif kind == IMPLICIT:
        yield from in_a_row(source, source.unpack("Q", table + 1)[0], grid)
    elif kind in (FIXED, EXTENSIBLE):
        place = table + (2 if kind == FIXED else 6)
        (header,) = source.unpack("Q", place)
        elements = fixed if kind == FIXED else extensible
        unlimited = [i for i, n in enumerate(grid.space.most) if n == UNDEFINED]
        axis = unlimited[0] if unlimited else 0  # the one that grows counts slowest
        counts = grid.counts()
        if header != UNDEFINED:
            for number, element in elements(source, header):
                numbers = unravelled(number, counts, axis)
                yield grid.at(numbers, *parsed(element, grid))
    elif kind == TREE:
        (header,) = source.unpack("Q", table + 7)
        if header != UNDEFINED:
            yield from in_tree(source, header, grid)
    else:
        raise UnsupportedFileError(f"unknown table of pieces {kind} of {name!r}.")


def in_a_row(source: Source, place: int, grid: Grid) -> Iterator[Piece]:
    """Pieces one after the other, all of them there."""
    if place == UNDEFINED:
        return
    counts = grid.counts()
    total = count(tuple(counts))
    source.take(place, total * grid.size)
    for number in range(total):
        source.spend(1)
        numbers = unravelled(number, counts, 0)
        yield grid.at(numbers, place + number * grid.size, grid.size, 0)


def in_tree(source: Source, header: int, grid: Grid) -> Iterator[Piece]:
    """The pieces in a tree of version 2, as records of kind 10 or 11."""
    tail = 8 * len(grid.shape)
    for record in records(source, header, kinds=(11 if grid.filtered else 10,)):
        middle = len(record) - tail
        numbers = tuple(
            int.from_bytes(record[i : i + 8], "little")
            for i in range(max(middle, 0), len(record), 8)
        )
        if len(numbers) != len(grid.shape):
            raise DamagedFileError("an HDF5 tree of pieces has records of other axes.")
        yield grid.at(numbers, *parsed(record[:middle], grid))


def unravelled(number: int, counts: list[int], axis: int) -> tuple[int, ...]:
    """From the place in a row to the place along each axis."""
    found = [0] * len(counts)
    for i in [n for n in reversed(range(len(counts))) if n != axis]:
        number, found[i] = divmod(number, counts[i])
    found[axis] = number
    return tuple(found)


def parsed(element: memoryview, grid: Grid) -> tuple[int, int, int]:
    """Place, size and left out filters of a piece, as tables have them."""
    place = int.from_bytes(element[:8], "little")
    if not grid.filtered:
        return place, grid.size, 0
    size = int.from_bytes(element[8:-4], "little")
    return place, size, int.from_bytes(element[-4:], "little")


Elements = Iterator[tuple[int, memoryview]]


def run(source: Source, place: int, number: int, first: int, size: int) -> Elements:
    """Elements one after the other, with their numbers."""
    source.take(place, number * size)
    for i in range(number):
        source.spend(1)
        yield first + i, source.take(place + i * size, size)


def fixed(source: Source, header: int) -> Elements:
    """The elements of a fixed array (VII.C), in pages if there are many."""
    source.expect(b"FAHD", header, "a table of pieces")
    size, bits, number, block = source.unpack("BBQQ", header + 6)
    if block == UNDEFINED:
        return
    source.expect(b"FADB", block, "a block of a table")
    place, page = block + 14, 1 << bits
    if number <= page:
        yield from run(source, place, number, 0, size)
        return
    pages = -(-number // page)
    there = source.take(place, -(-pages // 8))
    place += len(there) + 4
    for i in range(pages):
        source.spend(1)
        inside = min(page, number - i * page)
        if there[i // 8] >> (7 - i % 8) & 1:
            yield from run(source, place, inside, i * page, size)
        place += inside * size + 4


def extensible(source: Source, header: int) -> Elements:
    """The elements of an extensible array (VII.D): the first in the index block, then
    blocks that it points to, then blocks that other blocks point to.
    """
    source.expect(b"EAHD", header, "a table of pieces")
    size, bits, number, least, pointers, page_bits = source.unpack("6B", header + 6)
    (index,) = source.unpack("Q", header + 60)
    if not least or not pointers or bits > 64:
        raise DamagedFileError(f"the HDF5 table at {header} is in disorder.")
    if index == UNDEFINED:
        return
    source.expect(b"EAIB", index, "a block of a table")
    yield from run(source, index + 14, number, 0, size)
    place, offset = index + 14 + number * size, -(-bits // 8)
    first, page = number, 1 << page_bits
    outer = 2 * (
        pointers.bit_length() - 1
    )  # groups of blocks without a block of theirs
    for group in range(1 + bits - (least.bit_length() - 1)):
        blocks, inside = 1 << group // 2, least << (group + 1) // 2
        pages = inside // page if inside > page else 0
        here, there = place, memoryview(b"")
        if group < outer:
            place += 8 * blocks
        else:
            (own,) = source.unpack("Q", place)
            place += 8
            if own == UNDEFINED:
                first += blocks * inside
                continue
            source.expect(b"EASB", own, "a block of a table")
            there = source.take(own + 14 + offset, blocks * -(-pages // 8))
            here = own + 14 + offset + len(there)
        source.take(here, 8 * blocks)
        for i in range(blocks):
            (block,) = source.unpack("Q", here + 8 * i)
            if block != UNDEFINED:
                source.expect(b"EADB", block, "a block of a table")
                start = block + 14 + offset
                if not pages:
                    yield from run(source, start, inside, first, size)
                for n in range(pages):
                    bit = i * pages + n
                    if there[bit // 8] >> (7 - bit % 8) & 1:
                        at = start + 4 + n * (page * size + 4)
                        yield from run(source, at, page, first + n * page, size)
            first += inside
