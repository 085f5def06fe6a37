"""What operations take and give: Tensors, one dtype, places, recorded steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lr as keras
from tinygrad_lr import ops
from tinygrad_lr.autodiff import Tensor, Variable

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "float16", "float32"]


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_promotion_is_symmetric_and_keeps_floats(first, second):
    a, b = np.ones((2,), first), np.ones((2,), second)
    out = ops.multiply(a, b)
    assert out.dtype == ops.multiply(b, a).dtype
    kinds = {np.dtype(first).kind, np.dtype(second).kind}
    assert (out.dtype.kind == "f") == ("f" in kinds)
    if first == second:
        assert out.dtype == first


def test_python_numbers_are_weak():
    x = Tensor(np.ones(2, "float16"))
    assert (ops.add(x, 1.5)).dtype == "float16"
    assert ops.add(np.ones(2, "int32"), 1.5).dtype == "float32"
    assert ops.add(np.ones(2, "uint8"), 1).dtype == "uint8"
    assert ops.add(1, 2).dtype == "int32"


def test_arrays_of_64_bits_become_those_of_32():
    assert ops.sum(np.ones(3)).dtype == "float32"
    assert ops.sum(np.arange(3)).dtype == "int32"
    keras.config.set_floatx("float64")
    try:
        assert ops.sum(np.ones(3)).dtype == "float64"
    finally:
        keras.config.set_floatx("float32")


def test_results_are_tensors():
    for out in (ops.argmax([1.0, 2.0]), ops.greater([1], [2]), ops.isnan([1.0])):
        assert isinstance(out, Tensor)
    assert all(isinstance(part, Tensor) for part in ops.split(np.ones(4), 2))


@pytest.mark.parametrize(
    "operation",
    [
        ops.relu, ops.softmax, ops.exp, ops.square, lambda x: ops.argmax(x, 1),
        lambda x: ops.logsumexp(x, 1),
        lambda x: ops.mean(x, axis=-1, keepdims=True), lambda x: ops.one_hot(
            ops.argmax(x, -1), 3), lambda x: ops.concatenate([x, x], -1),
        lambda x: ops.matmul(x, np.ones((3, 2), "float32")), lambda x: ops.sum(x, 1),
        lambda x: ops.where(x > 0, x, 0.0), lambda x: ops.expand_dims(x, 1),
        lambda x: ops.clip(x, 0, 1), lambda x: ops.cast(x, "int32"), ops.stop_gradient,
        lambda x: ops.einsum("ij,ij->i", x, x), lambda x: ops.top_k(x, 2)[0],
        lambda x: ops.layer_normalization(x), lambda x: ops.norm(x, axis=-1),
        lambda x: ops.add(x, 1), lambda x: ops.maximum(x, np.zeros(3, "float32")),
    ],
)  # fmt: skip
def test_operations_on_places_become_steps_of_a_model(operation):
    x = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    place = keras.Input((3,))
    out = operation(place)
    model = keras.Model(place, out)
    expected = operation(Tensor(x))
    assert str(out.dtype) == str(expected.dtype)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected.numpy(), rtol=1e-6)


class Own(keras.layers.Layer):
    """Operations whose forms differ while a step is recorded."""

    def build(self, shape):
        self.w = self.add_weight(shape=(3, 3), initializer="glorot_uniform", name="w")

    def call(self, x):
        y = ops.matmul(x, self.w)
        y = ops.cond(ops.sum(y) > 0, lambda: y * 2, lambda: y - 1)
        y = ops.slice_update(y, (0, 0), ops.zeros((1, 1)))
        y = y + ops.stop_gradient(ops.square(y))
        y = ops.switch(ops.argmax(ops.sum(y, 0)), [ops.tanh, ops.sin, ops.cos], y)
        places = np.array([[0], [1], [0]], "int32")
        y = y + ops.scatter_update(ops.zeros_like(y), places, ops.ones((3, 3)), "max")
        y = ops.scan(lambda c, r: (c + r, c * r), y[0], y)[1]
        return ops.fori_loop(0, 2, lambda i, v: v + i * y, y)


@pytest.mark.filterwarnings("error")
def test_a_recorded_step_is_bitwise_the_eager_one():
    x = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    weights = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([Own()])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        model.fit(x, x, batch_size=4, epochs=2, verbose=0)
        weights.append(model.get_weights()[0])
    np.testing.assert_array_equal(*weights)


def test_a_loop_that_ends_by_a_value():
    out = ops.while_loop(lambda i, v: v < 20, lambda i, v: (i + 1, v * 2), (0, 1.0))
    assert [part.item() for part in out] == [5, 32]


def test_bad_input():
    with pytest.raises(ValueError, match="expected a dtype such as"):
        ops.cast([1], "floot")
    with pytest.raises(ValueError, match="expected both x1 and x2"):
        ops.where([True], 1)
    with pytest.raises(ValueError, match="square matrices"):
        ops.inv(np.ones((2, 3)))
    with pytest.raises(ValueError, match="same shape"):
        ops.binary_crossentropy([1.0], [0.5, 0.5])
    with pytest.raises(NotImplementedError, match="sparse"):
        ops.one_hot([1], 2, sparse=True)
    with pytest.raises(ValueError, match="as reduction, got 'sub'"):
        ops.scatter_update(np.ones(2), [[0]], [1.0], "sub")
    with pytest.raises(ValueError, match="expected num=2"):
        ops.unstack(np.ones((2, 3)), 3)


def test_variables_are_tensors():
    v = Variable([1.0, 2.0])
    assert ops.convert_to_tensor(v) is v
    assert ops.is_tensor(v)
    assert ops.shape(v) == (2,)
    assert ops.convert_to_numpy(v).tolist() == [1, 2]


def test_a_dtype_of_numpy_is_what_it_says():
    """np.dtype("float64") == float, and yet only the Python type means floatx."""
    for name in ("float64", "int64"):
        assert keras.backend.standardize_dtype(np.dtype(name)) == name
        assert keras.Input((1,)).astype(name).dtype == name
        assert keras.ops.cast([1], np.dtype(name)).dtype == name
    assert [keras.backend.standardize_dtype(kind) for kind in (float, int)] == [
        "float32", "int32",
    ]  # fmt: skip
