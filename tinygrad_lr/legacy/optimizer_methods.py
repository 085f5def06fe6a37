"""``decay=``, ``optimizer.lr`` and ``minimize``: optimizers as Keras 2 knew them."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import Translation
from tinygrad_lr.autodiff import GradientTape, Variable
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers import Optimizer
from tinygrad_lr.optimizers.schedules import LearningRateSchedule, registry
from tinygrad_lr.optimizers.settings import checked_rate


class Decay(LearningRateSchedule):
    """learning_rate / (1 + decay * iterations): what ``decay=`` meant until Keras 2.10.

    The undecayed rate is the Variable ``rate``, which ``optimizer.lr`` gives and sets.

    >>> Decay(0.5, decay=1.0)(3)
    Tensor(0.125, dtype=float32)
    """

    def __init__(self, learning_rate: Any, decay: float) -> None:
        rate = checked_rate(learning_rate, "with decay")
        self.rate = Variable(
            rate, trainable=False, dtype=floatx(), name="learning_rate"
        )
        self.decay = float(decay)

    def __call__(self, step: Any) -> Any:
        return self.rate / (1 + self.decay * as_tensor(step, floatx()))

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": float(self.rate), "decay": self.decay}


registry.add(Decay)


def decay_from(default: float) -> Translation:
    """Translate ``decay=`` for an optimizer of this default learning rate."""

    def translate(name: str, arguments: dict[str, Any]) -> None:
        decay = arguments.pop("decay")
        if decay:
            spelling = "lr" if "lr" in arguments else "learning_rate"
            arguments[spelling] = Decay(arguments.get(spelling, default), decay)

    return translate


def get_lr(optimizer: Optimizer) -> Any:
    """The learning rate; under ``decay=`` the undecayed one, as in Keras 2."""
    rate: Any = optimizer._learning_rate
    return rate.rate if isinstance(rate, Decay) else optimizer.learning_rate


def set_lr(optimizer: Optimizer, value: Any) -> None:
    """Set the learning rate; under ``decay=`` the undecayed one."""
    rate: Any = optimizer._learning_rate
    if isinstance(rate, Decay):
        rate.rate.assign(value)
    else:
        optimizer.learning_rate = value


def variables_of(optimizer: Optimizer) -> list[Variable]:
    """All that an optimizer remembers: an older name of ``variables``."""
    return list(optimizer.variables)


def get_weights(self: Optimizer) -> list[Any]:
    """All that an optimizer remembers, as arrays."""
    return [variable.numpy() for variable in self.variables]


def minimize(
    self: Optimizer, loss: Any, var_list: Any, grad_loss: Any = None,
    name: str | None = None, tape: GradientTape | None = None,
) -> Variable:  # fmt: skip
    """Do one step that lowers ``loss``: a function without arguments, or what was
    computed under ``tape``.
    """
    if callable(loss) and tape is None:
        with GradientTape() as tape:
            loss = loss()
    if tape is None:
        raise ValueError(
            f"optimizer {self.name!r}: minimize needs a function that computes the "
            "loss, or the GradientTape under which it was computed."
        )
    variables = list(var_list() if callable(var_list) else var_list)
    gradients = tape.gradient(loss, variables, output_gradients=grad_loss)
    return self.apply_gradients(zip(gradients, variables, strict=True))
