"""Values: the bytes of attributes and texts, as Python and NumPy have them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.saving.errors import DamagedFileError
from tinygrad_lr.saving.hdf5.heaps import global_objects
from tinygrad_lr.saving.hdf5.source import Source
from tinygrad_lr.saving.hdf5.types import Kind, Text, count, read_space, read_type


def read_attribute(source: Source, start: int) -> tuple[str, Any]:
    """Return name and value of an attribute message (IV.A.2.m)."""
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
    shape = read_space(source, places[2]).shape
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
    """The bytes that a reference into a global heap stands for."""
    length = int.from_bytes(reference[:4], "little")
    heap = int.from_bytes(reference[4:12], "little")
    wanted = int.from_bytes(reference[12:16], "little")
    if not length:
        return reference[:0]
    if heap not in source.heaps:
        source.heaps[heap] = global_objects(source, heap)
    source.spend(length // 16)
    try:
        return source.heaps[heap][wanted][:length]
    except KeyError:
        raise DamagedFileError(
            "an HDF5 text is missing; the file is damaged."
        ) from None


def text(value: memoryview) -> str:
    """The text in some bytes, up to the first zero."""
    try:
        return bytes(value).split(b"\0", 1)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedFileError(f"an HDF5 text is not UTF-8: {error}.") from error
