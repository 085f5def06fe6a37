"""TensorBoard: metrics and weights as files that TensorBoard shows."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.callbacks.learning_rates import learning_rates
from tinygrad_lr.notices import warn


class TensorBoard(Callback):
    """Writes event files to ``log_dir/train`` and ``log_dir/validation``.

    Args:
        log_dir: the folder; ``tensorboard --logdir=...`` shows it.
        histogram_freq: write histograms of the weights every so many epochs.
        write_graph: accepted; there is no graph to draw.
        write_images: write the weights as images, too, together with the histograms.
        write_steps_per_second: write the speed, too.
        update_freq: "epoch", "batch", or a number of batches after which the metrics of
            batches are written.
        profile_batch: accepted; there is no profiler.
        embeddings_freq, embeddings_metadata: accepted; embeddings are not shown.

    Tags are those of Keras: ``epoch_loss``, ``epoch_learning_rate``, ``batch_loss``,
    ``evaluation_loss_vs_iterations``. Needs the package tensorboardX; raises
    ``ImportError`` with the command to install it.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        for name, given in (
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
        ):
            if given:
                warn(f"TensorBoard: {name}={given!r} has no effect here.")
        self.writers: dict[str, Any] = {}
        self.batches = 0
        if self.update_freq == "epoch":  # then nobody need be called at each batch
            for hook in ("on_train_batch_begin", "on_train_batch_end"):
                if getattr(type(self), hook) is getattr(TensorBoard, hook):
                    setattr(self, hook, getattr(super(), hook))

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        summary_writer()  # rather now than after the first epoch
        self.close()

    def writer(self, part: str) -> Any:
        """The writer of "train" or "validation"; makes its file."""
        if part not in self.writers:
            folder = os.path.join(self.log_dir, part)
            self.writers[part] = summary_writer()(folder)
        return self.writers[part]

    def write(self, part: str, values: dict[str, Any], step: int) -> None:
        """Write numbers by name."""
        for tag, value in values.items():
            self.writer(part).add_scalar(tag, value, step)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.batches = 0

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.batches += 1
        self.batch_start = time.perf_counter()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if self.update_freq == "epoch" or self.batches % int(self.update_freq):
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            seconds = time.perf_counter() - self.batch_start
            values["batch_steps_per_second"] = 1 / seconds
        self.write("train", values, self.batches)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch_start = time.perf_counter(), int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = dict(logs or {})
        validation = {k: logs.pop(k) for k in tuple(logs) if k.startswith("val_")}
        optimizer = self.model.optimizer
        logs.update(learning_rates(optimizer))
        if self.write_steps_per_second:
            start, before = self.epoch_start
            steps = int(optimizer.iterations) - before
            logs["steps_per_second"] = steps / (time.perf_counter() - start)
        self.write("train", {f"epoch_{k}": v for k, v in logs.items()}, epoch)
        self.write(
            "validation",
            {f"epoch_{k.removeprefix('val_')}": v for k, v in validation.items()},
            epoch,
        )
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self.write_weights(epoch)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            values = {
                f"evaluation_{name}_vs_iterations": value
                for name, value in (logs or {}).items()
            }
            self.write("validation", values, int(optimizer.iterations))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and close the files."""
        for writer in self.writers.values():
            writer.close()
        self.writers = {}

    def write_weights(self, epoch: int) -> None:
        """Write histograms of the weights, and images if wanted."""
        writer = self.writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name, values = weight.path.replace(":", "_"), weight.numpy()
                writer.add_histogram(f"{name}/histogram", values, epoch)
                picture = as_picture(values) if self.write_images else None
                if picture is not None:
                    writer.add_image(f"{name}/image", picture, epoch, dataformats="HW")


def as_picture(values: Any) -> Any:
    """A weight of one or two axes as a grey image from 0 to 1, lying down."""
    flat = np.squeeze(values)
    if flat.ndim not in (1, 2):
        return None
    flat = np.atleast_2d(flat)
    if flat.shape[0] > flat.shape[1]:
        flat = flat.T
    low, high = flat.min(), flat.max()
    return (flat - low) / (high - low or 1)


def summary_writer() -> Any:
    """The class that writes event files."""
    try:
        from tensorboardX import SummaryWriter  # an extra: nothing else needs it
    except ImportError:
        raise ImportError(
            "TensorBoard: event files are written by tensorboardX, which is not "
            "installed: pip install tensorboardX"
        ) from None
    return SummaryWriter
