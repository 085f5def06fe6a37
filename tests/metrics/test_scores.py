"""F-scores, intersections over unions, R2 and correlations, against NumPy by hand."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest

from tinygrad_lr import losses, metrics

rng = np.random.default_rng(5)
P = rng.uniform(0, 1, (30, 3)).astype("float32")
CLASSES = rng.integers(0, 3, 30)
ONEHOT = np.eye(3)[CLASSES]
Y = rng.integers(0, 2, (30, 3))
T = rng.normal(size=(30, 3))
W = rng.uniform(0.5, 2, 30)


def f_scores(y: Any, yes: Any, beta: float, weight: Any) -> tuple[Any, Any, float]:
    """Scores of classes, how often they occur, and the score over all."""
    weight = weight[:, None]
    hits, said, true = ((a * weight).sum(0) for a in (y * yes, 1.0 * yes, 1.0 * y))

    def score(hits: Any, said: Any, true: Any) -> Any:
        precision, recall = hits / said, hits / true
        square = beta**2
        return (1 + square) * precision * recall / (square * precision + recall)

    return score(hits, said, true), true, score(hits.sum(), said.sum(), true.sum())


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("threshold", [None, 0.4])
@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_f_scores(average: Any, threshold: Any, beta: float) -> None:
    metric = metrics.FBetaScore(average, beta, threshold)
    assert metric.variables == []
    for rows in (slice(0, 12), slice(12, 30)):
        metric.update_state(ONEHOT[rows], P[rows], W[rows])
    yes = P.max(-1, keepdims=True) == P if threshold is None else threshold < P
    each, occurs, micro = f_scores(ONEHOT, yes, beta, W)
    expected = {
        None: each,
        "micro": micro,
        "macro": each.mean(),
        "weighted": (each * occurs).sum() / occurs.sum(),
    }[average]
    np.testing.assert_allclose(metric.result().numpy(), expected, rtol=1e-5)
    if beta == 1:
        one = metrics.F1Score(average, threshold)(ONEHOT, P, W)
        np.testing.assert_allclose(one.numpy(), expected, rtol=1e-5)


def iou(y: Any, p: Any, classes: list[int], weight: Any = 1) -> float:
    shares = []
    for c in classes:
        either = (((y == c) | (p == c)) * weight).sum()
        if either:
            shares.append((((y == c) & (p == c)) * weight).sum() / either)
    return float(np.mean(shares))


def test_intersection_over_union() -> None:
    best = P.argmax(-1)
    close = pytest.approx
    sparse = metrics.IoU(3, [0, 2], sparse_y_pred=False)
    assert float(sparse(CLASSES, P)) == close(iou(CLASSES, best, [0, 2]), rel=1e-6)
    everything = metrics.MeanIoU(num_classes=5)
    expected = iou(CLASSES, best, [0, 1, 2])
    assert float(everything(CLASSES, best)) == close(expected, rel=1e-6)
    assert float(metrics.OneHotMeanIoU(3)(ONEHOT, P)) == close(expected, rel=1e-6)
    only = metrics.OneHotIoU(3, [1])
    assert float(only(ONEHOT, P)) == close(iou(CLASSES, best, [1]), rel=1e-6)
    weighted = metrics.MeanIoU(3, dtype="float32")
    expected = iou(CLASSES, best, [0, 1, 2], W)
    assert float(weighted(CLASSES, best, W)) == close(expected, rel=1e-5)
    kept = CLASSES != 1
    ignoring = metrics.IoU(3, [0, 2], ignore_class=1)
    expected = iou(CLASSES[kept], best[kept], [0, 2])
    assert float(ignoring(CLASSES, best)) == close(expected, rel=1e-6)
    binary = metrics.BinaryIoU(threshold=0.3)
    expected = iou(Y, P >= 0.3, [0, 1])
    assert float(binary(Y, P)) == close(expected, rel=1e-6)


def test_weights_that_lose_their_fractions() -> None:
    with pytest.warns(UserWarning, match="counts in int32.*give dtype='float32'"):
        metrics.MeanIoU(3)(CLASSES, CLASSES, W)


def test_r2() -> None:
    p = T + 0.3 * rng.normal(size=T.shape)
    mean = np.average(T, axis=0, weights=W)
    rest = (W[:, None] * (T - p) ** 2).sum(0)
    total = (W[:, None] * (T - mean) ** 2).sum(0)
    each = 1 - rest / total
    for aggregation, expected in (
        (None, each),
        ("uniform_average", each.mean()),
        ("variance_weighted_average", (total * each).sum() / total.sum()),
    ):
        metric = metrics.R2Score(aggregation)
        assert float(metric.result()) == 0
        for rows in (slice(0, 12), slice(12, 30)):
            metric.update_state(T[rows], p[rows], W[rows])
        np.testing.assert_allclose(metric.result().numpy(), expected, rtol=1e-5)
    one, more = T[:, :1], p[:, :1]
    plain = float(metrics.R2Score()(one, more))
    adjusted = float(metrics.R2Score(num_regressors=4)(one, more))
    assert adjusted == pytest.approx(1 - (1 - plain) * 29 / 25, rel=1e-5)
    too_many = float(metrics.R2Score(num_regressors=29)(one, more))
    assert too_many == pytest.approx(plain)


def test_r2_of_targets_that_do_not_vary() -> None:
    assert float(metrics.R2Score()([[2.0], [2.0]], [[1.0], [2.0]])) == 0
    assert np.isnan(float(metrics.R2Score()([[2.0], [2.0]], [[2.0], [2.0]])))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_correlations(axis: int) -> None:
    y, p = np.moveaxis(T, axis, -1), np.moveaxis(P, axis, -1)
    pearson = [np.corrcoef(a, b)[0, 1] for a, b in zip(y, p, strict=True)]
    found = metrics.pearson_correlation(T, P, axis=axis)
    np.testing.assert_allclose(found.numpy(), pearson, rtol=1e-4)
    both = y.var(-1) + p.var(-1) + (y.mean(-1) - p.mean(-1)) ** 2
    concordance = 2 * np.array(pearson) * y.std(-1) * p.std(-1) / both
    found = metrics.concordance_correlation(T, P, axis=axis)
    np.testing.assert_allclose(found.numpy(), concordance, rtol=1e-4, atol=1e-6)
    metric = metrics.PearsonCorrelation(axis=axis)
    assert float(metric(T, P)) == pytest.approx(np.mean(pearson), rel=1e-4)


def test_one_value_has_no_correlation() -> None:
    assert np.isnan(float(metrics.PearsonCorrelation()(T[:, 0], P[:, :1])))
    assert not np.isnan(float(metrics.PearsonCorrelation(axis=0)(T[:, 0], P[:, :1])))


def test_root_mean_squared_error_of_weighted_elements() -> None:
    weight = rng.uniform(size=T.shape)
    expected = (weight * (T - P) ** 2).mean(-1).sum() / weight.mean(-1).sum()
    found = float(metrics.RootMeanSquaredError()(T, P, weight))
    assert found**2 == pytest.approx(expected, rel=1e-5)


def test_ignored_samples_do_not_count_where_samples_are_weighted() -> None:
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=1)
    values = losses.sparse_categorical_crossentropy(CLASSES, P, ignore_class=1).numpy()
    assert float(metric(CLASSES, P)) == pytest.approx(values.mean(), rel=1e-5)
    metric.reset_state()
    kept = W * (CLASSES != 1)
    expected = (values * kept).sum() / kept.sum()
    assert float(metric(CLASSES, P, W)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "kind", {c for c in metrics.registry.entries.values() if isinstance(c, type)}
)
def test_configurations(kind: Any) -> None:
    own = {
        "name": "mine", "dtype": "float64", "threshold": 0.25, "axis": 0, "k": 3,
        "from_logits": True, "label_smoothing": 0.5, "from_sorted_ids": True,
        "thresholds": [0.25, 0.5], "top_k": 2, "class_id": 1, "num_thresholds": 7,
        "specificity": 0.25, "sensitivity": 0.25, "recall": 0.25, "precision": 0.25,
        "curve": "PR", "summation_method": "majoring", "multi_label": True,
        "num_labels": 2, "label_weights": [0.5, 0.25], "average": "macro", "beta": 2.0,
        "num_classes": 3, "target_class_ids": [0, 1], "ignore_class": 2,
        "sparse_y_true": False, "sparse_y_pred": True, "num_regressors": 2,
        "class_aggregation": None, "fn": losses.huber,
    }  # fmt: skip
    takes = inspect.signature(kind).parameters
    given = {name: value for name, value in own.items() if name in takes}
    metric = kind(**given)
    if kind is metrics.AUC:
        given["num_thresholds"] = 4  # with 0 and 1 around the two given
    if "fn" in given:
        given["fn"] = losses.serialize(losses.huber)
    assert metric.get_config() == given
    text = json.dumps(metrics.serialize(metric))
    made = metrics.deserialize(json.loads(text))
    assert type(made) is kind
    assert made.get_config() == given


def test_no_class_is_forgotten() -> None:
    public = {n for n in metrics.__all__ if isinstance(getattr(metrics, n), type)}
    known = {c.__name__ for c in metrics.registry.entries.values()}
    assert public - {"Metric"} <= known


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.CategoricalAccuracy()(CLASSES, P), "sparse_categorical_acc"),
        (
            lambda: metrics.SparseCategoricalAccuracy()(ONEHOT, P),
            "For one-hot targets use categorical_accuracy",
        ),
        (
            lambda: metrics.TopKCategoricalAccuracy()(CLASSES, P),
            "use sparse_top_k_categorical_accuracy",
        ),
        (lambda: metrics.F1Score()(CLASSES, P), r"one-hot rows.*to_categorical"),
        (lambda: metrics.F1Score("mean"), "expected one of .*'macro'.* got 'mean'"),
        (lambda: metrics.FBetaScore(beta=1), "expected a float above 0 as beta, got 1"),
        (lambda: metrics.FBetaScore(threshold=0), r"float in \(0, 1\] as threshold"),
        (lambda: metrics.R2Score("mean"), "as class_aggregation, got 'mean'"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors, got -1"),
        (lambda: metrics.R2Score()(T[:, :2], P), r"\(n, outputs\), got \(30, 2\)"),
        (lambda: metrics.IoU(3, [3]), "target_class_ids from 0 to 2, got 3"),
        (lambda: metrics.MeanIoU(3)(ONEHOT, CLASSES), "sparse_y_true=False"),
        (lambda: metrics.RootMeanSquaredError()(T[:, :2], P), "do not fit"),
    ],
)
def test_bad_input(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
