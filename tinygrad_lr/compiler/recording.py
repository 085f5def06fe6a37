"""Run a function once and write down every call it makes on Tensors.

The recorder looks over the shoulder of an ordinary eager run with real values: whatever
Python does in between (loops, attributes, layers calling layers) leaves no trace, only
the calls on arrays do. Python that depends on a *value* would be frozen into the
program, so reading one makes the recording invalid, with the place where it happened.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.functions import getitem
from tinygrad_lr.autodiff.rules import Function
from tinygrad_lr.autodiff.tensor import Array, Tensor, mode
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.program import Op, Program, Value, values_in, word_for

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
NUMPY = os.path.dirname(np.__file__) + os.sep
ABOUT_SHAPES: set[Function] = {np.shape, np.ndim, np.size, np.result_type}
SHAPED_BY_VALUES: set[Function] = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.extract, np.compress,
    np.trim_zeros,
    np.bincount, np.delete, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d,
}  # fmt: skip


class Recording:
    """The record of one run; see :func:`record`."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.assigns: dict[Variable, Value] = {}
        self.obstacle: str | None = None
        self.section = "forward"
        self.foreign = False  # whether code outside this package computes here
        self._values: dict[int, Value] = {}
        self._variables: dict[int, Value] = {}
        self._watched: dict[int, weakref.ref[Array]] = {}

    # -- what autodiff tells -----------------------------------------------------------

    def record_call(
        self, function: Function, args: Any, kwargs: dict[str, Any], out: Any
    ) -> None:
        """Note one call with its result."""
        if self._shaped_by_values(function, args):
            name = (
                "a boolean mask" if function is getitem else f"np.{function.__name__}()"
            )
            self.record_read(None, f"the shape that {name} gives")
        several = isinstance(out, (tuple, list))
        outs = list(out) if several else [out]
        if not outs or not all(isinstance(part, Tensor) for part in outs):
            if function not in ABOUT_SHAPES:
                self.record_read(None, f"np.{function.__name__}() as a Python value")
            return
        self.foreign = self.foreign or called_from_outside()
        args, kwargs = self._tree(args), self._tree(kwargs)
        self.ops.append(
            Op(
                function, args, kwargs, [self._result(t.data) for t in outs], several,
                self.section,
            )
        )  # fmt: skip

    def record_read(self, tensor: Tensor | None, how: str) -> None:
        """Note that Python read a value: the run cannot be replayed."""
        if self.obstacle is None and (tensor is None or not self._is_constant(tensor)):
            self.obstacle = f"{how} at {place()}"

    def record_assign(self, variable: Variable, value: Tensor) -> None:
        """Note the new value of a variable."""
        self.value_of(variable)
        new = self.value_of(value)
        before = self.assigns.get(variable)
        if before is not None:  # which gets a line of its own, and is no final value
            before.hint = before.hint or f"new_{word_for(variable)}"
        self.assigns[variable] = new
        self._variables[id(variable)] = new

    def record_label(self, tensor: Tensor, name: str) -> None:
        """Note what a value is called; the outermost caller has the last word."""
        value = self.value_of(tensor)
        if value.kind == "result":
            value.hint = value.hint or value.name  # if another is called the same
            value.name, value.gradient_of = name, None

    def record_reverse(self, running: bool) -> None:
        """Note where a reverse pass begins and ends; all before the last one is
        forward.
        """
        if running:
            for op in self.ops:
                op.section = "forward" if op.section == "update" else op.section
        self.section = "backward" if running else "update"

    def record_hint(self, tensor: Any, name: str) -> None:
        """Note what a value may be called if it needs a name."""
        if isinstance(tensor, Tensor):
            self.value_of(tensor).hint = name

    def record_gradient(self, tensor: Tensor, g: Any) -> None:
        """Note which value a gradient belongs to; one with a name goes first."""
        value = self.value_of(g)
        of = value.gradient_of
        if value.kind == "result" and value.name is None and not (of and of.name):
            value.gradient_of = self.value_of(tensor)
            if value.gradient_of.name is not None:
                value.name = "d_" + value.gradient_of.name

    # -- values ------------------------------------------------------------------------

    def input(self, array: Array, name: str) -> Value:
        """Declare ``array`` an input of the program."""
        return self._note(array, Value("input", array, name))

    def value_of(self, x: Any) -> Value:
        """The Value for a Tensor or array; one never seen before is a constant."""
        if isinstance(x, Variable):
            known = self._variables.get(id(x))
            if known is None:
                known = Value("variable", x.data, word_for(x), x)
                self._variables[id(x)] = known
            if id(x.data) not in self._values:  # what it is even when it was assigned
                self._note(x.data, known)
            return known
        array = x.data if isinstance(x, Tensor) else x
        known = self._values.get(id(array))
        if known is None or changed_since(known, array):
            frozen = array.copy() if array.flags.writeable else array
            known = self._note(array, Value("constant", frozen))
        return known

    def _result(self, array: Array) -> Value:
        return self._note(array, Value("result", array))

    def _note(self, array: Array, value: Value) -> Value:
        """Know ``array`` as ``value`` for as long as the array lives, and no longer."""
        key = id(array)

        def forget(_: Any) -> None:
            self._values.pop(key, None)

        self._values[key] = value
        self._watched[key] = weakref.ref(array, forget)
        return value

    def _is_constant(self, tensor: Tensor) -> bool:
        if isinstance(tensor, Variable):
            return False
        known = self._values.get(id(tensor.data))
        return known is None or known.kind == "constant"

    def _shaped_by_values(self, function: Function, args: Any) -> bool:
        """Whether the shape of a result may be another one for the next batch."""
        if function is getitem:
            index = args[1] if isinstance(args[1], tuple) else args[1:2]
            args = [part for part in index if getattr(part, "dtype", None) == np.bool_]
        elif function not in SHAPED_BY_VALUES and not (
            function is np.where and len(args) == 1
        ):
            return False
        return any(
            value.kind != "constant" for value in values_in(self._tree(list(args)))
        )

    def _tree(self, tree: Any) -> Any:
        if isinstance(tree, (Tensor, np.ndarray, np.generic)):
            return self.value_of(
                np.asarray(tree) if isinstance(tree, np.generic) else tree
            )
        if isinstance(tree, (list, tuple)):
            parts = [self._tree(part) for part in tree]
            named = hasattr(tree, "_fields")
            return type(tree)(*parts) if named else type(tree)(parts)
        if isinstance(tree, dict):
            return {key: self._tree(part) for key, part in tree.items()}
        return tree

    def outputs(self, tree: Any) -> Any:
        """Replace the Tensors of a result by their Values."""
        return self._tree(tree)


def changed_since(known: Value, array: Array) -> bool:
    """Whether a constant was written to after it was noted."""
    return (
        known.array is not None
        and array.flags.writeable
        and known.array.tobytes() != array.tobytes()
    )


def called_from_outside() -> bool:
    """Whether code of the user's stands between the recording and the call noted."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code is not record.__code__:
        if not frame.f_code.co_filename.startswith((PACKAGE, NUMPY)):
            return True
        frame = frame.f_back
    return False


def place() -> str:
    """File and line of the innermost code that is not this package's own or NumPy's."""
    frame = sys._getframe(1)
    innermost = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((PACKAGE, NUMPY)):
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return innermost


def record(
    function: Callable[..., Any], inputs: Sequence[tuple[str, Any]], name: str
) -> tuple[Any, Program | None, str | None]:
    """Run ``function`` on the inputs, recording: (result, program, obstacle).

    ``inputs`` pairs a name with an array or Tensor (anything else is handed through as
    a constant of the program). The program is None if the run read a value; then the
    obstacle says how and where. The run itself is complete either way.
    """
    recording = Recording()
    arguments: list[Any] = []
    values: list[Value] = []
    for word, x in inputs:
        if isinstance(x, (Tensor, np.ndarray)):
            tensor = Tensor.on(x.view()) if isinstance(x, np.ndarray) else x
            values.append(recording.input(tensor.data, word))
            arguments.append(tensor)
        else:
            arguments.append(x)
    outer = mode.recorder
    mode.switch(mode.grad, recording)
    try:
        result = function(*arguments)
        outputs = recording.outputs(result)
    finally:
        mode.switch(mode.grad, outer)
    if recording.obstacle is not None:
        return result, None, recording.obstacle
    program = Program(values, recording.ops, recording.assigns, outputs, name)
    program.foreign = recording.foreign
    return result, program, None
