"""Statistics, signals, arrangements: what samples without nans and ties leave out."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor, grad, gradcheck

M = np.array([[1.0, np.nan, 3.0, -2.0], [0.5, 4.0, np.nan, np.nan]])


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize(
    "function",
    [
        np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin,
        np.nanmedian, np.nancumsum, np.nancumprod, np.median, np.ptp,
        lambda x, axis: np.nanquantile(x, np.array([0.3, 0.7]), axis=axis),
        lambda x, axis: np.percentile(x, 30, axis=axis, keepdims=True),
    ],
)  # fmt: skip
def test_with_nans_values_are_those_of_numpy(function, axis):
    np.testing.assert_allclose(
        function(Tensor(M), axis=axis).numpy(), function(M, axis)
    )


def test_nans_have_no_gradient_and_the_others_theirs():
    slopes = grad(lambda x: np.nanmean(x, axis=1).sum())(M)
    np.testing.assert_allclose(slopes, [[1 / 3, 0, 1 / 3, 1 / 3], [0.5, 0.5, 0, 0]])
    assert grad(np.nanmax)(M).tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]


def test_the_deviation_of_equal_numbers_has_slope_zero():
    assert grad(np.std)(np.ones(3)).tolist() == [0, 0, 0]


def test_sinc_is_smooth_at_its_top():
    second = grad(grad(np.sinc))
    assert second(np.array(0.0)) == pytest.approx(-(np.pi**2) / 3)
    for x in (1e-9, 1e-3, 0.0954, 0.0956):
        gradcheck(np.sinc, np.array(x), order=2)


def test_an_initial_value_that_wins_takes_the_gradient_away():
    x = np.array([1.0, 2.0])
    assert grad(lambda t: np.max(t, initial=9.0))(x).tolist() == [0, 0]
    assert grad(lambda t: np.max(t, initial=0.0))(x).tolist() == [0, 1]
    assert grad(lambda t: np.mean(t, where=x > 1))(x).tolist() == [0, 1]


def test_inserted_values_take_the_dtype_of_the_array():
    x = Tensor(np.float32([1, 2]), requires_grad=True)
    assert np.insert(x, 1, 5.0).dtype == "float32"
    assert np.insert(x, 1, 5.0).tolist() == [1, 5, 2]


def test_interp_by_every_argument_and_outside():
    points, values = np.array([0.0, 1.0, 3.0]), np.array([1.0, -1.0, 2.0])
    for x in (np.array([-0.5, 0.4, 2.0, 3.5]), np.array(2.5)):
        gradcheck(np.interp, x, points, values, order=2)
    single = np.interp(Tensor([0.5]), points, Tensor(np.float32(values)))
    assert single.dtype == "float64"


def test_wrong_calls_are_explained():
    x = Tensor(np.ones((2, 3)))
    for call, sentence in [
        (lambda: np.gradient(x, 1, 2, 3), "expected no, one or 2 spacings"),
        (lambda: np.gradient(x[:, :1]), "too short"),
        (lambda: np.cross(x, np.ones(4)), "length 2 or 3, got 4"),
        (lambda: np.select([x > 0], [x, x]), "as many choices as conditions"),
        (lambda: np.fft.fftn(x, (2, 3), axes=(0,)), "2 lengths, for 1 axes"),
    ]:
        with pytest.raises((TypeError, ValueError), match=sentence):
            call()


def test_places_may_be_tensors_too():
    x, mask = Tensor([1.0, 2.0, 3.0]), Tensor([True, False, True])
    assert np.extract(mask, x).tolist() == np.compress(mask, x).tolist() == [1, 3]
    assert np.delete(x, Tensor([0, 2])).tolist() == [2]
    assert np.insert(x, Tensor(1), 5.0).tolist() == [1, 5, 2, 3]


@pytest.mark.parametrize(
    "function", [np.gradient, np.modf, np.nanmax, np.vander, np.cov]
)
def test_whole_numbers_give_what_they_give_to_numpy(function):
    numbers = np.array([1, 4, 2, 5])
    for found, wanted in zip(
        np.atleast_1d(function(Tensor(numbers))),
        np.atleast_1d(function(numbers)),
        strict=True,
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        assert found.dtype == wanted.dtype


def test_nothing_has_no_median():
    assert np.isnan(np.median(Tensor(np.empty(0))).numpy())
    assert np.quantile(Tensor(np.empty((0, 2))), [0.1, 0.5], axis=1).shape == (2, 0)


def alike(call, *arrays):
    """Compare a call on Tensors with the same call on arrays: values and dtype."""
    found, wanted = call(*map(Tensor, arrays)), call(*arrays)
    found = found.numpy() if isinstance(found, Tensor) else found
    np.testing.assert_allclose(found, wanted)
    assert found.dtype == np.asarray(wanted).dtype


def test_the_spread_of_complex_numbers_is_real():
    z = np.array([[1 + 1j, 2, np.nan], [3j, 1 - 1j, 0.5]])
    for function in (np.nanvar, np.nanstd):
        alike(lambda z, f=function: f(z, axis=1), z)


def test_equal_numbers_without_nans_deviate_with_slope_zero():
    assert grad(np.nanstd)(np.ones(3)).tolist() == [0, 0, 0]


def test_infinite_neighbours():
    inf = np.inf
    for x in ([1, inf, inf], [inf], [inf, inf, 1, 1], [1.0, 4.0, np.nan], [1, -inf]):
        alike(np.median, np.array(x, float))
        alike(np.nanmedian, np.array(x, float))
    with np.errstate(invalid="ignore"):
        alike(np.gradient, np.array([1.0, inf, 2.0, 3.0, 4.0]))
    alike(lambda x: np.interp(x, [1.0], [3.0]), np.array([np.nan, 2.0]))


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value)")
def test_more_delta_degrees_of_freedom_than_numbers():
    x = np.array([1.0, 2.0, 4.0])
    for function in (np.cov, np.nanvar, np.nanstd):
        alike(lambda x, f=function: f(x, ddof=3), x)


def test_integers_and_booleans():
    whole = np.array([3, -1, 0, 2])
    alike(np.nanmean, whole > 0)
    alike(lambda x: np.quantile(x, 0), whole)
    alike(lambda x: np.quantile(x, [0.1, 0.9]), np.float32([1, 2, 4]))
    alike(lambda x: np.percentile(x, 30), np.float32([1, 2, 4]))
    alike(np.nanmedian, whole)
    alike(lambda x: np.piecewise(x, [x > 0], [1.5, lambda q: q]), whole)
    alike(lambda x: np.select([x > 0], [2.0], x), np.float32([1, -2]))
    alike(lambda p: np.polyval(p, 2), np.float32([1, 2, 3]))
    alike(lambda p: np.polyint(p, 2, [1, 2, 3]), np.float64([1, 2, 3]))


def test_lists_stand_beside_tensors():
    x = np.array([1.0, 2.0, 4.0])
    for call in (
        lambda x: np.trapezoid(x, [0.0, 1, 3]), lambda x: np.gradient(x, [0.0, 1, 3]),
        lambda x: np.polyval(x, [1.0, 2.0]), lambda x: np.polyval([1.0, 2.0], x),
    ):  # fmt: skip
        alike(call, x)


def test_transforms_keep_a_length_or_repeat_an_axis():
    z = np.arange(12.0).reshape(3, 4) + 1j
    for inverse in (np.fft.irfftn, np.fft.irfft2):
        alike(lambda z, f=inverse: f(z, (-1, -1), (0, 1)), z)
        alike(lambda z, f=inverse: f(z, axes=(1, 1)), z)
    alike(lambda x: np.fft.rfftn(x, axes=(0, 0)), z.real)


def test_back_through_unusual_spellings():
    x = np.arange(4.0)
    assert grad(lambda t: np.piecewise(t, [t > 0], [np.square]))(np.array(3.0)) == 6
    if hasattr(np, "matvec"):  # NumPy 2.2 takes widths by axis
        assert grad(lambda t: np.pad(t, {-1: (2, 1)}).sum())(x).tolist() == [1] * 4
    assert grad(lambda t: np.convolve(t, [1.0, 2], mode=1).sum())(x).tolist() == [
        3, 3, 3, 1,
    ]  # fmt: skip
    for function in (np.cumprod, np.cumsum, np.nancumprod):
        slope = grad(lambda t, f=function: f(t, axis=0).sum())
        assert slope(np.array(2.0)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.nanquantile(t, -0.1), lambda t: np.nanpercentile(t, 101),
        lambda t: np.quantile(t * 1j, 0.5), lambda t: np.rollaxis(t, 1),
        lambda t: np.dsplit(t, 1), lambda t: np.block([[t], t]),
        lambda t: np.insert(t, 0, 1j),
        lambda t: np.diff(t, n=-1), lambda t: np.median(t[0], axis=0),
        lambda t: np.linalg.norm(t, "fro"), lambda t: np.linalg.norm(t, "fro", 0),
        lambda t: np.linalg.matrix_power(t[None] * t[:, None], 1.5),
        lambda t: np.linalg.matrix_power(t[None], 1), lambda t: np.linalg.cond(t),
        lambda t: np.choose(np.array([0, 2]), [t[0], t[1]]),
        lambda t: np.choose(t, [1]),
        lambda t: np.choose(np.array([0, 1]), [t[0], t[1]], mode="zz"),
        lambda t: np.select([np.array([1.0, 0, 1])], [t]),
        lambda t: np.average(t, weights=[0, 0, 0]),
        lambda t: np.gradient(t, edge_order=3), lambda t: np.gradient(t, [0.0, 1]),
        lambda t: np.gradient(t * t[:, None], [0.0, 1, 3]),
        lambda t: np.cov(t, ddof=0.5),
        lambda t: np.interp(t, [0.0, 1], [1.0, 2], period=0),
        lambda t: np.interp(t, [], []), lambda t: np.interp(t * 1j, [0, 1], [1, 2]),
        lambda t: np.polyint(t, -1), lambda t: np.polyder(t, -1),
        lambda t: np.linalg.multi_dot([t]), lambda t: np.linalg.outer(t[None], t),
        lambda t: np.fft.hfft(t, norm="x"), lambda t: np.fft.ihfft(t, norm="x"),
        lambda t: np.fft.rfftn(t, axes=()), lambda t: np.correlate(t, t, "x"),
    ],
)  # fmt: skip
def test_what_numpy_refuses_is_refused(call):
    x = np.array([1.0, 2.0, 4.0])
    with pytest.raises(Exception) as wanted:  # whatever NumPy raises
        call(x)
    with pytest.raises(wanted.type):
        call(Tensor(x))


def test_shifts_and_comparisons_with_what_is_no_number():
    whole = np.array([1, 2, 5])
    for call in (
        lambda x: x << 1,
        lambda x: 64 >> x,
        lambda x: x >> np.array([0, 1, 2]),
    ):
        alike(call, whole)
    alike(lambda x: x == "s", whole)
    alike(lambda x: x != "s", whole)
    assert "s" not in [Tensor(1.0)]
