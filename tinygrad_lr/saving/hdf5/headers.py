"""What is said of an object: the messages in its header, which has one of two forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tinygrad_lr.saving.errors import DamagedFileError, UnsupportedFileError
from tinygrad_lr.saving.hdf5.source import Source

# IV.A.2, the kinds of messages
DATASPACE, LINK_INFO, DATATYPE, OLD_FILL, FILL, LINK, EXTERNAL = 1, 2, 3, 4, 5, 6, 7
LAYOUT, FILTERS, ATTRIBUTE, CONTINUATION = 8, 11, 12, 16
SYMBOL_TABLE, ATTRIBUTE_INFO = 17, 21

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
