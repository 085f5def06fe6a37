"""Loop: one step for each batch of an epoch, and nothing else that nobody asked for.

Batches of one form go through the step in one run. If a callback or a moving progress
bar listens, batches go one by one; if nobody wants to know even when an epoch ends,
whole epochs follow each other within one run.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from tinygrad_lr.callbacks import CallbackList
from tinygrad_lr.callbacks.callback_list import numbers
from tinygrad_lr.compiler import CompiledStep, LossNotFiniteError
from tinygrad_lr.models.data import Batch, whole_number
from tinygrad_lr.models.observe import LossWatch
from tinygrad_lr.models.replay import Replay, flat
from tinygrad_lr.models.sources import ArraySource, Source
from tinygrad_lr.models.steps import Steps, arrays


class Loop:
    """The batches of a source on their way through a step.

    ``part`` is "train", "test" or "predict". After :meth:`run_epoch`, ``results`` holds
    the results of all batches ("predict"), or of the last.
    """

    def __init__(
        self,
        model: Steps,
        step: Replay,
        source: Source,
        callbacks: CallbackList,
        part: str,
    ) -> None:
        self.model = model
        self.step = step
        self.source = source
        self.callbacks = callbacks
        self.part = part
        self.watch: LossWatch | None = None
        self.metrics: list[Any] = model.metrics if part != "predict" else []
        self.results: list[Any] = []
        self.skip = 0  # batches of the first epoch that were done in an earlier run

    def begin(self) -> None:
        """Let all metrics begin anew."""
        for metric in self.metrics:
            metric.reset_state()

    def run_epoch(self, epoch: int = 0) -> int:
        """Do one epoch; return how many batches it had."""
        self.results = []
        listening = self.callbacks.listens_to(self.part)
        seen = 0
        # A program is done with a batch when it asks for the next; a step as it is
        # written, or a callback, may keep it.
        reuse = not listening and self.recorded() is not None
        for count, batches in self.source.runs(reuse):
            if not listening:
                self.take(self.run(batches, epoch, seen))
                seen += count
                continue
            for batch in batches:
                if seen < self.skip:
                    seen += 1
                    continue
                self.run_heard(batch, epoch, seen)
                seen += 1
                if self.model.stop_training and self.part == "train":
                    break
        self.callbacks.batches_done(self.part, seen)
        self.skip = 0
        self.model._clear_losses()  # those of a step mean nothing after it
        return seen

    def run_heard(self, batch: Batch, epoch: int, seen: int) -> None:
        """Do one batch, and tell who listens."""
        self.callbacks.batch_begin(f"on_{self.part}_batch_begin", seen, None)
        done = self.run([batch], epoch, seen)
        self.take(done)
        logs = {"outputs": arrays(done[-1])} if self.part == "predict" else done[-1]
        self.callbacks.batch_end(f"on_{self.part}_batch_end", seen, logs)

    def take(self, done: list[Any]) -> None:
        """Keep the results that will be wanted."""
        self.results = self.results + done if self.part == "predict" else done

    def run(self, batches: Iterable[Batch], epoch: int, seen: int) -> list[Any]:
        """Run the step over batches; the first loss that is not finite is explained."""
        watch = self.watch
        if watch is None:
            return self.step.run(batches, every=self.part == "predict")
        waiting = iter(batches)
        start = watch.steps()
        try:
            return self.step.run(waiting, watch=True)
        except LossNotFiniteError as stopped:
            watch.explain(epoch, seen + watch.steps() - start, stopped)
            self.watch = None
            return self.step.run(itertools.chain([stopped.batch], waiting))

    def recorded(self) -> CompiledStep | None:
        """The program for the batches of arrays in memory, if it is there."""
        if not isinstance(self.source, ArraySource) or self.step.eager:
            return None
        return self.step.program_for(self.source.first())

    def run_epochs(self, epochs: range) -> int:
        """Do all epochs in one run, if that makes no difference: how many were done.

        It makes none if nobody but a History wants to know when an epoch ends, all
        batches have one form, and the program for them is there.
        """
        source, callbacks = self.source, self.callbacks
        if not (
            isinstance(source, ArraySource)
            and source.uniform
            and callbacks.only_history
        ):
            return 0
        program = self.recorded()
        remembered = [v for metric in self.metrics for v in metric.variables]
        ours = all(type(m).__module__.startswith("tinygrad_lr.") for m in self.metrics)
        if program is None or not ours or not program.can_begin(remembered):
            return 0
        self.begin()
        fresh = {variable: variable.data for variable in remembered}
        results: list[Any] = []
        current: Iterator[Batch] = iter(())

        def all_epochs() -> Iterator[Iterator[Batch]]:
            nonlocal current
            for _ in epochs:
                current = source.epoch(reuse=True)
                yield current if source.plain else map(flat, current)

        watch = self.watch
        start = watch.steps() if watch is not None else 0
        try:
            program.run_epochs(all_epochs(), results, watch is not None, fresh)
        except LossNotFiniteError as stopped:
            assert watch is not None
            stopped.batch = source.join(stopped.batch)
            done = len(results)
            index = watch.steps() - start - done * len(source.cuts)
            watch.explain(epochs[done], index, stopped)
            self.watch = None
            results += self.step.run(itertools.chain([stopped.batch], current))[-1:]
        finally:
            for epoch, logs in zip(epochs, results, strict=False):
                callbacks.history.on_epoch_end(epoch, numbers(logs))
        return len(results)


def is_due(epoch: int, validation_freq: Any) -> bool:
    """Whether there is a validation after this epoch (numbered from 0)."""
    if isinstance(validation_freq, (list, tuple, set)):
        return epoch + 1 in validation_freq
    return (epoch + 1) % whole_number(validation_freq, "validation_freq") == 0
