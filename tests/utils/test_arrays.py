"""pad_sequences, timeseries_dataset_from_array, split_dataset: results and mistakes.

More of their results are held against real Keras in tests/parity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lr import utils
from tinygrad_lr.utils.dataset import Dataset
from tinygrad_lr.utils.elements import TensorSpec

Z = np.arange(10)


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(0, 8)),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
)
def test_padding_keeps_what_fits(
    sequences: list[list[int]], maxlen: int | None, padding: str, truncating: str
) -> None:
    out = utils.pad_sequences(
        sequences, maxlen, padding=padding, truncating=truncating, value=-1
    )
    width = max(map(len, sequences)) if maxlen is None else maxlen
    assert out.shape == (len(sequences), width)
    for row, sequence in zip(out.tolist(), sequences, strict=True):
        kept = (
            sequence[:width]
            if truncating == "post"
            else sequence[max(len(sequence) - width, 0) :]
        )
        fill = [-1] * (width - len(kept))
        assert row == (fill + kept if padding == "pre" else kept + fill)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": 5}, "expected a list of sequences, got int"),
        ({"sequences": [[1], 2]}, "got the entry 2"),
        ({"sequences": [[1]], "padding": "x"}, "padding 'pre' or 'post', got 'x'"),
        ({"sequences": [[1]], "truncating": "x"}, "truncating 'pre' or 'post'"),
        ({"sequences": [["a"]], "value": "z"}, "Pass dtype=object"),
        ({"sequences": [[[1, 2]], [[1]]]}, r"shape \(2,\).*got \(1,\) in sequence 1"),
    ],
)
def test_padding_mistakes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        utils.pad_sequences(**arguments)


def listed(data: Dataset) -> list[Any]:
    def plain(e: Any) -> Any:
        if isinstance(e, tuple):
            return tuple(map(plain, e))
        return (
            {k: plain(v) for k, v in e.items()} if isinstance(e, dict) else e.tolist()
        )

    return [plain(element) for element in data.as_numpy_iterator()]


@pytest.mark.parametrize(
    ("arguments", "expected"),  # recorded from Keras 3.15.1 on TensorFlow
    [
        (
            {"targets": Z, "sequence_stride": 2, "sampling_rate": 2, "batch_size": 2},
            [([[0, 2, 4], [2, 4, 6]], [0, 2]), ([[4, 6, 8]], [4])],
        ),
        (
            {"targets": Z[3:], "start_index": 1, "end_index": 8},
            [
                (
                    [[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7]],
                    [4, 5, 6, 7, 8],
                )
            ],
        ),
        (
            {"targets": None, "batch_size": None, "end_index": 5},
            [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
        ),
        ({"targets": Z[:2]}, [([[0, 1, 2], [1, 2, 3]], [0, 1])]),
        ({"targets": None, "sequence_length": 20}, []),
    ],
)
def test_timeseries(arguments: dict[str, Any], expected: list[Any]) -> None:
    made = utils.timeseries_dataset_from_array(Z, **{"sequence_length": 3, **arguments})
    assert listed(made) == expected
    assert len(made) == len(expected)


def test_timeseries_shuffled() -> None:
    orders = []
    for _ in range(2):
        made = utils.timeseries_dataset_from_array(
            Z, Z, 3, shuffle=True, seed=1, batch_size=3
        )
        assert made.element_spec[0] == TensorSpec((None, 3), "int64")
        first, second = listed(made), listed(made)
        assert first != second  # another order in each epoch
        pairs = [pair for x, y in first for pair in zip(x, y, strict=True)]
        assert sorted(pairs) == [([i, i + 1, i + 2], i) for i in range(8)]
        orders.append((first, second))
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_index": -1}, "start_index: expected a number from 0 to 9"),
        ({"start_index": 10}, "start_index: expected a number from 0 to 9"),
        ({"end_index": 10}, "end_index: expected a number from 0 to 9"),
        ({"end_index": -2}, "end_index: expected a number from 0 to 9"),
        ({"start_index": 3, "end_index": 2}, "a number above start_index=3, got 2"),
        ({"sampling_rate": 0}, "sampling_rate: expected a number from 1 to 9"),
        ({"sequence_stride": 10}, "sequence_stride: expected a number from 1 to 9"),
        ({"format": "x"}, "expected 'tf' or 'grain', got 'x'"),
        ({"targets": Z[:5], "start_index": 4}, "expected one for each of 4 .* got 1"),
    ],
)
def test_timeseries_mistakes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        utils.timeseries_dataset_from_array(
            Z, **{"targets": None, "sequence_length": 3, **arguments}
        )


X, Y = np.arange(5.0), np.arange(5)
PAIRS = [(float(i), i) for i in range(5)]


@pytest.mark.parametrize(
    ("data", "arguments", "expected"),  # recorded from Keras 3.15.1 on TensorFlow
    [
        (X, {"left_size": 0.6}, ([0, 1, 2], [3, 4])),
        ((X, Y), {"left_size": 2}, (PAIRS[:2], PAIRS[2:])),
        ([X, Y], {"right_size": 2}, (PAIRS[:3], PAIRS[3:])),
        (X, {"left_size": 2, "right_size": 1}, ([0, 1], [4])),
        (X, {"left_size": 0.3, "right_size": 0.3}, ([0, 1], [3, 4])),
        (X, {"left_size": 0.5, "shuffle": True, "seed": 3}, ([0, 2], [3, 4, 1])),
        (Dataset.range(5), {"left_size": 2}, ([0, 1], [2, 3, 4])),
        (
            Dataset.from_tensor_slices((X, Y)).batch(2),
            {"left_size": 3},
            ([([0.0, 1.0], [0, 1]), ([2.0], [2])], [([3.0, 4.0], [3, 4])]),
        ),
        (
            Dataset.from_tensor_slices({"a": X[:2], "b": Y[:2]}),
            {"left_size": 1},
            ([{"a": 0.0, "b": 0}], [{"a": 1.0, "b": 1}]),
        ),
    ],
)
def test_split(data: Any, arguments: dict[str, Any], expected: Any) -> None:
    assert tuple(map(listed, utils.split_dataset(data, **arguments))) == expected


@pytest.mark.parametrize(
    ("data", "arguments", "error", "message"),
    [
        (X, {}, ValueError, "expected left_size or right_size, got none"),
        (X, {"left_size": 5}, ValueError, "an integer from 1 to 4 or a float"),
        (X, {"left_size": 1.5}, ValueError, "a float between 0 and 1, got 1.5"),
        (X, {"left_size": 0.9, "right_size": 0.9}, ValueError, "but there are 5"),
        (X, {"left_size": 0.01}, ValueError, "leave a part empty"),
        (X, {"left_size": "a"}, TypeError, "as left_size, got 'a'"),
        ("abc", {"left_size": 2}, TypeError, "got str"),
        ([1, 2], {"left_size": 1}, ValueError, "got int in it"),
        ((X, Y[:3]), {"left_size": 2}, ValueError, "got lengths 3, 5"),
    ],
)
def test_split_mistakes(
    data: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        utils.split_dataset(data, **arguments)


def test_lists_are_normalized_in_their_own_shape() -> None:
    out = utils.normalize([3.0, 4.0])
    assert (out.shape, out.dtype) == ((2,), np.float32)
    np.testing.assert_allclose(out, [0.6, 0.8], rtol=1e-6)
    with pytest.raises(ValueError, match="expected class numbers, got <U1 data"):
        utils.to_categorical(["a", "b"])
