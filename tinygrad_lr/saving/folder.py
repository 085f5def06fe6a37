"""A model as a folder: what a ``.keras`` archive holds, as files (``zipped=False``).

A new folder is filled beside its place and renamed, so that it is there whole or not at
all. In a folder that exists each file is replaced whole, and the last of them tells by
checksums whether all belong together.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tinygrad_lr.saving import plain
from tinygrad_lr.saving.assets import HOME
from tinygrad_lr.saving.atomic import sync_folder, write_bytes
from tinygrad_lr.saving.errors import DamagedFileError, SaveError
from tinygrad_lr.saving.keras3 import CONFIG, METADATA, WEIGHTS
from tinygrad_lr.saving.plain import MOST_BYTES
from tinygrad_lr.saving.reading import read_file

Entries = Iterable[tuple[str, Iterable[bytes | memoryview]]]
SUMS = "checksums"  # ours, in the metadata


def write_folder(path: str, entries: Entries) -> None:
    """Write the entries of an archive as files of a folder."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        fill(target, entries)
        return
    beside = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(
            tempfile.mkdtemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        )
        fill(beside, entries)
        beside.chmod(0o777 & ~mask())
        beside.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(
            error.errno, f"could not save the folder {path!r}: {reason}"
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def fill(folder: Path, entries: Entries) -> None:
    """Write the files, the metadata last."""
    contents = {name: b"".join(pieces) for name, pieces in entries}
    metadata = json.loads(contents.pop(METADATA))
    metadata[SUMS] = {name: zlib.crc32(data) for name, data in contents.items()}
    contents[METADATA] = json.dumps(metadata).encode()
    for name, data in contents.items():
        write_bytes(folder / name, [data])


def mask() -> int:
    """The permissions that new folders do not get; there is no way only to ask."""
    found = os.umask(0)
    os.umask(found)
    return found


def assets(path: Path) -> Iterator[str]:
    """The files that layers keep, without links to elsewhere."""
    for file in (path / HOME).rglob("*"):
        if file.is_file() and file.resolve() == path.resolve() / file.relative_to(path):
            yield file.relative_to(path).as_posix()


class Folder:
    """The files of a folder, asked for like the entries of an archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: Mapping[str, Any] = {
            name: path / name
            for name in (CONFIG, METADATA, WEIGHTS, "model.weights.npz", *assets(path))
            if (path / name).is_file()
        }
        self.sums = self.checksums()

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def checksums(self) -> dict[str, Any]:
        """What the metadata say of the other files, if they were written here."""
        if METADATA not in self.entries:
            return {}
        metadata = plain.parse(read_file(self.entries[METADATA], MOST_BYTES), METADATA)
        sums = metadata.get(SUMS) if isinstance(metadata, dict) else None
        return sums if isinstance(sums, dict) else {}

    def read(self, name: str) -> bytes:
        """Return a file, if it belongs to the others."""
        most = MOST_BYTES if name == CONFIG else None
        data = read_file(self.entries[name], most)
        if self.sums.get(name, zlib.crc32(data)) != zlib.crc32(data):
            raise DamagedFileError(
                f"{name!r} in the folder {str(self.path)!r} does not belong to the "
                "other files: saving into an existing folder was interrupted, or the "
                "file was changed. Save the model again."
            )
        return data

    def size(self) -> int:
        """The bytes of the files that a model is made from."""
        used = (self.entries[name] for name in (CONFIG, WEIGHTS) if name in self)
        return sum(path.stat().st_size for path in used)
