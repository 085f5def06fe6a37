"""Weights in the safetensors format: a header of JSON, then the arrays one by one.

For taking weights elsewhere: each is named after its layer and its role, such as
``dense.kernel``.

Source: the format's description in the repository huggingface/safetensors.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import numpy as np

DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32",
    "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


def named_weights(model: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The weights of a model by layer and role, each name once."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for weight in model.weights:
        path = weight.path.removeprefix(f"{model.name}/").replace("/", ".")
        number, name = 0, path
        while name in found:
            number += 1
            name = f"{path}_{number}"
        found[name] = weight.numpy()
    return found


def write_weights(file: BinaryIO, model: Any) -> None:
    """Write the weights of a model."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    arrays = named_weights(model)
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
