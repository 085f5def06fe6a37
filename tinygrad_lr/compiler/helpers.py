"""The functions that a printed program calls besides NumPy's, as text.

They are copied as they are written in this package, with what they call in turn, but
without docstrings, comments, annotations and decorators: all stands in one file that
needs NumPy alone.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import io
import itertools
import textwrap
import tokenize
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

PACKAGE = __name__.split(".")[0]
# Functions of Python's math that run element by element, by their names with us.
BY_ELEMENT = {"erf_of_number": "erf", "erfc_of_number": "erfc"}
COMMENT = "# a line without code"
Function = Callable[..., Any]


def with_helpers(
    functions: Iterable[Function],
) -> tuple[dict[Function, None], dict[str, str]]:
    """The functions, each after those of ours that it calls itself, and the statements
    that give them the constants and modules that they need.
    """
    found: dict[Function, None] = {}
    visited: set[Function] = set()
    constants: dict[str, str] = {}

    def visit(function: Function) -> None:
        body = getattr(function, "body", function)
        code: Any = getattr(body, "__code__", None)
        visited.add(function)
        names = globals_of(code) if code is not None else []
        known = body.__globals__ if names else {}
        for module in [known[n] for n in names if is_ours(known.get(n))]:
            inside = vars(module).keys() & code.co_names
            known = known | {name: vars(module)[name] for name in inside}
            names += sorted(inside)
        for name in names:
            used = known.get(name)
            if is_ours(used):
                continue
            if inspect.isfunction(used) and used.__module__.startswith(PACKAGE):
                if used not in visited:
                    visit(used)
            elif inspect.ismodule(used) and used is not np:
                alias = "" if name == used.__name__ else f" as {name}"
                constants[name] = f"import {used.__name__}{alias}"
            elif isinstance(used, (int, float)) and name not in dir(builtins):
                constants[name] = f"{name} = {used!r}"
            elif name in BY_ELEMENT:
                constants["math"] = "import math"
                constants[name] = (
                    f"{name} = np.frompyfunc(math.{BY_ELEMENT[name]}, 1, 1)"
                )
        found.setdefault(function)

    for function in functions:
        visit(function)
    return found, constants


def globals_of(code: Any) -> list[str]:
    """The global names that a function loads, also inside its comprehensions."""
    names = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names + [name for part in inner for name in globals_of(part)]


def is_ours(thing: Any) -> bool:
    """Whether something is a module of this package."""
    return inspect.ismodule(thing) and thing.__name__.startswith(PACKAGE)


def plain_source(function: Function, name: str) -> str:
    """The source of a function under ``name``, without what programs do not need."""
    shown = getattr(function, "for_people", None)
    if shown is not None:
        return str(shown)
    body = getattr(function, "body", function)
    try:
        text = textwrap.dedent(inspect.getsource(body))
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError):
        return f"{name} = ...  # defined where its source cannot be read"
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef):
        return f"{name} = ...  # a function without a name of its own"
    arguments = definition.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in [*listed, arguments.vararg, arguments.kwarg]:
        if argument is not None:
            argument.annotation = None
    body_text = plain_body(text, definition, body.__globals__)
    return f"def {name}({ast.unparse(arguments)}):\n{without_comments(body_text)}"


def plain_body(text: str, node: ast.FunctionDef, known: dict[str, Any]) -> str:
    """The body of a function without docstring and annotations; ``functions.softmax``
    becomes ``softmax``.
    """
    lines = text.encode().splitlines(keepends=True)
    starts = [0, *itertools.accumulate(map(len, lines))]
    source = b"".join(lines)

    def start(part: Any) -> int:
        return int(starts[part.lineno - 1] + part.col_offset)

    def end(part: Any) -> int:
        return int(starts[part.end_lineno - 1] + part.end_col_offset)

    documented = ast.get_docstring(node) is not None and len(node.body) > 1
    first, *rest = node.body[documented:]
    cuts: list[tuple[int, int, bytes]] = []
    for part in (part for top in (first, *rest) for part in ast.walk(top)):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            if is_ours(known.get(part.value.id)):
                cuts.append((start(part), end(part), part.attr.encode()))
        elif isinstance(part, ast.arg) and part.annotation is not None:
            cuts.append((start(part), end(part), part.arg.encode()))
        elif isinstance(part, ast.AnnAssign) and part.value is not None:
            cuts.append((end(part.target), start(part.value), b" = "))
        elif isinstance(part, ast.FunctionDef) and part.returns is not None:
            arrow = source.rindex(b" ->", 0, start(part.returns))
            cuts.append((arrow, end(part.returns), b""))
    for begin, stop, new in sorted(cuts, reverse=True):
        source = source[:begin] + new + source[stop:]
    indent = 4 if first.lineno == node.lineno else first.col_offset
    return " " * indent + source[start(first) :].decode()


def without_comments(text: str) -> str:
    """The body of a function without its comments."""
    lines = text.splitlines()
    readline = io.StringIO("if True:\n" + text).readline
    for token in tokenize.generate_tokens(readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 2] = lines[row - 2][:column].rstrip() or COMMENT
    return "\n".join(line for line in lines if line is not COMMENT)
