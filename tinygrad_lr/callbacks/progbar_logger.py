"""ProgbarLogger: shows a progress bar for each epoch, evaluation or prediction."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.utils.interactive import print_message
from tinygrad_lr.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows how far an epoch has come, with its metrics; ``fit(verbose=...)`` adds one.

    In a terminal the bar moves, so this callback wants to be called after batches; in a
    pipe it writes finished lines only, and then it does not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.seen = 0
        self.bar: Progbar | None = None
        self.in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def shows(self, part: str) -> bool:
        """Whether the bar counts the batches of "train", "test" or "predict"."""
        return self.bar is not None and not (part == "test" and self.in_fit)

    def moves(self, part: str) -> bool:
        """Whether the bar wants to move with these batches."""
        return self.bar is not None and self.bar.moves and self.shows(part)

    def due(self, hook: str) -> bool:
        """Whether it is time to draw the bar anew in this hook."""
        return (
            self.bar is not None and self.bar.due() and self.shows(hook.split("_")[1])
        )

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.in_fit = True  # from here on validations are part of an epoch's line

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")
        self.begin()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self.in_fit:
            self.begin()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.begin()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.move(batch + 1, logs)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.in_fit:
            self.move(batch + 1, logs)

    def on_predict_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.move(batch + 1, None)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.finish(logs)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        if not self.in_fit:
            self.finish(logs)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self.finish(None)

    def begin(self) -> None:
        """Begin a line."""
        self.seen = 0
        self.bar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def values(self, logs: dict[str, Any] | None) -> list[tuple[str, Any]]:
        """What to show: the loss, the other metrics, then those of the validation."""
        return sorted((logs or {}).items(), key=place)

    def move(self, seen: int, logs: dict[str, Any] | None) -> None:
        """Move the bar."""
        self.seen = seen
        if self.bar is not None:
            self.bar.update(seen, self.values(logs), finalize=False)

    def finish(self, logs: dict[str, Any] | None) -> None:
        """Finish the line."""
        if self.bar is not None:
            if self.bar.target is None:
                self.bar.target = self.seen
            self.bar.update(self.bar.target, self.values(logs), finalize=True)


def place(item: tuple[str, Any]) -> tuple[bool, bool]:
    """Where a metric stands in the line: before others if it is smaller."""
    name = item[0]
    return name.startswith("val_"), not name.endswith("loss")
