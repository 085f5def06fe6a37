"""Adam and its kin: steps along a moving average of the gradient, sized by one of its
square.

m = m + (1 - beta_1)(g - m) and v = v + (1 - beta_2)(g^2 - v) begin at 0; dividing by
1 - beta^t in step t makes up for that.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from tinygrad_lr.autodiff import Variable, hint
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.common import common_arguments
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.settings import Common, checked_epsilon, checked_number
from tinygrad_lr.optimizers.state import Rate


class Moments(Optimizer):
    """Base class of the optimizers with moving averages m and v.

    Raises ``ValueError`` unless 0 <= beta < 1 for both.
    """

    _settings: tuple[str, ...] = ("beta_1", "beta_2", "epsilon")
    _slots = ("momentum", "velocity")
    _beta_1_interval = "[0, 1)"

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-7, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)
        self.beta_1 = checked_number(self.name, "beta_1", beta_1, self._beta_1_interval)
        self.beta_2 = checked_number(self.name, "beta_2", beta_2, "[0, 1)")
        self.epsilon = checked_epsilon(self.name, epsilon)

    def _build_slots(self, variables: list[Variable]) -> None:
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, self._slots
        )

    def _steps(self, dtype: Any) -> Any:
        """The number of this step, from 1, as a Tensor, because ** rounds scalars."""
        t = as_tensor(self.iterations + 1, dtype)
        hint(t, "t")
        return t

    def _moments(self, gradient: Any, variable: Variable) -> tuple[Variable, Variable]:
        """Move both averages and return them."""
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        m.assign(m + (gradient - m) * (1 - self.beta_1))
        v.assign(v + (np.square(gradient) - v) * (1 - self.beta_2))
        return m, v


class Adam(Moments):
    """w = w - alpha * m / (sqrt(v) + eps).

    In step t alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t). ``amsgrad``
    takes the largest v so far.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization",
    arXiv:1412.6980; Reddi et al., "On the convergence of Adam and beyond",
    arXiv:1904.09237.

    >>> w = Variable([1.0, 2.0])
    >>> Adam(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9, 2.1], dtype=float32)
    """

    _settings = (*Moments._settings, "amsgrad")

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-7, amsgrad: bool = False, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.amsgrad = amsgrad

    def _build_slots(self, variables: list[Variable]) -> None:
        super()._build_slots(variables)
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(
                variables, "velocity_hat"
            )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        rate = as_tensor(learning_rate, variable.dtype)
        t = self._steps(variable.dtype)
        alpha = rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        hint(alpha, "alpha")
        m, v = self._moments(gradient, variable)
        if self.amsgrad:
            largest = self._velocity_hats[self._get_variable_index(variable)]
            largest.assign(np.maximum(largest, v))
            v = largest
        variable.assign(variable - m * alpha / (np.sqrt(v) + self.epsilon))


class AdamW(Adam):
    """:class:`Adam` with weight decay, apart from the gradient.

    Raises ``ValueError`` if ``weight_decay`` is None.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization",
    arXiv:1711.05101.

    >>> w = Variable([1.0, 2.0])
    >>> AdamW(0.1, weight_decay=0.01).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.899, 2.098], dtype=float32)
    """

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, weight_decay: float | None = 0.004,
        beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        amsgrad: bool = False, **common: Any,
    ) -> None:  # fmt: skip
        common["weight_decay"] = weight_decay
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, **common)
        if weight_decay is None:
            raise ValueError(
                f"optimizer {self.name!r}: AdamW needs a number as weight_decay, got "
                "None. Adam does without."
            )


class Adamax(Moments):
    """Adam with the largest gradient, fading, in place of v: u = max(beta_2 * u, |g|),
    w = w - learning_rate / (1 - beta_1^t) * m / (u + eps).

    Source: Kingma and Ba, "Adam: a method for stochastic optimization",
    arXiv:1412.6980, section 7.

    >>> w = Variable([1.0, 2.0])
    >>> Adamax(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9, 2.1], dtype=float32)
    """

    _slots = ("momentum", "norm")

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        m, u = self._momentums[i], self._velocities[i]
        rate = as_tensor(learning_rate, variable.dtype)
        t = self._steps(variable.dtype)
        m.assign(m + (gradient - m) * (1 - self.beta_1))
        u.assign(np.maximum(u * self.beta_2, np.absolute(gradient)))
        correction = 1 - self.beta_1**t
        variable.assign(variable - m * rate / ((u + self.epsilon) * correction))


class Nadam(Moments):
    """Adam that looks one step ahead, as Nesterov's momentum does.

    With u(t) = beta_1 (1 - 0.96^t / 2) and U(t) the product of all u up to t: m' = m *
    u(t+1) / (1 - U(t+1)) + g * (1 - u(t)) / (1 - U(t)), v' = v / (1 - beta_2^t), w = w
    - learning_rate * m' / (sqrt(v') + eps).

    Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.

    >>> w = Variable([1.0, 2.0])
    >>> Nadam(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.8937, 2.1063], dtype=float32)
    """

    def _build_slots(self, variables: list[Variable]) -> None:
        super()._build_slots(variables)
        dtype = variables[0].dtype if variables else None
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def _u(self, t: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def _update_all(
        self, gradients: list[Any], variables: list[Variable], learning_rate: Any
    ) -> None:
        u = self._u(self._steps(self._u_product.dtype))
        self._u_product.assign(self._u_product * u)
        super()._update_all(gradients, variables, learning_rate)

    def _complete(self) -> None:
        """Work out the product of all u so far, which files of Keras 2 leave out."""
        steps = int(self._iterations)
        t = np.arange(1, min(steps, 999) + 1)  # later factors are beta_1, and no less
        product = np.prod(1 - 0.5 * 0.96**t) * self.beta_1**steps
        self._u_product.assign(product.astype(self._u_product.dtype))

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        rate = as_tensor(learning_rate, variable.dtype)
        t = self._steps(variable.dtype)
        product = as_tensor(self._u_product, variable.dtype)
        u, next_u = self._u(t), self._u(t + 1)
        old, new = next_u / (1 - product * next_u), (1 - u) / (1 - product)
        m, v = self._moments(gradient, variable)
        size = np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon
        variable.assign(variable - (m * old + gradient * new) * rate / size)


class Lamb(Moments):
    """Adam whose step is as long, for each variable, as the variable itself.

    s = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + eps), w = w - learning_rate *
    |w| / |s| * s; where |w| or |s| is 0, w = w - learning_rate * s.

    Source: You et al., "Large batch optimization for deep learning: training BERT in 76
    minutes", arXiv:1904.00962.

    >>> w = Variable([1.0, 2.0])
    >>> Lamb(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.8419, 2.1581], dtype=float32)
    """

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        rate = as_tensor(learning_rate, variable.dtype)
        t = self._steps(variable.dtype)
        m, v = self._moments(gradient, variable)
        size = np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon
        step = m / (1 - self.beta_1**t) / size
        length = np.sqrt(np.sum(np.square(variable)))
        step_length = np.sqrt(np.sum(np.square(step)))
        usable = (length > 0) & (step_length > 0)
        one = as_tensor(1.0, variable.dtype)
        ratio = np.where(usable, length / np.where(usable, step_length, one), one)
        variable.assign(variable - step * (ratio * rate))


class ScheduleFreeAdamW(Moments):
    """Adam with an average of all its weights in place of a schedule.

    z is what Adam without momentum makes: z = z - learning_rate * g / (sqrt(v / (1 -
    beta_2^t)) + eps); x is the mean of all z; the gradient is taken at the variable w =
    (1 - beta_1) z + beta_1 x. In the first ``warmup_steps`` the learning rate rises
    from 0. Raises ``ValueError`` unless 0 < beta_1 <= 1.

    Source: Defazio et al., "The road less scheduled", arXiv:2405.15682.

    >>> w = Variable([1.0, 2.0])
    >>> ScheduleFreeAdamW(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.9, 2.1], dtype=float32)
    """

    _settings = (*Moments._settings, "warmup_steps")
    _beta_1_interval = "(0, 1]"

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-8, warmup_steps: int = 0, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.warmup_steps = checked_number(
            self.name, "warmup_steps", warmup_steps, "[0, inf)"
        )

    def _build_slots(self, variables: list[Variable]) -> None:
        super()._build_slots(variables)
        for z, variable in zip(self._momentums, variables, strict=True):
            z.assign(variable.value)

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        z, v = self._momentums[i], self._velocities[i]
        rate = as_tensor(learning_rate, variable.dtype)
        t = self._steps(variable.dtype)
        if self.warmup_steps:
            rate = rate * np.minimum(t / self.warmup_steps, 1)
        x = (variable - z * (1 - self.beta_1)) / self.beta_1
        v.assign(v + (np.square(gradient) - v) * (1 - self.beta_2))
        size = np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon
        z.assign(z - gradient * rate / size)
        x = x * (1 - 1 / t) + z * (1 / t)
        variable.assign(z * (1 - self.beta_1) + x * self.beta_1)
