"""scikit-learn's own examination of an estimator, passed by every wrapper."""

from __future__ import annotations

import pytest

import tinygrad_lr as keras
from tinygrad_lr.wrappers import (
    SKLearnClassifier,
    SKLearnRegressor,
    SKLearnTransformer,
)
from tinygrad_lr.wrappers.scikit_learn import KerasClassifier, KerasRegressor

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn.utils.estimator_checks import parametrize_with_checks


def network(outputs, activation, loss, metrics=None):
    model = keras.Sequential(
        [
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=metrics)
    return model


def classifier(X, y):
    keras.utils.set_random_seed(1)
    return network(y.shape[1], "softmax", "categorical_crossentropy")


def regressor(X, y):
    keras.utils.set_random_seed(1)
    return network(1, "linear", "mse")


class Classifier(KerasClassifier):
    def __init__(self, epochs=30, verbose=0):
        super().__init__()
        self.epochs = epochs
        self.verbose = verbose

    def __call__(self):
        keras.utils.set_random_seed(1)
        loss = "sparse_categorical_crossentropy"
        return network(max(2, self.n_classes_), "softmax", loss, ["accuracy"])


class Regressor(KerasRegressor):
    def __call__(self):
        keras.utils.set_random_seed(1)
        return network(1, "linear", "mse")


# Keras divides a weighted loss by the number of rows, not by the sum of the weights.
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"


def expected_to_fail(estimator):
    if isinstance(estimator, (KerasClassifier, KerasRegressor)):
        return {WEIGHTS: "weights are not repetitions in Keras"}
    return {}


QUIET = {"epochs": 30, "verbose": 0}


@parametrize_with_checks(
    [
        SKLearnClassifier(classifier, fit_kwargs=QUIET),
        SKLearnRegressor(regressor, fit_kwargs=QUIET),
        SKLearnTransformer(regressor, fit_kwargs=QUIET),
        Classifier(),
        Regressor(),
    ],
    expected_failed_checks=expected_to_fail,
)
def test_check(estimator, check):
    check(estimator)
