import copy
import pickle

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    GradientTape,
    Tensor,
    Variable,
    grad,
    name_scope,
    no_grad,
)


def test_a_variable_follows_its_gradient_by_itself():
    w = Variable([1.0, 2.0], name="w")
    (w * w).sum().backward()
    assert w.grad.tolist() == [2.0, 4.0]


def test_frozen_and_integer_variables_do_not():
    frozen, counter = Variable([1.0], trainable=False), Variable(3)
    assert not frozen.requires_grad
    assert not counter.requires_grad
    assert counter.dtype == np.int64
    frozen.trainable = True
    assert frozen.requires_grad
    frozen.trainable = False
    assert not (frozen * 2).requires_grad


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1.5, "float32"), (np.float64(1.5), "float64"), ([True], "bool")],
)
def test_dtype(value, dtype):
    assert Variable(value).dtype == np.dtype(dtype)
    assert Variable([1, 2], dtype="float16").dtype == np.float16


def test_assign_replaces_the_value():
    w = Variable([1.0, 2.0])
    before = w.data
    assert w.assign([3.0, 4.0]) is w
    assert w.tolist() == [3.0, 4.0]
    assert before.tolist() == [1.0, 2.0]
    assert w.assign_add(1.0).tolist() == [4.0, 5.0]
    assert w.assign_sub([1.0, 1.0]).tolist() == [3.0, 4.0]
    assert w.assign(Tensor([5.0, 6.0])).tolist() == [5.0, 6.0]


def test_assign_keeps_dtype_and_precision():
    w = Variable(np.zeros(2))
    w.assign([0.1, 0.2])  # Python numbers are not squeezed through float32
    assert w.tolist() == [0.1, 0.2]
    w32 = Variable([0.0])
    w32.assign(np.array([0.1]))
    assert w32.dtype == np.float32
    counter = Variable(0)
    counter.assign_add(1)
    assert counter.item() == 1
    assert counter.dtype == np.int64


def test_flags_and_counters_are_variables_too():
    flag, counter = Variable([True]), Variable(np.int64(1))
    assert flag.value.tolist() == [True]
    assert flag.assign(Variable([False])).tolist() == [False]
    assert counter.assign(counter + 1).item() == 2


def test_assign_refuses_another_shape():
    w = Variable([1.0, 2.0], name="kernel")
    with pytest.raises(ValueError, match=r"'kernel' has shape \(2,\).* shape \(3,\)"):
        w.assign([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \(\)"):
        w.assign(1.0)
    assert w.tolist() == [1.0, 2.0]


def test_assign_does_not_keep_the_callers_array():
    w = Variable([1.0, 2.0])
    source = np.array([3.0, 4.0], np.float32)
    w.assign(source)
    source[0] = 99.0
    assert w.tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="read-only"):
        w.data[0] = 1.0


def test_assign_drops_the_history():
    w, x = Variable([1.0]), Tensor([2.0], requires_grad=True)
    w.assign(w * x)
    (w * 1).sum().backward()
    assert w.grad.tolist() == [1.0]
    assert x.grad is None


def test_an_assignment_after_the_call_does_not_change_its_gradient():
    w = Variable(np.array(3.0), name="w")
    y = w * w
    w.assign(100.0)
    y.backward()
    assert w.grad.item() == 6.0


@pytest.mark.parametrize(
    "call", [lambda w: w * w, lambda w: np.einsum("i,i,i", w, w, w), lambda w: w.prod()]
)
def test_a_gradient_with_history_through_an_assigned_variable_is_refused(call):
    w = Variable(np.array([3.0, 2.0]), name="w")
    y = call(w).sum()
    w.assign([1.0, 1.0])
    with pytest.raises(
        RuntimeError, match="variable 'w' was assigned after it was used"
    ):
        y.backward(create_graph=True)
    assert w.grad is None


def test_a_variable_inside_a_list_is_watched_for_assignments_too():
    w = Variable(np.array([3.0, 2.0]), name="w")
    y = np.concatenate([w, w]).sum()
    w.assign([1.0, 1.0])
    with pytest.raises(RuntimeError, match="'w' was assigned"):
        y.backward(create_graph=True)


def test_value_and_detach_keep_the_value_of_their_time():
    w = Variable([1.0, 2.0])
    value, constant = w.value, w.detach()
    w.assign([5.0, 5.0])
    assert value.tolist() == [1.0, 2.0]
    assert constant.tolist() == [1.0, 2.0]
    assert not constant.requires_grad
    (value * 3).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_numpy_hands_out_a_copy():
    w = Variable([1.0, 2.0])
    w.numpy()[0] = 9.0
    assert w.tolist() == [1.0, 2.0]


def test_repr():
    w = Variable([1.0, 2.0], name="bias")
    assert repr(w) == "<Variable path=bias, shape=(2,), dtype=float32, value=[1. 2.]>"


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))]
)
def test_copies_are_variables_of_their_own(duplicate):
    w = Variable([1.0, 2.0], trainable=False, name="moving_mean")
    again = duplicate(w)
    assert (again.name, again.trainable, again.dtype) == (
        "moving_mean",
        False,
        np.float32,
    )
    again.assign([7.0, 7.0])
    assert w.tolist() == [1.0, 2.0]


def test_a_training_loop_learns():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 3))
    target = x @ np.array([[1.0], [-2.0], [0.5]]) + 3.0
    kernel, bias = Variable(np.zeros((3, 1))), Variable(np.zeros(1))
    for _ in range(300):
        with GradientTape() as tape:
            loss = np.mean(np.square(x @ kernel + bias - target))
        for variable, g in zip(
            (kernel, bias), tape.gradient(loss, [kernel, bias]), strict=True
        ):
            variable.assign_sub(0.1 * g)
    np.testing.assert_allclose(kernel.numpy(), [[1.0], [-2.0], [0.5]], atol=1e-6)
    np.testing.assert_allclose(bias.numpy(), [3.0], atol=1e-6)


def test_computing_under_no_grad_leaves_no_history():
    w = Variable([1.0])
    with no_grad():
        assert not (w * 2).requires_grad
    assert w.requires_grad


def test_a_variable_starts_from_an_initializer():
    w = Variable(lambda shape, dtype=None: np.full(shape, 3, dtype), shape=(2, 1))
    assert (w.shape, w.dtype, w.tolist()) == ((2, 1), "float32", [[3.0], [3.0]])
    assert Variable("ones", 2, "int32").tolist() == [1, 1]
    assert Variable(initial_value=2.0, trainable=False).trainable is False
    assert Variable(2.0, False).trainable is False  # TensorFlow's order


@pytest.mark.parametrize("shape", [None, (None, 2)])
def test_an_initializer_needs_a_known_shape(shape):
    with pytest.raises(ValueError, match="shape"):
        Variable("zeros", shape)


def test_constraint_and_regularizer_are_functions_and_are_pickled():
    w = Variable([1.0])
    w.constraint, w.regularizer = abs, None
    again = pickle.loads(pickle.dumps(w))
    assert (again.constraint, again.regularizer) == (abs, None)
    for what in ("constraint", "regularizer"):
        with pytest.raises(ValueError, match=f"the {what} of a Variable"):
            setattr(w, what, "max_norm")


def test_name_scopes_begin_the_paths():
    with name_scope("outer"), name_scope("inner"):
        w = Variable(1.0, name="w")
    assert (w.name, w.path) == ("w", "outer/inner/w")
    assert Variable(1.0, name="w").path == "w"
    with pytest.raises(ValueError, match="without '/'"):
        name_scope("a/b")


def test_what_variables_give_may_be_read_unless_a_gradient_is_taken():
    w = Variable([1.0, 2.0])
    assert np.asarray(w * 2).tolist() == [2, 4]  # as Keras programs read model(x)
    with GradientTape(), pytest.raises(TypeError, match="lose the gradient"):
        np.asarray(w * 2)
    with pytest.raises(TypeError, match="lose the gradient"):
        grad(lambda x: np.asarray(w * x).sum())(2.0)
    with pytest.raises(TypeError, match="lose the gradient"):
        np.asarray(w * Tensor(2.0, requires_grad=True))
