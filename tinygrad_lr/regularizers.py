"""Regularizers: a penalty on weights that is added to the loss.

A regularizer is a function of a weight that returns one number, so any function will
do; the classes here can also be named and written into a configuration.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked
from tinygrad_lr.registry import Registry


class Regularizer(metaclass=Checked):
    """Base class: override ``__call__(x)`` and ``get_config``."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty for the weight ``x``, a scalar."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a regularizer."""
        return dict(getattr(self, "_given_arguments", {}))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a regularizer from what :meth:`get_config` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2). Raises ``ValueError`` for factors that are no
    numbers.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = factor("l1", l1)
        self.l2 = factor("l2", l2)

    def __call__(self, x: Any) -> Any:
        penalties = []
        if self.l1:
            penalties.append(self.l1 * np.sum(np.absolute(x)))
        if self.l2:
            penalties.append(self.l2 * np.sum(np.square(x)))
        return sum(penalties[1:], penalties[0]) if penalties else 0.0 * np.sum(x)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """l1 * sum(|x|): pulls weights to exactly 0 (lasso)."""

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """l2 * sum(x^2): keeps weights small (ridge)."""

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty on the cosines between the rows (or columns) of a matrix.

    ``factor`` times the mean absolute cosine over all pairs; ``mode`` is "rows" or
    "columns".
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                "OrthogonalRegularizer: expected mode 'rows' or 'columns', got "
                f"{mode!r}."
            )
        self.factor = float(factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if x.ndim != 2:
            raise ValueError(
                "OrthogonalRegularizer: expected a matrix, got a weight of shape "
                f"{x.shape}."
            )
        rows = x if self.mode == "rows" else x.T
        unit = rows / np.sqrt(
            np.maximum(np.sum(np.square(rows), 1, keepdims=True), 1e-12)
        )
        n = rows.shape[0]
        cosines = (unit @ unit.T) * (1 - np.eye(n, dtype=x.dtype))
        return (
            self.factor * 0.5 * np.sum(np.absolute(cosines)) / max(n * (n - 1) / 2, 1)
        )

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def factor(name: str, value: float | None) -> float:
    """Check a factor: None is 0, anything but a finite number an error."""
    if value is None:
        return 0.0
    if isinstance(value, (bool, str)) or not math.isfinite(value):
        raise ValueError(
            f"regularizer: expected a finite number as {name}, got {value!r}."
        )
    return float(value)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """:class:`L1L2` with the defaults of the older function, 0.01 each."""
    return L1L2(l1, l2)


l1, l2, orthogonal_regularizer = L1, L2, OrthogonalRegularizer

registry = Registry("regularizer", "keras.regularizers")
registry.add(L1, L2, L1L2, OrthogonalRegularizer, l1_l2=L1L2)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get
