"""Weights in several files, none larger than wanted, with a list of what is where.

``m.weights.json`` says for each group of weights in which of ``m_00000.weights.h5``,
``m_00001.weights.h5`` ... it stands, as Keras 3 writes it. The list is written last,
and a new set takes numbers that the old one has not, so that at any moment the list
speaks of one whole set. Keras always opens number 0, so an empty one stays.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tinygrad_lr.notices import warn
from tinygrad_lr.saving import hdf5, plain
from tinygrad_lr.saving.atomic import write_bytes
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    MissingFileError,
    ModelFileError,
    UnsafeFileError,
)
from tinygrad_lr.saving.keras3 import Lazy
from tinygrad_lr.saving.reading import read_file
from tinygrad_lr.saving.state import Array, Stored, state_of

GIGABYTE = 2**30


def list_path(path: str) -> Path:
    """Where the list stands: the name given, with ``.json`` at its end."""
    given = Path(path)
    if given.suffix == ".json":
        return given
    warn(
        f"weights in several files need a name that ends in .weights.json; {path!r} "
        f"becomes {str(given.with_suffix('.json'))!r}."
    )
    return given.with_suffix(".json")


def shard_name(path: Path, number: int) -> str:
    """The name of one of the files."""
    return f"{path.stem.replace('.weights', '')}_{number:05}.weights.h5"


def write(path: Path, model: Any, most: float) -> None:
    """Write the weights of a model in files of at most ``most`` GB each."""
    before = names_in(path)
    free = (i for i in itertools.count(min(len(before), 1)))
    names = (n for i in free if (n := shard_name(path, i)) not in before)
    places: dict[str, list[str]] = {}
    total = 0
    for name, (root, size) in zip(names, split(model, most * GIGABYTE), strict=False):
        write_bytes(path.with_name(name), hdf5.encode(root))
        total += size
        for group in groups_of(root):
            places.setdefault(group, []).append(name)
    content = {"metadata": {"total_size": total}, "weight_map": places}
    write_bytes(path, [json.dumps(content, indent=4).encode()])
    for name in before - {n for part in places.values() for n in part}:
        if name == shard_name(path, 0):
            write_bytes(path.with_name(name), hdf5.encode(hdf5.Node()))
        else:
            path.with_name(name).unlink(missing_ok=True)


def split(model: Any, most: float) -> Iterator[tuple[hdf5.Node, int]]:
    """The weights as trees for one file each, with their sizes."""
    root, size = hdf5.Node(), 0
    for path, thing, arrays in state_of(model):
        place = f"{path}/vars" if path else "vars"
        for name, array in arrays.items():
            if array.nbytes > most:
                raise ValueError(
                    f"save_weights: weight {name!r} of {thing.name!r} takes "
                    f"{array.nbytes} bytes; max_shard_size allows {most:.0f}."
                )
            if size + array.nbytes > most:
                yield root, size
                root, size = hdf5.Node(), 0
            root.group(place).attrs["name"] = str(thing.name)
            root.put(f"{place}/{name}", array)
            size += array.nbytes
    yield root, size


def groups_of(node: hdf5.Node, path: str = "") -> Iterator[str]:
    """The paths of the groups that hold arrays."""
    inner = {k: v for k, v in node.children.items() if isinstance(v, hdf5.Node)}
    if len(inner) < len(node.children):
        yield path
    for name, child in inner.items():
        yield from groups_of(child, f"{path}/{name}")


def names_in(path: Path) -> set[str]:
    """The files that a list speaks of, if there is one."""
    try:
        places = read_list(path, read_file(path))
    except ModelFileError:
        return set()
    return {name for names in places.values() for name in names}


def read_list(path: Path, data: bytes) -> dict[str, list[str]]:
    """The files of each group. They stand beside the list and have the names that they
    are given when they are written: nothing else is opened.
    """
    listed = plain.parse(data, f"the list {path.name!r}")
    places = listed.get("weight_map") if isinstance(listed, dict) else None
    if not isinstance(places, dict):
        raise DamagedFileError(
            f"{str(path)!r} has no 'weight_map' of groups and files."
        )
    stem = re.escape(path.stem.replace(".weights", ""))
    found = {}
    for group, names in places.items():
        found[group] = names if isinstance(names, list) else [names]
        for name in found[group]:
            if not re.fullmatch(rf"{stem}_\d{{5,9}}\.weights\.h5", str(name)):
                raise UnsafeFileError(
                    f"{str(path)!r} names the file {name!r}; expected such as "
                    f"{shard_name(path, 0)!r}."
                )
    return found


def stored_in(path: Path, data: bytes) -> Stored:
    """Where the weights of each path stand."""
    places = read_list(path, data)
    files: dict[str, hdf5.File] = {}
    for name in (name for names in places.values() for name in names):
        if name not in files:  # all of them, before a weight is set
            try:
                files[name] = hdf5.File(read_file(path.with_name(name)))
            except MissingFileError as error:
                raise MissingFileError(
                    f"{path.name!r} names the file {name!r}, which is not beside it."
                ) from error

    def stored(group: str) -> Mapping[str, Array]:
        names = places.get(f"/{group}", [])
        return ChainMap(*(Lazy(files[name].group(group)) for name in names))  # type: ignore[arg-type]  # it only reads

    return stored
