"""Callbacks that keep what has been learnt: the best model, or all it takes to go on.

Files are written whole (see :mod:`tinygrad_lr.saving.atomic`), so a training that is
killed leaves the checkpoint before or the new one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lr import random, saving
from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.history import other_spelling
from tinygrad_lr.callbacks.monitor import MonitorCallback
from tinygrad_lr.naming import suggestion
from tinygrad_lr.notices import warn
from tinygrad_lr.saving.errors import DamagedFileError, ModelFileError

Logs = dict[str, Any] | None


class BatchCounter:
    """Says after which batches it is time again, by the numbers of the batches."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.seen = 0
        self.last = -1

    def due(self, batch: int) -> bool:
        """Count up to this batch; a smaller number means that a new epoch began."""
        self.seen += batch + 1 if batch <= self.last else batch - self.last
        self.last = batch
        if self.seen < self.every:
            return False
        self.seen = 0
        return True


def batch_counter(owner: Any, save_freq: Any) -> BatchCounter | None:
    """The counter for ``save_freq``, or None for "epoch"."""
    whole = isinstance(save_freq, int) and not isinstance(save_freq, bool)
    if save_freq != "epoch" and (not whole or save_freq < 1):
        raise ValueError(
            f"{type(owner).__name__}: expected 'epoch' or a positive number of batches "
            f"as save_freq, got {save_freq!r}."
        )
    return BatchCounter(save_freq) if whole else None


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after every epoch or every so many batches.

    Args:
        filepath: name of the file. It may hold ``{epoch:02d}``, ``{batch:02d}`` and any
            metric, such as ``{val_loss:.4f}``. How it ends says the format, as in
            :func:`tinygrad_lr.saving.save_model`.
        monitor: name of the metric that says which model is best.
        verbose: 1 to tell what is done.
        save_best_only: save only if the metric is better than ever before.
        save_weights_only: save the weights instead of the model.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: value that the first model has to beat.
        period: number of epochs between two files (as Keras 2 had it).

    Raises:
        ValueError: for a ``save_freq`` that is neither.
        KeyError: if ``filepath`` names a metric that there is not.

    Example:
        >>> import tempfile
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     best = ModelCheckpoint(f"{folder}/{{epoch}}.keras", monitor="loss")
        ...     _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[best])
        ...     print(sorted(os.listdir(folder)))
        ['1.keras', '2.keras']
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
        period: int = 1,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = period
        self.epochs_since_last_save = 0
        self.epoch = 0
        self.counter = batch_counter(self, save_freq)
        if self.counter is not None:  # else nobody needs to hear of batches
            self.on_train_batch_end = self.batch_done  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch

    def batch_done(self, batch: int, logs: Logs = None) -> None:
        """Save, if it is time."""
        assert self.counter is not None
        if self.counter.due(batch):
            self.save(self.epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epochs_since_last_save += 1
        if self.counter is None and self.epochs_since_last_save >= self.period:
            self.epochs_since_last_save = 0
            self.save(epoch, logs or {})

    def save(self, epoch: int, logs: dict[str, Any]) -> None:
        """Save, if the model is to be saved."""
        path = self.path_for(epoch, logs)
        if not self.is_wanted(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise OSError(
                f"ModelCheckpoint: expected the name of a file, but {path!r} is a "
                "folder."
            )
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def path_for(self, epoch: int, logs: dict[str, Any]) -> str:
        """The name of the file, with epoch and metrics filled in."""
        known: dict[Any, Any] = {other_spelling(name): logs[name] for name in logs}
        known |= {**logs, "epoch": epoch + 1}
        try:
            return str(self.filepath.format_map(known))
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: the file name {self.filepath!r} asks for {error}; "
                f"there is epoch, {', '.join(logs)}."
            ) from error

    def is_wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        """Whether the model is to be saved, being the best or because all are."""
        if not self.save_best_only:
            self.tell(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        other = other_spelling(self.monitor) or self.monitor
        value = logs.get(self.monitor, logs.get(other))
        if value is None:
            warn(
                f"Can save best model only with {self.monitor} available; there is "
                f"{', '.join(logs) or 'none'}.{suggestion(self.monitor, logs)}"
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.improved(value, self.best):
            self.tell(
                f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {best}"
            )
            return False
        self.tell(
            f"\nEpoch {epoch + 1}: {self.monitor} improved from {best} to "
            f"{value:.5f}, saving model to {path}"
        )
        self.best = value
        return True

    def tell(self, message: str) -> None:
        """Print a message, if asked to."""
        if self.verbose:
            print(message)


class BackupAndRestore(Callback):
    """Lets a training that was killed go on where it stopped, bit for bit.

    The weights, the state of the optimizer and of all random numbers, and the place in
    the training stand in one file, ``latest.weights.h5`` in ``backup_dir``. If ``fit``
    finds it there, it goes on from it.

    Args:
        backup_dir: a folder for this callback alone.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: keep the backup before as well, for the case that the latest
            cannot be read.
        delete_checkpoint: whether to remove the backup when the training has ended.

    Raises:
        ValueError: for an empty ``backup_dir`` and a ``save_freq`` that is neither.

    Example:
        >>> import tempfile
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     backup = BackupAndRestore(folder + "/backup", delete_checkpoint=False)
        ...     _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[backup])
        ...     history = model.fit(x, y, epochs=3, verbose=0, callbacks=[backup])
        >>> history.epoch
        [2]
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("BackupAndRestore: expected a folder, got none.")
        self.backup_dir = Path(os.fspath(backup_dir))
        self.latest = self.backup_dir / "latest.weights.h5"
        self.previous = self.backup_dir / "latest.weights.h5.bkp"
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.epoch = 0
        self.counter = batch_counter(self, save_freq)
        self.begun: Any = None  # the root generator when the epoch began
        if self.counter is not None:
            self.on_train_batch_end = self.batch_done  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self.latest.exists() and not self.previous.exists():
            return
        try:
            self.restore(self.latest)
        except ModelFileError:
            if not self.previous.exists():
                raise
            self.restore(self.previous)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch
        self.begun = random_state()

    def batch_done(self, batch: int, logs: Logs = None) -> None:
        """Save, if it is time; the rows of the epoch stay in their order."""
        assert self.counter is not None
        if self.counter.due(batch):
            order = self.begun["root"]
            self.save(self.epoch, batch + 1, {**random_state(), "root": order})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.counter is None:
            self.save(epoch + 1, 0, random_state())

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint and self.backup_dir.exists():
            for path in (self.latest, self.previous):
                path.unlink(missing_ok=True)
            if not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()

    def save(self, epoch: int, batch: int, draws: dict[str, Any]) -> None:
        """Write the file."""
        tree = saving.keras3.weights_tree(self.model)
        place = {"epoch": epoch, "batch": batch, "random": draws}
        text = saving.plain.write(place, "the place in training")
        tree.attrs["training_metadata"] = text
        if self.double_checkpoint and self.latest.exists():
            old = self.latest.read_bytes()
            saving.atomic.write_whole(self.previous, lambda file: file.write(old))
        pieces = saving.hdf5.encode(tree)
        saving.atomic.write_whole(self.latest, lambda file: file.writelines(pieces))

    def restore(self, path: Path) -> None:
        """Set the model, and the place in the training, to what a file says."""
        try:
            root = saving.hdf5.File(path.read_bytes())
        except FileNotFoundError as error:
            raise DamagedFileError(f"there is no backup {str(path)!r}.") from error
        text = root.attrs.get("training_metadata")
        if not isinstance(text, str):
            raise DamagedFileError(f"{str(path)!r} is no backup of a training.")
        place = saving.plain.parse(text, "the place in training", most_digits=40)
        saving.state.load_state(self.model, saving.keras3.stored_in(root))
        try:
            set_random_state(place["random"])
            self.model._initial_epoch = int(place["epoch"])
            self.model._initial_batch = int(place["batch"])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(
                f"{str(path)!r} does not say where the training was: {error!r}."
            ) from error


def random_state() -> dict[str, Any]:
    """How far the draws without a seed of their own have come, as plain values."""
    unseeded = random.root.get("unseeded")
    return {
        "root": random.root_generator().bit_generator.state,
        "unseeded": None if unseeded is None else unseeded.state.numpy().tolist(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Let draws without a seed of their own go on from there."""
    random.root_generator().bit_generator.state = state["root"]
    if state["unseeded"] is not None:
        if "unseeded" not in random.root:
            random.root["unseeded"] = random.SeedGenerator(
                0, name="global_seed_generator"
            )
        values = np.array(state["unseeded"], np.uint32)
        random.root["unseeded"].state.assign(values)
