"""The layouts of Keras 3, ``.keras`` and ``.weights.h5``, and ours like it, ``.npz``.

A ``.keras`` file is a zip archive of ``config.json`` (classes, arguments, what was
given to ``compile``), ``metadata.json`` and ``model.weights.h5``. Keras 2.12 and later
write it as well. In ``.npz`` each array is an entry of its own, so that no HDF5 is
needed to read it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from tinygrad_lr.registry import describe
from tinygrad_lr.saving import assets, hdf5, npz, plain
from tinygrad_lr.saving.archive import Container, write_archive
from tinygrad_lr.saving.errors import DamagedFileError, UnsupportedFileError
from tinygrad_lr.saving.objects import from_file, model_from
from tinygrad_lr.saving.old_configs import modern
from tinygrad_lr.saving.state import Array, Stored, load_state, state_of

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
FORMAT_VERSION = "3.15.1"  # the Keras whose files these are like

Pieces = Iterable[bytes | memoryview]


# -- writing ---------------------------------------------------------------------------


def description(model: Any, optimizer: bool = True) -> Iterator[tuple[str, Pieces]]:
    """The entries that say what the model is."""
    metadata = {
        "keras_version": FORMAT_VERSION,
        "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S"),
        "written_by": "tinygrad_lr",
    }
    config = describe(model)
    if not optimizer:
        config.pop("compile_config", None)
    yield METADATA, [plain.write(metadata, "the metadata").encode()]
    yield CONFIG, [plain.write(config, f"model {model.name!r}").encode()]


def weights_tree(model: Any, optimizer: bool = True) -> hdf5.Node:
    """The variables of a model as groups and arrays of HDF5."""
    root = hdf5.Node()
    for path, thing, arrays in kept(model, optimizer):
        group = root.group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = str(thing.name)
        for name, array in arrays.items():
            group.put(name, array)
    return root


def kept(model: Any, optimizer: bool) -> Iterator[tuple[str, Any, dict[str, Array]]]:
    """The state of a model, with or without that of its optimizer."""
    for path, thing, arrays in state_of(model):
        if optimizer or path.partition("/")[0] != "optimizer":
            yield path, thing, arrays


def write_keras(file: BinaryIO, model: Any, optimizer: bool = True) -> None:
    """Write a ``.keras`` file."""
    write_archive(file, entries_of(model, optimizer))


def entries_of(model: Any, optimizer: bool = True) -> Iterator[tuple[str, Pieces]]:
    """The entries of a ``.keras`` file."""
    yield from description(model, optimizer)
    yield WEIGHTS, hdf5.encode(weights_tree(model, optimizer))
    yield from assets.written(model)


def write_weights(file: BinaryIO, model: Any) -> None:
    """Write a ``.weights.h5`` file."""
    file.writelines(hdf5.encode(weights_tree(model)))


def write_npz(
    file: BinaryIO, model: Any, whole: bool = True, optimizer: bool = True
) -> None:
    """Write an ``.npz`` file: a whole model, or its weights alone."""

    def entries() -> Iterator[tuple[str, Pieces]]:
        if whole:
            yield from description(model, optimizer)
            yield from assets.written(model)
        for path, _, arrays in kept(model, optimizer):
            for name, array in arrays.items():
                place = f"{path}/vars/{name}" if path else f"vars/{name}"
                yield f"{place}.npy", npz.encode(array)

    write_archive(file, entries())


# -- reading ---------------------------------------------------------------------------


class Lazy(Mapping[str, Array]):
    """The arrays of a group of HDF5, read when they are asked for."""

    def __init__(self, group: hdf5.Group | None) -> None:
        self.group = group

    def __getitem__(self, name: str) -> Array:
        found = self.group.get(name) if self.group is not None else None
        if not isinstance(found, hdf5.Dataset):
            raise KeyError(f"no array {name!r} is stored")
        return found.read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.group or ())

    def __len__(self) -> int:
        return len(self.group) if self.group is not None else 0


def stored_in(root: hdf5.Group) -> Stored:
    """Where the arrays of each path stand in a file of HDF5."""
    older = "_layer_checkpoint_dependencies"  # Keras 2 so called the layers of a model

    def stored(path: str) -> Mapping[str, Array]:
        group = root.group(path)
        if group is None and older in root:
            group = root.group(path.replace("layers/", f"{older}/"))
        return Lazy(group)

    return stored


def read_model(
    archive: Container, size: int, custom_objects: Any, compile: bool
) -> Any:
    """Make the model of a ``.keras`` or ``.npz`` file, or of a folder."""
    config = plain.parse(archive.read(CONFIG), CONFIG)
    if isinstance(config, dict) and not compile:
        config.pop("compile_config", None)
    stored = weights_of(archive)
    with from_file(size, custom_objects):
        model = model_from(modern(config))
        if isinstance(model.optimizer, str):
            raise DamagedFileError("the optimizer is a name, not an optimizer.")
        if has_weights(archive):
            load_state(model, stored)
        elif model.weights:
            raise DamagedFileError(
                f"model {model.name!r} has {len(model.weights)} weights, but there is "
                f"no file {WEIGHTS!r} with them. For a new model of this kind, take "
                "its configuration: model_from_json()."
            )
        assets.load(model, archive)
    return model


def has_weights(archive: Container) -> bool:
    """Whether a file holds any arrays; one of a model without weights need not."""
    return WEIGHTS in archive or any(n.endswith(".npy") for n in archive.entries)


def weights_of(archive: Container) -> Stored:
    """Where the arrays of a ``.keras`` or ``.npz`` file stand."""
    if WEIGHTS in archive:
        return stored_in(hdf5.File(archive.read(WEIGHTS)))
    if "model.weights.npz" in archive or "model.weights.json" in archive:
        raise UnsupportedFileError(
            "the weights of this .keras file are stored as pickled objects or in "
            "several files, which are not read. Save the model again with model.save()."
        )
    return npz.Tree(archive).get
