"""The wrappers inside scikit-learn: validation, search, pipelines, files."""

from __future__ import annotations

import io

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.wrappers import (
    SKLearnClassifier,
    SKLearnRegressor,
    SKLearnTransformer,
)
from tinygrad_lr.wrappers.scikit_learn import KerasClassifier, KerasRegressor

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
import joblib
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
LABELS = np.array(["a", "b", "c"])[np.argmax(X, axis=1)]
Y = X @ np.array([1.0, -2.0, 0.5])


def network(units, outputs, activation, loss):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    return model


def classes(units=8):
    return network(units, 3, "softmax", "categorical_crossentropy")


def numbers(units=8):
    return network(units, 1, None, "mse")


def model_for(X, y, units=8):
    if y.shape[1] > 1:
        return network(units, y.shape[1], "softmax", "categorical_crossentropy")
    return network(units, 1, None, "mse")


QUIET = {"epochs": 20, "batch_size": 10, "verbose": 0}


def estimators():
    yield KerasClassifier(build_fn=classes, **QUIET), LABELS
    yield KerasRegressor(build_fn=numbers, **QUIET), Y
    yield SKLearnClassifier(model_for, fit_kwargs=QUIET), LABELS
    yield SKLearnRegressor(model_for, fit_kwargs=QUIET), Y


@pytest.mark.parametrize(("estimator", "y"), list(estimators()))
def test_everywhere_in_scikit_learn(estimator, y):
    classifier = y is LABELS
    assert is_classifier(estimator) == classifier
    assert is_regressor(estimator) != classifier
    folds = KFold(3, shuffle=True, random_state=1)
    scores = cross_val_score(estimator, X, y, cv=folds)
    assert scores.shape == (3,)
    assert min(scores) > (0.6 if classifier else -2)
    piped = make_pipeline(StandardScaler(), clone(estimator)).fit(X, y)
    assert piped.score(X, y) > (0.7 if classifier else -1)
    file = io.BytesIO()
    joblib.dump(piped, file)
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).predict(X), piped.predict(X))


def test_grid_search_in_two_processes():
    grid = {"units": [2, 16], "epochs": [1, 20]}
    estimator = KerasClassifier(classes, batch_size=10, verbose=0)
    search = GridSearchCV(estimator, grid, cv=3, n_jobs=2).fit(X, LABELS)
    assert search.best_params_ == {"units": 16, "epochs": 20}
    assert search.best_score_ > 0.7
    assert search.best_estimator_.model.layers[0].units == 16


def test_grid_search_through_a_pipeline():
    pipe = Pipeline(
        [("scale", StandardScaler()), ("mlp", KerasRegressor(numbers, **QUIET))]
    )
    search = GridSearchCV(pipe, {"mlp__epochs": [1, 30]}, cv=2).fit(X, Y)
    assert search.best_params_ == {"mlp__epochs": 30}


def test_grid_search_over_the_arguments_of_the_function():
    estimator = SKLearnClassifier(model_for, fit_kwargs=QUIET)
    grid = {"model_kwargs": [{"units": 1}, {"units": 16}]}
    search = GridSearchCV(estimator, grid, cv=2).fit(X, LABELS)
    assert search.best_params_ == {"model_kwargs": {"units": 16}}


def test_a_model_is_cloned_before_it_is_trained():
    model = keras.Sequential([keras.layers.Dense(1, input_dim=3)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    estimator = SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, Y, epochs=3)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert estimator.epoch_ == [0, 1, 2]
    assert estimator.history_.history["loss"]
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0})
    warm.fit(X, Y).fit(X, Y)
    assert warm.model_ is model
    assert clone(warm).model is not model
    assert clone(warm).fit_kwargs == {"verbose": 0}


def test_a_transformer_gives_features():
    transformer = SKLearnTransformer(model_for, fit_kwargs=QUIET)
    assert transformer.fit(X, Y).transform(X).shape == (90, 1)
    piped = make_pipeline(clone(transformer), KerasRegressor(numbers, **QUIET))
    assert piped.fit(X, Y).predict(X).shape == (90,)


def test_bad_input():
    model = keras.Sequential([keras.layers.Dense(1, input_dim=3)])
    with pytest.raises(RuntimeError, match="expected a compiled model"):
        SKLearnRegressor(model).fit(X, Y)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        SKLearnRegressor(model).predict(X)
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match="only one class is present"):
        SKLearnClassifier(model).fit(X, np.ones(90))
    with pytest.raises(ValueError, match="Only binary and multiclass"):
        SKLearnClassifier(model).fit(X, Y)
    model.compile("sgd", "binary_crossentropy")
    estimator = SKLearnClassifier(lambda X, y: network(1, 3, None, "mse"))
    estimator.fit(X, LABELS, verbose=0)
    estimator.classes_ = estimator.classes_[:2]
    with pytest.raises(ValueError, match="expected a model with 2 outputs"):
        estimator.predict(X)


def test_weights_are_routed_to_fit():
    def linear(X, y):
        layer = keras.layers.Dense(1, kernel_initializer="ones")
        model = keras.Sequential([layer])
        model.compile("sgd", "mse")
        return model

    estimator = SKLearnRegressor(linear, fit_kwargs={"verbose": 0})
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        estimator.set_fit_request(sample_weight=True)
    with config_context(enable_metadata_routing=True):
        estimator.set_fit_request(sample_weight=True)
        whole = make_pipeline(clone(estimator))
        whole.fit(X, Y, sample_weight=np.zeros(len(X)))
    first = whole[0].model_.get_weights()[0]
    np.testing.assert_array_equal(first, np.ones((X.shape[1], 1)))  # nothing learned
