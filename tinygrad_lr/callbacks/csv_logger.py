"""CSVLogger: the metrics of every epoch as a line of a table in a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

from tinygrad_lr.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes ``epoch`` and the metrics, sorted by name, after every epoch.

    Args:
        filename: of the file.
        separator: between entries.
        append: whether to add to a file that is there (with no second head line)
            instead of beginning anew.

    Without metrics of a validation in the first epoch there are columns for them all
    the same, filled with NA until they come.

    Example:
        >>> import tempfile
        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x, y = [[1.0]], [[2.0]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     logger = CSVLogger(f"{folder}/log.csv")
        ...     _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[logger])
        ...     with open(logger.filename) as file:
        ...         print(*file.readlines()[:2], sep="", end="")
        epoch,loss,val_loss
        0,1.0,NA
    """

    def __init__(
        self, filename: Any, separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.append_header = True
        self.keys: list[str] | None = None
        self.writer: Any = None
        self.csv_file: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.on_train_end()
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        mode = "a" if self.append else "w"
        self.csv_file = open(self.filename, mode, newline="")  # noqa: SIM115  # stays
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            self.writer = csv.writer(self.csv_file, delimiter=self.sep)
            if self.append_header:
                self.writer.writerow(["epoch", *self.keys])
        values = [entry(logs.get(key, "NA")) for key in self.keys]
        self.writer.writerow([epoch, *values])
        self.csv_file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.writer = None


def entry(value: Any) -> Any:
    """What stands in the file for a value: a list gets brackets and quotes."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return f'"[{", ".join(map(str, value))}]"'
