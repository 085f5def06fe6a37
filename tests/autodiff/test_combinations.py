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
