"""InputSpec: what a layer asks of the shape and dtype of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_lr.changes import Noticed


class InputSpec(Noticed):
    """The wanted dtype, shape, number of axes, or lengths of some axes; None is
    anything.

    ``axes`` maps axes to lengths: ``{-1: 4}`` asks for 4 values on the last axis.

    >>> InputSpec(min_ndim=2, axes={-1: 4}).mismatch((8, 3))
    'expected 4 values on axis -1, got shape (8, 3)'
    """

    def __init__(
        self, dtype: Any = None, shape: Sequence[int | None] | None = None,
        ndim: int | None = None, max_ndim: int | None = None,
        min_ndim: int | None = None, axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False, name: str | None = None,
        optional: bool = False,
    ) -> None:  # fmt: skip
        self.dtype = dtype
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): length for axis, length in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a spec."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Make a spec from what :meth:`get_config` returned."""
        return cls(**config)

    def mismatch(self, shape: tuple[int | None, ...]) -> str | None:
        """Say what is wrong with ``shape``, or return None."""
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            return f"expected {self.ndim} axes, got shape {shape}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected at least {self.min_ndim} axes, got shape {shape}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected at most {self.max_ndim} axes, got shape {shape}"
        for axis, length in self.axes.items():
            if length is not None and shape[axis] not in (length, None):
                return f"expected {length} values on axis {axis}, got shape {shape}"
        if self.shape is not None:
            for have, want in zip(shape, self.shape, strict=True):
                if want is not None and have not in (want, None):
                    return f"expected shape {self.shape}, got {shape}"
        return None
