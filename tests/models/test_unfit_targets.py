"""Targets that do not fit loss, metric or output: what to use instead is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense

X = np.linspace(-1, 1, 30, dtype="float32").reshape(10, 3)
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")


def model_of() -> keras.Sequential:
    model = keras.Sequential([Dense(2, input_dim=3), Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    return model


@pytest.mark.parametrize(
    ("labels", "found"), [([0, 1, 3], "3 in row 2"), ([0, -1, 1], "-1 in row 1")]
)
def test_class_numbers_that_there_are_not(labels: list[int], found: str) -> None:
    model = keras.Sequential([Dense(3, activation="softmax", input_dim=2)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=f"from 0 to 2.*got {found}"):
        model.fit(np.ones((3, 2)), np.array(labels), batch_size=1, verbose=0)


def classifier(loss: str = "sparse_categorical_crossentropy") -> Any:
    model = keras.Sequential([Dense(3, activation="softmax", input_dim=3)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("label", "hint"),
    [(7, "Number the classes from 0"), (-1, "from 0"), (0.5, "such as 'mse'")],
)
def test_class_numbers_are_looked_at_in_every_batch(label: float, hint: str) -> None:
    y = np.zeros(10)
    y[8] = label
    batches = [(X[i : i + 2], y[i : i + 2]) for i in range(0, 10, 2)]
    message = f"from 0 to 2 .* got {label}.* in row {{}}.*{hint}"
    model = classifier()
    with pytest.raises(ValueError, match=message.format(8)):
        model.evaluate(X, y, batch_size=2, verbose=0)
    with pytest.raises(ValueError, match=message.format(8)):
        model.fit(X, y, batch_size=2, steps_per_epoch=2, verbose=0)
    with pytest.raises(ValueError, match=message.format(0)):
        model.fit(iter(batches), verbose=0)
    with pytest.raises(ValueError, match=message.format(0)):
        model.evaluate(iter(batches), steps=5, verbose=0)
    for method in (model.train_on_batch, model.test_on_batch):
        method(*batches[0])
        with pytest.raises(ValueError, match=message.format(0)):
            method(*batches[4])


@pytest.mark.parametrize("label", [7, -1, 0.5])
def test_class_numbers_of_one_of_several_outputs(label: float) -> None:
    x = keras.Input((3,))
    outputs = [Dense(1, name="size")(x), Dense(3, "softmax", name="kind")(x)]
    model = keras.Model(x, outputs)
    model.compile("sgd", ["mse", "sparse_categorical_crossentropy"])
    y = np.zeros(10)
    y[8] = label
    with pytest.raises(ValueError, match=f"y of output 'kind'.*got {label}.*row 8"):
        model.fit(X, [Y, y], batch_size=2, verbose=0)
    with pytest.raises(ValueError, match="y of output 'kind'"):
        model.fit(X, {"size": Y, "kind": y}, batch_size=2, verbose=0)


def test_class_numbers_on_another_axis() -> None:
    model = keras.Sequential([keras.layers.Reshape((4, 2), input_shape=(8,))])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, axis=1)
    model.compile("sgd", loss)
    assert model.evaluate(np.zeros((5, 8)), np.full((5, 2), 3), verbose=0) > 0
    with pytest.raises(ValueError, match="from 0 to 3"):
        model.evaluate(np.zeros((5, 8)), np.full((5, 2), 4), verbose=0)


def test_class_numbers_and_outputs_that_are_no_probabilities() -> None:
    model = keras.Sequential([Dense(3, input_dim=3, kernel_initializer="ones")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="End the model with a sigmoid or softmax"):
        model.evaluate(X, np.zeros(10), verbose=0)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("categorical_crossentropy", [0] * 10, "use sparse_categorical_crossentropy"),
        (
            "sparse_categorical_crossentropy",
            np.eye(3)[[0] * 10],
            "use categorical_crossentropy",
        ),
    ],
)
def test_one_hot_against_class_numbers_names_the_loss_to_use(
    loss: str, y: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        classifier(loss).fit(X, y, verbose=0)


@pytest.mark.parametrize(
    "weights", [{"sample_weight": -np.ones(10)}, {"class_weight": {0: -1.0}}]
)
def test_negative_weights_are_doubted(weights: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="expected weights from 0, got -1"):
        model_of().fit(X, Y, verbose=0, **weights)


def test_probabilities_and_targets_outside_0_and_1_are_doubted() -> None:
    with pytest.warns(UserWarning, match="targets from 0 to 1, but they go from 3 to"):
        model_of().fit(X, Y + 3, verbose=0)
    model = keras.Sequential([Dense(1, input_dim=3, kernel_initializer="ones")])
    model.compile("sgd", "binary_crossentropy")
    with pytest.warns(UserWarning, match="expects probabilities from 0 to 1"):
        model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("categorical_accuracy", "use sparse_categorical_accuracy"),
        ("top_k_categorical_accuracy", "use sparse_top_k_categorical_accuracy"),
        ("Precision", r"make one-hot rows first: to_categorical\(y\)"),
        ("mse", "the number of units of the last layer"),
    ],
)
def test_a_metric_that_does_not_fit_the_output(metric: str, message: str) -> None:
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[metric])
    with pytest.raises(ValueError, match=message):
        model.fit(X, [0, 1] * 5, verbose=0)
