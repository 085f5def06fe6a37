"""Print a program as a NumPy function a textbook could print, and load such sources.

Values keep the names their users gave them, a value used once is written where it is
used, operators are written as operators, and every line says which shape it makes.
Sources are loaded under a name that :mod:`linecache` knows, so tracebacks and debuggers
show them.
"""

from __future__ import annotations

import itertools
import linecache
import re
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff.functions import astype
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.helpers import plain_source, with_helpers
from tinygrad_lr.compiler.layout import WIDTH, Text, folded
from tinygrad_lr.compiler.names import Names, identifier, is_automatic
from tinygrad_lr.compiler.notation import (
    ATOM,
    INFIX,
    PRODUCT,
    SPELLINGS,
    UNARY,
    array_source,
    is_elementwise_call,
    meaningful,
    numbers,
    numpy_name,
    one_number,
    quoted,
    regular_array,
    scalar,
    short,
)
from tinygrad_lr.compiler.program import Op, Program, Value, values_in, word_for

INLINE = 60  # characters up to which a call is written into the line that uses it
LONG = 80  # the same for what is added, or handed back under a name
counter = itertools.count(1)


class Inlined(NamedTuple):
    """A call that is written where its result is used."""

    text: str
    binding: int
    op: Op
    reads: frozenset[Value]  # variables at their values from the start


class Printer:
    """The source of one program; see :func:`numpy_source`."""

    def __init__(self, program: Program, order: Sequence[Variable] = ()) -> None:
        self.program = program
        self.order = order
        self.names = Names()
        self.uses = program.uses()
        self.roots = set(program.roots())
        self.wishes = Counter(out.name for op in program.ops for out in op.outs)
        self.logged: set[Value] = set()  # outputs by name, beside what changes
        if isinstance(program.outputs, dict) and program.assigns:
            self.logged = set(values_in(program.outputs))
            self.logged -= set(program.assigns.values())
        self.inlined: dict[Value, Inlined] = {}
        self.name_of: dict[Value, str] = {}
        self.constants: dict[str, str] = {}
        self.helpers: dict[Callable[..., Any], str] = {}
        self.variable_names: dict[Variable, str] = {}
        self.lines: list[tuple[str, str, str]] = []

    def text(self) -> Text:
        """The whole function, with the helpers it needs above it."""
        program = self.program
        helpers = self.name_helpers()
        for value in program.inputs:
            self.name_of[value] = self.names.take(value.name or "x")
        found = dict.fromkeys(program.variables())
        ordered = [variable for variable in self.order if variable in found]
        for variable in dict.fromkeys([*ordered, *found]):
            self.variable_names[variable] = self.names.take(word_for(variable))
        for value in [*(v for op in program.ops for v in op.operands()), *self.roots]:
            if value.variable is not None:
                self.name_of[value] = self.variable_names[value.variable]
        self.write_calls()
        results = [self.expression(v)[0] for v in program.assigns.values()]
        outputs = self.literal(program.outputs)
        if self.logged:
            logs = self.names.take("logs")
            self.lines.append(("", f"{logs} = {outputs}", ""))
            outputs = logs
        results.append(outputs)
        self.lines.append(("", f"return {', '.join(results)}", ""))
        parameters = [self.name_of[v] for v in program.inputs]
        parameters += self.variable_names.values()
        head = f"def {program.name}({', '.join(parameters)}):"
        return Text(self.constants, helpers, head, self.lines)

    def name_helpers(self) -> list[str]:
        """Functions of our own keep their names; values make room for them."""
        called = [
            op.function
            for op in self.program.ops
            if numpy_name(op.function) is None and op.function not in SPELLINGS
        ]
        found, constants = with_helpers(dict.fromkeys(called))
        self.names.taken.update(constants)
        self.constants.update(constants)
        for function in found:
            self.helpers[function] = self.names.take(function.__name__)
        return [plain_source(function, name) for function, name in self.helpers.items()]

    # -- lines -------------------------------------------------------------------------

    def write_calls(self) -> None:
        """Write one line per call, or put the call into the line that uses it."""
        program = self.program
        self.last_use: dict[Value, int] = dict.fromkeys(self.roots, len(program.ops))
        for at, op in reversed(list(enumerate(program.ops))):
            for value in op.operands():
                self.last_use.setdefault(value, at)
        self.assigned = {value: v for v, value in program.assigns.items()}
        self.old = {v.variable: v for v in self.last_use if v.variable is not None}
        for at, op in enumerate(program.ops):
            if op.function not in (np.add, np.subtract):
                for value in op.operands():
                    if value in self.inlined and not self.is_short(value):
                        self.spell_out(value, op)
            text, binding = self.call(op)
            out = op.outs[0]
            once = self.uses.get(out, 0) == 1 and len(of_any_size(text)) < LONG
            if (
                (once or (text.endswith(".T") and text[:-2] in self.names.taken))
                and out not in self.roots - self.logged and out.name is None
                and not op.several and not op.has_effect
            ):  # fmt: skip
                reads = {v for v in op.operands() if v.kind == "variable"}
                for value in op.operands():
                    if value in self.inlined:
                        reads |= self.inlined[value].reads
                self.inlined[out] = Inlined(text, binding, op, frozenset(reads))
                continue
            inner = [v for v in op.operands() if v in self.inlined]
            while inner and not is_readable(f"{self.word(out, op)} = {text}"):
                inner.sort(key=lambda v: len(of_any_size(self.inlined[v].text)))
                self.spell_out(inner.pop(), op)
                text, _ = self.call(op)
            for out in op.outs:
                self.name(out, at, op)
            target = ", ".join(self.name_of[out] for out in op.outs)
            shape = ", ".join(str(out.shape) for out in op.outs)
            self.lines.append((op.section, f"{target} = {text}", shape))

    def is_short(self, value: Value) -> bool:
        """Whether a call may be written into any other."""
        return len(of_any_size(self.inlined[value].text)) < INLINE

    def spell_out(self, value: Value, user: Op) -> None:
        """Give a call that was to be written into another a line of its own."""
        text, _, op, _ = self.inlined.pop(value)
        self.name_of[value] = self.names.take(self.word(value, op))
        line = f"{self.name_of[value]} = {text}"
        self.lines.append((user.section, line, str(value.shape)))

    def name(self, out: Value, at: int, op: Op) -> None:
        """Name a result; a new value of a variable replaces the old one if it may."""
        variable = self.assigned.get(out)
        if op.function is astype and self.replaces_input(out, op.args[0]):
            self.name_of[out] = self.name_of[op.args[0]]
            return
        if variable is None:
            self.name_of[out] = self.names.take(self.word(out, op))
            return
        old = self.old.get(variable)
        if old is not None and self.last_use[old] > at:
            self.name_of[out] = self.names.take("new_" + word_for(variable))
            return
        for value, inlined in list(self.inlined.items()):
            if old in inlined.reads and self.last_use[value] > at:
                self.spell_out(value, op)
        self.name_of[out] = self.variable_names[variable]

    def replaces_input(self, out: Value, x: Any) -> bool:
        """Whether a cast of an input may have its name: ``x = x.astype("float32")``."""
        free = isinstance(x, Value) and x.kind == "input" and self.uses[x] == 1
        named = out.name is not None and not is_automatic(out.name)
        return free and not named and out not in self.roots

    def word(self, value: Value, op: Op) -> str:
        """What the result of a call is called."""
        of = value.gradient_of
        if of is not None and of in self.name_of:
            return "d_" + self.name_of[of]
        if value.name is None and of is not None and of.hint is not None:
            return "d_" + of.hint
        word = value.name or value.hint
        if value.hint is not None and self.wishes[value.name] > 1:
            word = value.hint
        cast = self.name_of.get(op.args[0]) if op.function is astype else None
        if word is None and cast is not None and len(cast) < 20:
            word = f"{cast}_{value.dtype}"
        return word or ("mask" if value.dtype == bool else "t")

    # -- expressions -------------------------------------------------------------------

    def expression(self, x: Any) -> tuple[str, int]:
        """The text of an operand and how tightly it binds."""
        if isinstance(x, Value):
            if x in self.inlined:
                return self.inlined[x][:2]
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
            return f"np.array({numbers(array)}, dtype={quoted(str(array.dtype))})", ATOM
        name = self.names.take(value.hint or "constant")
        self.constants[name] = "\n".join(array_source(name, array))
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
            inner = ", ".join(
                f"{self.literal(k)}: {self.literal(v)}" for k, v in x.items()
            )
            return "{" + inner + "}"
        if isinstance(x, float) and not np.isfinite(x):
            return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(x), "np.nan")
        if isinstance(x, np.dtype) or (
            isinstance(x, type) and issubclass(x, np.generic)
        ):
            return quoted(str(np.dtype(x)))
        if type(x) is str:
            return quoted(x)
        if x is None or type(x) in (bool, int, float, complex, range):
            return repr(x)
        if x is Ellipsis:
            return "..."
        if isinstance(x, slice):
            return f"slice({x.start}, {x.stop}, {x.step})"
        name = self.names.take(type(x).__name__.lower())
        self.constants[name] = f"{name} = ...  # {identifier(type(x).__name__)}"
        return name

    def index(self, x: Any) -> str:
        """The inside of the brackets of an index."""
        if isinstance(x, tuple):
            return ", ".join(self.index(part) for part in x) + (
                "," if len(x) == 1 else ""
            )
        if isinstance(x, slice):
            parts = [str(x.start or ""), "" if x.stop is None else str(x.stop)]
            return ":".join(parts) + ("" if x.step is None else f":{x.step}")
        return self.literal(x)

    def call(self, op: Op) -> tuple[str, int]:
        """The text of one call."""
        function, args = op.function, op.args
        if function in INFIX and len(args) == 2:
            return self.infix(op)
        spelling = SPELLINGS.get(function)
        if spelling is not None:
            written = spelling(self, op)
            if written is not None:
                return written
        name = numpy_name(function) or self.helpers[function]
        alone = is_elementwise_call(op)
        inner = [(alone and self.number(a, op)) or self.literal(a) for a in args]
        inner += [
            f"{key}={self.literal(v)}"
            for key, v in op.kwargs.items()
            if meaningful(function, key, v)
        ]
        return f"{name}({', '.join(inner)})", ATOM

    def infix(self, op: Op) -> tuple[str, int]:
        """Two operands with a sign between them."""
        sign, binding = INFIX[op.function]
        x, y = op.args
        if op.function is np.multiply:  # times 1/8 is divided by 8, in every bit
            for part, other in ((x, y), (y, x)):
                number = self.beside_arrays(part, op)
                if number is not None and 0 < abs(number) < 1:
                    mantissa, exponent = np.frexp(number)
                    if abs(mantissa) == 0.5 and exponent > -24:
                        text = self.operand(other, UNARY if mantissa < 0 else PRODUCT)
                        minus = "-" if mantissa < 0 else ""
                        return f"{minus}{text} / {2 ** (1 - int(exponent))}", PRODUCT
        words = []
        for part, tight in ((x, binding), (y, binding + 1)):
            number = self.beside_arrays(part, op)
            text, own = scalar(number) if number is not None else ("", 0)
            if isinstance(part, float):
                text = self.number(part, op)
                own = UNARY if text.startswith("-") else ATOM
            if text:
                words.append(text if own >= tight else f"({text})")
            else:
                words.append(self.operand(part, tight))
        return f"{words[0]} {sign} {words[1]}", binding

    def beside_arrays(self, x: Any, op: Op) -> Any:
        """The number that a constant repeats, if the other arrays have its dtype and
        the shape of the result.
        """
        number = one_number(x) if is_elementwise_call(op) else None
        others = [v for v in op.operands() if v.array is None]
        if number is None or not others or x.dtype.kind != "f":
            return None
        if any(v.dtype != x.dtype for v in (*others, op.out)):
            return None
        shapes = [v.shape for v in others]
        return number if np.broadcast_shapes(*shapes) == op.out.shape else None

    def number(self, x: Any, op: Op) -> str:
        """An argument of an elementwise call that is one number; else empty."""
        arrays = [v for v in op.operands() if v is not x]
        kinds = {v.dtype for v in arrays}
        if type(x) is float and len(kinds) == 1 and np.isfinite(x):
            (kind,) = kinds
            return short(x, kind) if kind.kind == "f" else ""
        number = one_number(x)
        if number is None or not arrays:
            return ""
        if np.broadcast_shapes(*(v.shape for v in arrays)) != op.out.shape:
            return ""
        return f"np.{x.dtype}({number})"


def of_any_size(text: str) -> str:
    """A text with one-digit numbers, so that it is as long for all batch sizes."""
    return re.sub(r"\d+", "0", text)


def is_readable(code: str) -> bool:
    """Whether a line fits, broken into a few if need be."""
    lines = folded(of_any_size(code), indent="    ")
    return len(lines) <= 5 and all(len(line) <= WIDTH for line in lines)


def numpy_source(program: Program, order: Sequence[Variable] = ()) -> str:
    """Return the program as the source of a NumPy function.

    The function takes the inputs and the variables (those in ``order`` first), and
    returns the new values of the assigned variables followed by the outputs.
    """
    return Printer(program, order).text().joined()


def load(source: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Compile a source of our own and return the function ``name`` that it defines.

    The source is kept for tracebacks as long as the function.
    """
    filename = f"<tinygrad_lr {name} {next(counter)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), namespace)
    loaded: Callable[..., Any] = namespace[name]
    weakref.finalize(loaded, linecache.cache.pop, filename, None)
    return loaded
