"""Policies: in which dtype a layer computes, and in which it keeps its weights.

There is one dtype for both: "float16", "float32" or "float64". A mixed policy computes
in half precision to save time on hardware that has it; NumPy has none, so
"mixed_float16" is accepted with a warning and means float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, default_dtype
from tinygrad_lr.changes import Noticed
from tinygrad_lr.notices import warn

MIXED = ("mixed_float16", "mixed_bfloat16")
PLAIN = ("float16", "float32", "float64")
NUMBERS = tuple(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))


class DTypePolicy(Noticed):
    """The policy of a name; ``floatx`` if None.

    Attributes:
        name: the name it was given.
        compute_dtype, variable_dtype: the dtype of computations and of weights.

    Raises:
        TypeError, ValueError: for anything but the name of a dtype or of a mixed
            policy.

    >>> DTypePolicy("float64").compute_dtype
    'float64'
    """

    def __init__(self, name: str | None = None, source_name: str | None = None) -> None:
        name = default_dtype().name if name is None else name
        if not isinstance(name, str):
            raise TypeError(
                f"'name' must be a string, such as 'float32'. Got {name!r}."
            )
        if name in MIXED:
            warn(
                f"{name} means float32 here: NumPy computes no faster in half "
                "precision."
            )
        elif name not in (*PLAIN, *NUMBERS, "bool"):
            raise ValueError(
                f"Cannot convert {name!r} to a DTypePolicy: expected "
                f"{', '.join((*PLAIN, *MIXED))}."
            )
        self.name = name
        self.variable_dtype = "float32" if name in MIXED else name
        self.compute_dtype = self.variable_dtype

    quantization_mode = None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return ``x`` (a Tensor, a place or an array) as a layer of this policy takes
        it: arrays become Tensors, and floats the given dtype if ``autocast``.
        """
        if not hasattr(x, "__array__"):
            return x
        x = Tensor(x) if isinstance(x, (np.ndarray, np.generic)) else x
        return x.astype(dtype) if autocast and np.dtype(x.dtype).kind == "f" else x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make a policy from what :meth:`get_config` returned."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


def get(identifier: Any) -> DTypePolicy:
    """Return the policy for a name, a configuration, None, or itself."""
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    return DTypePolicy(getattr(identifier, "name", identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a configuration of plain values."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """Make the policy that :func:`serialize` described."""
    if config.get("class_name") not in ("DTypePolicy", "FloatDTypePolicy", "Policy"):
        raise ValueError(
            f"expected the configuration of a DTypePolicy, got {config!r}. Quantized "
            "policies are not available."
        )
    return DTypePolicy(**config["config"])


__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "deserialize",
    "get",
    "serialize",
]
