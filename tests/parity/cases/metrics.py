"""Metrics as functions, objects and names."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, array, label, plain
from cases.losses import NOT_OF_KERAS, WEIGHT_SHAPES, parameters_of


def accuracy(keras: Keras, loss: str, y: Array, p: Array, name: str) -> Any:
    """What 'accuracy' means depends on the shapes of targets and output."""
    model = keras.Sequential(
        [keras.Input(p.shape[1:]), keras.layers.Activation("linear")]
    )
    model.compile(loss=loss, metrics=[name])
    return plain(model.evaluate(p, y, batch_size=4, verbose=0, return_dict=True))


def accuracy_cases() -> dict[str, Case]:
    """Targets and outputs of every combination that 'accuracy' knows."""
    rng = np.random.default_rng(5)
    column = rng.uniform(0.1, 0.9, size=(10, 1)).astype("float32")
    rows = rng.uniform(0.1, 0.9, size=(10, 3)).astype("float32")
    binary, classes = rng.integers(0, 2, size=10), rng.integers(0, 3, size=10)
    onehot = np.eye(3, dtype="float32")[classes]
    several = rng.integers(0, 2, size=(10, 3))
    bce, cce = "binary_crossentropy", "categorical_crossentropy"
    table = {
        "binary-(n,)": (bce, binary, column),
        "binary-(n,1)": (bce, binary[:, None], column),
        "binary-float": (bce, binary[:, None].astype("float32"), column),
        "binary-bool": (bce, binary.astype(bool), column),
        "onehot": (cce, onehot, rows),
        "onehot-integers": (cce, onehot.astype("int64"), rows),
        "soft-labels": (cce, rng.uniform(0, 1, (10, 3)).astype("float32"), rows),
        "several-labels": (bce, several, rows),
        "sparse-(n,)": ("sparse_" + cce, classes, rows),
        "sparse-(n,1)": ("sparse_" + cce, classes[:, None], rows),
        "sparse-float": ("sparse_" + cce, classes.astype("float32"), rows),
        "regression": ("mean_squared_error", binary, column),
    }
    return {
        label(name, case): partial(accuracy, loss=loss, y=y, p=p, name=name)
        for name in ("accuracy", "acc")
        for case, (loss, y, p) in table.items()
    }


def metric_updates(
    keras: Keras, name: str, weights: str, arguments: dict[str, Any], shape: Any
) -> Any:
    """The result after each of three updates, and after a reset."""
    metric = getattr(keras.metrics, name)(**arguments)
    rng = np.random.default_rng(6)
    results = []
    for n in (6, 6, 6):
        p = rng.uniform(0.1, 0.9, size=(n, *shape)).astype("float32")
        y = rng.integers(0, 2, size=p.shape)
        if name.startswith("Categorical"):
            y = np.eye(shape[-1])[rng.integers(0, shape[-1], size=(n, *shape[:-1]))]
        elif name.startswith("Sparse"):
            y = rng.integers(0, shape[-1], size=(n, *shape[:-1]))
        elif name.startswith("Mean"):
            y = rng.normal(size=p.shape)
        w = None
        if weights != "none":
            w = rng.uniform(0, 2, size=WEIGHT_SHAPES[weights]).astype("float32")
        data = (p,) if name == "Mean" else (y, p)
        metric.update_state(*data, sample_weight=w)
        results.append(float(array(metric.result())))
    metric.reset_state()
    return {
        "results": results,
        "reset": float(array(metric.result())),
        "name": metric.name,
        "dtype": str(array(metric.result()).dtype),
    }


# -- every metric: three updates, a reset, and its configuration -----------------------


def batch(kind: str, rng: Any) -> tuple[Array, Array]:
    """Targets and predictions of eight samples."""
    shares = rng.uniform(0.02, 0.98, size=(8, 3)).astype("float32")
    scores = rng.normal(size=(8, 3)).astype("float32")
    classes = rng.integers(0, 3, size=8)
    pairs: dict[str, tuple[Array, Array]] = {
        "flags": (rng.integers(0, 2, size=(8, 3)), shares),
        "column": (rng.integers(0, 2, size=8), shares[:, :1]),
        "onehot": (np.eye(3, dtype="float32")[classes], shares),
        "sparse": (classes, shares),
        "classes": (classes, rng.integers(0, 3, size=8)),
        "numbers": (rng.normal(size=(8, 3)).astype("float32"), scores),
        "logits": (rng.integers(0, 2, size=(8, 3)), scores),
        "signs": (rng.choice([-1.0, 1.0], size=(8, 3)).astype("float32"), scores),
        "shares": (shares[::-1], shares),
        "sorted": (classes, np.argsort(shares, axis=-1)),
        "tenths": (rng.integers(0, 2, size=(8, 3)), np.round(shares, 1)),
    }
    return pairs[kind]


def every_metric(
    keras: Keras, name: str, kind: str, arguments: dict[str, Any], weighted: bool
) -> Any:
    """The results after each update and after a reset, and what the metric is."""
    metric = getattr(keras.metrics, name)(**{"name": "m", **arguments})
    rng = np.random.default_rng(7)
    results = []
    for _ in range(3):
        y, p = batch(kind, rng)
        w = rng.uniform(0.5, 2, size=8).astype("float32") if weighted else None
        if "IoU" in name and weighted:
            w = rng.integers(1, 4, size=8)
        metric.update_state(y, p, sample_weight=w)
        results.append(plain(array(metric.result())))
    again = getattr(keras.metrics, name).from_config(metric.get_config())
    config = again.get_config()
    if config.get("label_weights") is not None:
        config["label_weights"] = plain(array(config["label_weights"]))
    found = {"results": results, "config": config}
    variables = [[v.name, str(v.dtype), list(v.shape)] for v in metric.variables]
    metric.reset_state()
    if name != "R2Score":  # nothing divided by nothing
        found["reset"] = plain(array(metric.result()))
    return found | {"variables": variables, "direction": metric_direction(metric)}


def metric_direction(metric: Any) -> Any:
    """Whether more is better."""
    return getattr(metric, "_direction", None)


AT = {
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
}
COUNTS = ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
IOU = {"num_classes": 3, "target_class_ids": [0, 2]}
EVERY_METRIC: list[tuple[str, str, dict[str, Any]]] = [
    *[(name, "flags", {}) for name in COUNTS],
    *[(name, "column", {"thresholds": [0.3, 0.6]}) for name in COUNTS],
    *[(name, "tenths", {"thresholds": [0.0, 0.5, 1.0]}) for name in COUNTS],
    *[
        (name, "flags", options)
        for name in ("Precision", "Recall")
        for options in (
            {}, {"thresholds": [0.2, 0.7]}, {"top_k": 2}, {"class_id": 1},
            {"top_k": 1, "class_id": 2},
        )
    ],
    *[
        (name, "flags", {at: 0.6} | options)
        for name, at in AT.items()
        for options in ({"num_thresholds": 9}, {"class_id": 1, "num_thresholds": 20})
    ],
    *[
        ("AUC", "flags", {"curve": curve, "summation_method": method} | options)
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "majoring", "minoring")
        for options in ({}, {"num_thresholds": 5, "multi_label": True})
    ],
    ("AUC", "tenths", {"num_thresholds": 11}),
    ("AUC", "column", {"thresholds": [0.2, 0.3]}),
    ("AUC", "logits", {"from_logits": True, "multi_label": True, "num_labels": 3}),
    ("AUC", "flags", {"label_weights": [0.25, 0.5, 1.0], "multi_label": True}),
    *[
        (name, "onehot", {"average": average, "threshold": threshold})
        for name in ("F1Score", "FBetaScore")
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.5)
    ],
    ("FBetaScore", "flags", {"beta": 2.0, "average": "macro", "threshold": 0.4}),
    ("IoU", "classes", IOU), ("IoU", "sparse", IOU | {"sparse_y_pred": False}),
    ("IoU", "classes", IOU | {"ignore_class": 1}), ("BinaryIoU", "flags", {}),
    ("BinaryIoU", "tenths", {"threshold": 0.3, "target_class_ids": [1]}),
    ("MeanIoU", "classes", {"num_classes": 4}), ("OneHotIoU", "onehot", IOU),
    ("OneHotMeanIoU", "onehot", {"num_classes": 3}),
    *[
        ("R2Score", "numbers", {"class_aggregation": aggregation} | options)
        for aggregation in (None, "uniform_average", "variance_weighted_average")
        for options in ({}, {"num_regressors": 2})
    ],
    ("RootMeanSquaredError", "numbers", {}), ("LogCoshError", "numbers", {}),
    ("MeanAbsolutePercentageError", "numbers", {}), ("Accuracy", "classes", {}),
    ("MeanSquaredLogarithmicError", "shares", {}), ("Poisson", "flags", {}),
    ("CosineSimilarity", "numbers", {}), ("PearsonCorrelation", "numbers", {}),
    ("ConcordanceCorrelation", "numbers", {}), ("KLDivergence", "shares", {}),
    ("Hinge", "signs", {}), ("SquaredHinge", "logits", {}),
    ("CategoricalHinge", "onehot", {}), ("BinaryCrossentropy", "flags", {}),
    ("BinaryCrossentropy", "logits", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalCrossentropy", "onehot", {"label_smoothing": 0.1}),
    ("SparseCategoricalCrossentropy", "sparse", {}),
    ("SparseCategoricalCrossentropy", "sparse", {"ignore_class": 1}),
    ("TopKCategoricalAccuracy", "onehot", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", "sparse", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", "sorted", {"k": 2, "from_sorted_ids": True}),
]  # fmt: skip
EVERY: dict[str, Case] = {
    label("every", name, kind, arguments, "weighted" if weighted else None): partial(
        every_metric, name=name, kind=kind, arguments=arguments, weighted=weighted
    )
    for name, kind, arguments in EVERY_METRIC
    for weighted in (False, True)
    if not (weighted and name == "BinaryIoU")  # it has no weights for elements
}


def names_of_metrics(keras: Keras) -> Any:
    """What the module offers, with its parameters."""
    public = [name for name in dir(keras.metrics) if name[0].isalpha()]
    here = {name: getattr(keras.metrics, name) for name in public}
    return {
        name: parameters_of(thing)
        for name, thing in here.items()
        if callable(thing)
        and name not in NOT_OF_KERAS
        and any(part in str(thing.__module__) for part in (".losses", ".metrics"))
    }


def metric_from(keras: Keras, name: str) -> Any:
    """The class that ``get`` finds for a name."""
    return type(keras.metrics.get(name)).__name__


NAMES = (
    "bce", "BCE", "mae", "MAE", "mse", "MSE", "mape", "MAPE", "msle", "MSLE", "auc",
    "AUC", "binary_io_u", "f1_score", "f_beta_score", "r2_score", "Precision", "recall",
    "cosine_similarity", "kl_divergence", "hinge", "log_cosh_error", "poisson",
    "root_mean_squared_error", "pearson_correlation", "true_positives", "accuracy",
)  # fmt: skip


METRICS: dict[str, Case] = (
    accuracy_cases()
    | {
        label(name, arguments, f"weights={weights}"): partial(
            metric_updates, name=name, weights=weights, arguments=arguments, shape=shape
        )
        for name, arguments, shape in (
            ("BinaryAccuracy", {}, (1,)),
            ("BinaryAccuracy", {"threshold": 0.7}, (1,)),
            ("BinaryAccuracy", {"name": "several"}, (3,)),
            ("CategoricalAccuracy", {}, (3,)),
            ("SparseCategoricalAccuracy", {}, (3,)),
            ("MeanSquaredError", {}, (1,)),
            ("MeanSquaredError", {"name": "several"}, (3,)),
            ("MeanAbsoluteError", {}, (3,)),
            ("Mean", {}, ()),
            ("Mean", {"name": "average"}, (3,)),
        )
        for weights in ("none", "()", "(n,)", "(n,1)")
    }
    | {
        label(name, "3d-weights=(n,d)"): partial(
            metric_updates, name=name, weights="(n,d)", arguments={}, shape=(4, 3)
        )
        for name in (
            "CategoricalAccuracy",
            "SparseCategoricalAccuracy",
            "MeanSquaredError",
            "Mean",
        )
    }
    | EVERY
    | {"names": names_of_metrics}
    | {label("get", name): partial(metric_from, name=name) for name in NAMES}
)
