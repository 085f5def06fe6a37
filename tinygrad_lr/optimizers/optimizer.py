"""Optimizer: from gradients to new weights.

``apply(gradients, variables)`` clips the gradients, decays the weights, calls
``update_step`` for each variable, enforces constraints and counts the step. All that an
optimizer remembers (step count, learning rate, momenta) is a Variable, and changes only
through ``assign``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.arguments import refuse_unknown
from tinygrad_lr.autodiff import Variable, no_grad
from tinygrad_lr.autodiff.lending import lent, undone_on_error
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.naming import unique_name
from tinygrad_lr.optimizers import schedules
from tinygrad_lr.optimizers.settings import Common, check_common
from tinygrad_lr.optimizers.state import Memory, Rate
from tinygrad_lr.registry import Registry


class Optimizer(Memory):
    """Base class of optimizers.

    ``learning_rate`` is a number, a :class:`LearningRateSchedule` or a function without
    arguments. At most one of ``clipnorm`` (norm of each gradient), ``global_clipnorm``
    (norm of all together) and ``clipvalue`` (each element) limits the gradients.
    ``weight_decay`` takes that fraction of ``learning_rate`` off each weight in every
    step. ``use_ema`` keeps moving averages of the weights;
    ``gradient_accumulation_steps`` adds up gradients and updates every so many steps.
    Override ``build`` and ``update_step``. Raises ``ValueError`` for a learning rate
    that is no number and for settings out of range.
    """

    _settings: tuple[str, ...] = ()  # names of own arguments, for get_config

    def __init__(
        self, learning_rate: Rate, weight_decay: float | None = None,
        clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        refuse_unknown(self, kwargs, name)
        self.name = name or unique_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        check_common(self._common())
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._undecayed: list[Variable] = []
        self._undecayed_names: str | None = None
        super().__init__(learning_rate)

    def _common(self) -> Common:
        """The common settings."""
        names: Any = Common.__annotations__
        return {name: getattr(self, name) for name in names}  # type: ignore[return-value]  # just these names

    # -- what subclasses override ------------------------------------------------------

    def build(self, variables: Sequence[Variable]) -> None:
        """Make what the optimizer remembers about each of the variables, once."""
        if self.built:
            return
        self._trainable_variables = variables = list(variables)
        self._index = {id(variable): i for i, variable in enumerate(variables)}
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(
                variables, "gradient_accumulator"
            )
        self._build_slots(variables)
        self.built = True

    def take_over(self, variables: Sequence[Variable]) -> None:
        """Go on with other variables in place of those it was built for.

        A model whose optimizer trained another model has as many variables, of the same
        shapes, and goes on where that one stopped. Otherwise nothing happens here, and
        :meth:`apply` refuses.
        """
        known = self._trainable_variables
        if (
            not self.built
            or len(known) != len(variables)
            or all(id(v) in self._index for v in variables)
            or any(a.shape != b.shape for a, b in zip(known, variables, strict=True))
        ):
            return
        self._trainable_variables = list(variables)
        self._index = {id(variable): i for i, variable in enumerate(variables)}

    def _build_slots(self, variables: list[Variable]) -> None:
        """Make what an optimizer of ours remembers beside that."""

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the new value of one variable, given its gradient."""
        raise NotImplementedError(
            f"optimizer {self.name!r}: the class {type(self).__name__} has no method "
            "update_step(self, gradient, variable, learning_rate)."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an optimizer, as plain values."""
        rate: Any = self._learning_rate
        if isinstance(rate, Variable):
            rate = float(rate)
        elif callable(rate):
            rate = schedules.serialize(rate)
        own = {name: getattr(self, name) for name in self._settings}
        return {"learning_rate": rate, **self._common(), **own}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """Make an optimizer from what :meth:`get_config` returned."""
        if isinstance(config.get("learning_rate"), dict):
            rate = schedules.deserialize(config["learning_rate"], custom_objects)
            config = config | {"learning_rate": rate}
        return cls(**config)

    # -- the step ----------------------------------------------------------------------

    def apply_gradients(
        self, grads_and_vars: Iterable[tuple[Any, Variable]]
    ) -> Variable:
        """Do one step, given pairs (gradient, variable)."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    @no_grad()
    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Do one step, given the gradients of the variables, in their order.

        The first call builds the optimizer for these variables. A gradient of None
        leaves its variable alone, with a warning. Raises ``ValueError`` for variables
        that the optimizer was not built for, and if no variable has a gradient.
        """
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"optimizer {self.name!r}: apply(gradients) without variables "
                    "needs build(variables) first."
                )
            trainable_variables = self._trainable_variables
        if len(grads) != len(trainable_variables):
            raise ValueError(
                f"optimizer {self.name!r}: got {len(grads)} gradients for "
                f"{len(trainable_variables)} variables."
            )
        if not grads:
            return
        if not self.built:
            self.build(list(trainable_variables))
            self.built = True
        gradients, variables = self._with_gradient(grads, trainable_variables)
        if self.loss_scale_factor is not None:
            gradients = [g / self.loss_scale_factor for g in gradients]
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        else:
            self._update(gradients, variables)
        if self.use_ema:
            self._average_weights()
        for variable in variables:
            constraint = getattr(variable, "constraint", None)
            if constraint is not None:
                variable.assign(constraint(variable))
        self._iterations.assign(self._iterations + 1)

    def _with_gradient(
        self, grads: Sequence[Any], variables: Sequence[Variable]
    ) -> tuple[list[Any], list[Variable]]:
        """Leave out variables without a gradient; give gradients their variable's
        dtype.
        """
        for variable in variables:
            if id(variable) not in self._index:
                raise unknown_variable(self.name, variable)
        missing = [v.name for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(variables):
            raise ValueError(
                f"optimizer {self.name!r}: no variable has a gradient. Does the loss "
                "depend on the weights?"
            )
        if missing:
            warnings.warn(
                f"no gradient reaches {missing}; these weights stay as they are.",
                stacklevel=4,
            )
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        gradients = [
            g if getattr(g, "dtype", None) == v.dtype else as_tensor(g, v.dtype)
            for g, v in pairs
        ]
        return gradients, [v for _, v in pairs]

    def _update(self, gradients: list[Any], variables: list[Variable]) -> None:
        """Clip, decay, and update each variable."""
        gradients = self._clip_gradients(gradients)
        self._decay_weights(variables)
        self._update_all(gradients, variables, self.learning_rate)

    def _update_all(
        self, gradients: list[Any], variables: list[Variable], learning_rate: Any
    ) -> None:
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _clip_gradients(self, gradients: list[Any]) -> list[Any]:
        """Limit the norm of each gradient, the norm of all, or each element."""
        if self.clipnorm:
            return [limit_norm(g, self.clipnorm) for g in gradients]
        if self.global_clipnorm:
            squares = [np.sum(np.square(g)) for g in gradients]
            norm = np.sqrt(sum(squares[1:], squares[0]))
            limit = self.global_clipnorm
            # norm - norm is 0, or NaN for a norm that is not finite
            scale = limit / np.maximum(norm, limit) + (norm - norm)
            return [g * as_tensor(scale, g.dtype) for g in gradients]
        if self.clipvalue:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def _decay_weights(self, variables: list[Variable]) -> None:
        pattern = self._undecayed_names
        for variable in variables:
            decay = self._decay_of(variable)
            excluded = any(variable is other for other in self._undecayed)
            if pattern and re.search(pattern, variable.name):
                excluded = True
            if decay is not None and not excluded:
                rate = as_tensor(self.learning_rate, variable.dtype)
                variable.assign(variable - variable * decay * rate)

    def _decay_of(self, variable: Variable) -> float | None:
        """The weight decay for a variable."""
        return self.weight_decay

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Variable] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Let some variables, and all whose names contain some words, keep their
        weight.
        """
        self._undecayed = list(var_list or ())
        self._undecayed_names = "|".join(var_names) if var_names else None

    def _accumulate(self, gradients: list[Any], variables: list[Variable]) -> None:
        """Add gradients up; every so many steps update with their mean and begin anew.

        The update is computed in each step and taken or not, so that the step has no
        branch.
        """
        steps = self.gradient_accumulation_steps or 1
        now = (self._iterations + 1) % steps == 0
        sums = [
            self._accumulated[self._index[id(v)]] + g
            for g, v in zip(gradients, variables, strict=True)
        ]
        state = [*variables, *(v for v in self._variables if v is not self._iterations)]
        before = [(v.value, v.data) for v in state]
        self._update([s / steps for s in sums], variables)
        for variable, (old, array) in zip(state, before, strict=True):
            if variable.data is not array:  # the learning rate is only read
                variable.assign(np.where(now, variable, old))
        for variable, total in zip(variables, sums, strict=True):
            self._accumulated[self._index[id(variable)]].assign(np.where(now, 0, total))

    def _average_weights(self) -> None:
        """Move the averages towards the weights; from time to time set the weights to
        them.
        """
        first = self.iterations == 0
        overwrite = None
        if self.ema_overwrite_frequency:
            overwrite = (self.iterations + 1) % self.ema_overwrite_frequency == 0
        for variable, average in zip(
            self._trainable_variables, self._averages, strict=True
        ):
            moved = self.ema_momentum * average + (1 - self.ema_momentum) * variable
            average.assign(np.where(first, variable, moved))
            if overwrite is not None:
                variable.assign(np.where(overwrite, average, variable))

    @undone_on_error()
    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """After a training with ``use_ema``: set the weights to their averages."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._averages[self._index[id(variable)]])

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Any], list[Any]]:  # fmt: skip
        """Return what :meth:`apply` would make of given values, changing nothing.

        Takes values of :attr:`variables`, gradients, and values of the variables that
        the optimizer was built for; returns new values of the latter and the former.
        """
        weights = self._trainable_variables
        state = [*weights, *self.variables]
        values = [*trainable_variables, *optimizer_variables]
        if not self.built or len(values) != len(state):
            raise ValueError(
                f"optimizer {self.name!r}: stateless_apply needs build(variables) "
                f"first, and as many values as there are variables: {len(weights)} and "
                f"{len(self.variables)}, got {len(trainable_variables)} and "
                f"{len(optimizer_variables)}."
            )
        with lent(state, values, self.name):
            self.apply(grads, weights)
            after = [variable.value for variable in state]
        return after[: len(weights)], after[len(weights) :]

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by ``loss_scale_factor``, which ``apply`` divides out
        again.
        """
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # a copy has other variables
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def unknown_variable(name: str, variable: Variable) -> ValueError:
    """The error for a variable that the optimizer ``name`` was not built for."""
    return ValueError(
        f"optimizer {name!r} does not know the variable {variable.name!r}: it, or an "
        "optimizer inside it, was built for others. Compile the model again with a "
        "new optimizer."
    )


def limit_norm(gradient: Any, limit: float) -> Any:
    """Shorten ``gradient`` so that its norm becomes at most ``limit``."""
    norm = np.sqrt(np.sum(np.square(gradient)))
    return gradient * limit / np.maximum(norm, limit)


registry = Registry("optimizer", "keras.optimizers")
