"""Replay: a step runs once as it is written, then as the program that was recorded.

The first batch of a form (shapes and dtypes) runs eagerly and is recorded; the rest of
its kind go through the program in one loop. Whatever stops a step, the model is left as
it was before that batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.autodiff.trees import leaves, transform
from tinygrad_lr.changes import changes
from tinygrad_lr.compiler import CompiledStep, LossNotFinite, Program, record
from tinygrad_lr.notices import warn

Batch = tuple[Any, ...]
NAMES = ("x", "y", "sample_weight")
KEPT = 16  # programs of one step, for as many forms of batches


class Replay:
    """A step of a model: a ``method`` of one batch, which is a tuple of arrays or trees.

    ``parts()`` returns all objects with settings that the step depends on, ``variables()``
    all that it may change. With ``eager`` nothing is recorded.
    """

    def __init__(
        self,
        method: Callable[[Any], Any],
        name: str,
        parts: Callable[[], Iterable[Any]],
        variables: Callable[[], Iterable[Variable]],
        eager: bool = False,
    ) -> None:
        self.method = method
        self.name = name
        self.parts = parts
        self.variables = variables
        self.eager = eager
        self.programs: dict[Any, CompiledStep] = {}
        self.latest: CompiledStep | None = None
        self.seen_changes = -1
        self.settings: Any = None

    def __call__(self, batch: Batch) -> Any:
        """The result for one batch."""
        return self.run([batch])[-1]

    def run(self, batches: Iterable[Batch], watch: bool = False) -> list[Any]:
        """Run over batches of one form: the results of all, or at least the last.

        With ``watch``, a batch whose loss is not finite raises ``LossNotFinite`` before
        anything is learnt from it.
        """
        waiting = iter(batches)
        results: list[Any] = []
        for batch in waiting:
            program = None if self.eager else self.program_for(batch)
            if program is not None:
                rest = itertools.chain((batch,), waiting)
                done = program.run(rest if is_flat(batch) else map(flat, rest), watch)
                return results + done if results else done
            results.append(self.run_once(batch, watch))
        return results

    def program_for(self, batch: Batch) -> CompiledStep | None:
        """The program for batches of this form, if it was recorded and still holds."""
        program = self.programs.get(form(batch))
        if changes.count != self.seen_changes:
            settings = settings_of(self.parts())
            changed = settings != self.settings
            self.settings, self.seen_changes = settings, changes.count
            if changed:
                self.programs.clear()
                return None
        if program is not None and not program.still_holds():
            del self.programs[form(batch)]
            return None
        return program

    def run_once(self, batch: Batch, watch: bool = False) -> Any:
        """One eager run, recorded unless it turned out that it cannot be."""
        with restored_on_error(self.variables):
            if self.eager:
                result = self.method(as_tensors(batch))
            else:
                result, program = self.record(batch)
            if watch and isinstance(result, dict) and "loss" in result:
                loss = np.asarray(result["loss"])
                if loss.size == 1 and not np.isfinite(loss).all():
                    raise LossNotFinite(batch, loss.item())
        if not self.eager and program is not None:
            self.keep(batch, program)
        return result

    def record(self, batch: Batch) -> tuple[Any, Program | None]:
        """Run once, recording: the result, and the program if there is one."""
        tensors = as_tensors(batch)
        inputs = []
        for name, part in zip(NAMES, tensors, strict=False):
            parts = leaves(part)
            names = [name] if len(parts) == 1 else [f"{name}_{i}" for i in range(len(parts))]
            inputs += list(zip(names, parts, strict=True))
        result, program, obstacle = record(lambda *_: self.method(tensors), inputs, self.name)
        if program is None:
            self.eager = True
            warn(
                f"{self.name} looks at the value of a Tensor ({obstacle}), so it cannot be "
                "compiled and runs eagerly. np.where chooses between values without "
                "looking at them."
            )
        return result, program

    def keep(self, batch: Batch, program: Program) -> None:
        """Compile a program for batches of this form; the oldest makes room."""
        self.latest = self.programs[form(batch)] = CompiledStep(program)
        if len(self.programs) > KEPT:
            del self.programs[next(iter(self.programs))]
        self.settings, self.seen_changes = settings_of(self.parts()), changes.count


def is_flat(batch: Batch) -> bool:
    """Whether a batch is a tuple of arrays."""
    return all(type(part) is np.ndarray for part in batch)


def flat(batch: Batch) -> Batch:
    """The arrays of a batch, from left to right."""
    return tuple(leaves(batch))


def form(batch: Batch) -> Any:
    """The shapes and dtypes of a batch."""
    parts = batch if is_flat(batch) else [None, *leaves(batch)]
    return tuple([part is not None and (part.shape, part.dtype.num) for part in parts])


def as_tensors(batch: Batch) -> Batch:
    """The arrays of a batch as Tensors, neither copying nor freezing them."""
    return tuple(transform(lambda part: Tensor.on(part.view()), batch))


@contextmanager
def restored_on_error(variables: Callable[[], Iterable[Variable]]) -> Iterator[None]:
    """Within the block an error, Ctrl-C included, puts all variables back."""
    before = [(variable, variable.data) for variable in variables()]
    try:
        yield
    except BaseException:
        for variable, value in before:
            if variable.data is not value:
                variable.data = value
        raise


def settings_of(parts: Iterable[Any]) -> list[Any]:
    """The settings that programs have built in: the attributes of all parts.

    What a part lists in ``passing`` tells how far a training has come, and is no setting.
    """
    found = []
    for part in parts:
        passing = getattr(part, "passing", ())
        attributes = [
            (name, trace(value))
            for name, value in vars(part).items()
            if name not in passing
        ]
        found.append((id(part), sorted(attributes)))
    return found


def trace(value: Any) -> str:
    """A text that stays the same as long as an attribute does."""
    if isinstance(value, (int, float, str, bool, type(None))):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return repr([trace(part) for part in value])
    return str(id(value))
