"""Arguments, methods and names that models had in Keras 1 and 2."""

from __future__ import annotations

import numpy as np
import pytest
from old_program import X, or_gate, quiet, y

import tinygrad_lr as keras
from tinygrad_lr import legacy


def test_nb_epoch():
    with pytest.warns(DeprecationWarning, match=r"nb_epoch=.* epochs="):
        history = or_gate().fit(X, y, nb_epoch=3, verbose=0)
    assert history.epoch == [0, 1, 2]
    with pytest.raises(TypeError, match="both 'nb_epoch' and 'epochs'"):
        or_gate().fit(X, y, nb_epoch=3, epochs=3)


def test_arguments_without_effect_are_taken_and_named_once():
    model = or_gate()

    def use_all():
        workers = {"workers": 4, "use_multiprocessing": True, "max_queue_size": 10}
        model.fit(X, y, verbose=0, show_accuracy=True, **workers)
        model.evaluate(X, y, verbose=0, **workers)
        model.predict(X, verbose=0, **workers)

    with pytest.warns(DeprecationWarning, match="has no effect here") as found:
        _ = [use_all(), use_all()]
    messages = [str(warning.message) for warning in found]
    assert sorted(message.split("=")[0] for message in messages) == [
        "max_queue_size", "show_accuracy", "use_multiprocessing", "workers",
    ]  # fmt: skip
    assert all("has no effect here" in message for message in messages)
    assert {warning.filename for warning in found} == {__file__}


def test_predict_classes_of_one_probability():
    model = or_gate()
    model.set_weights([np.array([[8.0], [8.0]]), np.array([-4.0])])
    classes = model.predict_classes(X)
    assert classes.dtype == np.int32
    assert classes.tolist() == y.tolist()
    np.testing.assert_array_equal(
        model.predict_proba(X, 1), model.predict(X, verbose=0)
    )


def test_predict_classes_of_several():
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax", input_dim=2)])
    p = model.predict(X, verbose=0)
    classes = model.predict_classes(X, batch_size=2, verbose=0)
    assert classes.shape == (4,)
    assert classes.tolist() == p.argmax(axis=1).tolist()


@pytest.mark.parametrize("metrics", ["acc", "accuracy", ["acc"], ["accuracy"]])
def test_accuracy_under_both_names(metrics):
    history = or_gate(metrics=metrics).fit(
        X, y, epochs=2, verbose=0, validation_data=(X, y)
    ).history  # fmt: skip
    assert history["acc"] == history["accuracy"]
    assert history["val_acc"] == history["val_accuracy"]
    assert len(history["acc"]) == 2


def test_evaluate_returns_a_number_or_a_list():
    assert np.ndim(or_gate().evaluate(X, y, verbose=0)) == 0
    found = or_gate(metrics=["accuracy"]).evaluate(X, y, verbose=0)
    assert isinstance(found, list)
    assert len(found) == 2


def test_every_member_of_the_table_is_there():
    for cls, members in legacy.MEMBERS.items():
        for name in members:
            assert hasattr(cls, name)
            assert cls.__dict__[name].__doc__


# -- methods and names of old models ---------------------------------------------------


def batches(size=2):
    while True:
        for start in range(0, 4, size):
            yield X[start : start + size], y[start : start + size]


def test_fit_generator_of_keras_2():
    model = or_gate(metrics=["accuracy"])
    history = quiet(
        lambda: model.fit_generator(
            batches(), steps_per_epoch=2, epochs=3, verbose=0, workers=4,
            validation_data=batches(), validation_steps=2, max_queue_size=10,
        )
    )  # fmt: skip
    assert history.epoch == [0, 1, 2]
    assert len(history.history["val_acc"]) == 3
    assert model.predict_generator(batches(), steps=2).shape == (4, 1)
    assert len(model.evaluate_generator(batches(), 2)) == 2


def test_fit_generator_of_keras_1():
    model = or_gate()
    seen = []

    class Counter(keras.callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append(batch)

    quiet(
        lambda: model.fit_generator(
            batches(), samples_per_epoch=4, nb_epoch=2, verbose=0, nb_worker=1,
            callbacks=[Counter()], validation_data=batches(), nb_val_samples=4,
        )
    )  # fmt: skip
    assert seen == [0, 1, 0, 1]
    assert model.predict_generator(batches(), val_samples=4).shape == (4, 1)
    assert np.ndim(model.evaluate_generator(batches(), val_samples=4)) == 0


def test_the_rest_of_old_models():
    model = or_gate(metrics=["accuracy"])
    model.fit(X, y, verbose=0)
    assert model.model is model
    assert model.metrics_names == ["loss", "accuracy"]
    model.reset_states()
    with pytest.raises(RuntimeError, match="to_json"):
        model.to_yaml()

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.model = or_gate()

    assert isinstance(Own().model, keras.Sequential)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("keras.layers.LSTM", "recurrent layers are not there"),
        ("keras.layers.recurrent.GRU", "recurrent layers are not there"),
        ("keras.layers.convolutional.Convolution2D", "layers are not there"),
        ("tensorflow.keras.layers.MaxPooling2D", "layers are not there"),
        ("keras.ops.conv", "convolution and pooling"),
        ("keras.models.model_from_yaml", "use model_from_json"),
    ],
)
def test_what_is_missing_is_named(path, why):
    import importlib

    from tinygrad_lr import alias

    alias.install()
    module, _, name = path.rpartition(".")
    with pytest.raises(AttributeError, match=why):
        getattr(importlib.import_module(module), name)
    with pytest.raises(ImportError, match=name):
        exec(f"from {module} import {name}")


def test_models_of_keras_1_name_their_places_in_the_singular():
    place = keras.Input((2,))
    out = keras.layers.Dense(3)(place)
    model = quiet(lambda: keras.Model(input=place, output=out))
    assert model.predict(X, verbose=0).shape == (4, 3)


def test_a_train_step_for_keras_2_calls_the_compiled_loss_itself():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1, kernel_regularizer="l2")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                p = self(x, training=True)
                loss = self.compiled_loss(y, p, regularization_losses=self.losses)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(
                zip(gradients, self.trainable_variables, strict=True)
            )
            self.compiled_metrics.update_state(y, p)
            return {m.name: m.result() for m in self.metrics}

    class Plain(Own):
        train_step = keras.Model.train_step

    x = np.linspace(-1, 1, 12).reshape(6, 2).astype("float32")
    y = x[:, :1] * 2
    histories = []
    for kind in (Own, Plain):
        keras.utils.set_random_seed(1)
        model = kind()
        model.compile("sgd", "mse", metrics=["mae"])
        histories.append(model.fit(x, y, batch_size=3, epochs=3, verbose=0).history)
    assert histories[0] == histories[1]
