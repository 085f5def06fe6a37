"""Sequences of different lengths as one array: cut, and filled up with a value."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked


@checked
def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray[Any, Any]:
    """Bring sequences to one length.

    Args:
        sequences: list of sequences, each a list of numbers (or of equal rows).
        maxlen: the length; that of the longest sequence if None.
        dtype: of the result; ``object`` for strings.
        padding: "pre" or "post": where ``value`` fills short sequences up.
        truncating: "pre" or "post": where long sequences are cut.
        value: what to fill up with.

    Returns:
        Array of shape ``(len(sequences), maxlen, ...)``.

    Raises:
        ValueError: for what is no list of sequences, for entries of different shapes
            and for a text ``value`` in an array of numbers.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, place in (("padding", padding), ("truncating", truncating)):
        if place not in ("pre", "post"):
            raise ValueError(
                f"pad_sequences: expected {name} 'pre' or 'post', got {place!r}."
            )
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            "pad_sequences: expected a list of sequences, got "
            f"{type(sequences).__name__}. Put a generator into list()."
        )
    single = next((s for s in sequences if not hasattr(s, "__len__")), None)
    if single is not None:
        raise ValueError(
            f"pad_sequences: expected a list of sequences, got the entry {single!r}. A "
            "single sequence goes into a list: pad_sequences([sequence])."
        )
    if isinstance(value, str) and not np.issubdtype(dtype, np.character):
        if np.dtype(dtype) != object:
            raise ValueError(
                f"pad_sequences: the text value {value!r} does not fit into dtype "
                f"{np.dtype(dtype)}. Pass dtype=object."
            )
    if maxlen is None:
        maxlen = max(map(len, sequences), default=0)
    filled = next((s for s in sequences if len(s)), ())
    shape = np.asarray(filled).shape[1:]
    out = np.full((len(sequences), maxlen, *shape), value, dtype)
    for row, sequence in enumerate(sequences):
        if not len(sequence) or not maxlen:
            continue
        part = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        part = np.asarray(part, dtype)
        if part.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: expected entries of shape {shape}, as in the first "
                f"sequence, got {part.shape[1:]} in sequence {row}."
            )
        out[row, slice(-len(part), None) if padding == "pre" else slice(len(part))] = (
            part
        )
    return out
