"""Optimizers that contain others: one scales the loss, one divides the variables up.

:class:`LossScaleOptimizer` keeps small gradients from vanishing in float16;
:class:`MultiOptimizer` lets each variable follow an optimizer of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.allowance import checked_path, checked_pattern
from tinygrad_lr.autodiff import Variable, no_grad
from tinygrad_lr.optimizers.optimizer import Optimizer, registry, unknown_variable
from tinygrad_lr.optimizers.settings import checked_number


class LossScaleOptimizer(Optimizer):
    """Scales the loss up and the gradients down again, for ``inner_optimizer``.

    The scale begins at ``initial_scale``, doubles after ``dynamic_growth_steps`` steps
    in a row whose gradients are finite, and halves when one is not: that step is left
    out. Weight decay, clipping and the like are set on the inner optimizer:
    ``ValueError`` if they are given here.

    >>> from tinygrad_lr.optimizers import SGD
    >>> w = Variable([1.0])
    >>> optimizer = LossScaleOptimizer(SGD(0.1), initial_scale=8.0)
    >>> optimizer.apply([optimizer.scale_loss(np.ones(1))], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    def __init__(
        self, inner_optimizer: Optimizer, initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000, name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                "LossScaleOptimizer: expected an Optimizer as inner_optimizer, got "
                f"{inner_optimizer!r}."
            )
        super().__init__(0.0, name=name, **kwargs)
        defaults = Optimizer(0.0, name=self.name)._common()
        given = [k for k, v in self._common().items() if v != defaults[k]]  # type: ignore[literal-required]  # the same names
        if given:
            raise ValueError(
                f"optimizer {self.name!r}: LossScaleOptimizer does not take "
                f"{', '.join(given)}. Give it to the inner optimizer."
            )
        self.inner_optimizer = inner_optimizer
        self.initial_scale = checked_number(
            self.name, "initial_scale", initial_scale, "(0, inf)"
        )
        self.dynamic_growth_steps = checked_number(
            self.name, "dynamic_growth_steps", dynamic_growth_steps, "[1, inf)"
        )
        for inner in (inner_optimizer, *getattr(inner_optimizer, "optimizers", ())):
            inner.loss_scale_factor = None  # else it would be divided out twice

    def _build_slots(self, variables: list[Variable]) -> None:
        self.step_counter = self.add_variable((), "zeros", "int64", name="step_counter")
        self.dynamic_scale = self.add_variable(
            (), "ones", "float32", name="dynamic_scale"
        )
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(variables)

    @property
    def variables(self) -> list[Variable]:
        """The own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    def check_finite(self, grads: Iterable[Any]) -> Any:
        """Whether all elements of all gradients are finite; None has no elements."""
        tests = [np.all(np.isfinite(g)) for g in grads if g is not None]
        return functools.reduce(np.logical_and, tests) if tests else np.True_

    @no_grad()
    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Do one step, unless a gradient is not finite.

        The step is computed in any case and taken or not, so that it has no branch.
        """
        inner = self.inner_optimizer
        if not self.built and trainable_variables is not None:
            self.build(trainable_variables)
        weights = trainable_variables or self._trainable_variables
        finite = self.check_finite(grads)
        scale, count = self.dynamic_scale, self.step_counter
        state = [*weights, *inner.variables]
        before = [(variable.value, variable.data) for variable in state]
        inner.apply(
            [g if g is None else np.where(finite, g / scale, 0) for g in grads], weights
        )
        for variable, (old, array) in zip(state, before, strict=True):
            if variable.data is not array:  # the learning rate is only read
                variable.assign(np.where(finite, variable, old))
        grows = finite & (count == self.dynamic_growth_steps - 1)
        scale.assign(scale * np.where(grows, 2.0, np.where(finite, 1.0, 0.5)))
        count.assign(np.where(finite & ~grows, count + 1, 0))

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The number of updates of the inner optimizer."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by the scale of this step."""
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": registry.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        inner = registry.deserialize(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer a variable follows, by its path or a pattern that fits it.

    A path that is a key itself finds that entry; else the one whose pattern fits the
    whole path; else ``default_optimizer``. ``ValueError`` if several patterns fit, for
    a key that is there already, and for values that are no optimizers.

    >>> from tinygrad_lr.optimizers import SGD, Adam
    >>> optimizers = OptimizerMap(SGD(name="slow"), {"head/.*": Adam(name="fast")})
    >>> optimizers["head/kernel"].name, optimizers["body/kernel"].name
    ('fast', 'slow')
    """

    def __init__(
        self,
        default_optimizer: Optimizer,
        optimizer_map: dict[str, Optimizer] | None = None,
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                "OptimizerMap: expected an Optimizer as default_optimizer, got "
                f"{default_optimizer!r}."
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                "OptimizerMap: expected a dict from paths to optimizers, got "
                f"{optimizer_map!r}."
            )
        self.default_optimizer = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizers:
            return self._optimizers[key]
        checked_path(key)
        fitting = [pattern for pattern in self if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise ValueError(
                f"OptimizerMap: several patterns fit the variable {key!r}: {fitting}."
            )
        return self._optimizers[fitting[0]] if fitting else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: expected a path as key, got {key!r}.")
        if key in self._optimizers:
            raise ValueError(f"OptimizerMap: {key!r} has an optimizer already.")
        checked_pattern(key, "OptimizerMap")
        self._optimizers[key] = usable_inside(optimizer, f"the entry {key!r}")

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def __contains__(self, key: object) -> bool:
        return key in self._optimizers

    def __call__(self, variable: Variable) -> Optimizer:
        """Return the optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a map, as plain values."""
        return {
            "default_optimizer": registry.serialize(self.default_optimizer),
            "optimizer_map": {
                key: registry.serialize(optimizer)
                for key, optimizer in self._optimizers.items()
            },
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> OptimizerMap:
        """Make a map from what :meth:`get_config` returned."""
        return cls(
            registry.deserialize(config["default_optimizer"], custom_objects),
            {
                key: registry.deserialize(optimizer, custom_objects)
                for key, optimizer in config["optimizer_map"].items()
            },
        )


class MultiOptimizer(Optimizer):
    """Lets each variable follow the optimizer that ``optimizer_map`` gives for it.

    ``optimizer_map`` is an :class:`OptimizerMap` or a function from a variable to an
    optimizer. ``loss_scale_factor`` holds for all. There is no ``learning_rate``
    (``AttributeError``): each of ``optimizers`` has its own.

    >>> from tinygrad_lr.optimizers import SGD, Adam
    >>> w, b = Variable([1.0], name="kernel"), Variable([1.0], name="bias")
    >>> chosen = OptimizerMap(SGD(0.5), {"bias": Adam(0.1)})
    >>> MultiOptimizer(chosen).apply([np.ones(1), np.ones(1)], [w, b])
    >>> w.numpy(), b.numpy().round(4)
    (array([0.5], dtype=float32), array([0.9], dtype=float32))
    """

    def __init__(
        self, optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None, name: str | None = None,
    ) -> None:  # fmt: skip
        if not callable(optimizer_map):
            raise ValueError(
                "MultiOptimizer: expected an OptimizerMap, or a function from a "
                f"variable to its optimizer, got {optimizer_map!r}."
            )
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._inner: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._take(optimizer)

    def _take(self, optimizer: Optimizer) -> None:
        if not any(optimizer is other for other in self._inner):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self._inner.append(optimizer)

    def _build_slots(self, variables: list[Variable]) -> None:
        chosen = [
            usable_inside(self._optimizer_map(v), f"the variable {v.path!r}")
            for v in variables
        ]
        for optimizer in chosen:
            self._take(optimizer)
        for optimizer in self._inner:
            own = [v for v, o in zip(variables, chosen, strict=True) if o is optimizer]
            if own:
                optimizer.build(own)

    def _optimizer_of(self, variable: Variable) -> Optimizer | None:
        known = (o for o in self._inner if id(variable) in o._index)
        return next(known, None)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers inside."""
        return list(self._inner)

    @property
    def variables(self) -> list[Variable]:
        """The own variables, then those of each optimizer inside."""
        return [*self._variables, *(v for o in self._inner for v in o.variables)]

    @property
    def learning_rate(self) -> Any:
        """There is none: each of ``optimizers`` has its own."""
        raise AttributeError(NO_RATE)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(NO_RATE)

    @no_grad()
    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Let each optimizer do one step with its own variables."""
        if trainable_variables is not None and not self.built:
            self.build(trainable_variables)
        variables = trainable_variables or self._trainable_variables
        if len(grads) != len(variables):
            raise ValueError(
                f"optimizer {self.name!r}: got {len(grads)} gradients for "
                f"{len(variables)} variables."
            )
        for variable in variables:
            if self._optimizer_of(variable) is None:  # one inside was built before
                raise unknown_variable(self.name, variable)
        pairs = list(zip(grads, variables, strict=True))
        for optimizer in self._inner:
            own = [(g, v) for g, v in pairs if self._optimizer_of(v) is optimizer]
            if own:
                optimizer.apply([g for g, _ in own], [v for _, v in own])
        self._iterations.assign(self._iterations + 1)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        variables = list(var_list)
        for optimizer in self._inner:
            own = [v for v in variables if self._optimizer_of(v) is optimizer]
            optimizer.finalize_variable_values(own)

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": registry.serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        chosen = registry.deserialize(config["optimizer_map"], custom_objects)
        return cls(**{**config, "optimizer_map": chosen})


NO_RATE = (
    "a MultiOptimizer has no learning rate of its own: read and set it on each of its "
    "`optimizers`."
)


def usable_inside(optimizer: Any, where: str) -> Optimizer:
    """Return an optimizer that a MultiOptimizer can contain; else raise."""
    unfit = (LossScaleOptimizer, MultiOptimizer)
    if not isinstance(optimizer, Optimizer) or isinstance(optimizer, unfit):
        raise ValueError(
            f"MultiOptimizer: expected an optimizer for {where} that contains no "
            f"others, got {optimizer!r}."
        )
    return optimizer
