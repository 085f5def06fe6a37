"""Whatever stops a step leaves the model as it was after the last whole batch."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, X, bits, state

import tinygrad_lr as keras
from tinygrad_lr.compiler import step as step_module
from tinygrad_lr.layers import Dense, Layer
from tinygrad_lr.metrics import Metric
from tinygrad_lr.optimizers import Adam


class Broken(Exception):
    """What the parts below raise."""


class Fuse:
    """Blows when it has been passed a number of times."""

    left: int | None = None

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Broken


fuse = Fuse()


@pytest.fixture(autouse=True)
def whole_fuse() -> None:
    fuse.left = None


class Fragile(Layer):
    """Counts in a weight, then may break."""

    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.count.assign(self.count + 1)
            fuse.burn()
        return x


class FragileMetric(Metric):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen = self.add_variable((), name="seen")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.seen.assign(self.seen + 1)
        fuse.burn()

    def result(self) -> Any:
        return self.seen


class FragileAdam(Adam):
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        super().update_step(gradient, variable, learning_rate)
        fuse.burn()


def model_with(part: str, eagerly: bool, width: int = 4) -> Any:
    keras.utils.set_random_seed(6)
    layers: list[Any] = [Dense(width, "tanh")] if width > 1 else []
    layers += [Fragile()] if part == "layer" else []
    model = keras.Sequential([keras.Input((3,)), *layers, Dense(1, "sigmoid")])
    model.compile(
        FragileAdam(0.05)
        if part == "optimizer"
        else Adam(0.05)
        if width > 1
        else "sgd",
        "mse",
        metrics=[FragileMetric(name="fragile")] if part == "metric" else [],
        run_eagerly=eagerly,
    )
    return model


WIDTHS = [1, 4, 600]  # variables as locals; flat in place; large in place
PARTS = ["layer", "metric", "optimizer"]


@pytest.mark.parametrize("eagerly", [True, False])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("passes", [0, 1])
def test_an_error_leaves_the_model_as_it_was(
    part: str, eagerly: bool, first: bool, passes: int
) -> None:
    model, witness = model_with(part, eagerly), model_with(part, eagerly)
    for each in (model, witness):
        if first:
            each.build((None, 3))
            each.optimizer.build(each.trainable_variables)
            each.test_on_batch(
                X[:5], BINARY[:5]
            )  # rehearses, which passes the fuse, too
            each.train_on_batch(X[:6], BINARY[:6]) if part == "metric" else None
        else:
            each.fit(
                X[:8], BINARY[:8], batch_size=4, verbose=0, epochs=2, shuffle=False
            )
    before = (
        [w.numpy() for w in model.weights],
        [v.numpy() for v in model.optimizer.variables],
    )
    fuse.left = passes if part == "optimizer" else 0
    with pytest.raises(Broken):  # a new form, so that Python runs again
        model.train_on_batch(X[:5], BINARY[:5])
    fuse.left = None
    after = (
        [w.numpy() for w in model.weights],
        [v.numpy() for v in model.optimizer.variables],
    )
    assert bits(after) == bits(before)
    for each in (model, witness):
        each.fit(X, BINARY, batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert bits(state(model)["weights"]) == bits(state(witness)["weights"])
    assert bits(state(model)["optimizer"]) == bits(state(witness)["optimizer"])


def failing(batches: int, bad: Any) -> Any:
    """Batches of which the last one fails in a step."""
    for _ in range(batches):
        yield X[:4], BINARY[:4]
    yield bad


@pytest.mark.parametrize("eagerly", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("good", [0, 1, 5])
def test_bad_data_in_a_later_batch(eagerly: bool, width: int, good: int) -> None:
    model, witness = (model_with("none", eagerly, width) for _ in range(2))
    for each in (model, witness):
        each.fit(X[:8], BINARY[:8], batch_size=4, shuffle=False, verbose=0)
    if not eagerly:
        assert bool(model.train_function.latest.plan.homes) is (width > 1)
    with pytest.raises(ValueError, match=r"axis|shape|features|values"):
        model.fit(failing(good, (np.ones((4, 7), "f"), BINARY[:4])), verbose=0)
    if good:
        witness.fit(failing(good - 1, (X[:4], BINARY[:4])), verbose=0)
    for key in ("weights", "optimizer"):
        assert bits(state(model)[key]) == bits(state(witness)[key])
    model.fit(X, BINARY, verbose=0)


@pytest.mark.parametrize("eagerly", [True, False])
def test_an_error_of_the_data_keeps_what_was_learnt(eagerly: bool) -> None:
    def breaking() -> Any:
        for _ in range(3):
            yield X[:4], BINARY[:4]
        raise Broken

    model = model_with("none", eagerly)
    with pytest.raises(Broken):
        model.fit(breaking(), verbose=0)
    assert int(model.optimizer.iterations.numpy()) == 3
    model.fit(X, BINARY, verbose=0, batch_size=11)
    assert int(model.optimizer.iterations.numpy()) == 5


# -- Ctrl-C ----------------------------------------------------------------------------


def replayed(width: int, updates: int, reference: dict[int, Any] = {}) -> Any:  # noqa: B006
    """Weights and slots after each number of updates, batch after batch as written."""
    if width not in reference:
        model = model_with("none", True, width)
        model.build((None, 3))
        model.optimizer.build(model.trainable_variables)
        found = []
        for number in range(41):
            found.append(bits([state(model)["weights"], state(model)["optimizer"]]))
            at = number % 2 * 4
            model.train_on_batch(X[at : at + 4], BINARY[at : at + 4])
        reference[width] = found
    return reference[width][updates]


class Interrupt:
    """Sends SIGINT at the n-th call or return of some functions, as a profiler.

    Python looks for signals when a call is done, so these are moments of a real Ctrl-C.
    """

    def __init__(self, moment: int) -> None:
        self.left = moment
        self.sent = False

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        outer = frame if event.startswith("c_") else frame.f_back
        if outer is None or not outer.f_code.co_filename.startswith(PLACES):
            return
        if event == "c_call" or self.sent:
            return
        self.left -= 1
        if self.left < 0:
            self.sent = True
            signal.raise_signal(signal.SIGINT)


PLACES = (step_module.__file__, "<tinygrad_lr")


@pytest.mark.parametrize("width", WIDTHS)
def test_ctrl_c_after_any_call_leaves_whole_batches(width: int) -> None:
    """Wherever it comes while batches run: weights and slots are those of one batch."""
    problems = []
    done = 0
    for moment in range(400):
        model = model_with("none", False, width)
        model.fit(X[:8], BINARY[:8], batch_size=4, epochs=1, shuffle=False, verbose=0)
        interrupt = Interrupt(moment)
        sys.setprofile(interrupt)
        try:
            model.fit(
                X[:8], BINARY[:8], batch_size=4, epochs=1, shuffle=False, verbose=0
            )
        except KeyboardInterrupt:
            done += 1
        finally:
            sys.setprofile(None)
        updates = int(model.optimizer.variables[0].numpy())
        got = bits([state(model)["weights"], state(model)["optimizer"]])
        if got != replayed(width, updates):
            problems.append(moment)
        if not interrupt.sent:
            break
    assert done > 10
    assert not problems


SCRIPT = """
import os, random, signal, sys, threading, time
import numpy as np
sys.path.insert(0, {folder!r})
import test_replay_errors as tests
from replaying import BINARY, X, bits, state

width, eagerly, listening = {width}, {eagerly}, {listening}
model = tests.model_with("none", eagerly, width)
callbacks = []
if listening:
    class Listener(tests.keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass
    callbacks = [Listener()]
model.fit(X[:4], BINARY[:4], batch_size=4, shuffle=False, verbose=0)
random.seed({seed})
x, y = np.tile(X[:4], (50, 1)), np.tile(BINARY[:4], (50, 1))
snapshots = []
for _ in range(20):
    pause = random.uniform(0.0005, 0.01)
    timer = threading.Timer(pause, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        while True:
            model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0,
                      callbacks=callbacks)
    except KeyboardInterrupt:
        pass
    timer.join()
    found = state(model)
    both = bits([found["weights"], found["optimizer"]])
    snapshots.append((int(found["optimizer"][0]), both))
witness = tests.model_with("none", True, width)
witness.fit(X[:4], BINARY[:4], batch_size=4, shuffle=False, verbose=0)
witness.run_eagerly = False
for updates, expected in snapshots:
    now = int(witness.optimizer.variables[0].numpy())
    for _ in range(updates - now):
        witness.train_on_batch(X[:4], BINARY[:4])
    found = state(witness)
    if bits([found["weights"], found["optimizer"]]) != expected:
        print("inconsistent after", updates)
        sys.exit(3)
print(len(snapshots), "interrupts,", snapshots[-1][0], "updates")
"""


@pytest.mark.parametrize(
    ("width", "eagerly", "listening"),
    [
        (1, False, False),
        (1, False, True),
        (600, False, False),
        (600, False, True),
        (1, True, False),
    ],
)
def test_ctrl_c_at_random_moments(width: int, eagerly: bool, listening: bool) -> None:
    folder = str(Path(__file__).parent)
    script = SCRIPT.format(
        folder=folder,
        width=width,
        eagerly=eagerly,
        listening=listening,
        seed=width + eagerly,
    )
    root = str(Path(step_module.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 interrupts" in done.stdout


def test_the_handler_of_the_program_is_back_after_a_run() -> None:
    before = signal.getsignal(signal.SIGINT)
    model = model_with("none", False, 600)
    model.fit(X, BINARY, epochs=2, verbose=0)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("kind", ["SIGINT", "SIGALRM"])
def test_handlers_of_the_users_own_wait_for_the_end_of_an_update(kind: str) -> None:
    """They are called where Ctrl-C would stop, and may raise what they like."""
    number = getattr(signal, kind, None)
    if number is None:
        pytest.skip(f"this system has no {kind}")
    seen = []

    def handler(number: int, frame: Any) -> None:
        seen.append(number)
        raise Broken

    def sending(moment: int) -> Any:
        """At a line of a program; a profiler would not see calls of ufuncs."""

        def watch(frame: Any, event: str, argument: Any) -> Any:
            nonlocal moment
            if not frame.f_code.co_filename.startswith("<tinygrad_lr"):
                return None
            moment -= event == "line"
            if moment == 0:
                signal.raise_signal(number)
            return watch

        return watch

    def both(model: Any) -> Any:
        found = state(model)
        return bits([found["weights"], found["optimizer"]])

    batch = X[:4], BINARY[:4]
    model, witness = model_with("none", False, 600), model_with("none", True, 600)
    expected = {}
    for updates in range(1, 16):
        witness.train_on_batch(*batch)
        expected[updates] = both(witness)
    model.fit(*batch, shuffle=False, verbose=0)
    before = signal.signal(number, handler)
    try:
        for moment in range(38, 62, 4):
            sys.settrace(sending(moment))
            with contextlib.suppress(Broken):
                model.fit(*batch, epochs=2, shuffle=False, verbose=0)
            sys.settrace(None)
            assert both(model) == expected[int(model.optimizer.iterations.numpy())]
            assert signal.getsignal(number) is handler
    finally:
        sys.settrace(None)
        signal.signal(number, before)
    assert set(seen) == {number}
