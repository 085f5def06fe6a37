"""Dense, Activation, Input."""

import inspect

import numpy as np
import pytest

from tinygrad_lr import activations, constraints
from tinygrad_lr.activations import Probabilities
from tinygrad_lr.autodiff import Tensor, gradcheck
from tinygrad_lr.layers import Activation, Dense, Input, InputLayer, KerasTensor

X = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


def test_dense_is_an_affine_map():
    layer = Dense(2, activation="tanh", bias_initializer="ones")
    out = layer(X)
    expected = np.tanh(X @ layer.kernel.numpy() + layer.bias.numpy())
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-6)
    assert out.dtype == "float32"
    assert [w.shape for w in layer.weights] == [(3, 2), (2,)]
    assert layer.compute_output_shape((None, 3)) == (None, 2)


def test_dense_without_bias_on_more_axes():
    layer = Dense(4, use_bias=False)
    x = np.stack([X, X + 1])
    np.testing.assert_allclose(
        layer(x).numpy(), x @ layer.kernel.numpy(), rtol=1e-5, atol=1e-6
    )
    assert layer.bias is None
    assert len(layer.weights) == 1
    assert layer.compute_output_shape((None, 7, 3)) == (None, 7, 4)


def test_gradients_of_input_and_weights():
    layer = Dense(2, activation="softplus", dtype="float64")
    layer.build((None, 3))

    def f(x, kernel, bias):
        layer.kernel, layer.bias = kernel, bias
        return layer(x)

    rng = np.random.default_rng(1)
    gradcheck(f, rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2))


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8", "float64"])
def test_integers_do_not_make_float64(dtype):
    assert Dense(2)(np.ones((2, 3), dtype)).dtype == "float32"


def test_probabilities_come_through_the_layer():
    assert isinstance(Dense(1, "sigmoid")(X), Probabilities)
    assert isinstance(Activation("softmax")(X), Probabilities)
    frozen = Dense(1, "sigmoid", trainable=False)
    assert frozen(X).logits is not None


@pytest.mark.parametrize("units", [0, -3, 2.5, "3", None, True])
def test_bad_units(units):
    with pytest.raises(ValueError, match=r"layer 'd'.*positive integer as units"):
        Dense(units, name="d")


def test_numpy_integers_are_integers():
    assert Dense(np.int64(3)).units == 3


def test_wrong_feature_count_names_both_and_the_layer():
    layer = Dense(2, name="d")
    layer(X)
    with pytest.raises(
        ValueError, match=r"'d'.*expected 3 values on axis -1, got shape \(5, 2\)"
    ):
        layer(X[:, :2])
    with pytest.raises(ValueError, match="at least 2 axes"):
        layer(X[0])
    with pytest.raises(ValueError, match="axis -1 of the input must be known"):
        Dense(2).build((None, None))


def test_what_dense_does_not_do():
    with pytest.raises(NotImplementedError, match="lora_rank"):
        Dense(2, lora_rank=3)


def test_unknown_names_in_dense():
    with pytest.raises(ValueError, match=r"unknown activation 'rellu'.*'relu'"):
        Dense(2, activation="rellu")
    with pytest.raises(ValueError, match="unknown initializer"):
        Dense(2, kernel_initializer="glorot")


def test_initializers_constraints_and_regularizers_reach_the_weights():
    layer = Dense(
        2, kernel_initializer=np.ones((3, 2)), kernel_constraint=constraints.NonNeg(),
        bias_constraint="unit_norm",
        bias_initializer=lambda shape, dtype: np.full(shape, 2.0),
    )  # fmt: skip
    layer(X)
    assert layer.kernel.numpy().tolist() == [[1, 1]] * 3
    assert layer.kernel.constraint is layer.kernel_constraint
    assert layer.bias.numpy().tolist() == [2, 2]
    assert layer.bias.dtype == "float32"


def test_activation_takes_functions():
    np.testing.assert_allclose(Activation(np.tanh)(X).numpy(), np.tanh(X), rtol=1e-6)
    assert Activation(activations.relu).get_config()["activation"] == "relu"
    assert Activation("relu").compute_output_shape((None, 3)) == (None, 3)
    assert Dense(2, activation=Activation("relu"))(X).numpy().min() >= 0


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: Input((4,)), (None, 4)),
        (lambda: Input(shape=4), (None, 4)),
        (lambda: Input([4, None], batch_size=2), (2, 4, None)),
        (lambda: Input(batch_shape=(3, 4)), (3, 4)),
        (lambda: Input(()), (None,)),
        (lambda: InputLayer(input_shape=(4,)).output, (None, 4)),
        (lambda: InputLayer(batch_input_shape=(2, 4)).output, (2, 4)),
    ],
)
def test_input_shapes(make, shape):
    place = make()
    assert isinstance(place, KerasTensor)
    assert (place.shape, place.dtype, place.ndim) == (shape, "float32", len(shape))
    assert place.layer.batch_shape == shape
    assert place.layer.compute_output_shape() == shape


def test_input_layer_passes_data_on():
    assert isinstance(InputLayer((2,), name="in")(X), Tensor)
    assert Input((2,), name="in", dtype="int32").dtype == "int32"


@pytest.mark.parametrize("shape", [(0,), (-1,), (2.5,), "ab", ("a",), 3.5])
def test_bad_input_shapes(shape):
    with pytest.raises(
        ValueError, match="input 'in': expected a shape of positive integers"
    ):
        Input(shape, name="in")


def test_input_needs_one_shape():
    with pytest.raises(ValueError, match="expected shape="):
        Input()
    with pytest.raises(ValueError, match="expected shape="):
        Input((2,), batch_shape=(None, 2))
    with pytest.raises(NotImplementedError, match="sparse"):
        Input((2,), sparse=True)


def test_dense_has_keras_s_parameters():
    names = list(inspect.signature(Dense).parameters)
    assert names[:10] == [
        "units", "activation", "use_bias", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "activity_regularizer",
        "kernel_constraint", "bias_constraint",
    ]  # fmt: skip
