from collections import namedtuple

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    Tensor,
    Variable,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=3)
M = GENERATOR.normal(size=(3, 3))


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# -- grad ------------------------------------------------------------------------------


def test_arrays_in_arrays_out_tensors_in_tensors_out():
    g = grad(np.sum)(X)
    assert type(g) is np.ndarray
    g[0] = 5.0  # an array of the caller's own
    assert isinstance(grad(np.sum)(Tensor(X)), Tensor)
    value, g = value_and_grad(np.sum)(X)
    assert type(value) is np.ndarray
    assert grad(lambda x: x * x)(3.0) == 6.0


def test_closed_forms():
    np.testing.assert_allclose(grad(lambda x: x @ M @ x)(X), (M + M.T) @ X)
    np.testing.assert_allclose(grad(lambda x: np.exp(np.sin(x)).sum())(X),
                               np.cos(X) * np.exp(np.sin(X)))  # fmt: skip
    np.testing.assert_allclose(
        grad(lambda m: np.linalg.slogdet(m)[1])(M), np.linalg.inv(M).T
    )


def test_nested_parameters():
    Layer = namedtuple("Layer", "kernel bias")
    parameters = {
        "layers": [Layer(M, X), Layer(M.T, X)],
        "scale": (np.array(2.0),),
        "none": None,
    }

    def loss(p, x):
        for layer in p["layers"]:
            x = np.tanh(x @ layer.kernel + layer.bias)
        return np.sum(x * p["scale"][0])

    value, g = value_and_grad(loss)(parameters, X)
    assert isinstance(g["layers"][1], Layer)
    assert g["none"] is None
    assert g["layers"][0].kernel.shape == (3, 3)
    np.testing.assert_allclose(g["scale"][0], value / 2)
    step = 1e-6
    moved = [np.where(np.arange(3) == 1, s, 0.0) for s in (step, -step)]
    near = [
        loss({**parameters, "layers": [Layer(M, X + d), Layer(M.T, X)]}, X)
        for d in moved
    ]
    np.testing.assert_allclose(
        g["layers"][0].bias[1], (near[0] - near[1]) / (2 * step), rtol=1e-7
    )


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 5.0),
        (1, 2.0),
        (-1, 2.0),
        ((0, 1), (5.0, 2.0)),
        ((1, 0), (2.0, 5.0)),
        ([1], (2.0,)),
    ],
)
def test_argnums(argnums, expected):
    assert grad(np.multiply, argnums)(np.array(2.0), np.array(5.0)) == expected


def test_argnums_out_of_range():
    with pytest.raises(ValueError, match=r"argument 2.* 2 positional"):
        grad(np.multiply, 2)(np.array(2.0), np.array(5.0))


def test_keyword_arguments_are_passed_on():
    assert grad(lambda x, power: x**power)(np.array(3.0), power=2) == 6.0


def test_has_aux():
    def loss(x):
        y = x * 2
        return np.sum(y), {"y": y, "text": "done", "n": 3}

    g, aux = grad(loss, has_aux=True)(X)
    assert g.tolist() == [2, 2, 2]
    assert type(aux["y"]) is np.ndarray
    assert (aux["text"], aux["n"]) == ("done", 3)
    (value, aux), g = value_and_grad(loss, has_aux=True)(X)
    assert value == np.sum(2 * X)


def test_arguments_and_results_that_do_not_matter():
    assert grad(lambda x, y: y, 0)(np.array(1.0), np.array(2.0)) == 0.0
    assert grad(lambda x: 3.0)(X).tolist() == [0, 0, 0]
    assert grad(lambda x: np.sum(np.sign(x)))(X).tolist() == [0, 0, 0]


def test_a_gradient_needs_one_number():
    with pytest.raises(ValueError, match=r"shape \(3,\)\. Reduce it"):
        grad(np.sin)(X)
    with pytest.raises(TypeError, match="real floating"):
        grad(np.sum)(np.array([1, 2]))


def test_grad_within_no_grad_still_works():
    with no_grad():
        assert grad(np.square)(np.array(3.0)) == 6.0


def test_gradients_of_gradients():
    f = np.sin
    x = np.array(0.7)
    for expected in (np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)):
        f = grad(f)
        assert f(x) == pytest.approx(expected)


def test_the_name_of_the_function_is_kept():
    assert grad(rosenbrock).__name__ == "rosenbrock"


# -- derivatives inside derivatives ----------------------------------------------------


def test_perturbations_are_not_confused():
    """d/dx (x d/dy (x + y)) = 1, d/dx (x d/dy (x y)) = 2x: Siskind, Pearlmutter."""
    assert (
        grad(lambda x: x * grad(lambda y: x + y)(np.array(1.0)))(np.array(3.0)) == 1.0
    )
    assert (
        grad(lambda x: x * grad(lambda y: x * y)(np.array(2.0)))(np.array(3.0)) == 6.0
    )
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(np.array(3.0)) == 6.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(np.array(3.0)) == 4 * 3.0


def test_an_outer_argument_by_closure_keeps_its_gradient():
    """d/dx d/dy (x y^2) at y = 2, with y an array that has nothing to do with x."""
    y = np.array(2.0)
    assert grad(lambda x: grad(lambda t: x * t * t)(y))(np.array(5.0)) == 4.0
    assert grad(lambda x: value_and_grad(lambda t: x * t)(y)[0])(np.array(5.0)) == 2.0
    assert grad(lambda x: vjp(lambda t: x * t, y)[1](1.0)[0])(np.array(5.0)) == 1.0
    assert grad(lambda x: jvp(lambda t: x * t, (y,), (y,))[1])(np.array(5.0)) == 2.0
    assert grad(lambda x: jacobian(lambda t: x * t)(y))(np.array(5.0)) == 1.0
    assert grad(lambda x: hessian(lambda t: x * t**2)(y))(np.array(5.0)) == 2.0
    assert grad(lambda x: hvp(lambda t: x * t**2)(y, y))(np.array(5.0)) == 4.0


def test_an_inner_derivative_without_outer_argument_gives_arrays():
    seen = []

    def f(x):
        seen.append(grad(np.square)(np.array(3.0)))
        return x * seen[0]

    assert grad(f)(np.array(2.0)) == 6.0
    assert type(seen[0]) is np.ndarray


def test_the_cotangent_and_the_tangent_can_be_differentiated():
    pulled = grad(lambda u: vjp(np.sin, X)[1](u)[0].sum())(np.ones(3))
    np.testing.assert_allclose(pulled, np.cos(X))
    pushed = grad(lambda t: jvp(np.sin, (X,), (t,))[1].sum())(np.ones(3))
    np.testing.assert_allclose(pushed, np.cos(X))


def test_a_gradient_penalty_reaches_the_weights():
    w = Tensor(np.array([2.0, -1.0]), requires_grad=True)
    x = Tensor(np.array([1.0, 3.0]), requires_grad=True)
    slope = grad(lambda t: np.sum(w * t**2))(x)  # 2 w x
    np.sum(slope**2).backward()
    np.testing.assert_allclose(w.grad.numpy(), 8 * w.numpy() * x.numpy() ** 2)


# -- vjp, jvp, jacobian, hessian, hvp --------------------------------------------------


def two_results(a, b):
    return {"product": np.outer(a, b), "sum": (np.sum(a), np.sin(b))}


def test_jacobian_against_closed_forms():
    np.testing.assert_allclose(jacobian(np.sin)(X), np.diag(np.cos(X)))
    np.testing.assert_allclose(jacobian(lambda x: M @ x)(X), M)
    np.testing.assert_allclose(
        jacobian(np.linalg.inv)(M).reshape(9, 9),
        -np.kron(np.linalg.inv(M), np.linalg.inv(M).T),
    )
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)
    assert jacobian(np.sum)(X).shape == (3,)


def test_jacobian_of_nested_results_and_arguments():
    found = jacobian(two_results, (0, 1))(X, X[:2])
    assert found["product"][0].shape == (3, 2, 3)
    assert found["product"][1].shape == (3, 2, 2)
    assert found["sum"][0][1].tolist() == [0, 0]
    np.testing.assert_allclose(found["product"][0][1, 0], np.eye(3)[1] * X[0])


def test_vjp_and_jvp_are_products_with_the_jacobian():
    def f(x):
        return np.tanh(M @ x) * x

    j = jacobian(f)(X)
    u, t = GENERATOR.normal(size=3), GENERATOR.normal(size=3)
    out, pullback = vjp(f, X)
    np.testing.assert_allclose(out, f(X))
    np.testing.assert_allclose(pullback(u)[0], u @ j)
    np.testing.assert_allclose(pullback(2 * u)[0], 2 * u @ j)  # any number of times
    out, rate = jvp(f, (X,), (t,))
    np.testing.assert_allclose(out, f(X))
    np.testing.assert_allclose(rate, j @ t)


def test_vjp_and_jvp_of_nested_arguments():
    a, b = X, X[:2]
    _, pullback = vjp(two_results, a, b)
    seeds = {"product": np.ones((3, 2)), "sum": (np.array(1.0), np.zeros(2))}
    d_a, d_b = pullback(seeds)
    np.testing.assert_allclose(d_a, b.sum() + np.ones(3))
    np.testing.assert_allclose(d_b, a.sum() * np.ones(2))
    _, rates = jvp(two_results, (a, b), (np.ones(3), np.zeros(2)))
    np.testing.assert_allclose(rates["product"], np.tile(b, (3, 1)))
    assert rates["sum"][0] == 3.0
    assert rates["sum"][1].tolist() == [0, 0]


def test_jvp_against_differences():
    t = GENERATOR.normal(size=3)
    step = 1e-6
    near = (rosenbrock(X + step * t) - rosenbrock(X - step * t)) / (2 * step)
    assert jvp(rosenbrock, (X,), (t,))[1] == pytest.approx(near, rel=1e-7)


def test_jvp_of_a_result_that_does_not_depend():
    assert jvp(lambda x: 3.0, (X,), (X,))[1] == 0.0
    assert jvp(lambda x: np.sum(x * 0 + 2), (X,), (X,))[1] == 0.0


def test_hessian_against_closed_forms():
    np.testing.assert_allclose(hessian(lambda x: x @ M @ x)(X), M + M.T)
    found = hessian(rosenbrock)(np.array([1.0, 1.0]))
    np.testing.assert_allclose(found, [[802.0, -400.0], [-400.0, 200.0]])
    np.testing.assert_allclose(hessian(rosenbrock)(X), hessian(rosenbrock)(X).T)


def test_hessian_of_nested_parameters():
    p = {"a": np.array(2.0), "b": np.array([1.0, 3.0])}
    h = hessian(lambda p: np.sum(p["a"] ** 2 * p["b"] ** 3))(p)
    assert h["a"]["a"] == 2 * (1 + 27)
    np.testing.assert_allclose(h["a"]["b"], 2 * 2 * 3 * p["b"] ** 2)
    np.testing.assert_allclose(h["b"]["b"], np.diag(4 * 6 * p["b"]))


def test_hvp_is_the_hessian_times_the_vector():
    v = GENERATOR.normal(size=3)
    np.testing.assert_allclose(hvp(rosenbrock)(X, v), hessian(rosenbrock)(X) @ v)
    p = {"a": np.array(2.0), "b": X}
    found = hvp(lambda p: np.sum(p["a"] * p["b"] ** 2))(
        p, {"a": np.array(1.0), "b": 0 * X}
    )
    np.testing.assert_allclose(found["b"], 2 * X)
    product = hvp(lambda x, y: np.sum(x * y**2), argnums=1)(X, X, v)
    np.testing.assert_allclose(product, 2 * X * v)


def test_third_order():
    found = jacobian(hessian(lambda x: np.sum(x**4)))(np.array([1.0, 2.0]))
    assert found[0, 0, 0] == 24.0
    assert found[1, 1, 1] == 48.0
    assert np.count_nonzero(found) == 2


def test_variables_inside_the_function_are_constants_of_the_derivative():
    w = Variable(np.array([2.0, 3.0]))
    g = grad(lambda x: np.sum(w * x))(np.array([1.0, 1.0]))
    assert type(g) is np.ndarray
    assert g.tolist() == [2.0, 3.0]
    assert w.grad is None


def test_newtons_method_finds_the_minimum():
    x = np.array([-1.2, 1.0])
    for _ in range(7):
        x = x - np.linalg.solve(hessian(rosenbrock)(x), grad(rosenbrock)(x))
    np.testing.assert_allclose(x, [1.0, 1.0], atol=1e-10)


@pytest.mark.parametrize(
    "function", [lambda x: x > 1, lambda x: np.fft.fft(np.stack([x, x]))[0], np.argmax]
)
def test_what_has_no_slope_is_no_result_for_grad(function):
    with pytest.raises(TypeError, match="a real number as result, got dtype"):
        grad(function)(np.array(2.0))


def test_a_whole_number_of_python_is_a_constant_result():
    assert grad(lambda x: 1)(np.array(2.0)) == 0
