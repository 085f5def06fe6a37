"""Which layout a file has: by its name when it is written, by its bytes when read.

==================  ======================================================
name ends in        written
==================  ======================================================
``.keras``, other   Keras 3's zip archive
``.h5``, ``.hdf5``  the HDF5 layout of Keras 1 and 2
``.npz``            the same tree as ``.keras``, one NumPy array for each
==================  ======================================================

Weights alone: ``.weights.h5`` as Keras 3 has it, ``.h5`` and ``.hdf5`` as Keras 2 had
it, ``.npz``, and ``.safetensors`` to take elsewhere. The name of a file that is read
does not matter.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from tinygrad_lr.arguments import checked
from tinygrad_lr.notices import warn
from tinygrad_lr.saving import hdf5, keras2, keras3, safetensors, shards
from tinygrad_lr.saving.archive import SIGNATURE as ZIP
from tinygrad_lr.saving.archive import Archive
from tinygrad_lr.saving.atomic import write_whole
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    MissingFileError,
    UnsupportedFileError,
)
from tinygrad_lr.saving.folder import Folder, write_folder
from tinygrad_lr.saving.reading import read_file
from tinygrad_lr.saving.state import load_state

HDF5_NAMES = (".h5", ".hdf5", ".hd5", ".he5")
OF_KERAS = ("", ".keras", ".model", ".tf", ".ckpt")  # how Keras 2 and 3 end other names


@checked
def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None,
    include_optimizer: bool = True, save_format: str | None = None,
) -> None:  # fmt: skip
    """Save a whole model: classes and settings, weights, and how training stands.

    Args:
        model: the model.
        filepath: name of the file, or an open binary file. ``.keras`` (and every name
            not listed here) gives Keras 3's format, ``.h5`` and ``.hdf5`` that of Keras
            1 and 2, ``.npz`` arrays of NumPy.
        overwrite: whether to replace a file without asking.
        zipped: False for a folder of the files that a ``.keras`` archive holds.
        include_optimizer: whether the state of the optimizer goes along.
        save_format: "keras", "h5" or "npz", if the name does not say it; "tf" (of
            Keras 2) gives Keras 3's format.

    Raises:
        SaveError: if the file cannot be written; the old one then still stands.
        UnsupportedFileError: for unknown formats.
        ValueError: for a folder with a name that ends in ``.keras``.
    """
    if not model.built:
        warn(
            f"model {model.name!r} is not built, so it is saved without weights. Call "
            "it on data, or build(input_shape), first."
        )
    if hasattr(filepath, "write"):
        keras3.write_keras(filepath, model, include_optimizer)
        return
    path = os.fspath(filepath)
    if zipped is False:
        if not path or path.endswith(".keras"):
            raise ValueError(
                f"save: with zipped=False a folder is written; expected a name without "
                f"'.keras' at its end, and not none at all, got {path!r}."
            )
        if may_write(path, overwrite):
            write_folder(path, keras3.entries_of(model, include_optimizer))
        return
    write = model_writer(path, save_format)
    if may_write(path, overwrite):
        write_whole(path, lambda file: write(file, model, optimizer=include_optimizer))


def model_writer(path: str, save_format: str | None) -> Callable[..., None]:
    """The function that writes the format that a name, or ``save_format``, asks for."""
    lowered = path.lower()
    if lowered.endswith(HDF5_NAMES):
        return keras2.write_model
    if lowered.endswith(".npz"):
        return keras3.write_npz
    writers: dict[str | None, Callable[..., None]] = {
        None: keras3.write_keras, "keras": keras3.write_keras,
        "tf": keras3.write_keras, "h5": keras2.write_model, "hdf5": keras2.write_model,
        "npz": keras3.write_npz,
    }  # fmt: skip
    if save_format not in writers:
        raise UnsupportedFileError(
            f"save: expected save_format 'keras', 'h5' or 'npz', got {save_format!r}."
        )
    ending = os.path.splitext(path)[1].lower()
    if save_format is None and ending not in OF_KERAS and not ending[1:].isdigit():
        warn(
            f"save: {path!r} is written in the format of .keras. Keras 3 opens it only "
            "under a name that ends in '.keras': better give it such a name."
        )
    if save_format == "tf":
        warn(
            "save: TensorFlow's SavedModel is not available; the model is saved in the "
            "format of .keras, which load_model reads under any name."
        )
    return writers[save_format]


@checked
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Load a whole model, saved here or by Keras 1, 2 or 3.

    Nothing in the file is run, and only classes of this package, those registered with
    ``register_keras_serializable`` and those in ``custom_objects`` are made.

    Args:
        filepath: name of the file, or an open binary file.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was when it was saved.
        safe_mode: accepted for Keras's sake; code in a file is not run either way.

    Raises:
        ModelFileError: if the file is damaged, unsafe, or names what is not known. Each
            is a class of its own; a missing file is a ``FileNotFoundError`` as well.
    """
    if is_model_folder(filepath):
        folder = Folder(Path(filepath))
        return keras3.read_model(folder, folder.size(), custom_objects, compile)
    data = read_whole(filepath)
    if is_zip(data):
        archive = Archive(data)
        if keras3.CONFIG not in archive:
            raise DamagedFileError(
                f"{shown(filepath)} has no {keras3.CONFIG}, so it does not say what "
                "the model is: it may hold weights alone. Build the model and call "
                "load_weights()."
            )
        return keras3.read_model(archive, len(data), custom_objects, compile)
    if data.startswith(hdf5.SIGNATURE):
        return keras2.read_model(data, custom_objects, compile)
    raise DamagedFileError(
        f"{shown(filepath)} is no model file: expected a .keras, .npz (zip) or .h5 "
        f"(HDF5) file, found one that begins with {data[:8]!r}."
    )


@checked
def save_weights(
    model: Any, filepath: Any, overwrite: bool = True,
    max_shard_size: float | None = None, save_format: str | None = None,
) -> None:  # fmt: skip
    """Save the weights of a model, and the state of its optimizer where Keras does.

    The name says the format: ``.weights.h5`` (Keras 3; also every name not listed
    here), ``.h5`` or ``.hdf5`` (Keras 1 and 2, weights only), ``.npz``,
    ``.safetensors`` (weights only, to take elsewhere). With ``max_shard_size``, in GB,
    there are several files and a list of them, whose name ends in ``.weights.json``.
    Raises ``ValueError`` for a model that is not built, and :class:`SaveError` if the
    file cannot be written.
    """
    if not model.built:
        raise ValueError(
            f"save_weights: model {model.name!r} is not built, so it has no weights "
            "yet. Call it on data, or build(input_shape), first."
        )
    path = os.fspath(filepath)
    lowered = path.lower()
    if max_shard_size is not None:
        if not isinstance(max_shard_size, (int, float)) or not max_shard_size > 0:
            raise ValueError(
                "save_weights: expected a positive number of GB as max_shard_size, got "
                f"{max_shard_size!r}."
            )
        if not lowered.endswith(("weights.h5", "weights.json")):
            raise ValueError(
                "save_weights: with max_shard_size, expected a name that ends in "
                f"'.weights.json', got {path!r}."
            )
        if may_write(path, overwrite):
            shards.write(shards.list_path(path), model, max_shard_size)
        return
    write = keras3.write_weights
    if lowered.endswith(".npz"):
        write = write_npz_weights
    elif lowered.endswith(".safetensors"):
        write = safetensors.write_weights
    elif (
        lowered.endswith(HDF5_NAMES) and not lowered.endswith(".weights.h5")
    ) or save_format == "h5":
        write = keras2.write_weights
    if may_write(path, overwrite):
        write_whole(path, lambda file: write(file, model))


def write_npz_weights(file: BinaryIO, model: Any) -> None:
    """Write the weights of a model as ``.npz``."""
    keras3.write_npz(file, model, whole=False)


@checked
def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False,
    objects_to_skip: Any = None,
) -> None:  # fmt: skip
    """Set the weights of a model from a file of weights or of a whole model.

    Args:
        model: a built model.
        filepath: name of the file.
        skip_mismatch: leave weights that do not fit as they are, with a warning.
        by_name: match layers by name, not by order (``.h5`` of Keras 1 and 2 only).
        objects_to_skip: layers that stay as they are (formats of Keras 3 only).

    Raises:
        ModelFileError: if the file is damaged or does not fit; then nothing changed.
    """
    if not model.built:
        raise ValueError(
            f"load_weights: model {model.name!r} is not built, so it has no weights "
            "yet. Call it on data, or build(input_shape), first."
        )
    data = read_whole(filepath)
    if is_zip(data):
        stored = keras3.weights_of(Archive(data))
    elif data.startswith(hdf5.SIGNATURE):
        root = hdf5.File(data)
        group = keras2.weights_group(root)
        if group is not None:
            keras2.load_in_order(model, group, skip_mismatch, by_name)
            return
        stored = keras3.stored_in(root)
    elif data[:1] == b"{":
        stored = shards.stored_in(Path(filepath), data)
    else:
        raise DamagedFileError(
            f"{shown(filepath)} holds no weights: expected a .h5 (HDF5), .keras or "
            f".npz (zip) file, found one that begins with {data[:8]!r}."
        )
    if by_name:
        raise UnsupportedFileError(
            "load_weights: by_name=True works with the .h5 files of Keras 1 and 2, "
            "which name their layers; files of Keras 3 do not."
        )
    load_state(model, stored, skip_mismatch, skip=objects_to_skip or ())


# -- what they share -------------------------------------------------------------------


def read_whole(filepath: Any) -> bytes:
    """The bytes of a file, or of an open one."""
    if hasattr(filepath, "read"):
        data: bytes = filepath.read()
        return data
    path = Path(os.fspath(filepath))
    if path.is_dir():
        raise UnsupportedFileError(
            f"{shown(filepath)} is a folder without a model that can be read (perhaps "
            "TensorFlow's SavedModel). Save the model as one file: "
            "model.save('model.keras')."
        )
    try:
        return read_file(path)
    except MissingFileError as error:
        beside = sorted(p.name for p in path.parent.glob(f"{path.stem}*"))[:5]
        hint = f" There is {', '.join(beside)}." if beside else ""
        raise MissingFileError(f"there is no file {shown(filepath)}.{hint}") from error


def is_model_folder(filepath: Any) -> bool:
    """Whether there is a folder with the files of a model."""
    return (
        isinstance(filepath, (str, os.PathLike))
        and Path(os.fspath(filepath), keras3.CONFIG).is_file()
    )


def is_zip(data: bytes) -> bool:
    """Whether some bytes begin as a zip archive, empty ones included."""
    return data.startswith((ZIP, b"PK\x05\x06"))


def shown(filepath: Any) -> str:
    """A file as it is named in messages."""
    if isinstance(filepath, io.IOBase) or hasattr(filepath, "read"):
        return "the open file"
    return repr(os.fspath(filepath))


def may_write(path: str, overwrite: bool) -> bool:
    """Whether a file may be written: ask, if it exists and is not to be replaced."""
    if overwrite or not os.path.exists(path):
        return True
    return input(f"{path!r} exists. Replace it? [y/n] ").strip().lower() in ("y", "yes")
