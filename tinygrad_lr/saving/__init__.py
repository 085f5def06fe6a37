"""Model files: written so that Keras opens them, read whoever wrote them.

``hdf5`` and ``archive`` know containers, ``keras3`` and ``keras2`` what models look
like in them, ``state`` the variables of a model, ``objects`` and ``old_configs`` the
way from a configuration to a model, ``atomic`` how a file comes to stand there whole.
``files`` puts them together. All but the errors is loaded at the first file, because
most programs never meet one.
"""

from typing import TYPE_CHECKING

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    MismatchError,
    MissingFileError,
    ModelFileError,
    ReadError,
    SaveError,
    UnknownObjectError,
    UnsafeFileError,
    UnsupportedFileError,
)
from tinygrad_lr.serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)

if TYPE_CHECKING:
    from tinygrad_lr.saving.files import (
        load_model,
        load_weights,
        save_model,
        save_weights,
    )

__all__ = [
    "CustomObjectScope",
    "DamagedFileError",
    "MismatchError",
    "MissingFileError",
    "ModelFileError",
    "ReadError",
    "SaveError",
    "UnknownObjectError",
    "UnsafeFileError",
    "UnsupportedFileError",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]

FILES = ("files", "load_model", "load_weights", "save_model", "save_weights")
MODULES = ("atomic", "hdf5", "keras3", "old_configs", "plain", "state")
attach_getattr(
    __name__,
    {f"{__name__}.files": FILES} | {f"{__name__}.{m}": (m,) for m in MODULES},
)
