"""Texts for layers: what people pass in becomes arrays of ``str``, outside of programs.

NumPy computes with numbers; texts are looked at one by one, before a model or eagerly,
and never by a recorded step. What comes out of such a layer are numbers as always.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.layers.keras_tensor import KerasTensor
from tinygrad_lr.layers.preprocessing import batches
from tinygrad_lr.layers.stateless import Stateless

Array = np.ndarray[Any, Any]


BEFORE = (
    "Texts become numbers before a model, which begins with these: x = layer(texts), "
    "or dataset.map(layer)."
)


def is_text(value: Any) -> bool:
    """Whether ``value`` is a text, or an array or nested list that begins with one."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.ndarray) and value.dtype == object and value.size:
        value = value.flat[0]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "USOT"
    return isinstance(value, (str, bytes))


def as_texts(value: Any, encoding: str = "utf-8", who: str = "") -> Array:
    """Return texts in any form as an array of ``str`` objects.

    >>> as_texts([["a", b"b"]]).tolist()
    [['a', 'b']]
    """
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    texts = np.array(value, dtype=object)
    flat = texts.ravel()
    for i, text in enumerate(flat):
        if isinstance(text, bytes):
            flat[i] = text.decode(encoding)
        elif not isinstance(text, str):
            raise TypeError(
                f"{who}expected texts in a regular grid, got {text!r:.60} of type "
                f"{type(text).__name__} among them."
            )
    return flat.reshape(texts.shape)


class TextLayer(Stateless):
    """Base class of layers whose inputs may be texts."""

    encoding = "utf-8"
    only_texts = False

    def _convert_positional(self, value: Any) -> Any:
        who = f"{type(self).__name__} (layer {self.name!r}): "
        if isinstance(value, (Tensor, KerasTensor)):
            if self.only_texts:
                raise TypeError(f"{who}expected texts, got {value!r:.60}. {BEFORE}")
            return super()._convert_positional(value)
        if self.only_texts or is_text(value):
            return as_texts(value, self.encoding, who)
        if isinstance(value, (bool, int, float)):
            value = np.asarray(value)
        return super()._convert_positional(value)


def pieces(layer: Any, data: Any, steps: int | None) -> Iterable[Any]:
    """The batches to adapt to: an array or list is one, with a row for each entry."""
    whole = isinstance(data, (list, tuple, np.ndarray, Tensor))
    if not whole and not hasattr(data, "to_numpy"):
        return itertools.islice(batches(layer, data), steps)
    if is_text(data):
        data = as_texts(data)
    elif not isinstance(data, Tensor):
        data = np.asarray(data)
    return [np.expand_dims(data, -1) if data.ndim == 1 else data]
