"""Reading: groups, their attributes, and arrays, each offset checked before it is used.

Nothing is followed out of the file: external links, external storage and virtual
arrays are refused, and so are symbolic links inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.saving.errors import (
    DamagedFileError,
    UnsafeFileError,
    UnsupportedFileError,
)
from tinygrad_lr.saving.hdf5.chunks import Filter, read_chunks, read_filters
from tinygrad_lr.saving.hdf5.source import UNDEFINED, Source
from tinygrad_lr.saving.hdf5.types import Kind, Text, count, read_shape, read_type

# IV.A.2, the messages of an object header
DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL, LAYOUT = 1, 2, 3, 6, 7, 8
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 11, 12, 16, 17, 21

REPACK = "Write the file anew with Keras, or with: h5repack --low=0 --high=1 old new"


class Message(NamedTuple):
    """One fact about an object: its kind, and where it stands."""

    kind: int
    offset: int
    size: int


def read_header(source: Source, offset: int) -> list[Message]:
    """Return the messages of an object header of version 1 or 2 (IV.A.1)."""
    if bytes(source.take(offset, 4)) == b"OHDR":
        return list(header_of_version_2(source, offset))
    version, _, total, _, size = source.unpack("BBHII", offset)
    if version != 1:
        raise DamagedFileError(f"expected an HDF5 object at {offset}, found none.")
    found: list[Message] = []
    blocks = [(offset + 16, size)]
    for start, length in blocks:  # grows when a block names its continuation
        place, end = start, start + length
        source.take(start, length)
        while place + 8 <= end and len(found) < total:
            kind, size, flags = source.unpack("HHB", place)
            message = Message(kind, place + 8, size)
            refuse_shared(kind, flags)
            if place + 8 + size > end:
                raise DamagedFileError("an HDF5 message is longer than its block.")
            found.append(message)
            if kind == CONTINUATION:
                where, length = source.unpack("QQ", message.offset)
                blocks.append((where, length))
            place += 8 + size
    return found


def header_of_version_2(source: Source, offset: int) -> Iterator[Message]:
    """The messages of a header of version 2 (IV.A.1.b)."""
    _, flags = source.unpack("BB", offset + 4)
    start = offset + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(source.take(start, width), "little")
    blocks = [(start + width, size)]
    head = 6 if flags & 4 else 4
    for start, length in blocks:
        place, end = start, start + length
        source.take(start, length)
        while place + head <= end:
            kind, size, message_flags = source.unpack("BHB", place)
            refuse_shared(kind, message_flags)
            if place + head + size > end:
                raise DamagedFileError("an HDF5 message is longer than its block.")
            if kind == CONTINUATION:
                where, length = source.unpack("QQ", place + head)
                source.expect(b"OCHK", where, "a continuation block")
                blocks.append((where + 4, length - 8))
            yield Message(kind, place + head, size)
            place += head + size


def refuse_shared(kind: int, flags: int) -> None:
    """Keras never lets two objects share a message."""
    if flags & 2 and kind in (DATASPACE, DATATYPE, ATTRIBUTE, FILTERS):
        raise UnsupportedFileError(f"the HDF5 file shares messages. {REPACK}")


class Object:
    """A group or an array: what both have are messages and attributes."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        self.source = source
        self.name = name
        self.messages = read_header(source, offset)

    def only(self, kind: int) -> Message | None:
        """The message of this kind, if there is one."""
        return next((m for m in self.messages if m.kind == kind), None)

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes: texts as ``str``, lists of texts, and arrays of numbers."""
        info = self.only(ATTRIBUTE_INFO)
        if info is not None:
            _, flags = self.source.unpack("BB", info.offset)
            (heap,) = self.source.unpack("Q", info.offset + (4 if flags & 1 else 2))
            if heap != UNDEFINED:
                raise UnsupportedFileError(
                    f"{self.name!r} has its attributes in a heap. {REPACK}"
                )
        found = (
            read_attribute(self.source, message)
            for message in self.messages
            if message.kind == ATTRIBUTE
        )
        return dict(found)


def read_attribute(source: Source, message: Message) -> tuple[str, Any]:
    """Return name and value of an attribute message (IV.A.2.m)."""
    start = message.offset
    version, flags, *sizes = source.unpack("BBHHH", start)
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise DamagedFileError(f"unknown HDF5 attribute of version {version}.")
    place = start + (9 if version == 3 else 8)
    places = []
    for size in sizes:
        places.append(place)
        place += -(-size // 8) * 8 if version == 1 else size
    name = text(source.take(places[0], sizes[0]))
    kind, size = read_type(source, places[1])
    shape = read_shape(source, places[2])
    if shape is None:
        return name, np.zeros(0)
    values = source.take(place, count(shape) * size)
    return name, decode(source, values, kind, shape)


def decode(
    source: Source, values: memoryview, kind: Kind, shape: tuple[int, ...]
) -> Any:
    """Turn the bytes of an attribute into a text, a list of texts, or an array."""
    if not isinstance(kind, Text):
        return np.frombuffer(values, kind).reshape(shape).copy()
    size = kind.size or 16
    source.spend(count(shape))
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    if kind.size is None:
        parts = [heap_object(source, part) for part in parts]
    texts = [text(part) for part in parts]
    return texts if shape else texts[0]


def heap_object(source: Source, reference: memoryview) -> memoryview:
    """The bytes that a reference into a global heap stands for (III.E)."""
    length = int.from_bytes(reference[:4], "little")
    heap = int.from_bytes(reference[4:12], "little")
    wanted = int.from_bytes(reference[12:16], "little")
    if not length:
        return reference[:0]
    source.expect(b"GCOL", heap, "a global heap")
    (total,) = source.unpack("Q", heap + 8)
    source.take(heap, total)
    place, end = heap + 16, heap + total
    while place + 16 <= end:
        index, _, size = source.unpack("HH4xQ", place)
        if index == wanted:
            source.spend(length // 16)
            return source.take(place + 16, size)[:length]
        if index == 0:
            break
        place += 16 + -(-size // 8) * 8
    raise DamagedFileError("an HDF5 text is missing; the file is damaged.")


def text(value: memoryview) -> str:
    """The text in some bytes, up to the first zero."""
    try:
        return bytes(value).split(b"\0", 1)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedFileError(f"an HDF5 text is not UTF-8: {error}.") from error


class Dataset(Object):
    """An array in a file: ``shape`` and ``dtype`` without, ``read`` with its data."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        super().__init__(source, offset, name)
        shape, kind = self.only(DATASPACE), self.only(DATATYPE)
        if shape is None or kind is None or self.only(LAYOUT) is None:
            raise DamagedFileError(f"{name!r} in the HDF5 file is no array.")
        if self.only(EXTERNAL) is not None:
            raise UnsafeFileError(
                f"the array {name!r} stands in another file, which is not followed."
            )
        known = read_shape(source, shape.offset)
        self.shape: tuple[int, ...] = (0,) if known is None else known
        dtype, self.itemsize = read_type(source, kind.offset)
        if isinstance(dtype, Text):
            raise UnsupportedFileError(f"expected numbers in {name!r}, found texts.")
        self.dtype = dtype

    def read(self) -> np.ndarray[Any, Any]:
        """Return a copy of the array, in the byte order of this machine."""
        size = count(self.shape) * self.itemsize
        values = np.frombuffer(self.stored(size), self.dtype).reshape(self.shape)
        return values.astype(self.dtype.newbyteorder("="))

    def stored(self, size: int) -> memoryview | bytes:
        """The bytes of all elements (IV.A.2.i)."""
        message = self.only(LAYOUT)
        assert message is not None
        version, kind = self.source.unpack("BB", message.offset)
        if version not in (3, 4) or (version == 4 and kind > 1):
            if kind == 3:
                raise UnsafeFileError(
                    f"the array {self.name!r} is put together from other files, which "
                    "are not followed."
                )
            raise UnsupportedFileError(
                f"the array {self.name!r} is stored in a way Keras does not use. "
                f"{REPACK}"
            )
        if kind == 2:
            return self.chunks(message.offset, size)
        if kind == 0:
            (found,) = self.source.unpack("H", message.offset + 2)
            start = message.offset + 4
        else:
            start, found = self.source.unpack("QQ", message.offset + 2)
        if found < size:
            raise UnsafeFileError(
                f"the array {self.name!r} says that it has shape {self.shape}, which "
                f"takes {size} bytes, but {found} are stored."
            )
        return self.source.take(start, size) if size else b""

    def chunks(self, offset: int, size: int) -> bytes:
        filters: list[Filter] = []
        message = self.only(FILTERS)
        if message is not None:
            filters = read_filters(self.source, message.offset, self.name)
        return read_chunks(
            self.source, offset, self.shape, self.itemsize, size, filters, self.name
        )


class Group(Object):
    """Objects by name, like a dict that cannot be changed."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        super().__init__(source, offset, name)
        self.links = dict(self.read_links())

    def read_links(self) -> Iterator[tuple[str, int | None]]:
        """The names in the group with the places of the objects; None for links that
        are not followed.
        """
        table = self.only(SYMBOL_TABLE)
        if table is not None:
            tree, heap = self.source.unpack("QQ", table.offset)
            yield from symbols(self.source, tree, heap)
        info = self.only(LINK_INFO)
        if info is not None:
            _, flags = self.source.unpack("BB", info.offset)
            (dense,) = self.source.unpack("Q", info.offset + (10 if flags & 1 else 2))
            if dense != UNDEFINED:
                raise UnsupportedFileError(
                    f"the group {self.name!r} has its names in a heap. {REPACK}"
                )
        for message in self.messages:
            if message.kind == LINK:
                yield read_link(self.source, message.offset)

    def __contains__(self, name: object) -> bool:
        return name in self.links

    def __iter__(self) -> Iterator[str]:
        return iter(self.links)

    def __len__(self) -> int:
        return len(self.links)

    def keys(self) -> list[str]:
        """The names in the group."""
        return list(self.links)

    def get(self, path: str) -> Group | Dataset | None:
        """The object at a path such as "layers/dense", or None."""
        here: Group | Dataset = self
        for part in path.split("/"):
            if not isinstance(here, Group) or part not in here.links:
                return None
            offset = here.links[part]
            if offset is None:
                raise UnsafeFileError(
                    f"{part!r} in the HDF5 file is a link to somewhere else, which is "
                    "not followed."
                )
            here = open_object(self.source, offset, part)
        return here

    def group(self, path: str) -> Group | None:
        """The group at a path, or None."""
        found = self.get(path)
        return found if isinstance(found, Group) else None


def open_object(source: Source, offset: int, name: str) -> Group | Dataset:
    """The object whose header stands at ``offset``."""
    kinds = {message.kind for message in read_header(source, offset)}
    return (Dataset if LAYOUT in kinds else Group)(source, offset, name)


def symbols(source: Source, tree: int, heap: int) -> Iterator[tuple[str, int | None]]:
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


def read_link(source: Source, offset: int) -> tuple[str, int | None]:
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


class File(Group):
    """The root group of a file held in memory."""

    def __init__(self, data: bytes | memoryview) -> None:
        source = Source(data)
        super().__init__(source, root_of(source), "/")


def root_of(source: Source) -> int:
    """Where the root group stands, by the superblock (II.A)."""
    source.expect(b"\x89HDF\r\n\x1a\n", 0, "the first bytes")
    (version,) = source.unpack("B", 8)
    place = {0: 24, 1: 28, 2: 12, 3: 12}.get(version)
    if place is None:
        raise UnsupportedFileError(f"HDF5 superblock of version {version}. {REPACK}")
    sizes = source.unpack("BB", 13 if version < 2 else 9)
    (base,) = source.unpack("Q", place)
    if sizes != (8, 8) or base != 0:
        raise UnsupportedFileError(
            f"an HDF5 file with offsets of {sizes} bytes from {base}. {REPACK}"
        )
    return source.unpack("Q", place + (40 if version < 2 else 24))[0]
