"""Embedding: a table from integers to vectors, learned like any weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr import constraints, initializers, regularizers
from tinygrad_lr.autodiff import hint
from tinygrad_lr.autodiff.functions import lookup
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.validation import positive, unavailable


class Embedding(Layer):
    """Row i of the weight ``embeddings`` for each integer i of the input.

    Inputs of shape (batch, steps), from 0 to ``input_dim`` - 1 (floats are cut off to
    integers), give outputs of shape (batch, steps, output_dim). With ``mask_zero``, 0
    stands for "nothing here": later layers are told to pass over it. ``weights`` is a
    table to begin with. Raises ``IndexError`` for an integer outside the table.

    >>> import numpy as np
    >>> Embedding(10, 4)(np.array([[1, 2, 1]])).shape
    (1, 3, 4)
    """

    def __init__(
        self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None, embeddings_constraint: Any = None,
        mask_zero: bool = False, weights: Any = None, lora_rank: None = None,
        lora_alpha: None = None, quantization_config: None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        unavailable(
            self,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            quantization_config=quantization_config,
        )
        self.input_dim = positive(self, "input_dim", input_dim)
        self.output_dim = positive(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False  # float16 could not count beyond 2048
        if weights is not None:
            self.build()
            single = isinstance(weights, list) and len(weights) == 1
            self.set_weights(weights if single else [weights])

    def build(self, input_shape: Any = None) -> None:
        if not self.built:
            self.embeddings = self.add_weight(
                name="embeddings",
                shape=(self.input_dim, self.output_dim),
                initializer=self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )

    def call(self, inputs: Any) -> Any:
        if inputs.dtype not in ("int32", "int64"):
            inputs = inputs.astype("int32")
            hint(inputs, "indices")
        try:
            return lookup(self.embeddings, inputs)
        except IndexError as error:
            raise IndexError(f"Embedding (layer {self.name!r}): {error}") from None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return np.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(
                self.embeddings_initializer
            ),
            "embeddings_regularizer": regularizers.serialize(
                self.embeddings_regularizer
            ),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }
