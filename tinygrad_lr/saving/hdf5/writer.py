"""Writing: a tree of groups and arrays as an HDF5 file that every program reads.

The oldest form of the format is written, as h5py does unless told otherwise: groups
are tables of names, texts stand in a heap, arrays in one piece. An object is written
after all that it refers to, so that every place is known when it is needed; the root
comes last, and only the first 96 bytes look forward to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_lr.saving.hdf5.source import UNDEFINED
from tinygrad_lr.saving.hdf5.types import IEEE

FANOUT = 32  # tables under one tree node: twice the K that the superblock states
MOST_TEXTS = 4000  # texts in one attribute: a message has at most 65,535 bytes,
MOST_IN_PLACE = 60_000  # so longer texts stand elsewhere


@dataclass
class Node:
    """A group to be written: attributes, and groups and arrays by name."""

    attrs: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Node | np.ndarray[Any, Any]] = field(default_factory=dict)

    def group(self, path: str) -> Node:
        """The group at a path such as "layers/dense", made if it is not there."""
        here = self
        for part in path.split("/") if path else ():
            found = here.children.setdefault(part, Node())
            if not isinstance(found, Node):
                raise ValueError(f"{part!r} of {path!r} is an array, not a group.")
            here = found
        return here

    def put(self, path: str, value: Any) -> None:
        """Put an array at a path."""
        folder, _, name = path.rpartition("/")
        self.group(folder).children[name] = np.asarray(value)


def encode(root: Node) -> list[bytes | memoryview]:
    """Return the pieces of the file."""
    writer = Writer(widest(root))
    top = writer.group(root)
    return writer.finish(top)


def widest(node: Node) -> int:
    """The largest number of names in one group."""
    inner = (widest(child) for child in node.children.values() if type(child) is Node)
    return max(len(node.children), *inner, 0)


class Writer:
    """Collects pieces and hands out the places where they will stand."""

    def __init__(self, most_names: int) -> None:
        self.leaf = max(4, -(-most_names // (2 * FANOUT)))  # the K of a table
        self.pieces: list[bytes | memoryview] = [bytes(96)]
        self.size = 96

    def append(self, *pieces: bytes | memoryview) -> int:
        """Write some bytes after each other; return where the first stands."""
        place = self.size
        for piece in pieces:
            self.pieces.append(piece)
            self.size += len(piece)
        if self.size % 8:
            self.append(bytes(-self.size % 8))
        return place

    def finish(self, root: int) -> list[bytes | memoryview]:
        """Fill in the superblock (II.A) and return all pieces."""
        self.pieces[0] = self.superblock(root)
        return self.pieces

    def superblock(self, root: int) -> bytes:
        """The first 96 bytes."""
        versions = bytes([0, 0, 0, 0, 0, 8, 8, 0])
        head = b"\x89HDF\r\n\x1a\n" + versions
        sizes = struct.pack("<HHI", self.leaf, FANOUT // 2, 0)
        places = struct.pack("<4Q", 0, UNDEFINED, self.size, UNDEFINED)
        entry = struct.pack("<QQII16x", 0, root, 0, 0)
        return head + sizes + places + entry

    def group(self, node: Node) -> int:
        """Write a group and all below it; return where its header stands."""
        places = {
            name: self.group(child) if isinstance(child, Node) else self.array(child)
            for name, child in node.children.items()
        }
        attributes = [self.attribute(*pair) for pair in in_parts(node.attrs)]
        table = struct.pack("<QQ", *self.table(places))
        return self.header([(17, table), *((12, a) for a in attributes)])

    def table(self, places: Mapping[str, int]) -> tuple[int, int]:
        """Write the names of a group (III.A, III.C, III.D); return tree and heap."""
        names = sorted(places, key=lambda name: name.encode())
        heap = bytearray(8)  # the empty name
        offsets = {}
        for name in names:
            offsets[name] = len(heap)
            heap += padded(name.encode() + b"\0")
        keys, tables = [0], []
        width = 2 * self.leaf
        for start in range(0, len(names), width):
            part = names[start : start + width]
            entries = b"".join(
                struct.pack("<QQ24x", offsets[name], places[name]) for name in part
            )
            entries = entries.ljust(40 * width, b"\0")
            head = struct.pack("<4sBBH", b"SNOD", 1, 0, len(part))
            tables.append(self.append(head, entries))
            keys.append(offsets[part[-1]])
        body = struct.pack("<Q", keys[0])
        for key, place in zip(keys[1:], tables, strict=True):
            body += struct.pack("<QQ", place, key)
        head = struct.pack("<4sBBHQQ", b"TREE", 0, 0, len(tables), UNDEFINED, UNDEFINED)
        tree = self.append(head, body.ljust(8 * (2 * FANOUT + 1), b"\0"))
        data = self.append(bytes(heap))
        no_free = 1
        head = struct.pack("<4s4xQQQ", b"HEAP", len(heap), no_free, data)
        return tree, self.append(head)

    def array(self, value: np.ndarray[Any, Any]) -> int:
        """Write an array; return where its header stands."""
        value = little_endian(value)
        place = UNDEFINED
        if value.size:
            place = self.append(value.reshape(-1).view(np.uint8).data)
        fill = bytes([2, 2, 2, 1, 0, 0, 0, 0])  # version 2, late, if set, default
        layout = struct.pack("<BBQQ", 3, 1, place, value.nbytes)
        return self.header(
            [(1, dataspace(value.shape)), (3, datatype(value.dtype)), (5, fill),
             (8, layout)]
        )  # fmt: skip

    def header(self, messages: list[tuple[int, bytes]]) -> int:
        """Write an object header (IV.A.1.a)."""
        body = b"".join(
            struct.pack("<HHB3x", kind, len(padded(data)), 0) + padded(data)
            for kind, data in messages
        )
        head = struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(body))
        return self.append(head, body)

    def attribute(self, name: str, value: Any) -> bytes:
        """An attribute message (IV.A.2.m): a text, a list of texts, or numbers."""
        if isinstance(value, str):
            shape: tuple[int, ...] = ()
            kind, data = self.texts([value])
        elif isinstance(value, list) and value:
            shape = (len(value),)
            kind, data = self.texts(value)
        else:
            array = little_endian(np.asarray(value))
            kind, shape, data = datatype(array.dtype), array.shape, array.tobytes()
        label, space = name.encode() + b"\0", dataspace(shape)
        head = struct.pack("<BBHHH", 1, 0, len(label), len(kind), len(space))
        return head + padded(label) + padded(kind) + padded(space) + data

    def texts(self, values: list[str]) -> tuple[bytes, bytes]:
        """Type and data of texts: of one size if they are short, else in a heap."""
        encoded = [value.encode() for value in values]
        width = max(len(data) for data in encoded) + 1
        if width * len(values) > MOST_IN_PLACE:
            return TEXT, self.heap(encoded)
        kind = struct.pack("<4BI", 0x13, 0x10, 0, 0, width)  # UTF-8, ends with zero
        return kind, b"".join(data.ljust(width, b"\0") for data in encoded)

    def heap(self, encoded: list[bytes]) -> bytes:
        """Put texts into a global heap (III.E); return references to them."""
        objects = b"".join(
            struct.pack("<HH4xQ", i, 1, len(data)) + padded(data)
            for i, data in enumerate(encoded, 1)
        )
        size = max(4096, 16 + len(objects) + 16)
        rest = struct.pack("<HH4xQ", 0, 0, size - 16 - len(objects))
        head = struct.pack("<4sB3xQ", b"GCOL", 1, size)
        heap = self.append((head + objects + rest).ljust(size, b"\0"))
        return b"".join(
            struct.pack("<IQI", len(data), heap, i) for i, data in enumerate(encoded, 1)
        )


def in_parts(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Long lists of texts in parts, "names0", "names1", ..., as Keras writes them."""
    for name, value in attributes.items():
        if isinstance(value, list) and len(value) > MOST_TEXTS:
            starts = range(0, len(value), MOST_TEXTS)
            for i, start in enumerate(starts):
                yield f"{name}{i}", value[start : start + MOST_TEXTS]
        else:
            yield name, value


def little_endian(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in the order of bytes and elements in which it is written."""
    value = np.ascontiguousarray(value).reshape(value.shape)
    return value.astype(value.dtype.newbyteorder("<"), copy=False)


def padded(data: bytes) -> bytes:
    """Bytes up to a multiple of eight."""
    return data + bytes(-len(data) % 8)


def dataspace(shape: tuple[int, ...]) -> bytes:
    """The message that states a shape (IV.A.2.b)."""
    return struct.pack("<BBB5x", 1, len(shape), 0) + struct.pack(
        f"<{len(shape)}Q", *shape
    )


# IV.A.2.d: a UTF-8 text of any length, made of bytes
TEXT = struct.pack("<4BI", 0x19, 1, 1, 0, 16) + struct.pack(
    "<4BIHH", 0x10, 0, 0, 0, 1, 0, 8
)


def datatype(dtype: np.dtype[Any]) -> bytes:
    """The message that states the type of numbers (IV.A.2.d)."""
    size = dtype.itemsize
    if dtype.kind == "b":  # as h5py writes truth values
        base = struct.pack("<4BIHH", 0x10, 8, 0, 0, 1, 0, 8)
        head = struct.pack("<4BI", 0x18, 2, 0, 0, 1)
        return head + base + padded(b"FALSE\0") + padded(b"TRUE\0") + b"\0\1"
    if dtype.kind in "iu":
        signed = 8 if dtype.kind == "i" else 0
        return struct.pack("<4BIHH", 0x10, signed, 0, 0, size, 0, 8 * size)
    if dtype.kind == "f" and size in IEEE:
        exponent, width, mantissa, bias = IEEE[size]
        head = struct.pack("<4BI", 0x11, 0x20, 8 * size - 1, 0, size)
        return head + struct.pack(
            "<HHBBBBI", 0, 8 * size, exponent, width, 0, mantissa, bias
        )
    raise ValueError(f"expected numbers to write into HDF5, got dtype {dtype}.")
