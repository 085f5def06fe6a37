"""Names in a group: in a tree of tables, among its messages, or in a heap."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_lr.saving.errors import DamagedFileError
from tinygrad_lr.saving.hdf5.heaps import FractalHeap
from tinygrad_lr.saving.hdf5.source import Source
from tinygrad_lr.saving.hdf5.trees import records
from tinygrad_lr.saving.hdf5.values import text

Link = tuple[str, int | None]  # None for a link that is not followed


def symbols(source: Source, tree: int, heap: int) -> Iterator[Link]:
    """The names in a group of the older form: a tree of tables (III.A, C and D)."""
    source.expect(b"HEAP", heap, "a local heap")
    size, _, names = source.unpack("QQQ", heap + 8)
    heap_data = source.take(names, size)
    waiting, seen = [tree], set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            raise DamagedFileError("an HDF5 tree leads back into itself.")
        seen.add(node)
        if bytes(source.take(node, 4)) == b"TREE":
            kind, _, used = source.unpack("BBH", node + 4)
            if kind != 0:
                raise DamagedFileError("an HDF5 tree of names is of another kind.")
            children = source.unpack(f"{2 * used + 1}Q", node + 24)[1::2]
            waiting.extend(reversed(children))
            continue
        source.expect(b"SNOD", node, "a table of names")
        (used,) = source.unpack("H", node + 6)
        for i in range(used):
            name, header, link = source.unpack("QQI", node + 8 + 40 * i)
            if name >= size:
                raise DamagedFileError("an HDF5 name lies outside its heap.")
            end = bytes(heap_data[name : name + 4096]).find(b"\0")
            if end < 0:
                raise DamagedFileError("an HDF5 name has no end.")
            yield text(heap_data[name : name + end]), None if link == 2 else header


def read_link(source: Source, offset: int) -> Link:
    """Read a link message of the newer form (IV.A.2.g)."""
    version, flags = source.unpack("BB", offset)
    if version != 1:
        raise DamagedFileError(f"unknown version {version} of an HDF5 link.")
    place, kind = offset + 2, 0
    if flags & 8:
        (kind,) = source.unpack("B", place)
        place += 1
    place += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(source.take(place, width), "little")
    name = text(source.take(place + width, length))
    if kind != 0:
        return name, None
    return name, source.unpack("Q", place + width + length)[0]


def dense_links(source: Source, heap: int, tree: int) -> Iterator[Link]:
    """The names in a heap, which a tree lists."""
    objects = FractalHeap(source, heap)
    for record in records(source, tree, kinds=(5,)):
        place, size = objects.get(record[4 : 4 + objects.id_size])
        source.take(place, size)
        yield read_link(source, place)
