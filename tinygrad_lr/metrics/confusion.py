"""Hits and misses at thresholds: precision, recall and what is derived from them.

A prediction above a threshold says yes, any other no; the truth says yes where it is
not 0. The four counts of agreement and disagreement, for each threshold, are all that
these metrics remember; :func:`confusion` counts a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable, functions, no_grad
from tinygrad_lr.config import epsilon, floatx
from tinygrad_lr.constructors import constructor
from tinygrad_lr.convert import align_ranks, as_tensor
from tinygrad_lr.losses.loss import divide_no_nan, spread
from tinygrad_lr.metrics.metric import Metric

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
RATES = {  # each is the first count as a part of both
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
    "sensitivity": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
}
LEAST = -1e10  # what classes that are not among the top k are predicted with


class Confusion(Metric):
    """Base class: the ``counted`` of the four counts, summed over batches."""

    _direction: str | None = "up"
    top_k: int | None = None
    class_id: int | None = None

    def __init__(
        self, thresholds: list[float], counted: tuple[str, ...], name: str | None,
        dtype: Any,
    ) -> None:  # fmt: skip
        super().__init__(dtype, name)
        self.thresholds = thresholds
        self.counted = counted
        for count in counted:
            self.keep(count, (len(thresholds),))

    def keep(self, count: str, shape: tuple[int, ...], name: str | None = None) -> None:
        """Make the variable of a count."""
        setattr(self, count, self.add_variable(shape, name=name or count))

    def total(self, count: str) -> Variable:
        """The variable of a count."""
        variable: Variable = getattr(self, count)
        return variable

    def rate(self, name: str) -> Any:
        """Precision, recall, sensitivity or specificity at each threshold."""
        part, rest = (self.total(count) for count in RATES[name])
        return divide_no_nan(part, part + rest)

    @no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y, p = as_tensor(y_true, floatx()), as_tensor(y_pred, floatx())
        p, y = align_ranks(p, y)
        if y.shape != p.shape:
            raise ValueError(
                f"metric {self.name!r}: targets of shape {y.shape} do not fit "
                f"predictions of shape {p.shape}; it expects 0 or 1 for each output. "
                "For class numbers make one-hot rows first: to_categorical(y)."
            )
        weight = as_tensor(1 if sample_weight is None else sample_weight, p.dtype)
        weight = weight if weight.ndim >= p.ndim else np.expand_dims(weight, -1)
        if self.top_k is not None:
            p = np.where(ranks(p) < self.top_k, p, LEAST)
        if self.class_id is not None:
            y, p = self.of_class(y), self.of_class(p)
        self.take_in(y, p, spread(weight, p) if p.ndim else weight)

    def of_class(self, x: Any) -> Any:
        """The column of one class, as a column."""
        assert self.class_id is not None
        if x.ndim < 2 or not -x.shape[-1] <= self.class_id < x.shape[-1]:
            raise ValueError(
                f"metric {self.name!r}: there is no class_id={self.class_id} in "
                f"predictions of shape {x.shape}."
            )
        return x[..., self.class_id, None]

    def take_in(self, y: Any, p: Any, weight: Any) -> None:
        """Add the counts of a batch of targets and predictions of equal shape."""
        y, p, weight = (np.reshape(x, (-1, 1)) for x in (y, p, weight))
        counts = confusion(y, p, weight, self.thresholds)
        for name in self.counted:
            self.total(name).assign(self.total(name) + counts[name][:, 0])


def ranks(x: Any) -> Any:
    """The place of each entry of a row, 0 for the largest; the first of equals wins."""
    order = np.argsort(-x, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable")


def evenly_spread(thresholds: list[float]) -> bool:
    """Whether thresholds divide [0, 1] into equal parts, up to an epsilon."""
    steps = len(thresholds) - 1
    even = np.arange(steps + 1) / max(steps, 1)
    return steps > 1 and bool(np.allclose(thresholds, even, atol=epsilon()))


def confusion(y: Any, p: Any, weight: Any, thresholds: list[float]) -> dict[str, Any]:
    """Count a batch: the four counts, each of shape (thresholds, labels).

    ``y``, ``p`` and ``weight`` have shape (n, labels). Thresholds that divide [0, 1]
    evenly need no comparisons: a prediction is above all thresholds to the left of its
    place in the division.
    """
    truth = (y != 0).astype(p.dtype)
    parts = {"positives": truth * weight, "negatives": (1 - truth) * weight}
    many, labels = len(thresholds), p.shape[1]
    if evenly_spread(thresholds):
        inside = np.fmin(np.fmax(p, 0), 1)  # these two make NaN to 0 as well
        place = np.ceil(inside * (many - 1))
        if thresholds[0] < 0:
            place = np.maximum(place, 1)
        index = (place.astype(np.int64), np.arange(labels))

        def above(part: Any) -> Any:
            sums = functions.scatter_add(part, index, (many, labels))
            left = np.cumsum(sums[:0:-1], axis=0)[::-1]  # of all to the right
            return np.concatenate([left, np.zeros((1, labels), left.dtype)])

    else:
        levels = np.asarray(thresholds, p.dtype)[:, None, None]

        def above(part: Any) -> Any:
            return np.sum(np.where(p > levels, part, 0), axis=1)

    true, false = (above(part) for part in parts.values())
    all_true, all_false = (np.sum(part, axis=0) for part in parts.values())
    counts = (true, false, all_false - false, all_true - true)
    return dict(zip(COUNTS, counts, strict=True))


def as_thresholds(thresholds: Any, default: float, who: str) -> list[float]:
    """A list of thresholds in [0, 1], or of the one that is usual."""
    if thresholds is None:
        return [default]
    found: list[float] = np.ravel(thresholds).tolist()
    wrong = [t for t in found if t is None or not 0 <= t <= 1]
    if wrong:
        raise ValueError(f"metric {who!r}: expected thresholds in [0, 1], got {wrong}.")
    return found


class Count(Confusion):
    """Base class of the four counts as metrics."""

    _direction = None
    count = ""

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ) -> None:
        found = as_thresholds(thresholds, 0.5, name or type(self).__name__)
        super().__init__(found, (), name, dtype)
        self.init_thresholds = thresholds
        self.counted = (self.count,)
        self.keep(self.count, (len(found),), "accumulator")

    def result(self) -> Any:
        total = self.total(self.count).value
        return total[0] if len(self.thresholds) == 1 else total

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(Count):
    """How often the truth and the prediction are yes.

    >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    count = "true_positives"


class TrueNegatives(Count):
    """How often the truth and the prediction are no.

    >>> float(TrueNegatives()([0, 0, 1, 1], [0, 1, 1, 1]))
    1.0
    """

    count = "true_negatives"


class FalsePositives(Count):
    """How often the prediction is yes, but the truth is no.

    >>> float(FalsePositives()([0, 0, 1, 1], [0, 1, 1, 1]))
    1.0
    """

    count = "false_positives"


class FalseNegatives(Count):
    """How often the prediction is no, but the truth is yes.

    >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    count = "false_negatives"


class Rate(Confusion):
    """Base class of precision and recall.

    ``thresholds`` is a number or a list, 0.5 by default; with ``top_k`` only the k
    largest predictions of a row say yes; ``class_id`` looks at one output alone.
    """

    share = ""

    def __init__(
        self, thresholds: Any = None, top_k: int | None = None,
        class_id: int | None = None, name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        usual = 0.5 if top_k is None else LEAST
        found = as_thresholds(thresholds, usual, name or type(self).__name__)
        super().__init__(found, RATES[self.share], name, dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id

    @no_grad()
    def result(self) -> Any:
        rates = self.rate(self.share)
        return rates[0] if len(self.thresholds) == 1 else rates

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(Rate):
    """How much of what is predicted to be true is true.

    >>> float(Precision()([0, 1, 1, 1], [1, 0, 1, 0]))
    0.5
    """

    share = "precision"


class Recall(Rate):
    """How much of what is true is predicted to be true.

    >>> float(Recall()([0, 1, 1, 1, 1], [1, 0, 1, 0, 1]))
    0.5
    """

    share = "recall"


class BestAt(Confusion):
    """Base class: the best of one rate among thresholds at which another is reached."""

    given = wanted = ""

    def __init__(
        self, value: float, num_thresholds: int = 200, class_id: int | None = None,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        who = name or type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(
                f"metric {who!r}: expected a {self.given} in [0, 1], got {value!r}."
            )
        if num_thresholds < 1:
            raise ValueError(
                f"metric {who!r}: expected at least 1 as num_thresholds, got "
                f"{num_thresholds!r}."
            )
        steps = num_thresholds - 1
        levels = [i / steps for i in range(num_thresholds)] if steps else [0.5]
        super().__init__(levels, COUNTS, name, dtype)
        setattr(self, self.given, value)
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id

    def __init_subclass__(cls, wanted: str = "", at: str = "") -> None:
        super().__init_subclass__()
        if not at:  # a user's class that changes one of ours
            return
        cls.wanted, cls.given = wanted, at

        def initialise(self: BestAt, **arguments: Any) -> None:
            BestAt.__init__(self, arguments.pop(at), **arguments)

        usual = {"num_thresholds": 200, "class_id": None, "name": None, "dtype": None}
        cls.__init__ = constructor(initialise, [at, *usual], usual)  # type: ignore[method-assign]  # made, not written

    @no_grad()
    def result(self) -> Any:
        reached = self.rate(self.given) >= self.value
        return np.max(np.where(reached, self.rate(self.wanted), 0))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self.given: self.value,
        }


class SensitivityAtSpecificity(BestAt, wanted="sensitivity", at="specificity"):
    """The best sensitivity where the specificity is at least ``specificity``.

    >>> metric = SensitivityAtSpecificity(0.8)
    >>> float(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9]))
    0.5
    """


class SpecificityAtSensitivity(BestAt, wanted="specificity", at="sensitivity"):
    """The best specificity where the sensitivity is at least ``sensitivity``.

    >>> metric = SpecificityAtSensitivity(0.8)
    >>> float(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9]))
    0.5
    """


class PrecisionAtRecall(BestAt, wanted="precision", at="recall"):
    """The best precision where the recall is at least ``recall``.

    >>> metric = PrecisionAtRecall(0.8)
    >>> round(float(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9])), 4)
    0.6667
    """


class RecallAtPrecision(BestAt, wanted="recall", at="precision"):
    """The best recall where the precision is at least ``precision``.

    >>> metric = RecallAtPrecision(0.8)
    >>> float(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9]))
    0.5
    """
