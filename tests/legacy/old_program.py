"""A program of Keras 2, and a way to make things under old names in silence."""

from __future__ import annotations

import warnings

import numpy as np

import tinygrad_lr as keras

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y = np.array([[0], [1], [1], [1]])


def quiet(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return call()


def or_gate(optimizer="sgd", **settings):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_dim=2)])
    model.compile(loss="binary_crossentropy", optimizer=optimizer, **settings)
    return model
