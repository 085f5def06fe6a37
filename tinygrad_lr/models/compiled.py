"""What compile makes of its loss and metrics: objects that a step can call.

A name such as "accuracy" means one thing for a single probability and another for a row
of them, so what it stands for is settled when targets and predictions are first seen.
All other names are looked up at once, so that a misspelt one is refused by ``compile``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_lr import losses as losses_module
from tinygrad_lr import metrics as metrics_module
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.losses.loss import Loss
from tinygrad_lr.metrics.metric import Metric

OPEN_LOSSES = ("crossentropy", "ce")
OPEN_METRICS = ("accuracy", "acc")


def is_open(identifier: Any, names: tuple[str, ...]) -> bool:
    """Whether a name depends on the shapes of targets and predictions."""
    return isinstance(identifier, str) and identifier.lower() in names


def only(value: Any, what: str) -> Any:
    """The entry for the one output of a model, out of a list or dict of one."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (list, tuple)):
        return value
    if len(value) == 1:
        return only(value[0], what)
    raise ValueError(
        f"compile: expected one {what} for the one output of the model, got "
        f"{len(value)}: {value!r}."
    )


class CompiledLoss:
    """The loss of a model's output, with the weight that ``loss_weights`` gives it."""

    def __init__(self, loss: Any, loss_weights: Any = None) -> None:
        self.identifier = only(loss, "loss")
        self.loss: Loss | None = None
        if not is_open(self.identifier, OPEN_LOSSES):
            self.loss = losses_module.resolve(self.identifier, None, None)
        self.weight: float | None = only(loss_weights, "loss weight")
        if self.weight is not None and not isinstance(self.weight, (int, float)):
            raise ValueError(
                "compile: expected a number (or a list of one) as loss_weights, got "
                f"{loss_weights!r}. Metrics are given as metrics=[...]."
            )

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the scalar loss of a batch."""
        if y is None:
            raise ValueError(
                "the loss compares predictions with targets, but there are none: "
                "expected fit(x, y), got y=None."
            )
        if not isinstance(y_pred, Tensor) or not isinstance(y, Tensor):
            raise NotImplementedError(
                "expected a model with one output and one array of targets, got "
                f"{type(y_pred).__name__} and {type(y).__name__}: several are not "
                "available yet."
            )
        if self.loss is None:
            self.loss = losses_module.resolve(self.identifier, y, y_pred)
            assert self.loss is not None
        loss = self.loss(y, y_pred, sample_weight)
        return loss if self.weight is None else loss * self.weight


class CompileMetrics(Metric):
    """All metrics of ``compile`` as one: those without and those with weights."""

    def __init__(self, metrics: Any, weighted_metrics: Any = None) -> None:
        super().__init__(name="compile_metrics")
        self.asked = [(item, False) for item in flat(metrics)]
        self.asked += [(item, True) for item in flat(weighted_metrics)]
        self.known = [
            None if is_open(item, OPEN_METRICS) else as_metric(item)
            for item, _ in self.asked
        ]
        self.keys = self.distinct_keys()
        self.forget()

    def distinct_keys(self) -> list[str]:
        """A key for each metric: its name, with "weighted" or a number if taken."""
        keys: list[str] = []
        for (item, weighted), known in zip(self.asked, self.known, strict=True):
            name = item if known is None else known.name
            if weighted and name in keys:
                name = f"weighted_{name}"
            number, key = 0, name
            while key in keys:
                number += 1
                key = f"{name}_{number}"
            keys.append(key)
        return keys

    def forget(self) -> None:
        """Leave open again what the open names stand for."""
        self.built = False
        self.named: dict[str, Metric] = {}
        self.plain: list[Metric] = []
        self.weighted: list[Metric] = []

    def build(self, y: Any, y_pred: Any) -> None:
        """Settle the open names."""
        for key, (item, weighted), known in zip(
            self.keys, self.asked, self.known, strict=True
        ):
            self.named[key] = known or as_metric(item, y, y_pred)
            (self.weighted if weighted else self.plain).append(self.named[key])
        self.built = True

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once their names are settled."""
        return list(self.named.values())

    @property
    def variables(self) -> list[Any]:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in the targets and predictions of a batch."""
        if not self.built:
            self.build(y_true, y_pred)
        for metric in self.plain:
            metric.update_state(y_true, y_pred)
        for metric in self.weighted:
            metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self) -> dict[str, Any]:
        """The metrics by key."""
        return {name: metric.result() for name, metric in self.named.items()}

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
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (list, tuple, set)):
        yield value
        return
    for part in value:
        yield from flat(part)
