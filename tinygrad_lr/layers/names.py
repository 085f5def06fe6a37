"""The registry of layers, and plain forms of what their arguments may be.

It stands by itself because layers that hold layers read and write configurations too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.registry import Registry

registry = Registry("layer", "keras.layers")


def plain(value: Any) -> Any:
    """Write arrays, alone or in lists and dicts, in the form that Keras gives them."""
    if isinstance(value, np.ndarray):
        config = {"value": value.tolist(), "dtype": value.dtype.name}
        return {"class_name": "__numpy__", "config": config}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return type(value)(plain(part) for part in value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value


def from_plain(value: Any) -> Any:
    """Read what :func:`plain` wrote."""
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(part) for part in value)
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__numpy__":
        return np.array(value["config"]["value"], value["config"]["dtype"])
    return {name: from_plain(part) for name, part in value.items()}
