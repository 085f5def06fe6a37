"""How single things are written in a printed program: numbers, operators, methods.

``np.sum(x, axis=0)`` is ``x.sum(axis=0)`` to a reader, and a transpose is ``x.T``. Each
spelling takes a call and returns its text with how tightly it binds, or None if the
plain call says it best.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.forms import parameters
from tinygrad_lr.compiler.program import Op, Value

if TYPE_CHECKING:
    from tinygrad_lr.compiler.numpy_source import Printer

PACKAGE = __name__.split(".")[0]
WIDTH = 88
# How tightly an expression binds, as in Python's grammar.
ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON = 6, 5, 4, 3, 2, 1

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
}


def wrapped(head: str, words: list[str], tail: str, always: bool = False) -> str:
    """``head(words)tail`` on one line if it fits, else over several, in brackets."""
    inner = ", ".join(words)
    line = f"{head}({inner}){tail}" if always else f"{head}{inner}{tail}"
    if len(line) <= WIDTH - 4:
        return line
    indent = "    " if always else "        "
    filled = textwrap.fill(
        inner,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
    )
    return f"{head}(\n{filled},\n{indent[4:]}){tail}"


def single(axis: Any) -> bool:
    """Whether an axis is given as a tuple of one."""
    return isinstance(axis, tuple) and len(axis) == 1


def meaningful(function: Callable[..., Any], key: str, value: Any) -> bool:
    """Leave out keyword arguments that stand at their defaults."""
    if value is None:  # which means something to np.concatenate and np.sort
        return parameters(function)[0].get(key, "unknown") is not None
    return not (
        (key in ("keepdims",) and value is False) or (key == "ddof" and value == 0)
    )


def regular_array(array: Any) -> str | None:
    """A short way to write an array that repeats one number or counts, if it does."""
    dtype = str(array.dtype)
    first = array.reshape(-1)[0]
    if (array == first).all():
        return f"np.full({array.shape}, {first.item()!r}, {dtype!r})"
    if (
        array.size == max(array.shape)
        and (array.ravel() == np.arange(array.size)).all()
    ):
        counted = f"np.arange({array.size}" + (
            ")" if dtype == "int64" else f", dtype={dtype!r})"
        )
        return counted if array.ndim == 1 else f"{counted}.reshape({array.shape})"
    return None


def numbers(array: Any) -> str:
    """The elements as nested lists of literals."""
    if not array.size:  # lists tell nothing of the shape
        return f"np.empty({array.shape})"
    text = repr(array.tolist())
    return re.sub(r"\b(inf|nan)\b", r"np.\1", text)


def numpy_name(function: Callable[..., Any]) -> str | None:
    """Where NumPy keeps the function, if it is one of NumPy's."""
    name = getattr(function, "__name__", "")
    if getattr(np, name, None) is function:
        return f"np.{name}"
    for folder in ("linalg", "fft"):
        if getattr(getattr(np, folder), name, None) is function:
            return f"np.{folder}.{name}"
    return None


def globals_of(code: Any) -> list[str]:
    """The global names that a function loads, also inside its comprehensions."""
    names = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names + [name for part in inner for name in globals_of(part)]


# -- spellings of single functions -----------------------------------------------------


def method(name: str) -> Callable[[Printer, Op], tuple[str, int]]:
    """``np.sum(x, axis=0)`` as ``x.sum(axis=0)``."""

    def spell(printer: Printer, op: Op) -> tuple[str, int]:
        x, *rest = op.args
        inner = [printer.literal(a) for a in rest]
        inner += [
            f"{k}={printer.literal(v[0] if k == 'axis' and single(v) else v)}"
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
    if op.kwargs:
        return method("reshape")(printer, op)
    return printer.operand(x, ATOM) + reshaping(x.shape, op.outs[0].shape), ATOM


def reshaping(old: tuple[int, ...], new: tuple[int, ...]) -> str:
    """The shortest way from one shape to another: an index, if axes only fall away."""
    if new == () != old:
        return f"[{', '.join('0' * len(old))}]"
    if old[:1] == (1,) and new == old[1:]:
        return "[0]"
    return f".reshape({new!r})"


def spell_negative(printer: Printer, op: Op) -> tuple[str, int]:
    return f"-{printer.operand(op.args[0], UNARY)}", UNARY


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
    np.reshape: spell_reshape,
    np.argmax: method("argmax"),
    functions.astype: method("astype"),
    np.swapaxes: spell_transpose,
    np.transpose: spell_transpose,
    np.negative: spell_negative,
    np.square: spell_square,
    functions.getitem: spell_getitem,
}


def plain_source(function: Callable[..., Any]) -> str:
    """The source of a function of our own, without decorators, docstring and
    annotations.
    """
    shown = getattr(function, "for_people", None)
    if shown is not None:
        return str(shown)
    body = getattr(function, "body", function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    except (OSError, TypeError, SyntaxError):
        return f"# {function.__name__}: defined where its source cannot be read"
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef):
        return f"{function.__name__} = ...  # a function without a name of its own"
    definition.decorator_list = []
    definition.returns = None
    arguments = definition.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            star.annotation = None
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return ast.unparse(OneFile(body.__globals__).visit(definition))


class OneFile(ast.NodeTransformer):
    """Writes ``functions.softmax`` as ``softmax``: all stands in one file."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and is_ours(self.names.get(node.value.id)):
            return ast.Name(node.attr, node.ctx)
        return node


def is_ours(thing: Any) -> bool:
    """Whether something is a module of this package."""
    return inspect.ismodule(thing) and thing.__name__.startswith(PACKAGE)
