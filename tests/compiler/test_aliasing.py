"""Programs whose values share memory, and rewrites that must not go too far.

Each case runs three steps eagerly and as a program, from the same state, on small
values (which are allocated) and on large ones (which live in buffers).
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tinygrad_lr import Tensor, Variable, function
from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.compiler import CompiledStep
from tinygrad_lr.compiler.recording import record


def state(n: int) -> dict[str, Variable]:
    generator = np.random.default_rng(0)

    def variable(*shape: int) -> Variable:
        return Variable(generator.normal(size=shape).astype("float32"), name="v")

    return {
        "w": variable(n, n), "u": variable(n, n), "flat": variable(n * n),
        "row": variable(n), "acc": variable(),
    }  # fmt: skip


def tail_reads_old(v: Any, x: Any) -> Any:
    norm = (v["w"] * v["w"]).sum()
    v["w"].assign(v["w"] - 0.1 * x)
    return {"norm": norm}


def returns_old_variable(v: Any, x: Any) -> Any:
    old = v["w"].value
    v["w"].assign(v["w"] - 0.1 * x)
    return {"old": old, "view": np.reshape(old, -1), "new": v["w"].value}


def gradient_is_kept(v: Any, x: Any) -> Any:
    g = x @ x
    v["acc"].assign(v["acc"] + (g * v["u"]).sum())
    v["u"].assign(g)
    v["w"].assign(v["w"] - 0.1 * g)
    return {"acc": v["acc"].value}


def views_of_results_are_kept(v: Any, x: Any) -> Any:
    h = np.tanh(x @ v["w"])
    v["flat"].assign(h.reshape(-1))
    v["u"].assign(h.T)
    v["w"].assign(v["w"] - 0.1 * h)
    return {"h": h}


def views_of_variables_are_kept(v: Any, x: Any) -> Any:
    v["flat"].assign(np.reshape(v["w"], -1))
    v["row"].assign(v["w"][0])
    v["u"].assign(np.transpose(v["w"]))
    v["w"].assign(v["w"] - 0.1 * (x @ x))
    return {}


def input_is_kept(v: Any, x: Any) -> Any:
    v["u"].assign(x)
    v["flat"].assign(x.reshape(-1))
    return {"x": x}


def assigned_twice(v: Any, x: Any) -> Any:
    v["w"].assign(v["w"] + x)
    v["w"].assign(v["w"] * 0.5)
    v["u"].assign(v["w"])
    v["w"].assign(v["w"])
    return {"w": v["w"].value}


STEPS = [
    tail_reads_old, returns_old_variable, gradient_is_kept, views_of_results_are_kept,
    views_of_variables_are_kept, input_is_kept, assigned_twice,
]  # fmt: skip


@pytest.mark.parametrize("n", [3, 64])
@pytest.mark.parametrize("step", STEPS)
def test_shared_memory_changes_nothing(step: Any, n: int) -> None:
    x = np.random.default_rng(1).normal(size=(n, n)).astype("float32")
    eager, compiled = state(n), state(n)
    batches = [x, x * 2, x.copy()]
    with no_grad():
        expected = [step(eager, Tensor(b)) for b in batches]
        _, program, obstacle = record(
            lambda t: step(compiled, t), [("x", batches[0])], "step"
        )
    assert obstacle is None
    run = CompiledStep(program)
    for want, batch in zip(expected[1:], batches[1:], strict=True):
        given = batch.copy()
        got = run.run([(given,)])[-1]
        given[:] = 77  # neither results nor variables may be part of the data
        for name, value in want.items():
            np.testing.assert_array_equal(got[name], value.data, err_msg=name)
    for name in eager:
        np.testing.assert_array_equal(compiled[name].data, eager[name].data, name)


A = np.arange(6, dtype="float32").reshape(2, 3) - 2
FUNCTIONS = {
    "float64 number": lambda x: x.sum() * np.float64(0.1),
    "infinite number": lambda x: x.sum() + np.float32(np.inf),
    "where of two dtypes": lambda x: np.where(
        x.sum() > 1, x.sum(), x.astype("int32").sum()
    ),
    "where of int8": lambda x: np.where(x.sum() > 1, 1.0, x.astype("int8").sum()),
    "max with initial": lambda x: np.max(x, initial=5.0),
    "sum with where": lambda x: np.sum(x, where=np.array([True, False, True])),
    "sum of one with initial": lambda x: np.sum(x[:, :1], axis=1, initial=5.0),
    "two broadcasts": lambda x: (
        np.broadcast_to(x[0], (4, 3)) + np.broadcast_to(x[1], (4, 3))
    ),
    "order F": lambda x: np.reshape(x, (3, 2), order="F"),
    "ravel F": lambda x: np.reshape(np.ravel(x, "F"), (3, 2)),
    "transpose of nothing": lambda x: np.transpose(x, axes=(0, 1)) * 2,
    "unsigned": lambda x: x.astype("int64") + (-x.astype("uint8")),
    "ldexp": lambda x: np.ldexp(x, 2),
    "several": lambda x: list(np.split(x, 3, axis=1)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_rewrites_keep_value_shape_and_dtype(name: str) -> None:
    expected = FUNCTIONS[name](Tensor(A))
    _, program, obstacle = record(FUNCTIONS[name], [("x", A)], "f")
    assert obstacle is None
    got = CompiledStep(program).run([(A,)])[-1]
    expected, got = (
        value if isinstance(value, list) else [value] for value in (expected, got)
    )
    for want, have in zip(expected, got, strict=True):
        want, have = np.asarray(want), np.asarray(have)
        assert (have.shape, have.dtype) == (want.shape, want.dtype)
        np.testing.assert_array_equal(have, want)


def test_one_tensor_given_twice_is_two_arguments() -> None:
    difference = function(lambda a, b: a - b)
    t, u = Tensor([1.0, 2.0]), Tensor([5.0, 7.0])
    difference(t, t)
    np.testing.assert_array_equal(difference(t, u).data, [-4, -5])


def test_a_program_recorded_without_history_is_not_used_where_one_is_wanted() -> None:
    w = Variable([2.0, 3.0])
    total = function(lambda x: (x * w).sum())
    with no_grad():
        assert not total(Tensor([1.0, 1.0])).requires_grad
    assert total(Tensor([1.0, 1.0])).requires_grad


def test_an_array_written_to_while_recording_is_two_constants() -> None:
    buffer = np.ones(3, "float32")

    def changing(x: Any) -> Any:
        buffer[:] = 1
        first = x * buffer
        buffer[:] = 2
        return first + x * buffer

    x = np.ones(3, "float32")
    _, program, _ = record(changing, [("x", x)], "changing")
    np.testing.assert_array_equal(CompiledStep(program).run([(x,)])[-1], [3, 3, 3])


def test_variables_copy_with_their_values() -> None:
    w = Variable(np.ones(5000, "float32"), name="w")
    _, program, _ = record(lambda: w.assign(w + 1).value, [], "step")
    CompiledStep(program).run([(), ()])
    twin = copy.deepcopy(w)
    assert twin.numpy()[0] == w.numpy()[0] == 4
