"""Heaps: where HDF5 keeps things whose size is not known beforehand.

A global heap holds texts of any length. A fractal heap, in newer files, holds names and
attributes of which there are many or large ones: its space is cut into blocks whose
sizes double from row to row, so that a place in the heap tells the row and the block.
"""

from __future__ import annotations

from tinygrad_lr.saving.errors import DamagedFileError, UnsupportedFileError
from tinygrad_lr.saving.hdf5.source import Source
from tinygrad_lr.saving.hdf5.trees import records, width_of

MANAGED, HUGE = 0, 1  # kinds of objects: in a block, or elsewhere in the file
MOST_ROWS = 66  # the last has blocks of 2**64 bytes


def global_objects(source: Source, heap: int) -> dict[int, memoryview]:
    """The objects of a global heap by number (III.E)."""
    source.expect(b"GCOL", heap, "a global heap")
    (total,) = source.unpack("Q", heap + 8)
    source.take(heap, total)
    place, end = heap + 16, heap + total
    found = {}
    while place + 16 <= end:
        index, _, size = source.unpack("HH4xQ", place)
        if index == 0:
            break
        found[index] = source.take(place + 16, size)
        place += 16 + -(-size // 8) * 8
    return found


class FractalHeap:
    """The objects of a heap by their identifiers (III.G)."""

    def __init__(self, source: Source, offset: int) -> None:
        self.source = source
        source.expect(b"FRHP", offset, "a heap")
        self.id_size, filters, _, largest = source.unpack("HHBI", offset + 5)
        (self.tree,) = source.unpack("Q", offset + 22)
        self.width, self.smallest, direct = source.unpack("HQQ", offset + 110)
        bits, _, self.root, self.rows = source.unpack("HHQH", offset + 128)
        if filters:
            raise UnsupportedFileError("the HDF5 file has a heap that is compressed.")
        self.offset_size = -(-bits // 8)
        self.direct_rows = direct.bit_length() - self.smallest.bit_length() + 2
        self.length_size = min(-(-(direct.bit_length() - 1) // 8), width_of(largest))
        if not self.width or not self.smallest or self.rows > MOST_ROWS or bits > 64:
            raise DamagedFileError(f"the HDF5 heap at {offset} is in disorder.")
        self.huge: dict[int, tuple[int, int]] | None = None

    def get(self, identifier: memoryview) -> tuple[int, int]:
        """Where an object stands in the file, and how many bytes it has."""
        kind = identifier[0] >> 4 & 3
        if kind == MANAGED:
            middle = 1 + self.offset_size
            place = int.from_bytes(identifier[1:middle], "little")
            rest = identifier[middle : middle + self.length_size]
            return self.place_of(place), int.from_bytes(rest, "little")
        if kind == HUGE and len(identifier) >= 17:
            start = int.from_bytes(identifier[1:9], "little")
            return start, int.from_bytes(identifier[9:17], "little")
        if kind == HUGE:
            if self.huge is None:
                self.huge = dict(self.huge_objects())
            key = int.from_bytes(identifier[1:], "little")
            if key in self.huge:
                return self.huge[key]
        raise DamagedFileError("an object is missing in a heap of the HDF5 file.")

    def huge_objects(self) -> list[tuple[int, tuple[int, int]]]:
        """Key, place and size of the objects that are larger than a block."""
        found = []
        for record in records(self.source, self.tree, kinds=(1,)):
            place, size, key = (
                int.from_bytes(record[i : i + 8], "little") for i in (0, 8, 16)
            )
            found.append((key, (place, size)))
        return found

    def place_of(self, place: int) -> int:
        """Where in the file a place of the heap stands: the block is found row by row,
        in the table of blocks and in those below it.
        """
        block, start, rows = self.root, 0, self.rows
        while rows:
            self.source.expect(b"FHIB", block, "a table of blocks")
            size = self.smallest
            for row in range(rows):
                size = self.smallest << max(row - 1, 0)
                if place < start + size * self.width:
                    break
                start += size * self.width
            column = (place - start) // size
            if column >= self.width:
                raise DamagedFileError("an object lies outside its HDF5 heap.")
            entry = block + 13 + self.offset_size + 8 * (row * self.width + column)
            (block,) = self.source.unpack("Q", entry)
            start += column * size
            if row < self.direct_rows:
                break
            first_row = self.smallest * self.width
            rows = max(size.bit_length() - first_row.bit_length() + 1, 0)
        self.source.expect(b"FHDB", block, "a block of a heap")
        return block + place - start
