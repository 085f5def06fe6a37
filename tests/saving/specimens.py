"""Models whose files are compared with real Keras's, one for each layer and optimizer.

Each is made by a function of the module ``keras``, so that real Keras of any version
and ours build the same.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

# Layers after one input: shape of a sample, arguments, and dtype if not float32.
LAYERS: dict[str, Any] = {
    "Activation": [(3,), {"activation": "tanh"}],
    "ActivityRegularization": [(3,), {"l1": 0.01}],
    "AlphaDropout": [(3,), {"rate": 0.2}],
    "BatchNormalization": [(3,), {}],
    "CategoryEncoding": [(2,), {"num_tokens": 4}, "int32"],
    "Cropping1D": [(4, 2), {"cropping": 1}],
    "Cropping2D": [(4, 4, 2), {"cropping": 1}],
    "Cropping3D": [(4, 4, 4, 1), {"cropping": 1}],
    "Dense": [(3,), {"units": 2, "kernel_regularizer": "l2", "activation": "relu"}],
    "Discretization": [(3,), {"bin_boundaries": [0.2, 0.5]}],
    "Dropout": [(3,), {"rate": 0.2, "seed": 3}],
    "ELU": [(3,), {"alpha": 0.5}],
    "EinsumDense": [
        (3,),
        {"equation": "ab,bc->ac", "output_shape": 2, "bias_axes": "c"},
    ],
    "Embedding": [(2,), {"input_dim": 4, "output_dim": 3}, "int32"],
    "Flatten": [(2, 2), {}],
    "GaussianDropout": [(3,), {"rate": 0.2}],
    "GaussianNoise": [(3,), {"stddev": 0.2}],
    "GlobalAveragePooling1D": [(4, 2), {}],
    "GlobalAveragePooling2D": [(3, 3, 2), {}],
    "GlobalAveragePooling3D": [(2, 2, 2, 2), {}],
    "GlobalMaxPooling1D": [(4, 2), {}],
    "GlobalMaxPooling2D": [(3, 3, 2), {}],
    "GlobalMaxPooling3D": [(2, 2, 2, 2), {}],
    "GroupNormalization": [(4,), {"groups": 2}],
    "Identity": [(3,), {}],
    "LayerNormalization": [(3,), {}],
    "LeakyReLU": [(3,), {}],
    "Masking": [(4, 2), {"mask_value": 1.0}],
    "Normalization": [(3,), {"mean": [0.1, 0.2, 0.3], "variance": [1.0, 2.0, 3.0]}],
    "PReLU": [(3,), {}],
    "Permute": [(3, 2), {"dims": [2, 1]}],
    "RMSNormalization": [(3,), {}],
    "ReLU": [(3,), {"max_value": 0.5}],
    "RepeatVector": [(3,), {"n": 2}],
    "Rescaling": [(3,), {"scale": 0.5, "offset": 0.25}],
    "Reshape": [(4,), {"target_shape": [2, 2]}],
    "Softmax": [(3,), {}],
    "ThresholdedReLU": [(3,), {"theta": 0.25}],
    "SpatialDropout1D": [(4, 2), {"rate": 0.2}],
    "SpatialDropout2D": [(3, 3, 2), {"rate": 0.2}],
    "SpatialDropout3D": [(2, 2, 2, 2), {"rate": 0.2}],
    "UnitNormalization": [(3,), {}],
    "UpSampling1D": [(4, 2), {}],
    "UpSampling2D": [(3, 3, 2), {}],
    "UpSampling3D": [(2, 2, 2, 2), {}],
    "ZeroPadding1D": [(4, 2), {}],
    "ZeroPadding2D": [(3, 3, 2), {}],
    "ZeroPadding3D": [(2, 2, 2, 2), {}],
}
MERGING = [
    "Add",
    "Average",
    "Concatenate",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
]

# Real Keras needs TensorFlow for these: they have an archive and tests of their own.
LOOKUPS: dict[str, dict[str, Any]] = {
    "Hashing": {"num_bins": 5, "salt": 3, "output_mode": "multi_hot"},
    "HashedCrossing": {"num_bins": 5, "output_mode": "one_hot"},
    "IntegerLookup": {"vocabulary": [2, 0], "output_mode": "count"},
    "IntegerLookup-learned": {"output_mode": "tf_idf", "num_oov_indices": 2},
}
OF_TEXTS = {"StringLookup", "TextVectorization"}  # no layers of models: see the tests

# Classes that compute nothing of their own, and those.
NO_CASE = {
    "InputLayer", "Layer", "Optimizer", "OptimizerMap", *LOOKUPS, *OF_TEXTS
}  # fmt: skip

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "Adam": {"amsgrad": True, "weight_decay": 0.01},
    "AdamW": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adagrad": {},
    "Adadelta": {"learning_rate": 0.5},
    "Adamax": {},
    "Nadam": {},
    "Ftrl": {"learning_rate": 0.1},
    "Lion": {},
    "Lamb": {},
    "Adafactor": {},
    "Muon": {},
    "LossScaleOptimizer": {"initial_scale": 4.0, "dynamic_growth_steps": 4},
    "MultiOptimizer": {},
    "ScheduleFreeAdamW": {"learning_rate": 0.01, "warmup_steps": 4},
}
GENERATOR = np.random.default_rng(7)
ROWS = 5
X = np.round(GENERATOR.random((6, 3)) * 64).astype("float32") / 64
Y = (X.sum(1, keepdims=True) > 1.5).astype("float32")
DATA = np.round(GENERATOR.random(ROWS * 64) * 64).astype("float32") / 64


def shifted(x: Any) -> Any:
    """What a Lambda does."""
    return x * 2 + 1


# Keras 2 writes the code along, which says where it stood.
shifted.__code__ = shifted.__code__.replace(co_filename="specimens.py")


@functools.cache
def around(keras: Any) -> Any:
    """A Wrapper that does something with what it holds."""

    class Around(keras.layers.Wrapper):  # type: ignore[misc]  # of any Keras
        def build(self, input_shape: Any = None) -> None:
            super().build(input_shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs) * 2

    return Around


def custom_objects(keras: Any) -> dict[str, Any]:
    """What the files name that is not Keras's."""
    # By the name of the layer where the file has the code of the function.
    return {"shifted": shifted, "it": shifted, "Around": around(keras)}


def model_of(keras: Any, name: str) -> Any:
    """The model for a case."""
    kind = name.partition("-")[0]
    if kind == "Lambda":
        layer = keras.layers.Lambda(shifted, output_shape=(3,), name="it")
        return in_a_row(keras, (3,), layer)
    if kind == "Wrapper":
        inner = keras.layers.Dense(2, name="inner")
        return in_a_row(keras, (3,), around(keras)(inner, name="it"))
    if kind == "Dot":
        return merged(keras, keras.layers.Dot(axes=1, name="it"))
    if kind in MERGING:
        return merged(keras, getattr(keras.layers, kind)(name="it"))
    if kind == "TimeDistributed":
        inner = keras.layers.Dense(2, name="inner")
        return in_a_row(keras, (4, 3), keras.layers.TimeDistributed(inner, name="it"))
    if kind == "SpectralNormalization":
        inner = keras.layers.Dense(2, name="inner")
        layer = keras.layers.SpectralNormalization(inner, name="it")
        return in_a_row(keras, (3,), layer)
    if kind == "Functional":
        return merged(keras, keras.layers.Add(name="it"), shared=True)
    if kind == "Sequential":
        inner = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))], name="it")
        return in_a_row(keras, (3,), inner)
    shape, options, *dtype = LAYERS[kind]
    options = {k: tuple(v) if k in TUPLES else v for k, v in options.items()}
    layer = getattr(keras.layers, kind)(name="it", **options)
    return in_a_row(keras, shape, layer, *dtype)


def lookup_model(keras: Any, name: str) -> Any:
    """A model with a lookup, of two columns of integers."""
    kind, _, learned = name.partition("-")
    layer = getattr(keras.layers, kind)(name="it", **LOOKUPS[name])
    if learned:
        layer.adapt(LOOKED_UP[:3])
    x = keras.Input((2,), dtype="int32", name="x")
    given = [x[:, :1], x[:, 1:]] if kind == "HashedCrossing" else x
    y = keras.layers.Dense(1, kernel_initializer="ones")(layer(given))
    return keras.Model(x, y)


LOOKED_UP = np.array([[0, 2], [3, 2], [1, 1], [4, 0], [3, 3]], "int32")
TUPLES = ("dims", "target_shape")


def in_a_row(keras: Any, shape: Any, layer: Any, dtype: str = "float32") -> Any:
    layers = [keras.Input(shape, dtype=dtype), layer]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])


def merged(keras: Any, layer: Any, shared: bool = False) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    left = keras.layers.Dense(2, name="left")
    right = left if shared else keras.layers.Dense(2, name="right")
    out = layer([left(a), right(b)])
    return keras.Model([a, b], keras.layers.Dense(1, name="out")(out))


def inputs_of(model: Any) -> Any:
    """Data for the inputs of a model."""
    arrays = []
    for place in model.inputs:
        shape = (ROWS, *tuple(place.shape)[1:])
        array = np.resize(DATA, shape)
        if "int" in str(getattr(place.dtype, "name", place.dtype)):
            array = (array * 4).astype("int32")
        arrays.append(array)
    return arrays if len(arrays) > 1 else arrays[0]


def set_unevenly(model: Any) -> None:
    """Give all weights values that differ, above 0."""
    values = [
        (0.5 + (np.arange(w.size) % 7).reshape(w.shape) / 8 + i / 16).astype(w.dtype)
        if w.dtype.kind == "f"
        else w
        for i, w in enumerate(model.get_weights())
    ]
    model.set_weights(values)


def optimized(keras: Any, name: str) -> Any:
    """A model in training with an optimizer."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    set_unevenly(model)
    model.compile(
        optimizer_of(keras, name), "binary_crossentropy", metrics=["accuracy"]
    )
    go_on(model)
    return model


def optimizer_of(keras: Any, name: str) -> Any:
    """The optimizer of a case."""
    home, settings = keras.optimizers, dict(OPTIMIZERS[name])
    if name == "LossScaleOptimizer":
        settings["inner_optimizer"] = home.Adam(0.01)
    if name == "MultiOptimizer":
        inner = {".*bias": home.Adam(0.05)}
        slow = home.SGD(0.1, momentum=0.9)
        settings["optimizer_map"] = home.OptimizerMap(slow, inner)
    return getattr(home, name)(**settings)


def go_on(model: Any) -> None:
    """Train a little, the same way everywhere."""
    model.fit(X, Y, epochs=3, batch_size=2, shuffle=False, verbose=0)


def layer_cases() -> list[str]:
    return [
        *LAYERS, *MERGING, "Dot", "Lambda", "SpectralNormalization", "TimeDistributed",
        "Wrapper", "Functional", "Sequential",
    ]  # fmt: skip
