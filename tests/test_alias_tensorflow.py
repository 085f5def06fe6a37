"""What programs take from ``tensorflow`` besides Keras."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_lr
from tinygrad_lr import tensorflow_names

pytestmark = pytest.mark.usefixtures("aliased")


def test_small_mathematics_gives_tensors():
    import tensorflow as tf

    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert x.dtype == tf.float32
    assert tf.constant([1, 2]).dtype == tf.int32
    assert tf.constant(np.array([1.0])).dtype == tf.float64
    assert tf.reduce_mean(x, 0).numpy().tolist() == [2, 3]
    assert tf.reduce_sum(x, axis=1, keepdims=True).shape == (2, 1)
    assert tf.math.reduce_max(x).numpy() == 4
    assert tf.argmax(x, axis=1).numpy().tolist() == [1, 1]
    assert tf.cast(tf.equal(x, 1.0), tf.float32).numpy().tolist() == [[1, 0], [0, 0]]
    assert tf.matmul(x, x).numpy().tolist() == [[7, 10], [15, 22]]
    assert tf.one_hot([0, 2], 3).numpy().tolist() == [[1, 0, 0], [0, 0, 1]]
    assert tf.concat([x, x], axis=1).shape == (2, 4)
    assert tf.range(3).numpy().tolist() == [0, 1, 2]
    assert tf.constant(1.0, shape=[2, 3]).shape == (2, 3)
    assert tf.square(3.0, name="nine").numpy() == 9
    assert tf.add(1.0, 2.0).dtype == tf.maximum(x, 0).dtype == tf.float32
    assert tf.where(x > 1, x, 0).numpy().tolist() == [[0, 2], [3, 4]]
    assert tf.is_tensor(x)
    assert not tf.is_tensor([1.0])
    assert x[:, tf.newaxis].shape == (2, 1, 2)


@pytest.mark.parametrize("name", sorted(tensorflow_names.MATH))
def test_each_function_agrees_with_numpy(name):
    import tensorflow as tf

    function = getattr(tf.math, name)
    renamed = {"pow": "power", "reduce_variance": "var"}
    numpy_name = renamed.get(name, name.removeprefix("reduce_"))
    own = {
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "softplus": lambda x: np.log1p(np.exp(x)),
        "squared_difference": lambda x, y: (x - y) ** 2,
        "argmax": lambda x: np.argmax(x, 0),
        "argmin": lambda x: np.argmin(x, 0),
    }
    expected = own.get(name) or getattr(np, numpy_name)
    x = np.array([[0.3, 1.7], [2.5, 0.6]])
    y = np.array([[1.2, 0.4], [2.5, 3.0]])
    arguments = (x, y) if name in TAKE_TWO.split() else (x,)
    np.testing.assert_allclose(
        function(*arguments).numpy(), expected(*arguments), rtol=1e-12
    )


TAKE_TWO = """
    add divide equal floor_divide greater greater_equal less less_equal logical_and
    logical_or maximum minimum multiply not_equal pow squared_difference subtract
    """


def test_gradient_tape():
    import tensorflow as tf

    w = tf.Variable(3.0, name="w")
    with tf.GradientTape() as tape:
        loss = tf.square(w) + tf.nn.relu(w)
    assert tape.gradient(loss, w).numpy() == 7


def test_activations_are_keras_activations():
    import tensorflow as tf

    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(3, activation=tf.nn.relu, input_shape=(2,)),
         tf.keras.layers.Dense(2, activation=tf.nn.softmax)]
    )  # fmt: skip
    assert [layer.get_config()["activation"] for layer in model.layers] == [
        "relu",
        "softmax",
    ]


def test_seeds():
    import tensorflow as tf

    draws = []
    for seed in (tf.random.set_seed, tf.set_random_seed, tf.compat.v1.set_random_seed):
        seed(3)
        draws.append(tinygrad_lr.initializers.RandomNormal()((4,)).numpy().tolist())
    assert draws[0] == draws[1] == draws[2]


def test_switches_say_once_that_they_do_nothing():
    import tensorflow as tf

    tensorflow_names.said.clear()
    said = r"tf\.enable_eager_execution has no effect here: "
    with pytest.warns(UserWarning, match=said) as found:
        _ = [tf.enable_eager_execution() for _ in range(2)]
    assert len(found) == 1
    assert found[0].filename == __file__
    with pytest.warns(
        UserWarning, match=r"tf\.config\.set_memory_growth has no effect"
    ):
        tf.config.experimental.set_memory_growth(None, True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.config.experimental.set_memory_growth(None, True)
        assert tf.executing_eagerly()
        assert tf.config.list_physical_devices("GPU") == []
        assert len(tf.config.experimental.list_physical_devices("CPU")) == 1
        tf.get_logger().setLevel("ERROR")
        tf.logging.set_verbosity(tf.logging.ERROR)
        assert not tf.test.is_gpu_available()
    with pytest.warns(UserWarning, match="one device"):
        strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        assert strategy.num_replicas_in_sync == 1


def test_tf_function_returns_the_function():
    import tensorflow as tf

    tensorflow_names.said.clear()

    def f(x):
        return x

    with pytest.warns(UserWarning, match="run as they are written"):
        assert tf.function(f) is f
    assert tf.function(jit_compile=True)(f) is f
