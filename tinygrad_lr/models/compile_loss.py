"""CompileLoss: what ``compile`` makes of its loss, an object that a step can call.

A model may have several outputs, so losses and weights may be given one by one: in a
list in the order of the outputs, or in a dict by their names. What "crossentropy" means
depends on the shapes of targets and predictions, so it is settled when these are first
seen; all other names are looked up at once, so that ``compile`` refuses misspelt ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tinygrad_lr import losses as losses_module
from tinygrad_lr.autodiff import hint
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.changes import Noticed
from tinygrad_lr.losses.loss import Loss
from tinygrad_lr.metrics.means import Mean
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.models.outputs import (
    Names,
    along,
    flat,
    is_nested,
    named_outputs,
    only,
    path_names,
    targets_for,
)


def each_loss(given: Any, weight: Any) -> Iterator[tuple[Any, Any]]:
    """The losses given for one output, with their weights; there may be several."""
    if not is_nested(given):
        losses, weights = [given], [weight]
    else:
        losses = list(flat(given))
        weights = list(flat(weight)) if is_nested(weight) else [weight] * len(losses)
        if len(weights) != len(losses):
            raise ValueError(
                f"compile(loss_weights=...): expected {len(losses)} numbers for the "
                f"losses {given!r} of one output, got {weight!r}."
            )
    yield from (
        (loss, weight)
        for loss, weight in zip(losses, weights, strict=True)
        if loss is not None
    )


class Part(NamedTuple):
    """The loss of one output."""

    place: int
    output: str | None  # its name, if it has one among several
    shape: tuple[int, ...]
    loss: Loss
    weight: float | None
    tracker: Mean | None  # the running mean of this loss, if there are several


class CompileLoss(Noticed):
    """The loss of a model: the sum of those of its outputs, by ``loss_weights``."""

    def __init__(
        self, loss: Any, loss_weights: Any = None, output_names: Names | None = None,
        outputs: Any = None,
    ) -> None:  # fmt: skip
        self.identifier = loss
        self.loss_weights = loss_weights
        self.output_names = output_names
        names = output_names
        if outputs is not None:
            names, _ = named_outputs(outputs, output_names)
        for weight in leaves(loss_weights):
            if isinstance(weight, bool) or not isinstance(weight, (int, float)):
                raise ValueError(
                    "compile: expected a number (or a list or dict of them) as "
                    f"loss_weights, got {loss_weights!r}. Metrics are given as "
                    "metrics=[...]."
                )
        self.known = {
            id(one): losses_module.resolve(one, None, None)
            for one in flat(loss)
            if not losses_module.is_open(one)
        }
        if names is not None and len(names) > 1 and is_nested(loss):
            along(outputs or list(names), loss, names, "compile(loss=...)")
        if names is not None and len(names) == 1:
            only(loss, "loss")
            only(loss_weights, "loss weight")
        self.forget()

    def forget(self) -> None:
        """Leave open again what the open names stand for."""
        self.parts: list[Part] | None = None
        self.names: list[str | None] = []

    @property
    def metrics(self) -> list[Metric]:
        """The running means of the losses of several outputs."""
        return [part.tracker for part in self.parts or [] if part.tracker is not None]

    def build(self, y: Any, y_pred: Any) -> list[Part]:
        """Settle which loss belongs to which output, seeing the data."""
        names, outputs = named_outputs(y_pred, self.output_names)
        if len(outputs) == 1:
            wanted = [only(self.identifier, "loss")]
            weights = [only(self.loss_weights, "loss weight")]
        else:
            partly = isinstance(y_pred, dict)
            wanted = along(
                y_pred, self.identifier, names, "compile(loss=...)", not partly
            )
            weights = along(
                y_pred, self.loss_weights, names, "compile(loss_weights=...)"
            )
        targets = targets_for(y, names, wanted)
        paths = path_names(y_pred, names)
        rows = [
            (place, one, weight)
            for place in range(len(outputs))
            for one, weight in each_loss(wanted[place], weights[place])
        ]
        several = len(rows) > 1
        parts = []
        for place, one, weight in rows:
            loss = self.known.get(id(one)) or losses_module.resolve(
                one, targets[place], outputs[place]
            )
            assert loss is not None
            name = paths[place] or loss.name
            tracker = Mean(name=f"{name}_loss") if several else None
            label = names[place] if len(outputs) > 1 else None
            shape = outputs[place].shape
            parts.append(Part(place, label, shape, loss, weight, tracker))
        self.names = names
        return parts

    def pairs(self, y: Any, y_pred: Any) -> Iterator[tuple[Part, Any, Any]]:
        """Each loss with its targets and predictions."""
        if y is None:
            raise ValueError(
                "the loss compares predictions with targets, but there are none: "
                "expected fit(x, y), got y=None."
            )
        if self.parts is None:
            self.parts = self.build(y, y_pred)
        _, outputs = named_outputs(y_pred, self.output_names)
        for part, target in self.targets(y):
            yield part, target, outputs[part.place]

    def targets(self, y: Any) -> Iterator[tuple[Part, Any]]:
        """Each loss with its targets, once it is settled which loss is whose."""
        parts = self.parts or []
        wanted: list[Any] = [None] * len(self.names)
        for part in parts:
            wanted[part.place] = part.loss
        found = targets_for(y, self.names, wanted)
        yield from ((part, found[part.place]) for part in parts)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the scalar loss of a batch."""
        total: Any = None
        for part, target, output in self.pairs(y, y_pred):
            weight = sample_weight
            if is_nested(sample_weight):
                names, _ = named_outputs(y_pred, self.output_names)
                weight = along(y_pred, sample_weight, names, "sample_weight")[
                    part.place
                ]
            loss = part.loss(target, output, weight)
            if part.tracker is not None:
                hint(loss, part.tracker.name)
                part.tracker.update_state(loss, sample_weight=output.shape[0])
            if part.weight is not None:
                loss = loss * part.weight
            total = loss if total is None else total + loss
        return total


def only_none(loss: Any) -> bool:
    """Whether a list or dict says None for every output: a model without a loss."""
    return is_nested(loss) and bool(loss) and not any(True for _ in flat(loss))
