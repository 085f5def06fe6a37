"""Adam and RMSprop: a step size for each weight, from its past gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.memory import Rate
from tinygrad_lr.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Moving averages m of the gradient and v of its square; w = w - alpha * m /
    (sqrt(v) + eps).

    m = m + (1 - beta_1)(g - m), v = v + (1 - beta_2)(g^2 - v), and in step t alpha =
    learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t). ``amsgrad`` takes the largest v
    so far.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization",
    arXiv:1412.6980; Reddi et al., "On the convergence of Adam and beyond",
    arXiv:1904.09237.
    """

    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-7, amsgrad: bool = False, weight_decay: float | None = None,
        clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = 1e-7 if epsilon is None else epsilon
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(
                variables, "velocity_hat"
            )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        rate = as_tensor(learning_rate, variable.dtype)
        t = as_tensor(self.iterations + 1, variable.dtype)  # else ** rounds scalars
        alpha = rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        m.assign(m + (gradient - m) * (1 - self.beta_1))
        v.assign(v + (np.square(gradient) - v) * (1 - self.beta_2))
        if self.amsgrad:
            largest = self._velocity_hats[i]
            largest.assign(np.maximum(largest, v))
            v = largest
        variable.assign(variable - m * alpha / (np.sqrt(v) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class RMSprop(Optimizer):
    """A moving average v of the squared gradient; w = w - learning_rate * g / sqrt(v +
    eps).

    v = rho * v + (1 - rho) g^2. ``centered`` subtracts the square of the mean gradient
    from v; with ``momentum`` the steps add up: s = momentum * s + step, w = w - s.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera 2012.
    """

    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.9, momentum: float = 0.0,
        epsilon: float = 1e-7, centered: bool = False,
        weight_decay: float | None = None, clipnorm: float | None = None,
        clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.rho = rho
        self.momentum = momentum
        self.epsilon = 1e-7 if epsilon is None else epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
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

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
