"""The losses beyond the usual ones, against formulas written out in NumPy."""

from __future__ import annotations

import inspect
import itertools
import json
import re
from typing import Any

import numpy as np
import pytest
from test_losses import CASES as USUAL

import tinygrad_lr as keras
from tinygrad_lr import losses, metrics
from tinygrad_lr.autodiff import Tensor, gradcheck
from tinygrad_lr.losses.sanity import doubts
from tinygrad_lr.masks import set_mask

rng = np.random.default_rng(3)
Z = rng.normal(size=(6, 3))
T = rng.normal(size=(6, 3))
P = rng.uniform(0.1, 0.9, (6, 3))
Y = rng.integers(0, 2, (6, 3)).astype(float)
CLASSES = np.array([0, 1, 0, 1, 1, 2])
ONEHOT = np.eye(3)[CLASSES]
UNIT = Z / np.linalg.norm(Z, axis=-1, keepdims=True)
LOGITS = rng.normal(size=(3, 5, 4))
LABELS = np.array([[1, 2, 0], [3, 3, 1], [2, 0, 0]])


def length(x: Any) -> Any:
    return np.linalg.norm(x, axis=-1)


def circle(labels: Any, x: Any, gamma: float = 80, margin: float = 0.4) -> Any:
    """One pair after the other."""
    found = []
    for i in range(len(x)):
        same, other = [], []
        for j in range(len(x)):
            d = max(1 - x[i] @ x[j], 0)
            if labels[i] != labels[j]:
                other.append(gamma * max(1 + margin - d, 0) * (1 - margin - d))
            elif i != j:
                same.append(gamma * (d + margin) * (d - margin))
        total = np.log(np.exp(same).sum()) + np.log(np.exp(other).sum()) if same else 0
        found.append(np.log1p(np.exp(total)) if same else 0)
    return found


def ctc(labels: Any, logits: Any) -> Any:
    """All paths, one after the other."""
    found = []
    for wanted, z in zip(labels, logits, strict=True):
        p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        total = 0.0
        for path in itertools.product(range(p.shape[-1]), repeat=len(p)):
            read = [label for label, _ in itertools.groupby(path) if label]
            if read == [label for label in wanted if label]:
                total += np.prod(p[np.arange(len(p)), path])
        found.append(-np.log(total))
    return found


MARGIN = np.maximum(1 - (2 * Y - 1) * Z, 0)
CASES: dict[str, tuple[Any, Any, dict[str, Any], Any]] = {
    "cosine_similarity": (T, Z, {}, -(T * Z).sum(-1) / length(T) / length(Z)),
    "hinge": (Y, Z, {}, MARGIN.mean(-1)),
    "squared_hinge": (2 * Y - 1, Z, {}, (MARGIN**2).mean(-1)),
    "categorical_hinge": (
        ONEHOT, Z, {},
        np.maximum(1 + ((1 - ONEHOT) * Z).max(-1) - (ONEHOT * Z).sum(-1), 0),
    ),
    "kl_divergence": (P[::-1], P, {}, (P[::-1] * np.log(P[::-1] / P)).sum(-1)),
    "poisson": (Y, P, {}, (P - Y * np.log(P)).mean(-1)),
    "dice": (Y, P, {}, 1 - 2 * (Y * P).sum() / (Y.sum() + P.sum())),
    "tversky": (
        Y, P, {"alpha": 0.2, "beta": 0.7, "axis": 0},
        1 - (Y * P).sum(0) / (
            (Y * P).sum(0) + 0.2 * (Y * (1 - P)).sum(0) + 0.7 * (P * (1 - Y)).sum(0)
        ),
    ),
    "circle": (CLASSES, UNIT, {}, circle(CLASSES, UNIT)),
    "ctc": (LABELS, LOGITS, {}, ctc(LABELS, LOGITS)),
    "categorical_generalized_cross_entropy": (
        CLASSES, P, {"q": 0.4}, (1 - P[np.arange(6), CLASSES] ** 0.4) / 0.4,
    ),
}  # fmt: skip
CLASS_OF = {
    name: next(
        c
        for n, c in losses.registry.entries.items()
        if isinstance(c, type) and n.lower() == name.replace("_", "")
    )
    for name in CASES
}


def test_every_loss_has_a_case() -> None:
    entries = losses.registry.entries.values()
    functions = {f.__name__ for f in entries if not isinstance(f, type)}
    assert functions == {*CASES, *USUAL}
    classes = {f for f in entries if isinstance(f, type)}
    assert len(classes) == len(functions)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name: str) -> None:
    y, p, options, expected = CASES[name]
    function = getattr(losses, name)
    out = function(y, Tensor(p), **options)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-6, atol=1e-12)
    if name != "circle":  # its loss is steep, and flat where nothing is to be gained
        gradcheck(lambda p: function(y, p, **options), p)
    narrow = function(y, Tensor(p.astype("float32")), **options)
    assert narrow.dtype == "float32"


def test_the_gradient_of_circle() -> None:
    gradcheck(lambda x: losses.circle(CLASSES, x, gamma=3.0), UNIT)
    references = losses.circle(CLASSES, UNIT, CLASSES, UNIT, remove_diagonal=False)
    own = losses.circle(CLASSES, UNIT, remove_diagonal=False)
    np.testing.assert_allclose(references.numpy(), own.numpy())


@pytest.mark.parametrize("name", CASES)
def test_the_class_is_the_mean_of_the_function(name: str) -> None:
    y, p, options, expected = CASES[name]
    expected = np.asarray(expected)
    if name == "circle":  # samples without loss do not count
        expected = expected[expected > 0]
    loss = CLASS_OF[name](**options, dtype="float64")
    assert loss(y, p).item() == pytest.approx(expected.mean(), rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_samples_can_be_weighted(name: str) -> None:
    y, p, options, expected = CASES[name]
    values = np.asarray(expected)
    weight = 1 + np.arange(values.size)
    loss = CLASS_OF[name](**options, dtype="float64", reduction="sum")
    found = loss(y, p, sample_weight=weight).item()
    assert found == pytest.approx((values * weight).sum(), rel=1e-6)


@pytest.mark.parametrize(
    "kind", {c for c in losses.registry.entries.values() if isinstance(c, type)}
)
def test_configurations(kind: Any) -> None:
    own = {
        "delta": 2.0, "axis": 0, "q": 0.25, "gamma": 3.0, "margin": 0.5,
        "remove_diagonal": False, "alpha": 0.75, "beta": 0.25, "from_logits": True,
        "label_smoothing": 0.125, "ignore_class": 2, "apply_class_balancing": True,
        "reduction": "sum", "name": "mine",
    }  # fmt: skip
    takes = inspect.signature(kind).parameters
    given = {name: value for name, value in own.items() if name in takes}
    config = kind(**given).get_config()
    assert config == given
    made = losses.deserialize(json.loads(json.dumps(losses.serialize(kind(**given)))))
    assert type(made) is kind
    assert made.get_config() == given
    for name in given:
        assert getattr(made, name) == given[name]


def test_functions_are_described_as_keras_does() -> None:
    assert losses.serialize(losses.huber) == {
        "module": "builtins",
        "class_name": "function",
        "config": "huber",
        "registered_name": "function",
    }
    assert losses.deserialize(losses.serialize(losses.huber)) is losses.huber

    def own(y_true: Any, y_pred: Any) -> Any:
        return y_true

    config = losses.serialize(own)
    assert losses.deserialize(config, {"own": own}) is own
    with pytest.raises(ValueError, match="unknown loss 'own'"):
        losses.deserialize(config)


def test_a_function_with_settings() -> None:
    loss = losses.LossFunctionWrapper(losses.huber, name="h", delta=0.5)
    assert loss(T, Z).item() == losses.Huber(0.5)(T, Z).item()
    made = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert made(T, Z).item() == loss(T, Z).item()


def test_users_may_change_a_loss() -> None:
    class Mild(losses.Huber):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(delta=0.1, name="mild", **kwargs)

    assert Mild()(T, Z).item() == losses.Huber(0.1)(T, Z).item()
    assert Mild(reduction="sum").reduction == "sum"
    with pytest.raises(TypeError, match="unknown argument 'reductoin'"):
        Mild(reductoin="sum")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: losses.Huber(dleta=1.0), "Did you mean 'delta'"),
        (lambda: losses.MeanSquaredError("sum", "a", None, 3), "too many"),
        (lambda: losses.Dice(axes=1), "Did you mean 'axis'"),
    ],
)
def test_wrong_arguments(make: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make()


@pytest.mark.parametrize("q", [0, 1, -0.5, 2])
def test_q_out_of_range(q: float) -> None:
    with pytest.raises(ValueError, match="expected q between 0 and 1, got"):
        losses.CategoricalGeneralizedCrossEntropy(q)


SPARSE = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0, 1, 3], "from 0 to 2 .*, got 3 in row 2"),
        ([0, -1, 2], "from 0 to 2 .*, got -1 in row 1"),
        ([0.5, 1, 2], r"from 0 to 2 .*, got 0\.5 in row 0"),
        ([float("nan"), 1, 2], "got nan in row 0"),
    ],
)
def test_labels_that_are_no_class_numbers(name: str, y: Any, words: str) -> None:
    options = {"q": 0.5} if "general" in name else {}
    with pytest.raises(ValueError, match=words):
        getattr(losses, name)(y, P[:3], **options)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.ctc([1, 2], LOGITS), r"shape \(n, longest\) and logits"),
        (lambda: losses.ctc([[1, 4]] * 3, LOGITS), "from 0 to 3 .*, got 4 in row 0"),
        (lambda: losses.circle([1, 2], UNIT), "one label for each of the 6 embed"),
        (
            lambda: losses.circle(CLASSES, UNIT, [1], UNIT[:2]),
            "each of the 2 reference embeddings",
        ),
        (lambda: losses.hinge(Y[:, :2], Z), r"hinge: targets of shape \(6, 2\)"),
        (
            lambda: losses.categorical_crossentropy(ONEHOT, P, axis=True),
            "expected an int as axis, got True",
        ),
    ],
)
def test_bad_input(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_masks_of_predictions_leave_samples_out() -> None:
    p = Tensor(P)
    set_mask(p, Tensor(np.array([True, False, True, True, False, True])))
    kept = [0, 2, 3, 5]
    values = ((Y - P) ** 2).mean(-1)
    loss = losses.MeanSquaredError(dtype="float64")
    assert loss(Y, p).item() == pytest.approx(values[kept].mean())
    weight = np.arange(6.0)
    expected = (values * weight)[kept].mean()
    assert loss(Y, p, weight).item() == pytest.approx(expected)
    total = losses.MeanSquaredError(dtype="float64", reduction="sum")
    assert total(Y, p).item() == pytest.approx(values[kept].sum())
    assert float(metrics.MeanSquaredError()(Y, p)) == pytest.approx(
        values[kept].mean(), rel=1e-6
    )


@pytest.mark.parametrize(
    ("loss", "y", "p", "w", "words"),
    [
        (losses.BinaryCrossentropy(), Y, Z, None, "probabilities .* from_logits=True"),
        (losses.CategoricalCrossentropy(), ONEHOT, 2 * P, None, "outputs go from 0"),
        (losses.BinaryFocalCrossentropy(), Y + 1, P, None, "targets .* from 1 to 2 "),
        (losses.MeanSquaredError(), Y, Z, -np.ones(6), "weights from 0, got -1"),
    ],
)
def test_doubts(loss: Any, y: Any, p: Any, w: Any, words: str) -> None:
    (found,) = doubts(loss, y, p, w)
    assert re.search(words, found)


def test_no_doubts() -> None:
    assert not list(doubts(losses.BinaryCrossentropy(), Y, P, np.zeros(6)))
    assert not list(doubts(losses.BinaryCrossentropy(from_logits=True), Y, Z, None))
    assert not list(doubts(losses.MeanSquaredError(), 5 * Y, Z, None))
    rounded = np.array([[-1e-7, 1 + 1e-7]])
    assert not list(doubts(losses.CategoricalCrossentropy(), rounded, rounded, None))


def test_fit_tells_its_doubts_once() -> None:
    model = keras.Sequential([keras.layers.Dense(3, input_dim=3)])
    model.compile("sgd", "binary_crossentropy")
    with pytest.warns(UserWarning, match="expects probabilities from 0 to 1") as told:
        model.fit(10 * Z, Y, epochs=3, verbose=0)
    assert len(told) == 1
    assert told[0].filename == __file__
