"""Masks: handed on from layer to layer, and heeded by losses and metrics."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from replaying import agree

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense, Layer
from tinygrad_lr.masks import mask_of, masks, set_mask

X = np.random.default_rng(0).normal(size=(22, 5, 3)).astype("float32")
X[:7, 3:] = 0
Y = np.random.default_rng(1).normal(size=(22, 5, 1)).astype("float32")


class Masking(Layer):
    """Masks steps that are zero, as keras.layers.Masking does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return np.any(inputs != 0, axis=-1)

    def call(self, inputs: Any) -> Any:
        return inputs * 1.0


class Last(Layer):
    """Uses the mask it is given."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return inputs if mask is None else inputs * mask[..., None]


class Plain(Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


def test_the_mask_goes_from_layer_to_layer() -> None:
    out = Masking()(X)
    expected = np.any(X != 0, -1)
    np.testing.assert_array_equal(np.asarray(mask_of(out)), expected)
    dense = Dense(2)
    dense.supports_masking = True
    np.testing.assert_array_equal(np.asarray(mask_of(dense(out))), expected)
    with pytest.warns(UserWarning, match="does not support"):
        assert mask_of(Plain()(out)) is None
    layer = Last()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(
            layer(out).numpy(), X * expected[..., None] * np.float32(1)
        )
        assert layer(out, mask=np.ones((22, 5), bool)).numpy().any()


def test_masks_are_forgotten_with_their_tensors() -> None:
    before = len(masks)
    out = Masking()(X)
    assert len(masks) == before + 1
    del out
    assert len(masks) == before


def test_a_mask_can_be_set_and_taken_away() -> None:
    x = keras.Tensor([1.0])
    set_mask(x, keras.Tensor([True]))
    assert mask_of([x, None]) == [mask_of(x), None]
    set_mask(x, None)
    assert mask_of(x) is None


def masked(**compiled: Any) -> Any:
    model = keras.Sequential([keras.Input((5, 3)), Masking(), Dense(1)])
    for layer in model.layers:
        layer.supports_masking = True
    model.compile("sgd", "mse", **compiled)
    return model


def test_the_loss_counts_what_is_not_masked() -> None:
    model = masked(metrics=["mae"], weighted_metrics=["mse"])
    loss, mae, mse = model.evaluate(X, Y, verbose=0, batch_size=22)
    mask = np.any(X != 0, -1)
    error = (model.predict(X, verbose=0) - Y)[..., 0]
    np.testing.assert_allclose(loss, np.mean(error[mask] ** 2), rtol=1e-5)
    np.testing.assert_allclose(mae, np.mean(abs(error[mask])), rtol=1e-5)
    np.testing.assert_allclose(mse, np.mean(error[mask] ** 2), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [4, 8])
def test_recorded_and_eager_steps_agree(batch_size: int) -> None:
    weight = np.linspace(0.5, 1.5, 22 * 5).reshape(22, 5)
    agree(
        lambda: masked(metrics=["mae"], weighted_metrics=["mse"]),
        X,
        Y,
        batch_size=batch_size,
        epochs=5,
        sample_weight=weight,
    )
