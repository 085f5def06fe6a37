"""Write ``keras1.zip`` here: files made by real Keras 1.2.2, as test data.

    pip download keras==1.2.2 --no-deps --no-binary :all:     (and unpack it)
    python record1.py folder/Keras-1.2.2

on a Python that has TensorFlow 2, h5py and six. Keras 1 runs on what TensorFlow 2 still
has of TensorFlow 1; what it misses in today's Python is put in its place below, and its
own code is left as it is. For each case the archive holds ``<case>.h5``,
``<case>.weights`` (weights alone) and ``<case>.json``, and in ``expected.npz`` the
inputs, what the model predicts, and its weights after some more training.
"""

from __future__ import annotations

import collections
import importlib
import inspect
import io
import os
import sys
import tempfile
import types
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def keras1(folder: str) -> Any:
    """Import Keras 1 where Python and TensorFlow are too new for it."""
    os.environ.update(KERAS_BACKEND="tensorflow", HOME=tempfile.mkdtemp())
    tensorflow = importlib.import_module("tensorflow.compat.v1")
    tensorflow.disable_v2_behavior()
    sys.modules["tensorflow"] = tensorflow
    for name in [n for n in sys.modules if n.partition(".")[0] == "keras"]:
        del sys.modules[name]  # the Keras 3 that TensorFlow brings
    sys.modules["yaml"] = types.ModuleType("yaml")
    collections.Iterable = collections.abc.Iterable
    Arguments = collections.namedtuple("Arguments", "args varargs keywords defaults")
    inspect.getargspec = lambda f: Arguments(*inspect.getfullargspec(f)[:4])
    sys.path.insert(0, folder)
    keras = importlib.import_module("keras")
    for part in ("layers", "models", "layers.noise", "layers.advanced_activations"):
        importlib.import_module(f"keras.{part}")
    assert keras.__version__ == "1.2.2", keras.__version__
    return keras


# Layers after one input: shape of a sample, and arguments as they were.
LAYERS: dict[str, Any] = {
    "Activation": [(3,), {"activation": "softplus"}],
    "ActivityRegularization": [(3,), {"l1": 0.01}],
    "BatchNormalization": [(3,), {"mode": 0}],
    "Cropping1D": [(4, 2), {"cropping": (1, 1)}],
    "Cropping2D": [(4, 4, 2), {"cropping": ((1, 1), (0, 1))}],
    "Cropping3D": [(4, 4, 4, 1), {"cropping": ((1, 1), (0, 1), (1, 0))}],
    "Dense": [(3,), {"output_dim": 2, "init": "uniform", "W_regularizer": "l2",
                     "b_constraint": "nonneg", "activation": "relu"}],
    "Dense-no-bias": [(3,), {"output_dim": 2, "bias": False, "init": "he_normal"}],
    "Dropout": [(3,), {"p": 0.5}],
    "ELU": [(3,), {"alpha": 0.5}],
    "Embedding": [(2,), {"input_dim": 4, "output_dim": 3, "input_length": 2}],
    "Flatten": [(2, 2), {}],
    "GaussianDropout": [(3,), {"p": 0.2}],
    "GaussianNoise": [(3,), {"sigma": 0.2}],
    "GlobalAveragePooling1D": [(4, 2), {}],
    "GlobalAveragePooling2D": [(3, 3, 2), {}],
    "GlobalMaxPooling1D": [(4, 2), {}],
    "GlobalMaxPooling2D": [(3, 3, 2), {}],
    "LeakyReLU": [(3,), {"alpha": 0.1}],
    "Masking": [(4, 2), {"mask_value": 1.0}],
    "PReLU": [(3,), {}],
    "Permute": [(3, 2), {"dims": (2, 1)}],
    "RepeatVector": [(3,), {"n": 2}],
    "Reshape": [(4,), {"target_shape": (2, 2)}],
    "SpatialDropout1D": [(4, 2), {"p": 0.2}],
    "SpatialDropout2D": [(3, 3, 2), {"p": 0.2}],
    "ThresholdedReLU": [(3,), {"theta": 0.5}],
    "TimeDistributedDense": [(4, 3), {"output_dim": 2}],
    "UpSampling1D": [(4, 2), {"length": 2}],
    "UpSampling2D": [(3, 3, 2), {"size": (2, 1)}],
    "UpSampling3D": [(2, 2, 2, 2), {}],
    "ZeroPadding1D": [(4, 2), {"padding": 1}],
    "ZeroPadding2D": [(3, 3, 2), {"padding": (1, 2)}],
    "ZeroPadding3D": [(2, 2, 2, 2), {}],
}  # fmt: skip
MODES = ["sum", "mul", "concat", "ave", "max", "dot", "cos"]
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "RMSprop": {"lr": 0.01},
    "Adagrad": {},
    "Adadelta": {},
    "Adam": {"lr": 0.01},
    "Adamax": {},
    "Nadam": {},
}
DATA = np.round(np.random.default_rng(7).random(320) * 64).astype("float32") / 64
ROWS = 5


def in_a_row(keras: Any, case: str) -> Any:
    """A layer between an input and a Dense layer."""
    from_keras = keras.layers
    shape, options = LAYERS[case]
    cls = getattr(from_keras, case.partition("-")[0])
    model = keras.models.Sequential()
    model.add(cls(name="it", **{"input_shape": shape, **options}))
    if case == "Masking":  # which Flatten did not pass on
        model.add(from_keras.TimeDistributed(from_keras.Dense(1)))
        return model
    if len(model.output_shape) > 2:
        model.add(from_keras.Flatten())
    model.add(from_keras.Dense(1, activation="sigmoid"))
    return model


def merged(keras: Any, mode: str) -> Any:
    """Two branches merged by the function ``merge``."""
    a, b = keras.layers.Input((3,), name="a"), keras.layers.Input((3,), name="b")
    left = keras.layers.Dense(2, name="left")(a)
    right = keras.layers.Dense(2, name="right")(b)
    axes = {"dot_axes": 1} if mode in ("dot", "cos") else {}
    it = keras.layers.merge([left, right], mode=mode, name="it", **axes)
    return keras.models.Model([a, b], keras.layers.Dense(1, name="out")(it))


def merged_models(keras: Any) -> Any:
    """Two models merged by the layer ``Merge``, as the first layer of a third."""
    branches = []
    for name in ("left", "right"):
        branch = keras.models.Sequential(name=name)
        branch.add(keras.layers.Dense(2, input_dim=3, name=f"{name}_dense"))
        branches.append(branch)
    model = keras.models.Sequential()
    model.add(keras.layers.Merge(branches, mode="concat", name="it"))
    model.add(keras.layers.Dense(1, name="out"))
    return model


def shared(keras: Any) -> Any:
    """One layer used twice, an inner model, two outputs."""
    inner = keras.models.Sequential(name="inner")
    inner.add(keras.layers.Dense(2, activation="tanh", input_shape=(2,), name="deep"))
    a, b = keras.layers.Input((3,), name="a"), keras.layers.Input((3,), name="b")
    twice = keras.layers.Dense(2, name="twice")
    total = keras.layers.merge([twice(a), twice(b)], mode="sum", name="total")
    out = keras.layers.Dense(1, name="out")(inner(total))
    return keras.models.Model([a, b], [out, total])


def time_distributed(keras: Any) -> Any:
    inner = keras.layers.Dense(2, name="inner")
    model = keras.models.Sequential()
    layer = keras.layers.TimeDistributed(inner, input_shape=(4, 3), name="it")
    model.add(layer)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(1))
    return model


def optimized(keras: Any, case: str) -> Any:
    """A model in training."""
    model = keras.models.Sequential()
    model.add(keras.layers.Dense(4, input_dim=3, init="glorot_normal"))
    model.add(keras.layers.Activation("tanh"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    optimizer = getattr(keras.optimizers, case)(**OPTIMIZERS[case])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def model_of(keras: Any, case: str) -> Any:
    """The model for a case."""
    if case in OPTIMIZERS:
        return optimized(keras, case)
    if case.startswith("merge-"):
        return merged(keras, case.partition("-")[2])
    special = {"Merge": merged_models, "Model": shared,
               "TimeDistributed": time_distributed}  # fmt: skip
    if case in special:
        return special[case](keras)
    return in_a_row(keras, case)


def inputs_of(model: Any, case: str) -> list[Any]:
    shapes = model.input_shape
    shapes = shapes if isinstance(shapes, list) else [shapes]
    arrays = [np.resize(DATA, (ROWS, *shape[1:])) for shape in shapes]
    if case == "Embedding":
        arrays = [(array * 4).astype("int32") for array in arrays]
    return arrays


def go_on(model: Any, inputs: list[Any]) -> None:
    targets = (inputs[0].sum(1, keepdims=True) > 1.5).astype("float32")
    model.fit(inputs[0], targets, nb_epoch=3, batch_size=2, shuffle=False, verbose=0)


def main() -> None:
    keras = keras1(sys.argv[1])
    expected: dict[str, Any] = {}
    cases = [*LAYERS, *(f"merge-{mode}" for mode in MODES), "Merge", "Model",
             "TimeDistributed", *OPTIMIZERS]  # fmt: skip
    target = HERE / "keras1.zip"
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):

        def put(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name)  # the same date each time
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        for case in cases:
            keras.backend.clear_session()
            model = model_of(keras, case)
            model.set_weights(
                [
                    (0.5 + (np.arange(w.size) % 7).reshape(w.shape) / 8 + i / 16)
                    .astype(w.dtype)
                    for i, w in enumerate(model.get_weights())
                ]
            )  # fmt: skip
            inputs = inputs_of(model, case)
            if case in OPTIMIZERS:
                go_on(model, inputs)
            path = os.path.join(folder, "it")
            model.save(path)
            put(f"{case}.h5", Path(path).read_bytes())
            if case in ("Dense", "Merge", "Model", "BatchNormalization"):
                model.save_weights(path, overwrite=True)
                put(f"{case}.weights", Path(path).read_bytes())
                put(f"{case}.json", model.to_json().encode())
            for i, array in enumerate(inputs):
                expected[f"{case}/input/{i}"] = array
            out = model.predict(inputs)
            for i, array in enumerate(out if isinstance(out, list) else [out]):
                expected[f"{case}/predict/{i}"] = array
            if case in OPTIMIZERS:
                go_on(model, inputs)
                for i, weight in enumerate(model.get_weights()):
                    expected[f"{case}/later/{i}"] = weight
        file = io.BytesIO()
        np.savez_compressed(file, **expected)
        put("expected.npz", file.getvalue())
    print(f"Keras {keras.__version__}: {target.name}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
