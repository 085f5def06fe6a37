"""What a recorded function gives back is each time what it gave the first time."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest

from tinygrad_lr import GradientTape, Tensor, Variable, function
from tinygrad_lr.autodiff import no_grad, set_default_dtype


class Pair(NamedTuple):
    one: Any
    two: Any


class Box:
    def __init__(self, content: Any) -> None:
        self.content = content


def test_types_of_results_stay_what_they_were() -> None:
    @function
    def f(x: Any) -> Any:
        inner = OrderedDict(z=x, b=[2 * x])
        return Pair(x * 2, inner), None, "a", 3, 2.5, True, np.float32(3), np.arange(3)

    first, second = f(Tensor([1.0])), f(Tensor([1.0]))
    assert f.programs
    assert repr(second) == repr(first)
    assert [type(part) for part in second] == [type(part) for part in first]
    assert list(second[0].two) == ["z", "b"]
    second[-1][0] = 7
    assert f(Tensor([1.0]))[-1][0] == 0


def test_a_variable_as_result_is_its_value_of_that_moment() -> None:
    v = Variable([1.0], trainable=False)

    @function
    def f(x: Any) -> Any:
        v.assign_add(x)
        return v

    assert [f(Tensor([1.0])).item() for _ in range(3)] == [2, 3, 4]
    results = [f(Tensor([1.0])) for _ in range(2)]
    assert [r.item() for r in results] == [5, 6]


def generator(x: Any) -> Any:
    yield x * 1
    yield x * 2


async def coroutine(x: Any) -> Any:
    return x * 2


@pytest.mark.parametrize("original", [generator, coroutine, lambda x: Box(x * 2)])
def test_results_that_a_program_cannot_make(original: Any) -> None:
    f = function(original)
    with pytest.warns(UserWarning, match="which may hold Tensors"):
        results = [f(np.array([float(n)])) for n in range(3)]
    for n, result in enumerate(results):
        if isinstance(result, Box):
            assert result.content.tolist() == [2 * n]
        elif original is generator:
            assert [part.tolist() for part in result] == [[n], [2 * n]]
        else:
            result.close()
    with pytest.raises(RuntimeError, match="it returns a"):
        _ = f.source


def test_arrays_are_tensors_to_a_function_that_runs_eagerly_too() -> None:
    @function
    def f(x: Any) -> Any:
        return x * 2 if float(x[0]) > 0 else x

    with pytest.warns(UserWarning, match="looks at the value"):
        results = [f(np.ones(2)) for _ in range(2)]
    assert [type(r) for r in results] == [Tensor, Tensor]


def test_a_gradient_of_einsum_takes_the_same_way_as_written_and_as_recorded() -> None:
    generator = np.random.default_rng(1)
    args = [generator.normal(size=n) for n in ((2, 3, 4), (2, 4, 2), (2,))]

    def gradients(*xs: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(list(xs))
            total = np.sum(np.sin(np.einsum("bij,bjk,k->bi", *xs)))
        return tape.gradient(total, list(xs))

    f = function(gradients)
    with no_grad():
        expected = [g.numpy().tobytes() for g in gradients(*map(Tensor, args))]
        for _ in range(2):
            assert [g.numpy().tobytes() for g in f(*args)] == expected


def test_a_copy_records_programs_of_its_own() -> None:
    f = function(lambda x: x * 2)
    assert f(np.ones(1)).item() == 2
    for g in (copy.copy(f), copy.deepcopy(f)):
        assert not g.programs
        assert [g(np.ones(1)).item() for _ in range(2)] == [2, 2]
        assert g.programs
        assert len(f.programs) == 1


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a function to record, got 3"):
        function(3)


WORDS = [
    "epochs", "state", "fresh", "results", "watch", "shield", "batches", "np", "c", "d",
    "exp", "k", "t", "x",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_no_name_of_the_users_meets_one_of_the_program(word: str) -> None:
    v = Variable(np.ones(3), name=word, trainable=False)

    def original(x: Any) -> Any:
        v.assign(v * 2)
        return np.exp(x) * 2 + np.arange(3.0) + v

    parameter = eval(f"lambda {word}: {word} * 2 + v", {"v": v})
    original.__name__ = word
    for f in (function(original), function(parameter)):
        v.assign(np.ones(3))
        expected = [f.original(np.ones(3)).numpy() for _ in range(3)]
        v.assign(np.ones(3))
        for result in expected:
            np.testing.assert_array_equal(f(np.ones(3)).numpy(), result)


def test_a_tape_outside_sees_through_a_function_that_assigns() -> None:
    w, calls = Variable([2.0, 3.0]), Variable(0.0, trainable=False)

    @function
    def f(x: Any) -> Any:
        calls.assign_add(1.0)
        return (w * x).sum()

    f(Tensor([1.0, 1.0]))
    for n in range(1, 4):
        with GradientTape() as tape:
            y = f(Tensor([1.0, 2.0]) * n)
        assert tape.gradient(y, w).tolist() == [n, 2 * n]
    assert calls.numpy() == 4


def test_a_dict_is_gone_through_in_its_order() -> None:
    f = function(lambda d: next(iter(d.values())) * 1)
    one, two = np.ones(1), np.full(1, 2.0)
    for _ in range(2):
        assert f({"a": one, "b": two}).item() == 1
        assert f({"b": two, "a": one}).item() == 2
        assert f({"b": two, 1: one}).item() == 2


def test_the_default_dtype_is_that_of_the_call() -> None:
    f = function(lambda x: x + Tensor(0.5))
    x = np.ones(2, "float32")
    assert f(x).dtype == f(x).dtype == np.float32
    set_default_dtype("float64")
    try:
        assert f(x).dtype == np.float64
    finally:
        set_default_dtype("float32")


def test_layouts_of_arrays_make_no_difference() -> None:
    generator = np.random.default_rng(0)
    x, w = generator.normal(size=(9, 96)), generator.normal(size=96)
    layouts = [
        x, np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], x[::-1].copy()[::-1],
        np.ma.masked_array(x, x > 0),
    ]  # fmt: skip
    expected = [(x @ w).tobytes(), x.reshape(-1).sum().tobytes()]
    for first in layouts:
        f = function(lambda x: [x @ w, x.reshape(-1).sum()])
        for layout in (first, *layouts):
            assert [r.numpy().tobytes() for r in f(layout)] == expected


def test_class_methods_and_functions_written_in_c() -> None:
    class Thing:
        @classmethod
        @function
        def c(cls, x: Any) -> Any:
            return x * 3

    for n in range(3):
        assert Thing.c(np.full(1, float(n))).item() == 3 * n
    for original in (np.add, max):
        f = function(original)
        for n in range(3):
            if original is np.add:
                assert f(np.ones(1), np.full(1, float(n))).item() == n + 1
            else:
                assert f(2, n) == max(2, n)


def test_a_choice_between_two_numbers_is_no_part_of_them() -> None:
    f = function(lambda test, x, y: np.where(test, x, y))
    x, y = np.array(2.0), np.array(3.0)
    results = [f(np.array(n % 2), x, y) for n in range(4)]
    x.fill(9)
    y.fill(9)  # they are still the caller's own
    assert [r.item() for r in results] == [3, 2, 3, 2]


@pytest.mark.parametrize("test", [0.5, 256, 1j, np.nan, 0.0, False])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32"])
def test_a_choice_by_a_constant_of_another_dtype(test: Any, dtype: str) -> None:
    x, y = np.array(3, dtype), np.array(4, dtype)
    f = function(lambda x, y: np.where(np.array(test), x, y))
    assert [f(x, y).item() for _ in range(2)] == 2 * [3 if test else 4]


def test_functions_that_end_where_there_are_no_axes() -> None:
    f = function(lambda x: x.sum() * (1 + len(np.shape(x.sum()))))
    assert [f(np.full(2, n)).item() for n in range(3)] == [0, 2, 4]
    g = function(lambda x: np.reshape(np.max(x, axis=-1, keepdims=True), (1,)))
    assert [g(np.array(n)).tolist() for n in range(3)] == [[0], [1], [2]]
    h = function(lambda x: np.take(x, [0, 0], 0))
    assert [h(np.array(n)).tolist() for n in range(3)] == [[0, 0], [1, 1], [2, 2]]


def test_means_of_complex_numbers_and_differences_of_truths() -> None:
    generator = np.random.default_rng(0)
    mean, change = function(np.mean), function(np.diff)
    for _ in range(20):
        x = (generator.normal(size=7) + 1j * generator.normal(size=7)).astype("c8")
        assert mean(x).numpy().tobytes() == np.mean(x).tobytes()
        np.testing.assert_array_equal(change(x.real > 0).numpy(), np.diff(x.real > 0))
