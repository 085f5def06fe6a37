"""CompileMetrics: what ``compile`` makes of its metrics, all of them as one.

As with losses (:mod:`tinygrad_lr.models.compile_loss`) there may be some for each
output, and "accuracy" is one thing for a single probability and another for a row of
them: what it stands for is settled when targets and predictions are first seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tinygrad_lr import metrics as metrics_module
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.models.outputs import (
    Names,
    along,
    flat,
    is_deep,
    is_nested,
    matched,
    named_outputs,
    per_output,
    targets_for,
)


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
