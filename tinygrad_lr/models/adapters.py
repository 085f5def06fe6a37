"""What ``fit``, ``evaluate`` and ``predict`` are given: rows of data, or batches.

Rows are checked as wholes, batches one by one as they come. Either way the result is a
source, and a loop no longer sees the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import default_dtype
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.config import max_steps_per_epoch
from tinygrad_lr.models.data import (
    Batch,
    Single,
    as_tree,
    batch_of,
    class_weights_of,
    same_length,
    split,
    warn_if_not_finite,
    whole_number,
)
from tinygrad_lr.models.sources import (
    ArraySource,
    DatasetSource,
    IteratedSource,
    Source,
    Stepped,
)
from tinygrad_lr.notices import warn
from tinygrad_lr.utils.batches import unpack_x_y_sample_weight
from tinygrad_lr.utils.py_dataset import PyDataset
from tinygrad_lr.utils.stream import INFINITE

SINGLE = Single()


class BatchCheck:
    """Checks and prepares the batches of a generator or dataset one by one."""

    def __init__(
        self,
        prepare: Callable[[Any], Any],
        single: Single = SINGLE,
        class_weight: Mapping[Any, float] | None = None,
    ) -> None:
        self.prepare = prepare
        self.single = single
        self.class_weight = class_weight
        self.warned = False
        self.then: Callable[[Batch], None] = lambda batch: None  # a further check

    def __call__(self, batch: Any) -> Batch:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        parts = rows_of(x, y, sample_weight, self.single, self.class_weight)
        if not self.warned:
            self.warned = warn_about(parts)
        self.then(parts)
        return (self.prepare(parts[0]), *parts[1:])


def rows_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    single: Single = SINGLE,
    class_weight: Mapping[Any, float] | None = None,
) -> Batch:
    """Inputs, targets and weights as arrays of equal length, in one tuple."""
    if y is None and sample_weight is None and is_ready(x):
        return (x,)
    if x is None:
        raise ValueError(
            "expected inputs x, got None. Pass an array, list or generator."
        )
    if class_weight is not None and sample_weight is not None:
        raise ValueError(
            "expected class_weight or sample_weight, got both. Multiply the class "
            "weights into sample_weight."
        )
    if single.input:
        refuse_several(x, y)
    named = {
        "x": as_tree(x, "x", single.input),
        "y": as_tree(y, "y", single.output),
        "sample_weight": as_tree(sample_weight, "sample_weight", single.output),
    }
    same_length(named)
    if class_weight is not None:
        named["sample_weight"] = class_weights_of(named["y"], class_weight)
    return batch_of(*named.values())


def refuse_several(x: Any, y: Any) -> None:
    """Raise for a list of whole arrays where there is one input."""
    rows = {len(leaf) for leaf in leaves(y) if getattr(leaf, "shape", ())}
    if (
        isinstance(x, (list, tuple))
        and len(x) > 1
        and rows
        and len(x) not in rows
        and all(getattr(part, "shape", ())[:1] in {(n,) for n in rows} for part in x)
    ):
        raise ValueError(
            f"x: the model has 1 input, got a {type(x).__name__} of {len(x)} arrays. "
            "Pass the array itself, or make a model with an Input for each."
        )


def is_ready(x: Any) -> bool:
    """Whether ``x`` is an array of rows that needs no conversion."""
    return (
        type(x) is np.ndarray
        and x.dtype == default_dtype()
        and x.shape[:1] > (0,)
        and x.flags.c_contiguous
    )


def warn_about(parts: Batch) -> bool:
    """Warn about the first part that holds NaN or infinity; say whether one does."""
    return any(
        warn_if_not_finite(leaf, name)
        for name, part in zip(("x", "y", "sample_weight"), parts, strict=False)
        for leaf in leaves(part)
    )


def is_rows(x: Any) -> bool:
    """Whether ``x`` holds rows of data, and not batches."""
    return (
        x is None
        or isinstance(x, (list, tuple, dict, str, bytes, range))
        or any(hasattr(x, word) for word in ("__array__", "to_numpy", "toarray"))
        or not (hasattr(x, "__iter__") or hasattr(x, "__getitem__"))
    )


def split_off(
    x: Any, y: Any, sample_weight: Any, fraction: float, single: Single
) -> tuple[Batch, Batch]:
    """Checked arrays for training and, the last rows as they come, for validation."""
    if not is_rows(x):
        raise ValueError(
            "validation_split: expected arrays x and y to split, got "
            f"{type(x).__name__}. Pass validation_data instead."
        )
    return split(rows_of(x, y, sample_weight, single), fraction)


def source_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    prepare: Callable[[Any], Any],
    single: Single = SINGLE,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[Any, float] | None = None,
) -> Source:
    """Make a source of whatever ``fit``, ``evaluate`` or ``predict`` was given.

    ``prepare`` checks and casts inputs as the model wants them, ``single`` tells
    whether it wants one input and one target.
    """
    if batch_size is not None:
        batch_size = whole_number(batch_size, "batch_size")
    if shuffle not in (True, False, "batch"):
        raise ValueError(f"shuffle: expected True, False or 'batch', got {shuffle!r}.")
    if is_rows(x):
        parts = rows_of(x, y, sample_weight, single, class_weight)
        parts = (prepare(parts[0]), *parts[1:])
        warn_about(parts)
        source: Source = ArraySource(parts, batch_size or 32, shuffle)
    else:
        source = batches_of(
            x, y, sample_weight, shuffle, BatchCheck(prepare, single, class_weight)
        )
    steps = limited(steps)
    if steps is None and getattr(x, "length", 0) == INFINITE:
        raise ValueError(
            "steps_per_epoch: expected a number of batches for an epoch (validation_"
            "steps or steps elsewhere), because x is a dataset that repeats for ever."
        )
    if steps is None:
        return source
    name = "steps_per_epoch (validation_steps, or steps)"
    return Stepped(source, whole_number(steps, name))


def limited(steps: int | None) -> int | None:
    """``steps``, or the most there may be of them."""
    most = max_steps_per_epoch()
    if most and (not steps or most < steps):
        warn(f"Limiting steps_per_epoch to {most}")
        return most
    return steps


def batches_of(
    x: Any, y: Any, sample_weight: Any, shuffle: bool | str, check: BatchCheck
) -> Source:
    """Make a source of a generator, an iterable or a dataset."""
    kind = type(x).__name__
    for name, part in (("y", y), ("sample_weight", sample_weight)):
        if part is not None:
            raise ValueError(
                f"{name}: expected None, because x is a {kind} whose batches hold "
                "targets and weights themselves. Let it give tuples (x, y, "
                "sample_weight)."
            )
    listed = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    if listed or isinstance(x, PyDataset):
        return DatasetSource(x, check, shuffle)
    return IteratedSource(x, check)


def validation_parts(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of ``validation_data``."""
    if isinstance(data, (tuple, list)) and len(data) in (2, 3):
        return unpack_x_y_sample_weight(data)
    if is_rows(data):
        raise ValueError(
            "validation_data: expected (x, y), (x, y, sample_weight) or batches, got "
            f"{type(data).__name__}. Put inputs and targets into a tuple."
        )
    return data, None, None


def verbosity(verbose: Any) -> int:
    """``verbose`` as a number: "auto" is 1, None is 0."""
    if verbose is None:
        return 0
    if isinstance(verbose, str):
        if verbose == "auto":
            return 1
    elif isinstance(verbose, (int, np.integer, np.bool_)) and verbose >= 0:
        return int(verbose)
    raise ValueError(f"verbose: expected 0, 1, 2 or 'auto', got {verbose!r}.")
