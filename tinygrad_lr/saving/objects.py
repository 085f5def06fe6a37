"""From a configuration to a model: within an allowance, and with one kind of error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinygrad_lr import random
from tinygrad_lr.allowance import AllowanceError, allowed
from tinygrad_lr.layers import Layer
from tinygrad_lr.registry import (
    KINDS,
    UnknownNameError,
    custom_objects_known,
    make,
    objects_shared,
)
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    ModelFileError,
    UnknownObjectError,
    UnsafeFileError,
)

SLACK = 2**24  # bytes of weights that any file may ask for
PER_BYTE = 4  # bytes of weights for each byte of the file: dtypes and slots may differ

# What building blocks raise for settings that make no sense.
SETTINGS_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError,
    NotImplementedError, RecursionError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@contextmanager
def from_file(size: int, custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Make things from a file of ``size`` bytes.

    What goes wrong becomes a :class:`ModelFileError`. The root generator is left as it
    was: loading a model does not change the draws that follow.
    """
    generator = random.root_generator()
    state = generator.bit_generator.state
    try:
        with (
            warnings.catch_warnings(),
            allowed(SLACK + PER_BYTE * size),
            custom_objects_known(custom_objects),
            objects_shared(),
        ):
            warnings.simplefilter("ignore", DeprecationWarning)  # old files, old names
            yield
    except ModelFileError:
        raise
    except UnknownNameError as error:
        raise UnknownObjectError(str(error)) from error
    except AllowanceError as error:
        raise UnsafeFileError(f"the configuration asks too much: {error}") from error
    except SETTINGS_ERRORS as error:
        raise DamagedFileError(
            f"the configuration of the model cannot be used: {error} "
            f"({type(error).__name__})"
        ) from error
    finally:
        generator.bit_generator.state = state


def model_from(config: Any) -> Any:
    """Make the model that a configuration describes; anything else is refused."""
    if not isinstance(config, dict) or "class_name" not in config:
        raise DamagedFileError(
            "the file holds no configuration of a model: expected a dict with "
            f"'class_name' and 'config', got {type(config).__name__}."
        )
    made = make(config, None, KINDS["keras"])
    if not (isinstance(made, Layer) and hasattr(made, "fit")):
        raise DamagedFileError(
            f"the file describes {config['class_name']!r}, which is no model."
        )
    return made
