"""@function: signatures, closures, history, errors, and what is kept."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest

from tinygrad_lr import GradientTape, Tensor, Variable, function
from tinygrad_lr.autodiff import grad


def counted(original: Any) -> tuple[Any, list[int]]:
    """A recorded function, and a list that grows whenever its Python runs."""
    runs: list[int] = []

    def body(*args: Any, **kwargs: Any) -> Any:
        runs.append(1)
        return original(*args, **kwargs)

    return function(body), runs


def test_python_runs_once_for_each_form() -> None:
    f, runs = counted(lambda x: np.tanh(x) * 2)
    for shape in [(2,), (2,), (3,), (2, 2), (2,), (3,)]:
        x = np.ones(shape, "float32")
        np.testing.assert_array_equal(f(x).numpy(), np.tanh(x) * 2)
    assert len(runs) == 3
    assert f(np.ones(2, "float64")).dtype == "float64"
    assert f(np.ones(2, "int64")).dtype == "float64"
    assert f(Tensor([1.0, 2.0])).dtype == "float32"
    assert len(runs) >= 5


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_in_any_layout(order: Any) -> None:
    f, _ = counted(lambda x: (x * 2).reshape(-1) + x.T.reshape(-1) @ x.reshape(-1))
    base = np.arange(12.0).reshape(3, 4)
    for x in (
        base,
        np.asarray(base, order=order),
        base[::-1],
        np.arange(24.0).reshape(3, 8)[:, ::2],
    ):
        expected = (x * 2).reshape(-1) + x.T.reshape(-1) @ x.reshape(-1)
        np.testing.assert_array_equal(f(x).numpy(), expected)


def test_a_wrong_number_of_arguments_is_pythons_own_error() -> None:
    @function
    def f(x: Any, y: Any) -> Any:
        return x + y

    for _ in range(2):
        with pytest.raises(TypeError, match="argument"):
            f(np.ones(2))
        with pytest.raises(TypeError, match="argument"):
            f(np.ones(2), np.ones(2), np.ones(2))
        with pytest.raises(TypeError, match="argument"):
            f(np.ones(2), z=np.ones(2))
        np.testing.assert_array_equal(f(np.ones(2), np.ones(2)).numpy(), [2, 2])


def test_shapes_that_do_not_fit_are_an_error_and_no_harm() -> None:
    f, _ = counted(lambda x, y: x @ y)
    x = np.ones((2, 3))
    assert f(x, x.T).shape == (2, 2)
    with pytest.raises(ValueError, match=r"match|align|mismatch"):
        f(x, x)
    assert f(x, x.T).shape == (2, 2)


def test_at_most_so_many_programs_are_kept() -> None:
    f, runs = counted(lambda x: x * 2)
    few = function(kept=3)(f.original)
    for n in range(1, 10):
        few(np.ones(n))
        few(np.ones(1))  # used all the time, so it stays
    assert len(few.programs) == 3
    before = len(runs)
    few(np.ones(1))
    assert len(runs) == before
    few(np.ones(2))
    assert len(runs) == before + 1


def test_static_arguments_are_part_of_the_signature() -> None:
    f, runs = counted(
        lambda x, n, flag=False, word="a": x * n if flag else x + n + len(word)
    )
    x = np.ones(2)
    for n, flag, word in [
        (2, True, "a"),
        (3, True, "a"),
        (3, False, "a"),
        (3, False, "bb"),
    ]:
        for _ in range(2):
            expected = x * n if flag else x + n + len(word)
            np.testing.assert_array_equal(
                f(x, n, flag=flag, word=word).numpy(), expected
            )
    assert len(runs) == 4
    assert f(x, 1).dtype == f(x, 1.0).dtype
    assert f(np.ones(2, "int64"), 1).dtype == "int64"
    assert f(np.ones(2, "int64"), 1.0).dtype == "float64"
    assert f(np.ones(2, "int64"), True).dtype == "int64"


def test_nan_infinity_and_negative_zero_as_static_arguments() -> None:
    f, _ = counted(lambda x, n: x * n)
    for n in (0.0, -0.0, float("inf"), float("-inf"), float("nan")):
        for _ in range(2):
            got = f(np.ones(1), n).numpy()
            assert got.tobytes() == (np.ones(1) * n).tobytes(), n


def test_numpy_scalars_as_arguments() -> None:
    f, _ = counted(lambda x, n: x * n)
    for n in (np.float64(2.0), np.float64(3.0), np.float32(2.0), np.int64(4)):
        for _ in range(2):
            np.testing.assert_array_equal(f(np.ones(2), n).numpy(), np.ones(2) * n)


def test_nested_arguments_and_results() -> None:
    @function
    def f(pair: Any, table: Any) -> Any:
        x, (y, z) = pair
        return {"sum": x + y, "more": [z * table["k"], (x, table["n"])], "none": None}

    x, y, z, k = (np.full(2, n) for n in (1.0, 2.0, 3.0, 4.0))
    for factor in (1, 2):
        got = f((x * factor, [y, z]), {"k": k, "n": 5})
        np.testing.assert_array_equal(got["sum"].numpy(), x * factor + y)
        np.testing.assert_array_equal(got["more"][0].numpy(), z * k)
        np.testing.assert_array_equal(got["more"][1][0].numpy(), x * factor)
        assert got["more"][1][1] == 5
        assert got["none"] is None
        assert isinstance(got["more"][1], tuple)


def test_the_order_of_keywords_makes_no_difference() -> None:
    f, runs = counted(lambda a, b: a - b)
    a, b = np.array([5.0]), np.array([3.0])
    for _ in range(2):
        assert f(a=a, b=b).item() == 2
        assert f(b=b, a=a).item() == 2
        assert f(b=a, a=b).item() == -2
    assert f({"a": a, "b": b}["a"], b=b).item() == 2
    assert runs


def test_the_order_within_a_dict_makes_no_difference() -> None:
    f, _ = counted(lambda d: d["a"] - d["b"])
    a, b = np.array([5.0]), np.array([3.0])
    for _ in range(2):
        assert f({"a": a, "b": b}).item() == 2
        assert f({"b": b, "a": a}).item() == 2


def test_the_same_array_twice_and_then_two() -> None:
    f, _ = counted(lambda a, b: a - 2 * b)
    x, y = np.array([1.0]), np.array([10.0])
    assert f(x, x).item() == -1
    assert f(x, y).item() == -19
    assert f(y, x).item() == 8


def test_arrays_changed_between_and_after_calls() -> None:
    f, _ = counted(lambda x: [x, x[:1], x.reshape(2, 1), x * 2])
    x = np.array([1.0, 2.0])
    for _ in range(2):
        got = f(x)
        x += 1
        np.testing.assert_array_equal(got[0].numpy(), x - 1)
        np.testing.assert_array_equal(got[1].numpy(), x[:1] - 1)
        np.testing.assert_array_equal(got[2].numpy().ravel(), x - 1)
        assert x.flags.writeable


def test_closures_over_variables_read_and_assign_them() -> None:
    w = Variable([1.0, 2.0])
    total = Variable(0.0, trainable=False)

    @function
    def f(x: Any) -> Any:
        with GradientTape() as tape:
            loss = ((x - w) ** 2).sum()
        w.assign(w - 0.1 * tape.gradient(loss, w))
        total.assign(total + 1)
        return loss

    witness = np.array([1.0, 2.0], "float32")
    for step in range(1, 6):
        f(np.array([3.0, 3.0], "float32"))
        witness = witness - np.float32(0.1) * (-2 * (3 - witness))
        np.testing.assert_allclose(w.numpy(), witness, rtol=1e-6)
        assert total.numpy() == step
    w.assign([0.0, 0.0])
    assert f(np.array([3.0, 4.0], "float32")).item() == 25
    w.trainable = False
    with pytest.raises((ValueError, TypeError, AttributeError, RuntimeError)):
        f(np.array([3.0, 4.0], "float32"))


@pytest.mark.parametrize("size", [1, 4, 9000])
def test_closed_over_arrays_and_numbers_are_those_of_the_recording(size: int) -> None:
    """They are constants of the program, whatever becomes of them."""
    array = np.ones(size)
    settings = {"factor": 2.0}
    functions = [
        counted(lambda x: x * array)[0],
        counted(lambda x: x * (np.sqrt(x) * 0 + array))[0],
        counted(lambda x: x * settings["factor"])[0],
        counted(lambda x: x * np.sqrt(Tensor(array)))[0],
    ]
    x = np.ones(size)
    before = [f(x).numpy() for f in functions]
    array[:] = 5
    settings["factor"] = 3.0
    for f, expected in zip(functions, before, strict=True):
        np.testing.assert_array_equal(f(x).numpy(), expected)
    assert (
        functions[2](np.ones((1, size)))[0, 0].item() == 3
    )  # another form, recorded anew


def test_methods_keep_their_objects_apart() -> None:
    class Model:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        @function
        def scaled(self, x: Any) -> Any:
            return x * self.factor

    one, two = Model(2.0), Model(3.0)
    for _ in range(2):
        assert one.scaled(np.ones(1)).item() == 2
        assert two.scaled(np.ones(1)).item() == 3


def test_an_object_made_where_an_old_one_was_is_another_one() -> None:
    class Holder:
        def __init__(self, factor: float) -> None:
            self.factor = factor

    f, _ = counted(lambda x, holder: x * holder.factor)
    for n in range(30):
        assert f(np.ones(1), Holder(float(n))).item() == n


def test_functions_within_functions() -> None:
    inner, runs = counted(lambda x: np.tanh(x) * 2)
    outer, _ = counted(lambda x: inner(x) + inner(x * 2))
    x = np.array([0.5, 1.0])
    expected = np.tanh(x) * 2 + np.tanh(x * 2) * 2
    for _ in range(2):
        np.testing.assert_array_equal(outer(x).numpy(), expected)
    assert len(runs) == 2
    assert "tanh" in outer.source


def test_an_exception_leaves_variables_and_programs_as_they_were() -> None:
    w = Variable([1.0])
    broken = [True]

    @function
    def f(x: Any) -> Any:
        w.assign(w + x)
        if broken[0]:
            raise RuntimeError("broken")
        return w * 1

    with pytest.raises(RuntimeError, match="broken"):
        f(np.ones(1))
    assert not f.programs
    broken[0] = False
    w.assign([1.0])
    assert f(np.ones(1)).item() == 2
    assert f(np.ones(1)).item() == 3


def test_results_of_programs_are_constants_unless_someone_needs_history() -> None:
    f, runs = counted(lambda x: (x * x).sum())
    x = Tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        loss = f(x)
        loss.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [4, 8])
    assert grad(f)(Tensor([3.0])).tolist() == [6]
    assert len(runs) == 3
    constant = Tensor([1.0, 2.0])
    assert not f(constant).requires_grad
    assert not f(constant).requires_grad


def test_a_result_that_depends_on_a_weight_keeps_its_history() -> None:
    w = Variable([2.0])
    f, _ = counted(lambda x: w * x)
    for _ in range(3):
        with GradientTape() as tape:
            out = f(np.array([5.0], "float32"))
        assert tape.gradient(out, w).tolist() == [5]


def test_a_watched_argument_keeps_its_history() -> None:
    f, _ = counted(lambda x: x * x)
    plain = Tensor([3.0])
    f(plain)
    f(plain)
    with GradientTape() as tape:
        tape.watch(plain)
        out = f(plain)
    assert tape.gradient(out, plain).tolist() == [6]


def test_looking_at_values_warns_once_and_runs_as_written() -> None:
    @function
    def f(x: Any) -> Any:
        if x.sum() > 0:
            return x * 2
        return -x

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = [f(np.array([n])).item() for n in (1.0, -1.0, 2.0)]
    assert results == [2, 1, 4]
    assert len(caught) == 1
    line = f.original.__code__.co_firstlineno
    assert f"{__file__}:{line + 2}" in str(caught[0].message)
    with pytest.raises(RuntimeError, match="looks at"):
        _ = f.source


def test_source_before_and_after_the_first_call() -> None:
    @function
    def squared_norm(x: Any) -> Any:
        return (x * x).sum()

    with pytest.raises(RuntimeError, match="call it once"):
        _ = squared_norm.source
    squared_norm(np.ones(3))
    namespace: dict[str, Any] = {}
    exec(squared_norm.source, namespace)
    assert namespace["squared_norm"](np.array([3.0, 4.0, 0.0])) == 25
    assert squared_norm.__name__ == "squared_norm"


@pytest.mark.parametrize(
    "name",
    ["<lambda>", "class", "np", "x", "f():\n    raise SystemExit\ndef g", "größe", "1"],
)
def test_the_name_of_a_function_becomes_an_identifier(name: str) -> None:
    def original(x: Any) -> Any:
        return x * 2

    original.__name__ = name
    f = function(original)
    for _ in range(2):
        assert f(np.ones(1)).item() == 2
    namespace: dict[str, Any] = {}
    exec(f.source, namespace)
    (made,) = [v for k, v in namespace.items() if k not in ("np", "__builtins__")]
    assert made(np.ones(1)) == 2


def test_threads_may_call_one_function() -> None:
    f, _ = counted(lambda x: np.exp(np.tanh(x) * 2) @ np.ones((x.shape[1], 1)))
    xs = [np.full((200, 50), n, "float64") for n in range(4)]
    expected = [np.exp(np.tanh(x) * 2) @ np.ones((50, 1)) for x in xs]
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            if not np.array_equal(f(xs[number]).numpy(), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
