"""Trees of version 2, in which newer files sort what there may be many of: records.

Names of a group, attributes, pieces of an array: each is a record of some bytes. A node
holds records between pointers to further nodes; how wide a pointer is follows from how
many records fit below it. The order is not used here, for all records are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_lr.saving.errors import DamagedFileError
from tinygrad_lr.saving.hdf5.source import UNDEFINED, Source

PREFIX = 10  # bytes of a node that are no records: signature, version, kind, checksum


def records(source: Source, tree: int, kinds: tuple[int, ...]) -> Iterator[memoryview]:
    """The records of a tree (III.A.2), which must be of one of these kinds."""
    source.expect(b"BTHD", tree, "a tree of records")
    kind, node_size, size, depth = source.unpack("BIHH", tree + 5)
    root, used = source.unpack("QH", tree + 16)
    if kind not in kinds or not size or depth > 32:
        raise DamagedFileError(f"the HDF5 tree at {tree} is of another kind.")
    if root == UNDEFINED:
        return
    widths = pointers(node_size, size, depth)
    waiting, seen = [(root, used, depth)], set()
    while waiting:
        node, used, level = waiting.pop()
        source.expect(b"BTIN" if level else b"BTLF", node, "a node of a tree")
        if node in seen:
            raise DamagedFileError("an HDF5 tree leads back into itself.")
        seen.add(node)
        source.take(node, node_size)
        place = node + 6
        for _ in range(used):
            source.spend(1)
            yield source.take(place, size)
            place += size
        if not level:
            continue
        narrow, wide = widths[level - 1]
        for _ in range(used + 1):
            (child,) = source.unpack("Q", place)
            number = int.from_bytes(source.take(place + 8, narrow), "little")
            waiting.append((child, number, level - 1))
            place += 8 + narrow + wide


def pointers(node_size: int, size: int, depth: int) -> list[tuple[int, int]]:
    """By level of what is pointed to: the bytes that tell how many records that node
    has, and how many there are in all below it (none for a leaf).
    """
    most = total = max(node_size - PREFIX, 0) // size
    narrow, wide = width_of(most), 0
    found = []
    for _ in range(depth):
        found.append((narrow, wide))
        pointer = 8 + narrow + wide
        most = max(node_size - PREFIX - pointer, 0) // (size + pointer)
        total = (most + 1) * total + most
        wide = width_of(total)
    return found


def width_of(limit: int) -> int:
    """The bytes in which the library writes numbers up to ``limit``."""
    return (max(limit.bit_length(), 1) - 1) // 8 + 1
