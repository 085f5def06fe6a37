"""How single things are written in a printed program: numbers, operators, methods.

``np.sum(x, axis=0)`` is ``x.sum(axis=0)`` to a reader, and a transpose is ``x.T``. Each
spelling takes a call and returns its text with how tightly it binds, or None if the
plain call says it best.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.forms import parameters
from tinygrad_lr.compiler.layout import folded
from tinygrad_lr.compiler.program import Op, Value
from tinygrad_lr.compiler.rewrites import is_view

if TYPE_CHECKING:
    from tinygrad_lr.compiler.numpy_source import Printer

# How tightly an expression binds, as in Python's grammar.
ATOM, POWER, UNARY, PRODUCT, SUM, AND, OR, COMPARISON = 8, 7, 6, 5, 4, 3, 2, 1

NESTED = 1024  # numbers up to which an array is written as nested lists

INFIX: dict[Callable[..., Any], tuple[str, int]] = {
    np.add: ("+", SUM),
    np.subtract: ("-", SUM),
    np.multiply: ("*", PRODUCT),
    np.divide: ("/", PRODUCT),
    np.floor_divide: ("//", PRODUCT),
    np.remainder: ("%", PRODUCT),
    np.matmul: ("@", PRODUCT),
    np.equal: ("==", COMPARISON),
    np.not_equal: ("!=", COMPARISON),
    np.less: ("<", COMPARISON),
    np.less_equal: ("<=", COMPARISON),
    np.greater: (">", COMPARISON),
    np.greater_equal: (">=", COMPARISON),
    np.bitwise_and: ("&", AND),
    np.bitwise_or: ("|", OR),
}


def meaningful(function: Callable[..., Any], key: str, value: Any) -> bool:
    """Leave out keyword arguments that stand at their defaults."""
    if key == "keepdims" and value is False:
        return False
    default = parameters(function)[0].get(key, value is None or Ellipsis)
    alike = type(default) is type(value) and isinstance(value, (int, float, str))
    return not (default is value or (alike and default == value))


def quoted(text: str) -> str:
    """A string as a literal, in double quotes if that needs no backslash more."""
    literal = repr(text)
    plain = literal[0] == "'" and '"' not in literal
    return f'"{literal[1:-1]}"' if plain else literal


def short(number: float, dtype: Any) -> str:
    """The shortest literal that is this number in calls on arrays of a float dtype."""
    text = repr(number)
    with np.errstate(over="ignore"):
        rounded = dtype.type(number)
    if np.isfinite(rounded) and len(str(rounded)) < len(text):
        return str(rounded)
    return text


def scalar(number: Any) -> tuple[str, int]:
    """A float of NumPy beside arrays of its dtype: whole, as k / n, or in decimals."""
    if number == int(number) and abs(number) < 1e6 and not is_negative_zero(number):
        return str(int(number)), UNARY if number < 0 else ATOM
    if len(str(number)) > 6 and 1e-6 < abs(number) < 1:
        for k in (1, 2, 3):
            n = round(k / abs(float(number)))
            if type(number)(k / n) == abs(number):
                return f"{'-' if number < 0 else ''}{k} / {n}", PRODUCT
    return str(number), UNARY if number < 0 else ATOM


def is_negative_zero(number: Any) -> bool:
    """Whether a number is -0.0."""
    return bool(number == 0 and np.signbit(number))


def one_number(x: Any) -> Any:
    """The number that a constant repeats in all its elements, or None."""
    if not (isinstance(x, Value) and x.array is not None and x.size):
        return None
    first = x.array.reshape(-1)[0]
    same = x.dtype.kind in "fiu" and np.isfinite(first) and (x.array == first).all()
    return first if same else None


def regular_array(array: Any) -> str | None:
    """A short way to write an array that repeats one number or counts, if it does."""
    dtype = str(array.dtype)
    first = array.reshape(-1)[0]
    if (array == first).all():
        return f"np.full({array.shape}, {numbers(first)}, {quoted(dtype)})"
    if (
        array.size == max(array.shape)
        and (array.ravel() == np.arange(array.size)).all()
    ):
        counted = f"np.arange({array.size}" + (
            ")" if dtype == "int64" else f", dtype={quoted(dtype)})"
        )
        return counted if array.ndim == 1 else f"{counted}.reshape({array.shape})"
    return None


def numbers(array: Any) -> str:
    """The elements as nested lists of the shortest literals with the same bits."""
    if not array.size:  # lists tell nothing of the shape
        return f"np.empty({array.shape})"
    if array.ndim:
        return f"[{', '.join(map(numbers, array))}]"
    text = str(array[()]) if array.dtype.kind == "f" else repr(array.item())
    return re.sub(r"\b(inf|nan)\b", r"np.\1", text)


def array_source(name: str, array: Any) -> list[str]:
    """The lines that give ``name`` to an array, with every bit."""
    dtype = quoted(str(array.dtype))
    if array.size <= NESTED:
        return folded(f"{name} = np.array({numbers(array)}, dtype={dtype})")
    lines = [f"{name} = np.array(", "    ["]
    plain = array.dtype.kind == "f" and np.isfinite(array).all()
    words = map(str if plain else numbers, array.reshape(-1))
    while row := list(itertools.islice(words, 5)):
        lines.append(f"        {', '.join(row)},")
    return [*lines, "    ],", f"    dtype={dtype},", f").reshape({array.shape})"]


def numpy_name(function: Callable[..., Any]) -> str | None:
    """Where NumPy keeps the function, if it is one of NumPy's."""
    name = {"absolute": "abs"}.get(found := getattr(function, "__name__", ""), found)
    if getattr(np, name, None) is function:
        return f"np.{name}"
    for folder in ("linalg", "fft"):
        if getattr(getattr(np, folder), name, None) is function:
            return f"np.{folder}.{name}"
    return None


# -- spellings of single functions -----------------------------------------------------


def single(key: str, value: Any) -> Any:
    """An axis by itself instead of a tuple of one."""
    alone = key == "axis" and isinstance(value, tuple) and len(value) == 1
    return value[0] if alone else value


def method(name: str) -> Callable[[Printer, Op], tuple[str, int]]:
    """``np.sum(x, axis=0)`` as ``x.sum(axis=0)``."""

    def spell(printer: Printer, op: Op) -> tuple[str, int]:
        x, *rest = op.args
        inner = [printer.literal(a) for a in rest]
        inner += [
            f"{k}={printer.literal(single(k, v))}"
            for k, v in op.kwargs.items()
            if meaningful(op.function, k, v)
        ]
        return f"{printer.operand(x, ATOM)}.{name}({', '.join(inner)})", ATOM

    return spell


def spell_transpose(printer: Printer, op: Op) -> tuple[str, int] | None:
    x = op.args[0]
    plain = op.args[1:] in ((-1, -2), (), (None,)) and not op.kwargs
    if isinstance(x, Value) and x.ndim == 2 and plain:
        return f"{printer.operand(x, ATOM)}.T", ATOM
    return None


def spell_reshape(printer: Printer, op: Op) -> tuple[str, int]:
    x = op.args[0]
    if not is_view(op):
        return method(op.function.__name__)(printer, op)
    return printer.operand(x, ATOM) + reshaping(x.shape, op.outs[0].shape), ATOM


def reshaping(old: tuple[int, ...], new: tuple[int, ...]) -> str:
    """The shortest way from one shape to another: an index, if axes only fall away."""
    if new == () != old:
        return f"[{', '.join('0' * len(old))}]"
    if old[:1] == (1,) and new == old[1:]:
        return "[0]"
    if new == (1, *old):
        return "[None]"
    others = ":" if min(len(old), len(new)) == 1 else "..."
    if old == (*new, 1):
        return f"[{others}, 0]"
    if new == (*old, 1):
        return f"[{others}, None]"
    return f".reshape({new!r})"


def spell_negative(printer: Printer, op: Op) -> tuple[str, int]:
    return f"-{printer.operand(op.args[0], UNARY)}", UNARY


def spell_not(printer: Printer, op: Op) -> tuple[str, int] | None:
    x = op.args[0]
    if isinstance(x, Value) and x.dtype == bool:
        return f"~{printer.operand(x, UNARY)}", UNARY
    return None


def spell_and(printer: Printer, op: Op) -> tuple[str, int] | None:
    """``a & b``, which for truths is the same."""
    if len(op.operands()) == 2 and all(v.dtype == bool for v in op.operands()):
        x, y = op.args
        return f"{printer.operand(x, AND)} & {printer.operand(y, AND + 1)}", AND
    return None


def spell_square(printer: Printer, op: Op) -> tuple[str, int]:
    return f"{printer.operand(op.args[0], ATOM)} ** 2", POWER


def spell_getitem(printer: Printer, op: Op) -> tuple[str, int]:
    return (
        f"{printer.operand(op.args[0], ATOM)}[{printer.index(op.args[1]) or '()'}]",
        ATOM,
    )


SPELLINGS: dict[Callable[..., Any], Callable[[Printer, Op], tuple[str, int] | None]] = {
    np.sum: method("sum"),
    np.mean: method("mean"),
    np.max: method("max"),
    np.min: method("min"),
    np.prod: method("prod"),
    np.var: method("var"),
    np.std: method("std"),
    np.any: method("any"),
    np.all: method("all"),
    np.cumsum: method("cumsum"),
    np.reshape: spell_reshape,
    np.argmax: method("argmax"),
    np.argmin: method("argmin"),
    functions.astype: method("astype"),
    np.swapaxes: spell_transpose,
    np.transpose: spell_transpose,
    np.negative: spell_negative,
    np.square: spell_square,
    np.logical_not: spell_not,
    np.logical_and: spell_and,
    np.bitwise_not: spell_not,
    np.expand_dims: spell_reshape,
    np.squeeze: spell_reshape,
    np.ravel: spell_reshape,
    functions.getitem: spell_getitem,
}


def is_elementwise_call(op: Op) -> bool:
    """Whether operands of a call broadcast against each other."""
    return op.function is np.where or (
        isinstance(op.function, np.ufunc) and op.function.signature is None
    )
