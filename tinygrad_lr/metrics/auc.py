"""The area under a curve: how good predictions are at all thresholds together.

A curve is drawn by two rates at thresholds from 0 to 1 (true against false positives,
or precision against recall), and its area is added up piece by piece.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.activations import sigmoid
from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.config import epsilon
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import divide_no_nan, spread
from tinygrad_lr.metrics.confusion import COUNTS, Confusion, confusion

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "majoring", "minoring")


class AUC(Confusion):
    """The area under the receiver operating characteristic, or another ``curve``.

    ``curve`` is "ROC", "PR" (precision over recall) or "PRGAIN" (their gains over a
    guess); ``summation_method`` takes the middle ("interpolation"), the larger
    ("majoring") or the smaller ("minoring") end of each piece, where for "PR" the
    middle is found between counts, not rates. The pieces lie between
    ``num_thresholds`` even steps, or between ``thresholds`` with 0 and 1 added.

    With ``multi_label`` targets and predictions have shape (n, labels), each label has
    its own area, and the result is their mean, weighted by ``label_weights``; without
    it ``label_weights`` weigh the columns of the targets. ``from_logits`` puts a
    sigmoid before everything.

    Sources: Davis and Goadrich, "The relationship between precision-recall and ROC
    curves", 2006; Flach and Kull, "Precision-recall-gain curves", 2015.

    >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.75
    """

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC",
        summation_method: str = "interpolation", name: str | None = None,
        dtype: Any = None, thresholds: Any = None, multi_label: bool = False,
        num_labels: int | None = None, label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:  # fmt: skip
        who = name or "AUC"
        self.curve = one_of(CURVES, str(curve).upper(), "curve", who)
        method = str(summation_method).lower()
        self.summation_method = one_of(METHODS, method, "summation_method", who)
        self._given_thresholds = thresholds
        if thresholds is None:
            if num_thresholds <= 1:
                raise ValueError(
                    f"metric {who!r}: expected at least 2 as num_thresholds, got "
                    f"{num_thresholds!r}."
                )
            steps = num_thresholds - 1
            between = [i / steps for i in range(1, steps)]
        else:
            between = sorted(float(t) for t in thresholds)
        super().__init__([0 - epsilon(), *between, 1 + epsilon()], (), name, dtype)
        self.counted = COUNTS
        self.num_thresholds = len(self.thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None
        if label_weights is not None:
            self.label_weights = as_tensor(label_weights, self.dtype)
        self._from_logits = from_logits
        self.built = False
        if not multi_label and num_labels:
            raise ValueError(
                f"metric {who!r}: num_labels is for multi_label=True alone."
            )
        if not multi_label or num_labels:
            self.build(num_labels)

    def build(self, labels: int | None) -> None:
        """Make the counts, for each label if there are several."""
        for count in COUNTS:
            self.keep(count, (self.num_thresholds, *([labels] if labels else [])))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self._from_logits:
            y_pred = sigmoid(as_tensor(y_pred))
        super().update_state(y_true, y_pred, sample_weight)

    def take_in(self, y: Any, p: Any, weight: Any) -> None:
        if not self.multi_label:
            if self.label_weights is not None:
                weight = weight * spread(self.label_weights, p)
            super().take_in(y, p, weight)
            return
        if p.ndim != 2 or p.shape[1] != (self.num_labels or p.shape[1]):
            raise ValueError(
                f"metric {self.name!r}: with multi_label it expects predictions of "
                f"shape (n, {self.num_labels or 'labels'}), got {p.shape}."
            )
        if not self.built:
            self.build(p.shape[1])
        counts = confusion(y, p, weight, self.thresholds)
        for name in COUNTS:
            self.total(name).assign(self.total(name) + counts[name])

    @no_grad()
    def result(self) -> Any:
        if not self.built:
            return as_tensor(0, self.dtype)
        if (self.curve, self.summation_method) == ("PR", "interpolation"):
            pieces = self.between_counts()
        else:
            x, y = self.points()
            pieces = (x[:-1] - x[1:]) * self.heights(y[:-1], y[1:])
        area = np.sum(pieces, axis=0)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return np.mean(area)
        total = np.sum(self.label_weights)
        return divide_no_nan(np.sum(area * self.label_weights), total)

    def heights(self, left: Any, right: Any) -> Any:
        """The height of each piece of the area."""
        if self.summation_method == "interpolation":
            return (left + right) / 2
        larger = self.summation_method == "majoring"
        return np.maximum(left, right) if larger else np.minimum(left, right)

    def points(self) -> tuple[Any, Any]:
        """The points of the curve, from right to left."""
        if self.curve == "ROC":
            alarms, rejections = (self.total(name) for name in COUNTS[1:3])
            return divide_no_nan(alarms, alarms + rejections), self.rate("recall")
        if self.curve == "PR":
            return self.rate("recall"), self.rate("precision")
        hits, alarms, rejections, misses = (self.total(name) for name in COUNTS)
        odds = divide_no_nan(hits + misses, rejections + alarms)
        recall = np.where(hits == 0, 0, 1 - odds * divide_no_nan(misses, hits))
        precision = np.where(hits == 0, 1, 1 - odds * divide_no_nan(alarms, hits))
        return np.maximum(recall, 0), precision

    def between_counts(self) -> Any:
        """Pieces of the area under precision over recall.

        Between two thresholds hits are taken to grow evenly with the number of yeses,
        so that precision is a hyperbola, whose area is a logarithm.
        """
        hits, misses = self.total("true_positives"), self.total("false_negatives")
        yeses = hits + self.total("false_positives")
        more_hits, more_yeses = hits[:-1] - hits[1:], yeses[:-1] - yeses[1:]
        slope = divide_no_nan(more_hits, np.maximum(more_yeses, 0))
        start = hits[1:] - slope * yeses[1:]
        some = (yeses[:-1] > 0) & (yeses[1:] > 0)
        growth = np.where(some, divide_no_nan(yeses[:-1], np.maximum(yeses[1:], 0)), 1)
        area = slope * (more_hits + start * np.log(growth))
        return divide_no_nan(area, np.maximum(hits[1:] + misses[1:], 0))

    def get_config(self) -> dict[str, Any]:
        weights = self.label_weights
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.numpy().tolist(),
            "from_logits": self._from_logits,
        }
        if self._given_thresholds is not None:
            config["thresholds"] = self.thresholds[1:-1]
        return config


def one_of(words: tuple[str, ...], word: str, what: str, who: str) -> str:
    """Return ``word``, or raise ``ValueError`` with the words there are."""
    if word not in words:
        raise ValueError(
            f"metric {who!r}: expected one of {words} as {what}, got {word!r}."
        )
    return word
