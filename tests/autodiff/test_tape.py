import numpy as np
import pytest

from tinygrad_lr.autodiff import GradientTape, Tensor, Variable, grad


def test_variables_are_followed_by_themselves():
    w, b = Variable(np.array([1.0, 2.0])), Variable(np.array(0.5))
    with GradientTape() as tape:
        loss = np.sum(w * 3 + b)
    d_w, d_b = tape.gradient(loss, [w, b])
    assert isinstance(d_w, Tensor)
    assert d_w.tolist() == [3.0, 3.0]
    assert d_b.item() == 2.0
    assert w.grad is None


def test_sources_keep_their_nesting():
    w, b = Variable(1.0), Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = w * b
    assert tape.gradient(y, w).item() == 2.0
    found = tape.gradient(y, {"w": w, "rest": (b, w)})
    assert found["rest"][0].item() == 1.0
    assert tape.gradient(y, [w, w])[1].item() == 2.0


def test_other_tensors_are_followed_if_watched():
    x = Tensor([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = np.sum(x * x)
    assert tape.gradient(y, x).tolist() == [2.0, 4.0]
    assert not x.requires_grad
    with GradientTape() as tape:
        y = np.sum(x * 2)
    assert tape.gradient(y, x) is None
    with pytest.raises(TypeError, match="real floats"):
        GradientTape().watch(Tensor([1, 2]))
    with pytest.raises(TypeError, match="got ndarray"):
        GradientTape().watch([np.ones(2)])


def test_one_gradient_unless_persistent():
    w = Variable(2.0)
    with GradientTape() as tape:
        y = w * w
    tape.gradient(y, w)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, w)
    with GradientTape(persistent=True) as tape:
        y = w * w
        z = y * y
    assert [tape.gradient(t, w).item() for t in (y, z, y)] == [4.0, 32.0, 4.0]


def test_unconnected_sources():
    w, other = Variable([1.0]), Variable([[2.0]])
    with GradientTape(persistent=True) as tape:
        y = np.sum(w * 2)
    assert tape.gradient(y, [w, other])[1] is None
    zeros = tape.gradient(y, other, unconnected_gradients="zero")
    assert zeros.tolist() == [[0.0]]
    with pytest.raises(ValueError, match="'none' or 'zero'"):
        tape.gradient(y, w, unconnected_gradients="nan")


def test_watch_accessed_variables_can_be_switched_off():
    w, b = Variable(2.0), Variable(3.0)
    with GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(w)
        y = w * b
    assert tape.gradient(y, w).item() == 3.0
    assert tape.gradient(y, b) is None


def test_frozen_variables_are_not_followed():
    w = Variable(2.0, trainable=False)
    with GradientTape() as tape:
        y = w * 3
    assert tape.gradient(y, w) is None
    with GradientTape() as tape:
        tape.watch(w)
        y = w * 3
    assert tape.gradient(y, w).item() == 3.0


def test_targets_and_weights():
    w = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y, z = w * 2, w * w
    assert tape.gradient(y, w).tolist() == [2.0, 2.0]
    assert tape.gradient([y, z], w).tolist() == [4.0, 6.0]
    weights = np.array([10.0, 1.0])
    assert tape.gradient(y, w, output_gradients=weights).tolist() == [20.0, 2.0]
    for target in (3.0, np.ones(2)):
        with pytest.raises(TypeError, match="expected a Tensor or Variable as target"):
            tape.gradient(target, w)
    with pytest.raises(TypeError, match="as source, got ndarray"):
        tape.gradient(y, np.ones(2))


def test_second_order_by_nested_tapes():
    x = Variable(2.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x**3
        slope = inner.gradient(y, x)
    assert slope.item() == 12.0
    assert outer.gradient(slope, x).item() == 12.0


def test_third_order_with_a_watched_tensor():
    x = Tensor(2.0)
    with GradientTape() as a:
        a.watch(x)
        with GradientTape() as b:
            b.watch(x)
            with GradientTape() as c:
                c.watch(x)
                y = x**4
            first = c.gradient(y, x)
        second = b.gradient(first, x)
    assert a.gradient(second, x).item() == 48.0
    assert not x.requires_grad


def test_a_gradient_inside_its_own_tape_has_a_history():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        slope = tape.gradient(y, x)
        z = slope * x
    assert tape.gradient(z, x).item() == 12.0


def test_a_gradient_outside_has_none():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    assert not tape.gradient(y, x).requires_grad


def test_jacobian():
    w = Variable(np.array([1.0, 2.0]))
    other = Variable(1.0)
    with GradientTape() as tape:
        y = np.stack([w * w, w * 3])
    j, none = tape.jacobian(y, [w, other])
    assert j.shape == (2, 2, 2)
    assert j.numpy()[0].tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert none is None
    with GradientTape() as tape:
        y = (w * w)[:0]
    assert tape.jacobian(y, w).shape == (0, 2)


def test_stop_recording():
    w = Variable(2.0)
    with GradientTape() as tape:
        with tape.stop_recording():
            constant = w * w
        y = w * constant
    assert tape.gradient(y, w).item() == 4.0


def test_a_tape_cannot_record_twice_at_once_and_can_be_reset():
    tape = GradientTape()
    w = Variable(2.0)
    with tape, pytest.raises(RuntimeError, match="recording already"):
        tape.__enter__()
    for _ in range(2):
        tape.reset()
        with tape:
            y = w * w
        assert tape.gradient(y, w).item() == 4.0


def test_an_error_inside_leaves_everything_as_it_was():
    x = Tensor(1.0)
    tape = GradientTape()
    with pytest.raises(ZeroDivisionError), tape:
        tape.watch([x, 1 / 0])
    with pytest.raises(TypeError), tape:
        tape.watch([x, "text"])
    assert not x.requires_grad
    assert np.asarray(Variable([1.0])).tolist() == [1.0]  # no tape is open any more


def test_a_derivative_inside_a_tape_reaches_the_variables():
    """A gradient penalty: the slope of a critic by its input, as a part of the loss."""
    w = Variable(np.array([2.0, 3.0]))
    x = np.array([1.0, 2.0])
    with GradientTape() as tape:
        slope = grad(lambda t: np.sum(w * t**2))(x)
        penalty = np.sum(slope**2)
    found = tape.gradient(penalty, w)
    np.testing.assert_allclose(found.numpy(), 8 * w.numpy() * x**2)
