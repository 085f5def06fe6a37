"""Mean and Sum over all samples seen, and the mean of any function of a sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr import losses
from tinygrad_lr.arguments import check_settings
from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.constructors import OneFunction
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.losses.loss import apply_mask, own_mask, spread
from tinygrad_lr.metrics.metric import Metric


class Sum(Metric):
    """The (weighted) sum of all values.

    >>> total = Sum()
    >>> total.update_state([1.0, 2.0])
    >>> float(total([3.0], sample_weight=[2.0]))
    9.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(dtype=self.dtype, name="total")

    @no_grad()
    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = per_sample(values, sample_weight, np.sum, self.dtype)
        self.total.assign(self.total + np.sum(values))

    def result(self) -> Any:
        return self.total.value


class Mean(Metric):
    """The (weighted) mean of all values; 0 before the first.

    Values of several axes are averaged over all but the first: each sample counts once,
    or by its weight.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> float(mean([5.0], sample_weight=[2.0]))
    3.5
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(dtype=self.dtype, name="total")
        self.count = self.add_variable(dtype=self.dtype, name="count")

    @no_grad()
    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = per_sample(values, sample_weight, np.mean, self.dtype)
        self.total.assign(self.total + np.sum(values))
        if weight is not None:
            self.count.assign(self.count + np.sum(weight))
        else:
            self.count.assign(self.count + (values.shape[0] if values.ndim else 1))

    @no_grad()
    def result(self) -> Any:
        return self.total / np.where(self.count == 0, 1, self.count)


class MeanMetricWrapper(Mean):
    """The mean of ``fn(y_true, y_pred, **kwargs)``, which gives one value per sample.

    >>> metric = MeanMetricWrapper(lambda y, p: np.abs(y - p), name="distance")
    >>> float(metric([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    for_function = True  # what the constructor does not know, fn does

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, dtype)
        check_settings(self, fn, kwargs)
        self._fn = fn
        self._fn_kwargs = kwargs
        known = losses.registry.entries.values()
        if any(fn is loss or type(fn) is loss for loss in known):
            self._direction = "down"

    @no_grad()
    def update_state(  # type: ignore[override]  # two arrays instead of one
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = own_mask(y_pred)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, "sum", self.dtype)
        values = self._fn(as_tensor(y_true), as_tensor(y_pred), **self._fn_kwargs)
        if values is None:
            raise ValueError(
                f"metric {self.name!r} returned None; it must return a value for each "
                "sample. Is there a return at its end?"
            )
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        fn = {"fn": losses.serialize(self._fn)}
        return {"name": self.name, "dtype": self.dtype} | fn | self._fn_kwargs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        if "fn" in config:
            config = config | {"fn": losses.deserialize(config["fn"])}
        return cls(**config)


class FunctionMetric(OneFunction, MeanMetricWrapper):
    """Base class of ``class Poisson(FunctionMetric, of=poisson)``: one function's mean.

    Its constructor takes ``name``, ``dtype`` and what the function takes, unless it is
    told another order.
    """

    shared = {"name": None, "dtype": None}  # noqa: RUF012  # read only
    settings_first = False


def per_sample(
    values: Any, sample_weight: Any, reduce: Callable[..., Any], dtype: str
) -> tuple[Any, Any]:
    """Weigh the values and reduce them to one per sample; return the samples' weights
    too.
    """
    mask = own_mask(values)
    values = as_tensor(values, dtype)
    weight = None
    if sample_weight is not None:
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, "sum", dtype)
        weight = as_tensor(sample_weight, dtype)
        values, weight = align_ranks(values, weight)
        if values.ndim > weight.ndim:
            values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
        weight = spread(weight, values)
        values = values * weight
        if weight.ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weight
