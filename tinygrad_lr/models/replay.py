"""Replay: a step runs once as it is written, then as the program that was recorded.

The first batch of a form (shapes and dtypes) runs eagerly and is recorded; the rest of
its kind go through the program in one loop. Whatever stops a step, the model is left as
it was before that batch.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.autodiff.lending import undone_on_error
from tinygrad_lr.autodiff.trees import leaves, rebuild, transform
from tinygrad_lr.compiler import CompiledStep, LossNotFiniteError, Program, record
from tinygrad_lr.models.settings import Settings
from tinygrad_lr.notices import warn
from tinygrad_lr.utils.batches import pack_x_y_sample_weight

Batch = tuple[Any, ...]
NAMES = ("x", "y", "sample_weight")
KEPT = 16  # programs of one step, for as many forms of batches


class Replay:
    """A step of a model: a ``method`` of one batch, a tuple of Tensors or trees (or of
    the inputs, if there is nothing else).

    ``parts()`` returns all objects with settings that the step depends on,
    ``words("x")`` the names of several inputs. With ``eager`` nothing is recorded.
    """

    def __init__(
        self,
        method: Callable[[Any], Any],
        name: str,
        parts: Callable[[], Iterable[Any]],
        eager: bool = False,
        words: Callable[[str], Any] = lambda _: None,
    ) -> None:
        self.method = method
        self.words = words
        self.name = name
        self.settings = Settings(parts)
        self.eager = self.asked_eager = eager
        self.programs: dict[Any, CompiledStep] = {}
        self.drafts: dict[Any, str] = {}
        self.latest: CompiledStep | None = None
        self.latest_is_flat = False
        self.draft: Program | None = None

    def __call__(self, batch: Batch) -> Any:
        """The result for one batch."""
        return self.run([batch])[-1]

    def run(
        self, batches: Iterable[Batch], watch: bool = False, every: bool = False
    ) -> list[Any]:
        """Run over batches of one form: the results of ``every`` one, or of the last.

        With ``watch``, a batch whose loss is not finite raises an error before
        anything is learnt from it.
        """
        waiting = iter(batches)
        results: list[Any] = []
        for batch in waiting:
            program = None if self.eager else self.program_for(batch)
            if program is not None:
                rest: Iterator[Batch] = itertools.chain((batch,), waiting)
                rest = rest if is_flat(batch) else map(flat, rest)
                if every and program.program.assigns:  # it draws, and keeps the last
                    return results + [program.run([one])[-1] for one in rest]
                try:
                    done = program.run(rest, watch)
                except LossNotFiniteError as stopped:
                    stopped.batch = tuple(rebuild(batch, stopped.batch))
                    raise
                return results + done if results else done
            results.append(self.run_once(batch, watch))
        return results

    def ready(self, x: Any) -> CompiledStep | None:
        """The program for one array in the form that the latest one was recorded for,
        if nothing has changed since.
        """
        program = self.latest
        if (
            program is None
            or not self.latest_is_flat
            or type(x) is not np.ndarray
            or not x.flags.c_contiguous
            or self.eager
            or self.forgot()
        ):
            return None
        (value, *others) = program.program.inputs
        same = value.shape == x.shape and value.dtype == x.dtype and not others
        return program if same and program.still_holds() else None

    def program_for(self, batch: Batch) -> CompiledStep | None:
        """The program for batches of this form, if it was recorded and still holds."""
        program = None if self.forgot() else self.programs.get(form(batch))
        if program is not None and not program.still_holds():
            del self.programs[form(batch)]
            return None
        return program

    def forgot(self) -> bool:
        """Whether all programs had to go, because a setting has changed."""
        if not self.settings.changed():
            return False
        self.programs.clear()
        self.drafts.clear()
        self.latest = None
        return True

    def run_once(self, batch: Batch, watch: bool = False) -> Any:
        """One eager run, recorded unless it turned out that it cannot be."""
        state = None if self.eager else global_draws()
        with undone_on_error():
            if self.eager:
                result = self.method(handed_over(as_tensors(batch)))
            else:
                result, program = self.record(batch)
            if watch and isinstance(result, dict) and "loss" in result:
                loss = np.asarray(getattr(result["loss"], "data", result["loss"]))
                if loss.size == 1 and not np.isfinite(loss).all():
                    raise LossNotFiniteError(batch, loss.item())
        if not self.eager and program is not None:
            self.draft = program
            if self.is_steady(batch, program, state == global_draws()):
                self.keep(batch, program)
        return result

    @property
    def program(self) -> Program | None:
        """The latest recording."""
        return self.draft if self.latest is None else self.latest.program

    def is_steady(self, batch: Batch, program: Program, undrawn: bool) -> bool:
        """Whether a program may be trusted to be the same for every batch.

        Our own code draws and counts where a recording sees it. Code of the user's may
        draw or count in Python, so it is recorded twice, and what differs is not a
        constant. ``undrawn`` tells that global generators stand where they stood.
        """
        if undrawn and not program.foreign:
            return True
        text, before = program.text(), self.drafts.get(form(batch))
        self.drafts[form(batch)] = text
        if not undrawn or (before is not None and before != text):
            self.eager = True
            warn(
                f"{self.name} computes with something that changes from batch to batch"
                " in Python, such as a random draw or a counter, so it cannot be"
                " compiled and runs eagerly. Keep counters in a Variable."
            )
        return undrawn and before == text

    def record(self, batch: Batch) -> tuple[Any, Program | None]:
        """Run once, recording: the result, and the program if there is one."""
        tensors = as_tensors(batch)
        inputs = []
        for name, part in zip(NAMES, tensors, strict=False):
            parts = leaves(part)
            names = [name] if len(parts) == 1 else self.words(name)
            if not names or len(names) != len(parts):
                names = [f"{name}_{i}" for i in range(len(parts))]
            inputs += list(zip(names, parts, strict=True))
        result, program, obstacle = record(
            lambda *_: self.method(handed_over(tensors)), inputs, self.name
        )
        if program is None:
            self.eager = True
            warn(
                f"{self.name} looks at the value of a Tensor ({obstacle}), so it cannot"
                " be compiled and runs eagerly. np.where chooses between values"
                " without looking at them."
            )
        self.settings.look()
        return result, program

    def keep(self, batch: Batch, program: Program) -> None:
        """Compile a program for batches of this form; the oldest makes room."""
        self.latest = self.programs[form(batch)] = CompiledStep(program)
        self.latest_is_flat = is_flat(batch)
        if len(self.programs) > KEPT:
            del self.programs[next(iter(self.programs))]


def global_draws() -> Any:
    """Where the global generators of Python and NumPy stand, if anybody loaded them."""
    states: list[Any] = [random.getstate()]
    if "numpy.random" in sys.modules:
        state: Any = np.random.get_state()
        states += [state[1].tobytes(), state[2:]]
    return states


def is_flat(batch: Batch) -> bool:
    """Whether a batch is a tuple of arrays."""
    return all(type(part) is np.ndarray for part in batch)


def flat(batch: Batch) -> Batch:
    """The arrays of a batch, from left to right."""
    return tuple(leaves(batch))


def form(batch: Batch) -> Any:
    """The shapes and dtypes of a batch, and how its arrays are nested."""
    if is_flat(batch):
        return tuple([(part.shape, part.dtype.num) for part in batch])
    nesting = repr(rebuild(batch, itertools.repeat(0)))
    return nesting, form(flat(batch))


def as_tensors(batch: Batch) -> Batch:
    """The arrays of a batch as Tensors, neither copying nor freezing them."""
    return tuple(transform(lambda part: Tensor.on(part.view()), batch))


def handed_over(batch: Batch) -> Any:
    """A batch as a step is given it: inputs alone are not in a tuple, as in Keras."""
    return pack_x_y_sample_weight(*batch) if len(batch) == 1 else batch
