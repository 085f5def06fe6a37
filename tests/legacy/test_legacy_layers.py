"""Old spellings of layers mean what they meant, warn once, and never hide a mistake."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from old_program import X, or_gate, quiet, y

import tinygrad_lr as keras
from tinygrad_lr import legacy


def test_every_old_argument_of_a_layer_reaches_its_new_name():
    layer = quiet(
        lambda: keras.layers.Dense(
            output_dim=3, init="zeros", bias=False,
            W_regularizer=keras.regularizers.L2(0.5), b_regularizer="l1",
            W_constraint="non_neg", b_constraint="max_norm",
        )
    )  # fmt: skip
    assert layer.units == 3
    assert isinstance(layer.kernel_initializer, keras.initializers.Zeros)
    assert layer.use_bias is False
    assert layer.kernel_regularizer.l2 == 0.5
    assert isinstance(layer.bias_regularizer, keras.regularizers.L1)
    assert isinstance(layer.kernel_constraint, keras.constraints.NonNeg)
    assert isinstance(layer.bias_constraint, keras.constraints.MaxNorm)


def test_the_test_above_covers_the_table():
    assert set(legacy.ARGUMENTS["Layer"]) == {
        "output_dim", "init", "bias", "W_regularizer", "b_regularizer", "W_constraint",
        "b_constraint", "dim_ordering",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("make", "attribute", "expected"),
    [
        (lambda k: k.Dropout(p=0.5), "rate", 0.5),
        (lambda k: k.SpatialDropout1D(p=0.5), "rate", 0.5),
        (lambda k: k.GaussianDropout(p=0.5), "rate", 0.5),
        (lambda k: k.GaussianNoise(sigma=0.5), "stddev", 0.5),
        (lambda k: k.LeakyReLU(alpha=0.5), "negative_slope", 0.5),
        (lambda k: k.Reshape(dims=(2, 3)), "target_shape", (2, 3)),
        (lambda k: k.UpSampling1D(length=3), "size", 3),
        (lambda k: k.UpSampling2D(dim_ordering="th"), "data_format", "channels_first"),
        (lambda k: k.Flatten(dim_ordering="tf"), "data_format", "channels_last"),
        (lambda k: k.BatchNormalization(mode=0), "axis", -1),
        (lambda k: k.Embedding(9, 4, input_length=7), "_input_shape_arg", (7,)),
        (lambda k: k.Embedding(9, 4, input_length=None), "input_dim", 9),
    ],
)
def test_old_arguments_of_other_layers(make, attribute, expected):
    assert getattr(quiet(lambda: make(keras.layers)), attribute) == expected


def test_old_initializers_of_other_layers():
    k = keras.layers
    ones = keras.initializers.Ones
    made = quiet(lambda: k.BatchNormalization(beta_init="one", gamma_init="one"))
    assert isinstance(made.beta_initializer, ones)
    assert isinstance(made.gamma_initializer, ones)
    made = quiet(lambda: k.Embedding(3, 2, init="one", W_regularizer="l2"))
    assert isinstance(made.embeddings_initializer, ones)
    assert isinstance(made.embeddings_regularizer, keras.regularizers.L2)
    assert isinstance(quiet(lambda: k.PReLU(init="one")).alpha_initializer, ones)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda k: k.BatchNormalization(mode=1), "mode=1.*LayerNormalization"),
        (lambda k: k.BatchNormalization(virtual_batch_size=4), "no argument any more"),
        (lambda k: k.Embedding(3, 2, dropout=0.5), "SpatialDropout1D"),
    ],
)
def test_arguments_that_are_gone_say_what_to_do(make, message):
    with pytest.raises(TypeError, match=message):
        make(keras.layers)


def test_an_embedding_with_an_input_length_builds_its_model():
    model = keras.Sequential(
        [keras.layers.Embedding(9, 4, input_length=7), keras.layers.Flatten()]
    )
    assert model.output_shape == (None, 28)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("sum", [[5, 7]]), ("mul", [[4, 10]]), ("ave", [[2.5, 3.5]]),
        ("max", [[4, 5]]), ("concat", [[1, 2, 4, 5]]), ("dot", [[14]]),
        (lambda pair: pair[1] - pair[0], [[3, 3]]),
    ],
)  # fmt: skip
def test_merging_as_keras_1_had_it(mode, expected):
    pair = [np.array([[1.0, 2.0]]), np.array([[4.0, 5.0]])]
    assert legacy.merge(pair, mode=mode).numpy().tolist() == expected
    assert legacy.Merge(mode=mode)(pair).numpy().tolist() == expected


def test_what_merge_refuses():
    with pytest.raises(ValueError, match=r"unknown mode 'sun'\..*'sum'"):
        legacy.merge([X, X], mode="sun")
    with pytest.raises(NotImplementedError, match="Merge of models is no more"):
        legacy.Merge([keras.Sequential(), keras.Sequential()], mode="concat")


@pytest.mark.parametrize(
    "shape", [{"input_dim": 2}, {"input_shape": (2,)}, {"input_shape": [2]},
              {"batch_input_shape": (None, 2)}],
)  # fmt: skip
def test_input_shapes_on_the_first_layer_need_no_warning(shape):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = keras.Sequential([keras.layers.Dense(3, **shape)])
    assert model.input_shape == (None, 2)
    assert model.count_params() == 9


def test_input_layer_takes_a_number():
    for layer in (keras.layers.InputLayer(2), keras.layers.InputLayer(input_shape=(2,)),
                  keras.layers.InputLayer(input_shape=2)):  # fmt: skip
        model = keras.Sequential([layer, keras.layers.Dense(3)])
        assert model.count_params() == 9


def make_dense(units):
    return keras.layers.Dense(output_dim=units)


def test_one_warning_per_spelling_at_the_users_line():
    with pytest.warns(DeprecationWarning, match="output_dim=.*units=") as found:
        _ = [make_dense(units) for units in (3, 4)]
    assert len(found) == 1
    assert found[0].filename == __file__
    assert found[0].lineno == make_dense.__code__.co_firstlineno + 1


def test_a_users_own_argument_of_an_old_name_is_left_alone():
    class Mine(keras.layers.Layer):
        def __init__(self, init, output_dim=2, **kwargs):
            super().__init__(**kwargs)
            self.given = init, output_dim

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Mine(init=1, output_dim=3).given == (1, 3)


def test_old_and_new_name_together():
    with pytest.raises(TypeError, match="both 'output_dim' and 'units'"):
        keras.layers.Dense(units=3, output_dim=3)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: keras.layers.Dense(1, imput_dim=2), "input_dim"),
        (lambda: keras.layers.Dense(unit=2), "units"),
        (lambda: keras.optimizers.SGD(learnig_rate=0.1), "learning_rate"),
        (lambda: or_gate().fit(X, y, epoch=3), "epochs"),
        (lambda: or_gate(loses="mse"), "loss"),
    ],
)
def test_misspelt_arguments_get_the_nearest_known(call, near):
    with pytest.raises(TypeError, match=f"unknown argument .* Did you mean .*({near})"):
        call()
