"""SGD: a step against the gradient, with or without momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.memory import Rate, is_number
from tinygrad_lr.optimizers.optimizer import Optimizer


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

    def __init__(
        self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False,
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
        if not is_number(momentum) or not 0 <= momentum <= 1:
            raise ValueError(
                f"optimizer {self.name!r}: expected a momentum between 0 and 1, got "
                f"{momentum!r}."
            )
        self.momentum = float(momentum)
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
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

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
