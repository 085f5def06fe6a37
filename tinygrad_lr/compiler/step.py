"""A compiled program bound to its variables, ready to run over batches.

Between two runs every Variable reads as usual. During a run small ones are plain locals
of the generated loop and large ones are changed in their storage; whatever ends the
run, an exception or Ctrl-C included, leaves all of them as they were after the last
whole batch.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.tensor import Array, mode
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.lowering import NAMED, lower
from tinygrad_lr.compiler.memory import Planner
from tinygrad_lr.compiler.numpy_source import numpy_source
from tinygrad_lr.compiler.passes import simplify
from tinygrad_lr.compiler.program import Program, Value

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM")
    if hasattr(signal, name)
]

# What signal stands on, where it can be had: signal itself looks for an enum of each
# handler as well, which takes as long as a small step.
signals: Any = sys.modules.get("_signal", signal)


class Shield:
    """Lets Ctrl-C, requests to end and alarms wait while variables are being changed.

    That is from the start, unless :meth:`open` or the program says otherwise. What they
    do is up to the handlers that the user has; one that raises must not do so in the
    middle of an update.
    """

    active = True
    pending: tuple[int, Any] | None = None

    def __init__(self, needed: bool) -> None:
        self.handlers: dict[int, Any] = {}
        if needed and threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signals.getsignal(number)
                if callable(handler):
                    self.handlers[number] = handler

    def __enter__(self) -> Shield:
        for number in self.handlers:
            signals.signal(number, self.interrupt)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self.handlers.items():
            found = signals.signal(number, handler)
            if found != self.interrupt:  # a handler has set another one meanwhile
                signals.signal(number, found)
        if self.pending:
            self.stop()

    def open(self) -> None:
        """From now on signals are handled at once."""
        self.active = False
        if self.pending:
            self.stop()

    def interrupt(self, number: int, frame: Any) -> None:
        """Do at once, or as soon as what is being done is done, what is asked for."""
        self.pending = number, frame
        if not self.active:
            self.stop()

    def stop(self) -> None:
        """Do now what was asked for meanwhile."""
        if self.pending is not None:
            (number, frame), self.pending = self.pending, None
            self.handlers[number](number, frame)


def for_people(program: Program) -> Program:
    """A program as it is shown: simplified, with the functions that people know."""
    return simplify(lower(simplify(program.copy()), NAMED))


def readable(program: Program, floats: bool = False) -> str:
    """A program as a NumPy function for people.

    With ``floats``, integers that are only ever used as floats are shown as floats.
    """
    shown = on_floats(simplify(program.copy())) if floats else program
    return numpy_source(for_people(shown), program.variables())


def on_floats(program: Program) -> Program:
    """The same program for inputs of floats where all calls cast them to floats."""
    mapping: dict[Value, Value] = {}
    for value in program.inputs:
        uses = [op for op in program.ops if any(v is value for v in op.operands())]
        kinds = {op.args[1] if op.function is functions.astype else None for op in uses}
        cast = kinds.pop() if len(kinds) == 1 else None
        floats = cast is not None and np.dtype(cast).kind == "f"
        if floats and value.dtype.kind in "iub" and value not in program.roots():
            mapping[value] = Value("input", np.empty(value.shape, cast), value.name)
    for op in program.ops:
        op.substitute(mapping)
    found = program.with_calls(program.ops, mapping)
    found.inputs = [mapping.get(value, value) for value in program.inputs]
    return found


class CompiledStep:
    """A program as a function over batches."""

    def __init__(self, program: Program) -> None:
        self.program = simplify(program)
        self.plan = Planner(simplify(lower(self.program.copy()))).build()
        self.lock = threading.RLock()  # an interrupt may strike while it is taken
        self.rebound = list(self.plan.rebound)
        self.fixed = [v for v in self.plan.arguments if v not in self.plan.rebound]

        self.trainable = [(v, v.trainable) for v in self.plan.arguments]
        self.sharing = len(set(self.program.assigns.values())) < len(
            self.program.assigns
        )

    def still_holds(self) -> bool:
        """Whether the variables are still what they were at the recording."""
        for variable, trainable in self.trainable:
            if variable.trainable_flag is not trainable:
                return False
        return True

    @property
    def source(self) -> str:
        """The program as a NumPy function for people."""
        return readable(self.program)

    def run(self, batches: Iterable[tuple[Any, ...]], watch: bool = False) -> list[Any]:
        """Run over all batches: outputs of each, or of the last if variables change.

        Outputs hold arrays (or NumPy scalars) where the recorded ones held Tensors.

        With ``watch`` a batch whose loss is not finite raises ``LossNotFiniteError``
        before anything is learnt from it.
        """
        results: list[Any] = []
        self.run_epochs((batches,), results, watch)
        return results

    def run_one(self, *inputs: Array) -> Any:
        """The outputs for one batch, of a program that assigns nothing."""
        results: list[Any] = []
        with self.lock:
            fixed = [variable.data for variable in self.fixed]
            self.plan.function(((inputs,),), (), None, results, False, None, *fixed)
        return results[0]

    def run_epochs(
        self,
        epochs: Iterable[Iterable[tuple[Any, ...]]],
        results: list[Any],
        watch: bool = False,
        fresh: dict[Variable, Array] | None = None,
    ) -> None:
        """Run over several epochs, appending to ``results`` as :meth:`run` returns it.

        Each epoch begins with the variables in ``fresh`` at the values given there.
        """
        homes = self.plan.homes
        with self.lock, Shield(bool(self.program.assigns)) as shield:
            if mode.journal is not None:
                for variable in self.program.assigns:
                    variable.remember()
            state = [variable.data for variable in self.rebound]
            before = list(state)
            begin = self.beginning(fresh) if fresh else None
            for variable, home in homes.items():
                variable.move_to(home)
            # Reading the data of one with a home would copy it.
            fixed = [homes[v] if v in homes else v.data for v in self.fixed]  # noqa: SIM401  # see above
            try:
                shield.open()
                self.plan.function(epochs, state, begin, results, watch, shield, *fixed)
            finally:
                shield.active = True
                for variable in homes:
                    variable.was_changed()
                for variable, old, new in zip(self.rebound, before, state, strict=True):
                    if new is not old:
                        array = np.asarray(new)
                        variable.adopt(array.view() if self.sharing else array)

    def beginning(self, fresh: dict[Variable, Array]) -> Callable[[list[Any]], None]:
        """A function that puts the values of a new epoch into the state."""
        places = [(i, fresh[v]) for i, v in enumerate(self.rebound) if v in fresh]

        def begin(state: list[Any]) -> None:
            for place, value in places:
                state[place] = value

        return begin

    def can_begin(self, fresh: Iterable[Variable]) -> bool:
        """Whether all these variables are among those that an epoch can begin with."""
        return all(variable in self.plan.rebound for variable in fresh)
