"""Spelling: the cheapest way to write one call in the source that runs.

Measured, not believed: ``x.dot(y)`` costs half of ``x @ y``, ``np.add.reduce`` a sixth
of ``np.sum``, a 0-d array as operand less than a Python number, and arithmetic between
single numbers next to nothing. All of them round as the plain spelling does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.compiler.families import is_elementwise
from tinygrad_lr.compiler.names import Names
from tinygrad_lr.compiler.notation import numpy_name, reshaping
from tinygrad_lr.compiler.program import Op, Value

SIGNS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}
COMPARISONS = {
    np.equal: "==", np.not_equal: "!=", np.less: "<", np.less_equal: "<=",
    np.greater: ">", np.greater_equal: ">=",
}  # fmt: skip
REDUCERS: dict[Callable[..., Any], np.ufunc] = {
    np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.min: np.minimum,
    np.any: np.logical_or, np.all: np.logical_and,
}  # fmt: skip


FRESH: set[Callable[..., Any]] = {
    np.mean, np.where, np.copy, np.concatenate, np.stack, functions.astype,
    functions.scatter_add,
}  # fmt: skip
VIEWS: set[Callable[..., Any]] = {
    np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims,
    np.squeeze,
}  # fmt: skip
RESHAPING: set[Callable[..., Any]] = {np.reshape, np.expand_dims, np.squeeze}
REORDERING: set[Callable[..., Any]] = {np.transpose, np.swapaxes, np.moveaxis}
METHODS = {*RESHAPING, *REORDERING, np.argmax, np.argmin}
MANY = 256  # numbers from which a product is faster than a choice
ONE_DTYPE: set[Callable[..., Any]] = {
    *SIGNS, np.maximum, np.minimum, np.power,
}  # fmt: skip


class Speller:
    """Writes calls, and keeps the names of values and the objects that they need."""

    def __init__(self) -> None:
        self.names = Names()
        self.name_of: dict[Value, str] = {}
        self.namespace: dict[str, Any] = {}
        self.constants: dict[Any, str] = {}
        self.gapped: set[Value] = set()  # what may be a part of a larger array

    def text(self, op: Op, place: str | None = None) -> str:
        """The cheapest spelling of one call."""
        function, args, out = op.function, op.args, op.outs[0]
        if function in (functions.getitem, np.broadcast_to) or (
            function in VIEWS and args[0] in self.gapped
        ):
            self.gapped.add(out)
        if is_elementwise(op):
            scalar = out.shape == ()
            words = [self.operand(a, op, scalar) for a in args]
            signs = COMPARISONS | SIGNS if scalar else SIGNS
            if place is None and function in signs and len(words) == 2:
                return f"{words[0]} {signs[function]} {words[1]}"
            if place is not None:
                keyword = "out=" if function in (np.maximum, np.minimum) else ""
                words.append(keyword + place)
            return f"{self.function(function)}({', '.join(words)})"
        if function is np.matmul and all(
            isinstance(a, Value) and a.ndim == 2 for a in args
        ):
            x, y = (self.operand(a, op) for a in args)
            large = out.size * args[0].shape[1] > 1 << 16
            if large or not self.gapped.isdisjoint(args):  # there they round apart
                return (
                    f"{self.function(np.matmul)}({x},"
                    f" {y}{', ' + place if place else ''})"
                )
            return f"{x}.dot({y}{', ' + place if place else ''})"
        if function is np.copy and place is None:
            return f"{self.operand(args[0], op)}.copy()"
        alike = all(a.dtype == out.dtype for a in args[1:] if isinstance(a, Value))
        if function is np.where and out.shape == () and len(args) == 3 and alike:
            x, y = (self.scalar(a, op) for a in args[1:])
            return f"{x} if {self.operand(args[0])} else {y}"
        if function in REDUCERS and is_plain_reduction(op):
            return self.reduction(op, REDUCERS[function], place)
        if function is np.where and place is None:
            test, x, y = (*args, None, None)[:3]
            if keeps_or_clears(test, x, y, out):
                return self.product(x, self.operand(test), out)
            if keeps_or_clears(test, y, x, out):
                clears = self.function(np.logical_not)
                return self.product(y, f"{clears}({self.operand(test)})", out)
        mean = function is np.mean and out.dtype.char in "fdg"
        if mean and args[0].dtype == out.dtype and is_plain_reduction(op):
            n = args[0].size // max(out.size, 1)
            total = self.reduction(op, np.add, place)
            if place is None:
                return f"{total} / {n}"
            count = self.constant(np.array(n, out.dtype), "c")
            return f"{self.function(np.divide)}({total}, {count}, {place})"
        if function in METHODS and place is None and "order" not in op.kwargs:
            return self.operand(args[0], op) + self.method(op)
        if function is functions.getitem and place is None:
            return f"{self.operand(args[0], op)}[{self.operand(args[1], op)}]"
        if function is functions.astype and place is None:
            return f"{self.operand(args[0], op)}.astype({self.operand(args[1], op)})"
        words = [self.operand(a, op) for a in args]
        words += [f"{k}={self.operand(v, op)}" for k, v in op.kwargs.items()]
        if place is not None:
            words.append(f"out={place}")
        return f"{self.function(function)}({', '.join(words)})"

    def method(self, op: Op) -> str:
        """A call as a method of its first argument, which spares a look at it."""
        function, (x, *rest), out = op.function, op.args, op.outs[0]
        if function in RESHAPING:
            return reshaping(x.shape, out.shape)
        if function in REORDERING:  # the axes of this empty array bear their numbers
            order = function(np.empty(range(x.ndim)), *rest, **op.kwargs).shape
            return ".T" if order == (1, 0) else f".transpose({order!r})"
        words = [self.operand(a) for a in rest]
        words += [f"{k}={self.operand(v)}" for k, v in op.kwargs.items()]
        return f".{function.__name__}({', '.join(words)})"

    def product(self, x: Value, test: str, out: Value) -> str:
        """Floats where a test holds, and 0 elsewhere; see :func:`keeps_or_clears`."""
        whole = self.constant(np.dtype(f"i{out.dtype.itemsize}"), "k")
        bits = f"{self.function(np.multiply)}({self.operand(x)}.view({whole}), {test})"
        return f"{bits}.view({self.constant(out.dtype, 'k')})"

    def reduction(self, op: Op, ufunc: np.ufunc, place: str | None) -> str:
        """``np.sum`` and its kin as the ufunc's own reduce, which costs a sixth."""
        x, axis, dtype, keepdims = reduction_arguments(op)
        name = self.constant(ufunc.reduce, f"{ufunc.__name__}_reduce")
        words = [self.operand(x, op), repr(axis)]
        if dtype is not None or place is not None or keepdims:
            words += [self.operand(dtype, op), place or "None", repr(bool(keepdims))]
        return f"{name}({', '.join(words)})"

    def operand(self, x: Any, op: Op | None = None, scalar: bool = False) -> str:
        """The name or literal of an argument."""
        if isinstance(x, Value):
            if x in self.name_of:
                return self.name_of[x]
            assert x.array is not None, x
            if scalar and op is not None and x.dtype.kind == "f":
                kinds = {a.dtype for a in op.args if isinstance(a, Value)}
                number = float(str(x.array.reshape(-1)[0]))
                if kinds == {op.out.dtype} and len(op.args) == 2 and isfinite(number):
                    if any(isinstance(a, Value) and a is not x for a in op.args):
                        return repr(number)
            if op is not None and is_elementwise(op) and x.size and not scalar:
                first = x.array.reshape(-1)[0]
                others = [
                    a.shape for a in op.args if isinstance(a, Value) and a is not x
                ]
                if (x.array == first).all() and np.broadcast_shapes(
                    (), *others
                ) == op.out.shape:
                    return self.constant(np.array(first), "c")
            return self.constant(x.array, "c")
        if isinstance(x, (int, float)) and not isinstance(x, bool) and op is not None:
            if is_elementwise(op) and not scalar and op.out.dtype.kind == "f":
                kinds = {a.dtype for a in op.args if isinstance(a, Value)}
                typed = isinstance(x, float) or op.function in ONE_DTYPE
                if kinds == {op.out.dtype} and typed:
                    return self.constant(np.array(x, op.out.dtype), "c")
        if x is None or isinstance(x, (bool, int, str)):
            return repr(x)
        if isinstance(x, float) and np.isfinite(x):
            return repr(x)
        if isinstance(x, (list, tuple)):
            inner = ", ".join(self.operand(part) for part in x)
            if isinstance(x, list):
                return f"[{inner}]"
            return f"({inner},)" if len(x) == 1 else f"({inner})"
        return self.constant(x, "k")

    def scalar(self, x: Any, op: Op) -> str:
        """A single number as a NumPy scalar of the result's dtype."""
        if isinstance(x, (int, float)):
            return self.constant(op.out.dtype.type(x), "c")
        if isinstance(x, Value) and x.array is not None:
            return self.constant(op.out.dtype.type(x.array.item()), "c")
        return self.operand(x, op, scalar=True)

    def function(self, function: Callable[..., Any]) -> str:
        """The name under which the source reaches a function."""
        target = (
            function if numpy_name(function) else getattr(function, "body", function)
        )
        return self.constant(target, function.__name__)

    def constant(self, x: Any, word: str) -> str:
        """Put an object into the namespace of the source, once."""
        key: Any = id(x)
        if isinstance(x, np.ndarray) and x.ndim == 0:
            key = (x.dtype, x.tobytes())
        elif callable(x):
            key = x
        if key not in self.constants:
            name = self.names.take(word)
            self.constants[key] = name
            self.namespace[name] = x
        return self.constants[key]


def keeps_or_clears(test: Any, x: Any, zero: Any, out: Value) -> bool:
    """Whether ``np.where(test, x, zero)`` chooses between many floats and 0.

    That is a product of their bits, as integers, with the condition: it is three times
    as fast, as it asks nothing, and clears -0.0, infinity and NaN as well.
    """
    return (
        isinstance(test, Value)
        and isinstance(x, Value)
        and test.dtype == bool
        and x.dtype == out.dtype
        and x.dtype in (np.float32, np.float64)
        and x.shape == out.shape
        and x.size >= MANY
        and is_zero(zero)
    )


def is_zero(x: Any) -> bool:
    """Whether an argument is the number 0, and not -0.0."""
    x = x.array if isinstance(x, Value) else x
    return x is not None and not np.any(x) and not np.any(np.signbit(x))


def is_plain_reduction(op: Op) -> bool:
    """Whether a reduction has no options but axis, dtype and keepdims."""
    options = op.kwargs.keys() <= {"axis", "dtype", "keepdims"}
    return (op.function in REDUCERS or op.function is np.mean) and options and (
        len(op.args) <= 2
    )  # fmt: skip


def reduction_arguments(op: Op) -> tuple[Any, Any, Any, Any]:
    """The operand, axis, dtype and keepdims of a reduction, however it was spelled."""
    x, *rest = op.args
    axis = rest[0] if rest else op.kwargs.get("axis")
    dtype = rest[1] if len(rest) > 1 else op.kwargs.get("dtype")
    keepdims = op.kwargs.get("keepdims", False)
    if isinstance(axis, (tuple, list)):
        axis = axis[0] if len(axis) == 1 else tuple(axis)
    return x, axis, dtype, keepdims
