"""Metric: something measured batch by batch and reported over all of them.

``update_state`` takes in a batch, ``result`` says what has been seen so far,
``reset_state`` begins anew. What a metric remembers are Variables.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr import initializers
from tinygrad_lr.arguments import Checked
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.autodiff.lending import lent
from tinygrad_lr.changes import Noticed, changes
from tinygrad_lr.config import dtype_name, floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.naming import unique_name
from tinygrad_lr.nesting import inside, unique


class Metric(Noticed, metaclass=Checked):
    """Base class of metrics: make variables in ``__init__``, override ``update_state``,
    ``result``.

    >>> class Largest(Metric):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.largest = self.add_variable(shape=(), name="largest")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.largest.assign(np.maximum(self.largest, np.max(y_pred)))
    ...     def result(self):
    ...         return self.largest
    >>> metric = Largest()
    >>> metric.update_state(None, np.array([1.0, 3.0], "float32"))
    >>> metric.name, float(metric.result())
    ('largest', 3.0)
    """

    # Whether larger is better ("up"), smaller ("down"), or nobody knows (None).
    _direction: str | None = None
    _counted = frozenset({"_variables", "_metrics"})
    _variables: list[Variable]
    _metrics: list[Metric]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        metric = super().__new__(cls)
        metric.__dict__.update(_variables=[], _metrics=[])
        return metric

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(type(self).__name__)
        self._dtype = dtype_name(dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the result, as a string."""
        return str(self._dtype)

    def add_variable(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None,
        aggregation: Any = "sum", name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Make something to remember; ``dtype`` is floatx unless it is given."""
        if "_dtype" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: its __init__ must begin with "
                "super().__init__()."
            )
        value = initializers.get("zeros" if initializer is None else initializer)(
            tuple(shape), dtype=dtype or floatx()
        )
        variable = Variable(as_tensor(value), trainable=False, name=name)
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        changes.count += 1
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None,
        name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Make something to remember: another name of :meth:`add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("_variables", "_metrics"):
            if found := list(inside(value, Variable)):
                self._variables = unique([*self._variables, *found])
            if parts := list(inside(value, Metric)):
                self._metrics = unique([*self._metrics, *parts])
        super().__setattr__(name, value)

    @property
    def variables(self) -> list[Variable]:
        """All that is remembered, metrics inside included."""
        return [
            *self._variables,
            *(v for metric in self._metrics for v in metric.variables),
        ]

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch."""
        raise NotImplementedError(
            f"metric {self.name!r}: the class {type(self).__name__} has no method "
            "update_state(self, y_true, y_pred, sample_weight=None)."
        )

    def result(self) -> Any:
        """Return the value over all batches since the last reset: a scalar or a dict of
        them.
        """
        raise NotImplementedError(
            f"metric {self.name!r}: the class {type(self).__name__} has no method "
            "result(self)."
        )

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(zeros(variable.shape, variable.dtype.char))

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        """Return what :meth:`update_state` would make of given values of
        :attr:`variables`, which stay as they are.
        """
        with lent(self.variables, metric_variables, self.name):
            self.update_state(*args, **kwargs)
            return [variable.value for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return what :meth:`result` would be for given values of :attr:`variables`."""
        with lent(self.variables, metric_variables, self.name):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """Return the values that :meth:`reset_state` would give :attr:`variables`."""
        with lent(self.variables, self.variables, self.name):
            self.reset_state()
            return [variable.value for variable in self.variables]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a metric."""
        given = self.__dict__.get("_given_arguments", {})
        return {"name": self.name, "dtype": self.dtype, **given}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a metric from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


@functools.lru_cache(maxsize=64)
def zeros(shape: tuple[int, ...], dtype: str) -> Tensor:
    """A Tensor of zeros, which may be shared because nobody can change it."""
    return Tensor(np.zeros(shape, dtype))
