"""Loss: one number to be made small, from what was predicted and what was true.

A loss function gives one value per sample; a :class:`Loss` weighs the samples and
reduces the values to a scalar. Reductions and weights are handled here, once for all
losses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked, check_settings
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.changes import Noticed
from tinygrad_lr.config import dtype_name
from tinygrad_lr.constructors import OneFunction
from tinygrad_lr.convert import align_ranks, as_tensor, as_tensors
from tinygrad_lr.masks import mask_of
from tinygrad_lr.naming import suggestion, unique_name
from tinygrad_lr.registry import Registry

registry = Registry("loss", "keras.losses", functions_by_name=False)

REDUCTIONS = (
    "sum_over_batch_size",
    "sum",
    "mean",
    "mean_with_sample_weight",
    "none",
    None,
)


class Loss(Noticed, metaclass=Checked):
    """Base class of losses: override ``call(y_true, y_pred)``, which returns one value
    a sample.

    ``reduction`` says how the values become one number: "sum_over_batch_size" or "mean"
    (the sum, divided by the number of values), "sum", "mean_with_sample_weight"
    (divided by the sum of the weights), "none" or None (they stay). Raises
    ``ValueError`` for other words.

    >>> class Cubic(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return np.mean(np.abs(y_true - y_pred) ** 3, axis=-1)
    >>> Cubic()([[0.0], [0.0]], [[1.0], [2.0]])
    Tensor(4.5, dtype=float32)
    """

    # What targets are: "classes" (their numbers), "integers", "unit" (0 to 1) or any.
    _targets: str | None = None

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:  # fmt: skip
        self.name = name or unique_name(type(self).__name__)
        if reduction not in REDUCTIONS:
            words = [word for word in REDUCTIONS if word is not None]
            raise ValueError(
                f"loss {self.name!r}: unknown reduction {reduction!r}."
                f"{suggestion(str(reduction), words) or f' Known are {words}.'}"
            )
        self.reduction = reduction
        self._dtype = dtype_name(dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the computation, as a string."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of predictions of shape (n, ...) for targets of the same
        shape.

        ``sample_weight`` has shape (n,), or more axes of the values' shape, or is a
        number. What a mask of predictions or values leaves out has no weight.
        """
        given = own_mask(y_pred)
        integers = self._targets in ("classes", "integers")
        y_true = as_tensors(y_true, None if integers else self.dtype)
        y_pred = as_tensors(y_pred, self.dtype)
        values = self.call(y_true, y_pred)
        if values is None:
            raise ValueError(
                f"loss {self.name!r} returned None; it must return a value for each "
                "sample. Is there a return at its end?"
            )
        mask = own_mask(values)
        if given is not None:
            mask = given if mask is None else np.logical_and(given, mask)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self.reduction, self.dtype)
        values = as_tensor(values, self.dtype)
        return reduce_weighted(values, sample_weight, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per sample."""
        raise NotImplementedError(
            f"loss {self.name!r}: the class {type(self).__name__} has no method "
            "call(self, y_true, y_pred)."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a loss."""
        given = self.__dict__.get("_given_arguments", {})
        return {"name": self.name, "reduction": self.reduction, **given}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a loss from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """The Loss of a function ``fn(y_true, y_pred, **kwargs)`` that gives a value per
    sample.

    >>> def distance(y_true, y_pred, power):
    ...     return np.abs(y_true - y_pred) ** power
    >>> LossFunctionWrapper(distance, power=2)([0.0, 0.0], [1.0, 2.0])
    Tensor(2.5, dtype=float32)
    """

    for_function = True  # what the constructor does not know, fn does

    def __init__(
        self, fn: Callable[..., Any], reduction: str | None = "sum_over_batch_size",
        name: str | None = None, dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, reduction, dtype)
        check_settings(self, fn, kwargs)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._targets = getattr(fn, "targets", None)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if isinstance(y_true, Tensor) and isinstance(y_pred, Tensor):
            y_true, y_pred = align_ranks(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "reduction": self.reduction}
        return config | {"fn": registry.serialize(self.fn)} | self._fn_kwargs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        if "fn" in config:
            config = config | {"fn": registry.deserialize(config["fn"])}
        return cls(**config)


class FunctionLoss(OneFunction, LossFunctionWrapper):
    """Base class of ``class Huber(FunctionLoss, of=huber)``: the loss of one function.

    Its constructor takes what the function takes, then ``reduction``, ``name`` and
    ``dtype``, unless it is told another order.
    """

    shared = {"reduction": "sum_over_batch_size", "name": None, "dtype": None}  # noqa: RUF012  # read only


def own_mask(value: Any) -> Any:
    """The mask of a Tensor; None for anything else."""
    return mask_of(value) if isinstance(value, Tensor) else None


def reduce_weighted(values: Any, sample_weight: Any, reduction: str | None) -> Any:
    """Multiply the values by the weights of their samples and reduce them."""
    if sample_weight is not None:
        weight = as_tensor(sample_weight, values.dtype)
        values, weight = align_ranks(values, weight)
        values = weighted(values, weight)
    if reduction in (None, "none") or not values.ndim or values.shape == (0,):
        return values
    if reduction == "sum":
        return np.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return divide_no_nan(np.sum(values), np.sum(weight))
    return np.mean(values)


def apply_mask(sample_weight: Any, mask: Any, reduction: str | None, dtype: Any) -> Any:
    """Return weights that are 0 where ``mask`` is False.

    For a mean over all values they are larger elsewhere, so that it becomes the mean
    over the values that count.
    """
    weight = as_tensor(mask, dtype)
    if reduction in ("sum_over_batch_size", "mean"):
        weight = weight * divide_no_nan(weight.size, np.sum(weight))
    if sample_weight is not None:
        weight, given = align_ranks(weight, as_tensor(sample_weight, dtype))
        weight = weight * given
    return weight


def weighted(values: Any, weight: Any) -> Any:
    """Return values * weight; a single value may have many weights."""
    return values * (spread(weight, values) if values.ndim else weight)


def spread(weight: Any, values: Any) -> Any:
    """Return one weight per value, or say that the shapes do not belong together."""
    try:
        return np.broadcast_to(weight, values.shape)
    except ValueError:
        raise ValueError(
            f"sample_weight has shape {weight.shape}, but there are values of shape "
            f"{values.shape} to weigh; give one weight per sample."
        ) from None


def divide_no_nan(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0."""
    zero = y == 0
    return np.where(zero, 0, x / np.where(zero, 1, y))
