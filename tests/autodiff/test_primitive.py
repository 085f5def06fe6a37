"""Functions of one's own: ten lines, of any order, checked by gradcheck."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    Tensor,
    composition,
    grad,
    gradcheck,
    hessian,
    primitive,
    reduction,
    rule,
)


def test_ten_lines_are_enough():
    @primitive
    def swish(x, beta):
        """x / (1 + exp(-beta x)), element by element."""
        return x / (1 + np.exp(-beta * x))

    def s(x, beta):
        return 1 / (1 + np.exp(-beta * x))

    rule(
        swish,
        lambda g, out, x, beta: g * s(x, beta) * (1 + beta * x * (1 - s(x, beta))),
        lambda g, out, x, beta: g * np.square(x) * s(x, beta) * (1 - s(x, beta)),
    )
    x = np.array([[0.5, -1.0], [2.0, 0.1]])
    gradcheck(swish, x, np.array([1.5]), order=2, method="complex")
    assert type(swish(x, 1.5)) is np.ndarray
    assert swish.__doc__.startswith("x / (1")
    assert hessian(lambda t: swish(t, 1.0).sum())(x[0]).shape == (2, 2)


def test_plain_arrays_pass_through_untouched():
    seen = []

    @primitive
    def look(x, *rest, **options):
        seen.append((x, rest, options))
        return x

    x = np.ones(2)
    assert look(x, 1, [2, x], flag="yes") is x
    assert seen[0][2] == {"flag": "yes"}


def test_lists_of_tensors():
    @primitive
    def total(arrays, weights):
        return sum(w * a for w, a in zip(weights, arrays, strict=True))

    rule(total, lambda g, out, arrays, weights: [g * w for w in weights])
    x, y = (
        Tensor([1.0, 2.0], requires_grad=True),
        Tensor([[3.0], [4.0]], requires_grad=True),
    )
    out = total([x, np.ones(2), y], (2.0, 5.0, 3.0))
    out.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]
    assert y.grad.tolist() == [[6.0], [6.0]]
    gradcheck(
        lambda a, b: total([a, b], (2.0, -1.0)), np.ones(3), np.ones((2, 1)), order=2
    )


def test_a_missing_rule_names_function_and_argument():
    @primitive
    def mystery(x, y):
        return x * y

    x = Tensor([1.0], requires_grad=True)
    out = mystery(x, 2.0)
    with pytest.raises(NotImplementedError, match="argument 0 of mystery"):
        out.backward()
    rule(mystery, lambda g, out, x, y: g * y)
    mystery(x, 2.0).backward()
    assert x.grad.tolist() == [2.0]
    with pytest.raises(NotImplementedError, match="argument 1 of mystery"):
        mystery(2.0, x).backward()


def test_none_declares_that_no_gradient_flows():
    @primitive
    def choose(condition, x):
        return np.where(condition > 0, x, 0)

    rule(choose, None, lambda g, out, condition, x: np.where(condition > 0, g, 0))
    x = Tensor([1.0, -1.0], requires_grad=True)
    (choose(x, x) * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 0.0]


def test_options_by_keyword_and_by_position():
    @primitive
    def power(x, n=2):
        return x**n

    rule(power, lambda g, out, x, n=2: g * n * x ** (n - 1))
    for call in (
        power,
        lambda x: power(x, 3),
        lambda x: power(x, n=3),
        lambda x: power(x=x, n=3),
    ):
        gradcheck(call, np.array([1.5, 2.0]), order=2)


def test_an_option_that_the_rule_does_not_know_is_named():
    @primitive
    def power(x, n=2):
        return x**n

    rule(power, lambda g, out, x: g * 2 * x)
    x = Tensor([3.0], requires_grad=True)
    power(x).backward()
    assert x.grad.tolist() == [6.0]
    with pytest.raises(NotImplementedError, match="power with n= has no gradient"):
        power(x, n=3).backward()


def test_a_rule_for_several_results_is_refused():
    @primitive
    def both(x):
        return x + 1, x * 2

    rule(both, lambda g, out, x: g)
    assert len(both(np.ones(2))) == 2
    with pytest.raises(TypeError, match="both gave 2 results"):
        both(Tensor([1.0], requires_grad=True))


def test_a_reduction_of_ones_own():
    @primitive
    def geometric_mean(x, axis=None, keepdims=False):
        return np.exp(np.mean(np.log(x), axis=axis, keepdims=keepdims))

    reduction(geometric_mean, lambda g, out, x, axis: g * out / x * out.size / x.size)
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for options in ({}, {"axis": 0}, {"axis": (0, -1)}, {"axis": -1, "keepdims": True}):
        gradcheck(lambda t, o=options: geometric_mean(t, **o), x, order=2)


def test_a_composition_of_ones_own():
    @primitive
    def softsign(x):
        return x / (1 + np.abs(x))

    composition(softsign)(lambda x: x / (1 + np.absolute(x)))
    gradcheck(softsign, np.array([0.5, -2.0]), order=2)


def test_the_forward_of_a_primitive_may_change_copies_in_place():
    @primitive
    def ramp(x):
        y = x.copy()
        y[y < 0] = 0
        return y

    rule(ramp, lambda g, out, x: g * (x > 0))
    assert grad(lambda x: ramp(x).sum())(np.array([-1.0, 2.0])).tolist() == [0.0, 1.0]


def test_other_array_types_are_left_to_themselves():
    class Other:
        def __array_function__(self, function, types, args, kwargs):
            return "theirs", function.__name__

    @primitive
    def mine(x):
        return x

    assert mine(Other()) == ("theirs", "mine")
