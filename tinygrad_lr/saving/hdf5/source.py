"""The bytes of a file, read with every bound checked, and with a limit on the work."""

from __future__ import annotations

import struct

from tinygrad_lr.saving.errors import DamagedFileError, UnsafeFileError

UNDEFINED = 0xFFFFFFFFFFFFFFFF
MOST_EXPANSION = 20  # how much larger than stored an array may be,
FLOOR = 2**24  # beyond so many bytes
ROOM = 2**28  # bytes that all arrays may have beyond MOST_EXPANSION times the file


class Source:
    """A file in memory. Reading outside it raises :class:`DamagedFileError`.

    A sound file is read with about one step for each of its structures. A file whose
    structures refer to each other over and over takes more steps than it has bytes:
    then :meth:`spend` raises :class:`UnsafeFileError`. So does :meth:`unfold` for
    arrays of which little is stored.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = memoryview(data)
        self.steps = 20_000 + len(data) // 4
        self.room = ROOM + MOST_EXPANSION * len(data)
        self.heaps: dict[int, dict[int, memoryview]] = {}  # global ones, once read

    def spend(self, steps: int) -> None:
        """Count steps of work."""
        self.steps -= steps
        if self.steps < 0:
            raise UnsafeFileError(
                "the HDF5 data refer to themselves over and over; the file was made to "
                "keep its reader busy."
            )

    def unfold(self, size: int, stored: int, what: str) -> None:
        """Count bytes that are to be made from those that are stored."""
        stored = min(stored, len(self.data))
        self.room -= size
        if size > max(FLOOR, MOST_EXPANSION * stored) or self.room < 0:
            raise UnsafeFileError(
                f"{what} takes {size} bytes, but only {stored} are stored."
            )

    def take(self, offset: int, size: int) -> memoryview:
        """Return ``size`` bytes from ``offset``."""
        if offset < 0 or size < 0 or offset + size > len(self.data):
            raise DamagedFileError(
                f"the HDF5 data point to {size} bytes at {offset}, but there are "
                f"{len(self.data)} bytes. The file is cut short or damaged."
            )
        return self.data[offset : offset + size]

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Return numbers in the form of ``struct``, little-endian."""
        self.spend(1)
        return struct.unpack("<" + form, self.take(offset, struct.calcsize("<" + form)))

    def expect(self, signature: bytes, offset: int, what: str) -> None:
        """Raise unless these bytes stand there."""
        found = bytes(self.take(offset, len(signature)))
        if found != signature:
            raise DamagedFileError(
                f"expected {what} of HDF5 at {offset} ({signature!r}), got {found!r}. "
                "The file is damaged."
            )
