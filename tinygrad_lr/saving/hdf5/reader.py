"""Reading: groups, their attributes, and arrays, each offset checked before it is used.

Nothing is followed out of the file: external links, external storage and virtual
arrays are refused, and so are symbolic links inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_lr.saving.errors import (
    DamagedFileError,
    UnsafeFileError,
    UnsupportedFileError,
)
from tinygrad_lr.saving.hdf5 import headers
from tinygrad_lr.saving.hdf5.chunks import Filter, filled, read_chunks, read_filters
from tinygrad_lr.saving.hdf5.heaps import FractalHeap
from tinygrad_lr.saving.hdf5.links import Link, dense_links, read_link, symbols
from tinygrad_lr.saving.hdf5.source import UNDEFINED, Source
from tinygrad_lr.saving.hdf5.trees import records
from tinygrad_lr.saving.hdf5.types import Text, count, read_space, read_type
from tinygrad_lr.saving.hdf5.values import decode, read_attribute


class Object:
    """A group or an array: what both have are messages and attributes."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        self.source = source
        self.name = name
        self.messages = headers.read_header(source, offset)

    def only(self, kind: int) -> headers.Message | None:
        """The message of this kind, if there is one."""
        return next((m for m in self.messages if m.kind == kind), None)

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes: texts as ``str``, lists of texts, and arrays of numbers."""
        return dict(read_attribute(self.source, offset) for offset in self.attributes())

    def attributes(self) -> Iterator[int]:
        """Where the attributes stand: among the messages, or in a heap (IV.A.2.v)."""
        for message in self.messages:
            if message.kind == headers.ATTRIBUTE:
                yield message.offset
        info = self.only(headers.ATTRIBUTE_INFO)
        if info is None:
            return
        _, flags = self.source.unpack("BB", info.offset)
        place = info.offset + (4 if flags & 1 else 2)
        heap, tree = self.source.unpack("QQ", place)
        if heap == UNDEFINED:
            return
        objects = FractalHeap(self.source, heap)
        for record in records(self.source, tree, kinds=(8,)):
            headers.refuse_shared(headers.ATTRIBUTE, record[objects.id_size])
            place, size = objects.get(record[: objects.id_size])
            self.source.take(place, size)
            yield place


class Dataset(Object):
    """An array in a file: ``shape`` and ``dtype`` without, ``read`` with its data."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        super().__init__(source, offset, name)
        shape, kind = self.only(headers.DATASPACE), self.only(headers.DATATYPE)
        if shape is None or kind is None or self.only(headers.LAYOUT) is None:
            raise DamagedFileError(f"{name!r} in the HDF5 file is no array.")
        if self.only(headers.EXTERNAL) is not None:
            raise UnsafeFileError(
                f"the array {name!r} stands in another file, which is not followed."
            )
        self.space = read_space(source, shape.offset)
        self.shape = self.space.shape
        self.dtype, self.itemsize = read_type(source, kind.offset)

    def read(self) -> np.ndarray[Any, Any]:
        """Return a copy of the array, in the byte order of this machine."""
        if isinstance(self.dtype, Text):
            raise UnsupportedFileError(
                f"expected numbers in {self.name!r}, found texts."
            )
        values = np.frombuffer(self.stored(), self.dtype).reshape(self.shape)
        return values.astype(self.dtype.newbyteorder("="))

    def read_texts(self) -> Any:
        """Return a text, or a list of texts in the order of the elements."""
        if not isinstance(self.dtype, Text):
            raise UnsupportedFileError(
                f"expected texts in {self.name!r}, found numbers."
            )
        return decode(self.source, self.stored(), self.dtype, self.shape)

    def stored(self) -> memoryview:
        """The bytes of all elements (IV.A.2.i)."""
        message = self.only(headers.LAYOUT)
        assert message is not None
        place = message.offset
        version, kind = self.source.unpack("BB", place)
        if kind == 3:
            raise UnsafeFileError(
                f"the array {self.name!r} is put together from other files, which "
                "are not followed."
            )
        if version not in (3, 4, 5) or kind > 3:
            raise UnsupportedFileError(
                f"the array {self.name!r} is stored in a way Keras does not use. "
                f"{headers.REPACK}"
            )
        if kind == 2:
            return read_chunks(
                self.source, place, self.space, self.itemsize, self.filters(),
                self.fill(), self.name,
            )  # fmt: skip
        size = count(self.shape) * self.itemsize
        if kind == 0:
            (found,) = self.source.unpack("H", place + 2)
            start = place + 4
        else:
            start, found = self.source.unpack("QQ", place + 2)
        if found < size:
            raise UnsafeFileError(
                f"the array {self.name!r} says that it has shape {self.shape}, which "
                f"takes {size} bytes, but {found} are stored."
            )
        if start == UNDEFINED:  # nothing was ever written
            whole = filled(
                self.source, self.shape, self.itemsize, self.fill(), 0, self.name
            )
            return whole.reshape(-1).data
        return self.source.take(start, size)

    def filters(self) -> list[Filter]:
        """How the pieces were changed before they were stored."""
        message = self.only(headers.FILTERS)
        if message is None:
            return []
        return read_filters(self.source, message.offset, self.name)

    def fill(self) -> bytes:
        """The bytes of an element that was never written (IV.A.2.e and f)."""
        message = self.only(headers.FILL) or self.only(headers.OLD_FILL)
        if message is None:
            return b""
        place, there = message.offset, 1
        if message.kind == headers.FILL:
            version, flags, _, known = self.source.unpack("4B", place)
            there = flags & 0x20 if version == 3 else known or version == 1
            place += 2 if version == 3 else 4
        if not there:
            return b""
        (size,) = self.source.unpack("I", place)
        value = bytes(self.source.take(place + 4, size))
        if size not in (0, self.itemsize):
            raise DamagedFileError(f"the fill value of {self.name!r} has another size.")
        return value


class Group(Object):
    """Objects by name, like a dict that cannot be changed."""

    def __init__(self, source: Source, offset: int, name: str) -> None:
        super().__init__(source, offset, name)
        self.links = dict(sorted(self.read_links(), key=lambda link: link[0]))

    def read_links(self) -> Iterator[Link]:
        """The names in the group with the places of the objects."""
        table = self.only(headers.SYMBOL_TABLE)
        if table is not None:
            tree, heap = self.source.unpack("QQ", table.offset)
            yield from symbols(self.source, tree, heap)
        info = self.only(headers.LINK_INFO)
        if info is not None:
            _, flags = self.source.unpack("BB", info.offset)
            place = info.offset + (10 if flags & 1 else 2)
            heap, tree = self.source.unpack("QQ", place)
            if heap != UNDEFINED:
                yield from dense_links(self.source, heap, tree)
        for message in self.messages:
            if message.kind == headers.LINK:
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
    kinds = {message.kind for message in headers.read_header(source, offset)}
    return (Dataset if headers.LAYOUT in kinds else Group)(source, offset, name)


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
        raise UnsupportedFileError(
            f"HDF5 superblock of version {version}. {headers.REPACK}"
        )
    sizes = source.unpack("BB", 13 if version < 2 else 9)
    (base,) = source.unpack("Q", place)
    if sizes != (8, 8) or base != 0:
        raise UnsupportedFileError(
            f"an HDF5 file with offsets of {sizes} bytes from {base}. {headers.REPACK}"
        )
    return source.unpack("Q", place + (40 if version < 2 else 24))[0]
