"""Metrics as functions, objects and names."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, array, label, plain
from cases.losses import WEIGHT_SHAPES


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
)
