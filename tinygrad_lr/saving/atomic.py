"""A file is there whole or not at all: written beside, synced, then renamed.

Renaming replaces the old file in one step, so that whatever happens in between (the
process killed, the disk full, the power gone) leaves the old file or the new one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from tinygrad_lr.saving.errors import SaveError


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], Any]) -> None:
    """Let ``write`` fill a file; raise :class:`SaveError` if that is not possible.

    An existing file keeps its permissions; a symbolic link is followed, so that the
    file it points to is replaced. Missing folders are made.
    """
    target = Path(os.path.realpath(path))
    beside = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(
            prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent
        )
        with open(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, permissions(target))
        os.replace(beside, target)
        sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(
            error.errno,
            f"could not save to {os.fspath(path)!r}: {reason}. What stood there before "
            "is unchanged; make room, or choose another place",
        ) from error
    finally:
        if beside is not None and os.path.exists(beside):
            os.unlink(beside)


def write_bytes(
    path: str | os.PathLike[str], pieces: Iterable[bytes | memoryview]
) -> None:
    """Write a file of these pieces."""
    write_whole(path, lambda file: file.writelines(pieces))


def permissions(target: Path) -> int:
    """The permissions of an existing file, or those that a new file would get."""
    try:
        return target.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)  # there is no way to ask without setting it
        os.umask(mask)
        return 0o666 & ~mask


def sync_folder(folder: Path) -> None:
    """Let the new name reach the disk, where folders can be synced (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
