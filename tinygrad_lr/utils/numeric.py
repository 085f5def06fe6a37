"""Small helpers on arrays: classes as rows with a one, vectors of length one."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import floatx


@checked
def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Write class numbers as rows with a one in the place of the class.

    Args:
        x: integers from 0 to ``num_classes - 1``, of shape ``(n,)``, ``(n, 1)`` or any
            other.
        num_classes: length of a row; the largest number plus one if not given.

    Returns:
        Array of shape ``(..., num_classes)`` (a last axis of length 1 is dropped
        first); a Tensor of ``floatx`` for a Tensor.

    Raises:
        ValueError: for no numbers at all, or one that is no class.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    try:
        classes = np.asarray(x).astype(np.int64)
    except (TypeError, ValueError):
        raise ValueError(
            f"to_categorical: expected class numbers, got {np.asarray(x).dtype} data. "
            "Number the classes first, for example names, x = np.unique(labels, "
            "return_inverse=True)."
        ) from None
    if not classes.size:
        raise ValueError(
            "to_categorical: expected at least one class number, got none."
        )
    shape = classes.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    rows = classes.reshape(-1)
    width = int(num_classes or rows.max() + 1)
    wrong = (rows < 0) | (rows >= width)
    if wrong.any():
        raise ValueError(
            f"to_categorical: expected class numbers from 0 to {width - 1}, got "
            f"{rows[wrong][0]} at position {int(np.argmax(wrong))}. Give a "
            "num_classes above the largest number, or number the classes from 0."
        )
    out = np.zeros((rows.size, width))
    out[np.arange(rows.size), rows] = 1
    out = out.reshape(*shape, width)
    return Tensor(out, dtype=floatx()) if isinstance(x, Tensor) else out


@checked
def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Divide vectors by their length: ``x / (sum |x|^order)^(1/order)`` along ``axis``.

    Vectors of length 0 stay as they are. An array of one dimension counts as one row;
    what is no array becomes one of ``floatx`` and keeps its shape; of a Tensor it is a
    Tensor.

    Example:
        >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    if isinstance(x, Tensor):
        lengths = np.linalg.norm(x, order, axis, keepdims=True)
        return x / np.where(lengths == 0, 1, lengths)
    given = isinstance(x, np.ndarray)
    array = np.atleast_2d(x if given else np.asarray(x, floatx()))
    lengths = np.atleast_1d(np.linalg.norm(array, order, axis))
    lengths[lengths == 0] = 1
    out: np.ndarray[Any, Any] = array / np.expand_dims(lengths, axis)
    return out if given else out.reshape(np.shape(x))
