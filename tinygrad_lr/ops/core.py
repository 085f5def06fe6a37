"""Conversion, control flow, and writing into slices of tensors that never change.

While a training step is recorded, a branch cannot be chosen by a value that another
batch will change: ``cond`` and ``switch`` then compute all branches and select. Loops
are unrolled; a loop whose end depends on values runs eagerly.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import (
    Tensor,
    functions,
    primitive,
    rule,
)
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.nesting import map_structure
from tinygrad_lr.ops.conversion import (
    Function,
    dtype_of,
    tensor,
    together,
    wrapped,
)
from tinygrad_lr.ops.conversion import (
    cast as cast_to,
)

# -- conversion ------------------------------------------------------------------------


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """A Tensor of an array, number or nested list; there are no sparse ones."""
    return tensor(x, dtype)


def convert_to_numpy(x: Any) -> Any:
    """The values as a new array."""
    return x.numpy() if isinstance(x, Tensor) else np.array(x)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a Tensor (a Variable is one, too)."""
    return isinstance(x, Tensor)


def cast(x: Any, dtype: Any) -> Any:
    """``x`` in another dtype."""
    return cast_to(tensor(x), dtype)


def saturate_cast(x: Any, dtype: Any) -> Any:
    """Like :func:`cast`, but what does not fit becomes the greatest or least number."""
    x, kind = tensor(x), dtype_of(dtype)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        low, high = int(limits.min), int(limits.max)
        if np.dtype(x.dtype).kind in "iub":
            x = cast_to(x, "int64")
        elif np.dtype(x.dtype).itemsize < 8:
            x = cast_to(x, "float64")
        x = np.clip(x, low, high)
    elif kind.kind == "b":
        x = np.clip(x, 0, 1)
    return wrapped(x, kind)


def shape(x: Any) -> tuple[Any, ...]:
    """The length of each axis."""
    return tuple(tensor(x).shape)


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(np.dtype(tensor(x).dtype))


def stop_gradient(variable: Any) -> Any:
    """The same values as a constant for every gradient."""
    return wrapped(still(tensor(variable)))


@primitive
def still(x: Any) -> Any:
    """``x``, through which no gradient flows."""
    return np.copy(x)


rule(still, None)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of its own.

    ``f(*args)`` returns its result and a function that takes the gradient with respect
    to the result and returns those with respect to the arguments.
    """

    @primitive
    def forward(*args: Any) -> Any:
        out = f(*args)[0]
        return np.asarray(out.data if isinstance(out, Tensor) else out)

    def backward(place: int) -> Function:
        def vjp(g: Any, out: Any, *args: Any) -> Any:
            gradients = f(*args)[1](g)
            several = isinstance(gradients, (tuple, list))
            gradient = gradients[place] if several else gradients
            first_order = isinstance(gradient, Tensor) and not isinstance(g, Tensor)
            return gradient.data if first_order else gradient

        return vjp

    forward.__module__ = f.__module__  # it is the user's function, not one of ours

    def with_gradient(*args: Any) -> Any:
        ready = [tensor(arg) for arg in args]
        rule(forward, *builtins.map(backward, builtins.range(len(ready))))
        return wrapped(forward(*ready))

    return with_gradient


# -- control flow ----------------------------------------------------------------------


def by_value(x: Any) -> bool:
    """Whether a branch may be chosen by looking at ``x``."""
    return isinstance(x, bool | int | np.generic | np.ndarray) or (
        isinstance(x, Tensor) and mode.recorder is None
    )


def select(which: Any, first: Any, second: Any) -> Any:
    """The parts of ``first`` or ``second``, as the condition ``which`` says."""
    if isinstance(first, (list, tuple)):
        pairs = zip(first, second, strict=True)
        return type(first)([select(which, a, b) for a, b in pairs])
    if isinstance(first, dict):
        return {key: select(which, first[key], second[key]) for key in first}
    return None if first is None else wrapped(np.where(which, *together(first, second)))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """``true_fn()`` if ``pred`` holds, else ``false_fn()``."""
    if by_value(pred):
        return true_fn() if bool(pred) else false_fn()
    return select(cast(pred, bool), true_fn(), false_fn())


def switch(index: Any, branches: Any, *operands: Any) -> Any:
    """The result of the branch of this number, which is kept within the list."""
    last = len(branches) - 1
    if by_value(index):
        return branches[builtins.min(builtins.max(int(index), 0), last)](*operands)
    out = branches[last](*operands)
    for place in reversed(builtins.range(last)):
        out = select(np.less_equal(index, place), branches[place](*operands), out)
    return out


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:  # fmt: skip
    """Repeat ``loop_vars = body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds."""
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)
    done = 0
    while (maximum_iterations is None or done < maximum_iterations) and bool(
        cond(*values)
    ):
        out = body(*values)
        values = tuple(out) if isinstance(out, (tuple, list)) else (out,)
        done += 1
    values = tuple(map_structure(tensor, part) for part in values)
    return values if several else values[0]


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any
) -> Any:
    """Repeat ``value = body_fun(i, value)`` for i from ``lower`` up to ``upper``."""
    value = init_val
    for i in builtins.range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def rows(xs: Any, place: int) -> Any:
    """The slices at one place along the first axis of everything in ``xs``."""
    return map_structure(lambda x: tensor(x)[place], xs)


def length_of(xs: Any) -> int:
    """The length of the first axis."""
    while isinstance(xs, (list, tuple, dict)):
        xs = next(iter(xs.values() if isinstance(xs, dict) else xs))
    return int(tensor(xs).shape[0])


def stacked(parts: list[Any]) -> Any:
    """Slices of one structure, joined along a new first axis."""
    first = parts[0]
    if isinstance(first, (list, tuple)):
        return type(first)([stacked(list(group)) for group in zip(*parts, strict=True)])
    if isinstance(first, dict):
        return {key: stacked([part[key] for part in parts]) for key in first}
    return None if first is None else wrapped(np.stack(together(*parts)))


def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None,
    reverse: bool = False, unroll: int | bool = 1,
) -> Any:  # fmt: skip
    """Go through ``xs`` with a carry: ``carry, y = f(carry, x)``; the last carry and
    all y.
    """
    if xs is None and length is None:
        raise ValueError("scan: expected xs or length, got neither.")
    if not callable(f):
        raise TypeError(f"scan: expected a function, got {f!r}.")
    count = length_of(xs) if length is None else int(length)
    places = builtins.range(count)
    carry, results = init, []
    for place in reversed(places) if reverse else places:
        carry, y = f(carry, None if xs is None else rows(xs, place))
        results.append(y)
    return carry, stacked(results[::-1] if reverse else results)


def associative_scan(
    f: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """What ``f(sum so far, element)`` gives at each place along ``axis``."""
    moved = map_structure(lambda x: np.moveaxis(tensor(x), axis, 0), elems)
    places = list(builtins.range(length_of(moved)))
    if reverse:
        places.reverse()
    results = [rows(moved, places[0])]
    for place in places[1:]:
        results.append(f(results[-1], rows(moved, place)))
    out = stacked(results[::-1] if reverse else results)
    return map_structure(lambda x: np.moveaxis(x, 0, axis), out)


def map(f: Callable[..., Any], xs: Any) -> Any:
    """``f`` of each slice along the first axis, joined again."""
    return stacked([f(rows(xs, i)) for i in builtins.range(length_of(xs))])


def vectorized_map(function: Callable[..., Any], elements: Any) -> Any:
    """Like :func:`map`: here, too, the slices are taken one after the other."""
    return map(function, elements)


# -- slices ----------------------------------------------------------------------------


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The part of a shape that begins at ``start_indices``; -1 means up to the end."""
    inputs = tensor(inputs)
    return wrapped(inputs[window(inputs, start_indices, shape)])


def window(x: Any, starts: Any, shape: Any) -> tuple[Any, ...]:
    """The slices that begin at ``starts``, moved so that they lie inside."""
    index = []
    for start, n, whole in zip(starts, shape, x.shape, strict=True):
        first, wanted = int(start), int(n)
        if wanted == -1:
            wanted = whole - first
        first = builtins.min(builtins.max(first, 0), whole - wanted)
        index.append(builtins.slice(first, first + wanted))
    return tuple(index)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """``inputs`` with ``updates`` written over the part that begins at
    ``start_indices``.
    """
    inputs = tensor(inputs)
    updates = tensor(updates, inputs.dtype)
    index = window(inputs, start_indices, updates.shape)
    return wrapped(functions.scatter_set(inputs, index, updates))


def columns(indices: Any) -> tuple[Any, ...]:
    """Rows of places as one array of places for each axis."""
    indices = cast(indices, "int64")
    return tuple(indices[..., i] for i in builtins.range(indices.shape[-1]))


def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of a shape with ``values`` added at ``indices`` (rows of places)."""
    shape = tuple(int(n) for n in shape)
    return wrapped(functions.scatter_add(tensor(values), columns(indices), shape))


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: str | None = None
) -> Any:
    """``inputs`` with ``updates`` written at ``indices`` (rows of places).

    ``reduction`` says what becomes of what was there: None (it is replaced), "add",
    "max", "min" or "mul".
    """
    inputs = tensor(inputs)
    index, updates = columns(indices), tensor(updates, inputs.dtype)
    if reduction is None:
        return wrapped(functions.scatter_set(inputs, index, updates))
    if reduction == "add":
        return wrapped(inputs + functions.scatter_add(updates, index, inputs.shape))
    combine = {"max": np.maximum, "min": np.minimum, "mul": np.multiply}
    if reduction not in combine:
        raise ValueError(
            "scatter_update: expected None, 'add', 'max', 'min' or 'mul' as reduction, "
            f"got {reduction!r}."
        )
    out = inputs  # one after the other, for places that stand there twice
    flat = [np.reshape(i, -1) for i in index]
    rest = inputs.shape[len(index) :]
    parts = np.reshape(updates, (-1, *rest))
    for row in builtins.range(flat[0].shape[0]):
        at = tuple(i[row] for i in flat)
        out = functions.scatter_set(out, at, combine[reduction](out[at], parts[row]))
    return wrapped(out)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along ``axis``, as a list."""
    x = np.moveaxis(tensor(x), axis, 0)
    if num is not None and num != x.shape[0]:
        raise ValueError(
            f"unstack: expected num={x.shape[0]}, the length of axis {axis}, got {num}."
        )
    return [x[i] for i in builtins.range(x.shape[0])]


__all__ = [
    "associative_scan",
    "cast",
    "cond",
    "convert_to_numpy",
    "convert_to_tensor",
    "custom_gradient",
    "dtype",
    "fori_loop",
    "is_tensor",
    "map",
    "saturate_cast",
    "scan",
    "scatter",
    "scatter_update",
    "shape",
    "slice",
    "slice_update",
    "stop_gradient",
    "switch",
    "unstack",
    "vectorized_map",
    "while_loop",
]
