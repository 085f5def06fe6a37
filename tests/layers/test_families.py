"""Layers at work: in models of places, under masks, over several batches."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import layers as L
from tinygrad_lr.autodiff import Tensor, gradcheck
from tinygrad_lr.masks import mask_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3)).astype("float32")
STEPS = RNG.normal(size=(4, 5, 2)).astype("float32")

# -- batch normalization ---------------------------------------------------------------


def test_statistics_move_in_training_only_and_not_while_frozen():
    layer = L.BatchNormalization(momentum=0.5)
    layer(X)
    before = layer.get_weights()
    layer(X, training=False)
    layer.trainable = False
    layer(X, training=True)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    layer.trainable = True
    out = layer(X, training=True).numpy()
    np.testing.assert_allclose(layer.moving_mean.numpy(), X.mean(0) / 2, rtol=1e-5)
    np.testing.assert_allclose(
        layer.moving_variance.numpy(), (1 + X.var(0)) / 2, rtol=1e-5
    )
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-6)


def test_fit_moves_statistics_and_frozen_layers_keep_theirs():
    model = keras.Sequential([keras.Input((3,)), L.BatchNormalization(), L.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], epochs=2, verbose=0)
    moved = model.layers[0].moving_mean.numpy()
    assert moved.any()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], epochs=2, verbose=0)
    np.testing.assert_array_equal(model.layers[0].moving_mean.numpy(), moved)


def test_a_mask_of_the_wrong_rank():
    with pytest.raises(ValueError, match="one axis less than the inputs"):
        L.BatchNormalization()(STEPS, mask=np.ones((4,), bool))


# -- embedding -------------------------------------------------------------------------


@pytest.mark.parametrize("index", [5, -1, 7])
def test_integers_outside_the_table(index):
    layer = L.Embedding(5, 2)
    with pytest.raises(IndexError, match=rf"from 0 to 4, .* got {index}\. .*input_dim"):
        layer(np.array([[0, index]]))


def test_integers_outside_the_table_in_fit():
    model = keras.Sequential([L.Embedding(5, 2), L.Flatten(), L.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(IndexError, match="from 0 to 4"):
        model.fit(np.full((8, 2), 5), np.zeros((8, 1)), verbose=0)


def test_gradients_of_repeated_rows_add_up():
    layer = L.Embedding(4, 2)
    layer(np.array([[1, 1, 3]])).sum().backward()
    assert layer.embeddings.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]


def test_weights_to_begin_with():
    table = np.arange(6.0).reshape(3, 2)
    for weights in (table, [table]):
        layer = L.Embedding(3, 2, weights=weights)
        assert layer(np.array([2])).numpy().tolist() == [[4, 5]]


def test_floats_are_cut_off_and_no_indices_give_no_rows():
    layer = L.Embedding(4, 2)
    cut = layer(np.array([[1.7, 2.0]], "float32")).numpy()
    np.testing.assert_array_equal(cut, layer(np.array([[1, 2]])).numpy())
    assert layer(np.empty((0, 3), int)).shape == (0, 3, 2)


# -- masks -----------------------------------------------------------------------------


def test_masks_travel_from_embedding_to_pooling():
    model = keras.Sequential(
        [L.Embedding(5, 2, mask_zero=True), L.Dropout(0.5), L.GlobalAveragePooling1D()]
    )
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    table = model.layers[0](ids).numpy()
    out = model.predict(ids, verbose=0)
    np.testing.assert_allclose(out[0], table[0, :2].mean(0), rtol=1e-6)
    np.testing.assert_allclose(out[1], table[1, 0], rtol=1e-6)


def test_masking_hides_steps_and_merging_joins_masks():
    x = STEPS.copy()
    x[0, 3:], x[1, :2] = 0, 0
    masked = L.Masking()(x)
    counted = (x != 0).any(-1)
    np.testing.assert_array_equal(mask_of(masked).numpy(), counted)
    other = L.Masking()(x[::-1].copy())
    both = L.Add()([masked, other])
    np.testing.assert_array_equal(mask_of(both).numpy(), counted | counted[::-1])
    assert mask_of(L.Add()([masked, Tensor(x)])) is None
    larger = L.Maximum()([masked, other]).numpy()
    only = counted & ~counted[::-1]
    np.testing.assert_array_equal(larger[only], x[only])
    product = L.Multiply()([masked, other]).numpy()
    np.testing.assert_array_equal(product[only], x[only])


def test_time_distributed_hands_masks_on():
    seen = []

    class Inner(L.Layer):
        def call(self, inputs, mask=None):
            seen.append(mask.shape)
            return inputs

    x = L.Masking()(STEPS)
    out = L.TimeDistributed(Inner())(x)
    assert seen == [(4,)] * 5
    assert mask_of(out).shape == (4, 5)
    with pytest.raises(ValueError, match=r"mask of shape \(4, 5\)"):
        L.TimeDistributed(L.Softmax())(STEPS, mask=np.ones((4, 3), bool))


def test_softmax_refuses_masks_that_do_not_fit():
    with pytest.raises(ValueError, match=r"mask of shape \(4, 3\) does not fit"):
        L.Softmax()(X, mask=np.ones((4, 3), bool))


# -- wrappers --------------------------------------------------------------------------


def test_time_distributed_is_the_layer_at_each_step():
    for inner in (
        L.Dense(3, "tanh"),
        L.Lambda(lambda t: t * 2),
        L.BatchNormalization(),
    ):
        out = L.TimeDistributed(inner)(STEPS).numpy()
        each = np.stack([inner(STEPS[:, t]).numpy() for t in range(5)], 1)
        np.testing.assert_allclose(out, each, rtol=1e-6)


def test_wrappers_are_made_again_from_their_configuration():
    layer = L.TimeDistributed(L.Dense(3, "tanh", name="d"), name="t")
    again = L.deserialize(L.serialize(layer))
    assert isinstance(again.layer, L.Dense)
    assert (again.name, again.layer.units) == ("t", 3)


# -- lambda ----------------------------------------------------------------------------


def double(x):
    return x * 2


def test_named_functions_are_found_again():
    config = L.Lambda(double).get_config()
    again = L.Lambda.from_config(config, {"double": double})
    assert again.function is double
    with pytest.raises(ValueError, match="double"):
        L.Lambda.from_config(config)


def test_code_from_a_configuration_is_not_run():
    config = L.Lambda(lambda x: np.tanh(x) + 1).get_config()
    assert config["function"]["class_name"] == "__lambda__"
    with pytest.raises(ValueError, match="code of a Python lambda, which is never run"):
        L.Lambda.from_config(config)


# -- preprocessing ---------------------------------------------------------------------


def test_adapt_takes_arrays_lists_frames_and_generators():
    expected = X.mean(0)
    ways = [X, X.tolist(), [X[:7], X[7:]], (part for part in (X[:7], X[7:])),
            [(X[:7], 0), (X[7:], 0)], Tensor(X)]  # fmt: skip
    for way in ways:
        layer = L.Normalization()
        layer.adapt(way)
        np.testing.assert_allclose(layer.mean.numpy()[0], expected, rtol=1e-4)
        out = layer(X).numpy()
        np.testing.assert_allclose(out.std(0), 1, rtol=1e-4)


def test_adapt_again_forgets_and_other_shapes_are_refused():
    layer = L.Normalization(name="n")
    assert layer.mean is None
    layer.adapt(X)
    layer.adapt(X + 5)
    np.testing.assert_allclose(layer.mean.numpy()[0], X.mean(0) + 5, rtol=1e-4)
    with pytest.raises(ValueError, match=r"'n'\).*cannot adapt to data"):
        layer.adapt(X[:, :2])
    for layer in (L.Normalization(), L.Discretization(num_bins=3)):
        with pytest.raises(ValueError, match="no data"):
            layer.adapt(iter([]))
    with pytest.raises(ValueError, match="were given"):
        L.Normalization(mean=0, variance=1).adapt(X)
    with pytest.raises(ValueError, match="were given"):
        L.Discretization([1.0]).adapt(X)
    with pytest.raises(ValueError, match="call adapt"):
        L.Discretization(num_bins=3)(X)


def test_normalization_learned_in_between_reaches_a_compiled_model():
    layer = L.Normalization()
    layer.adapt(X)
    model = keras.Sequential([layer])
    before = model.predict(X, verbose=0)
    layer.adapt(X * 3)
    np.testing.assert_allclose(model.predict(X * 3, verbose=0), before, atol=1e-5)


def test_learned_bins_survive_a_configuration():
    layer = L.Discretization(num_bins=4)
    layer.adapt(X)
    again = L.Discretization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(X).numpy(), layer(X).numpy())


# -- in models of places ---------------------------------------------------------------


def test_merging_layers_join_branches():
    a, b = keras.Input((3,)), keras.Input((3,))
    left, right = L.Dense(4, "relu")(a), L.Dense(4, "relu")(b)
    merged = L.concatenate(
        [L.add([left, right]), L.multiply([left, right]), L.dot([left, right], 1)]
    )
    model = keras.Model([a, b], L.Dense(1)(L.BatchNormalization()(merged)))
    assert merged.shape == (None, 9)
    model.compile("adam", "mse")
    history = model.fit([X, X], X[:, :1], epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize(
    "layer",
    [
        L.BatchNormalization(), L.LayerNormalization(axis=[1, 2]), L.PReLU(),
        L.GroupNormalization(1), L.RMSNormalization(), L.Flatten(), L.Softmax(axis=1),
        L.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d"),
        L.TimeDistributed(L.Dense(3, dtype="float64")), L.UpSampling1D(2),
        L.ZeroPadding1D(1),
    ],
    ids=lambda layer: layer.name,
)  # fmt: skip
def test_gradients_against_differences(layer):
    made = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    x = RNG.normal(size=(2, 3, 2)) + 0.1
    made(x)
    gradcheck(lambda t: made(t, training=True), x)


# -- in files --------------------------------------------------------------------------


def test_layers_come_back_from_files(tmp_path):
    normalization = L.Normalization()
    normalization.adapt(X)
    a, ids = keras.Input((3,)), keras.Input((4,))
    h = L.BatchNormalization()(L.Dense(6, "tanh")(normalization(a)))
    h = L.PReLU()(L.LayerNormalization()(L.Dropout(0.5, seed=3)(h)))
    s = L.SpatialDropout1D(0.25)(L.Embedding(9, 6)(ids))
    s = L.TimeDistributed(L.Dense(6, "relu"))(s)
    s = L.EinsumDense("abc,cd->abd", (4, 6), bias_axes="d")(s)
    both = L.concatenate([L.add([h, L.GlobalAveragePooling1D()(s)]), L.LeakyReLU()(h)])
    model = keras.Model([a, ids], L.Dense(1)(L.Flatten()(L.Reshape((3, 4))(both))))
    model.compile("adam", "mse")
    data = [X, RNG.integers(0, 9, size=(20, 4))]
    model.fit(data, X[:, :1], epochs=2, verbose=0)
    for name in ("m.keras", "m.h5"):
        if name.endswith("h5"):
            pytest.importorskip("h5py")
        model.save(tmp_path / name)
        again = keras.models.load_model(tmp_path / name)
        out = again.predict(data, verbose=0)
        np.testing.assert_array_equal(out, model.predict(data, verbose=0))
