"""Initializers: distributions, shapes, seeds."""

import math

import numpy as np
import pytest

from tinygrad_lr import initializers
from tinygrad_lr.initializers.scaling import fans
from tinygrad_lr.random import SeedGenerator, set_random_seed

SHAPE = (200, 300)
# standard deviations, and bounds beyond which there is nothing
SPREADS = {
    "glorot_uniform": (math.sqrt(2 / 500), math.sqrt(6 / 500)),
    "glorot_normal": (math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / 0.8796256610342398),
    "he_uniform": (math.sqrt(2 / 200), math.sqrt(6 / 200)),
    "he_normal": (math.sqrt(2 / 200), 2 * math.sqrt(2 / 200) / 0.8796256610342398),
    "lecun_uniform": (math.sqrt(1 / 200), math.sqrt(3 / 200)),
    "lecun_normal": (math.sqrt(1 / 200), 2 * math.sqrt(1 / 200) / 0.8796256610342398),
    "uniform": (0.05 / math.sqrt(3), 0.05),
    "random_uniform": (0.05 / math.sqrt(3), 0.05),
    "normal": (0.05, math.inf),
    "random_normal": (0.05, math.inf),
    "truncated_normal": (0.05 * 0.8796256610342398, 0.1),
}


@pytest.mark.parametrize("name", SPREADS)
def test_distributions(name):
    set_random_seed(1)
    values = initializers.get(name)(SHAPE).numpy()
    stddev, bound = SPREADS[name]
    assert values.shape == SHAPE
    assert values.dtype == "float32"
    assert abs(values.mean(dtype=float)) < 5 * stddev / math.sqrt(values.size)
    assert values.std(dtype=float) == pytest.approx(stddev, rel=0.01)
    assert abs(values).max() <= np.float32(bound)
    if math.isfinite(bound):
        assert abs(values).max() > 0.999 * bound


def test_constants():
    np.testing.assert_array_equal(
        initializers.Zeros()((2, 3)).numpy(), np.zeros((2, 3))
    )
    np.testing.assert_array_equal(initializers.Ones()((2,), "int32").numpy(), [1, 1])
    np.testing.assert_array_equal(initializers.Constant(0.5)((2,)).numpy(), [0.5, 0.5])
    np.testing.assert_array_equal(
        initializers.Constant([1, 2])((2, 2)).numpy()[1], [1, 2]
    )
    np.testing.assert_array_equal(
        initializers.Identity(2)((2, 3)).numpy(), 2 * np.eye(2, 3)
    )
    with pytest.raises(ValueError, match="two axes"):
        initializers.Identity()((3,))


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 2, 3)])
def test_orthogonal(shape):
    values = initializers.Orthogonal(gain=2, seed=1)(shape, "float64").numpy()
    matrix = values.reshape(-1, shape[-1]) / 2
    small = min(matrix.shape)
    product = (
        matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    )
    np.testing.assert_allclose(product, np.eye(small), atol=1e-12)
    with pytest.raises(ValueError, match="two axes"):
        initializers.Orthogonal()((3,))


def test_variance_scaling():
    out = initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=1)
    assert out(SHAPE).numpy().std(dtype=float) == pytest.approx(0.1, rel=0.01)
    for arguments in ({"scale": 0}, {"mode": "fan"}, {"distribution": "gamma"}):
        with pytest.raises(ValueError, match=f"{next(iter(arguments))}"):
            initializers.VarianceScaling(**arguments)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((7,), (7, 7)), ((4, 3), (4, 3)), ((3, 2, 10, 20), (60, 120))],
)
def test_fans(shape, expected):
    assert fans(shape) == expected
    assert fans((2, 3, 5), [0, 1], [2]) == (6, 5)


def test_seeds():
    init = initializers.GlorotUniform(seed=3)
    np.testing.assert_array_equal(init((4, 3)).numpy(), init((4, 3)).numpy())
    unseeded = initializers.GlorotUniform()  # as in Keras: its seed is drawn once
    np.testing.assert_array_equal(unseeded((4, 3)).numpy(), unseeded((4, 3)).numpy())
    other = initializers.GlorotUniform()
    assert (unseeded((4, 3)).numpy() != other((4, 3)).numpy()).any()
    flowing = initializers.RandomNormal(seed=SeedGenerator(1))
    assert (flowing((4,)).numpy() != flowing((4,)).numpy()).any()
    assert flowing.get_config()["seed"] == {"seed": 1}
    with pytest.raises(ValueError, match="seed"):
        initializers.RandomNormal(seed="x")


def test_a_seeded_run_repeats_itself():
    def draw():
        set_random_seed(5)
        return [
            initializers.get(n)((3, 3)).numpy() for n in ("he_normal", "orthogonal")
        ]

    for first, second in zip(draw(), draw(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_get_takes_arrays_and_functions():
    np.testing.assert_array_equal(
        initializers.get(np.array([1.0, 2.0]))((2,)).numpy(), [1, 2]
    )
    assert initializers.get(np.full) is np.full


def test_clone_has_the_same_values():
    init = initializers.HeNormal(seed=4)
    np.testing.assert_array_equal(init.clone()((3, 2)).numpy(), init((3, 2)).numpy())
