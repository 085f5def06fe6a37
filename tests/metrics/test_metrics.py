"""Metrics: over batches, with weights, by name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr import losses, metrics
from tinygrad_lr.activations import sigmoid
from tinygrad_lr.autodiff import Tensor, Variable

rng = np.random.default_rng(0)
P = rng.uniform(0.05, 0.95, (12, 3))
Y = rng.integers(0, 2, (12, 3))
CLASSES = rng.integers(0, 3, 12)
ONEHOT = np.eye(3)[CLASSES]
HITS = (P.argmax(-1) == CLASSES).astype(float)
T = rng.normal(size=(12, 3))
W = rng.uniform(0, 2, 12)

# metric, targets, one value per sample
SIGNS = 2 * Y - 1
CASES = {
    "Hinge": (Y, np.maximum(1 - SIGNS * P, 0).mean(-1)),
    "SquaredHinge": (SIGNS, (np.maximum(1 - SIGNS * P, 0) ** 2).mean(-1)),
    "CategoricalHinge": (
        ONEHOT,
        np.maximum(1 + ((1 - ONEHOT) * P).max(-1) - (ONEHOT * P).sum(-1), 0),
    ),
    "KLDivergence": (P[::-1], (P[::-1] * np.log(P[::-1] / P)).sum(-1)),
    "Poisson": (Y, (P - Y * np.log(P)).mean(-1)),
    "CosineSimilarity": (
        T, (T * P).sum(-1) / np.linalg.norm(T, axis=-1) / np.linalg.norm(P, axis=-1),
    ),
    "PearsonCorrelation": (
        T, [np.corrcoef(t, p)[0, 1] for t, p in zip(T, P, strict=True)],
    ),
    "ConcordanceCorrelation": (
        T,
        2 * ((T - T.mean(-1, keepdims=True)) * P).mean(-1)
        / (T.var(-1) + P.var(-1) + (T.mean(-1) - P.mean(-1)) ** 2),
    ),
    "BinaryAccuracy": (Y, ((P > 0.5) == Y).mean(-1)),
    "CategoricalAccuracy": (ONEHOT, HITS),
    "SparseCategoricalAccuracy": (CLASSES, HITS),
    "TopKCategoricalAccuracy": (ONEHOT, np.ones(12)),
    "SparseTopKCategoricalAccuracy": (CLASSES, np.ones(12)),
    "Accuracy": (P * (Y == 1), (Y == 1).mean(-1)),
    "MeanSquaredError": (T, ((T - P) ** 2).mean(-1)),
    "MeanAbsoluteError": (T, abs(T - P).mean(-1)),
    "MeanAbsolutePercentageError": (T, 100 * (abs(T - P) / abs(T)).mean(-1)),
    "MeanSquaredLogarithmicError": (
        P[::-1], ((np.log1p(P) - np.log1p(P[::-1])) ** 2).mean(-1),
    ),
    "LogCoshError": (T, np.log(np.cosh(T - P)).mean(-1)),
    "BinaryCrossentropy": (
        Y, -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).mean(-1),
    ),
    "CategoricalCrossentropy": (
        ONEHOT, -(ONEHOT * np.log(P / P.sum(-1, keepdims=True))).sum(-1),
    ),
    "SparseCategoricalCrossentropy": (
        CLASSES, -(ONEHOT * np.log(P / P.sum(-1, keepdims=True))).sum(-1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch", [12, 5, 1])
def test_batches_add_up(name, weighted, batch):
    y, values = CASES[name]
    metric = getattr(metrics, name)()
    for _ in range(2):
        for i in range(0, 12, batch):
            part = slice(i, i + batch)
            metric.update_state(y[part], P[part], W[part] if weighted else None)
        w = W if weighted else np.ones(12)
        assert metric.result().dtype == "float32"
        assert float(metric.result()) == pytest.approx(
            (values * w).sum() / w.sum(), rel=1e-5
        )
        metric.reset_state()
        assert float(metric.result()) == 0


@pytest.mark.parametrize("name", CASES)
def test_all_that_changes_is_in_variables(name):
    y, _ = CASES[name]
    metric = getattr(metrics, name)()
    before = [v.numpy() for v in metric.variables]
    metric(y, P)
    assert any(
        (v.numpy() != b).any() for v, b in zip(metric.variables, before, strict=True)
    )
    assert all(isinstance(v, Variable) and not v.trainable for v in metric.variables)
    other = getattr(metrics, name)()
    for v, w in zip(other.variables, metric.variables, strict=True):
        v.assign(w)
    assert float(other.result()) == float(metric.result())


def test_no_history_is_kept():
    metric = metrics.MeanSquaredError()
    p = Tensor(P, requires_grad=True)
    result = metric(T, p * 2)
    assert not result.requires_grad
    assert not metric.total.requires_grad


def test_root_mean_squared_error():
    metric = metrics.RootMeanSquaredError()
    expected = np.sqrt(((T - P) ** 2).mean())
    assert float(metric(T, P)) == pytest.approx(expected, rel=1e-6)


def test_mean_and_sum():
    mean, total = metrics.Mean(), metrics.Sum()
    for values, weight in (([1, 3], None), (5.0, None), ([2.0, 4.0], [1, 0.5]), (7, 3)):
        mean.update_state(values, weight)
        total.update_state(values, weight)
    assert float(total.result()) == 1 + 3 + 5 + 2 + 2 + 21
    assert float(mean.result()) == pytest.approx(34 / (3 + 1.5 + 3))
    assert [v.name for v in mean.variables] == ["total", "count"]
    assert mean.get_config() == {"name": "mean", "dtype": "float32"}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=20),
    st.integers(1, 20),
)
def test_the_mean_does_not_depend_on_the_batches(values, size):
    mean = metrics.Mean()
    for i in range(0, len(values), size):
        mean.update_state(values[i : i + size])
    assert float(mean.result()) == pytest.approx(np.mean(values), abs=1e-3)


def test_results_stay_what_they_were():
    total = metrics.Sum()
    first = total([1.0])
    total.update_state([5.0])
    assert float(first) == 1


def test_samples_of_more_axes():
    p = P.reshape(4, 3, 3)
    metric = metrics.MeanSquaredError()
    values = ((T - P) ** 2).mean(-1).reshape(4, 3)
    y = T.reshape(4, 3, 3)
    assert float(metric(y, p)) == pytest.approx(values.mean(), rel=1e-6)
    metric.reset_state()
    w = W.reshape(4, 3)
    metric.update_state(y, p, w)
    expected = (values * w).mean(-1).sum() / w.mean(-1).sum()
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"sample_weight has shape \(5,\)"):
        metrics.MeanSquaredError()(T, P, np.ones(5))


def test_thresholds():
    metric = metrics.BinaryAccuracy(threshold=0.8, name="strict")
    assert metric.name == "strict"
    assert float(metric(Y, P)) == pytest.approx(((P > 0.8) == Y).mean(), rel=1e-6)


@pytest.mark.parametrize("y", [Y[:, 0], Y[:, :1], Y[:, 0].astype(bool), Y[:, 0] * 1.0])
def test_binary_targets_of_any_kind(y):
    value = float(metrics.BinaryAccuracy()(y, P[:, :1]))
    assert value == pytest.approx(((P[:, 0] > 0.5) == Y[:, 0]).mean(), rel=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k(k):
    order = np.argsort(-P, -1)[:, :k]
    hits = (order == CLASSES[:, None]).any(-1)
    assert (metrics.top_k_categorical_accuracy(ONEHOT, P, k).numpy() == hits).all()
    assert (
        metrics.sparse_top_k_categorical_accuracy(CLASSES, P, k).numpy() == hits
    ).all()
    ids = metrics.sparse_top_k_categorical_accuracy(
        CLASSES, order, k, from_sorted_ids=True
    )
    assert (ids.numpy() == hits).all()


def test_crossentropy_from_logits_that_are_remembered():
    z = Tensor(np.array([[1000.0]], "float32"))
    assert float(metrics.BinaryCrossentropy()([[0.0]], sigmoid(z))) == 1000
    assert float(metrics.BinaryCrossentropy(from_logits=True)([[0.0]], z)) == 1000


@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
@pytest.mark.parametrize(
    ("y", "p", "kind"),
    [
        ((8, 1), (8, 1), "BinaryAccuracy"),
        ((8,), (8, 1), "BinaryAccuracy"),
        ((8, 3), (8, 3), "CategoricalAccuracy"),
        ((8,), (8, 3), "SparseCategoricalAccuracy"),
        ((8, 1), (8, 3), "SparseCategoricalAccuracy"),
        ((8, 5), (8, 5, 3), "SparseCategoricalAccuracy"),
    ],
)
def test_accuracy_is_what_the_shapes_say(name, y, p, kind):
    metric = metrics.resolve(name, np.zeros(y), np.zeros(p))
    assert type(metric).__name__ == kind
    assert metric.name == name


def test_resolve():
    def own(y_true, y_pred):
        return np.absolute(y_true - y_pred)

    metric = metrics.resolve(own, T, P)
    assert metric.name == "own"
    assert float(metric(T, P)) == pytest.approx(abs(T - P).mean(), rel=1e-6)
    assert metrics.resolve("mse", T, P).name == "mse"
    given = metrics.Mean(name="m")
    assert metrics.resolve(given, T, P) is given
    wrapped = metrics.resolve(losses.Huber(), T, P)
    assert float(wrapped(T, P)) == pytest.approx(losses.Huber()(T, P).item(), rel=1e-6)
    with pytest.raises(ValueError, match="got None"):
        metrics.resolve(None, T, P)
    with pytest.raises(ValueError, match=r"unknown metric 'acuracy'.*'accuracy'"):
        metrics.resolve("acuracy", T, P)


def test_directions():
    assert metrics.BinaryAccuracy()._direction == "up"
    assert metrics.MeanSquaredError()._direction == "down"
    assert metrics.Mean()._direction is None


def test_users_metrics():
    class Largest(metrics.Metric):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.largest = self.add_weight(
                shape=(), initializer="zeros", name="largest"
            )
            self.inner = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.largest.assign(np.maximum(self.largest, np.max(y_pred)))
            self.inner.update_state(y_pred)

        def result(self):
            return {"largest": self.largest, "mean": self.inner.result()}

    metric = Largest(name="l")
    result = metric(T, P)
    assert float(result["largest"]) == pytest.approx(P.max())
    assert [v.name for v in metric.variables] == ["largest", "total", "count"]
    metric.reset_state()
    assert [v.item() for v in metric.variables] == [0, 0, 0]

    class Empty(metrics.Metric):
        pass

    with pytest.raises(NotImplementedError, match="update_state"):
        Empty(name="e").update_state()
    with pytest.raises(NotImplementedError, match="result"):
        Empty(name="e").result()

    class NoSuper(metrics.Metric):
        def __init__(self):
            self.add_variable(name="x")

    with pytest.raises(RuntimeError, match="super"):
        NoSuper()


def test_metrics_and_variables_in_nestings_are_parts():
    metric = metrics.Mean()
    metric.parts = {"a": [metrics.Sum(), metrics.Sum()]}
    metric.more = (Variable(0.0),)
    assert len(metric.variables) == 5


def test_a_variable_of_a_metric_starts_from_values():
    start = metrics.Mean().add_variable((2,), Tensor([1.0, 2.0]))
    assert start.tolist() == [1.0, 2.0]


def test_what_a_metric_would_do():
    metric = metrics.Mean()
    metric.update_state([1.0])
    state = metric.stateless_update_state([2.0, 1.0], [4.0])
    assert [float(value) for value in state] == [6.0, 2.0]
    assert float(metric.stateless_result(state)) == 3.0
    assert [float(value) for value in metric.stateless_reset_state()] == [0.0, 0.0]
    assert float(metric.result()) == 1.0
    with pytest.raises(ValueError, match="has 2 variables, got 1 values"):
        metric.stateless_result([1.0])
