"""Zip archives from anywhere: every entry is judged before any is read.

Entries are read into memory, and only those that a model file has; none is unpacked,
unless a layer asks for its own (see ``assets``). What makes an archive dangerous to
others (names that climb out of the folder, links, entries that swell) is refused all
the same: no honest model file has it.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Protocol

from tinygrad_lr.saving.errors import DamagedFileError, UnsafeFileError

SIGNATURE = b"PK\x03\x04"
MOST_ENTRIES = 100_000
MOST_EXPANSION = 20  # how much larger than stored the entries may be together,
FLOOR = 2**24  # beyond so many bytes

# What Python's zipfile raises for damaged archives.
ZIP_ERRORS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError,
    NotImplementedError, OverflowError, RuntimeError, UnicodeDecodeError, ValueError,
    OSError, IndexError,
)  # fmt: skip


class Container(Protocol):
    """What has the entries of a model file: an archive, or a folder of files."""

    entries: Mapping[str, Any]

    def __contains__(self, name: str) -> bool: ...
    def read(self, name: str) -> bytes: ...


class Archive:
    """The entries of a zip file held in memory."""

    def __init__(self, data: bytes) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self.zip.infolist()
        except ZIP_ERRORS as error:
            raise DamagedFileError(
                f"the zip archive cannot be read: {error}. The file is cut short or "
                "damaged."
            ) from error
        judge(entries, len(data))
        self.entries: Mapping[str, Any] = {e.filename: e for e in entries}

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def read(self, name: str) -> bytes:
        """Return an entry, as many bytes as it says it has."""
        if name not in self.entries:
            raise DamagedFileError(
                f"the archive has no entry {name!r}; it has {sorted(self.entries)[:5]}."
            )
        entry = self.entries[name]
        try:
            with self.zip.open(entry) as file:
                found = file.read(entry.file_size)
                more = file.read(1)  # this also compares the checksum
        except ZIP_ERRORS as error:
            raise DamagedFileError(
                f"the entry {name!r} of the archive cannot be read: {error}."
            ) from error
        if len(found) != entry.file_size or more:
            raise DamagedFileError(
                f"the entry {name!r} has not the {entry.file_size} bytes it announces."
            )
        return found


def judge(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Raise for an archive that no model file is."""
    if len(entries) > MOST_ENTRIES:
        raise UnsafeFileError(
            f"the archive has {len(entries)} entries; expected at most {MOST_ENTRIES}."
        )
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnsafeFileError(f"the archive has two entries of the name {twice!r}.")
    total = sum(entry.file_size for entry in entries)
    if total > max(FLOOR, MOST_EXPANSION * size):
        raise UnsafeFileError(
            f"the entries of the archive take {total} bytes unpacked, but the file has "
            f"{size}."
        )
    for entry in entries:
        problem = fault(entry)
        if problem:
            raise UnsafeFileError(
                f"the archive entry {entry.filename[:200]!r} {problem}."
            )


def fault(entry: zipfile.ZipInfo) -> str:
    """Say what is wrong with an entry, or nothing."""
    name = entry.orig_filename
    if name.startswith(("/", "\\")) or (name[1:2] == ":" and name[:1].isalpha()):
        return "has an absolute name"
    if ".." in name.replace("\\", "/").split("/"):
        return "has a name that climbs out of its folder"
    if "\0" in name or "\\" in name:
        return "has a name with characters that names must not have"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, not a file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed in an unusual way (method {entry.compress_type})"
    if entry.compress_type == zipfile.ZIP_STORED and (
        entry.compress_size != entry.file_size
    ):
        return "contradicts itself about its size"
    return ""


def write_archive(
    file: BinaryIO, entries: Iterable[tuple[str, Iterable[bytes | memoryview]]]
) -> None:
    """Write a zip archive of entries, given as name and pieces, without compression."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, pieces in entries:
            with archive.open(name, "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)
