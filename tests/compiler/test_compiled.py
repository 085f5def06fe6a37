"""Programs: recorded, simplified, printed, planned; each form computes the same."""

import numpy as np
import pytest

from tinygrad_lr.autodiff import (
    GradientTape,
    Tensor,
    Variable,
    grad,
    no_grad,
    primitive,
    relu,
    sigmoid,
    softmax,
    softplus,
    value_and_grad,
)
from tinygrad_lr.compiler import CompiledStep, function
from tinygrad_lr.compiler.lowering import lower
from tinygrad_lr.compiler.memory import Planner
from tinygrad_lr.compiler.numpy_source import numpy_source
from tinygrad_lr.compiler.passes import simplify
from tinygrad_lr.compiler.recording import record


def recorded(function, *inputs):
    result, program, obstacle = record(
        function, [(f"x{i}", x) for i, x in enumerate(inputs)], "program"
    )
    assert obstacle is None
    return result, program


def update(variable, value):
    variable.assign(value)


def run_source(program, *inputs):
    """Execute the printed source on arrays."""
    namespace = {}
    exec(numpy_source(program), namespace)
    variables = [v.data for v in program.variables()]
    return namespace[program.name](*inputs, *variables)


CASES = {
    "arithmetic": lambda x, y: (x * 2 - y / 3 + 1) ** 2,
    "identities": lambda x, y: (
        ((x * 1) / 1).reshape(x.shape) + np.sum(y[:, None], axis=1)
    ),
    "matmul": lambda x, y: (x @ y.T).T @ x,
    "reductions": lambda x, y: x.mean(axis=0) + y.max(axis=0, keepdims=True) - y.sum(),
    "activations": lambda x, y: sigmoid(x) * relu(y) + softmax(x) - softplus(y),
    "selection": lambda x, y: np.where(x > y, x, -y)[1:, ::2],
    "lists": lambda x, y: np.concatenate([x, y * 2, x]),
    "constants": lambda x, y: x * np.ones((3, 4), "float32") * 0.5 + np.arange(4.0),
    "gradient": lambda x, y: grad(lambda a: (np.tanh(a) * y).sum())(x),
    "second": lambda x, y: grad(
        lambda a: (grad(lambda b: (b**3 * y).sum())(a) ** 2).sum()
    )(x),
    "spread": lambda x, y: [
        np.var(x),
        np.var(x, axis=0, keepdims=True),
        np.std(y, axis=1, ddof=1),
        x - np.mean(x, axis=0, keepdims=True),
    ],
    "choice": lambda x, y: [
        np.where(x > 0.5, y, 0),
        np.where(y > 0, x, 0.0),
        np.where((x > 0)[:, :1], -y * 0, 0),
        np.where(x > y, x, -0.0),
    ],
    "views": lambda x, y: [
        np.moveaxis(x[None] * 2, 0, -1) * 1,
        np.swapaxes(y[None] + 1, 0, 1) * 1,
        np.transpose(x[:, None] + y, (2, 0, 1)) + 0.5,
        np.expand_dims(x, 1) * y[None],
        np.squeeze(np.expand_dims(x * 2, (0, 2))) + y,
        np.argmax(x, axis=-1),
        np.argmin(y, axis=0, keepdims=True),
        np.mean(np.exp(x), axis=(1,)) * 2,
    ],
    "several": lambda x, y: {"a": x + y, "b": [x, y * 0 + 1], "c": x.sum()},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rows", [3, 700])  # allocated results, and planned buffers
def test_every_form_of_a_program_computes_the_same(case, rows):
    generator = np.random.default_rng(0)
    shape = (3, 4) if case == "constants" else (rows, 4)
    x, y = generator.normal(size=(2, *shape)).astype("float32")
    expected, program = recorded(CASES[case], Tensor(x), Tensor(y))
    simple = simplify(program)
    printed = (
        run_source(simple, x, y)[-1] if simple.assigns else run_source(simple, x, y)
    )
    step = CompiledStep(program)
    for _ in range(2):  # buffers are used again
        got = step.run([(x, y)])[-1]
        compare(got, expected)
    compare(printed, expected)


def compare(got, expected):
    if isinstance(expected, dict):
        assert list(got) == list(expected)
        for key in expected:
            compare(got[key], expected[key])
    elif isinstance(expected, list):
        for a, b in zip(got, expected, strict=True):
            compare(a, b)
    else:
        values = got.data if isinstance(got, Tensor) else np.asarray(got)
        assert values.dtype == expected.dtype
        assert values.shape == expected.shape
        np.testing.assert_array_equal(values, expected.data)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_choice_between_numbers_and_zero_keeps_every_bit(dtype):
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 1.5, -2.0], dtype)
    x, chosen = np.tile(special, 100), np.arange(600) % 4 < 2
    for choose in (lambda x, c: np.where(c, x, 0), lambda x, c: np.where(c, 0.0, x)):
        _, program = recorded(choose, Tensor(x), Tensor(chosen))
        (got,) = CompiledStep(program).run([(x, chosen)])
        assert got.tobytes() == choose(x, chosen).tobytes()


# -- simplification --------------------------------------------------------------------


def lines(function, *inputs):
    _, program = recorded(function, *inputs)
    source = numpy_source(simplify(program))
    return [
        line.split("#")[0].strip()
        for line in source.splitlines()
        if line.startswith("    ")
    ]


X = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x * 1 + 0.0 * 1, "t = x0 + 0.0"),
        (lambda x: (x.T).T + 1, "t = x0 + 1"),
        (lambda x: x.reshape(6).reshape(2, 3) * 2, "t = x0 * 2"),
        (lambda x: x + (-(x * 3)), "t = x0 - x0 * 3"),
        (lambda x: np.sum(x.reshape(2, 3, 1), axis=2) * 2, "t = x0 * 2"),
        (lambda x: np.broadcast_to(x[:1], (2, 3)) + x, "t = x0[:1] + x0"),
        (lambda x: x.T.swapaxes(-1, -2) - 1, "t = x0 - 1"),
        (
            lambda x: x.astype("float64").astype("float64") + 1,
            't = x0.astype("float64") + 1',
        ),
    ],
)  # fmt: skip
def test_a_careful_person_would_write(function, text):
    assert text in lines(function, X)


def test_adding_zero_is_kept_because_of_negative_zero():
    x = np.array([-0.0], "float32")
    _, program = recorded(lambda t: t + 0.0, x)
    out = CompiledStep(program).run([(x,)])[0]
    assert not np.signbit(out[0])


def test_equal_calls_are_shared_and_unused_ones_dropped():
    def function(x):
        np.exp(x)  # nobody needs it
        return np.tanh(x) + np.tanh(x) * 2

    _, program = recorded(function, X)
    names = [op.function.__name__ for op in simplify(program).ops]
    assert names == ["tanh", "multiply", "add"]


def test_constants_are_computed_once():
    _, program = recorded(lambda x: x * np.sqrt(Tensor([4.0, 9.0, 16.0])), X)
    assert [op.function for op in simplify(program).ops] == [np.multiply]


# -- variables -------------------------------------------------------------------------


def test_two_variables_swap_values():
    for size in (2, 5000):  # rebound locals, and storage updated in place
        a, b = Variable(np.zeros(size, "f")), Variable(np.ones(size, "f"))

        def swap(a=a, b=b):
            old = a.value
            a.assign(b)
            b.assign(old)

        _, program = recorded(swap)
        step = CompiledStep(program)
        step.run([(), ()])  # recorded once, then twice more
        assert a.numpy()[0] == 1
        assert b.numpy()[0] == 0


def test_an_update_that_reads_the_old_value_of_another_variable():
    for size in (2, 5000):
        values = np.arange(size, dtype="f")
        eager = [Variable(values), Variable(values + 1)]
        compiled = [Variable(values), Variable(values + 1)]

        def step(a, b):
            new_a = a * 0.5 + b
            b.assign(b - a * 0.25)
            a.assign(new_a)

        step(*eager)
        _, program = recorded(lambda c=compiled: step(*c))
        run = CompiledStep(program)
        for _ in range(3):
            step(*eager)
        run.run([()] * 3)
        for one, other in zip(eager, compiled, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_value_read_before_the_run_stays_as_it_was():
    w = Variable(np.zeros(5000, "f"))
    _, program = recorded(lambda: update(w, w + 1))
    step = CompiledStep(program)
    before, held = w.data, w.value
    step.run([()] * 2)
    after = w.numpy()
    step.run([()])
    assert before[0] == 1
    assert held.numpy()[0] == 1
    assert after[0] == 3
    assert w.numpy()[0] == 4


def test_an_assignment_between_two_runs_takes_effect():
    w = Variable(np.zeros(5000, "f"))
    _, program = recorded(lambda: update(w, w * 2 + 1))
    step = CompiledStep(program)
    step.run([()])
    w.assign(np.full(5000, 10.0, "f"))
    step.run([()])
    assert w.numpy()[0] == 21


def test_programs_of_one_model_share_the_storage():
    variables = [Variable(np.ones((60, 50), "f")), Variable(np.ones(50, "f"))]

    def step(x):
        with GradientTape() as tape:
            loss = ((x @ variables[0] + variables[1]) ** 2).mean()
        for v, g in zip(variables, tape.gradient(loss, variables), strict=True):
            v.assign(v - 0.1 * g)

    steps = [CompiledStep(recorded(step, np.ones((n, 60), "f"))[1]) for n in (8, 3)]
    for number, one in zip((8, 3), steps, strict=True):
        one.run([(np.ones((number, 60), "f"),)])
    second = CompiledStep(recorded(step, np.ones((5, 60), "f"))[1])
    homes = [second.plan.homes[v] for v in variables]
    assert all(
        np.shares_memory(h, v.storage) for h, v in zip(homes, variables, strict=True)
    )


def test_families_and_blocks_update_as_single_calls_would():
    generator = np.random.default_rng(1)
    shapes = [(300, 120), (120,), (120, 7), (7,)]
    start = [generator.normal(size=s).astype("f") for s in shapes]
    gradients = [generator.normal(size=s).astype("f") for s in shapes]

    def make():
        weights = [Variable(w) for w in start]
        slots = [(Variable(w * 0), Variable(w * 0)) for w in start]
        return weights, slots

    def step(weights, slots, x):
        for w, (m, v), g in zip(weights, slots, gradients, strict=True):
            g = np.tanh(x.sum() * g)
            m.assign(m + (g - m) * 0.1)
            v.assign(v + (np.square(g) - v) * 0.001)
            w.assign(w - 0.01 * m / (np.sqrt(v) + 1e-7))

    eager, compiled = make(), make()
    x = np.ones(3, "f")
    _, program = recorded(lambda t: step(*compiled, t), x)
    run = CompiledStep(program)
    step(*eager, Tensor(x))
    for _ in range(5):
        step(*eager, Tensor(x))
    run.run([(x,)] * 5)
    for one, other in zip(eager[0], compiled[0], strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


# -- what cannot be recorded, and what leaks -------------------------------------------


@pytest.mark.parametrize(
    "look",
    [
        bool, float, int, lambda t: t.item(), lambda t: t.numpy(), np.asarray,
        lambda t: t.tolist(), lambda t: np.allclose(t, 1), lambda t: f"{t:.2f}", repr,
    ],
)  # fmt: skip
def test_looking_at_a_value_is_an_obstacle_with_its_place(look):
    def function(x):
        look(x.sum())
        return x

    result, program, obstacle = record(function, [("x", X)], "program")
    assert program is None
    assert "test_compiled.py:" in obstacle
    np.testing.assert_array_equal(result.data, X)


def test_shapes_are_not_values():
    _, program = recorded(lambda x: x * x.shape[0] + np.ndim(x) + len(x), X)
    assert program is not None


def test_results_do_not_share_memory_with_buffers_inputs_or_variables():
    w = Variable(np.ones((700, 4), "f"))
    x = np.ones((700, 4), "f")
    _, program = recorded(lambda t: [t, w, (t * 2).reshape(4, 700), t[:5]], x)
    step = CompiledStep(program)
    first = step.run([(x,)])[-1]
    kept = [array.copy() for array in first]
    step.run([(x + 1,)])
    x += 5
    for array, old in zip(first, kept, strict=True):
        np.testing.assert_array_equal(array, old)
    assert x.flags.writeable


def test_an_exception_leaves_the_variables_after_the_last_whole_batch():
    w = Variable(np.zeros(2, "f"))
    _, program = recorded(lambda x: update(w, w + x), np.ones(2, "f"))
    step = CompiledStep(program)
    w.assign(np.zeros(2, "f"))
    with pytest.raises(ValueError, match="broadcast"):
        step.run([(np.ones(2, "f"),), (np.ones(2, "f"),), (np.ones(3, "f"),)])
    np.testing.assert_array_equal(w.numpy(), [2, 2])


def test_names_become_identifiers():
    w = Variable([1.0], name="my layer 1:kernel")
    k = Variable([1.0], name="class")
    n = Variable([1.0], name="np")
    _, program = recorded(lambda x: x * w * k * n, X)
    source = numpy_source(simplify(program))
    compile(source, "source", "exec")
    assert "my_layer_1_kernel" in source
    assert "class_" in source
    assert "np_2" in source


def test_a_user_primitive_is_called_as_it_is():
    @primitive
    def cube(x):
        return x * x * x

    with no_grad():
        _, program = recorded(lambda x: cube(x) + 1, X)
    step = CompiledStep(program)
    np.testing.assert_array_equal(step.run([(X,)])[0], X**3 + 1)
    assert "def cube(x)" in step.source


def test_planned_source_shows_in_tracebacks():
    import linecache
    import traceback

    _, program = recorded(lambda x: x @ x.T, X)
    step = CompiledStep(program)
    with pytest.raises(ValueError, match=r"align|shape|match") as caught:
        step.run([(np.ones((2, 3, 4), "f"),)])
    shown = "".join(traceback.format_tb(caught.tb))
    assert "x0.T" in shown or ".dot(" in shown
    assert linecache.getline(step.plan.function.__code__.co_filename, 1).startswith(
        "def program"
    )


def test_large_results_reuse_buffers():
    x = np.ones((200, 200), "f")
    _, program = recorded(lambda t: np.exp(np.tanh(np.sin(t * 2) + 1) * 3).sum(), x)
    planner = Planner(simplify(lower(simplify(program))))
    planner.build()
    assert len({id(b.base) for b in planner.buffers.values()}) == 1


def test_a_named_tuple_comes_back_as_one():
    found = function(lambda a: np.linalg.slogdet(a))(2 * np.eye(2))
    assert type(found).__name__ == "SlogdetResult"
    np.testing.assert_allclose(found.logabsdet.numpy(), np.log(4))


def test_a_value_with_its_gradient_is_recorded():
    step = function(value_and_grad(lambda x: np.sum(x * x)))
    for x in (np.array([1.0, -2.0]), np.array([3.0, 0.5])):
        value, slope = step(x)
        assert float(value) == np.sum(x * x)
        assert np.array_equal(slope.numpy(), 2 * x)
    assert "(x * x).sum()" in step.source


def test_a_mask_may_be_computed_on_the_way():
    def positive(x):
        return np.sum(x * x, where=x > 0)

    recorded = function(positive)
    for x in (np.array([1.0, -2.0, 3.0]), np.array([-1.0, 2.0, 0.5])):
        assert float(recorded(x)) == float(np.sum(x * x, where=x > 0))
        assert np.array_equal(grad(positive)(x), np.where(x > 0, 2 * x, 0))
    assert "where=x > 0" in recorded.source
