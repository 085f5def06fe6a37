"""Constraints: what a weight must satisfy after every update.

A constraint is a function from a weight to the nearest allowed one; the optimizer
assigns what it returns. Norms are taken over ``axis``: for a kernel of shape (inputs,
units), axis 0 gives the norm of each unit's weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked
from tinygrad_lr.changes import Noticed
from tinygrad_lr.config import epsilon
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.registry import Registry

Axis = int | tuple[int, ...] | list[int]


class Constraint(Noticed, metaclass=Checked):
    """Base class: override ``__call__(w)`` and ``get_config``.

    >>> class Rounded(Constraint):
    ...     def __call__(self, w):
    ...         return np.round(w)
    >>> Rounded()(np.array([0.2, 0.9]))
    array([0., 1.])
    """

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight nearest to ``w``; here all are allowed."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a constraint."""
        return dict(getattr(self, "_given_arguments", {}))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a constraint from what :meth:`get_config` returned."""
        return cls(**config)


class MaxNorm(Constraint):
    """Norms of at most ``max_value``.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 2014.

    >>> MaxNorm(5.0)([[6.0], [8.0]]).numpy()
    array([[3.],
           [4.]], dtype=float32)
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = as_tensor(w)
        norms = norm(w, self.axis)
        return w * (np.clip(norms, 0, self.max_value) / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """No element below 0.

    >>> NonNeg()([-1.0, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        return np.maximum(as_tensor(w), 0)


class UnitNorm(Constraint):
    """Norms of 1.

    >>> UnitNorm()([[3.0], [4.0]]).numpy().round(4)
    array([[0.6],
           [0.8]], dtype=float32)
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = as_tensor(w)
        return w / (epsilon() + norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Norms from ``min_value`` to ``max_value``, at once or nearer at a ``rate``.

    >>> MinMaxNorm(1.0, 5.0)([[6.0], [8.0]]).numpy().round(4)
    array([[3.],
           [4.]], dtype=float32)
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = as_tensor(w)
        norms = norm(w, self.axis)
        within = np.clip(norms, self.min_value, self.max_value)
        desired = self.rate * within + (1 - self.rate) * norms
        return w * (desired / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def norm(w: Any, axis: Axis) -> Any:
    """The Euclidean norm over ``axis``, which stays in length 1."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

registry = Registry("constraint", "keras.constraints")
registry.add(MaxNorm, NonNeg, UnitNorm, MinMaxNorm, maxnorm=MaxNorm, nonneg=NonNeg)
serialize, deserialize, get = registry.serialize, registry.deserialize, registry.get

attach_getattr(__name__)
