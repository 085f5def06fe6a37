"""How large a result may get, known before a step from a file is tried on zeros.

A file of a hundred bytes can ask for ``np.pad(x, 10**9)``, or for ten steps of which
each multiplies what came before. So while a model is made from a file, each call is
judged by the sizes of its data and of its settings, before NumPy runs. It is a bound,
not the exact size, and nobody but files is held to it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_lr.allowance import AllowanceError, allowance, lengths_of, room_for
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.layers.keras_tensor import KerasTensor
from tinygrad_lr.nesting import inside, map_shapes

ROUNDS = {"diff": "n", "polyder": "m", "polyint": "m"}  # settings that count loops
MOST_ROUNDS = 1000
SEVERAL = 4  # the inputs of a call together may be so many times as large as one place
# Settings that multiply the size of the data ...
FACTORS = ("N", "num", "num_classes", "repeats", "reps")
# ... those that replace the last axis, and those that are a shape.
LENGTHS = ("bins", "fft_length", "minlength", "n", "sequence_length")
SHAPES = ("new_shape", "newshape", "shape", "size")
# Functions that give a number for each pair of numbers in their data.
PAIRS = ("diag", "diagflat", "kron", "meshgrid", "outer")
# Functions that multiply matrices, broadcast without being universal, and put together.
PRODUCTS = (
    "cdist", "corrcoef", "cov", "dot", "dot_product_attention", "inner", "matmul",
)  # fmt: skip
BROADCAST = ("divide_no_nan", "isclose", "linspace", "logspace", "where")
JOINING = (
    "append", "block", "column_stack", "concatenate", "dstack", "hstack", "stack",
    "vstack",
)  # fmt: skip


def check_growth(
    function: Callable[..., Any], args: Any, kwargs: Any, options: Mapping[str, Any]
) -> None:
    """Raise :class:`AllowanceError` if a call on places could give too much.

    Only while a model is made from a file.
    """
    if allowance.left is None:
        return
    name = function.__name__
    given = {**options, **kwargs, **named(function, args)}
    for setting in filter(given.__contains__, [ROUNDS.get(name)]):
        if max(numbers(given[setting]), default=0) > MOST_ROUNDS:
            raise AllowanceError(
                f"{name}: {setting}={given[setting]!r} asks for more than "
                f"{MOST_ROUNDS} rounds."
            )
    if "dtype" in given:
        checked_kind(given["dtype"], name)
    shapes = [lengths_of(x.shape) for x in arrays_in([args, kwargs])]
    sizes = [math.prod(shape) for shape in shapes]
    room_for((sum(sizes) // SEVERAL,), "float32")
    most = sum(sizes) if name in JOINING else max(sizes, default=1)
    if name in PAIRS:
        most = of_pairs(name, shapes)
    elif name in PRODUCTS:
        most = max(most, of_products(name, shapes))
    elif name in BROADCAST or isinstance(getattr(np, name, function), np.ufunc):
        most = max(most, together(shapes))
    last = max((shape[-1] for shape in shapes if shape), default=1) or 1
    for setting, value in given.items():
        if setting in FACTORS:
            each = [max(numbers(value), default=1)]  # a number for each element, or
            each = each if name == "repeat" else numbers(value)  # for each axis
            most = max(most, most * math.prod(each))
        elif setting in LENGTHS and name != "matrix_power":
            most = max(most, most // last * max(numbers(value), default=1))
        elif setting in SHAPES:
            most = max(most, math.prod(numbers(value)))
        elif setting == "pad_width" and shapes:
            most = max(most, padded(shapes[0], value))
        elif setting == "subscripts" and isinstance(value, str):
            most = max(most, summed(value, shapes))
    if name == "tensordot":
        most = max(most, contracted(shapes, given.get("axes", 2)))
    room_for((most,), "float32")


def check_room(layer: Any, args: Any, kwargs: Any) -> None:
    """The same for a layer, by the shape that its class says its output has."""
    home = type(layer).compute_output_shape.__module__
    if allowance.left is None or home == "tinygrad_lr.layers.layer":
        return
    total = sum(math.prod(lengths_of(x.shape)) for x in arrays_in([args, kwargs]))
    room_for((total // SEVERAL,), "float32")
    if home.startswith("tinygrad_lr.layers."):
        wanted = len(inspect.signature(layer.compute_output_shape).parameters)
        shapes = layer._shapes(args, kwargs)[: max(wanted, 1)]
        found = layer.compute_output_shape(*shapes)
        map_shapes(lambda shape: room_for(shape, layer.compute_dtype), found)


def named(function: Callable[..., Any], args: Any) -> dict[str, Any]:
    """Positional arguments by the names that a function has for them."""
    names = getattr(function, "data", None)
    if names is None:
        try:
            names = [*inspect.signature(function).parameters]
        except ValueError:  # written in C
            names = []
    return dict(zip(names, args, strict=False))


def arrays_in(value: Any) -> Iterator[Any]:
    """The places and arrays in arguments, and lists of numbers as arrays."""
    yield from inside(value, (KerasTensor, Tensor, np.ndarray))
    for arg in (*value[0], *value[1].values()):
        if isinstance(arg, list) and all(type(n) in (int, float) for n in arg):
            yield np.array(arg, "float32")


def numbers(value: Any) -> list[int]:
    """The positive numbers in a setting: ``repeats``, ``shape`` ..."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    found = inside(value, (int, float, np.number))
    return [max(int(n), 1) for n in found if n > 0 and math.isfinite(n)]


def of_pairs(name: str, shapes: list[tuple[int, ...]]) -> int:
    """The size where each number of one meets each of another, or of itself."""
    sizes = [math.prod(shape) for shape in shapes]
    if name in ("diag", "diagflat"):
        alone = all(len(shape) < 2 or name == "diagflat" for shape in shapes)
        return sum(sizes) ** 2 if alone else sum(sizes)
    return math.prod(sizes) * (len(shapes) if name == "meshgrid" else 1)


def of_products(name: str, shapes: list[tuple[int, ...]]) -> int:
    """The size where each row of one matrix meets each row or column of another."""
    if name in ("corrcoef", "cov"):
        shapes = shapes * 2
    if len(shapes) < 2 or any(len(shape) < 2 for shape in shapes[:2]):
        return 0
    one, other = shapes[:2]
    if name == "dot_product_attention" and len(one) == len(other) == 4:
        return one[-3] * other[-3] * one[-2]
    if name == "matmul":
        return together([one[:-2], other[:-2]]) * one[-2] * other[-1]
    if name == "dot":
        return math.prod(one[:-1]) * math.prod(other) // max(other[-2], 1)
    return math.prod(one[:-1]) * math.prod(other[:-1])


def together(shapes: list[tuple[int, ...]]) -> int:
    """The size of shapes broadcast against each other; 0 if they do not fit."""
    try:
        shape: tuple[int, ...] = np.broadcast_shapes(*shapes)
    except ValueError:  # it will be said what does not fit
        return 0
    return math.prod(shape)


def padded(shape: tuple[int, ...], width: Any) -> int:
    """The size with ``pad_width`` around it."""
    try:
        each = np.broadcast_to(np.asarray(width, float), (len(shape), 2))
    except (TypeError, ValueError):  # NumPy says what is wrong with it
        return 0
    both = [max(int(a + b), 0) if np.isfinite(a + b) else 0 for a, b in each]
    return math.prod(n + more for n, more in zip(shape, both, strict=True))


def summed(subscripts: str, shapes: list[tuple[int, ...]]) -> int:
    """The size of what ``einsum`` gives; 0 if its subscripts do not say it all."""
    front, arrow, back = subscripts.replace(" ", "").partition("->")
    lengths: dict[str, int] = {}
    for letters, shape in zip(front.split(","), shapes, strict=False):
        for letter, n in zip(letters, shape, strict=False):
            lengths[letter] = max(n, lengths.get(letter, 1))
    if not arrow:
        back = "".join(n for n in lengths if front.count(n) == 1)
    return math.prod(lengths.get(letter, 1) for letter in back)


def contracted(shapes: list[tuple[int, ...]], axes: Any) -> int:
    """The size of what ``tensordot`` gives."""
    size = math.prod(map(math.prod, shapes))
    if len(shapes) != 2 or not shapes[0]:
        return size
    gone = axes[0] if isinstance(axes, (list, tuple)) and len(axes) else axes
    first = shapes[0]
    if isinstance(axes, int):
        gone = [*range(len(first))][len(first) - axes :] if axes > 0 else []
    each = [n for n in inside(gone, int) if -len(first) <= n < len(first)]
    shared: int = math.prod(first[n] for n in each)
    return size // max(shared * shared, 1)


def checked_kind(dtype: Any, name: str) -> None:
    """Refuse elements other than numbers: their length could be anything."""
    try:
        kind = np.dtype(dtype).kind
    except TypeError:  # bfloat16, or nonsense: it is refused by whoever is given it
        return
    if kind not in "biufc":
        raise AllowanceError(f"{name}: dtype {dtype!r} is none of numbers.")
