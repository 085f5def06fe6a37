"""Dense and Activation: a linear map of the last axis, a function of each element."""

from __future__ import annotations

from typing import Any

from tinygrad_lr import activations, constraints, initializers, regularizers
from tinygrad_lr.autodiff import label
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.layers.validation import known, positive, unavailable


class Dense(Layer):
    """activation(inputs @ kernel + bias).

    Inputs of shape (..., n) give outputs of shape (..., units); ``kernel`` has shape
    (n, units), ``bias`` (units,). Raises ``ValueError`` for ``units`` that is no
    positive integer and for inputs with another last axis than the kernel was built
    for.

    >>> import numpy as np
    >>> layer = Dense(3, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0]]))
    Tensor([[3., 3., 3.]], dtype=float32, from=add)
    """

    supports_masking = True

    def __init__(
        self, units: int, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, lora_rank: None = None, lora_alpha: None = None,
        quantization_config: None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        unavailable(
            self,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            quantization_config=quantization_config,
        )
        self.units = positive(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        n = known(self, input_shape, -1, "the kernel")
        self.kernel = self.add_weight(
            name="kernel",
            shape=(n, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: n})

    def call(self, inputs: Any) -> Any:
        out = inputs.astype(self.kernel.dtype) @ self.kernel
        if self.bias is not None:
            out = out + self.bias
        if self.activation is None:
            return out
        label(out, f"{self.name}_z")
        return self.activation(out)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }


class Activation(SameShape):
    """Applies an activation, given by name or as a function.

    >>> import numpy as np
    >>> Activation("relu")(np.array([-1.0, 2.0]))
    Tensor([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
        }
