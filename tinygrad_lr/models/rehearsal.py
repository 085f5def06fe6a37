"""Rehearsal: before anything changes, the model is tried on the first batch.

It builds what is not built yet, and lets loss and metrics look at real targets and
predictions. What does not fit shows here, and not in the middle of a training.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable, no_grad
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.losses.doubts import doubts
from tinygrad_lr.losses.targets import check_class_numbers
from tinygrad_lr.models.replay import as_tensors
from tinygrad_lr.models.sources import ArraySource, Source
from tinygrad_lr.models.steps import Steps
from tinygrad_lr.notices import warn
from tinygrad_lr.utils.batches import unpack_x_y_sample_weight


def rehearse(model: Steps, source: Source, learning: bool = False) -> None:
    """Try the first batch of a source."""
    batch = source.first()
    if batch is None:
        raise ValueError(
            "expected at least one batch, got none: the generator or dataset is "
            "empty (a generator that was used up must be made anew)."
        )
    rehearse_on(model, batch, learning)
    compiled, outputs = model._compiled_loss, model.__dict__.get("_output_shape")
    if compiled is None or not isinstance(source, ArraySource):
        return
    if isinstance(outputs, tuple):
        for part in compiled.parts or ():
            for y in source.parts[1:2]:
                if isinstance(y, np.ndarray):
                    check_targets(part.loss, y, outputs)


def check_targets(loss: Any, y: Any, shape: Any) -> None:
    """Raise ``ValueError`` for the first target that is no class number.

    ``shape`` is that of the output. Only a loss that takes class numbers is concerned.
    """
    if loss.targets == "classes":
        ignored = getattr(loss, "_fn_kwargs", {}).get("ignore_class")
        check_class_numbers(y, shape[-1], ignored, "y")


def rehearse_on(model: Steps, batch: tuple[Any, ...], learning: bool = False) -> None:
    """Build the model for a batch and try loss and metrics on it, once per kind."""
    kind = (learning, *[(leaf.shape[1:], leaf.dtype) for leaf in leaves(batch)])
    if kind in model._rehearsed:
        return
    with unchanged(model._state()):
        rehearse_once(model, batch, learning)
    model._rehearsed.add(kind)


@contextmanager
def unchanged(variables: list[Variable]) -> Iterator[None]:
    """Put variables back that a layer assigns within the block."""
    before = [(variable, variable.data) for variable in variables]
    yield
    for variable, value in before:
        if variable.data is not value:
            variable.data = value


def rehearse_once(model: Steps, batch: tuple[Any, ...], learning: bool) -> None:
    """Build the model, and let loss and metrics look at a batch, without a result."""
    y_pred = build_on(model, batch, forward=True)
    if y_pred is not None:
        x, y, sample_weight = unpack_x_y_sample_weight(as_tensors(batch))
        try:
            if y is not None and model._compiled_loss is not None:
                for part, target, output in model._compiled_loss.pairs(y, y_pred):
                    check_targets(part.loss, target.data, output.shape)
                    weight = getattr(sample_weight, "data", None)
                    for doubt in doubts(part.loss, target.data, output.data, weight):
                        warn(doubt)
            with no_grad(), np.errstate(all="ignore"):
                model.compute_loss(x, y, y_pred, sample_weight, training=learning)
                model.compute_metrics(x, y, y_pred, sample_weight)
                model.reset_metrics()
        except Exception:
            for compiled in (model._compile_metrics, model._compiled_loss):
                if compiled is not None and not model._rehearsed:
                    compiled.forget()
            raise


def build_on(model: Steps, batch: tuple[Any, ...] | None, forward: bool = False) -> Any:
    """Build what is not built yet for a batch; return the outputs if they are wanted.

    A model with a ``train_step`` of its own may never be called as a whole, so it is
    only called here if it has to be built.
    """
    if batch is None:
        raise ValueError("expected at least one batch of data, got none.")
    own_step = type(model).train_step is not Steps.train_step
    built = all(layer.built for layer in model._flatten_layers())
    if built and (own_step or not forward):
        return None
    try:
        with no_grad(), np.errstate(all="ignore"):
            return model(as_tensors(batch)[0], training=False)
    except NotImplementedError:
        if own_step:
            return None
        raise
