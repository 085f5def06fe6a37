"""A file from anywhere, read whole: only if it is a file, as large as it says.

What stands under a name can be a pipe that never ends, a folder, a link to itself, or a
file of a few bytes that claims gigabytes of holes. All that is asked before it is read.
"""

from __future__ import annotations

import stat
from pathlib import Path

from tinygrad_lr.saving.archive import FLOOR, MOST_EXPANSION
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    MissingFileError,
    ReadError,
    UnsafeFileError,
)

BLOCK = 512  # bytes in which POSIX counts what a file takes on its disk


def read_file(path: Path, most: int | None = None) -> bytes:
    """The bytes of a regular file, at most ``most`` of them.

    Raises :class:`MissingFileError`, :class:`ReadError` (an ``OSError``) or
    :class:`UnsafeFileError`.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DamagedFileError(
                f"{str(path)!r} is a folder, a pipe or a device; expected a file."
            )
        size = found.st_size
        if most is not None and size > most:
            raise UnsafeFileError(
                f"{str(path)!r} has {size} bytes; expected at most {most}."
            )
        # No blocks at all: not known on this disk (Windows, some networks).
        stored = getattr(found, "st_blocks", 0) * BLOCK or size
        with path.open("rb") as file:
            hollow = size > FLOOR and not any(file.read(BLOCK))
            if hollow or size > max(FLOOR, MOST_EXPANSION * stored):
                raise UnsafeFileError(
                    f"{str(path)!r} claims {size} bytes, and most of them are holes."
                )
            file.seek(0)
            return file.read()
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no file {str(path)!r}.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReadError(
            error.errno, f"could not read {str(path)!r}: {reason}"
        ) from error
