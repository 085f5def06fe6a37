"""JSON from a file of unknown origin: bounded in size and depth, and without NaN."""

from __future__ import annotations

import json
from typing import Any

from tinygrad_lr.saving.errors import DamagedFileError, UnsafeFileError
from tinygrad_lr.serialization import serialize_keras_object

MOST_BYTES = 2**24  # 16 MB: room for a thousand layers and a constant array
MOST_PARTS = 50_000  # lists and dicts; a layer has about twenty
MOST_DEPTH = 200  # a model within a model takes four
MOST_DIGITS = 20


def parse(data: bytes | str, what: str, most_digits: int = MOST_DIGITS) -> Any:
    """Return the value of a JSON text; ``what`` it is goes into error messages."""

    def integer(digits: str) -> int:
        if len(digits) > most_digits:
            raise UnsafeFileError(
                f"{what} holds an integer of {len(digits)} digits; expected at most "
                f"{most_digits}."
            )
        return int(digits)

    if len(data) > MOST_BYTES:
        raise UnsafeFileError(
            f"{what} has {len(data)} bytes; expected at most {MOST_BYTES}."
        )
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise DamagedFileError(f"{what} is not UTF-8: {error}.") from error
    parts = text.count("[") + text.count("{")
    if parts > MOST_PARTS:
        raise UnsafeFileError(
            f"{what} has {parts} lists and dicts; expected at most {MOST_PARTS}."
        )
    try:
        value = json.loads(text, parse_constant=refuse, parse_int=integer)
    except RecursionError:
        raise UnsafeFileError(f"{what} is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise DamagedFileError(f"{what} is no JSON: {error}.") from error
    if depth(value) > MOST_DEPTH:
        raise UnsafeFileError(f"{what} is nested deeper than {MOST_DEPTH} levels.")
    return value


def refuse(word: str) -> Any:
    """JSON has no NaN and no infinity, though Python writes them."""
    raise DamagedFileError(f"a configuration holds {word}, which is no JSON number.")


def depth(value: Any) -> int:
    """How many lists and dicts stand within each other, counted level by level."""
    levels, level = 0, [value]
    while level:
        inner = [v for v in level if isinstance(v, (list, dict))]
        levels += bool(inner)
        level = [
            part
            for v in inner
            for part in (v.values() if isinstance(v, dict) else v)
            if isinstance(part, (list, dict))
        ]
    return levels


def write(value: Any, what: str, **options: Any) -> str:
    """Return ``value`` as JSON; sets, NumPy's numbers and the like become plain."""
    try:
        return json.dumps(value, **{"default": plain, **options})
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{what} cannot be written as JSON: {error}. Its get_config() must return "
            "plain values: numbers, strings, lists and dicts, or objects turned into "
            "them with keras.saving.serialize_keras_object()."
        ) from error


def plain(value: Any) -> Any:
    """What JSON has no word for, as Keras writes it."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return serialize_keras_object(value)
