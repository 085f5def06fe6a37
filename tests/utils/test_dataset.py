"""Dataset: lengths and elements as tf.data has them; orders that are permutations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lr as keras
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.utils.dataset import Dataset
from tinygrad_lr.utils.elements import TensorSpec

D = Dataset


def values(data: Dataset) -> list[Any]:
    return [
        e.tolist() if isinstance(e, (np.ndarray, np.generic)) else e
        for e in data.as_numpy_iterator()
    ]


def some() -> Dataset:
    return D.range(9).filter(lambda x: x > 2)


FOREVER = D.range(3).repeat()


@pytest.mark.parametrize(
    ("data", "length"),  # recorded from TensorFlow 2.21
    [
        (FOREVER.filter(lambda x: x > 1), -2),
        (some().take(2), -2),
        (FOREVER.skip(2), -1),
        (FOREVER.take(2), 2),
        (FOREVER.batch(2), -1),
        (some().repeat(2), -2),
        (some().repeat(), -1),
        (FOREVER.concatenate(some()), -1),
        (some().concatenate(FOREVER), -1),
        (some().concatenate(D.range(2)), -2),
        (D.zip((FOREVER, D.range(4))), 4),
        (D.zip((FOREVER, some())), -2),
        (D.range(6).batch(4).unbatch(), -2),
        (D.range(6).batch(3, drop_remainder=True).unbatch(), 6),
        (D.range(10).window(4, shift=1), 10),
        (D.range(10).window(4, shift=1, drop_remainder=True), 7),
        (D.range(10).window(4, shift=3), 4),
        (D.range(10).window(4, 1, 2, True), 4),
        (D.range(3).flat_map(lambda x: D.range(2)), -2),
        (FOREVER.cache(), -1),
        (D.range(0).repeat(), 0),
        (D.range(4).take_while(lambda x: x < 2), -2),
        (D.range(10).shard(3, 0), 4),
        (D.range(10).shard(3, 2), 3),
        (D.range(3).take(-1), 3),
        (D.range(3).skip(-1), 0),
        (D.range(3).repeat(0), 0),
        (D.range(3).enumerate(), 3),
        (D.range(7).batch(2, drop_remainder=True), 3),
        (D.range(7).padded_batch(2), 4),
    ],
)
def test_lengths(data: Dataset, length: int) -> None:
    assert int(data.cardinality()) == length
    if length >= 0:
        assert len(data) == length == len(list(data))
    else:
        with pytest.raises(TypeError, match="infinite" if length == -1 else "unknown"):
            len(data)
    assert data  # true whatever its length


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (D.range(5, 0, -2), [5, 3, 1]),
        (D.range(5).skip(1).take(2), [1, 2]),
        (D.range(2).repeat(2), [0, 1, 0, 1]),
        (D.range(2).concatenate(D.range(2)), [0, 1, 0, 1]),
        (D.range(6).shard(4, 1), [1, 5]),
        (D.range(5).batch(2), [[0, 1], [2, 3], [4]]),
        (D.range(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
        (D.range(5).batch(2).unbatch(), [0, 1, 2, 3, 4]),
        (D.range(5).map(lambda x: x * 2).take_while(lambda x: x < 5), [0, 2, 4]),
        (D.from_tensor_slices([3, 1, 3]).unique(), [3, 1]),
        (D.range(2).map(lambda x: [x, x]), [(0, 0), (1, 1)]),
        (D.range(3).batch(2).enumerate(5).map(lambda i, x: i), [5, 6]),
        (
            D.range(5).interleave(
                lambda x: D.from_tensors(x).repeat(2), cycle_length=2
            ),
            [0, 1, 0, 1, 2, 3, 2, 3, 4, 4],
        ),
        (D.from_tensors([1, 2]), [[1, 2]]),
    ],
)
def test_elements(data: Dataset, expected: list[Any]) -> None:
    assert values(data) == expected
    assert values(data) == expected  # each iteration begins anew


@pytest.mark.parametrize(
    ("arguments", "expected"),  # recorded from TensorFlow 2.21
    [
        ({"size": 3, "shift": 2}, [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6]]),
        ({"size": 3, "shift": 2, "stride": 2}, [[0, 2, 4], [2, 4, 6], [4, 6], [6]]),
        (
            {"size": 3, "shift": 2, "stride": 2, "drop_remainder": True},
            [[0, 2, 4], [2, 4, 6]],
        ),
        ({"size": 3}, [[0, 1, 2], [3, 4, 5], [6]]),
        ({"size": 2, "shift": 3}, [[0, 1], [3, 4], [6]]),
    ],
)
def test_windows(arguments: dict[str, Any], expected: list[Any]) -> None:
    assert [values(w) for w in D.range(7).window(**arguments)] == expected
    flat = D.range(7).window(**arguments).flat_map(lambda w: w.batch(9))
    assert values(flat) == expected


def test_windows_of_pairs_are_pairs_of_windows() -> None:
    data = D.from_tensor_slices((np.arange(4), np.arange(4.0))).window(2)
    joined = data.flat_map(lambda x, y: D.zip((x.batch(2), y.batch(2))))
    assert [(x.tolist(), y.tolist()) for x, y in joined] == [
        ([0, 1], [0.0, 1.0]),
        ([2, 3], [2.0, 3.0]),
    ]


def test_dtypes_and_specs_are_those_of_tensorflow() -> None:
    rows = D.from_tensor_slices((np.zeros((4, 2)), [1, 2, 3, 4], [1.5, 2, 3, 4]))
    dtypes = [spec.dtype.name for spec in rows.element_spec]
    assert dtypes == ["float64", "int32", "float32"]
    assert D.range(3).element_spec == TensorSpec((), "int64")
    assert rows.batch(3).element_spec[0] == TensorSpec((None, 2), "float64")
    assert rows.batch(2, True).element_spec[0] == TensorSpec((2, 2), "float64")
    mapped = rows.batch(3).map(lambda x, y, z: x * 2)
    assert mapped.element_spec == TensorSpec((None, 2), "float64")
    assert repr(D.range(2, output_type="float32")) == (
        "<Dataset element_spec=TensorSpec(shape=(), dtype=tf.float32, name=None)>"
    )
    assert D.zip((D.range(2), {"a": D.range(3)})).element_spec[1]["a"].shape == ()


def test_elements_are_tensors_in_the_nesting_of_the_data() -> None:
    data = D.from_tensor_slices(({"a": [1, 2]}, np.ones((2, 3), "float32")))
    for x, y in data:
        assert isinstance(x["a"], Tensor)
        assert isinstance(y, Tensor)
        assert y.shape == (3,)
    element = next(data.as_numpy_iterator())
    assert isinstance(element[0]["a"], np.int32)
    element[1][:] = 7  # a copy
    assert next(iter(data))[1].numpy().tolist() == [1, 1, 1]


def test_the_arrays_are_copied() -> None:
    x = np.arange(3)
    data = D.from_tensor_slices(x)
    x[:] = 0
    assert values(data) == [0, 1, 2]


def test_text_stays_text() -> None:
    data = D.from_tensor_slices((["a", "b"], [0, 1])).batch(2)
    text, _ = next(iter(data))
    assert text.tolist() == ["a", "b"]
    assert "tf.string" in repr(data)


@given(st.integers(0, 40), st.integers(1, 50), st.integers(0, 9))
def test_a_shuffled_dataset_has_every_element_once(n: int, size: int, seed: int):
    data = D.range(n).shuffle(size, seed=seed)
    first, second = values(data), values(data)
    assert sorted(first) == sorted(second) == list(range(n))
    assert all(value < place + size for place, value in enumerate(first))


def test_orders_repeat_after_a_seed() -> None:
    def orders(again: bool) -> list[Any]:
        data = D.range(50).shuffle(20, seed=3, reshuffle_each_iteration=again)
        return [values(data) for _ in range(2)]

    assert orders(True) == orders(True)
    assert orders(True)[0] != orders(True)[1]
    assert orders(False)[0] == orders(False)[1]
    unseeded = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        unseeded.append(values(D.range(50).shuffle(50)))
    assert unseeded[0] == unseeded[1]


def test_a_cache_is_filled_once() -> None:
    calls: list[int] = []
    data = D.range(3).map(lambda x: calls.append(0) or x).cache()
    next(iter(data))  # an unfinished iteration keeps nothing
    assert values(data) == values(data) == [0, 1, 2]
    assert len(calls) == 4
    with pytest.warns(UserWarning, match="no file is written"):
        data.cache("here")


def test_from_generator() -> None:
    def count(n: int) -> Iterator[Any]:
        return ((i, [i, i + 1]) for i in range(n))

    data = D.from_generator(
        count,
        output_signature=(TensorSpec((), "int32"), TensorSpec((2,), "float32")),
        args=(2,),
    )
    assert [(int(i), x.tolist()) for i, x in data] == [(0, [0, 1]), (1, [1, 2])]
    assert next(iter(data))[1].dtype == np.float32
    old = D.from_generator(lambda: iter([[1, 2], [3]]), np.float32, [None])
    assert values(old.padded_batch(2, padded_shapes=[None])) == [[[1, 2], [3, 0]]]
    assert values(old.padded_batch(2, [4], -1.0)) == [[[1, 2, -1, -1], [3, -1, -1, -1]]]
    assert D.from_generator(list, np.float32).element_spec.shape is None


def test_padded_batches_of_pairs() -> None:
    data = D.from_generator(
        lambda: iter([([1], 5), ([2, 3], 6)]), (np.int64, np.int64), ((None,), ())
    )
    x, y = next(iter(data.padded_batch(2, ([None], []))))
    assert (x.tolist(), y.tolist()) == ([[1, 0], [2, 3]], [5, 6])
    fixed = data.padded_batch(2, padded_shapes=([3], []), padding_values=(9, 0))
    assert next(iter(fixed))[0].tolist() == [[1, 9, 9], [2, 3, 9]]


def test_reduce_apply_and_a_single_element() -> None:
    data = D.range(4)
    assert int(data.reduce(0, lambda total, x: total + x)) == 6
    assert int(D.range(1).get_single_element()) == 0
    assert values(data.apply(lambda d: d.skip(3))) == [3]
    for wrong, some_ in ((data, "more"), (data.take(0), "none")):
        with pytest.raises(ValueError, match=f"one element, got {some_}"):
            wrong.get_single_element()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: D.from_generator(lambda: iter([1])), TypeError, "got neither"),
        (lambda: D.from_generator([1], np.int32), TypeError, "expected a function"),
        (lambda: D.range(3).batch(0), ValueError, "batch_size of at least 1, got 0"),
        (lambda: D.range(3).shuffle(0), ValueError, "buffer_size of at least 1"),
        (
            lambda: D.from_tensor_slices((np.zeros(3), np.zeros(4))),
            ValueError,
            "equally many rows, got 3, 4",
        ),
        (lambda: D.from_tensor_slices(3), ValueError, "at least one axis"),
        (lambda: D.from_tensor_slices([[1, 2], [3]]), ValueError, "unequal lengths"),
        (lambda: list(D.range(3).unbatch()), ValueError, "unbatch: expected"),
        (lambda: D.range(3).shard(2, 2), ValueError, "expected 0 <= index < 2"),
        (lambda: D.zip(D.range(2), 3), TypeError, r"expected datasets, got \[3\]"),
        (lambda: list(D.range(4).window(2).batch(2)), TypeError, "flat_map"),
        (
            lambda: list(
                D.from_generator(lambda: iter([[1], [1, 2]]), np.int32).batch(2)
            ),
            ValueError,
            r"one shape, got \(1,\) and \(2,\)",
        ),
        (
            lambda: list(D.from_generator(lambda: iter([[1]]), np.int32, [2])),
            TypeError,
            r"shape \(2,\), as announced, got one of shape \(1,\)",
        ),
    ],
)
def test_mistakes(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


# -- in a training ---------------------------------------------------------------------


def model() -> keras.Sequential:
    made = keras.Sequential(
        [keras.layers.Dense(1, input_dim=2, kernel_initializer="ones")]
    )
    made.compile("sgd", "mse")
    return made


X = np.linspace(-1, 1, 20, dtype="float32").reshape(10, 2)
Y = X.sum(1) * 0.5


def test_fit_on_a_dataset_is_fit_on_its_arrays() -> None:
    data = D.from_tensor_slices((X, Y)).batch(4)
    a, b = model(), model()
    a.fit(data, epochs=3, verbose=0, validation_data=data)
    b.fit(
        X,
        Y,
        batch_size=4,
        shuffle=False,
        epochs=3,
        verbose=0,
        validation_data=(X, Y),
        validation_batch_size=4,
    )
    assert a.history.history == b.history.history
    assert a.evaluate(data, verbose=0) == b.evaluate(X, Y, batch_size=4, verbose=0)
    np.testing.assert_array_equal(a.predict(data, verbose=0), b.predict(X, verbose=0))


def test_a_dataset_without_end_needs_steps() -> None:
    data = D.from_tensor_slices((X, Y)).shuffle(10).repeat().batch(4)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        model().fit(data, verbose=0)
    trained = model()
    trained.fit(data, steps_per_epoch=3, epochs=2, verbose=0)
    assert int(trained.optimizer.iterations) == 6
    filtered = D.from_tensor_slices((X, Y)).filter(lambda x, y: y > 0).batch(2)
    trained.fit(filtered, epochs=2, verbose=0)
    assert int(trained.optimizer.iterations) == 12
