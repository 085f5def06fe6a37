"""Activations as layers: those with settings, and PReLU, which learns its slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import activations, constraints, initializers, regularizers
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.layers.validation import axes_inside, invalid, is_whole, known


class ReLU(SameShape):
    """max(x, 0), with the options of :func:`tinygrad_lr.activations.relu`.

    At most ``max_value``; ``negative_slope * (x - threshold)`` below ``threshold``.

    >>> import numpy as np
    >>> ReLU(max_value=2.0)(np.array([-1.0, 1.0, 3.0])).numpy()
    array([0., 1., 2.], dtype=float32)
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None:
            not_negative(self, "max_value", max_value)
        self.max_value = max_value
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)
        self.threshold = not_negative(self, "threshold", threshold)

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs, self.negative_slope, self.max_value, self.threshold
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(SameShape):
    """x where x >= 0, else ``negative_slope * x``.

    Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic
    models", ICML 2013.

    >>> import numpy as np
    >>> LeakyReLU(0.5)(np.array([-1.0, 2.0])).numpy()
    array([-0.5,  2. ], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(SameShape):
    """x where x > 0, else ``alpha * (exp(x) - 1)``.

    Source: Clevert et al., "Fast and accurate deep network learning by exponential
    linear units", arXiv:1511.07289.

    >>> import numpy as np
    >>> ELU()(np.array([-1.0, 2.0])).numpy().round(4)
    array([-0.6321,  2.    ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class ThresholdedReLU(SameShape):
    """x where x > theta, else 0. (In Keras until version 2.)"""

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = not_negative(self, "theta", theta)

    def call(self, inputs: Any) -> Any:
        return np.where(inputs > self.theta, inputs, 0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "theta": self.theta}


class PReLU(SameShape):
    """max(x, 0) - alpha * max(-x, 0): a leaky ReLU that learns its slopes.

    The weight ``alpha`` has the shape of one sample, with length 1 on ``shared_axes``
    (counted from 1), along which a slope is shared.

    Source: He et al., "Delving deep into rectifiers", arXiv:1502.01852.

    >>> import numpy as np
    >>> PReLU("ones")(np.array([[-1.0, 2.0]])).numpy()
    array([[-1.,  2.]], dtype=float32)
    """

    def __init__(
        self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None,
        alpha_constraint: Any = None, shared_axes: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [shared_axes] if is_whole(shared_axes) else shared_axes
        if axes is not None and not all(is_whole(axis) and axis > 0 for axis in axes):
            raise invalid(
                self,
                "expected as shared_axes the axes of a sample, counted from 1, got "
                f"{shared_axes!r}.",
            )
        self.shared_axes = None if axes is None else list(axes)

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        axes_inside(self, shared, input_shape)
        own = [axis for axis in range(1, len(input_shape)) if axis not in shared]
        shape = [1] * (len(input_shape) - 1)
        for axis in own:
            shape[axis - 1] = known(self, input_shape, axis, "the slopes")
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        axes = {axis: input_shape[axis] for axis in own} if shared else {}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs) - self.alpha * activations.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


class Softmax(SameShape):
    """exp(x) / sum(exp(x)) over ``axis`` (an integer or several).

    Where a ``mask`` (which broadcasts against the inputs) is False, the output is 0 and
    nothing is added to the sum.

    >>> import numpy as np
    >>> Softmax()(np.array([[0.0, 0.0]]), mask=np.array([[True, False]])).numpy()
    array([[1., 0.]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        axes_inside(self, self.axis, inputs.shape)
        several = isinstance(self.axis, (list, tuple))
        axis: Any = tuple(self.axis) if several else self.axis
        if mask is None:
            return activations.softmax(inputs, axis)
        self.check_mask(mask.shape, inputs.shape)
        counts = mask if mask.dtype == "bool" else mask > 0.5
        low = -3e4 if inputs.dtype == "float16" else -1e9
        out = activations.softmax(np.where(counts, inputs, low), axis)
        return np.where(counts, out, 0)

    def check_mask(self, mask: Any, shape: Any) -> None:
        """Raise ``ValueError`` for a mask that does not broadcast against the input."""
        pairs = zip(mask[::-1], shape[::-1], strict=False)
        if len(mask) > len(shape) or any(m not in (1, n) for m, n in pairs):
            raise invalid(
                self,
                f"a mask of shape {tuple(mask)} does not fit inputs of shape "
                f"{tuple(shape)}: each length must be 1 or that of the input.",
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def not_negative(layer: Layer, name: str, value: Any) -> Any:
    """Check a slope or threshold, a number that is at least 0."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not value >= 0:
        raise invalid(
            layer, f"expected a number of at least 0 as {name}, got {value!r}."
        )
    return value
