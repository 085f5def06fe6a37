"""A recorded computation as data: values, and the calls that compute one from another.

Every value is assigned once, so "which result is this" is always answered by looking at
the object, and a pass that simplifies a program may substitute one value for another
freely. Variables are read at the start of a program and assigned at its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.autodiff.variable import Variable


class Value:
    """One array of a program.

    ``kind`` is "input", "variable" (its value at the start), "constant" or "result";
    ``name`` is what the user calls it, if there is a word for it, and ``hint`` what it
    may be called if it needs a name; it may also be called the ``gradient_of`` another.
    """

    __slots__ = (
        "array", "contiguous", "dtype", "gradient_of", "hint", "kind", "name", "shape",
        "variable",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        like: Array,
        name: str | None = None,
        variable: Variable | None = None,
    ) -> None:
        self.kind = kind
        self.shape: tuple[int, ...] = like.shape
        self.dtype: np.dtype[Any] = like.dtype
        self.contiguous = bool(like.flags.c_contiguous)
        self.array = like if kind == "constant" else None
        self.name = name
        self.variable = variable
        self.hint: str | None = None
        self.gradient_of: Value | None = None

    def sibling(self) -> Value:
        """Another result of the same form."""
        other = Value("result", np.empty(0, self.dtype))
        other.shape, other.contiguous = self.shape, self.contiguous
        return other

    def stands_for(self, other: Value) -> None:
        """Take over what the other is called, where this has no name for it."""
        if self.name is None:
            self.name, self.gradient_of = other.name, other.gradient_of
        self.hint = self.hint or other.hint

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or hex(id(self))} {self.shape} {self.dtype}>"


class Op:
    """One call: ``outs = function(*args, **kwargs)``, with Values in place of arrays.

    ``section`` says what it belongs to: "forward", "backward" or "update";
    ``has_effect`` whether it does more than compute, such as advancing a generator.
    """

    __slots__ = (
        "args", "function", "has_effect", "kwargs", "outs", "section", "several",
    )  # fmt: skip

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        outs: list[Value],
        several: bool = False,
        section: str = "forward",
    ) -> None:
        self.section = section
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.outs = outs
        self.several = several
        self.has_effect: bool = getattr(function, "has_effect", False)

    @property
    def out(self) -> Value:
        """The result, for the usual function that has one."""
        return self.outs[0]

    def operands(self) -> list[Value]:
        """Every Value among the arguments, as often as it occurs."""
        found: list[Value] = []
        collect(self.args, found)
        if self.kwargs:
            collect(self.kwargs, found)
        return found

    def substitute(self, mapping: dict[Value, Value]) -> None:
        """Have other Values as arguments."""
        if mapping:
            self.args = substitute(self.args, mapping)
            if self.kwargs:
                self.kwargs = substitute(self.kwargs, mapping)

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", self.function)
        return f"{self.outs} = {name}({self.args}, {self.kwargs})"


class Program:
    """Inputs, calls in order, the final values of assigned variables, and the outputs.

    ``foreign`` tells that some of the calls stand in code outside this package.
    """

    foreign = False

    def __init__(
        self,
        inputs: list[Value],
        ops: list[Op],
        assigns: dict[Variable, Value],
        outputs: Any,
        name: str,
    ) -> None:
        self.inputs = inputs
        self.ops = ops
        self.assigns = assigns
        self.outputs = outputs
        self.name = name

    def variables(self) -> list[Variable]:
        """The variables read or assigned, in the order of their first use."""
        found: dict[Variable, None] = {}
        for op in self.ops:
            for value in op.operands():
                if value.variable is not None:
                    found.setdefault(value.variable)
        for value in [*self.assigns.values(), *values_in(self.outputs)]:
            if value.variable is not None:
                found.setdefault(value.variable)
        for variable in self.assigns:
            found.setdefault(variable)
        return list(found)

    def roots(self) -> list[Value]:
        """The values that someone outside waits for."""
        return [*self.assigns.values(), *values_in(self.outputs)]

    def uses(self) -> dict[Value, int]:
        """How often each value is used, by calls and from outside."""
        counts: dict[Value, int] = {}
        for op in self.ops:
            for value in op.operands():
                counts[value] = counts.get(value, 0) + 1
        for value in self.roots():
            counts[value] = counts.get(value, 0) + 1
        return counts

    def text(self) -> str:
        """All there is to the program, for comparing two recordings of one function."""
        numbers: dict[Value, int] = {}

        def written(tree: Any) -> Any:
            if isinstance(tree, Value):
                if tree.array is not None:
                    return (tree.array.dtype.str, tree.shape, tree.array.tobytes())
                return (tree.kind, numbers.setdefault(tree, len(numbers)))
            if isinstance(tree, (list, tuple)):
                return [written(part) for part in tree]
            if isinstance(tree, dict):
                return [(key, written(part)) for key, part in tree.items()]
            return repr(tree)

        ops = [
            (
                op.function.__name__,
                written(op.args),
                written(op.kwargs),
                written(op.outs),
            )
            for op in self.ops
        ]
        return repr((ops, written(list(self.assigns.values())), written(self.outputs)))

    def copy(self) -> Program:
        """The same program with calls of its own, for passes that rewrite them."""
        ops = [
            Op(op.function, op.args, op.kwargs, op.outs, op.several, op.section)
            for op in self.ops
        ]
        return Program(self.inputs, ops, self.assigns, self.outputs, self.name)

    def with_calls(self, ops: list[Op], mapping: dict[Value, Value]) -> Program:
        """The same program with other calls (in which ``mapping`` is done already), and
        values replaced in what it assigns and returns.
        """
        assigns = {v: substitute(value, mapping) for v, value in self.assigns.items()}
        outputs = substitute(self.outputs, mapping)
        return Program(self.inputs, ops, assigns, outputs, self.name)


def word_for(variable: Variable) -> str:
    """What a variable is called in a program: its path as one word, unless it has one
    of its own.
    """
    return variable.word or variable.path.replace("/", "_")


def values_in(tree: Any) -> list[Value]:
    """Every Value in a nesting of tuples, lists and dicts."""
    found: list[Value] = []
    collect(tree, found)
    return found


def collect(tree: Any, found: list[Value]) -> None:
    """Append every Value in a nesting to ``found``."""
    if isinstance(tree, Value):
        found.append(tree)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            if isinstance(part, Value):  # the usual case, without a call
                found.append(part)
            else:
                collect(part, found)
    elif isinstance(tree, dict):
        for part in tree.values():
            collect(part, found)


def substitute(tree: Any, mapping: dict[Value, Value]) -> Any:
    """The same nesting with values replaced."""
    if isinstance(tree, Value):
        return mapping.get(tree, tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(substitute(part, mapping) for part in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(substitute(part, mapping) for part in tree)
    if isinstance(tree, dict):
        return {key: substitute(part, mapping) for key, part in tree.items()}
    return tree
