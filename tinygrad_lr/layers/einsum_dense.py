"""EinsumDense: a linear map along any axes, written as an Einstein sum."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tinygrad_lr import activations, constraints, initializers, regularizers
from tinygrad_lr.autodiff import label
from tinygrad_lr.initializers import VarianceScaling
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.validation import invalid, is_whole, unavailable

EQUATION = re.compile(
    r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?"
)


class EinsumDense(Layer):
    """activation(einsum(equation, inputs, kernel) + bias).

    ``equation`` has the form "ab,bc->ac", "...ab,bc->...ac" or "ab...,bc->ac...";
    ``output_shape`` is the shape of one sample of the result (None where an axis has
    the length of the input's), without what ``...`` stands for. ``bias_axes`` names the
    axes of the result along which there is a bias; None is no bias. Raises
    ``ValueError`` for an equation of another form or shapes that contradict each other.

    >>> import numpy as np
    >>> layer = EinsumDense("abc,cd->abd", (None, 8), bias_axes="d")
    >>> layer(np.ones((2, 5, 3))).shape, layer.kernel.shape, layer.bias.shape
    ((2, 5, 8), (3, 8), (8,))
    """

    def __init__(
        self, equation: str, output_shape: Any, activation: Any = None,
        bias_axes: str | None = None, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, lora_rank: None = None, lora_alpha: None = None,
        gptq_unpacked_column_size: None = None, quantization_config: None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        unavailable(
            self,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )
        self.equation = equation
        self.partial_output_shape = (
            (output_shape,) if is_whole(output_shape) else tuple(output_shape)
        )
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def terms(self) -> tuple[str, str, str, bool]:
        """The indices of input, kernel and output, and whether ``...`` is in front."""
        found = EQUATION.fullmatch(self.equation.replace(" ", ""))
        dots = found and (found[1], found[3], found[5], found[7])
        legal = ((None,) * 4, ("...", None, "...", None), (None, "...", None, "..."))
        if not found or dots not in legal:
            raise invalid(
                self,
                "expected an equation such as 'ab,bc->ac', '...ab,bc->...ac' or "
                f"'ab...,bc->ac...', got {self.equation!r}.",
            )
        lost = [c for c in found[6] if c not in found[2] + found[4]]
        lost += [c for c in found[4] if c not in found[2] + found[6]]
        if lost:
            raise invalid(
                self,
                f"in {self.equation!r}, index {lost[0]!r} of output or kernel stands "
                "nowhere else.",
            )
        return found[2], found[4], found[6], bool(found[1])

    def lengths(self, input_shape: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """The length of every index, and the shape of the output."""
        inputs, _, output, dots_first = self.terms()
        hidden = len(input_shape) - len(inputs)
        if hidden < 0 or (hidden and "..." not in self.equation):
            raise invalid(
                self,
                f"inputs of shape {tuple(input_shape)} have not the axes of "
                f"{self.equation!r}.",
            )
        before = max(hidden, 1) if dots_first else 1  # axes that are not of one sample
        after = 0 if dots_first else hidden
        end = len(input_shape) - after
        shape = (
            *input_shape[:before],
            *self.partial_output_shape,
            *input_shape[end:],
        )
        if len(shape) - hidden != len(output):
            raise invalid(
                self,
                f"output_shape {self.partial_output_shape} has not the axes of the "
                f"output in {self.equation!r}.",
            )
        start = hidden if dots_first else 0
        known = dict(zip(inputs, input_shape[start:end], strict=True))
        named = shape[start : len(shape) - after]
        for index, length in zip(output, named, strict=True):
            if known.get(index) is None:
                known[index] = length
            elif length not in (None, known[index]):
                raise invalid(
                    self,
                    f"index {index!r} has length {known[index]} in inputs of shape "
                    f"{tuple(input_shape)} and {length} in output_shape.",
                )
        return known, shape

    def build(self, input_shape: Any) -> None:
        _, kernel, output, dots_first = self.terms()
        known, full = self.lengths(input_shape)
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and None in (
            initializer.input_axes,
            initializer.output_axes,
        ):
            initializer = type(initializer).from_config(
                {
                    **initializer.get_config(),
                    "seed": initializer.seed,
                    "input_axes": [i for i, c in enumerate(kernel) if c not in output],
                    "output_axes": [i for i, c in enumerate(kernel) if c in output],
                }
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=[known[index] for index in kernel],
            initializer=initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.bias_axes:
            missing = [c for c in self.bias_axes if c not in output]
            if missing:
                raise invalid(
                    self,
                    f"bias_axes {self.bias_axes!r} names {missing[0]!r}, which is not "
                    f"an index of the output {output!r}.",
                )
            first = min(output.index(c) for c in self.bias_axes)
            shape = [known[c] if c in self.bias_axes else 1 for c in output[first:]]
            trailing = 0 if dots_first else len(full) - len(output)
            self.bias = self.add_weight(
                name="bias",
                shape=shape + [1] * trailing,
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Any) -> Any:
        inputs = inputs.astype(self.kernel.dtype)
        out = np.einsum(self.equation, inputs, self.kernel)
        out = out if self.bias is None else out + self.bias
        if self.activation is None:
            return out
        label(out, f"{self.name}_z")
        return self.activation(out)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.lengths(input_shape)[1]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }
