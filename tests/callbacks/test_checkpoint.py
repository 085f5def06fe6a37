"""ModelCheckpoint keeps the right models, BackupAndRestore goes on bit for bit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import BackupAndRestore, Callback, ModelCheckpoint
from tinygrad_lr.models import load_model

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(22, 3)).astype("float32")
Y = (X[:, :1] + X[:, 1:2] > 0).astype("float32")


def small(**compiled: Any) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.layers.Dense(4, activation="tanh", input_shape=(3,)),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", **compiled)
    return model


def fit(model: Any, callbacks: Any, epochs: int = 3, **options: Any) -> Any:
    options = {"batch_size": 4, "verbose": 0, **options}
    return model.fit(X, Y, epochs=epochs, callbacks=callbacks, **options)


def bits(model: Any) -> list[bytes]:
    return [w.tobytes() for w in model.get_weights()]


def names(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir())


@pytest.mark.parametrize("ending", ["keras", "h5", "hdf5", "npz", "ckpt"])
def test_names_with_epoch_and_metrics(tmp_path: Path, ending: str) -> None:
    model = small(metrics=["accuracy"])
    name = "{epoch:02d}-{val_loss:.4f}-{val_acc:.2f}." + ending
    history = fit(
        model, ModelCheckpoint(tmp_path / "a" / name), validation_data=(X, Y)
    ).history
    assert names(tmp_path / "a") == [
        f"{i + 1:02d}-{loss:.4f}-{accuracy:.2f}.{ending}"
        for i, (loss, accuracy) in enumerate(
            zip(history["val_loss"], history["val_accuracy"], strict=True)
        )
    ]
    last = load_model(tmp_path / "a" / names(tmp_path / "a")[-1])
    assert bits(last) == bits(model)


def test_an_unknown_metric_in_the_name(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"'val_loss'.*there is epoch, loss"):
        fit(small(), ModelCheckpoint(tmp_path / "{epoch}-{val_loss}.keras"))


def checkpointed(tmp_path: Path, values: list[float], **options: Any) -> list[int]:
    """The epochs that are saved, if the metric has these values."""
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}.npz", monitor="score", **options)
    checkpoint.set_model(small())
    for epoch, value in enumerate(values):
        checkpoint.on_epoch_begin(epoch)
        checkpoint.on_epoch_end(epoch, {"score": value})
    return sorted(int(p.stem) for p in tmp_path.glob("*.npz"))


def test_the_best_only(tmp_path: Path) -> None:
    values = [3.0, 2.0, 4.0, 1.0, 1.0, 5.0]
    folders = [tmp_path / str(i) for i in range(5)]
    best: Any = {"save_best_only": True}
    assert checkpointed(folders[0], values, **best, mode="min") == [1, 2, 4]
    assert checkpointed(folders[1], values, **best, mode="max") == [1, 3, 6]
    with pytest.raises(ValueError, match="mode='max' or mode='min'"):
        checkpointed(folders[2], values, **best)
    assert checkpointed(
        folders[3], values, **best, mode="max", initial_value_threshold=3.5
    ) == [3, 6]
    assert checkpointed(folders[4], values, period=2) == [2, 4, 6]


def test_what_it_says(tmp_path: Path, capsys: Any) -> None:
    path = str(tmp_path / "m.npz")
    checkpoint = ModelCheckpoint(path, "loss", verbose=1, save_best_only=True)
    checkpoint.set_model(small())
    for epoch, loss in enumerate([2.0, 1.0, 3.0]):
        checkpoint.on_epoch_end(epoch, {"loss": loss})
    assert capsys.readouterr().out == (
        f"\nEpoch 1: loss improved from None to 2.00000, saving model to {path}\n"
        f"\nEpoch 1: finished saving model to {path}\n"
        f"\nEpoch 2: loss improved from 2.00000 to 1.00000, saving model to {path}\n"
        f"\nEpoch 2: finished saving model to {path}\n"
        "\nEpoch 3: loss did not improve from 1.00000\n"
    )


def test_every_so_many_batches(tmp_path: Path) -> None:
    path = tmp_path / "{epoch}-{batch}.weights.h5"
    fit(small(), ModelCheckpoint(path, save_weights_only=True, save_freq=4))
    # Six batches in an epoch: the 4th, 8th, 12th, 16th of all.
    assert names(tmp_path) == [
        f"{epoch}-{batch}.weights.h5"
        for epoch, batch in [(1, 4), (2, 2), (2, 6), (3, 4)]
    ]


def test_batches_run_together_if_nobody_asks_for_them(tmp_path: Path) -> None:
    from tinygrad_lr.callbacks.callback import overrides

    assert not overrides(ModelCheckpoint(tmp_path / "x.h5"), "on_train_batch_end")
    checkpoint = ModelCheckpoint(tmp_path / "x.h5", save_freq=2)
    assert overrides(checkpoint, "on_train_batch_end")


def test_bad_input(tmp_path: Path) -> None:
    for kind in (ModelCheckpoint, BackupAndRestore):
        for wrong in ("batch", 0, 1.5, None):
            with pytest.raises(ValueError, match="save_freq"):
                kind(tmp_path / "x", save_freq=wrong)  # type: ignore[operator]
    with pytest.raises(ValueError, match="expected a folder"):
        BackupAndRestore("")
    with pytest.raises(OSError, match="is a folder"):
        fit(small(), ModelCheckpoint(tmp_path))
    with pytest.warns(UserWarning, match="Can save best model only with val_loss"):
        fit(small(), ModelCheckpoint(tmp_path / "x.npz", save_best_only=True), 1)
    assert (tmp_path / "x.npz").exists()


class Killed(Exception):
    pass


class KillAfter(Callback):
    """Raises after some batches, as if the process had been killed."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.mark.parametrize("save_freq", ["epoch", 1, 4])
@pytest.mark.parametrize("batches", [0, 1, 5, 6, 11, 13, 28])
def test_a_killed_training_ends_as_one_never_interrupted(
    tmp_path: Path, batches: int, save_freq: Any
) -> None:
    whole = small()
    fit(whole, None, 5)
    backup: Any = {"backup_dir": tmp_path / "b", "save_freq": save_freq}
    with pytest.raises(Killed):
        fit(small(), [BackupAndRestore(**backup), KillAfter(batches)], 5)
    again = small()
    again.predict(X, verbose=0)
    history = fit(again, BackupAndRestore(**backup), 5)
    assert bits(again) == bits(whole)
    assert len(history.epoch) in (5 - batches // 6, 6 - batches // 6)
    assert not (tmp_path / "b").exists()


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    backup = tmp_path / "b"
    model = small()
    fit(model, BackupAndRestore(backup, delete_checkpoint=False), 3)
    before = bits(model)
    assert not fit(model, BackupAndRestore(backup, delete_checkpoint=False), 3).epoch
    assert bits(model) == before


def test_the_backup_before_helps_if_the_latest_is_damaged(tmp_path: Path) -> None:
    model = small()
    options: Any = {"double_checkpoint": True, "delete_checkpoint": False}
    fit(model, BackupAndRestore(tmp_path / "b", **options), 3)
    latest = tmp_path / "b" / "latest.weights.h5"
    latest.write_bytes(latest.read_bytes()[:1000])
    again = small()
    assert fit(again, BackupAndRestore(tmp_path / "b", **options), 3).epoch == [2]
    assert bits(again) == bits(model)


def train_to_the_end(folder: Path, freq: Any, epochs: int, result: Path) -> None:
    model = small()
    fit(model, BackupAndRestore(folder, save_freq=freq), epochs)
    np.savez(result, *model.get_weights())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("freq", ["epoch", 3])
def test_kill_9_and_restart(tmp_path: Path, freq: Any) -> None:
    epochs, result, folder = 60, tmp_path / "result.npz", tmp_path / "b"
    draw = np.random.default_rng(1)
    kills = 0
    while not result.exists():
        process = os.fork()
        if not process:
            try:
                train_to_the_end(folder, freq, epochs, result)
            finally:
                os._exit(0)
        if kills < 5:
            before, deadline = stamp(folder), time.monotonic() + 60
            while stamp(folder) == before and not result.exists():
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(draw.uniform(0, 0.02))
            os.kill(process, signal.SIGKILL)
            kills += 1
        os.waitpid(process, 0)
    assert kills == 5
    whole = small()
    fit(whole, None, epochs)
    with np.load(result) as found:
        assert [found[name].tobytes() for name in found.files] == bits(whole)


def stamp(folder: Path) -> Any:
    """What changes when a backup is written."""
    path = folder / "latest.weights.h5"
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
