"""What compile makes of its loss and metrics: objects that a step can call.

A model may have several outputs, so losses, weights and metrics may be given one by
one: in a list in the order of the outputs, or in a dict by their names. A name such as
"accuracy" means one thing for a single probability and another for a row of them, so
what it stands for is settled when targets and predictions are first seen. All other
names are looked up at once, so that a misspelt one is refused by ``compile``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tinygrad_lr import losses as losses_module
from tinygrad_lr import metrics as metrics_module
from tinygrad_lr.autodiff import hint
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.changes import Noticed
from tinygrad_lr.losses.loss import Loss
from tinygrad_lr.metrics.means import Mean
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.models.outputs import (
    Names,
    along,
    is_deep,
    is_nested,
    matched,
    named_outputs,
    only,
    path_names,
    per_output,
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


class CompiledLoss(Noticed):
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


class Measured(NamedTuple):
    """A metric of one output."""

    place: int
    metric: Metric
    weighted: bool


class CompileMetrics(Metric):
    """All metrics of ``compile`` as one: those without and those with weights."""

    def __init__(
        self, metrics: Any, weighted_metrics: Any = None,
        output_names: Names | None = None, outputs: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(name="compile_metrics")
        self.given = ((metrics, False), (weighted_metrics, True))
        self.output_names = output_names
        self.known = {
            id(item): as_metric(item)
            for value, _ in self.given
            for item in flat(value)
            if not metrics_module.is_open(item)
        }
        self.forget()
        names: Names | None = output_names
        if outputs is not None:
            names, _ = named_outputs(outputs, output_names)
        if names is None or len(names) == 1:
            names, outputs = [None], None
        self.keys = self.distinct_keys(names, outputs)

    def asked(self, names: Names, outputs: Any) -> Iterator[tuple[int, Any, bool]]:
        """What is asked for: the place of an output, a metric, whether it is weighted.

        A flat list whose length is not the number of outputs is for each of them, as
        in Keras 2.
        """
        for value, weighted in self.given:
            if value is None:
                continue
            if len(names) == 1:
                yield from ((0, item, weighted) for item in flat(value))
                continue
            what = f"compile({'weighted_' if weighted else ''}metrics=...)"
            single = not is_nested(value)
            if is_deep(outputs) and not single:
                wanted = list(matched(outputs, value, what))
            else:
                if single or (not isinstance(value, dict) and len(value) != len(names)):
                    value = [value] * len(names)
                wanted = per_output(value, names, what)
            for place, items in enumerate(wanted):
                if is_deep(items):
                    raise ValueError(
                        f"{what}: expected a metric, or a list of them, for each "
                        f"output, got {items!r}, a list in a list. Take one off."
                    )
                yield from ((place, item, weighted) for item in flat(items))

    def distinct_keys(self, names: Names, outputs: Any) -> list[str]:
        """A key for each metric: output and name, "weighted" or a number if taken."""
        keys: list[str] = []
        for place, item, weighted in self.asked(names, outputs):
            known = self.known.get(id(item))
            own = item if known is None else known.name
            output = names[place] if len(names) > 1 else None
            prefix = "" if output is None else f"{output}_"
            base = f"{prefix}{own}"
            if weighted and base in keys:
                base = f"{prefix}weighted_{own}"
            number, key = 0, base
            while key in keys:
                number += 1
                key = f"{base}_{number}"
            keys.append(key)
        return keys

    def forget(self) -> None:
        """Leave open again what the open names stand for."""
        self.built = False
        self.measured: list[Measured] = []

    def build(self, y: Any, y_pred: Any) -> None:
        """Settle the open names."""
        names, outputs = named_outputs(y_pred, self.output_names)
        wanted = list(self.asked(names, y_pred))
        used = {place for place, _, _ in wanted}
        targets = targets_for(
            y, names, [i in used or None for i in range(len(outputs))]
        )
        self.keys = self.distinct_keys(names, y_pred)
        for place, item, weighted in wanted:
            metric = self.known.get(id(item)) or as_metric(
                item, targets[place], outputs[place]
            )
            if any(metric is m.metric for m in self.measured):  # one name, two outputs
                metric = as_metric(item, targets[place], outputs[place])
            self.measured.append(Measured(place, metric, weighted))
        self.built = True

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once their names are settled."""
        return [measured.metric for measured in self.measured]

    @property
    def variables(self) -> list[Any]:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in the targets and predictions of a batch."""
        if not self.built:
            self.build(y_true, y_pred)
        names, outputs = named_outputs(y_pred, self.output_names)
        used = {measured.place for measured in self.measured}
        wanted = [i in used or None for i in range(len(outputs))]
        targets = targets_for(y_true, names, wanted)
        weights = [sample_weight] * len(outputs)
        if is_nested(sample_weight):
            weights = along(y_pred, sample_weight, names, "sample_weight")
        for place, metric, weighted in self.measured:
            if weighted:
                metric.update_state(
                    targets[place], outputs[place], sample_weight=weights[place]
                )
            else:
                metric.update_state(targets[place], outputs[place])

    def result(self) -> dict[str, Any]:
        """The metrics by key."""
        pairs = zip(self.keys, self.measured, strict=False)
        return {key: measured.metric.result() for key, measured in pairs}

    def reset_state(self) -> None:
        """Begin anew."""
        for metric in self.metrics:
            metric.reset_state()


def as_metric(identifier: Any, y: Any = None, y_pred: Any = None) -> Metric:
    """The Metric for a name, a function or a Metric; a lambda is called "lambda"."""
    metric = metrics_module.resolve(identifier, y, y_pred)
    metric.name = metric.name.strip("<>")
    return metric


def flat(value: Any) -> Iterator[Any]:
    """The entries of lists and dicts in lists and dicts; a single thing is its own
    entry.
    """
    if value is None:
        return
    if not is_nested(value) and not isinstance(value, set):
        yield value
        return
    value = value.values() if isinstance(value, dict) else value
    for part in value:
        yield from flat(part)


def only_none(loss: Any) -> bool:
    """Whether a list or dict says None for every output: a model without a loss."""
    return is_nested(loss) and bool(loss) and not any(True for _ in flat(loss))
