"""SGD and Lion: steps against the gradient, and of one size against its sign."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.common import common_arguments
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.settings import Common, checked_number
from tinygrad_lr.optimizers.state import Rate


class SGD(Optimizer):
    """Stochastic gradient descent: w = w - learning_rate * g.

    With ``momentum``: v = momentum * v - learning_rate * g, then w = w + v; with
    ``nesterov`` w = w + momentum * v - learning_rate * g. Raises ``ValueError`` for a
    momentum that does not lie between 0 and 1.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep
    learning", ICML 2013.

    >>> w = Variable([1.0, 2.0])
    >>> SGD(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy()
    array([0.9, 2.1], dtype=float32)
    """

    _settings = ("momentum", "nesterov")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False,
        **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.momentum = float(checked_number(self.name, "momentum", momentum, "[0, 1]"))
        self.nesterov = nesterov

    def _build_slots(self, variables: list[Variable]) -> None:
        self.momentums: list[Variable] = []
        if self.momentum:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        step = as_tensor(learning_rate, variable.dtype) * gradient
        if not self.momentum:
            variable.assign(variable - step)
            return
        m = self.momentums[self._get_variable_index(variable)]
        m.assign(m * self.momentum - step)
        if self.nesterov:
            variable.assign(variable + (m * self.momentum - step))
        else:
            variable.assign(variable + m)


class Lion(Optimizer):
    """The sign of a mix of gradient and momentum: w = w - learning_rate * sign(beta_1 *
    m + (1 - beta_1) g), then m = beta_2 * m + (1 - beta_2) g.

    Raises ``ValueError`` for a ``beta_1`` that is not above 0 and at most 1, and for a
    ``beta_2`` that does not lie between 0 and 1.

    Source: Chen et al., "Symbolic discovery of optimization algorithms",
    arXiv:2302.06675.

    >>> w = Variable([1.0, 2.0])
    >>> Lion(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9, 2.1], dtype=float32)
    """

    _settings = ("beta_1", "beta_2")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99,
        **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.beta_1 = checked_number(self.name, "beta_1", beta_1, "(0, 1]")
        self.beta_2 = checked_number(self.name, "beta_2", beta_2, "[0, 1]")

    def _build_slots(self, variables: list[Variable]) -> None:
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        rate = as_tensor(learning_rate, variable.dtype)
        m = self._momentums[self._get_variable_index(variable)]
        direction = np.sign(m * self.beta_1 + gradient * (1 - self.beta_1))
        variable.assign(variable - rate * direction)
        m.assign(m * self.beta_2 + gradient * (1 - self.beta_2))
