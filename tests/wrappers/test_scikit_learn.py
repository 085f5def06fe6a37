"""KerasClassifier and KerasRegressor: as Keras 2 had them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.wrappers.scikit_learn import KerasClassifier, KerasRegressor

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3)).astype("float32")
LABELS = np.array(["ham", "spam"])[(X[:, 0] > 0).astype(int)]
Y = X @ np.array([1.0, -2.0, 0.5], "float32")


def binary(units=8, optimizer="adam"):
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu", input_dim=3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def categorical(hidden=4):
    model = keras.Sequential(
        [
            keras.layers.Dense(hidden, activation="tanh", input_dim=3),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    return model


def regression():
    model = keras.Sequential([keras.layers.Dense(1, input_dim=3)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return model


def test_arguments_go_where_they_are_known():
    wrapper = KerasClassifier(binary, units=5, epochs=2, batch_size=20, verbose=0)
    assert wrapper.filter_sk_params(binary) == {"units": 5}
    assert wrapper.filter_sk_params(keras.Sequential.fit, {"epochs": 1}) == {
        "epochs": 1, "batch_size": 20, "verbose": 0,
    }  # fmt: skip
    assert wrapper.filter_sk_params(keras.Sequential.evaluate) == {
        "batch_size": 20, "verbose": 0,
    }  # fmt: skip
    fitted = wrapper.fit(X, LABELS)
    assert fitted is wrapper
    assert wrapper.model.layers[0].units == 5
    assert wrapper.epoch == [0, 1]
    assert len(fitted.history["accuracy"]) == 2
    wrapper.fit(X, LABELS, epochs=3)
    assert len(wrapper.history["loss"]) == 3


def test_old_keywords_of_fit():
    wrapper = KerasRegressor(build_fn=regression, nb_epoch=4, verbose=0)
    with pytest.warns(DeprecationWarning, match="nb_epoch"):
        wrapper.fit(X, Y)
    assert wrapper.epoch == [0, 1, 2, 3]


def test_get_and_set_params():
    wrapper = KerasClassifier(build_fn=binary, epochs=2)
    assert wrapper.get_params() == {"build_fn": binary, "epochs": 2}
    assert wrapper.set_params(epochs=3, units=2) is wrapper
    assert wrapper.get_params() == {"build_fn": binary, "epochs": 3, "units": 2}
    assert wrapper.sk_params == {"epochs": 3, "units": 2}
    with pytest.raises(ValueError, match=r"epoch is not a legal.*Did you mean 'epochs"):
        wrapper.set_params(epoch=3)
    with pytest.raises(ValueError, match="unit is not a legal parameter"):
        KerasClassifier(binary, unit=3)


def test_a_wrapper_without_a_model():
    with pytest.raises(ValueError, match="expected a function that returns a compiled"):
        KerasClassifier().fit(X, LABELS)
    with pytest.raises(ValueError, match="not fitted"):
        KerasRegressor(regression).predict(X)


def test_labels_and_probabilities():
    wrapper = KerasClassifier(binary, epochs=80, batch_size=10, verbose=0)
    wrapper.fit(X, LABELS)
    assert wrapper.classes_.tolist() == ["ham", "spam"]
    assert wrapper.n_classes_ == 2
    p = wrapper.predict_proba(X, batch_size=7)
    assert p.shape == (60, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    predicted = wrapper.predict(X)
    assert predicted.shape == (60, 1)  # as the model has one output
    right = (predicted.ravel() == LABELS).mean()
    assert right > 0.9
    assert wrapper.score(X, LABELS) == pytest.approx(right)


@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_become_one_hot_for_the_categorical_loss(one_hot):
    labels = (X[:, 0] > 0).astype(int)
    wrapper = KerasClassifier(categorical, epochs=20, verbose=0)
    wrapper.fit(X, np.eye(2)[labels] if one_hot else labels)
    predicted = wrapper.predict(X)
    assert predicted.shape == (60,)
    assert wrapper.score(X, labels) == pytest.approx((predicted == labels).mean())


def test_score_needs_accuracy():
    def silent():
        model = keras.Sequential([keras.layers.Dense(1, "sigmoid", input_dim=3)])
        model.compile("sgd", "binary_crossentropy")
        return model

    wrapper = KerasClassifier(silent, verbose=0).fit(X, LABELS)
    with pytest.raises(ValueError, match="not configured to compute accuracy"):
        wrapper.score(X, LABELS)
    with pytest.raises(ValueError, match="Invalid shape for y"):
        wrapper._learn_target(np.zeros((60, 2, 2)))


def test_regression():
    wrapper = KerasRegressor(regression, epochs=30, batch_size=10, verbose=0)
    wrapper.fit(X, Y)
    assert wrapper.predict(X).shape == (60,)
    assert wrapper.predict(X[:1]).shape == (1,)
    np.testing.assert_allclose(wrapper.predict(X), Y, atol=0.1)
    loss = wrapper.model.evaluate(X, Y, verbose=0)[0]
    assert wrapper.score(X, Y) == pytest.approx(-loss)


def test_an_object_and_a_subclass_as_builder():
    class Builder:
        def __call__(self, units=3):
            return binary(units)

    class Own(KerasClassifier):
        def __call__(self, units=3):
            return binary(units)

    for wrapper in (KerasClassifier(Builder(), units=2), Own(units=2)):
        wrapper.fit(X, LABELS, verbose=0)
        assert wrapper.model.layers[0].units == 2


def test_the_model_can_be_put_in_place():
    wrapper = KerasRegressor(regression, verbose=0).fit(X, Y)
    model, wrapper.model = wrapper.model, None
    assert wrapper.model is None
    wrapper.model = model
    assert wrapper.predict(X).shape == (60,)


def test_pickling():
    wrapper = KerasClassifier(binary, epochs=1, verbose=0).fit(X, LABELS)
    twin = pickle.loads(pickle.dumps(wrapper))
    np.testing.assert_array_equal(twin.predict_proba(X), wrapper.predict_proba(X))
    assert twin.get_params() == wrapper.get_params()


def test_one_label_only():
    wrapper = KerasClassifier(binary, epochs=1, verbose=0)
    wrapper.fit(X, np.ones(60))
    assert set(wrapper.predict(X).ravel()) == {1}
    with pytest.raises(ValueError, match="at least one non-zero"):
        wrapper.fit(X, LABELS, sample_weight=np.zeros(60))
