"""Batch normalization: mean and variance over the samples of a batch.

What a sample becomes depends on the others of its batch while the model learns; running
statistics stand in for them later. Batch *re*normalization corrects each batch by those
statistics already in training, so that small batches do less harm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import initializers
from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.config import epsilon as small_number
from tinygrad_lr.layers.normalization import ScaledAndShifted, scaled_and_shifted
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.validation import invalid, is_whole, known


class BatchNormalization(ScaledAndShifted):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, for each entry of ``axis``.

    In training, mean and variance are those of the batch (over all other axes; under a
    mask, over what it lets through), and the running statistics move towards them:
    ``moving = momentum * moving + (1 - momentum) * batch``. In inference, and while
    ``trainable`` is False, the running statistics are used.

    ``renorm=True`` turns the normalized x of training into ``x * r + d``, where r is
    the deviation of the batch over a running one, and d the distance of its mean from a
    running one in units of that; both run with ``renorm_momentum``, and no gradient
    flows through them. ``renorm_clipping`` bounds them: a dict of "rmin", "rmax" and
    "dmax". ``synchronized`` is for several machines, and changes nothing on one.

    Raises ``ValueError`` for an axis that the input lacks or whose length is open, and
    for bounds that are not those.

    Sources: Ioffe and Szegedy, "Batch normalization", arXiv:1502.03167; Ioffe, "Batch
    renormalization", arXiv:1702.03275.

    >>> import numpy as np
    >>> BatchNormalization()(np.array([[1.0], [3.0]]), training=True).numpy().round(3)
    array([[-1.],
           [ 1.]], dtype=float32)
    """

    def __init__(
        self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001,
        center: bool = True, scale: bool = True, beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones", moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None,
        gamma_constraint: Any = None, renorm: bool = False, renorm_clipping: Any = None,
        renorm_momentum: float = 0.99, synchronized: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            float(epsilon), center, scale, beta_initializer, gamma_initializer,
            beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint,
            **kwargs,
        )  # fmt: skip
        if not is_whole(axis):
            raise invalid(self, f"expected one integer as axis, got {axis!r}.")
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = renorm
        self.renorm_clipping = (
            self.checked_bounds(renorm_clipping or {}) if renorm else renorm_clipping
        )
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized

    def checked_bounds(self, bounds: dict[str, Any]) -> dict[str, Any]:
        """Check ``renorm_clipping``."""
        unknown = set(bounds) - {"rmin", "rmax", "dmax"}
        if unknown:
            raise invalid(
                self,
                "renorm_clipping takes 'rmin', 'rmax' and 'dmax', got "
                f"{', '.join(map(repr, sorted(unknown, key=str)))}.",
            )
        rmin, rmax, dmax = (bounds.get(key) for key in ("rmin", "rmax", "dmax"))
        if rmin is not None and rmax is not None and rmax < rmin:
            raise invalid(
                self,
                f"renorm_clipping needs rmin <= rmax, got rmin={rmin}, rmax={rmax}.",
            )
        if dmax is not None and dmax < 0:
            raise invalid(self, f"renorm_clipping needs dmax >= 0, got {dmax}.")
        return bounds

    def build(self, input_shape: Any) -> None:
        n = known(self, input_shape, self.axis, "the weights")
        self.add_scale_and_shift((n,), self.scale, self.center)
        mean, variance = self.moving_mean_initializer, self.moving_variance_initializer
        self.moving_mean = self.add_statistic("moving_mean", n, mean)
        self.moving_variance = self.add_statistic("moving_variance", n, variance)
        if self.renorm:

            def deviation(shape: Any, dtype: Any = None) -> Any:
                return np.sqrt(variance(shape, dtype=dtype))

            self.moving_stddev = self.add_statistic("moving_stddev", n, deviation)
            self.renorm_mean = self.add_statistic("renorm_mean", n, mean)
            self.renorm_stddev = self.add_statistic("renorm_stddev", n, deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: n})

    def add_statistic(self, name: str, n: int, initializer: Any) -> Any:
        """Make a weight that the layer itself moves."""
        return self.add_weight(
            name=name, shape=(n,), initializer=initializer, trainable=False
        )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise invalid(
                self,
                f"expected a mask with one axis less than the inputs of shape "
                f"{inputs.shape}, got shape {mask.shape}.",
            )
        inputs = inputs.astype(self.compute_dtype)
        shape = [1] * inputs.ndim
        shape[self.axis] = -1
        if not training or not self.trainable:
            mean = np.reshape(self.moving_mean, shape)
            variance = np.reshape(self.moving_variance, shape)
            return self.normalized(inputs, mean, variance, shape)
        mean, variance = self.moments(inputs, mask)
        if self.renorm:
            return self.renormalized(inputs, mean, variance, shape)
        self.move(self.moving_mean, mean)
        self.move(self.moving_variance, variance)
        return self.normalized(inputs, mean, variance, shape)

    def move(self, moving: Any, batch: Any, momentum: float | None = None) -> Any:
        """Let a running statistic move towards that of a batch; return where it is."""
        share = self.momentum if momentum is None else momentum
        moved = moving * share + np.reshape(batch, moving.shape) * (1 - share)
        moving.assign(moved)
        return moved

    def moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance over all axes but one, which are kept in length 1."""
        axes = tuple(i for i in range(x.ndim) if i != self.axis % x.ndim)
        if mask is None:
            return np.mean(x, axis=axes, keepdims=True), np.var(
                x, axis=axes, keepdims=True
            )
        counted = np.broadcast_to(np.expand_dims(mask, -1), x.shape)
        n = np.sum(counted.astype(x.dtype), axis=axes, keepdims=True) + small_number()
        mean = np.sum(np.where(counted, x, 0), axis=axes, keepdims=True) / n
        distances = np.square(np.where(counted, x - mean, 0))
        return mean, np.sum(distances, axis=axes, keepdims=True) / n

    def renormalized(self, x: Any, mean: Any, variance: Any, shape: Any) -> Any:
        """The result of x in training with ``renorm``; moves all statistics."""
        with no_grad():
            deviation = np.sqrt(variance + self.epsilon)
            running = np.maximum(self.renorm_stddev, self.epsilon**0.5)
            running = np.reshape(running, shape)
            r = deviation / running
            d = (mean - np.reshape(self.renorm_mean, shape)) / running
            bounds = self.renorm_clipping
            if bounds.get("rmin") is not None:
                r = np.maximum(r, bounds["rmin"])
            if bounds.get("rmax") is not None:
                r = np.minimum(r, bounds["rmax"])
            if bounds.get("dmax") is not None:
                d = np.clip(d, -bounds["dmax"], bounds["dmax"])
            self.move(self.renorm_mean, mean, self.renorm_momentum)
            self.move(self.renorm_stddev, deviation, self.renorm_momentum)
            self.move(self.moving_mean, mean)
            moved = self.move(self.moving_stddev, deviation)
            self.moving_variance.assign(np.maximum(np.square(moved) - self.epsilon, 0))
        gamma, beta = r, d
        if self.gamma is not None:
            weight = np.reshape(self.gamma, shape)
            gamma, beta = gamma * weight, beta * weight
        if self.beta is not None:
            beta = beta + np.reshape(self.beta, shape)
        return scaled_and_shifted(x, mean, variance, gamma, beta, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return self.settings(
            axis=self.axis,
            momentum=self.momentum,
            moving_mean_initializer=initializers.serialize(
                self.moving_mean_initializer
            ),
            moving_variance_initializer=initializers.serialize(
                self.moving_variance_initializer
            ),
            synchronized=self.synchronized,
            renorm=self.renorm,
            renorm_clipping=self.renorm_clipping,
            renorm_momentum=self.renorm_momentum,
        )
