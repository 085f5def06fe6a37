"""Noise: how much of it, in training only, the same again from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lr import layers as L
from tinygrad_lr.utils import set_random_seed

X = np.random.default_rng(0).normal(size=(400, 50)).astype("float32")
NOISES = {
    "Dropout": lambda **o: L.Dropout(0.25, **o),
    "AlphaDropout": lambda **o: L.AlphaDropout(0.25, **o),
    "GaussianDropout": lambda **o: L.GaussianDropout(0.25, **o),
    "GaussianNoise": lambda **o: L.GaussianNoise(0.25, **o),
}


@pytest.fixture(params=NOISES)
def noise(request):
    return NOISES[request.param]


def test_none_in_inference(noise):
    for options in ({}, {"training": False}, {"training": None}):
        np.testing.assert_array_equal(noise()(X, **options).numpy(), X)


def test_a_seed_makes_noise_repeat_itself_but_not_within_a_layer(noise):
    first, second = noise(seed=3), noise(seed=3)
    one = first(X, training=True).numpy()
    assert one.tobytes() == second(X, training=True).numpy().tobytes()
    assert one.tobytes() != first(X, training=True).numpy().tobytes()
    set_random_seed(1)
    unseeded = noise()(X, training=True).numpy()
    set_random_seed(1)
    assert unseeded.tobytes() == noise()(X, training=True).numpy().tobytes()


def test_the_mean_is_kept(noise):
    x = (
        np.full((200, 100), 2.0, "float32")
        if noise is not NOISES["AlphaDropout"]
        else X
    )
    out = noise(seed=1)(x, training=True).numpy()
    assert out.mean() == pytest.approx(x.mean(), abs=0.03)
    assert out.dtype == "float32"


def test_dropout_drops_the_rate_and_scales_the_rest():
    out = L.Dropout(0.25, seed=1)(np.ones((200, 100)), training=True).numpy()
    assert set(np.unique(out)) == {0, np.float32(1 / 0.75)}
    assert (out == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert not L.Dropout(1)(X, training=True).numpy().any()
    np.testing.assert_array_equal(L.Dropout(0)(X, training=True).numpy(), X)


def test_alpha_dropout_keeps_mean_and_variance():
    out = L.AlphaDropout(0.4, seed=1)(X, training=True).numpy()
    assert out.mean() == pytest.approx(X.mean(), abs=0.03)
    assert out.var() == pytest.approx(X.var(), abs=0.06)


def test_gaussian_noise_has_the_deviation_it_is_asked_for():
    added = L.GaussianNoise(0.5, seed=1)(X, training=True).numpy() - X
    assert added.std() == pytest.approx(0.5, abs=0.01)
    factor = L.GaussianDropout(0.2, seed=1)(np.ones_like(X), training=True).numpy()
    assert factor.std() == pytest.approx(0.5, abs=0.01)


def test_noise_shape_shares_the_mask():
    x = np.ones((8, 6, 4))
    out = L.Dropout(0.5, noise_shape=(None, 1, 4), seed=2)(x, training=True).numpy()
    assert (out == out[:, :1]).all()
    assert len(np.unique(out)) == 2
    with pytest.raises(ValueError, match=r"noise_shape \(3, 1, 4\) does not fit"):
        L.Dropout(0.5, noise_shape=(3, 1, 4))(x, training=True)
    with pytest.raises(ValueError, match="noise_shape"):
        L.Dropout(0.5, noise_shape=(1, 4))(x, training=True)


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (L.SpatialDropout1D(0.5, seed=1), (9, 5, 4), (1,)),
        (L.SpatialDropout2D(0.5, seed=1), (9, 5, 3, 4), (1, 2)),
        (L.SpatialDropout2D(0.5, "channels_first", 1), (9, 4, 5, 3), (2, 3)),
        (L.SpatialDropout3D(0.5, seed=1), (9, 2, 5, 3, 4), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer, shape, axes):
    out = layer(np.ones(shape), training=True).numpy()
    assert (out == out.max(axis=axes, keepdims=True)).all()
    assert len(np.unique(out)) == 2


def test_gradients_pass_where_values_do():
    from tinygrad_lr.autodiff import Tensor

    x = Tensor(X, requires_grad=True)
    out = L.Dropout(0.5, seed=1)(x, training=True)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad != 0, out.numpy() != 0)


def test_activity_regularization_adds_a_penalty_per_sample():
    layer = L.ActivityRegularization(l1=0.5, l2=0.25)
    np.testing.assert_array_equal(layer(X[:4]).numpy(), X[:4])
    x = X[:4].astype("float64")
    expected = (0.5 * np.abs(x).sum() + 0.25 * (x**2).sum()) / 4
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)
