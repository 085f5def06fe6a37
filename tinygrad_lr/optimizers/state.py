"""What an optimizer remembers: step count, learning rate, and something for each
weight.

All of it are Variables, in one list, so that a training can be saved and go on, and so
that a recorded training step can change them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_lr import initializers
from tinygrad_lr.allowance import pay_for
from tinygrad_lr.arguments import Checked
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.autodiff.lending import undone_on_error
from tinygrad_lr.changes import Noticed, changes
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.schedules import LearningRateSchedule
from tinygrad_lr.optimizers.settings import checked_rate

Rate = float | LearningRateSchedule | Callable[[], Any]


class Memory(Noticed, metaclass=Checked):
    """Base class of :class:`Optimizer`: its variables and its learning rate."""

    _counted = frozenset(
        {
            "_variables", "_index", "_trainable_variables", "_undecayed",
            "_momentums", "_velocities",
        }
    )  # fmt: skip
    name: str
    gradient_accumulation_steps: int | None

    def __init__(self, learning_rate: Any) -> None:
        self._variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._iterations = self._remember(np.int64(0), "iteration")
        self._learning_rate = learning_rate
        if not callable(learning_rate) or isinstance(learning_rate, Tensor):
            rate = as_tensor(checked_rate(learning_rate, self.name), floatx())
            self._learning_rate = self._remember(rate, "learning_rate")

    def _remember(self, value: Any, name: str | None) -> Variable:
        """Make a variable that starts with ``value``."""
        variable = Variable(value, trainable=False, name=name)
        variable.path = f"{self.name}/{variable.name}"
        variable.word = variable.name  # a program has one optimizer
        self._variables.append(variable)
        changes.count += 1
        return variable

    @property
    def variables(self) -> list[Variable]:
        """All that is remembered: step count, learning rate, what ``build`` made."""
        return list(self._variables)

    @property
    def iterations(self) -> Any:
        """The number of updates so far."""
        if self.gradient_accumulation_steps:
            return self._iterations // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step: the Variable, or by the schedule."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value) and not isinstance(value, Tensor):
            old = self._learning_rate
            self._variables = [v for v in self._variables if v is not old]
            self._learning_rate = value
            return
        if not isinstance(self._learning_rate, Variable):
            raise TypeError(
                f"optimizer {self.name!r}: the learning rate follows a schedule, so it "
                "cannot be set to a number. Make the optimizer with a number, or set "
                "another schedule."
            )
        self._learning_rate.assign(checked_rate(value, self.name))

    def add_variable(
        self, shape: Any, initializer: Any = "zeros", dtype: Any = None,
        aggregation: str = "none", layout: Any = None, name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Make something to remember, of this shape (``aggregation`` and ``layout`` are
        for several devices).
        """
        pay_for(shape, dtype or floatx())
        value = initializers.get(initializer)(shape, dtype=dtype or floatx())
        return self._remember(as_tensor(value, dtype), name)

    def add_variable_from_reference(
        self,
        reference_variable: Variable,
        name: str | None = None,
        initializer: Any = "zeros",
    ) -> Variable:
        """Make something to remember, of the shape and dtype of a weight, named after
        it.
        """
        of = reference_variable.path.replace("/", "_")
        variable = self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{of}_{name or 'var'}",
        )
        variable.word = f"{reference_variable.word or of}_{name or 'var'}"
        return variable

    def add_optimizer_variables(
        self,
        trainable_variables: Iterable[Variable],
        name: Any,
        initializer: Any = "zeros",
    ) -> Any:
        """One remembered variable for each weight; for several names, as many lists.

        The variables of one weight stand next to each other: the order in which files
        of Keras hold them.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, (list, tuple))
        starts = initializer if several else [initializer] * len(names)
        if len(starts) != len(names):
            raise ValueError(
                f"optimizer {self.name!r}: expected one initializer for each of the "
                f"names {names}, got {len(starts)}."
            )
        made: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for slots, kind, start in zip(made, names, starts, strict=True):
                slots.append(self.add_variable_from_reference(variable, kind, start))
        return made[0] if isinstance(name, str) else made

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """Give ``variable`` a new value."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add ``value`` to ``variable``."""
        variable.assign(variable + value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract ``value`` from ``variable``."""
        variable.assign(variable - value)

    @undone_on_error()
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all that is remembered, in the order of :attr:`variables`."""
        if len(weights) != len(self.variables):
            raise ValueError(
                f"optimizer {self.name!r} has {len(self.variables)} variables, got "
                f"{len(weights)} arrays. Has it been built?"
            )
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put all that is remembered into ``store`` under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    @undone_on_error()
    def load_own_variables(self, store: Any) -> None:
        """Set all that is remembered from ``store``; warns if it is of another
        optimizer.
        """
        if len(store) != len(self.variables):
            warnings.warn(
                f"optimizer {self.name!r} has {len(self.variables)} variables, but "
                f"{len(store)} are stored; it starts afresh.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])
