import re

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    GradientError,
    Tensor,
    gradcheck,
    primitive,
    rule,
    sigmoid,
    softmax,
)

X = np.array([0.5, -1.0, 2.0])


@primitive
def doubled(x):
    return x * 2


@primitive
def scaled(x, y):
    return x * y


def test_the_message_names_everything():
    rule(doubled, lambda g, out, x: g * np.array([2.0, 2.5, 2.0]))
    with pytest.raises(GradientError) as caught:
        gradcheck(doubled, X)
    message = str(caught.value)
    assert message.startswith(
        "doubled: gradient with respect to argument 0 at index (1,)"
    )
    analytic, numeric = re.search(r"analytic (\S+), numeric (\S+),", message).groups()
    assert float(analytic) / float(numeric) == pytest.approx(1.25)
    assert "difference" in message
    assert "(atol 1e-06 + rtol 1e-06 x |numeric|)" in message
    assert issubclass(GradientError, AssertionError)


def test_the_message_counts_arguments_as_the_call_does():
    rule(scaled, lambda g, out, x, y: g * y, lambda g, out, x, y: g)
    with pytest.raises(GradientError, match="argument 1 at index"):
        gradcheck(lambda n, y: scaled(2.0, y), 3, X)
    with pytest.raises(GradientError, match=r"argument 1 \(leaf 1\) at index"):
        gradcheck(lambda n, pair: scaled(2.0, pair[1]), 3, [X, X])


def test_a_wrong_second_order_is_named_as_such():
    rule(
        doubled,
        lambda g, out, x: Tensor(2 * g.data) if isinstance(g, Tensor) else g * 2,
    )

    def twice(x):
        return doubled(x) * doubled(x)

    gradcheck(twice, X)
    with pytest.raises(GradientError, match="the gradient of twice"):
        gradcheck(twice, X, order=2)


@pytest.mark.parametrize(
    "function",
    [
        np.sin,
        np.exp,
        np.tanh,
        sigmoid,
        softmax,
        np.linalg.inv,
        lambda x: x**3 / (1 + x * x),
    ],
)
def test_the_complex_step_is_exact(function):
    point = np.array([[2.0, 0.3], [-0.4, 1.5]])
    found = gradcheck(function, point, method="complex")
    assert found.worst < 1e-12
    assert found.numbers == 4


def test_central_differences_count_both_orders():
    first = gradcheck(np.sin, X)
    both = gradcheck(np.sin, X, order=2)
    assert (first.numbers, both.numbers) == (3, 6)
    assert 0 < first.worst <= both.worst < 1e-8


def test_nested_inputs_and_several_results():
    def f(p, power):
        return p["w"] ** power, [np.sum(p["b"]), np.argmax(p["w"])]

    assert gradcheck(f, {"w": np.abs(X), "b": X[:2]}, 3, order=2).numbers == 10


def test_other_inputs_are_passed_on():
    assert gradcheck(np.take, X, np.array([0, 0, 2])).numbers == 3
    assert gradcheck(lambda x, text: np.sum(x), X, "text").numbers == 3


def test_tensors_and_lower_precision_are_checked_in_float64():
    assert gradcheck(np.sin, Tensor(X, requires_grad=True)).worst < 1e-8
    assert gradcheck(np.sin, X.astype(np.float32)).worst < 1e-8


def test_tolerances():
    rule(doubled, lambda g, out, x: g * 2.01)
    assert gradcheck(doubled, X, rtol=0.1).worst > 1e-3
    with pytest.raises(GradientError, match=r"rtol 0\.001"):
        gradcheck(doubled, X, rtol=1e-3, atol=0)


@pytest.mark.parametrize("options", [{"order": 3}, {"order": 0}, {"method": "forward"}])
def test_unknown_order_or_method(options):
    with pytest.raises(ValueError, match="expected order 1 or 2 and method"):
        gradcheck(np.sin, X, **options)


def test_something_must_be_differentiable():
    with pytest.raises(
        ValueError, match="gradcheck of sum: expected at least one array"
    ):
        gradcheck(np.sum, np.array([1, 2]))


def test_nan_does_not_pass():
    rule(doubled, lambda g, out, x: g * np.nan)
    with pytest.raises(GradientError, match="analytic nan"):
        gradcheck(doubled, X)


def test_empty_inputs_have_nothing_to_compare():
    assert gradcheck(np.sin, np.zeros((0, 3)), order=2).numbers == 0
