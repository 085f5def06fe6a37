"""What can be wrong with a model file: each a sentence, and a class of its own.

Whoever loads a file of unknown origin catches :class:`ModelFileError` and is done:
nothing else comes out of a file that is damaged or made to do harm.
"""

from __future__ import annotations


class ModelFileError(ValueError):
    """Base of all that can be wrong with a model file."""


class DamagedFileError(ModelFileError):
    """The file is cut short, changed, or no model file at all."""


class UnsafeFileError(ModelFileError):
    """The file asks for what a model file must not: code, other files, huge sizes."""


class UnknownObjectError(ModelFileError):
    """The file names a class or function that this package does not know."""


class UnsupportedFileError(ModelFileError):
    """The file is sound, but of a kind that cannot be read here."""


class MismatchError(ModelFileError):
    """The weights in the file do not belong to the model."""


class MissingFileError(FileNotFoundError, ModelFileError):
    """There is no file of that name."""


class ReadError(OSError, ModelFileError):
    """The file is there but cannot be read: no permission, or a link to itself."""


class SaveError(OSError, ModelFileError):
    """The file could not be written; what stood there before still stands there."""
