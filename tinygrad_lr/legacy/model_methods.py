"""Methods that models, layers and metrics had in Keras 1 and 2, in today's terms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from tinygrad_lr.arguments import checked
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.layers import Layer
from tinygrad_lr.metrics import Metric
from tinygrad_lr.models import Model, Sequential
from tinygrad_lr.nesting import map_structure
from tinygrad_lr.utils import PyDataset


def predict_classes(
    self: Sequential, x: Any, batch_size: int | None = None, verbose: Any = 0
) -> Any:
    """Predict classes: the likeliest of several, or 0 or 1 (int32) for a single one."""
    p = self.predict(x, batch_size=batch_size, verbose=verbose)
    return p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32")


def predict_proba(
    self: Sequential, x: Any, batch_size: int | None = None, verbose: Any = 0
) -> Any:
    """Predict probabilities: another name of ``predict``."""
    return self.predict(x, batch_size=batch_size, verbose=verbose)


# -- generators ------------------------------------------------------------------------


@checked
def fit_generator(
    self: Model, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1,
    verbose: Any = 1, callbacks: Any = None, validation_data: Any = None,
    validation_steps: int | None = None, validation_freq: Any = 1,
    class_weight: Any = None, shuffle: bool = True, initial_epoch: int = 0,
    samples_per_epoch: int | None = None, nb_val_samples: int | None = None,
) -> Any:  # fmt: skip
    """``fit`` on batches that a generator gives.

    ``samples_per_epoch`` and ``nb_val_samples`` are Keras 1's: numbers of samples,
    which the size of the first batch turns into numbers of steps.
    """
    if samples_per_epoch is not None:
        generator, steps_per_epoch = in_steps(generator, samples_per_epoch)
    if nb_val_samples is not None and not isinstance(validation_data, (tuple, list)):
        validation_data, validation_steps = in_steps(validation_data, nb_val_samples)
    return self.fit(
        generator, steps_per_epoch=steps_per_epoch, epochs=epochs, verbose=verbose,
        callbacks=callbacks, validation_data=validation_data,
        validation_steps=validation_steps, validation_freq=validation_freq,
        class_weight=class_weight or None, shuffle=shuffle,
        initial_epoch=initial_epoch,
    )  # fmt: skip


@checked
def evaluate_generator(
    self: Model, generator: Any, steps: int | None = None, callbacks: Any = None,
    verbose: Any = 0, val_samples: int | None = None,
) -> Any:  # fmt: skip
    """``evaluate`` on batches that a generator gives; ``val_samples`` is Keras 1's."""
    if val_samples is not None:
        generator, steps = in_steps(generator, val_samples)
    return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)


@checked
def predict_generator(
    self: Model, generator: Any, steps: int | None = None, callbacks: Any = None,
    verbose: Any = 0, val_samples: int | None = None,
) -> Any:  # fmt: skip
    """``predict`` on batches that a generator gives; ``val_samples`` is Keras 1's."""
    if val_samples is not None:
        generator, steps = in_steps(generator, val_samples)
    return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def in_steps(generator: Any, samples: int) -> tuple[Any, int]:
    """The generator, and how many of its batches make so many samples."""
    if isinstance(generator, PyDataset):
        return generator, math.ceil(samples / rows_in(generator[0]))
    batches: Iterator[Any] = iter(generator)
    first = next(batches)
    return itertools.chain([first], batches), math.ceil(samples / rows_in(first))


def rows_in(batch: Any) -> int:
    """The number of samples in a batch."""
    x = batch[0] if isinstance(batch, (tuple, list)) else batch
    while isinstance(x, (dict, list, tuple)):
        x = next(iter(x.values())) if isinstance(x, dict) else x[0]
    return len(x)


# -- the rest --------------------------------------------------------------------------


def input_shape_of(layer: Layer) -> Any:
    """The shape of ``layer.input``, None for what is open: every layer had it."""
    return map_structure(lambda place: place.shape, layer.input)


def output_shape_of(layer: Layer) -> Any:
    """The shape of ``layer.output``, None for what is open: every layer had it."""
    return map_structure(lambda place: place.shape, layer.output)


def itself(model: Model) -> Model:
    """The model: ``Sequential`` of Keras 1 held it in an attribute."""
    return model


class CompiledLossOfKeras2:
    """``model.compiled_loss``, which a ``train_step`` for Keras 2 calls itself."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None,
        regularization_losses: Any = None,
    ) -> Any:  # fmt: skip
        """Return the loss of compile plus some others; the running mean sees it."""
        loss = self.model._compiled_loss
        if loss is None:
            raise ValueError(
                f"model {self.model.name!r} was compiled without a loss, so there is "
                "no compiled_loss. Pass one: compile(loss='mse')."
            )
        total = loss(y_true, y_pred, sample_weight)
        total = sum(regularization_losses or (), total)
        self.model._loss_tracker.update_state(
            total, sample_weight=len(leaves(y_pred)[0])
        )
        return total


class CompiledMetricsOfKeras2:
    """``model.compiled_metrics``: those of compile, if there are any."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Let the metrics take in a batch."""
        if self.model._compile_metrics is not None:
            self.model._compile_metrics.update_state(y_true, y_pred, sample_weight)


def reset_states(self: Model) -> None:
    """Forget what recurrent layers remember: there are none, so nothing."""


def reset_states_of_metric(self: Metric) -> None:
    """Forget what came so far: an older name of ``reset_state``."""
    self.reset_state()


def to_yaml(self: Model, **kwargs: Any) -> Any:
    """Raise ``RuntimeError``: Keras gave up YAML, too, because it can run code."""
    raise RuntimeError(
        "to_yaml is no longer there, because a YAML file can run code. Use "
        "model.to_json() and keras.models.model_from_json()."
    )
