"""Names in every spelling, and configurations there and back."""

import json

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from tinygrad_lr.naming import nearest, reset_names, snake_case, unique_name
from tinygrad_lr.optimizers import schedules
from tinygrad_lr.random import SeedGenerator
from tinygrad_lr.registry import CUSTOM

MAP = optimizers.OptimizerMap(optimizers.SGD(0.5), {"k.*": optimizers.Adam(0.25)})
EVERYTHING = [
    layers.Dense(
        3, "relu", kernel_initializer="he_normal", kernel_regularizer="l2",
        bias_constraint="max_norm", activity_regularizer="l1", name="d",
    ),
    layers.Activation("swish"),
    layers.AlphaDropout(0.5),
    layers.CategoryEncoding(3),
    layers.Discretization([0.0, 1.0]),
    layers.Dot(axes=1, normalize=True),
    layers.Dropout(0.5, noise_shape=(None, 1), seed=3),
    layers.EinsumDense("abc,cd->abd", (None, 3), "relu", "d"),
    layers.Embedding(5, 2, embeddings_regularizer="l2"),
    layers.GaussianDropout(0.5),
    layers.GaussianNoise(0.5),
    layers.HashedCrossing(5, output_mode="one_hot"),
    layers.Hashing(5, mask_value="", salt=3),
    layers.IntegerLookup(10, 2, 0, vocabulary=[5, 6], oov_method="farmhash"),
    layers.Permute((2, 1)),
    layers.RepeatVector(3),
    layers.Rescaling(0.5, [1, 2]),
    layers.Reshape((2, -1)),
    layers.SpatialDropout1D(0.5),
    layers.SpatialDropout2D(0.5, "channels_first"),
    layers.SpatialDropout3D(0.5),
    layers.SpectralNormalization(layers.Dense(2), 3),
    layers.StringLookup(vocabulary=["a"], idf_weights=[0.5], output_mode="tf_idf"),
    layers.TextVectorization(9, "lower", ngrams=(1, 2), vocabulary=["a", "b a"]),
    layers.TimeDistributed(layers.Dense(2)),
    layers.Wrapper(layers.Dense(2)),
    layers.InputLayer((3, None), batch_size=2),
    optimizers.SGD(0.5, momentum=0.5, nesterov=True, clipnorm=1.0),
    optimizers.Adam(schedules.InverseTimeDecay(0.5, 10, 0.5), amsgrad=True),
    optimizers.RMSprop(weight_decay=0.5, centered=True),
    optimizers.AdamW(0.5, weight_decay=0.25),
    optimizers.Muon(0.5, exclude_layers=["head"], momentum=0.5, rms_rate=None),
    optimizers.Ftrl(0.5, l1_regularization_strength=0.25, use_ema=True),
    optimizers.Adafactor(schedules.CosineDecay(0.5, 10), clip_threshold=0.5),
    optimizers.LossScaleOptimizer(optimizers.SGD(0.5), initial_scale=8.0),
    MAP,
    optimizers.MultiOptimizer(MAP, loss_scale_factor=4.0),
    schedules.ExponentialDecay(0.5, 10, 0.5, staircase=True),
    schedules.InverseTimeDecay(0.5, 10, 0.5),
    schedules.PiecewiseConstantDecay([10, 20], [0.5, 0.25, 0.125]),
    schedules.PolynomialDecay(0.5, 10, power=2.0, cycle=True),
    schedules.CosineDecay(0.5, 10, warmup_target=1.0, warmup_steps=5),
    schedules.CosineDecayRestarts(0.5, 10),
    losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.5, reduction="sum"),
    losses.SparseCategoricalCrossentropy(ignore_class=3),
    losses.Huber(delta=2.0),
    losses.MeanSquaredError(name="own"),
    metrics.BinaryAccuracy(threshold=0.25),
    metrics.TopKCategoricalAccuracy(k=2),
    metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True),
    metrics.CategoricalCrossentropy(label_smoothing=0.5),
    metrics.RootMeanSquaredError(),
    metrics.IoU(3, [0, 1]),
    metrics.MeanIoU(3),
    metrics.OneHotIoU(3, [0, 1]),
    metrics.OneHotMeanIoU(3),
    metrics.PrecisionAtRecall(0.5),
    metrics.RecallAtPrecision(0.5),
    metrics.SensitivityAtSpecificity(0.5),
    metrics.SpecificityAtSensitivity(0.5),
    metrics.Sum(),
    initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=3),
    initializers.GlorotUniform(),
    initializers.Orthogonal(gain=2.0, seed=1),
    initializers.TruncatedNormal(0.5, 0.25),
    initializers.Constant(3.0),
    initializers.Constant(np.array([[1.0, 2.0]])),
    initializers.STFT("imag", np.hanning(4), "spectrum"),
    initializers.RandomNormal(seed=SeedGenerator(3)),
    initializers.Identity(2.0),
    regularizers.L1L2(0.5, 0.25),
    regularizers.OrthogonalRegularizer(0.5, "columns"),
    constraints.MinMaxNorm(0.5, 2.0, rate=0.5, axis=1),
    constraints.UnitNorm(axis=1),
    constraints.NonNeg(),
]  # fmt: skip
REGISTRIES = (
    layers, optimizers, schedules, losses, metrics, initializers, regularizers,
    constraints,
)  # fmt: skip


def registry_of(thing):
    return next(
        module.registry
        for module in REGISTRIES
        if module.registry.entries.get(type(thing).__name__) is type(thing)
    )


@pytest.mark.parametrize("thing", EVERYTHING, ids=lambda thing: type(thing).__name__)
def test_there_and_back_through_json(thing):
    registry = registry_of(thing)
    config = registry.serialize(thing)
    text = json.dumps(config)
    made = registry.deserialize(json.loads(text))
    assert type(made) is type(thing)
    assert json.dumps(registry.serialize(made)) == text
    again = type(thing).from_config(thing.get_config())
    assert json.dumps(registry.serialize(again)) == text


@pytest.mark.parametrize("module", REGISTRIES, ids=lambda module: module.__name__)
def test_every_registered_class_has_a_case(module):
    # A class that stands in a registry and is not sent through JSON above is forgotten.
    classes = {c for c in module.registry.entries.values() if isinstance(c, type)}
    known = {type(thing) for thing in EVERYTHING}
    plain = {c for c in classes - known if not needs_arguments(c)}
    for kind in plain:
        made = kind()
        config = module.registry.serialize(made)
        assert module.registry.serialize(module.registry.deserialize(config)) == config
    missing = {c.__name__ for c in classes - known - plain} - {
        "Lambda",
        "MeanMetricWrapper",
        "Decay",
    }
    assert not missing


def needs_arguments(kind):
    import inspect

    return any(
        p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
        for p in inspect.signature(kind).parameters.values()
    )


@pytest.mark.parametrize(
    ("module", "names", "expected"),
    [
        (optimizers, ["sgd", "SGD", "Sgd"], "SGD"),
        (optimizers, ["adam", "Adam", "ADAM"], "Adam"),
        (optimizers, ["rmsprop", "RMSprop", "rms_prop", "RMSProp"], "RMSprop"),
        (losses, ["BinaryCrossentropy"], "BinaryCrossentropy"),
        (metrics, ["mse", "MSE", "mean_squared_error"], "MeanSquaredError"),
        (metrics, ["bce", "binary_crossentropy"], "BinaryCrossentropy"),
        (metrics, ["accuracy", "Accuracy"], "Accuracy"),
        (initializers, ["normal", "random_normal", "RandomNormal"], "RandomNormal"),
        (initializers, ["uniform", "random_uniform"], "RandomUniform"),
        (initializers, ["zero", "zeros", "Zeros"], "Zeros"),
        (initializers, ["one", "ones"], "Ones"),
        (initializers, ["glorot_uniform", "GlorotUniform"], "GlorotUniform"),
        (initializers, ["identity", "orthogonal"], None),
        (regularizers, ["l2", "L2"], "L2"),
        (regularizers, ["l1_l2", "L1L2", "l1l2"], "L1L2"),
        (constraints, ["max_norm", "maxnorm", "MaxNorm"], "MaxNorm"),
        (constraints, ["nonneg", "non_neg"], "NonNeg"),
    ],
)
def test_names(module, names, expected):
    for name in names:
        assert type(module.get(name)).__name__ == (expected or name.capitalize())


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("mse", "mean_squared_error"),
        ("MAE", "mean_absolute_error"),
        ("bce", "binary_crossentropy"),
        ("Binary_Crossentropy", "binary_crossentropy"),
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy"),
    ],
)
def test_loss_names_in_lower_case_are_functions(name, function):
    assert losses.get(name).__name__ == function


@pytest.mark.parametrize(
    ("module", "name", "near"),
    [
        (losses, "binary_crossentrpy", "binary_crossentropy"),
        (optimizers, "adm", "adam"),
        (metrics, "acuracy", "accuracy"),
        (activations, "signoid", "sigmoid"),
        (activations, "Rellu", "relu"),
        (initializers, "he_norml", "he_normal"),
        (regularizers, "orthogonal_reglarizer", "orthogonal_regularizer"),
        (constraints, "maxmorn", "max_norm"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(module, name, near):
    with pytest.raises(ValueError, match=f"unknown .* '{name}'.*'{near}'"):
        module.get(name)


def test_a_name_like_no_other_lists_all():
    with pytest.raises(
        ValueError, match="Known are Adadelta, Adafactor, Adagrad, Adam"
    ):
        optimizers.get("xxxx")


def test_things_pass_and_classes_are_made():
    loss = losses.Huber()
    assert losses.get(loss) is loss
    assert type(optimizers.get(optimizers.Adam)) is optimizers.Adam
    assert losses.get(None) is None
    assert losses.get(len) is len
    with pytest.raises(ValueError, match="as loss, got 3 of type int"):
        losses.get(3)
    with pytest.raises(ValueError, match="optimizer"):
        optimizers.get(3)
    with pytest.raises(ValueError, match="class_name"):
        losses.get({"config": {}})


def test_users_things_have_names_too(monkeypatch):
    monkeypatch.setattr("tinygrad_lr.registry.CUSTOM", {})
    assert CUSTOM is not None

    def cube(x):
        return x**3

    class Own(losses.Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    config = activations.serialize(cube)
    assert activations.registry.deserialize(config, {"cube": cube}) is cube
    config = losses.serialize(Own(name="o"))
    assert type(losses.deserialize(config, {"Own": Own})) is Own
    with pytest.raises(ValueError, match="unknown loss 'Own'"):
        losses.deserialize(config)


def test_registered_things_are_known_to_all(monkeypatch):
    monkeypatch.setitem(CUSTOM, "twice", lambda x: 2 * x)
    assert activations.get("twice")(3) == 6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dense", "dense"),
        ("InputLayer", "input_layer"),
        ("RMSprop", "rm_sprop"),
        ("SGD", "sgd"),
        ("Conv2D", "conv2d"),
        ("GlobalMaxPooling1D", "global_max_pooling1d"),
        ("L1L2", "l1l2"),
        ("LSTM", "lstm"),
    ],
)
def test_snake_case_is_keras_s(name, expected):
    assert snake_case(name) == expected


def test_unique_names_count_from_the_session_s_start():
    reset_names()
    assert [unique_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert unique_name("MyLayer") == "my_layer"
    reset_names()
    assert unique_name("Dense") == "dense"


def test_nearest_prefers_the_spelling_that_was_used():
    known = ["BinaryAccuracy", "binary_accuracy"]
    assert nearest("binary_acuracy", known) == ["binary_accuracy"]
    assert nearest("BinaryAcuracy", known) == ["BinaryAccuracy"]
    assert nearest("zzz", known) == []


def test_objects_in_configurations_are_described_too():
    class Pair(keras.layers.Layer):
        def get_config(self):
            return {"inner": keras.layers.Dense(2), "start": np.ones(1)}

    config = keras.saving.serialize_keras_object(Pair())["config"]
    assert config["inner"]["class_name"] == "Dense"
    assert config["start"]["class_name"] == "__numpy__"


def test_a_slice_may_have_arrays_for_ends():
    ends = slice(None, np.array([0, 1]), 1)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(ends)))
    again = keras.saving.deserialize_keras_object(config)
    assert (again.start, again.stop.tolist(), again.step) == (None, [0, 1], 1)
