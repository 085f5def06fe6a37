"""The progress bar: what stands in a terminal, in a pipe, and in its numbers."""

from __future__ import annotations

import io
import os
import re
import sys
import time

import pytest

from tinygrad_lr.utils import Progbar
from tinygrad_lr.utils.progbar import clock


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Stand in for standard output from here on (a fixture would come too early)."""
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def test_a_finished_bar_has_the_old_look(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(4)
    for step in range(1, 5):
        bar.update(step, [("loss", 0.6296)], finalize=step == 4)
    line = capsys.readouterr().out
    pattern = r"4/4 \[={30}\] - 0s \d+(us|ms)/step - loss: 0\.6296\n"
    assert re.fullmatch(pattern, line)


def test_a_pipe_gets_one_line_without_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = Progbar(1000, interval=0)
    for _ in range(1000):
        bar.add(1, [("loss", 1.0)])
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert all(c == "\n" or c.isprintable() for c in text)


def test_a_terminal_sees_it_move_on_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    bar = Progbar(4, interval=0)
    for step in range(1, 5):
        bar.update(step, [("loss", 1.0)])
    drawings = [d.lstrip("\b") for d in terminal.getvalue().split("\r")][1:]
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().endswith("\n")
    assert [d[:5] for d in drawings] == ["1/4 [", "2/4 [", "3/4 [", "4/4 ["]
    assert drawings[1].startswith("2/4 [==============>...............] - ETA: 0s")


def test_a_terminal_is_redrawn_at_most_every_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    bar = Progbar(10**6)
    start = time.perf_counter()
    for step in range(1, 3000):
        bar.update(step)
    allowed = (time.perf_counter() - start) / 0.05 + 1
    assert 1 <= terminal.getvalue().count("\r") <= allowed


def test_a_shorter_line_covers_a_longer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    bar = Progbar(None, interval=0, stateful_metrics=["note"])
    bar.update(1, [("note", "x" * 40)])
    bar.update(2, [("note", "x")])
    last = terminal.getvalue().split("\r")[-1]
    assert len(last) >= len(terminal.getvalue().split("\r")[1].rstrip("\b"))


def test_a_line_that_moves_never_wraps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    monkeypatch.setenv("COLUMNS", "40")
    bar = Progbar(9, interval=0)
    bar.update(3, [("a_long_name", 1.0), ("another_long_name", 2.0)])
    assert 0 < len(terminal.getvalue().lstrip("\b\r")) <= 39


def test_values_are_averaged_over_steps_or_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = Progbar(4, verbose=2, stateful_metrics=["last"])
    bar.update(1, [("mean", 1.0), ("last", 1.0)])
    bar.update(3, [("mean", 4.0), ("last", 4.0)])
    bar.update(4, [("last", 7.0)])
    assert capsys.readouterr().out.endswith(" - mean: 3.0000 - last: 7.0000\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5000"), (0.0005, "5.0000e-04"), (-2.0, "-2.0000"), (0.0, "0.0000e+00")],
)
def test_small_values_are_written_with_an_exponent(
    value: float, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Progbar(1, verbose=2).update(1, [("v", value)])
    assert f"- v: {text}\n" in capsys.readouterr().out


def test_an_unknown_target_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(None)
    bar.update(7, finalize=True)
    assert capsys.readouterr().out.startswith("      7/Unknown - 0s")


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    Progbar(1, verbose=0).update(1)
    assert capsys.readouterr().out == ""


def test_both_kinds_of_metrics_are_refused() -> None:
    with pytest.raises(ValueError, match="got both"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (65, "1:05"), (3605, "1:00:05")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.0, "2s/step"), (0.0123, "12ms/step"), (4e-5, "40us/step")]
)
def test_pace_has_the_unit_that_fits(seconds: float, text: str) -> None:
    bar = Progbar(1)
    bar.seen = 10
    assert bar.pace(bar.start + 10 * seconds) == text


def test_a_narrow_terminal_shortens_the_bar_before_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bar = Progbar(target=100, stateless_metrics=())
    bar.moves = True
    written: list[str] = []
    monkeypatch.setattr(bar, "write", lambda text, end="": written.append(text))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((50, 20)))
    bar.update(50, [("loss", 0.25)], finalize=False)
    assert len(written[-1]) < 50
    assert written[-1].endswith("loss: 0.2500")
    assert "=" in written[-1]


def test_a_value_may_be_several_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    Progbar(1).update(1, [("value", [0.0, 1.0, 2.0])])
    assert "value: 1.0000" in capsys.readouterr().out
