"""keras.backend as programs of Keras 1 and 2 use it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import backend as K
from tinygrad_lr.autodiff import Tensor, Variable

X = np.array([[3.0, 4.0], [0.0, 2.0]], "float32")


def test_mathematics_of_old_programs():
    assert K.mean(X, axis=1).numpy().tolist() == [3.5, 1]
    assert K.sum(K.square(K.variable(X))).item() == 29
    assert K.clip(X, 1, 3).numpy().tolist() == [[3, 3], [1, 2]]
    assert K.argmax(X).numpy().tolist() == [1, 1]
    assert K.concatenate([X, X]).shape == (2, 4)
    assert K.expand_dims(X).shape == (2, 2, 1)
    assert K.batch_flatten(np.ones((2, 3, 4))).shape == (2, 12)
    assert K.repeat(X, 3).shape == (2, 3, 2)
    assert K.gather(X, [1]).numpy().tolist() == [[0, 2]]
    assert K.reverse(X, 1).numpy().tolist() == [[4, 3], [2, 0]]
    assert K.round(K.clip(K.constant([0.4, 0.6]), 0, 1)).numpy().tolist() == [0, 1]
    assert K.switch(K.constant(1) > 0, lambda: 2, lambda: 3) == 2
    np.testing.assert_allclose(K.l2_normalize(X, axis=1).numpy(), [[0.6, 0.8], [0, 1]])


@pytest.mark.parametrize(
    ("first", "second", "axes", "shape"),
    [
        ((4, 3), (4, 3), None, (4, 1)), ((4, 3), (4, 3), 1, (4, 1)),
        ((4, 2, 3), (4, 3, 5), None, (4, 2, 5)),
        ((4, 2, 3), (4, 5, 3), (2, 2), (4, 2, 5)),
        ((4, 2, 3), (4, 3), (2, 1), (4, 2)), ((4, 2, 3), (4, 2), 1, (4, 3)),
    ],
)  # fmt: skip
def test_batch_dot(first, second, axes, shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=first), rng.normal(size=second)
    out = K.batch_dot(x.astype("float32"), y.astype("float32"), axes)
    assert out.shape == shape
    pair = (len(first) - 1, max(len(second) - 2, 1)) if axes is None else axes
    pair = (pair, pair) if isinstance(pair, int) else pair
    for i in range(4):
        one = np.tensordot(x[i], y[i], [pair[0] - 1, pair[1] - 1])
        np.testing.assert_allclose(
            np.squeeze(out.numpy()[i]), np.squeeze(one), rtol=1e-5
        )


def test_variables():
    v = K.variable([1.0, 2.0])
    K.update_add(v, [1.0, 1.0])
    K.update_sub(v, [0.5, 0.5])
    K.moving_average_update(v, K.constant([0.0, 0.0]), 0.5)
    assert K.get_value(v).tolist() == [0.75, 1.25]
    K.batch_set_value([(v, [4.0, 5.0])])
    assert K.batch_get_value([v])[0].tolist() == [4, 5]
    assert K.eval(K.update(v, [0.0, 0.0])).tolist() == [0, 0]
    assert isinstance(K.zeros((2,)), Variable)
    assert K.count_params(K.ones((2, 3))) == 6
    assert K.is_keras_tensor(keras.Input((2,)))
    assert not K.is_keras_tensor(v)


def test_settings():
    assert K.image_dim_ordering() == "tf"
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first"
    K.set_image_dim_ordering("tf")
    with pytest.raises(ValueError, match="expected 'tf' or 'th'"):
        K.set_image_dim_ordering("nchw")
    assert K.learning_phase() == 0
    K.set_learning_phase(1)
    assert K.in_train_phase(lambda: 1, lambda: 2, training=True) == 1
    assert K.in_test_phase(1, 2, training=False) == 1
    K.clear_session()
    assert [K.get_uid("a"), K.get_uid("a")] == [1, 2]
    assert K.standardize_dtype(None) == "float32"
    assert K.result_type("int32", "float16") == "float16"
    assert K.result_type("int32", float) == "float32"
    assert K.is_float_dtype("float16")
    assert K.is_int_dtype("uint8")
    with K.name_scope("any"):
        pass


def test_losses_and_random_numbers():
    y, p = np.array([[0.0, 1.0]], "float32"), np.array([[0.25, 0.75]], "float32")
    assert K.binary_crossentropy(y, p).shape == (1, 2)
    np.testing.assert_allclose(K.categorical_crossentropy(y, p), [-np.log(0.75)])
    np.testing.assert_allclose(
        K.sparse_categorical_crossentropy(np.array([1]), p).numpy(), [-np.log(0.75)]
    )
    assert K.random_normal((3,), seed=1).shape == (3,)
    assert K.random_uniform((3,), 2, 3).numpy().min() >= 2
    assert set(K.random_binomial((20,), 0.5).numpy()) <= {0, 1}
    assert K.dropout(K.ones((8,)), 0.5, seed=1).shape == (8,)


@pytest.mark.parametrize("name", ["rnn", "conv2d"])
def test_graphs_are_refused(name):
    with pytest.raises(NotImplementedError, match=f"K.{name}: there are no"):
        getattr(K, name)()


def test_a_loss_written_with_the_backend():
    def rmse(y_true, y_pred):
        return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1) + K.epsilon())

    model = keras.Sequential([keras.layers.Dense(2, input_dim=2)])
    model.compile("sgd", rmse)
    history = model.fit(X, X, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert isinstance(rmse(Tensor(X), Tensor(X)), Tensor)


def test_small_functions(capsys):
    assert K.slice(K.constant([1, 2, 3]), [1], [2]).numpy().tolist() == [2, 3]
    assert K.map_fn(lambda v: v + 1, K.constant([1.0])).numpy().tolist() == [2]
    assert K.print_tensor(K.identity([5.0]), "x is").numpy() == 5
    assert "x is Tensor([5." in capsys.readouterr().out
