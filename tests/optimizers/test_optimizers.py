"""Optimizers against their formulas in float64, their options, their state."""

import copy
import pickle

import numpy as np
import pytest

from tinygrad_lr import optimizers
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.optimizers import SGD, Adam, Muon, Optimizer, RMSprop, schedules

rng = np.random.default_rng(0)
START = [rng.normal(size=(3, 2)), rng.normal(size=2)]
GRADIENTS = [[rng.normal(size=(3, 2)), rng.normal(size=2)] for _ in range(20)]


def run(optimizer, dtype="float64", start=START, gradients=GRADIENTS):
    """Twenty steps along given gradients; the weights after them."""
    weights = [
        Variable(w.astype(dtype), name=n) for w, n in zip(start, "kb", strict=True)
    ]
    for step in gradients:
        optimizer.apply([g.astype(dtype) for g in step], weights)
    assert all(w.dtype == dtype for w in weights)
    return [w.numpy() for w in weights]


def follow(rule, start=START, gradients=GRADIENTS):
    """The same with a function (state, weight, gradient, step) -> weight."""
    weights, states = [w.copy() for w in start], [{}, {}]
    for t, step in enumerate(gradients, 1):
        weights = [rule(*each, t) for each in zip(states, weights, step, strict=True)]
    return weights


def sgd(s, w, g, t):
    return w - 0.1 * g


def momentum(s, w, g, t):
    s["v"] = 0.9 * s.get("v", 0) - 0.1 * g
    return w + s["v"]


def nesterov(s, w, g, t):
    s["v"] = 0.9 * s.get("v", 0) - 0.1 * g
    return w + 0.9 * s["v"] - 0.1 * g


def adam(s, w, g, t):
    s["m"] = 0.8 * s.get("m", 0) + 0.2 * g
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    rate = 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t)
    return w - rate * s["m"] / (np.sqrt(s["v"]) + 1e-7)


def amsgrad(s, w, g, t):
    s["m"] = 0.8 * s.get("m", 0) + 0.2 * g
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    s["h"] = np.maximum(s.get("h", 0), s["v"])
    rate = 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t)
    return w - rate * s["m"] / (np.sqrt(s["h"]) + 1e-7)


def rmsprop(s, w, g, t):
    s["v"] = 0.8 * s.get("v", 0) + 0.2 * g * g
    return w - 0.1 * g / np.sqrt(s["v"] + 1e-7)


def rmsprop_all(s, w, g, t):
    s["v"] = 0.8 * s.get("v", 0) + 0.2 * g * g
    s["m"] = 0.8 * s.get("m", 0) + 0.2 * g
    s["s"] = 0.5 * s.get("s", 0) + 0.1 * g / np.sqrt(s["v"] - s["m"] ** 2 + 1e-7)
    return w - s["s"]


RULES = {
    "sgd": (sgd, lambda: SGD(0.1)),
    "momentum": (momentum, lambda: SGD(0.1, momentum=0.9)),
    "nesterov": (nesterov, lambda: SGD(0.1, momentum=0.9, nesterov=True)),
    "adam": (adam, lambda: Adam(0.1, 0.8, 0.9)),
    "amsgrad": (amsgrad, lambda: Adam(0.1, 0.8, 0.9, amsgrad=True)),
    "rmsprop": (rmsprop, lambda: RMSprop(0.1, 0.8)),
    "rmsprop_all": (rmsprop_all, lambda: RMSprop(0.1, 0.8, 0.5, centered=True)),
}


@pytest.fixture
def wide():
    """Learning rates in float64."""
    from tinygrad_lr import config

    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


@pytest.mark.parametrize("name", RULES)
def test_rules(name, wide):
    rule, make = RULES[name]
    for got, expected in zip(run(make()), follow(rule), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11)


@pytest.mark.parametrize("name", RULES)
def test_float32_stays_float32(name):
    rule, make = RULES[name]
    optimizer = make()
    for got, expected in zip(run(optimizer, "float32"), follow(rule), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)
    assert {str(v.dtype) for v in optimizer.variables} == {"int64", "float32"}


@pytest.mark.parametrize("name", RULES)
def test_all_state_is_in_variables(name):
    # A copy of the variables goes on exactly where the original is.
    _, make = RULES[name]
    whole = run(make(), "float32")
    first = make()
    half = run(first, "float32", gradients=GRADIENTS[:10])
    second = make()
    second.build([Variable(w) for w in half])
    second.set_weights([v.numpy() for v in first.variables])
    weights = second._trainable_variables
    for step in GRADIENTS[10:]:
        second.apply([g.astype("float32") for g in step], weights)
    for got, expected in zip(weights, whole, strict=True):
        np.testing.assert_array_equal(got.numpy(), expected)
    assert second.iterations.item() == 20


def test_gradients_may_be_tensors_or_lists():
    arrays = run(SGD(0.1, momentum=0.5), "float32")
    weights = [Variable(w.astype("float32")) for w in START]
    optimizer = SGD(0.1, momentum=0.5)
    for i, step in enumerate(GRADIENTS):
        step = [g.astype("float32") for g in step]
        kinds = [Tensor(g) for g in step] if i % 2 else [g.tolist() for g in step]
        optimizer.apply_gradients(zip(kinds, weights, strict=True))
    for got, expected in zip(weights, arrays, strict=True):
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-6)


def test_clipping(wide):
    g = GRADIENTS[0]
    norms = [np.sqrt((x * x).sum()) for x in g]
    total = np.sqrt(sum(n * n for n in norms))
    expected = {
        "clipnorm": [x * min(1, 0.5 / n) for x, n in zip(g, norms, strict=True)],
        "global_clipnorm": [x * min(1, 0.5 / total) for x in g],
        "clipvalue": [np.clip(x, -0.5, 0.5) for x in g],
    }
    for name, clipped in expected.items():
        got = run(SGD(1.0, **{name: 0.5}), gradients=[g])
        for w, start, step in zip(got, START, clipped, strict=True):
            np.testing.assert_allclose(w, start - step, rtol=1e-12)
        # nothing is clipped that is small enough, and 0 stays 0
        for small in ([x * 1e-3 for x in g], [x * 0 for x in g]):
            got = run(SGD(1.0, **{name: 0.5}), gradients=[small])
            for w, start, step in zip(got, START, small, strict=True):
                np.testing.assert_allclose(w, start - step, rtol=1e-12)


def test_weight_decay_comes_first_and_scales_with_the_rate(wide):
    def rule(s, w, g, t):
        return momentum(s, w - w * 0.5 * 0.1, g, t)

    for got, expected in zip(
        run(SGD(0.1, momentum=0.9, weight_decay=0.5)), follow(rule), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-11)


def test_weights_may_be_excluded_from_decay(wide):
    by_name, by_list = (SGD(0.1, weight_decay=0.5) for _ in range(2))
    by_name.exclude_from_weight_decay(var_names=["b"])
    kernel, bias = run(by_name, gradients=GRADIENTS[:1])
    np.testing.assert_allclose(bias, START[1] - 0.1 * GRADIENTS[0][1])
    np.testing.assert_allclose(kernel, START[0] * 0.95 - 0.1 * GRADIENTS[0][0])
    w = Variable(np.ones(2))
    by_list.exclude_from_weight_decay([w])
    by_list.apply([np.zeros(2)], [w])
    assert w.numpy().tolist() == [1, 1]
    by_list.exclude_from_weight_decay()  # as in Keras, this holds from now on
    by_list.apply([np.zeros(2)], [w])
    np.testing.assert_allclose(w.numpy(), [0.95, 0.95])


def test_constraints_follow_the_update():
    w = Variable(np.ones(2, "float32"))
    w.constraint = lambda w: np.maximum(w, 0)
    SGD(1.0).apply([np.array([0.5, 3.0], "float32")], [w])
    assert w.numpy().tolist() == [0.5, 0]


def test_accumulated_gradients(wide):
    steps = 4
    means = [
        [sum(g[i] for g in GRADIENTS[k : k + steps]) / steps for i in range(2)]
        for k in range(0, 20, steps)
    ]
    optimizer = Adam(0.1, 0.8, 0.9, gradient_accumulation_steps=steps)
    got = run(optimizer)
    for w, expected in zip(got, follow(adam, gradients=means), strict=True):
        np.testing.assert_allclose(w, expected, rtol=1e-11)
    assert optimizer.iterations.item() == 5
    unfinished = run(SGD(0.1, gradient_accumulation_steps=4), gradients=GRADIENTS[:3])
    np.testing.assert_array_equal(unfinished[0], START[0])


def test_moving_averages(wide):
    optimizer = SGD(0.1, use_ema=True, ema_momentum=0.9)
    weights = [Variable(w) for w in START]
    average = None
    for step in GRADIENTS:
        optimizer.apply(step, weights)
        w = weights[0].numpy()
        average = w if average is None else 0.9 * average + 0.1 * w
    np.testing.assert_allclose(optimizer._averages[0].numpy(), average, rtol=1e-12)
    optimizer.finalize_variable_values(weights)
    np.testing.assert_allclose(weights[0].numpy(), average, rtol=1e-12)
    often = SGD(0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2)
    run_weights = run(often, gradients=GRADIENTS[:2])
    np.testing.assert_allclose(run_weights[0], often._averages[0].numpy())


def test_scaled_losses():
    optimizer = SGD(0.1, loss_scale_factor=8.0)
    assert optimizer.scale_loss(2.0) == 16
    scaled = run(optimizer, gradients=[[8 * g for g in GRADIENTS[0]]])
    plain = run(SGD(0.1), gradients=GRADIENTS[:1])
    np.testing.assert_allclose(scaled[0], plain[0])


def test_learning_rate_is_a_variable():
    optimizer = SGD(0.25)
    assert isinstance(optimizer.learning_rate, Variable)
    assert float(optimizer.learning_rate) == 0.25
    w = Variable(np.zeros(1, "float32"))
    optimizer.apply([np.ones(1, "float32")], [w])
    optimizer.learning_rate = 0.5
    optimizer.apply([np.ones(1, "float32")], [w])
    optimizer.learning_rate.assign(1)
    optimizer.apply([np.ones(1, "float32")], [w])
    assert w.item() == -1.75
    assert optimizer.get_config()["learning_rate"] == 1


def test_learning_rate_may_follow_a_schedule_or_a_function():
    w = Variable(np.zeros(1, "float32"))
    optimizer = SGD(schedules.PiecewiseConstantDecay([0], [1.0, 0.5]))
    for _ in range(3):
        optimizer.apply([np.ones(1, "float32")], [w])
    assert w.item() == -2
    assert w.dtype == "float32"
    with pytest.raises(TypeError, match="follows a schedule"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = lambda: 0.25
    optimizer.apply([np.ones(1, "float32")], [w])
    assert w.item() == -2.25
    fixed = SGD(0.5)
    assert len(fixed.variables) == 2
    fixed.learning_rate = schedules.ExponentialDecay(0.5, 1, 0.5)
    assert len(fixed.variables) == 1
    assert float(fixed.learning_rate) == 0.5


@pytest.mark.parametrize("rate", ["0.1", None, True, [0.1, 0.2], float("nan"), {}])
def test_learning_rates_that_are_no_numbers(rate):
    with pytest.raises(ValueError, match=r"optimizer 'o'.*as learning_rate"):
        SGD(rate, name="o")
    with pytest.raises(ValueError, match="as learning_rate"):
        SGD(0.1).learning_rate = rate


@pytest.mark.parametrize(
    "rate", [1, np.float64(1), np.int32(1), np.array(1.0), Tensor(1.0)]
)
def test_learning_rates_of_other_kinds(rate):
    assert float(SGD(rate).learning_rate) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"momentum": 1.5}, r"number in \[0, 1\] as momentum"),
        ({"momentum": "x"}, r"number in \[0, 1\] as momentum"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "at most one"),
        ({"clipnorm": "x"}, "number as clipnorm"),
        ({"weight_decay": "x"}, "number as weight_decay"),
        ({"gradient_accumulation_steps": 1}, "at least 2"),
        ({"use_ema": True, "ema_momentum": 2}, "ema_momentum"),
        ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency"),
    ],
)
def test_bad_settings(arguments, words):
    with pytest.raises(ValueError, match=words):
        SGD(**arguments)


def test_the_mistakes_of_using_an_optimizer():
    w, v = Variable(np.zeros(1, "float32"), name="w"), Variable(0.0, name="v")
    g = np.ones(1, "float32")
    optimizer = SGD(0.1, name="o")
    with pytest.raises(ValueError, match=r"needs build\(variables\) first"):
        optimizer.apply([g])
    with pytest.raises(ValueError, match="no variable has a gradient"):
        optimizer.apply([None], [w])
    optimizer.apply([g], [w])
    optimizer.apply([g])
    with pytest.raises(ValueError, match="does not know the variable 'v'"):
        optimizer.apply([g], [v])
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        optimizer.apply([g, g], [w])
    with pytest.raises(ValueError, match="has 2 variables, got 1"):
        optimizer.set_weights([0])
    with pytest.raises(NotImplementedError, match="update_step"):
        Optimizer(0.1).apply([g], [w])


def test_weights_without_gradient_stay_with_a_warning():
    w, v = (
        Variable(np.zeros(1, "float32"), name="w"),
        Variable(np.ones(1, "float32"), name="v"),
    )
    with pytest.warns(UserWarning, match=r"\['v'\]"):
        SGD(1.0).apply([np.ones(1, "float32"), None], [w, v])
    assert (w.item(), v.item()) == (-1, 1)


def test_no_history_grows():
    w = Variable(np.ones(3, "float32"))
    optimizer = Adam()
    for _ in range(3):
        optimizer.apply([Tensor(np.ones(3, "float32"), requires_grad=True) * 2], [w])
    assert w.function is None
    assert all(v.function is None and not v.requires_grad for v in optimizer.variables)


def test_saved_state():
    first, second, store = Adam(0.1), Adam(0.2), {}
    run(first, "float32")
    first.save_own_variables(store)
    with pytest.warns(UserWarning, match="starts afresh"):
        second.load_own_variables(store)
    second.build([Variable(w.astype("float32")) for w in START])
    second.load_own_variables(store)
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", RULES)
def test_copies_go_on_alone(name):
    optimizer = RULES[name][1]()
    weights = [Variable(w.astype("float32")) for w in START]
    step = [g.astype("float32") for g in GRADIENTS[0]]
    optimizer.apply(step, weights)
    pair = (
        copy.deepcopy((optimizer, weights)),
        pickle.loads(pickle.dumps((optimizer, weights))),
    )
    optimizer.apply(step, weights)
    for other, others in pair:
        assert other.iterations.item() == 1
        other.apply(step, others)
        for w, v in zip(weights, others, strict=True):
            np.testing.assert_array_equal(w.numpy(), v.numpy())


def test_users_optimizers_as_keras_documents_them():
    class Own(Optimizer):
        def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.momentum = momentum

        def build(self, variables):
            super().build(variables)
            self.momenta = [
                self.add_variable_from_reference(v, name="momentum") for v in variables
            ]

        def update_step(self, gradient, variable, learning_rate):
            m = self.momenta[self._get_variable_index(variable)]
            self.assign(m, m * self.momentum - gradient * learning_rate)
            self.assign_add(variable, m)

    got = run(Own(), "float32")
    expected = run(SGD(0.1, momentum=0.9), "float32")
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    with pytest.raises(TypeError, match=r"Own.*unknown argument 'rate'"):
        Own(rate=0.1)


def test_names():
    assert SGD(name="mine").name == "mine"
    assert repr(SGD(name="mine")) == "<SGD name=mine>"
    optimizer = Adam()
    kernel = Variable(np.ones(2, "float32"), name="kernel")
    kernel.path = "dense/kernel"
    optimizer.build([kernel])
    assert [v.name for v in optimizer.variables] == [
        "iteration", "learning_rate", "dense_kernel_momentum", "dense_kernel_velocity",
    ]  # fmt: skip


def test_get():
    assert type(optimizers.get("adam")) is Adam
    config = optimizers.serialize(SGD(0.5, momentum=0.5))
    again = optimizers.get(config)
    assert (float(again.learning_rate), again.momentum) == (0.5, 0.5)


def test_the_parts_of_a_step_of_muon():
    x = Tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    size = np.linalg.svd(Muon().zeropower_via_newtonschulz5(x, 5).numpy())[1]
    assert np.all(np.abs(size - 1) < 0.35)
    assert float(Muon(rms_rate=0.5).lr_adjust(Tensor(np.ones((4, 1))))[0, 0]) == 1.0
    assert Muon(rms_rate=None).lr_adjust(x) is x
    with pytest.raises(ValueError, match="expected a matrix"):
        Muon().zeropower_via_newtonschulz5(Tensor([1.0]), 5)
