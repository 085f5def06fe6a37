"""Rehearsal: before anything changes, the model is tried on the first batch.

It builds what is not built yet, and lets loss and metrics look at real targets and
predictions. What does not fit shows here, and not in the middle of a training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.autodiff.lending import undone
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.losses.sanity import doubts
from tinygrad_lr.losses.targets import check_class_numbers
from tinygrad_lr.models.adapters import BatchCheck
from tinygrad_lr.models.compile_loss import Part
from tinygrad_lr.models.replay import as_tensors
from tinygrad_lr.models.sources import ArraySource, Source, Stepped
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
    if isinstance(source, Stepped):
        source = source.source
    if isinstance(source, ArraySource):
        check_classes(model, source.parts)
    elif isinstance(check := getattr(source, "check", None), BatchCheck):
        check.then = lambda batch: check_classes(model, batch)


def check_classes(model: Steps, batch: tuple[Any, ...]) -> None:
    """Raise ``ValueError`` for the first target that should be a class number.

    A recorded step does not look: it would take -1 for the last class, and 0.5 for 0.
    """
    compiled = model._compiled_loss
    if compiled is None or not compiled.parts or len(batch) < 2:
        return
    for part, target in compiled.targets(batch[1]):
        check_part(part, target)


def check_part(part: Part, y: Any) -> None:
    """Raise ``ValueError`` if a loss needs class numbers, and a target is none."""
    if part.loss._targets == "classes":
        settings = getattr(part.loss, "_fn_kwargs", {})
        classes = part.shape[settings.get("axis", -1)]
        where = "y" if part.output is None else f"y of output {part.output!r}"
        check_class_numbers(y, classes, settings.get("ignore_class"), where)


def rehearse_on(model: Steps, batch: tuple[Any, ...], learning: bool = False) -> None:
    """Build the model for a batch and try loss and metrics on it, once per kind."""
    kind = (learning, *[(leaf.shape[1:], leaf.dtype) for leaf in leaves(batch)])
    if kind in model._rehearsed:
        check_classes(model, batch)
        return
    with undone():
        rehearse_once(model, batch, learning)
    model._rehearsed.add(kind)


def rehearse_once(model: Steps, batch: tuple[Any, ...], learning: bool) -> None:
    """Build the model, and let loss and metrics look at a batch, without a result."""
    y_pred = build_on(model, batch, forward=True)
    if y_pred is not None:
        x, y, sample_weight = unpack_x_y_sample_weight(as_tensors(batch))
        try:
            if y is not None and model._compiled_loss is not None:
                for part, target, output in model._compiled_loss.pairs(y, y_pred):
                    check_part(part, target.data)
                    weight = getattr(sample_weight, "data", None)
                    for doubt in doubts(part.loss, target.data, output.data, weight):
                        warn(doubt)
            with no_grad(), np.errstate(all="ignore"):
                model._compute_loss(x, y, y_pred, sample_weight, training=learning)
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
            outputs = model(as_tensors(batch)[0], training=False)
    except NotImplementedError:
        if not own_step:
            raise
        return None
    return None if own_step else outputs  # what it does with them is its own affair
