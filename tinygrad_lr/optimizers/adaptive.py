"""RMSprop, Adagrad, Adadelta, Ftrl: a step size for each weight, from the sizes of its
gradients.

Where gradients were large the steps are short, and the other way round: a rare feature
learns as much as a frequent one.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from tinygrad_lr.autodiff import Variable, hint
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.initializers import Constant
from tinygrad_lr.optimizers.common import common_arguments
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.settings import Common, checked_epsilon, checked_number
from tinygrad_lr.optimizers.state import Rate


class RMSprop(Optimizer):
    """A moving average v of the squared gradient; w = w - learning_rate * g / sqrt(v +
    eps).

    v = rho * v + (1 - rho) g^2. ``centered`` subtracts the square of the mean gradient
    from v; with ``momentum`` the steps add up: s = momentum * s + step, w = w - s.
    Raises ``ValueError`` unless ``rho`` and ``momentum`` lie between 0 and 1.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera 2012.

    >>> w = Variable([1.0, 2.0])
    >>> RMSprop(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.6838, 2.3162], dtype=float32)
    """

    _settings = ("rho", "momentum", "epsilon", "centered")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.9, momentum: float = 0.0,
        epsilon: float = 1e-7, centered: bool = False, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.rho = checked_number(self.name, "rho", rho, "[0, 1]")
        self.momentum = checked_number(self.name, "momentum", momentum, "[0, 1]")
        self.epsilon = checked_epsilon(self.name, epsilon)
        self.centered = centered

    def _build_slots(self, variables: list[Variable]) -> None:
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._means = self.add_optimizer_variables(variables, "average_gradient")

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        v = self._velocities[i]
        rate = as_tensor(learning_rate, variable.dtype)
        v.assign(self.rho * v + (1 - self.rho) * np.square(gradient))
        size: Any = v
        if self.centered:
            mean = self._means[i]
            mean.assign(self.rho * mean + (1 - self.rho) * gradient)
            size = v - np.square(mean)
        step = rate * gradient / np.sqrt(size + self.epsilon)
        if self.momentum > 0:
            m = self._momentums[i]
            m.assign(self.momentum * m + step)
            step = m
        variable.assign(variable - step)


class Adagrad(Optimizer):
    """The sum a of all squared gradients; w = w - learning_rate * g / sqrt(a + eps).

    a begins at ``initial_accumulator_value``; ``ValueError`` if that is negative.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning
    and stochastic optimization", JMLR 2011.

    >>> w = Variable([1.0, 2.0])
    >>> Adagrad(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9047, 2.0953], dtype=float32)
    """

    _settings = ("initial_accumulator_value", "epsilon")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = checked_number(
            self.name, "initial_accumulator_value", initial_accumulator_value,
            "[0, inf)",
        )  # fmt: skip
        self.epsilon = checked_epsilon(self.name, epsilon)

    def _build_slots(self, variables: list[Variable]) -> None:
        start = Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", start
        )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        a = self._accumulators[self._get_variable_index(variable)]
        rate = as_tensor(learning_rate, variable.dtype)
        a.assign(a + np.square(gradient))
        variable.assign(variable - rate * gradient / np.sqrt(a + self.epsilon))


class Adadelta(Optimizer):
    """Steps of the size of earlier steps: s = -g * sqrt(d + eps) / sqrt(a + eps), w = w
    + learning_rate * s.

    a and d are moving averages of g^2 and s^2 with factor ``rho``. Raises
    ``ValueError`` unless ``rho`` lies between 0 and 1.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701.

    >>> w = Variable([1.0, 2.0])
    >>> Adadelta(1.0).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9986, 2.0014], dtype=float32)
    """

    _settings = ("rho", "epsilon")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7,
        **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.rho = checked_number(self.name, "rho", rho, "[0, 1]")
        self.epsilon = checked_epsilon(self.name, epsilon)

    def _build_slots(self, variables: list[Variable]) -> None:
        self._accumulated_grads, self._accumulated_delta_vars = (
            self.add_optimizer_variables(
                variables, ["accumulated_grad", "accumulated_delta_var"]
            )
        )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        a, d = self._accumulated_grads[i], self._accumulated_delta_vars[i]
        rate = as_tensor(learning_rate, variable.dtype)
        a.assign(self.rho * a + (1 - self.rho) * np.square(gradient))
        step = np.sqrt(d + self.epsilon) * gradient / np.sqrt(a + self.epsilon)
        d.assign(self.rho * d + (1 - self.rho) * np.square(step))
        variable.assign(variable - rate * step)


class Ftrl(Optimizer):
    """Follow the regularized leader: the best weights for all gradients so far, given
    L1 and L2 penalties.

    With a the sum of g^2 and p = -``learning_rate_power``: z = z + g + 2 * shrinkage *
    w - (new a^p - a^p) / learning_rate * w, and w = (clip(z, -l1, l1) - z) / (new a^p /
    learning_rate + 2 * l2 + ``beta`` / learning_rate). Raises ``ValueError`` for a
    positive ``learning_rate_power``, and for negative strengths and starting values.

    Source: McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013.

    >>> w = Variable([1.0, 2.0])
    >>> Ftrl(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.6031, 1.4923], dtype=float32)
    """

    _settings = (
        "learning_rate_power", "initial_accumulator_value",
        "l1_regularization_strength", "l2_regularization_strength",
        "l2_shrinkage_regularization_strength", "beta",
    )  # fmt: skip

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0,
        **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)

        def number(key: str, value: float, interval: str = "[0, inf)") -> Any:
            return checked_number(self.name, key, value, interval)

        self.learning_rate_power = number(
            "learning_rate_power", learning_rate_power, "(-inf, 0]"
        )
        self.initial_accumulator_value = number(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.l1_regularization_strength = number(
            "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = number(
            "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = number(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = number("beta", beta)

    def _build_slots(self, variables: list[Variable]) -> None:
        start = Constant(self.initial_accumulator_value)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [start, "zeros"]
        )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        a, z = self._accumulators[i], self._linears[i]
        rate = as_tensor(learning_rate, variable.dtype)
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        l2, shrinkage = (
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
        )
        sum_of_squares = a + np.square(gradient)
        size = sum_of_squares**power
        hint(size, "size")
        pull = gradient + 2 * shrinkage * variable if shrinkage else gradient
        z.assign(z + (pull - (size - a**power) / rate * variable))
        against = np.minimum(np.maximum(z, -l1), l1) - z if l1 else -z
        resistance = size / rate
        if l2 or self.beta:
            resistance = resistance + 2 * (l2 + self.beta / (2 * rate))
        variable.assign(against / resistance)
        a.assign(sum_of_squares)
