"""to_categorical and normalize against what real Keras 3 returns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.utils import Config, PyDataset, normalize, to_categorical


@pytest.mark.parametrize(
    ("x", "arguments", "expected"),
    [
        ([0, 2], {}, [[1, 0, 0], [0, 0, 1]]),
        ([0, 1], {"num_classes": 3}, [[1, 0, 0], [0, 1, 0]]),
        ([[0], [1]], {}, [[1, 0], [0, 1]]),
        ([[0, 1], [1, 1]], {}, [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]),
        ([0.0, 1.7], {}, [[1, 0], [0, 1]]),
        ([True, False], {}, [[0, 1], [1, 0]]),
        (2, {}, [0, 0, 1]),
    ],
)
def test_to_categorical(x: Any, arguments: dict[str, Any], expected: Any) -> None:
    found = to_categorical(x, **arguments)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("x", "classes", "message"),
    [
        ([0, 5], 3, "from 0 to 2, got 5 at position 1"),
        ([-1, 1], None, "got -1 at position 0"),
        ([], None, "got none"),
        (["a"], None, "got <U1 data"),
    ],
)
def test_to_categorical_refuses(x: Any, classes: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_categorical(x, classes)


def test_normalize_divides_by_the_length() -> None:
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(
        normalize(np.array([[1, 2], [3, 4]], "float32"), axis=0, order=1),
        [[0.25, 1 / 3], [0.75, 2 / 3]],
        rtol=1e-6,
    )
    assert normalize(np.array([1, 2, 0])).shape == (1, 3)


def test_a_dataset_says_what_it_lacks() -> None:
    class Empty(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="Empty: expected a method __len__"):
        _ = Empty().num_batches
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Empty()[0]


def test_of_tensors_they_are_tensors() -> None:
    rows = to_categorical(Tensor([2, 0]), 3)
    assert isinstance(rows, Tensor)
    assert (rows.dtype, rows.tolist()) == ("float32", [[0, 0, 1], [1, 0, 0]])
    x = Tensor([[3.0, 4.0], [0.0, 0.0]])
    assert isinstance(normalize(x), Tensor)
    np.testing.assert_allclose(normalize(x), [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_a_config_can_be_frozen() -> None:
    config = Config(rate=0.1)
    config.seed = 3
    config["name"] = "a"
    assert list(config) == ["name", "rate", "seed"]
    assert (len(config), "seed" in config, config.get("x", 5)) == (3, True, 5)
    assert config.pop("name") == "a"
    config.freeze()
    assert config.frozen
    for change in (
        lambda: setattr(config, "seed", 4), lambda: config.update(seed=4),
        lambda: delattr(config, "seed"), lambda: config.pop("seed"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    config.seed = 4
    assert config.as_dict() == {"rate": 0.1, "seed": 4}
    with pytest.raises(AttributeError, match=r"no value 'sed'\. Did you mean 'seed'"):
        _ = config.sed
