"""Print a program as a NumPy function a textbook could print, and load such sources.

Values keep the names their users gave them, a value used once is written where it is
used, operators are written as operators, and every line says which shape it makes.
Sources are loaded under a name that :mod:`linecache` knows, so tracebacks and debuggers
show them.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import keyword
import linecache
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.notation import (
    ATOM,
    INFIX,
    PACKAGE,
    SPELLINGS,
    UNARY,
    WIDTH,
    globals_of,
    is_ours,
    meaningful,
    numbers,
    numpy_name,
    plain_source,
    regular_array,
    wrapped,
)
from tinygrad_lr.compiler.program import Op, Program, Value, values_in, word_for

# Functions of Python's math that run element by element, by their names with us.
BY_ELEMENT = {"erf_of_number": "erf", "erfc_of_number": "erfc"}
counter = itertools.count(1)


class Names:
    """Identifiers for values: unique, no keywords, none the source needs itself."""

    def __init__(self) -> None:
        self.taken = {"np", *keyword.kwlist, *dir(builtins)}
        self.latest: dict[str, int] = {}  # the last number that a word was given

    def take(self, wish: str) -> str:
        """Return ``wish`` made an identifier, with a number if it is taken."""
        word = re.sub(r"\W+", "_", wish, flags=re.ASCII).strip("_") or "value"
        word = "_" + word if word[0].isdigit() else word
        name, number = word, self.latest.get(word, 1)
        while name in self.taken:
            number += 1
            name = f"{word}_{number}"
        self.latest[word] = number
        self.taken.add(name)
        return name


class Printer:
    """The source of one program; see :func:`numpy_source`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Names()
        self.uses = program.uses()
        self.roots = set(program.roots())
        self.inline: dict[Value, tuple[str, int]] = {}
        self.name_of: dict[Value, str] = {}
        self.constants: dict[str, Any] = {}
        self.helpers: dict[str, Callable[..., Any]] = {}
        self.lines: list[tuple[str, str, str]] = []  # (section, code, comment)

    def source(self) -> str:
        """The whole function, with the helpers it needs above it."""
        program = self.program
        self.reserve_helpers()
        for value in program.inputs:
            self.name_of[value] = self.names.take(value.name or "x")
        variables = program.variables()
        variable_names = {v: self.names.take(word_for(v)) for v in variables}
        self.variable_names = variable_names
        for op in program.ops:
            for value in [*op.operands(), *program.roots()]:
                if value.variable is not None and value not in self.name_of:
                    self.name_of[value] = variable_names[value.variable]
        for value in program.roots():
            if value.variable is not None:
                self.name_of[value] = variable_names[value.variable]
        self.write_calls(variable_names)
        results = [
            self.name_of.get(v) or self.expression(v)[0]
            for v in program.assigns.values()
        ]
        results.append(self.literal(program.outputs))
        parameters = [self.name_of[v] for v in program.inputs]
        parameters += [variable_names[v] for v in variables]
        self.lines.append(("", wrapped("return ", results, ""), ""))
        body = self.layout()
        head = wrapped(f"def {program.name}", parameters, ":", always=True)
        helpers = [plain_source(function) for function in self.with_helpers()]
        constants = [f"{name} = {text}" for name, text in self.constants.items()]
        return "\n\n\n".join(
            [
                "import numpy as np",
                *(["\n".join(constants)] if constants else []),
                *helpers,
                head + "\n" + body,
            ]
        ) + "\n"  # fmt: skip

    def reserve_helpers(self) -> None:
        """Functions of our own keep their names; values make room for them."""
        for op in self.program.ops:
            if numpy_name(op.function) is None and op.function not in SPELLINGS:
                self.add_helper(op.function)

    def with_helpers(self) -> list[Callable[..., Any]]:
        """The helper functions, after those of ours that they call themselves."""
        found: dict[Callable[..., Any], None] = {}
        visited: set[Callable[..., Any]] = set()

        def visit(function: Callable[..., Any]) -> None:
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
                    self.constants[name] = f"__import__({used.__name__!r})"
                elif isinstance(used, (int, float)) and name not in dir(builtins):
                    self.constants[name] = repr(used)
                elif name in BY_ELEMENT:
                    math = f"__import__('math').{BY_ELEMENT[name]}"
                    self.constants[name] = f"np.frompyfunc({math}, 1, 1)"
            found.setdefault(function)

        for function in self.helpers.values():
            visit(function)
        return list(found)

    def add_helper(self, function: Callable[..., Any]) -> None:
        name = function.__name__
        if name not in self.helpers:
            self.names.taken.add(name)
            self.helpers[name] = function

    def write_calls(self, variable_names: dict[Variable, str]) -> None:
        """Write one line per call, or put the call into the line that uses it."""
        program = self.program
        last_use: dict[Value, int] = {}
        for at, op in enumerate(program.ops):
            for value in op.operands():
                last_use[value] = at
        for value in values_in(program.outputs):
            last_use[value] = len(program.ops)
        assigned = {value: v for v, value in program.assigns.items()}
        old = {v.variable: v for v in last_use if v.variable is not None}
        for at, op in enumerate(program.ops):
            text, binding = self.call(op)
            out = op.outs[0]
            if (
                self.uses.get(out, 0) == 1
                and out not in self.roots and out.name is None
                and not op.several and not op.has_effect and len(text) < WIDTH - 40
            ):  # fmt: skip
                self.inline[out] = (text, binding)
                continue
            for out in op.outs:
                variable = assigned.get(out)
                if variable is not None and last_use.get(old.get(variable), -1) <= at:  # type: ignore[arg-type]
                    self.name_of[out] = variable_names[variable]
                else:
                    word = (
                        "new_" + word_for(variable)
                        if variable is not None
                        else out.name
                    )
                    self.name_of[out] = self.names.take(word or "t")
            target = ", ".join(self.name_of[out] for out in op.outs)
            shape = ", ".join(str(out.shape) for out in op.outs)
            self.lines.append((op.section, f"{target} = {text}", shape))

    def layout(self) -> str:
        """Indent, put the section headings in and line up the comments."""
        column = min(
            max(
                (len(code) for _, code, note in self.lines if note and len(code) < 60),
                default=0,
            )
            + 2,
            60,
        )
        out: list[str] = []
        current = ""
        for section, code, note in self.lines:
            if section and section != current:
                out.append(f"    # {section}")
                current = section
            out.append("    " + (f"{code:<{column - 2}}  # {note}" if note else code))
        return "\n".join(out)

    # -- expressions -------------------------------------------------------------------

    def expression(self, x: Any) -> tuple[str, int]:
        """The text of an operand and how tightly it binds."""
        if isinstance(x, Value):
            if x in self.inline:
                return self.inline[x]
            if x in self.name_of:
                return self.name_of[x], ATOM
            return self.constant(x)
        text = self.literal(x)
        return text, UNARY if text.startswith("-") else ATOM

    def operand(self, x: Any, binding: int) -> str:
        """The text of an operand, in brackets if it binds too loosely."""
        text, own = self.expression(x)
        return text if own >= binding else f"({text})"

    def constant(self, value: Value) -> tuple[str, int]:
        """A constant array: as it is if small, else under a name above the function."""
        array = value.array
        assert array is not None
        regular = regular_array(array) if array.size > 1 else None
        if regular is not None:
            return regular, ATOM
        if array.size <= 4:
            return f"np.array({numbers(array)}, dtype={str(array.dtype)!r})", ATOM
        name = self.names.take("constant")
        self.constants[name] = f"np.array({numbers(array)}, dtype={str(array.dtype)!r})"
        self.name_of[value] = name
        return name, ATOM

    def literal(self, x: Any) -> str:
        """The source of an argument that is not an array."""
        if isinstance(x, Value):
            return self.operand(x, 0)
        if isinstance(x, (list, tuple)):
            inner = ", ".join(self.literal(part) for part in x)
            if isinstance(x, list):
                return f"[{inner}]"
            return f"({inner},)" if len(x) == 1 else f"({inner})"
        if isinstance(x, dict):
            return (
                "{" + ", ".join(f"{k!r}: {self.literal(v)}" for k, v in x.items()) + "}"
            )
        if isinstance(x, float) and not np.isfinite(x):
            return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(x), "np.nan")
        if isinstance(x, np.dtype) or (
            isinstance(x, type) and issubclass(x, np.generic)
        ):
            return repr(str(np.dtype(x)))
        if isinstance(x, range):
            return repr(x)
        if x is None or x is Ellipsis or isinstance(x, (int, float, complex, str)):
            return "..." if x is Ellipsis else repr(x)
        if isinstance(x, slice):
            return f"slice({x.start}, {x.stop}, {x.step})"
        name = self.names.take(type(x).__name__.lower())
        self.constants[name] = f"...  # {type(x).__name__}"
        return name

    def index(self, x: Any) -> str:
        """The inside of the brackets of an index."""
        if isinstance(x, tuple):
            return ", ".join(self.index(part) for part in x) + (
                "," if len(x) == 1 else ""
            )
        if isinstance(x, slice):
            parts = ["" if p is None else str(p) for p in (x.start, x.stop)]
            return ":".join(parts) + ("" if x.step is None else f":{x.step}")
        return self.literal(x)

    def call(self, op: Op) -> tuple[str, int]:
        """The text of one call."""
        function, args = op.function, op.args
        if function in INFIX and len(args) == 2:
            sign, binding = INFIX[function]
            left = self.number(args[0], args[1], op) or self.operand(args[0], binding)
            right = self.number(args[1], args[0], op) or self.operand(
                args[1], binding + 1
            )
            return f"{left} {sign} {right}", binding
        spelling = SPELLINGS.get(function)
        if spelling is not None:
            written = spelling(self, op)
            if written is not None:
                return written
        name = numpy_name(function) or function.__name__
        inner = [
            (
                self.number(a, args[1 - i], op) or self.literal(a)
                if len(args) == 2 and isinstance(function, np.ufunc)
                else self.literal(a)
            )
            for i, a in enumerate(args)
        ]
        inner += [
            f"{key}={self.literal(v)}"
            for key, v in op.kwargs.items()
            if meaningful(function, key, v)
        ]
        return f"{name}({', '.join(inner)})", ATOM

    def number(self, x: Any, other: Any, op: Op) -> str | None:
        """Write a constant array of one repeated number as that number."""
        if not (isinstance(x, Value) and x.array is not None and x.size):
            return None
        first = x.array.flat[0]
        if (
            isinstance(other, Value)
            and other.array is None
            and other.dtype == x.dtype == op.out.dtype
            and x.dtype.kind == "f"
            and other.shape == op.out.shape
            and np.isfinite(first)
            and (x.array == first).all()
        ):
            text = str(first)
            return f"({text})" if text.startswith("-") else text
        return None


def numpy_source(program: Program) -> str:
    """Return the program as the source of a NumPy function.

    The function takes the inputs and the variables, and returns the new values of the
    assigned variables followed by the outputs.
    """
    return Printer(program).source()


def load(source: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Compile a source of our own and return the function ``name`` that it defines."""
    filename = f"<tinygrad_lr {name} {next(counter)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), namespace)
    loaded: Callable[..., Any] = namespace[name]
    return loaded
