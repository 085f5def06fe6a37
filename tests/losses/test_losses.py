"""Losses against their formulas, their gradients, weights and reductions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr import losses
from tinygrad_lr.activations import sigmoid, softmax
from tinygrad_lr.autodiff import Tensor, gradcheck, no_grad

rng = np.random.default_rng(0)
Z = rng.normal(0, 2, (6, 3))
P = 1 / (1 + np.exp(-Z))
S = np.exp(Z) / np.exp(Z).sum(-1, keepdims=True)
Y = rng.integers(0, 2, (6, 3)).astype(float)
CLASSES = rng.integers(0, 3, 6)
ONEHOT = np.eye(3)[CLASSES]
T = rng.normal(size=(6, 3))
E = T - Z

CASES = {
    "mean_squared_error": (T, Z, (E**2).mean(-1)),
    "mean_absolute_error": (T, Z, abs(E).mean(-1)),
    "mean_absolute_percentage_error": (T, Z, 100 * (abs(E) / abs(T)).mean(-1)),
    "mean_squared_logarithmic_error": (
        P, S, ((np.log(1 + P) - np.log(1 + S)) ** 2).mean(-1),
    ),
    "huber": (T, Z, np.where(abs(E) <= 1, E**2 / 2, abs(E) - 0.5).mean(-1)),
    "log_cosh": (T, Z, np.log(np.cosh(E)).mean(-1)),
    "binary_crossentropy": (Y, P, -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).mean(-1)),
    "categorical_crossentropy": (ONEHOT, S, -(ONEHOT * np.log(S)).sum(-1)),
    "sparse_categorical_crossentropy": (CLASSES, S, -np.log(S[np.arange(6), CLASSES])),
    "binary_focal_crossentropy": (
        Y, P,
        -(Y * (1 - P) ** 2 * np.log(P) + (1 - Y) * P**2 * np.log(1 - P)).mean(-1),
    ),
    "categorical_focal_crossentropy": (
        ONEHOT, S, -(0.25 * (1 - S) ** 2 * ONEHOT * np.log(S)).sum(-1),
    ),
}  # fmt: skip
CLASS_OF = {
    name: next(
        c for n, c in losses.registry.entries.items()
        if isinstance(c, type) and n.lower() == name.replace("_", "")
    )
    for name in CASES
}  # fmt: skip
CROSSENTROPIES = [n for n in CASES if n.endswith("crossentropy")]


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    y, p, expected = CASES[name]
    function = getattr(losses, name)
    np.testing.assert_allclose(function(y, Tensor(p)).numpy(), expected, rtol=1e-10)
    gradcheck(lambda p: function(y, p), p)
    narrow = function(y, Tensor(p.astype("float32")))
    assert narrow.dtype == "float32"
    np.testing.assert_allclose(narrow.numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_the_class_is_the_mean_of_the_function(name):
    y, p, expected = CASES[name]
    loss = CLASS_OF[name]()
    value = loss(y, p)
    assert value.dtype == "float32"
    assert value.shape == ()
    assert value.item() == pytest.approx(expected.mean(), rel=1e-5)
    assert CLASS_OF[name](dtype="float64")(y, p).item() == pytest.approx(
        expected.mean()
    )


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_targets_may_be_wanted_too(name):
    y, p, _ = CASES[name]
    gradcheck(lambda y: getattr(losses, name)(y, p), y + 0.01)
    gradcheck(lambda y: getattr(losses, name)(y, Z, from_logits=True), y)


@pytest.mark.parametrize(
    ("name", "y", "p"),
    [
        ("binary_crossentropy", Y, P),
        ("categorical_crossentropy", ONEHOT, S),
        ("sparse_categorical_crossentropy", CLASSES, S),
        ("binary_focal_crossentropy", Y, P),
        ("categorical_focal_crossentropy", ONEHOT, S),
    ],
)
def test_logits_give_what_probabilities_give(name, y, p):
    function = getattr(losses, name)
    out = function(y, Tensor(Z), from_logits=True)
    np.testing.assert_allclose(out.numpy(), function(y, Tensor(p)).numpy(), rtol=1e-9)
    gradcheck(lambda z: function(y, z, from_logits=True), Z)


@pytest.mark.parametrize(
    ("name", "y", "activation"),
    [
        ("binary_crossentropy", Y, sigmoid),
        ("categorical_crossentropy", ONEHOT, softmax),
        ("sparse_categorical_crossentropy", CLASSES, softmax),
    ],
)
@pytest.mark.parametrize("scale", [1, 1000])
def test_probabilities_that_know_their_logits_are_as_good_as_logits(
    name, y, activation, scale
):
    function = getattr(losses, name)
    x, direct = (Tensor(scale * Z, requires_grad=True) for _ in range(2))
    out = function(y, activation(x))
    expected = function(y, direct, from_logits=True)
    np.testing.assert_array_equal(out.numpy(), expected.numpy())
    out.sum().backward()
    expected.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), direct.grad.numpy())
    with no_grad():
        np.testing.assert_array_equal(function(y, activation(x)).numpy(), out.numpy())


def test_the_gradient_is_p_minus_y():
    x = Tensor(Z, requires_grad=True)
    losses.BinaryCrossentropy(dtype="float64")(Y, sigmoid(x)).backward()
    np.testing.assert_allclose(x.grad.numpy(), (P - Y) / Z.size, rtol=1e-12)
    for loss, y in (
        (losses.CategoricalCrossentropy, ONEHOT),
        (losses.SparseCategoricalCrossentropy, CLASSES),
    ):
        x = Tensor(Z, requires_grad=True)
        loss(dtype="float64")(y, softmax(x)).backward()
        np.testing.assert_allclose(x.grad.numpy(), (S - ONEHOT) / len(Z), rtol=1e-12)


@pytest.mark.parametrize("z", [1000.0, -1000.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_saturated_logits(z, y):
    x = Tensor(np.array([[z]], "float32"), requires_grad=True)
    loss = losses.BinaryCrossentropy()([[y]], sigmoid(x))
    loss.backward()
    p = float(z > 0)
    assert loss.item() == 1000 * abs(p - y)
    assert x.grad.item() == p - y


@pytest.mark.parametrize("sparse", [True, False])
def test_saturated_rows(sparse):
    x = Tensor(
        np.array([[1000, -1000, 0], [1000, -1000, 0]], "float32"), requires_grad=True
    )
    y = np.array([0, 1])
    name = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    out = getattr(losses, name)(y if sparse else np.eye(3)[y], softmax(x))
    out.sum().backward()
    assert out.numpy().tolist() == [0, 2000]
    assert x.grad.numpy().tolist() == [[0, 0, 0], [1, -1, 0]]


@settings(max_examples=100, deadline=None)
@given(st.floats(-80, 80, width=32), st.sampled_from([0.0, 1.0]))
def test_sigmoid_crossentropy_is_exact_to_the_rounding_of_the_logit(z, y):
    narrow = losses.binary_crossentropy(
        np.array([[y]], "float32"), np.array([[z]], "float32"), from_logits=True
    ).item()
    exact = np.logaddexp(0, -z) if y else np.logaddexp(0, z)
    assert narrow == pytest.approx(exact, rel=2e-7, abs=2e-7 * max(1, abs(z)))


def test_a_softmax_is_no_sigmoid():
    # Were the logits of the softmax taken for those of a sigmoid, this would differ.
    y = losses.binary_crossentropy(ONEHOT, softmax(Tensor(Z)))
    np.testing.assert_allclose(y.numpy(), losses.binary_crossentropy(ONEHOT, S).numpy())
    y = losses.categorical_crossentropy(ONEHOT, sigmoid(Tensor(Z)))
    np.testing.assert_allclose(
        y.numpy(), losses.categorical_crossentropy(ONEHOT, P).numpy()
    )


def test_probabilities_of_0_and_1_are_clipped():
    p = Tensor(np.array([[0.0], [1.0]], "float32"), requires_grad=True)
    out = losses.binary_crossentropy([[1], [0]], p)
    np.testing.assert_allclose(out.numpy(), [16.118095, 15.942385], rtol=1e-6)
    out.sum().backward()
    assert p.grad.numpy().tolist() == [[0], [0]]


def test_label_smoothing():
    y = Y * 0.8 + 0.1
    np.testing.assert_allclose(
        losses.binary_crossentropy(Y, Z, from_logits=True, label_smoothing=0.2).numpy(),
        losses.binary_crossentropy(y, Z, from_logits=True).numpy(),
    )
    y = ONEHOT * 0.7 + 0.1
    np.testing.assert_allclose(
        losses.categorical_crossentropy(ONEHOT, S, label_smoothing=0.3).numpy(),
        losses.categorical_crossentropy(y, S).numpy(),
    )


def test_other_axes():
    np.testing.assert_allclose(
        losses.categorical_crossentropy(ONEHOT.T, S.T, axis=0).numpy(),
        losses.categorical_crossentropy(ONEHOT, S).numpy(),
    )
    np.testing.assert_allclose(
        losses.sparse_categorical_crossentropy(CLASSES, S.T, axis=0).numpy(),
        losses.sparse_categorical_crossentropy(CLASSES, S).numpy(),
    )
    np.testing.assert_allclose(
        losses.sparse_categorical_crossentropy(
            CLASSES, softmax(Tensor(Z.T), 0), axis=0
        ),
        losses.sparse_categorical_crossentropy(CLASSES, S).numpy(),
    )


def test_class_numbers_of_more_axes():
    y, p = CLASSES.reshape(2, 3), S.reshape(2, 3, 3)
    expected = CASES["sparse_categorical_crossentropy"][2].reshape(2, 3)
    for targets in (y, y[..., None], y.astype(float)):
        out = losses.sparse_categorical_crossentropy(targets, p)
        np.testing.assert_allclose(out.numpy(), expected)


def test_ignored_classes():
    out = losses.sparse_categorical_crossentropy(CLASSES, S, ignore_class=1).numpy()
    kept = CLASSES != 1
    assert (out[~kept] == 0).all()
    np.testing.assert_allclose(
        out[kept], CASES["sparse_categorical_crossentropy"][2][kept]
    )
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1)
    assert loss(CLASSES, S).item() == pytest.approx(out[kept].mean(), rel=1e-6)
    assert loss(CLASSES[:, None], S).item() == pytest.approx(out[kept].mean(), rel=1e-6)
    total = losses.SparseCategoricalCrossentropy(ignore_class=1, reduction="sum")
    assert total(CLASSES, S).item() == pytest.approx(out.sum(), rel=1e-6)
    ignored = losses.SparseCategoricalCrossentropy(ignore_class=-1)(np.full(6, -1), S)
    assert ignored.item() == 0


VALUES = (E**2).mean(-1)
W = np.array([0.5, 1.0, 2.0, 0.0, 1.5, 1.0])


@pytest.mark.parametrize(
    ("reduction", "weight", "expected"),
    [
        ("sum_over_batch_size", None, VALUES.mean()),
        ("mean", None, VALUES.mean()),
        ("sum", None, VALUES.sum()),
        ("mean_with_sample_weight", None, VALUES.mean()),
        ("none", None, VALUES),
        (None, None, VALUES),
        ("sum_over_batch_size", W, (VALUES * W).mean()),
        ("sum_over_batch_size", W[:, None], (VALUES * W).mean()),
        ("sum_over_batch_size", 2.0, 2 * VALUES.mean()),
        ("sum", W, (VALUES * W).sum()),
        ("mean_with_sample_weight", W, (VALUES * W).sum() / W.sum()),
        ("mean_with_sample_weight", 0 * W, 0),
        ("none", W, VALUES * W),
    ],
)
def test_reductions_and_weights(reduction, weight, expected):
    loss = losses.MeanSquaredError(reduction=reduction, dtype="float64")
    np.testing.assert_allclose(loss(T, Z, sample_weight=weight).numpy(), expected)


def test_weights_per_position():
    y, p = T.reshape(2, 3, 3), Z.reshape(2, 3, 3)
    loss = losses.MeanSquaredError(dtype="float64")
    values = VALUES.reshape(2, 3)
    w = W.reshape(2, 3)
    assert loss(y, p, w).item() == pytest.approx((values * w).mean())
    assert loss(y, p, w[:, :1]).item() == pytest.approx((values * w[:, :1]).mean())
    with pytest.raises(
        ValueError, match=r"sample_weight has shape \(5,\).*values of shape"
    ):
        loss(y, p, np.ones(5))
    with pytest.raises(ValueError, match="sample_weight"):
        losses.MeanSquaredError()(T, Z, np.ones(5))


def test_unknown_reduction():
    with pytest.raises(ValueError, match="unknown reduction 'avg'"):
        losses.MeanSquaredError(reduction="avg")
    with pytest.raises(ValueError, match="'sum_over_batch_size'"):
        losses.MeanSquaredError(reduction="sum_over_batchsize")


@pytest.mark.parametrize("name", ["mean_squared_error", "binary_crossentropy", "huber"])
@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((6,), (6,))])
def test_targets_of_n_against_n_1(name, shapes):
    y, p = Y[:, 0].reshape(shapes[0]), P[:, 0].reshape(shapes[1])
    loss = CLASS_OF[name]()
    expected = loss(Y[:, :1], P[:, :1]).item()
    assert loss(y, p).item() == pytest.approx(expected, rel=1e-6)


def test_ranks_are_aligned_with_the_logits():
    z = Tensor(np.array([[1000.0], [-1000.0]], "float32"))
    loss = losses.BinaryCrossentropy()
    assert loss([0.0, 0.0], sigmoid(z)).item() == 500
    assert loss([[0.0], [0.0]], sigmoid(z.ravel())).item() == 500
    deep = sigmoid(z.reshape(1, 2, 1))
    assert loss([[0.0, 0.0]], deep).item() == 500


@pytest.mark.parametrize(
    ("name", "y", "p", "words"),
    [
        ("mean_squared_error", (6, 1), (6, 3), None),
        ("mean_squared_error", (6, 2), (6, 3), r"\(6, 2\).*\(6, 3\).*number of units"),
        ("mean_squared_error", (5, 3), (6, 3), r"\(5, 3\)"),
        ("mean_squared_error", (6, 10), (6, 1), r"\(6, 10\).*\(6, 1\)"),
        ("binary_crossentropy", (6, 10), (6, 1), r"\(6, 10\).*\(6, 1\)"),
        (
            "categorical_crossentropy",
            (6,),
            (6, 3),
            "use sparse_categorical_crossentropy",
        ),
        (
            "categorical_crossentropy",
            (6, 1),
            (6, 3),
            "use sparse_categorical_crossentropy",
        ),
        (
            "sparse_categorical_crossentropy",
            (6, 3),
            (6, 3),
            "use categorical_crossentropy",
        ),
        (
            "sparse_categorical_crossentropy",
            (5,),
            (6, 3),
            "one class number per sample",
        ),
    ],
)
def test_shapes_that_do_not_fit(name, y, p, words):
    y, p = np.zeros(y), np.full(p, 0.5)
    if words is None:
        assert CLASS_OF[name]()(y, p).item() == 0.25  # one target for all outputs
        return
    with pytest.raises(ValueError, match=words):
        CLASS_OF[name]()(y, p)


def test_one_class_is_warned_about():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.categorical_crossentropy(np.ones((2, 1)), np.ones((2, 1)))


def test_integers_and_lists():
    out = losses.mean_squared_error([[1, 2]], [[1, 4]])
    assert out.dtype == "float32"
    assert out.item() == 2
    assert losses.BinaryCrossentropy()([1, 0], [0.5, 0.5]).item() == pytest.approx(
        np.log(2)
    )


def test_users_losses():
    class Own(losses.Loss):
        def __init__(self, factor=1.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * np.mean(np.absolute(y_true - y_pred), axis=-1)

    loss = Own(2.0, name="own", reduction="sum")
    assert loss(T, Z).item() == pytest.approx(2 * abs(E).mean(-1).sum(), rel=1e-5)
    assert loss.get_config()["factor"] == 2.0
    assert Own.from_config(loss.get_config())(T, Z).item() == loss(T, Z).item()
    with pytest.raises(NotImplementedError, match="no method call"):
        losses.Loss()(T, Z)


def test_resolve():
    def own(y_true, y_pred):
        return np.mean(np.square(y_true - y_pred), axis=-1)

    assert losses.resolve(None, Y, P) is None
    assert losses.resolve("mse", Y, P).name == "mse"
    assert losses.resolve(own, Y, P).name == "own"
    assert losses.resolve(own, Y, P)(T, Z).item() == pytest.approx(VALUES.mean())
    loss = losses.Huber()
    assert losses.resolve(loss, Y, P) is loss
    fns = {
        (6, 1): losses.binary_crossentropy,
        (6, 3): losses.categorical_crossentropy,
        (6,): losses.sparse_categorical_crossentropy,
    }
    for shape, fn in fns.items():
        pred = np.zeros((6, 1) if shape == (6, 1) else (6, 3))
        assert losses.resolve("crossentropy", np.zeros(shape), pred).fn is fn
        assert losses.resolve("CE", np.zeros(shape), pred).fn is fn


def test_the_dtype_of_a_loss_is_fixed():
    loss = losses.MeanSquaredError(dtype="float64")
    assert loss.dtype == "float64"
    with pytest.raises(AttributeError):
        loss.dtype = "float32"


def test_ctc_with_a_blank_among_the_labels():
    """Figures of Keras 3.15.1: what is counted as length, and what may be left out."""
    logits = (np.arange(24, dtype="float32").reshape(2, 4, 3) - 12) / 100
    values = losses.ctc([[1, 2, 1, 0], [1, 2, 0, 2]], logits)
    np.testing.assert_allclose(values, [2.4429314, 2.4543598], rtol=1e-6)
