"""Recorded steps give the bits of written ones, for every layer and penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from replaying import (
    SIZES,
    X,
    agree,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import (
    constraints,
    layers,
    regularizers,
)
from tinygrad_lr.layers import Activation, Dense, Layer
from tinygrad_lr.optimizers import SGD


def steps(*made: Callable[[], Any]) -> Callable[[], Any]:
    """Layers on a sequence (batch, 3, 2) that depends on weights, then one row."""
    return lambda: [
        layers.Dense(6, "tanh"), layers.Reshape((3, 2)), *(m() for m in made),
        layers.Flatten(),
    ]  # fmt: skip


def image(*made: Callable[[], Any]) -> Callable[[], Any]:
    """The same on images (batch, 2, 3, 2)."""
    return lambda: [
        layers.Dense(12, "tanh"), layers.Reshape((2, 3, 2)), *(m() for m in made),
        layers.Flatten(),
    ]  # fmt: skip


def volume(*made: Callable[[], Any]) -> Callable[[], Any]:
    """The same on volumes (batch, 2, 1, 3, 2)."""
    return lambda: [
        layers.Dense(12, "tanh"), layers.Reshape((2, 1, 3, 2)), *(m() for m in made),
        layers.Flatten(),
    ]  # fmt: skip


class Branches(Layer):
    """Two branches from one input, merged."""

    def __init__(self, merge: Any, right: Any = None) -> None:
        super().__init__()
        self.left = Dense(4, "tanh")
        self.right = right or Dense(4, "relu")
        self.merge = merge

    def call(self, x: Any) -> Any:
        return self.merge([self.left(x), self.right(x)])


class OfIntegers(Layer):
    """A merging layer, on two columns of its input as integers."""

    def __init__(self, merge: Any) -> None:
        super().__init__()
        self.merge = merge

    def call(self, inputs: Any) -> Any:
        x = np.trunc(inputs * 4).astype("int64")
        return self.merge([x[:, :1], x[:, 1:2]])


def merged(*merges: Callable[[], Any]) -> list[Callable[[], Any]]:
    return [lambda make=make: Branches(make()) for make in merges]


L = layers
LAYERS: dict[str, list[Callable[[], Any]]] = {
    "Activation": [lambda: Activation("elu"), lambda: Activation(np.sin)],
    "ActivityRegularization": [lambda: L.ActivityRegularization(0.01, 0.02)],
    "Add": merged(L.Add),
    "AlphaDropout": [lambda: L.AlphaDropout(0.3)],
    "Average": merged(L.Average),
    "BatchNormalization": [
        L.BatchNormalization,
        lambda: L.BatchNormalization(trainable=False),
        lambda: L.BatchNormalization(momentum=0.5, center=False, scale=False),
        steps(lambda: L.BatchNormalization(axis=1, gamma_regularizer="l2")),
        steps(L.Masking, L.BatchNormalization),
        lambda: L.BatchNormalization(renorm=True, renorm_clipping={"dmax": 0.5}),
    ],
    "CategoryEncoding": [lambda: L.CategoryEncoding(3, "count")],
    "Concatenate": merged(L.Concatenate),
    "Cropping1D": [steps(L.Cropping1D)],
    "Cropping2D": [image(lambda: L.Cropping2D(((0, 1), (1, 0))))],
    "Cropping3D": [volume(lambda: L.Cropping3D(((0, 1), (0, 0), (1, 0))))],
    "Dense": [
        lambda: Dense(4, use_bias=False),
        lambda: Dense(4, activity_regularizer="l2"),
        lambda: Dense(1),
        lambda: Dense(4, activation="relu", kernel_initializer="he_normal"),
    ],
    "Discretization": [lambda: L.Discretization([-0.5, 0.5], output_mode="count")],
    "Dot": merged(lambda: L.Dot(1), lambda: L.Dot(-1, normalize=True)),
    "Dropout": [
        lambda: L.Dropout(0.4),
        lambda: L.Dropout(0.4, noise_shape=(None, 1), seed=3),
        lambda: L.Dropout(1),
    ],
    "ELU": [lambda: L.ELU(0.5)],
    "EinsumDense": [
        steps(lambda: L.EinsumDense("abc,cd->abd", (3, 3), "relu", "d")),
        lambda: L.EinsumDense("...a,ab->...b", 3),
    ],
    "Embedding": [lambda: L.Embedding(5, 2), lambda: L.Embedding(5, 2, mask_zero=True)],
    "Flatten": [steps()],
    "GaussianDropout": [lambda: L.GaussianDropout(0.4)],
    "GaussianNoise": [lambda: L.GaussianNoise(0.4)],
    "GlobalAveragePooling1D": [
        steps(L.GlobalAveragePooling1D),
        steps(L.Masking, L.GlobalAveragePooling1D),
    ],
    "GlobalAveragePooling2D": [image(L.GlobalAveragePooling2D)],
    "GlobalAveragePooling3D": [volume(L.GlobalAveragePooling3D)],
    "GlobalMaxPooling1D": [steps(L.GlobalMaxPooling1D)],
    "GlobalMaxPooling2D": [image(L.GlobalMaxPooling2D)],
    "GlobalMaxPooling3D": [volume(L.GlobalMaxPooling3D)],
    "GroupNormalization": [
        image(lambda: L.GroupNormalization(2)),
        image(lambda: L.GroupNormalization(-1, axis=1)),
    ],
    "HashedCrossing": [lambda: OfIntegers(L.HashedCrossing(5, "one_hot"))],
    "Hashing": [
        lambda: L.Hashing(4, output_mode="count"),
        lambda: L.Hashing(4, 0, salt=[1, 2], output_mode="multi_hot"),
    ],
    "Identity": [L.Identity],
    "InputLayer": [],
    "IntegerLookup": [
        lambda: L.IntegerLookup(vocabulary=[2, 1], output_mode="count"),
        lambda: L.IntegerLookup(None, 3, 1, vocabulary=[0, 7], output_mode="multi_hot"),
        lambda: L.IntegerLookup(vocabulary=[1, 0, 3], invert=True),
        lambda: L.IntegerLookup(
            vocabulary=[1, 0],
            idf_weights=[0.5, 2.0],
            output_mode="tf_idf",
            num_oov_indices=2,
            oov_method="farmhash",
        ),
    ],
    "Lambda": [lambda: L.Lambda(lambda x: np.sin(x) * 2)],
    "Layer": [],
    "LayerNormalization": [
        L.LayerNormalization,
        steps(lambda: L.LayerNormalization([1, 2], scale=False)),
    ],
    "LeakyReLU": [L.LeakyReLU],
    "Masking": [steps(L.Masking)],
    "Maximum": merged(L.Maximum),
    "Minimum": merged(L.Minimum),
    "Multiply": merged(L.Multiply),
    "Normalization": [L.Normalization, lambda: L.Normalization(mean=1, variance=4)],
    "PReLU": [L.PReLU, steps(lambda: L.PReLU("ones", "l2", shared_axes=[1]))],
    "Permute": [steps(lambda: L.Permute((2, 1)))],
    "RMSNormalization": [L.RMSNormalization],
    "ReLU": [L.ReLU, lambda: L.ReLU(1.0, 0.1, 0.2)],
    "RepeatVector": [lambda: [L.RepeatVector(2), L.Flatten()]],
    "Rescaling": [lambda: L.Rescaling(0.5, [0.0, 1.0, -1.0])],
    "Reshape": [steps(lambda: L.Reshape((-1, 3)))],
    "Softmax": [L.Softmax, steps(lambda: L.Softmax(axis=1))],
    "SpatialDropout1D": [steps(lambda: L.SpatialDropout1D(0.4))],
    "SpatialDropout2D": [image(lambda: L.SpatialDropout2D(0.4))],
    "SpatialDropout3D": [volume(lambda: L.SpatialDropout3D(0.4))],
    "SpectralNormalization": [
        lambda: L.SpectralNormalization(Dense(4, "tanh"), 2),
        lambda: L.SpectralNormalization(Dense(4, trainable=False)),
    ],
    "StringLookup": [],  # texts never come into a step
    "Subtract": merged(L.Subtract),
    "TextVectorization": [],  # nor here
    "ThresholdedReLU": [lambda: L.ThresholdedReLU(0.1)],
    "TimeDistributed": [
        steps(lambda: L.TimeDistributed(Dense(4, "tanh"))),
        steps(lambda: L.TimeDistributed(L.BatchNormalization())),
    ],
    "UnitNormalization": [L.UnitNormalization],
    "UpSampling1D": [steps(L.UpSampling1D)],
    "UpSampling2D": [
        image(L.UpSampling2D),
        image(lambda: L.UpSampling2D((2, 3), interpolation="bilinear")),
    ],
    "UpSampling3D": [volume(L.UpSampling3D)],
    "Wrapper": [],
    "ZeroPadding1D": [steps(L.ZeroPadding1D)],
    "ZeroPadding2D": [image(L.ZeroPadding2D)],
    "ZeroPadding3D": [volume(L.ZeroPadding3D)],
}
#: Layers of integers: their inputs are classes, not numbers of either sign.
OF_INTEGERS = ("CategoryEncoding", "Embedding", "Hashing", "IntegerLookup")
REGULARIZERS: dict[str, Any] = {
    "L1": regularizers.L1(0.02),
    "L2": regularizers.L2(0.02),
    "L1L2": regularizers.L1L2(0.01, 0.02),
    "OrthogonalRegularizer": regularizers.OrthogonalRegularizer(0.1),
    "OrthogonalRegularizer-columns": regularizers.OrthogonalRegularizer(0.1, "columns"),
}
CONSTRAINTS: dict[str, Any] = {
    "MaxNorm": constraints.MaxNorm(0.5),
    "NonNeg": constraints.NonNeg(),
    "UnitNorm": constraints.UnitNorm(),
    "MinMaxNorm": constraints.MinMaxNorm(0.3, 0.9, 0.5),
}


def test_all_classes_have_a_case() -> None:
    assert things(layers.registry) == set(LAYERS)
    assert things(regularizers.registry) == {n.split("-")[0] for n in REGULARIZERS}
    assert things(constraints.registry) == {n.split("-")[0] for n in CONSTRAINTS}


@pytest.mark.filterwarnings("ignore:.*an input with a mask")  # Flatten drops it
@pytest.mark.parametrize(
    ("name", "make"),
    [(name, make) for name, cases in LAYERS.items() for make in cases],
    ids=[f"{name}{i}" for name, cases in LAYERS.items() for i in range(len(cases))],
)
def test_layer(name: str, make: Callable[[], Any]) -> None:
    def model() -> Any:
        made = make()
        chain = made if isinstance(made, list) else [made]
        if name == "Embedding":
            chain.append(layers.Flatten())
        made = keras.Sequential([keras.Input((3,)), *chain, Dense(1, "sigmoid")])
        made.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return made

    x = np.abs(np.trunc(X * 2)) if name in OF_INTEGERS else X
    agree(model, x, sizes=SIZES)


@pytest.mark.parametrize("name", [*REGULARIZERS, *CONSTRAINTS])
def test_regularizer_or_constraint(name: str) -> None:
    def model() -> Any:
        options: dict[str, Any] = {}
        if name in REGULARIZERS:
            options["kernel_regularizer"] = REGULARIZERS[name]
        else:
            options["kernel_constraint"] = CONSTRAINTS[name]
            options["bias_constraint"] = CONSTRAINTS[name]
        made = keras.Sequential(
            [Dense(4, "tanh", input_dim=3, **options), Dense(1, "sigmoid", **options)]
        )
        made.compile(SGD(0.1, momentum=0.5), "binary_crossentropy")
        return made

    agree(model, sizes=SIZES)
