"""Penalties on weights."""

import numpy as np
import pytest

from tinygrad_lr import regularizers
from tinygrad_lr.autodiff import Tensor, gradcheck

W = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.1), 0.65),
        (regularizers.L2(0.1), 1.425),
        (regularizers.L1L2(0.1, 0.2), 0.65 + 2.85),
        (regularizers.L1L2(), 0.0),
        (regularizers.l1_l2(), 0.0),
        (regularizers.L1L2(None, 0.1), 1.425),
        (regularizers.L1(None), 0.065),
        (regularizers.get("l2"), 0.1425),
        (regularizers.OrthogonalRegularizer(1.0), 5.5 / np.sqrt(5 * 9.25)),
        (regularizers.OrthogonalRegularizer(1.0, "columns"), 0.5 / np.sqrt(1.25 * 13)),
    ],
)
def test_penalties(regularizer, expected):
    assert regularizer(Tensor(W)).item() == pytest.approx(expected)
    assert regularizer(Tensor(W.astype("float32"))).dtype == "float32"
    gradcheck(regularizer, W)


def test_bad_factors():
    for factor in ("x", float("nan"), float("inf"), True, -0.1):
        for kind in (regularizers.L1, regularizers.L2, regularizers.L1L2):
            with pytest.raises(ValueError, match="finite number of at least 0 as l"):
                kind(factor)
        with pytest.raises(ValueError, match="at least 0 as factor"):
            regularizers.OrthogonalRegularizer(factor)
    with pytest.raises(ValueError, match="rows"):
        regularizers.OrthogonalRegularizer(mode="x")
    with pytest.raises(ValueError, match="matrix"):
        regularizers.OrthogonalRegularizer()(Tensor([1.0]))


@pytest.mark.parametrize("name", ["L1", "l2", "l1_l2", "orthogonal_regularizer"])
def test_configurations(name):
    regularizer = regularizers.get(name)
    config = regularizers.serialize(regularizer)
    assert config["module"] == "keras.regularizers"
    again = regularizers.get(config)
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert regularizers.get(again) is again
    assert regularizers.get(None) is None


def test_functions_and_lists_will_do():
    assert regularizers.get(np.sum) is np.sum
    assert regularizers.L2(0.5)([1.0, 2.0]).item() == 2.5
    assert regularizers.Regularizer()(W) == 0.0
