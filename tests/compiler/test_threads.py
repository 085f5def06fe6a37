"""Two threads: both do their part, errors arrive, and no bit of a result changes."""

import os
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lr as keras
from tinygrad_lr.compiler import threads
from tinygrad_lr.compiler.threads import Task, in_two, row_group, where_to_divide

WIDE = np.random.default_rng(0).standard_normal((96, 300)).astype("float32")


one_blas_thread = pytest.mark.skipif(
    not threads.blas_is_limited(), reason="the environment gives BLAS several threads"
)


@pytest.fixture
def two(monkeypatch):
    """Two threads on any machine."""
    monkeypatch.setattr(threads.threads, "count", 2)


def test_both_calls_are_made(two):
    for _ in range(100):
        out = np.zeros(4)
        in_two(np.add, ([1, 2], 1, out[:2]), ([3, 4], 1, out[2:]))
        assert out.tolist() == [2, 3, 4, 5]


def test_the_calls_are_made_at_the_same_time(two):
    meeting = threading.Barrier(2, timeout=30)
    in_two(meeting.wait, (), ())  # would break after the timeout


def test_one_thread_makes_both_calls(monkeypatch):
    monkeypatch.setattr(threads.threads, "count", 1)
    seen = []
    in_two(lambda x: seen.append((x, threading.get_ident())), (1,), (2,))
    assert seen == [(1, threading.get_ident()), (2, threading.get_ident())]


@pytest.mark.parametrize("bad", [0, 1])
def test_errors_of_either_thread_arrive_when_both_have_ended(two, bad):
    done = []

    def call(number):
        if number == bad:
            raise ZeroDivisionError
        done.append(number)

    with pytest.raises(ZeroDivisionError):
        in_two(call, (0,), (1,))
    assert done == [1 - bad]


def test_floating_point_errors_are_treated_as_the_asking_thread_wants(two):
    def divide():
        np.divide(np.ones(3), 0)

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        in_two(divide, (), ())
    with np.errstate(divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        in_two(divide, (), ())


def test_who_asks_does_not_wait_for_a_busy_helper(two):
    release, began = threading.Event(), threading.Event()

    def hold():
        began.set()
        release.wait(30)

    threads.threads.give(Task(hold, ()))
    assert began.wait(30)
    seen = []
    in_two(seen.append, (1,), (2,))
    assert seen == [1, 2]
    release.set()


def test_many_threads_may_ask_at_once(two):
    totals = np.zeros((8, 2))

    def ask(row):
        for _ in range(50):
            in_two(np.add, (row[:1], 1, row[:1]), (row[1:], 2, row[1:]))

    asking = [threading.Thread(target=ask, args=(row,)) for row in totals]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert totals.tolist() == [[50, 100]] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_a_helper_of_its_own(two):
    in_two(np.add, (1, 1), (2, 2))
    child = os.fork()
    if child == 0:
        out = np.zeros(2)
        in_two(np.add, (1, 1, out[:1]), (2, 2, out[1:]))
        os._exit(0 if out.tolist() == [2, 4] else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_platform_without_threads(two, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(threads.threads, "tasks", None)
    seen = []
    in_two(seen.append, (1,), (2,))
    assert seen == [1, 2]
    assert keras.get_num_threads() == 1


def test_only_one_or_two():
    before = keras.get_num_threads()
    with pytest.raises(ValueError, match="expected 1 or 2, got 4"):
        keras.set_num_threads(4)
    assert keras.get_num_threads() == before


# -- products --------------------------------------------------------------------------


@one_blas_thread
@given(st.integers(1, 400), st.sampled_from(["float32", "float64"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_divided_product_is_the_whole_in_every_bit(rows, dtype, transposed):
    group = row_group(np.dtype(dtype))
    if group is None:  # then none is divided
        return
    generator = np.random.default_rng(rows)
    x = generator.standard_normal((rows, 200)).astype(dtype)
    if transposed:
        x = np.asfortranarray(x)
    y = generator.standard_normal((200, 96)).astype(dtype)
    at = rows // 2 // group * group
    parts = [x[:at] @ y, x[at:] @ y]
    assert np.concatenate(parts).tobytes() == (x @ y).tobytes()


def test_what_is_divided(two, monkeypatch):
    monkeypatch.setattr(threads, "row_group", lambda dtype: 12)
    single = np.dtype("float32")
    for name in threads.LIMITS:
        monkeypatch.delenv(name, raising=False)
    assert where_to_divide(128, 784, 512, single) is None  # BLAS does it
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert where_to_divide(128, 784, 512, single) == 60
    assert where_to_divide(128, 784, 10, single) is None  # too little work
    assert where_to_divide(2, 10_000, 10_000, single) is None  # too few rows
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert where_to_divide(128, 784, 512, single) is None  # BLAS does it
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert where_to_divide(128, 784, 512, single) == 60
    monkeypatch.setattr(threads, "row_group", lambda dtype: None)  # cannot be told
    assert where_to_divide(128, 784, 512, single) is None
    monkeypatch.setattr(threads.threads, "count", 1)
    assert where_to_divide(128, 784, 512, single) is None


# -- a whole step ----------------------------------------------------------------------


def trained(count, monkeypatch, **options):
    """The weights of a model that is large enough for two threads."""
    monkeypatch.setattr(threads.threads, "count", count)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Dense(450, activation="relu", input_dim=300),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", **options)
    model.fit(WIDE, np.arange(96) % 10, batch_size=48, epochs=2, verbose=0)
    return [w.tobytes() for w in model.get_weights()], model


@one_blas_thread
def test_training_does_not_depend_on_the_number_of_threads(two, monkeypatch):
    both, model = trained(2, monkeypatch)
    source = model.make_train_function().latest.plan.source
    known = row_group(np.dtype("float32")) is not None
    assert source.count("in_two(matmul") == 2 * known  # forward, the kernel's gradient
    assert source.count("in_two(update") == 1
    alone, model = trained(1, monkeypatch)
    assert "in_two" not in model.make_train_function().latest.plan.source
    eagerly, _ = trained(2, monkeypatch, run_eagerly=True)
    assert both == alone == eagerly
