"""Progbar: how far a loop has come, how fast it goes, and what it has measured.

In a terminal one line is drawn over and over, at most every 50 ms, whatever the length
of a step. In a pipe or a log file nobody can see a line move, so there only the
finished line is written, and it holds no control character.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lr.arguments import checked
from tinygrad_lr.utils.interactive import (
    is_interactive_logging_enabled,
    print_message,
)


def display_moves() -> bool:
    """Whether what is written to standard output can be drawn over."""
    stream = sys.stdout
    isatty = getattr(stream, "isatty", None)
    if isatty is not None and isatty():
        return os.environ.get("TERM") != "dumb"
    notebook = type(stream).__module__.split(".")[0] in ("ipykernel", "google")
    return notebook or "PYCHARM_HOSTED" in os.environ


class Progbar:
    """A line such as ``4/4 [=====] - 0s 2ms/step - loss: 0.6296``.

    Args:
        target: number of steps, ``None`` if unknown.
        width: number of characters of the bar.
        verbose: 1 for the bar, 2 for one line at the end, 0 for nothing.
        interval: least time between two drawings, in seconds.
        stateful_metrics: names of values that are shown as they are.
        stateless_metrics: names of values that are averaged over the steps. Give at
            most one of the two; with neither, every value is averaged.
        unit_name: what a step is called.

    Example:
        >>> bar = Progbar(target=3, verbose=2)
        >>> bar.update(3, [("loss", 0.5)])  # doctest: +ELLIPSIS
        3/3 - 0s - ...s/step - loss: 0.5000
    """

    @checked
    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: expected stateful_metrics or stateless_metrics, got both. "
                "Name either the values to show as they are, or those to average."
            )
        self.target = target
        self.width = width
        self.verbose = int(verbose)
        self.interval = interval
        self.unit_name = unit_name
        self.stateful = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless = None if stateless_metrics is None else set(stateless_metrics)
        self.moves = (
            self.verbose == 1 and display_moves() and is_interactive_logging_enabled()
        )
        self.values: dict[str, tuple[Any, int]] = {}
        self.seen = 0
        self.shown = 0
        self.start = self.drawn = time.perf_counter()
        self.drawn -= interval
        self.first_step_end: float | None = None

    def due(self) -> bool:
        """Whether the bar moves and its last drawing is old enough for a new one."""
        return self.moves and time.perf_counter() - self.drawn >= self.interval

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Go on by ``n`` steps; ``values`` as in :meth:`update`."""
        self.update(self.seen + n, values)

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Set the number of steps done, and take in ``values``: pairs (name, number).

        The line is finished by ``finalize=True``, or by reaching the target if
        ``finalize`` is None.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self.take_in(name, value, max(current - self.seen, 1), finalize)
        self.seen = current
        now = time.perf_counter()
        if current == 1 and self.first_step_end is None:
            self.first_step_end = now
        if self.verbose == 1:
            if finalize:
                self.write(self.bar_line(now, done=True), end="\n")
            elif self.moves and now - self.drawn >= self.interval:
                columns = shutil.get_terminal_size().columns
                line = self.bar_line(now, done=False)
                surplus = len(line) - (columns - 1)
                if surplus > 0:  # rather a short bar than no numbers
                    line = self.bar_line(now, False, max(self.width - surplus, 3))
                self.write(line[: columns - 1])
                self.drawn = now
        elif self.verbose == 2 and finalize:
            self.write(self.report_line(now), end="\n")

    def take_in(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        """Keep the value itself, or its sum over the steps if it is to be averaged."""
        if not isinstance(value, (str, float)):
            value = float(np.mean(value))
        if isinstance(value, str):
            averaged = False
        elif self.stateful is not None:
            averaged = name not in self.stateful
        else:
            averaged = self.stateless is None or name in self.stateless
        if averaged and not finalize:
            total, count = self.values.get(name, (0.0, 0))
            self.values[name] = (total + value * steps, count + steps)
        else:
            self.values[name] = (value, 1)

    def write(self, line: str, end: str = "") -> None:
        """Write a line over the one that is shown."""
        if self.moves:
            # Backspaces for terminals that ignore a carriage return, as notebooks may.
            line = "\b" * self.shown + "\r" + line.ljust(self.shown)
            self.shown = 0 if end else len(line.lstrip("\b\r"))
        print_message(line, end)

    def bar_line(self, now: float, done: bool, width: int | None = None) -> str:
        """The line of verbose 1; a moving one may be given less ``width``."""
        width = self.width if width is None else width
        if self.target:
            digits = len(str(self.target))
            filled = min(width, width * self.seen // self.target)
            head = "=" * filled
            if filled < width:
                head = (head[:-1] + ">" if head else "") + "." * (width - filled)
            line = f"{self.seen:{digits}}/{self.target} [{head}]"
        else:
            line = f"{self.seen:7}/Unknown"
        if done or not self.target:
            line += f" - {now - self.start:.0f}s {self.pace(now)}"
        else:
            line += f" - ETA: {clock(self.step_time(now) * (self.target - self.seen))}"
        return line + self.readings()

    def report_line(self, now: float) -> str:
        """The line of verbose 2."""
        target = self.target or self.seen
        count = f"{self.seen:{len(str(target))}}/{target}"
        return f"{count} - {now - self.start:.0f}s - {self.pace(now)}{self.readings()}"

    def readings(self) -> str:
        """`` - name: value`` for every value."""
        parts = []
        for name, (total, count) in self.values.items():
            if isinstance(total, str):
                parts.append(f" - {name}: {total}")
                continue
            mean = float(total) / max(count, 1)
            form = ".4e" if abs(mean) <= 1e-3 else ".4f"
            parts.append(f" - {name}: {mean:{form}}")
        return "".join(parts)

    def step_time(self, now: float) -> float:
        """Seconds per step; the first one, often the slowest, counts only if alone."""
        if not self.seen:
            return 0.0
        if self.first_step_end is not None and self.seen > 1:
            return (now - self.first_step_end) / (self.seen - 1)
        return (now - self.start) / self.seen

    def pace(self, now: float) -> str:
        """Time per step, in the unit that gives a number between 1 and 999."""
        seconds = self.step_time(now)
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"


def clock(seconds: float) -> str:
    """Seconds as ``5s``, ``1:05`` or ``1:00:05``."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"
