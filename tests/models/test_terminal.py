"""What a whole program shows in a terminal and in a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

PROGRAM = """
import time
import numpy as np
import tinygrad_lr as keras

class Slow(keras.utils.PyDataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        time.sleep(0.02)
        return np.ones((2, 3)), np.ones((2, 1))

model = keras.Sequential([keras.layers.Dense(1, input_dim=3)])
model.compile("sgd", "mse", metrics=["mae"])
model.fit(Slow(), epochs=2, validation_data=(np.ones((4, 3)), np.ones(4)))
model.evaluate(Slow())
model.predict(Slow())
"""
FINISHED = r"8/8 \[={30}\] - \d+s \d+ms/step"


def in_pipe() -> str:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return run.stdout


def in_terminal() -> str:
    pty = pytest.importorskip("pty")
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", COLUMNS="100")
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM])
    text = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux tells the end
            break
        if not chunk:
            break
        text += chunk
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0
    return text.decode().replace("\r\n", "\n")


def test_a_pipe_gets_whole_lines_without_control_characters() -> None:
    text = in_pipe()
    assert all(c == "\n" or c.isprintable() for c in text)
    lines = text.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert lines[2] == "Epoch 2/2"
    metrics = r" - loss: \S+ - mae: \S+"
    for line in (lines[1], lines[3]):
        assert re.fullmatch(
            FINISHED + metrics + r" - val_loss: \S+ - val_mae: \S+", line
        )
    assert re.fullmatch(FINISHED + metrics, lines[4])
    assert re.fullmatch(FINISHED, lines[5])
    assert len(lines) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no pseudo-terminals here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_terminal_sees_bars_that_move() -> None:
    text = in_terminal()
    lines = text.splitlines(keepends=True)
    lines = text.split("\n")
    assert text.endswith("\n")
    assert lines[0] == "Epoch 1/2"
    for line in (lines[1], lines[3], lines[4], lines[5]):
        drawings = [part.lstrip("\b") for part in line.split("\r")][1:]
        assert 2 <= len(drawings) <= 6  # 8 steps of 20 ms, redrawn every 50 ms
        assert all(re.match(r"\d/8 \[=*>?\.+\] - ETA: 0s", d) for d in drawings[:-1])
        assert re.match(FINISHED, drawings[-1])
    assert len(lines) == 7
