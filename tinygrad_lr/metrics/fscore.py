"""F-scores: precision and recall in one number, for each class or over all."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable, no_grad
from tinygrad_lr.config import epsilon
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.losses.loss import spread
from tinygrad_lr.metrics.metric import Metric

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for each class.

    Targets are one-hot (or many-hot) rows of the shape of the predictions, (n,
    classes). A class is predicted where it is the likeliest of its row, or above
    ``threshold``. ``average`` says what becomes of the classes: None keeps them apart,
    "macro" is their mean, "weighted" a mean weighted by how often they occur, and
    "micro" counts over all classes.

    >>> metric = FBetaScore(average="macro", beta=2.0, threshold=0.5)
    >>> round(float(metric([[1, 1], [1, 0]], [[0.2, 0.6], [0.8, 0.6]])), 4)
    0.6944
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self, average: str | None = None, beta: float = 1.0,
        threshold: float | None = None, name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(dtype, name)
        if average not in AVERAGES:
            raise ValueError(
                f"metric {self.name!r}: expected one of {AVERAGES} as average, got "
                f"{average!r}."
            )
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(
                f"metric {self.name!r}: expected a float above 0 as beta, got {beta!r}."
            )
        if threshold is not None and not (
            isinstance(threshold, float) and 0 < threshold <= 1
        ):
            raise ValueError(
                f"metric {self.name!r}: expected a float in (0, 1] as threshold, got "
                f"{threshold!r}."
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.built = False

    def build(self, y_shape: tuple[int, ...], p_shape: tuple[int, ...]) -> None:
        """Make the counts, for each class unless all are counted together."""
        if len(p_shape) != 2 or y_shape != p_shape:
            raise ValueError(
                f"metric {self.name!r}: expected targets and predictions of one shape "
                f"(n, classes), got {y_shape} and {p_shape}. For class numbers make "
                "one-hot rows first: to_categorical(y)."
            )
        shape = () if self.average == "micro" else p_shape[1:]
        for name in (
            "true_positives", "false_positives", "false_negatives",
            "intermediate_weights",
        ):  # fmt: skip
            setattr(self, name, self.add_variable(shape, dtype=self.dtype, name=name))
        self.built = True

    @no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y, p = as_tensor(y_true, self.dtype), as_tensor(y_pred, self.dtype)
        if not self.built:
            self.build(y.shape, p.shape)
        if self.threshold is None:
            best = p >= np.max(p, axis=-1, keepdims=True)
            said = best & (np.absolute(p) > 1e-9)
        else:
            said = p > self.threshold
        said = said.astype(self.dtype)
        weight = as_tensor(1 if sample_weight is None else sample_weight, self.dtype)
        weight = spread(weight[:, None] if weight.ndim == 1 else weight, y)
        axis = None if self.average == "micro" else 0
        for total, counted in (
            (self.true_positives, said * y),
            (self.false_positives, said * (1 - y)),
            (self.false_negatives, (1 - said) * y),
            (self.intermediate_weights, y),
        ):
            total.assign(total + np.sum(counted * weight, axis=axis))

    @no_grad()
    def result(self) -> Any:
        if not self.built:
            return as_tensor(0, self.dtype)
        hits = self.true_positives
        precision = hits / (hits + self.false_positives + epsilon())
        recall = hits / (hits + self.false_negatives + epsilon())
        square = self.beta**2
        both = precision * recall / (square * precision + recall + epsilon())
        score = both * (1 + square)
        if self.average == "weighted":
            weights = self.intermediate_weights
            return np.sum(score * (weights / (np.sum(weights) + epsilon())))
        return score if self.average is None else np.mean(score)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall: :class:`FBetaScore` of beta 1.

    >>> metric = F1Score(threshold=0.5)
    >>> metric([[1, 0], [1, 1]], [[0.9, 0.2], [0.4, 0.8]]).numpy().round(4)
    array([0.6667, 1.    ], dtype=float32)
    """

    def __init__(
        self, average: str | None = None, threshold: float | None = None,
        name: str | None = "f1_score", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
