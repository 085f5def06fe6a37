"""Adafactor and Muon: optimizers that see a weight as a matrix.

Adafactor remembers sizes of gradients by row and by column only; Muon takes a step in
which every direction of the matrix has the same length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from tinygrad_lr.allowance import checked_path, checked_pattern
from tinygrad_lr.autodiff import Variable
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.optimizers.common import common_arguments
from tinygrad_lr.optimizers.optimizer import Optimizer
from tinygrad_lr.optimizers.settings import Common, checked_epsilon, checked_number
from tinygrad_lr.optimizers.state import Rate


class Adafactor(Optimizer):
    """Steps relative to the size of the weights, scaled by factored mean squares.

    Of a variable with two axes or more, r and c are moving averages of the mean of g^2
    over the last and the one but last axis, and v = r c / mean(r); of a smaller one v
    is the moving average of g^2. In step t the averages move by t^``beta_2_decay``. The
    step g / sqrt(v), made shorter if its root mean square exceeds ``clip_threshold``,
    is taken times max(``epsilon_2``, rms(w)) * min(learning_rate, 1 / sqrt(t)). Raises
    ``ValueError`` for a positive ``beta_2_decay``, a negative epsilon, and a threshold
    that is not positive.

    Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory
    cost", arXiv:1804.04235.

    >>> w = Variable([1.0, 2.0])
    >>> Adafactor(0.1).apply([[1.0, -1.0]], [w])
    >>> w.numpy().round(4)
    array([0.8419, 2.1581], dtype=float32)
    """

    _settings = (
        "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step",
    )  # fmt: skip

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30, epsilon_2: float = 1e-3, clip_threshold: float = 1.0,
        relative_step: bool = True, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, **common)

        def number(key: str, value: float, interval: str) -> Any:
            return checked_number(self.name, key, value, interval)

        self.beta_2_decay = number("beta_2_decay", beta_2_decay, "(-inf, 0]")
        self.epsilon_1 = number("epsilon_1", epsilon_1, "[0, inf)")
        self.epsilon_2 = number("epsilon_2", epsilon_2, "[0, inf)")
        self.clip_threshold = number("clip_threshold", clip_threshold, "(0, inf)")
        self.relative_step = relative_step

    def _build_slots(self, variables: list[Variable]) -> None:
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._velocities: list[Variable] = []
        for variable in variables:
            shape, dtype = variable.shape, variable.dtype
            sizes: list[Any] = [shape[:-1], (*shape[:-2], *shape[-1:])]
            if len(shape) < 2:  # placeholders, which files of Keras have as well
                sizes, dtype = [(), ()], np.dtype("int32")
            places = ((self._rows, "rows"), (self._columns, "columns"))
            for (slots, word), size in zip(places, sizes, strict=True):
                slots.append(
                    self.add_variable(size, "zeros", dtype, name=variable.name)
                )
                slots[-1].word = f"{variable.word or variable.name}_{word}"
            self._velocities.append(
                self.add_variable_from_reference(variable, "velocity")
            )

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        v = self._velocities[i]
        t = as_tensor(self.iterations + 1, variable.dtype)
        rate = np.minimum(as_tensor(learning_rate, variable.dtype), 1 / np.sqrt(t))
        alpha = np.maximum(root_mean_square(variable), self.epsilon_2) * rate
        square = np.square(gradient) + self.epsilon_1
        beta = 1 - t**self.beta_2_decay
        if variable.ndim < 2:
            v.assign(v * beta + square * (1 - beta))
        else:
            r, c = self._rows[i], self._columns[i]
            r.assign(r * beta + np.mean(square, axis=-1) * (1 - beta))
            c.assign(c * beta + np.mean(square, axis=-2) * (1 - beta))
            share = r / np.mean(r, axis=-1, keepdims=True)
            v.assign(np.expand_dims(share, -1) * np.expand_dims(c, -2))
        step = gradient / np.sqrt(v)
        excess = np.maximum(root_mean_square(step) / self.clip_threshold, 1)
        variable.assign(variable - step / excess * alpha)


class Muon(Optimizer):
    """For matrices a momentum, made orthogonal; for all else :class:`Adam`.

    m = momentum * m + g; the step is the matrix nearest to g + momentum * m (without
    ``nesterov``: to m) whose singular values are about 1, found by ``ns_steps`` steps
    of Newton and Schulz with the coefficients ``muon_a``, ``muon_b``, ``muon_c``, times
    learning_rate * ``rms_rate`` * sqrt(the longer side). Variables without exactly two
    axes, embeddings (with ``exclude_embeddings``: "embedding" in the path), and those
    whose path contains one of the patterns ``exclude_layers`` follow Adam with
    ``adam_beta_1``, ``adam_beta_2``, ``adam_weight_decay`` and the learning rate times
    ``adam_lr_ratio``.

    Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks",
    2024; Liu et al., "Muon is scalable for LLM training", arXiv:2502.16982.

    >>> w = Variable([[1.0, 2.0], [3.0, 4.0]])
    >>> Muon(0.1).apply([[[1.0, 0.0], [0.0, 2.0]]], [w])
    >>> w.numpy().round(4)
    array([[0.9681, 1.9992],
           [2.9988, 3.9789]], dtype=float32)
    """

    _settings = (
        "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers",
        "exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum",
        "ns_steps", "nesterov", "rms_rate",
    )  # fmt: skip

    @common_arguments
    def __init__(
        self, learning_rate: Rate = 0.001, adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999, adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7, weight_decay: float | None = 0.004, *,
        exclude_layers: Sequence[str] | None = None, exclude_embeddings: bool = True,
        muon_a: float = 3.4445, muon_b: float = -4.7750, muon_c: float = 2.0315,
        adam_lr_ratio: float = 1, momentum: float = 0.95, ns_steps: int = 5,
        nesterov: bool = True, rms_rate: float | None = 0.2, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, weight_decay, **common)

        def number(key: str, value: float, interval: str) -> Any:
            return checked_number(self.name, key, value, interval)

        self.adam_beta_1 = number("adam_beta_1", adam_beta_1, "[0, 1)")
        self.adam_beta_2 = number("adam_beta_2", adam_beta_2, "[0, 1)")
        self.adam_weight_decay = adam_weight_decay
        if adam_weight_decay is not None:
            number("adam_weight_decay", adam_weight_decay, "[0, inf)")
        self.epsilon = checked_epsilon(self.name, epsilon)
        self.exclude_layers = [
            checked_pattern(pattern, "exclude_layers")
            for pattern in exclude_layers or []
        ]
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = number("momentum", momentum, "[0, 1]")
        self.ns_steps = number("ns_steps", ns_steps, "[0, inf)")
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _follows_adam(self, variable: Variable) -> bool:
        path = checked_path(variable.path) if self.exclude_layers else variable.path
        return (
            variable.ndim != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def _decay_of(self, variable: Variable) -> float | None:
        by_adam = self._follows_adam(variable)
        return self.adam_weight_decay if by_adam else self.weight_decay

    def _build_slots(self, variables: list[Variable]) -> None:
        self.momentums: list[Variable] = []
        self.adam_velocities: list[Variable | None] = []
        for variable in variables:
            m, v = self.add_variable_from_reference(variable, "momentum"), None
            if self._follows_adam(variable):
                v = self.add_variable_from_reference(variable, "velocity")
            self.momentums.append(m)
            self.adam_velocities.append(v)

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        i = self._get_variable_index(variable)
        m, v = self.momentums[i], self.adam_velocities[i]
        rate = as_tensor(learning_rate, variable.dtype)
        if v is None:
            m.assign(m + (gradient + m * (self.momentum - 1)))
            ahead = gradient + m * self.momentum if self.nesterov else m
            step = self.zeropower_via_newtonschulz5(ahead, self.ns_steps)
            step = self.lr_adjust(step * rate)
        else:
            t = as_tensor(self.iterations + 1, variable.dtype)
            alpha = rate * self.adam_lr_ratio * np.sqrt(1 - self.adam_beta_2**t)
            m.assign(m + (gradient - m) * (1 - self.adam_beta_1))
            v.assign(v + (np.square(gradient) - v) * (1 - self.adam_beta_2))
            size = np.sqrt(v) + self.epsilon
            step = m * (alpha / (1 - self.adam_beta_1**t)) / size
        variable.assign(variable - step)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """About the orthogonal factor of ``x``: the product of its singular vectors."""
        if x.ndim < 2:
            raise ValueError(
                f"optimizer {self.name!r}: expected a matrix to make orthogonal, got "
                f"shape {x.shape}."
            )
        tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if tall else x
        x = x / (np.sqrt(np.sum(np.square(x))) + 1e-7)
        for _ in range(steps):
            square = x @ self.transpose_last_axis(x)
            x = (
                self.muon_a * x
                + (self.muon_b * square + self.muon_c * square @ square) @ x
            )
        return self.transpose_last_axis(x) if tall else x

    def transpose_last_axis(self, X: Any) -> Any:
        """``X`` with its last two axes exchanged."""
        return np.swapaxes(X, -1, -2)

    def lr_adjust(self, x: Any) -> Any:
        """``x`` times ``rms_rate`` and the root of its longer side."""
        if self.rms_rate is None:
            return x
        return x * max(x.shape) ** 0.5 * self.rms_rate


def root_mean_square(x: Any) -> Any:
    """The size of ``x``: sqrt(mean(x^2))."""
    return np.sqrt(np.mean(np.square(x)))
