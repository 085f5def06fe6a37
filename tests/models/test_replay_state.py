"""Variables that change within a step, and steps that change more than one thinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import BINARY, X, agree

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense, Layer


class Centred(Layer):
    """Subtracts a running mean from weighted inputs, before and after it moves on."""

    def __init__(self, trainable_scale: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trainable_scale = trainable_scale

    def build(self, input_shape: Any) -> None:
        shape = input_shape[-1:]
        self.mean = self.add_weight(shape=shape, trainable=False, name="mean")
        self.scale = self.add_weight(
            shape=shape,
            initializer="ones",
            trainable=self.trainable_scale,
            name="scale",
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        outputs = inputs * self.scale - self.mean
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * np.mean(inputs, axis=0))
            self.scale.assign(self.scale * 0.99)
        return outputs * self.scale - self.mean


@pytest.mark.parametrize("trainable", [False, True])
def test_a_shared_layer_whose_state_moves_on_at_each_call(trainable: bool) -> None:
    def make() -> Any:
        layer, inputs = Centred(trainable), keras.Input((3,))
        outputs = Dense(1, "sigmoid")(layer(np.tanh(layer(Dense(3)(inputs)))))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse")
        return model

    agree(make, X, BINARY)
