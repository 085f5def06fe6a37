import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    Tensor,
    apply,
    default_dtype,
    enable_grad,
    no_grad,
    rule,
    set_default_dtype,
)
from tinygrad_lr.autodiff.rules import RULES

A = np.array([[1.5, -2.0, 0.5], [3.0, 1.0, -0.25]])
B = np.array([2.0, 0.5, -1.5])


def leaf(values, dtype=None):
    return Tensor(np.array(values, dtype=dtype or np.float64), requires_grad=True)


# -- construction ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, "float32"),
        ([1.5, 2.0], "float32"),
        ([], "float32"),
        (3, "int64"),
        ([True], "bool"),
        (np.float64(1.5), "float64"),
        (np.arange(3.0), "float64"),
        (np.float16([1]), "float16"),
        ([1 + 2j], "complex128"),
        (np.uint8([1]), "uint8"),
    ],
)
def test_dtype_of_a_new_tensor(data, dtype):
    assert Tensor(data).dtype == np.dtype(dtype)


def test_dtype_can_be_chosen():
    assert Tensor([1, 2], dtype="float64").dtype == np.float64
    assert Tensor(Tensor([1.0]), dtype="float16").dtype == np.float16


def test_the_default_dtype_can_be_changed():
    assert default_dtype() == np.float32
    try:
        set_default_dtype("float64")
        assert Tensor(1.5).dtype == np.float64
        with pytest.raises(ValueError, match="float16, float32 or float64"):
            set_default_dtype("int32")
    finally:
        set_default_dtype("float32")


def test_python_integers_become_floats_if_a_gradient_is_wanted():
    assert Tensor([1, 2], requires_grad=True).dtype == np.float32


def test_the_data_is_a_copy_and_read_only():
    source = np.array([1.0, 2.0])
    x = Tensor(source)
    source[0] = 9.0
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 5.0


@pytest.mark.parametrize("data", ["text", ["a", "b"], [None], object(), {"a": 1}])
def test_what_is_no_number_is_refused(data):
    with pytest.raises(TypeError, match="expected numbers"):
        Tensor(data)


@pytest.mark.parametrize("data", [np.array([1, 2]), np.array([True]), np.array([1j])])
def test_gradients_need_real_floats(data):
    with pytest.raises(TypeError, match="real floating dtype"):
        Tensor(data, requires_grad=True)


def test_of_returns_the_same_tensor():
    x = leaf([1.0])
    assert Tensor.of(x) is x
    assert isinstance(Tensor.of(2.0), Tensor)


# -- methods ---------------------------------------------------------------------------

METHODS = [
    ("sum", (), {}),
    ("sum", (0,), {}),
    ("sum", (), {"axis": (0, -1), "keepdims": True}),
    ("mean", (1,), {}),
    ("prod", (), {"axis": -1}),
    ("max", (0,), {}),
    ("min", (), {}),
    ("var", (), {"axis": 0, "ddof": 1}),
    ("std", (1,), {}),
    ("cumsum", (0,), {}),
    ("cumprod", (1,), {}),
    ("reshape", (3, 2), {}),
    ("reshape", ((-1,),), {}),
    ("ravel", (), {}),
    ("flatten", (), {}),
    ("transpose", (), {}),
    ("transpose", (1, 0), {}),
    ("transpose", ((1, 0),), {}),
    ("swapaxes", (0, 1), {}),
    ("squeeze", (), {}),
    ("repeat", (2,), {}),
    ("repeat", (2, 1), {}),
    ("take", ([0, 5],), {}),
    ("diagonal", (), {}),
    ("trace", (), {}),
    ("trace", (1,), {}),
    ("dot", (B,), {}),
    ("clip", (-1, 1), {}),
    ("clip", (None, 1), {}),
    ("copy", (), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), METHODS)
def test_methods_are_ndarrays(name, args, options):
    x = leaf(A)
    out = getattr(x, name)(*args, **options)
    expected = getattr(A, name)(*args, **options)
    assert isinstance(out, Tensor)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-14)
    out.backward(np.ones(out.shape))
    assert x.grad.shape == x.shape


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "square", "abs", "sin", "cos", "tanh"]
)
def test_methods_that_ndarray_lacks(name):
    x = leaf(np.abs(A))
    np.testing.assert_array_equal(
        getattr(x, name)().numpy(), getattr(np, name)(np.abs(A))
    )


def test_methods_from_functions():
    x = leaf(A)
    np.testing.assert_allclose(x.sigmoid().numpy(), 1 / (1 + np.exp(-A)))
    np.testing.assert_array_equal(x.relu().numpy(), np.maximum(A, 0))
    np.testing.assert_allclose(x.softmax().sum(-1).numpy(), [1, 1])
    np.testing.assert_allclose(x.softmax(axis=0).sum(0).numpy(), [1, 1, 1])
    np.testing.assert_array_equal(x.ptp(0).numpy(), np.ptp(A, 0))


@pytest.mark.parametrize("name", ["argmax", "argmin", "argsort", "any", "all", "round"])
def test_flat_methods_give_plain_arrays(name):
    result = getattr(leaf(A), name)()
    assert not isinstance(result, Tensor)
    np.testing.assert_array_equal(result, getattr(A, name)())


def test_attributes():
    x = leaf(A)
    assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 3), 2, 6, np.float64)
    np.testing.assert_array_equal(x.T.numpy(), A.T)


def test_astype():
    x = leaf(A)
    y = x.astype("float32")
    assert y.dtype == np.float32
    (y * 2).sum().backward()
    assert x.grad.dtype == np.float64
    assert x.astype(np.float64) is x
    assert not x.astype(int).requires_grad  # integers are flat


def test_detach_cuts_the_history():
    x = leaf(A)
    y = x.detach() * x
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), A)


def test_values_out():
    x = leaf(A)
    values = x.numpy()
    values[0, 0] = 99.0
    assert x[0, 0].item() == 1.5
    assert values.flags.writeable
    assert x.tolist() == A.tolist()
    assert leaf([[2.5]]).item() == 2.5
    assert float(leaf(2.5)) == 2.5
    assert int(leaf([2.5])) == 2
    assert bool(leaf(0.0)) is False
    assert [10, 20][Tensor(1)] == 20


@pytest.mark.parametrize("convert", [float, int, Tensor.item])
def test_a_vector_is_not_a_number(convert):
    with pytest.raises(TypeError, match=r"one element, got shape \(2, 3\)"):
        convert(leaf(A))


def test_the_truth_of_a_vector_is_ambiguous():
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf(A))
    with pytest.raises(TypeError, match="integer as index"):
        [1, 2][leaf(1.0)]


# -- text, identity, copies ------------------------------------------------------------


def test_repr_shows_values_and_origin():
    x = leaf([1.0, 2.0])
    assert repr(x) == "Tensor([1., 2.], dtype=float64, requires_grad=True)"
    assert repr(np.tanh(x * 0)) == "Tensor([0., 0.], dtype=float64, from=tanh)"
    assert repr(x.detach()) == "Tensor([1., 2.], dtype=float64)"
    assert "..." in repr(Tensor(np.zeros(1000)))


def test_format():
    assert f"{leaf(2.5):.2f} {leaf([2.5]):.1f}" == "2.50 2.5"
    assert f"{leaf([1.0, 2.0])}".startswith("Tensor([1., 2.]")


def test_hash_is_identity():
    x, y = leaf([1.0]), leaf([1.0])
    assert {x: "x", y: "y"}[x] == "x"
    assert len({x, y, x}) == 2


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_are_leaves_of_their_own(duplicate):
    x = leaf([1.0, 2.0])
    y = duplicate(x * 2)
    assert y.tolist() == [2.0, 4.0]
    assert y.requires_grad
    assert y.function is None
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3.0, 3.0]
    assert x.grad is None


# -- backward and the switches ---------------------------------------------------------


def test_backward_of_a_vector_needs_weights():
    x = leaf(A)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) needs a weight"):
        (x * 2).backward()
    with pytest.raises(ValueError, match="they must be equal"):
        (x * 2).backward(np.ones(3))
    (x * 2).backward(A)
    np.testing.assert_array_equal(x.grad.numpy(), 2 * A)


def test_backward_of_one_element_in_any_shape():
    x = leaf([[3.0]])
    (x * x).backward()
    assert x.grad.tolist() == [[6.0]]


def test_gradients_with_history_have_every_order():
    x = leaf(2.0)
    (x**5).backward(create_graph=True)
    derivatives = []
    for _ in range(4):
        g, x.grad = x.grad, None
        derivatives.append(g.item())
        g.backward(create_graph=True)
    assert derivatives == [80.0, 160.0, 240.0, 240.0]


def test_first_order_gradients_have_no_history():
    x = leaf(2.0)
    (x * x).backward()
    assert not x.grad.requires_grad


def test_no_grad_and_enable_grad():
    x = leaf(2.0)
    with no_grad():
        assert not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad

    @no_grad()
    def quiet(t):
        return t * 2

    assert not quiet(x).requires_grad
    assert quiet.__name__ == "quiet"
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad


def test_complex_values_stand_between_real_ones():
    x = leaf([1.0, -2.0])
    np.abs(x * 1j).sum().backward()
    assert np.array_equal(x.grad.numpy(), [1, -1])


def test_operators_that_no_gradient_passes():
    x, bits = Tensor([1.0, -2.5]), Tensor([1, 0])
    quotient, rest = divmod(x, 2)
    assert np.array_equal(quotient, [0, -2])
    assert np.array_equal(rest.numpy(), [1, 1.5])
    assert [np.asarray(part).tolist() for part in divmod(7, x)] == [[7, -3], [0, -0.5]]
    assert np.array_equal(round(x), [1, -2])
    assert np.array_equal(bits ^ 3, [2, 3])
    assert np.array_equal(2 | bits, [3, 2])
    assert np.array_equal(1 & bits, [1, 0])


def test_parts_of_complex_numbers_and_the_transpose_of_matrices():
    z = Tensor(np.array([[1 + 2j, 3 - 1j]]))
    assert np.array_equal(z.real.numpy(), [[1, 3]])
    assert np.array_equal(z.imag.numpy(), [[2, -1]])
    assert np.array_equal(z.conj().numpy(), [[1 - 2j, 3 + 1j]])
    assert z.mT.shape == (2, 1)


def test_selecting_methods():
    x = leaf([1.0, 0.0, 3.0])
    [places] = x.nonzero()
    assert np.array_equal(places, [0, 2])
    x.compress([False, True, True]).sum().backward()
    assert np.array_equal(x.grad.numpy(), [0, 1, 1])
    assert Tensor([1.0, 2.0]).searchsorted(1.5) == 1
    chosen = Tensor([1, 0]).choose([[5.0, 6.0], Tensor([7.0, 8.0])])
    assert np.array_equal(chosen.numpy(), [7, 6])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32"])
@pytest.mark.parametrize("numbers", [(7, 7.0), (7.0, 7), (1, 1.0), (1.0, 1), (0.0, 0)])
def test_an_integer_stays_one_whatever_was_computed_before(dtype, numbers):
    array = np.array([1, 0, 1]).astype(dtype)
    for number in numbers:
        for found, expected in (
            (Tensor(array) * number, array * number),
            (number - Tensor(array.astype("int64")), number - array.astype("int64")),
        ):
            assert found.dtype == expected.dtype
            assert np.array_equal(found.numpy(), expected)


def test_a_number_that_is_too_large_is_reported_every_time():
    x = Tensor([1.0, 2.0])
    with np.errstate(over="ignore"):
        assert np.isinf((x * 1e40).numpy()).all()
    for _ in range(2):
        with np.errstate(over="raise"), pytest.raises(FloatingPointError):
            x * 1e40


def test_a_rule_speaks_of_one_result_also_in_a_named_tuple():
    pair = namedtuple("pair", "double triple")

    def both(x):
        return pair(x * 2, x * 3)

    rule(both, lambda g, out, x: g * 2)
    try:
        with pytest.raises(TypeError, match="2 results"):
            apply(both, leaf([1.0]))
    finally:
        del RULES[both]
