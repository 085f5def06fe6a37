"""Hits and misses at thresholds, and the areas under their curves, counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr import metrics

rng = np.random.default_rng(4)
P = rng.uniform(0, 1, (30, 3)).astype("float32")
Y = rng.integers(0, 2, (30, 3))
W = rng.uniform(0.5, 2, 30)
COUNTS = {
    "TruePositives": lambda y, yes: y & yes,
    "TrueNegatives": lambda y, yes: ~y & ~yes,
    "FalsePositives": lambda y, yes: ~y & yes,
    "FalseNegatives": lambda y, yes: y & ~yes,
}
LEVELS = ([0.3], [0.2, 0.9], [0.0, 0.5, 1.0], [0.0, 0.25, 0.5, 0.75, 1.0])


def count(name: str, y: Any, p: Any, threshold: float, weight: Any = 1) -> Any:
    return (COUNTS[name](y.astype(bool), p > threshold) * weight).sum()


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("levels", LEVELS, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_counts(name: str, levels: list[float], weighted: bool) -> None:
    metric = getattr(metrics, name)(thresholds=levels)
    for rows in (slice(0, 12), slice(12, 30)):
        metric.update_state(Y[rows], P[rows], W[rows] if weighted else None)
    weight = W[:, None] if weighted else 1
    expected = [count(name, Y, P, t, weight) for t in levels]
    found = np.ravel(metric.result().numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20),
    st.integers(3, 40),
)
def test_even_thresholds_count_what_uneven_ones_do(p: Any, many: int) -> None:
    # Away from a threshold by more than rounding, both ways of counting agree.
    p = np.asarray(p, "float32")
    p = p[np.abs(p * (many - 1) - np.round(p * (many - 1))) > 1e-4]
    even = np.linspace(0, 1, many).tolist()
    fast = metrics.TruePositives(thresholds=even)(np.ones_like(p), p)
    expected = [(p > t).sum() for t in even]
    assert np.ravel(fast.numpy()).tolist() == expected


@pytest.mark.parametrize("share", ["Precision", "Recall"])
@pytest.mark.parametrize(
    "options", [{}, {"thresholds": [0.3, 0.6]}, {"top_k": 2}, {"class_id": 1}], ids=str
)
def test_precision_and_recall(share: str, options: dict[str, Any]) -> None:
    metric = getattr(metrics, share)(**options)
    metric.update_state(Y, P, W)
    p, weight, y = P, np.broadcast_to(W[:, None], P.shape), Y
    if "top_k" in options:
        p = np.where(p >= np.sort(p, -1)[:, -2:-1], 1, 0)
    if "class_id" in options:
        p, y, weight = p[:, 1], y[:, 1], weight[:, 1]
    rest = "FalsePositives" if share == "Precision" else "FalseNegatives"
    expected = []
    for t in options.get("thresholds", [0.5]):
        hits = count("TruePositives", y, p, t, weight)
        expected.append(hits / (hits + count(rest, y, p, t, weight)))
    np.testing.assert_allclose(np.ravel(metric.result().numpy()), expected, rtol=1e-5)
    assert metric.result().shape == (() if len(expected) == 1 else (2,))


RATES = {
    "precision": ("TruePositives", "FalsePositives"),
    "recall": ("TruePositives", "FalseNegatives"),
    "sensitivity": ("TruePositives", "FalseNegatives"),
    "specificity": ("TrueNegatives", "FalsePositives"),
}


@pytest.mark.parametrize(
    ("name", "wanted", "at"),
    [
        ("PrecisionAtRecall", "precision", "recall"),
        ("RecallAtPrecision", "recall", "precision"),
        ("SensitivityAtSpecificity", "sensitivity", "specificity"),
        ("SpecificityAtSensitivity", "specificity", "sensitivity"),
    ],
)
@pytest.mark.parametrize("many", [1, 2, 200])
def test_the_best_at(name: str, wanted: str, at: str, many: int) -> None:
    metric = getattr(metrics, name)(0.6, num_thresholds=many)
    levels = np.linspace(0, 1, many) if many > 1 else [0.5]

    def rate(kind: str, t: float) -> float:
        part, rest = (count(name, Y, P, t) for name in RATES[kind])
        return float(part / (part + rest)) if part + rest else 0.0

    best = [rate(wanted, t) for t in levels if rate(at, t) >= 0.6]
    assert float(metric(Y, P)) == pytest.approx(max(best, default=0), rel=1e-5)
    with pytest.raises(ValueError, match=rf"expected a {at} in \[0, 1\], got 1\.5"):
        getattr(metrics, name)(1.5)
    with pytest.raises(ValueError, match="at least 1 as num_thresholds, got 0"):
        getattr(metrics, name)(0.5, num_thresholds=0)


def test_the_area_under_the_curve_is_the_share_of_ordered_pairs() -> None:
    y, p = Y[:, 0], P[:, 0]
    pairs = [a > b for a in p[y == 1] for b in p[y == 0]]
    found = float(metrics.AUC(num_thresholds=20000)(y, p))
    assert found == pytest.approx(np.mean(pairs), abs=1e-3)


def test_areas_of_labels() -> None:
    alone = [float(metrics.AUC()(Y[:, i], P[:, i])) for i in range(3)]
    together = metrics.AUC(multi_label=True)
    assert together.variables == []
    assert float(together.result()) == 0
    together.update_state(Y[:9], P[:9])
    together.update_state(Y[9:], P[9:])
    assert float(together.result()) == pytest.approx(np.mean(alone), rel=1e-5)
    weighted = metrics.AUC(multi_label=True, label_weights=[1, 0, 3])
    expected = (alone[0] + 3 * alone[2]) / 4
    assert float(weighted(Y, P)) == pytest.approx(expected, rel=1e-5)


def test_sides_of_the_area() -> None:
    low, middle, high = (
        float(metrics.AUC(num_thresholds=5, summation_method=method)(Y, P))
        for method in ("minoring", "interpolation", "majoring")
    )
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2, rel=1e-5)


def test_logits_of_the_area() -> None:
    logits = np.log(P / (1 - P))
    found = float(metrics.AUC(from_logits=True)(Y, logits))
    assert found == pytest.approx(float(metrics.AUC()(Y, P)), abs=1e-6)


def test_predictions_that_are_no_numbers_do_not_stop_a_training() -> None:
    p = np.array([0.2, np.nan, 0.9], "float32")
    assert 0 <= float(metrics.AUC()([0, 1, 1], p)) <= 1
    assert float(metrics.TruePositives()([0, 1, 1], p)) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.AUC(curve="RCO"), r"expected one of .*'ROC'.* as curve"),
        (lambda: metrics.AUC(summation_method="sum"), "'majoring'.*got 'sum'"),
        (lambda: metrics.AUC(num_thresholds=1), "at least 2 as num_thresholds"),
        (lambda: metrics.AUC(num_labels=3), "multi_label=True"),
        (
            lambda: metrics.AUC(multi_label=True, num_labels=2)(Y, P),
            r"shape \(n, 2\), got \(30, 3\)",
        ),
        (lambda: metrics.Precision(thresholds=[0.5, 2]), r"in \[0, 1\], got \[2"),
        (lambda: metrics.Precision(class_id=3)(Y, P), "no class_id=3"),
        (lambda: metrics.Precision()(Y[:, 0], P), r"to_categorical\(y\)"),
        (lambda: metrics.Recall()(Y, P, np.ones(7)), r"sample_weight has shape \(7, 1"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
