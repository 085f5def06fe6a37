import gc
import weakref

import numpy as np
import pytest

from tinygrad_lr.autodiff import Tensor, Variable, no_grad, pull_back
from tinygrad_lr.autodiff.engine import ancestors, fit, reverse


def leaf(values):
    return Tensor(np.array(values, dtype=np.float64), requires_grad=True)


# -- accumulation ----------------------------------------------------------------------


def test_a_value_used_twice_gets_the_sum_of_both_gradients():
    x = leaf(3.0)
    y = x * x + x  # three uses: dy/dx = 2x + 1
    y.backward()
    assert x.grad.item() == 7.0


def test_a_shared_intermediate_is_pulled_once_with_its_whole_gradient():
    x = leaf(2.0)
    square = x * x
    calls = []
    pull = Tensor.pull

    def counting(self, g, needed):
        calls.append(self)
        return pull(self, g, needed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "pull", counting)
        (square * square + square).backward()
    assert x.grad.item() == 4 * 2.0**3 + 2 * 2.0
    assert sum(node is square for node in calls) == 1


def test_diamonds_in_a_row_are_not_exponential():
    x = leaf(1.0)
    y = x
    for _ in range(200):
        y = (y + y) * 0.5
    y.backward()
    assert x.grad.item() == 1.0


def test_one_tensor_in_several_places_of_a_list():
    x = leaf([1.0, 2.0])
    out = np.concatenate([x, x, x * 2])
    out.backward(np.array([1.0, 2, 3, 4, 5, 6]))
    assert x.grad.tolist() == [1 + 3 + 10, 2 + 4 + 12]


def test_views_accumulate_without_writing_into_each_other():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    seed = np.ones((2, 2))
    y = x.T + x.reshape(2, 2) + x[:, :] + np.broadcast_to(x, (2, 2))
    y.backward(seed)
    assert x.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert seed.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    seed[0, 0] = 5.0  # the seed stays the caller's own, writable array
    assert x.grad.tolist()[0][0] == 4.0


def test_gradients_of_two_leaves_do_not_share_memory_that_can_be_written():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x + y).backward(np.ones(2))
    with pytest.raises(ValueError, match="read-only"):
        x.grad.data[0] = 9.0
    assert y.grad.tolist() == [1.0, 1.0]


def test_backward_twice_adds_up():
    x = leaf(2.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.grad.item() == 8.0


# -- what does not depend --------------------------------------------------------------


def test_an_unused_argument_gets_no_gradient():
    x, unused = leaf(2.0), leaf(5.0)
    (x * 3).backward()
    assert x.grad.item() == 3.0
    assert unused.grad is None


def test_a_constant_result_has_no_gradient_to_give():
    with pytest.raises(RuntimeError, match="without history"):
        Tensor(1.0).backward()
    with no_grad():
        y = leaf(2.0) * 2
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        y.backward()


def test_only_paths_to_wanted_nodes_are_walked():
    x, y = leaf(2.0), leaf(3.0)
    dead_end = np.linalg.svd(y.reshape(1, 1))[1].sum()  # no rule: an error if walked
    out = x * x + dead_end
    [(node, g)] = pull_back([out], [None], [x])
    assert node is x
    assert g == 4.0


def test_gradient_of_an_intermediate_value():
    x = leaf(2.0)
    y = x * x
    z = y * 3
    assert [(n is y, float(g)) for n, g in pull_back([z], [None], [y])] == [(True, 3.0)]
    found = pull_back([z], [None], [x, y])
    assert {id(n): float(g) for n, g in found} == {id(x): 12.0, id(y): 3.0}


def test_the_result_itself_may_be_wanted():
    x = leaf(2.0)
    [(node, g)] = pull_back([x], [None], [x])
    assert node is x
    assert g == 1.0


def test_several_results_are_summed():
    x = leaf(2.0)
    [(_, g)] = pull_back([x * 2, x * x], [None, np.array(10.0)], [x])
    assert g == 2 + 10 * 4


# -- depth and memory ------------------------------------------------------------------


@pytest.mark.parametrize("depth", [10_000, 100_000])
def test_depth(depth):
    x = leaf(1.0)
    y = x
    for _ in range(depth):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y  # freeing the chain must not recurse either


def test_depth_of_a_gradient_with_history():
    x = leaf(1.0)
    y = x
    for _ in range(2_000):
        y = y * 1.0
    y.backward(create_graph=True)
    assert x.grad.item() == 1.0


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_no_reference_cycles(no_collector):
    x = leaf([1.0, 2.0])
    middle = np.tanh(x)
    last = (middle * middle).sum()
    last.backward(create_graph=True)
    alive = weakref.ref(middle), weakref.ref(last)
    del middle, last
    x.grad = None
    assert [ref() for ref in alive] == [None, None]


def test_100_000_training_steps_leave_memory_flat(no_collector):
    w = Variable(np.array([1.0, -1.0]), name="w")
    x = np.array([0.5, 0.25])

    def train(steps):
        for _ in range(steps):
            loss = (x * w).sum()
            w.grad = None
            loss.backward()
            w.assign(w.detach() - w.grad * 1e-6)

    train(100)
    before = len(gc.get_objects())
    train(100_000)
    assert len(gc.get_objects()) - before < 500


def test_an_error_in_a_rule_leaves_the_switches_as_they_were():
    x = leaf([[1.0]])
    with pytest.raises(NotImplementedError):
        np.i0(x).sum().backward()
    y = x * 2
    assert y.requires_grad


# -- the pieces ------------------------------------------------------------------------


class Node:
    """A value with a history that has nothing to do with arrays."""

    made = 0

    def __init__(self, *parents):
        Node.made += 1
        self.parents, self.order = parents, Node.made

    def pull(self, g, needed):
        return [(parent, g * 2) for parent in self.parents]


def test_reverse_knows_nothing_of_tensors():
    a = Node()
    b = Node(a)
    c = Node(a, b)
    assert ancestors([c]) == [a, b, c]
    [(node, g)] = reverse([(c, 1)])
    assert node is a
    assert g == 2 + 4


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ((2, 3), (2, 3)),
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((2, 3), (1, 1)),
        ((1, 3), (1, 3)),
        ((1,), ()),
        ((), (1,)),
        ((0, 3), (3,)),
        ((0, 3), (1, 3)),
        ((3,), (2, 3)),
        ((1, 3), (0, 3)),
        ((4, 2, 1, 3), (2, 1, 3)),
        ((2, 1), (2, 3)),
    ],
)
def test_fit_is_the_transpose_of_broadcasting(have, want):
    g = np.arange(1.0, 1 + np.prod(have)).reshape(have)
    fitted = fit(g, want, np.dtype("float32"))
    assert fitted.shape == want
    assert fitted.dtype == np.float32
    if np.broadcast_shapes(have, want) == have:  # something was broadcast: sums agree
        assert fitted.sum() == g.sum()
    else:  # something was reduced: every element has the gradient of its sum
        assert np.array_equal(fitted, np.broadcast_to(g, want))


def test_fit_gives_a_real_argument_the_real_part():
    fitted = fit(np.array([2 + 1j]), (1,), np.dtype("float64"))
    assert fitted.dtype == np.float64
    assert fitted == 2


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "call",
    [
        lambda t, a: t * a,
        lambda t, a: np.multiply(a, t),
        lambda t, a: np.concatenate([t * 2, a]) ** 2,
        lambda t, a: t * t * a,
        lambda t, a: np.einsum("i,i,i->i", t, a, t),
    ],
)
def test_a_caller_may_change_an_array_after_the_call(call, create_graph):
    t = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    kept, changed = np.array([3.0, 4.0]), np.array([3.0, 4.0])
    call(t, kept).sum().backward(create_graph=create_graph)
    want, t.grad = t.grad.numpy(), None
    y = call(t, changed).sum()
    changed[:] = 100.0
    y.backward(create_graph=create_graph)
    np.testing.assert_array_equal(t.grad.numpy(), want)


def test_a_caller_may_change_an_index_after_the_call():
    t = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    index = np.array([0, 0])
    y = t[index].sum()
    index[:] = 1
    y.backward()
    assert t.grad.tolist() == [2.0, 0.0]
