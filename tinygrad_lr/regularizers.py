"""Regularizers: a penalty on weights that is added to the loss.

A regularizer is a function of a weight that returns one number, so any function will
do; the classes here can also be named and written into a configuration.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked
from tinygrad_lr.changes import Noticed
from tinygrad_lr.config import epsilon
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.registry import Registry


class Regularizer(Noticed, metaclass=Checked):
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
    """l1 * sum(|x|) + l2 * sum(x^2).

    Raises ``ValueError`` for factors that are negative or no finite numbers. None is 0.

    >>> float(L1L2(l1=1.0, l2=0.5)([1.0, -2.0]))
    5.5
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = checked_factor("l1", 0.0 if l1 is None else l1)
        self.l2 = checked_factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        x = as_tensor(x)
        penalties = []
        if self.l1:
            penalties.append(self.l1 * np.sum(np.absolute(x)))
        if self.l2:
            penalties.append(self.l2 * np.sum(np.square(x)))
        return sum(penalties[1:], penalties[0]) if penalties else 0.0 * np.sum(x)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """l1 * sum(|x|): pulls weights to exactly 0 (lasso). None is 0.01.

    >>> L1(0.5)([1.0, -2.0])
    Tensor(1.5, dtype=float32)
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = checked_factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * np.sum(np.absolute(as_tensor(x)))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 * sum(x^2): keeps weights small (ridge). None is 0.01.

    >>> float(L2(0.5)([1.0, -2.0]))
    2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = checked_factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * np.sum(np.square(as_tensor(x)))

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty on the cosines between the rows (or columns) of a matrix.

    ``factor`` times the mean absolute cosine over all pairs; ``mode`` is "rows" or
    "columns". Raises ``ValueError`` for a factor that is negative or no number, another
    mode, and a weight that is no matrix.

    >>> round(float(OrthogonalRegularizer(0.1)([[1.0, 0.0], [1.0, 1.0]])), 4)
    0.0707
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                "OrthogonalRegularizer: expected mode 'rows' or 'columns', got "
                f"{mode!r}."
            )
        self.factor = checked_factor("factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        x = as_tensor(x)
        if x.ndim != 2:
            raise ValueError(
                "OrthogonalRegularizer: expected a matrix, got a weight of shape "
                f"{x.shape}."
            )
        rows = x if self.mode == "rows" else x.T
        squares = np.sum(np.square(rows), 1, keepdims=True)
        unit = rows / np.sqrt(np.maximum(squares, epsilon() ** 2))
        n = rows.shape[0]
        cosines = (unit @ unit.T) * (1 - np.eye(n, dtype=x.dtype))
        pairs = max(n * (n - 1) / 2, 1)
        return self.factor * 0.5 * np.sum(np.absolute(cosines)) / pairs

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def checked_factor(name: str, value: Any) -> float:
    """Return a factor as a Python number; it is finite and not negative."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise ValueError(
            f"regularizer: expected a finite number of at least 0 as {name}, got "
            f"{value!r}."
        )
    return float(value)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

registry = Registry("regularizer", "keras.regularizers")
registry.add(L1, L2, L1L2, OrthogonalRegularizer, l1_l2=L1L2)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

attach_getattr(__name__)
