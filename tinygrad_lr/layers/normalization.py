"""Normalization: values brought to mean 0 and variance 1, then scaled and shifted.

Layer, group, RMS and unit normalization look at each sample by itself; batch
normalization, which looks across the samples of a batch, has a module of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import constraints, initializers, regularizers
from tinygrad_lr.autodiff import hint
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.layers.validation import axes_inside, invalid, is_whole, known


class ScaledAndShifted(Layer):
    """Base class: the weights ``gamma`` (if ``scale``) and ``beta`` (if ``center``)."""

    supports_masking = True
    axis: Any

    def __init__(
        self, epsilon: float, center: bool, scale: bool, beta_initializer: Any,
        gamma_initializer: Any, beta_regularizer: Any, gamma_regularizer: Any,
        beta_constraint: Any, gamma_constraint: Any, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def add_scale_and_shift(self, shape: Any, scale: bool, center: bool) -> None:
        """Make those of the two weights that are wanted."""
        if scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if center:
            self.beta = self.add_weight(
                name="beta",
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )

    def normalized(self, x: Any, mean: Any, variance: Any, shape: Any) -> Any:
        """The result of x, with the weights in ``shape``."""
        gamma, beta = (
            None if weight is None else np.reshape(weight, shape)
            for weight in (self.gamma, self.beta)
        )
        return scaled_and_shifted(x, mean, variance, gamma, beta, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        axes_inside(self, self.axis, input_shape)
        return input_shape

    def settings(self, **own: Any) -> dict[str, Any]:
        """Return the configuration with the arguments of the subclass."""
        return {
            **super().get_config(),
            **own,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


class LayerNormalization(ScaledAndShifted):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, for each sample by itself.

    Mean and variance are those over ``axis`` (an integer or several), whose shape the
    weights have. ``rms_scaling=True`` leaves the mean in place and has no ``beta``.

    Source: Ba et al., "Layer normalization", arXiv:1607.06450.

    >>> import numpy as np
    >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]])).numpy()
    array([[-1.,  1.]], dtype=float32)
    """

    def __init__(
        self, axis: Any = -1, epsilon: float = 0.001, center: bool = True,
        scale: bool = True, beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None,
        gamma_constraint: Any = None, rms_scaling: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer,
            beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint,
            **kwargs,
        )  # fmt: skip
        self.axis = one_or_more_axes(self, axis)
        self.rms_scaling = rms_scaling
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        axes = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = [known(self, input_shape, axis, "the weights") for axis in axes]
        self.axis = axes
        self.add_scale_and_shift(
            shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling
        )

    def call(self, inputs: Any) -> Any:
        x = single_or_double(inputs)
        axes = tuple(axis % x.ndim for axis in self.axis)
        shape = [n if i in axes else 1 for i, n in enumerate(x.shape)]
        mean = 0 if self.rms_scaling else np.mean(x, axis=axes, keepdims=True)
        variance = np.var(x, axis=axes, keepdims=True)
        out = self.normalized(x, mean, variance, shape)
        return out.astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return self.settings(axis=self.axis, rms_scaling=self.rms_scaling)


class GroupNormalization(ScaledAndShifted):
    """Layer normalization within ``groups`` of equal size along ``axis``.

    ``groups=-1`` makes each entry of the axis a group. Raises ``ValueError`` if the
    length of the axis is not a multiple of the number of groups.

    Source: Wu and He, "Group normalization", arXiv:1803.08494.

    >>> import numpy as np
    >>> GroupNormalization(groups=1)(np.array([[1.0, 3.0]])).numpy().round(3)
    array([[-1.,  1.]], dtype=float32)
    """

    def __init__(
        self, groups: int = 32, axis: int = -1, epsilon: float = 0.001,
        center: bool = True, scale: bool = True, beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None,
        gamma_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer,
            beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint,
            **kwargs,
        )  # fmt: skip
        if not is_whole(groups) or (groups < 1 and groups != -1):
            raise invalid(
                self,
                f"expected a positive integer (or -1) as groups, got {groups!r}.",
            )
        self.groups = int(groups)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        n = known(self, input_shape, self.axis, "the weights")
        groups = n if self.groups == -1 else self.groups
        if n % groups:
            raise invalid(
                self,
                f"axis {self.axis} of length {n} does not divide into {groups} groups "
                "of equal size.",
            )
        self.groups = groups
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: n})
        self.add_scale_and_shift((n,), self.scale, self.center)

    def call(self, inputs: Any) -> Any:
        axis = self.axis % inputs.ndim
        x = single_or_double(inputs)
        within = (self.groups, inputs.shape[axis] // self.groups)
        x = np.reshape(x, (*x.shape[:axis], *within, *x.shape[axis + 1 :]))
        axes = tuple(i for i in range(1, x.ndim) if i != axis)
        shape = [n if i in (axis, axis + 1) else 1 for i, n in enumerate(x.shape)]
        mean = np.mean(x, axis=axes, keepdims=True)
        variance = np.var(x, axis=axes, keepdims=True)
        out = self.normalized(x, mean, variance, shape)
        return np.reshape(out, inputs.shape).astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return self.settings(groups=self.groups, axis=self.axis)


class RMSNormalization(Layer):
    """scale * x / sqrt(mean(x^2) + epsilon), the mean being over ``axis``.

    Source: Zhang and Sennrich, "Root mean square layer normalization",
    arXiv:1910.07467.

    >>> import numpy as np
    >>> RMSNormalization()(np.array([[3.0, 4.0]])).numpy().round(3)
    array([[0.849, 1.131]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = one_or_more_axes(self, axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        axes = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = [known(self, input_shape, axis, "the weights") for axis in axes]
        self.axis = axes
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")

    def call(self, inputs: Any) -> Any:
        x = single_or_double(inputs)
        square = np.mean(np.square(x), axis=tuple(self.axis), keepdims=True)
        out = x * (1 / np.sqrt(square + self.epsilon)) * self.scale
        return out.astype(self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        axes_inside(self, self.axis, input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(SameShape):
    """x / sqrt(sum(x^2)), the sum being over ``axis`` (an integer or several).

    >>> import numpy as np
    >>> UnitNormalization()(np.array([[3.0, 4.0]])).numpy()
    array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = one_or_more_axes(self, axis)

    def call(self, inputs: Any) -> Any:
        out = unit_vectors(single_or_double(inputs), self.axis, 1e-12)
        return out.astype(self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        axes_inside(self, self.axis, input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def scaled_and_shifted(
    x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float
) -> Any:
    """Normalize, then scale by ``gamma`` and shift by ``beta``, unless they are None.

    Multiplied out as Keras does it, which rounds in the same way.
    """
    deviation = np.sqrt(variance + epsilon)
    factor = 1 / deviation
    if gamma is not None:
        factor = factor * gamma
    shift = -mean * factor
    if beta is not None:
        shift = shift + beta
    hint(mean, "mean")
    hint(variance, "variance")
    hint(deviation, "deviation")
    hint(factor, "factor")
    hint(shift, "shift")
    return x * factor + shift


def single_or_double(x: Any) -> Any:
    """``x`` in float32 at least: squares of float16 overflow from 256 on."""
    return x if x.dtype == "float64" else x.astype("float32")


def unit_vectors(x: Any, axis: Any, least: float) -> Any:
    """Divide ``x`` by its Euclidean norm over ``axis``, or by ``least`` if larger.

    A vector of zeros stays one, with gradient 1 / ``least``.
    """
    axes = tuple(axis) if isinstance(axis, list) else axis
    square = np.sum(np.square(x), axis=axes, keepdims=True)
    tiny = square < least * least
    return x * np.where(tiny, 1 / least, 1 / np.sqrt(np.where(tiny, 1, square)))


def one_or_more_axes(layer: Layer, axis: Any) -> Any:
    """Check an integer or a list of them."""
    if is_whole(axis):
        return int(axis)
    if not isinstance(axis, (list, tuple)) or not all(map(is_whole, axis)):
        raise TypeError(
            f"{type(layer).__name__} (layer {layer.name!r}): expected an integer or a "
            f"list of them as axis, got {axis!r}."
        )
    return list(axis)
