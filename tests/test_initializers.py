"""Initializers: distributions, shapes, seeds."""

import math

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import initializers
from tinygrad_lr.initializers import functions
from tinygrad_lr.initializers.scaling import fans
from tinygrad_lr.initializers.windows import named_window
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
    for value in (np.array([1.0, 2.0]), keras.Tensor([1.0, 2.0])):
        config = initializers.serialize(initializers.Constant(value))
        assert initializers.deserialize(config)((2,)).tolist() == [1, 2]
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
    twin = flowing.from_config(flowing.get_config())
    fresh = initializers.RandomNormal(seed=SeedGenerator(1))
    np.testing.assert_array_equal(twin((4,)).numpy(), fresh((4,)).numpy())
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
    given = initializers.get(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(given((2,)).numpy(), [1, 2])
    assert given((2,), "float16").dtype == "float16"
    with pytest.raises(ValueError, match=r"shape \(2, 2\), got .* shape \(2,\)"):
        given((2, 2))
    assert initializers.get(np.full) is np.full
    for wrong in (3, ["zeros"], "zeroes"):
        with pytest.raises(ValueError, match="initializer"):
            initializers.get(wrong)


def test_users_functions():
    def of_keras_3(shape, dtype=None):
        return np.full(shape, 0.5, dtype)

    def of_keras_1(shape, name=None):
        return functions.normal(shape, scale=0.01, name=name)

    def named(shape, name):
        return functions.uniform(shape, name=name)

    assert initializers.get(of_keras_3) is of_keras_3
    for function in (of_keras_3, of_keras_1, named, lambda shape: np.ones(shape)):
        layer = keras.layers.Dense(2, kernel_initializer=function)
        layer.build((None, 3))
        assert layer.kernel.dtype == "float32"
    config = keras.layers.Dense(2, kernel_initializer=of_keras_1).get_config()
    assert config["kernel_initializer"]["config"] == "of_keras_1"


KERAS_1 = {
    "uniform": 0.05 / math.sqrt(3),
    "normal": 0.05,
    "lecun_uniform": math.sqrt(1 / 200),
    "glorot_normal": math.sqrt(2 / 500),
    "glorot_uniform": math.sqrt(2 / 500),
    "he_normal": math.sqrt(2 / 200),
    "he_uniform": math.sqrt(2 / 200),
    "orthogonal": 1.1 / math.sqrt(300),
    "zero": 0.0,
    "one": 0.0,
}


@pytest.mark.parametrize("name", KERAS_1)
def test_functions_of_keras_1(name):
    set_random_seed(1)
    w = getattr(functions, name)(SHAPE, name="w")
    assert (w.name, w.shape, w.dtype) == ("w", SHAPE, np.dtype("float32"))
    assert w.numpy().std(dtype=float) == pytest.approx(KERAS_1[name], rel=0.02)
    if name in ("uniform", "normal"):
        w = getattr(functions, name)(SHAPE, scale=0.1)
        assert w.numpy().std(dtype=float) == pytest.approx(2 * KERAS_1[name], rel=0.02)


def test_other_functions_of_keras_1():
    np.testing.assert_array_equal(functions.identity((2, 2), scale=3), 3 * np.eye(2))
    assert functions.get_fans((4, 3), dim_ordering="th") == (4, 3)
    assert type(functions.get("he_normal")).__name__ == "HeNormal"


WINDOWS = {  # of five points
    "hann": [0, 0.5, 1, 0.5, 0],
    "hamming": [0.08, 0.54, 1, 0.54, 0.08],
    "blackman": [0, 0.34, 1, 0.34, 0],
    "bartlett": [0, 0.5, 1, 0.5, 0],
    "boxcar": [1, 1, 1, 1, 1],
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name):
    np.testing.assert_allclose(named_window(name, 5), WINDOWS[name], atol=1e-12)
    np.testing.assert_allclose(
        named_window(name, 4, True), WINDOWS[name][:4], atol=1e-12
    )
    assert named_window(name, 1).tolist() == [1]


def test_stft():
    frame = np.cos(2 * np.pi * 2 * np.arange(8) / 8 + 0.5)
    real, imag = (
        initializers.STFT(side, None)((8, 1, 5), "float64").numpy()[:, 0]
        for side in ("real", "imag")
    )
    np.testing.assert_allclose(
        frame @ real + 1j * (frame @ imag), np.fft.rfft(frame), atol=1e-12
    )
    own = initializers.STFT(window=np.hanning(8), scaling="spectrum")
    named = initializers.STFT(scaling="spectrum")
    np.testing.assert_array_equal(own((8, 1, 5)), named((8, 1, 5)))
    twin = initializers.deserialize(initializers.serialize(own))
    np.testing.assert_array_equal(own((8, 1, 5)), twin((8, 1, 5)))
    for arguments in ({"side": "left"}, {"scaling": "x"}, {"window": "hanm"}):
        with pytest.raises(ValueError, match=f"{next(iter(arguments))}"):
            initializers.STFT(**arguments)
    with pytest.raises(ValueError, match="three axes"):
        own((8, 5))
    with pytest.raises(ValueError, match=r"shape \(7,\), got \(8,\)"):
        own((7, 1, 5))


def test_clone_has_the_same_values():
    init = initializers.HeNormal(seed=4)
    np.testing.assert_array_equal(init.clone()((3, 2)).numpy(), init((3, 2)).numpy())


@pytest.mark.parametrize(
    ("name", "values"),  # of SciPy
    [
        ("barthann", [0.0, 0.35857354, 0.87942646]),
        ("bohman", [0.0, 0.17912389, 0.83431145]),
        ("lanczos", [0.0, 0.50455115, 0.93548928]),
        ("tukey", [0.0, 0.9045085, 1.0]),
    ],
)
def test_windows_by_distance(name, values):
    window = named_window(name, 6)
    np.testing.assert_allclose(window[:3], values, atol=1e-7)
    np.testing.assert_allclose(window, window[::-1], atol=1e-7)
