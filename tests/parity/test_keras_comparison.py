"""The tests of the other files mean something: they see a small difference.

And they are complete: for every case there is a record, and no record is left over.
"""

from __future__ import annotations

import copy

import cases
import pytest
from comparison import compare, compare_arrays, recorded


@pytest.mark.parametrize("group", cases.GROUPS)
def test_every_case_is_recorded(group: str) -> None:
    assert list(recorded(group)) == list(cases.GROUPS[group])


def test_a_difference_of_two_in_a_million_is_seen() -> None:
    expected = recorded("trajectories")["adam-mean_squared_error-32-float32"]
    history = copy.deepcopy(expected["history"])
    compare(history, expected["history"], rtol=1e-6)
    history["loss"][-1] *= 1 + 2e-6
    with pytest.raises(AssertionError, match="loss"):
        compare(history, expected["history"], rtol=1e-6)

    kernel = copy.deepcopy(expected["weights"][0])
    compare_arrays(kernel, expected["weights"][0], 1e-6, "kernel")
    kernel[1][2] += 2e-6 * max(abs(entry) for row in kernel for entry in row)
    with pytest.raises(AssertionError, match="kernel"):
        compare_arrays(kernel, expected["weights"][0], 1e-6, "kernel")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"loss": 1.0}, {"accuracy": 1.0}),
        ([1.0, 2.0], [1.0]),
        ([1.0, float("nan")], [1.0, 2.0]),
        ([[1.0], "x"], [[1.0], "y"]),
        (True, 1.0),
        (None, "none"),
    ],
)
def test_another_structure_is_seen(found: object, expected: object) -> None:
    with pytest.raises(AssertionError):
        compare(found, expected, rtol=1e-6)
