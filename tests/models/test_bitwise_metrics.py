"""Recorded steps give the bits of written ones, for every metric."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replaying import (
    BINARY,
    CLASSES,
    LOSS_DATA,
    ONE_HOT,
    SIZES,
    agree,
    kind_of,
    small,
    things,
)

import tinygrad_lr as keras
from tinygrad_lr import metrics


class OfPredictions(keras.metrics.Metric):
    """Lets Mean and Sum, which take values, measure predictions."""

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = kind()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.inner.update_state(y_pred)

    def result(self) -> Any:
        return self.inner.result()


AT = {
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
}
COUNTS = ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
LEVELS = [0.0, 0.25, 0.5, 0.75, 1.0]
CONFUSION = {*AT, *COUNTS, "AUC", "Precision", "Recall"}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "AUC": [
        {"curve": "PR"},
        {"curve": "PRGAIN", "summation_method": "minoring", "num_thresholds": 20},
        {"summation_method": "majoring", "thresholds": [0.2, 0.3]},
        {"curve": "PR", "multi_label": True, "label_weights": [1.0, 2.0, 3.0]},
        {"label_weights": [1.0, 2.0, 3.0], "from_logits": True},
    ],
    **{name: [{"thresholds": LEVELS}, {"thresholds": [0.3, 0.4]}] for name in COUNTS},
    "Precision": [{"top_k": 2}, {"class_id": 1}, {"thresholds": [0.2, 0.4]}],
    "Recall": [{"top_k": 2, "class_id": 2}, {"thresholds": LEVELS}],
    "FBetaScore": [{"beta": 2.0, "threshold": 0.4}, {"average": "micro"}],
    "F1Score": [{"average": "macro"}, {"average": "weighted"}],
    "R2Score": [
        {"class_aggregation": None},
        {"class_aggregation": "variance_weighted_average", "num_regressors": 3},
    ],
    "CosineSimilarity": [{"axis": 0}],
    "PearsonCorrelation": [{"axis": 0}],
    "ConcordanceCorrelation": [{"axis": 0}],
    "IoU": [{"ignore_class": 1, "dtype": "float32"}],
    "SparseCategoricalCrossentropy": [{"ignore_class": 1}],
}


def metric_of(name: str, options: dict[str, Any]) -> Any:
    found = metrics.registry.find(name)
    if name in ("Mean", "Sum"):
        return OfPredictions(found, name="of_predictions")
    if name == "MeanMetricWrapper":
        return found(lambda t, p: np.mean(np.absolute(t - p) ** 3, axis=-1), "cubed")
    options = {"name": "measured", **options}
    if name in AT:
        return found(0.5, **options)
    if name.endswith("IoU") and name != "BinaryIoU":
        options = {"num_classes": 3, "sparse_y_pred": False, **options}
        if "Mean" not in name:
            options["target_class_ids"] = [0, 2]
    return found(**options) if isinstance(found, type) else found


def metric_data(name: str) -> tuple[Any, int, str]:
    if name in ("IoU", "MeanIoU"):
        return CLASSES, 3, "softmax"
    if name.startswith(("TopK", "OneHot", "F1", "FBeta", "KL")) or name in CONFUSION:
        return LOSS_DATA["categorical"]
    if name in ("Accuracy", "Mean", "Sum", "MeanMetricWrapper", "BinaryIoU"):
        return LOSS_DATA["binary"]
    if name in ("Hinge", "SquaredHinge"):
        return 2 * BINARY - 1, 1, "tanh"
    return LOSS_DATA[kind_of(name)]


def cases() -> list[Any]:
    return [
        pytest.param(name, options, id="-".join([name, *map(str, options)]))
        for name in sorted(things(metrics.registry))
        for options in [{}, *OPTIONS.get(name, [])]
    ]


@pytest.mark.parametrize(("name", "options"), cases())
def test_metric(name: str, options: dict[str, Any]) -> None:
    y, units, last = metric_data(name)
    loss = "sparse_categorical_crossentropy" if y.ndim == 1 else "mse"
    got = agree(
        lambda: small(loss, units=units, last=last, metrics=[metric_of(name, options)]),
        y=y,
        sizes=SIZES,
    )
    assert len(got["history"]) == 2


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("AUC", {}),
        ("AUC", {"multi_label": True}),
        ("Precision", {"class_id": 1}),
        ("Recall", {"thresholds": [0.3, 0.4]}),
        ("SensitivityAtSpecificity", {}),
        ("F1Score", {}),
        ("R2Score", {}),
        ("RootMeanSquaredError", {}),
        ("OneHotMeanIoU", {"dtype": "float32"}),
    ],
)
def test_weighted_metric(name: str, options: dict[str, Any]) -> None:
    agree(
        lambda: small(
            "categorical_crossentropy",
            units=3,
            last="softmax",
            weighted_metrics=[metric_of(name, options)],
        ),
        y=ONE_HOT,
        sample_weight=np.linspace(0, 2, 22),
    )
