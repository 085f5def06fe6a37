"""Chains in parts: which calls they join, and that no bit of a result changes.

The limits are set low, so that small arrays have many parts.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr.autodiff import Tensor, grad
from tinygrad_lr.compiler import CompiledStep, chains, threads
from tinygrad_lr.compiler.recording import record

ROWS, COLUMNS = 131, 40  # large enough for buffers, and no multiple of a part's rows

# Each makes a value of the values so far, which all have the shape of the inputs.
CALLS = {
    "add": lambda v: v[-1] + v[0],
    "negative": lambda v: -v[-1],
    "number": lambda v: v[-1] * 1.5,
    "tanh": lambda v: np.tanh(v[-1]),
    "exp": lambda v: np.exp(-np.absolute(v[-1])),
    "maximum": lambda v: np.maximum(v[-1], v[len(v) // 2]),
    "mask": lambda v: v[-1] * (v[-2] > 0),
    "where": lambda v: np.where(v[-1] > v[0], v[-1], 0),
    "row": lambda v: v[-1] - v[-2][3],  # a part of what may be a buffer
    "column": lambda v: v[-1] * np.tanh(v[-1][:, 2:3]),
    "mean": lambda v: v[-1] - v[-1].mean(axis=0),
    "sums": lambda v: v[-1] / (1 + np.square(v[0]).sum(axis=1, keepdims=True)),
    "transposed": lambda v: v[-1] + v[-2].T.reshape(v[-1].shape),
    "turned": lambda v: v[-1] + v[-2][::-1],
    "reshaped": lambda v: (v[-1].reshape(-1) * 2).reshape(v[-1].shape) + v[-2],
    "product": lambda v: np.tanh(v[-1]) @ (v[0].T @ v[1]) * 0.01,
    "old": lambda v: v[0] - v[1],
}


@pytest.fixture(params=[1, 2])
def count(request, monkeypatch):
    """One thread or two, and arrays of this size in several parts."""
    few(monkeypatch, request.param)
    return request.param


def few(patch, count):
    patch.setattr(threads.threads, "count", count)
    patch.setattr(chains, "SHARED", 600)
    patch.setattr(chains, "BLOCK", 300)
    patch.setattr(chains, "ENOUGH", 0)
    patch.setattr(chains, "HUGE", 0)


def check(function, seed=0):
    """Run as written, and as a program on three batches; return the program's text."""
    generator = np.random.default_rng(seed)
    batches = generator.normal(size=(3, 2, ROWS, COLUMNS)).astype("float32")
    _, program, obstacle = record(
        function, [(f"x{i}", Tensor(x)) for i, x in enumerate(batches[0])], "program"
    )
    assert obstacle is None
    step = CompiledStep(program)
    for batch in batches:
        expected = function(*map(Tensor, batch))
        (got,) = step.run([tuple(batch)])
        for name, value in expected.items():
            assert np.asarray(got[name]).tobytes() == value.data.tobytes(), name
    return step.plan.source


def written(names):
    """A function of two arrays that makes one call after the other."""

    def function(x, y):
        values = [x, y]
        for name in names:
            values.append(CALLS[name](values))
        return {"last": values[-1] * 1, "sum": sum(v.sum() for v in values)}

    return function


@given(
    st.lists(st.sampled_from(sorted(CALLS)), min_size=2, max_size=12),
    st.sampled_from([1, 2]),
)
@settings(max_examples=40, deadline=None)
def test_no_bit_depends_on_parts(names, count):
    with pytest.MonkeyPatch.context() as patch:
        few(patch, count)
        check(written(names))


def test_the_gradient_too(count):
    def function(x, y):
        def loss(w):
            return (np.tanh(np.square(w) * y + 1) * np.exp(-y)).sum()

        return {"gradient": grad(loss)(x)}

    assert "def chain" in check(function)


def test_what_only_the_chain_reads_is_not_kept(count):
    source = check(lambda x, y: {"sum": (np.exp(x * 2) + y).sum()})
    lines = [line.strip() for line in source.splitlines()]
    assert "multiply(part_of_x0, c, s)" in lines
    assert "exp(s, s)" in lines
    assert "add(s, part_of_x1, part_of_buffer)" in lines
    assert ("in_two(chain, " in source) is (count == 2)


def test_a_row_of_a_buffer_is_not_read_in_parts(count):
    def function(x, y):
        t = np.exp(x) + y
        return {"sum": ((t * 2 - t[3]) * y).sum()}  # the buffer of t may be used again

    [line] = [line for line in check(function).splitlines() if "subtract(" in line]
    assert "part" not in line


def test_small_arrays_have_no_parts():
    source = check(lambda x, y: {"sum": (np.exp(x * 2) + y).sum()})
    assert "chain" not in source


def test_errors_are_as_without_parts(count):
    x = np.full((ROWS, COLUMNS), 1e4, "float32")
    _, program, _ = record(
        lambda x: {"sum": np.exp(x * 2).sum()}, [("x", Tensor(x * 0))], "program"
    )
    step = CompiledStep(program)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="exp"):
        step.run([(x,)])
