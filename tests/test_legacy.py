"""Old spellings mean what they meant, warn once, and never hide a mistake."""

from __future__ import annotations

import inspect
import math
import warnings

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import arguments, legacy
from tinygrad_lr.legacy.optimizer_methods import Decay

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y = np.array([[0], [1], [1], [1]])


@pytest.fixture(autouse=True)
def nothing_said_yet():
    arguments.warned.clear()


def quiet(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return call()


def or_gate(optimizer="sgd", **settings):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_dim=2)])
    model.compile(loss="binary_crossentropy", optimizer=optimizer, **settings)
    return model


# -- layers ----------------------------------------------------------------------------


def test_every_old_argument_of_a_layer_reaches_its_new_name():
    layer = quiet(
        lambda: keras.layers.Dense(
            output_dim=3, init="zeros", bias=False,
            W_regularizer=keras.regularizers.L2(0.5), b_regularizer="l1",
            W_constraint="non_neg", b_constraint="max_norm",
        )
    )  # fmt: skip
    assert layer.units == 3
    assert isinstance(layer.kernel_initializer, keras.initializers.Zeros)
    assert layer.use_bias is False
    assert layer.kernel_regularizer.l2 == 0.5
    assert isinstance(layer.bias_regularizer, keras.regularizers.L1)
    assert isinstance(layer.kernel_constraint, keras.constraints.NonNeg)
    assert isinstance(layer.bias_constraint, keras.constraints.MaxNorm)


def test_the_test_above_covers_the_table():
    assert set(legacy.ARGUMENTS["Layer"]) == {
        "output_dim", "init", "bias", "W_regularizer", "b_regularizer", "W_constraint",
        "b_constraint", "dim_ordering",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("make", "attribute", "expected"),
    [
        (lambda k: k.Dropout(p=0.5), "rate", 0.5),
        (lambda k: k.SpatialDropout1D(p=0.5), "rate", 0.5),
        (lambda k: k.GaussianDropout(p=0.5), "rate", 0.5),
        (lambda k: k.GaussianNoise(sigma=0.5), "stddev", 0.5),
        (lambda k: k.LeakyReLU(alpha=0.5), "negative_slope", 0.5),
        (lambda k: k.Reshape(dims=(2, 3)), "target_shape", (2, 3)),
        (lambda k: k.UpSampling1D(length=3), "size", 3),
        (lambda k: k.UpSampling2D(dim_ordering="th"), "data_format", "channels_first"),
        (lambda k: k.Flatten(dim_ordering="tf"), "data_format", "channels_last"),
        (lambda k: k.BatchNormalization(mode=0), "axis", -1),
        (lambda k: k.Embedding(9, 4, input_length=7), "_input_shape_arg", (7,)),
        (lambda k: k.Embedding(9, 4, input_length=None), "input_dim", 9),
    ],
)
def test_old_arguments_of_other_layers(make, attribute, expected):
    assert getattr(quiet(lambda: make(keras.layers)), attribute) == expected


def test_old_initializers_of_other_layers():
    k = keras.layers
    ones = keras.initializers.Ones
    made = quiet(lambda: k.BatchNormalization(beta_init="one", gamma_init="one"))
    assert isinstance(made.beta_initializer, ones)
    assert isinstance(made.gamma_initializer, ones)
    made = quiet(lambda: k.Embedding(3, 2, init="one", W_regularizer="l2"))
    assert isinstance(made.embeddings_initializer, ones)
    assert isinstance(made.embeddings_regularizer, keras.regularizers.L2)
    assert isinstance(quiet(lambda: k.PReLU(init="one")).alpha_initializer, ones)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda k: k.BatchNormalization(mode=1), "mode=1.*LayerNormalization"),
        (lambda k: k.BatchNormalization(virtual_batch_size=4), "no argument any more"),
        (lambda k: k.Embedding(3, 2, dropout=0.5), "SpatialDropout1D"),
    ],
)
def test_arguments_that_are_gone_say_what_to_do(make, message):
    with pytest.raises(TypeError, match=message):
        make(keras.layers)


def test_an_embedding_with_an_input_length_builds_its_model():
    model = keras.Sequential(
        [keras.layers.Embedding(9, 4, input_length=7), keras.layers.Flatten()]
    )
    assert model.output_shape == (None, 28)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("sum", [[5, 7]]), ("mul", [[4, 10]]), ("ave", [[2.5, 3.5]]),
        ("max", [[4, 5]]), ("concat", [[1, 2, 4, 5]]), ("dot", [[14]]),
        (lambda pair: pair[1] - pair[0], [[3, 3]]),
    ],
)  # fmt: skip
def test_merging_as_keras_1_had_it(mode, expected):
    pair = [np.array([[1.0, 2.0]]), np.array([[4.0, 5.0]])]
    assert legacy.merge(pair, mode=mode).numpy().tolist() == expected
    assert legacy.Merge(mode=mode)(pair).numpy().tolist() == expected


def test_what_merge_refuses():
    with pytest.raises(ValueError, match=r"unknown mode 'sun'\..*'sum'"):
        legacy.merge([X, X], mode="sun")
    with pytest.raises(NotImplementedError, match="Merge of models is no more"):
        legacy.Merge([keras.Sequential(), keras.Sequential()], mode="concat")


@pytest.mark.parametrize(
    "shape", [{"input_dim": 2}, {"input_shape": (2,)}, {"input_shape": [2]},
              {"batch_input_shape": (None, 2)}],
)  # fmt: skip
def test_input_shapes_on_the_first_layer_need_no_warning(shape):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = keras.Sequential([keras.layers.Dense(3, **shape)])
    assert model.input_shape == (None, 2)
    assert model.count_params() == 9


def test_input_layer_takes_a_number():
    for layer in (keras.layers.InputLayer(2), keras.layers.InputLayer(input_shape=(2,)),
                  keras.layers.InputLayer(input_shape=2)):  # fmt: skip
        model = keras.Sequential([layer, keras.layers.Dense(3)])
        assert model.count_params() == 9


def make_dense(units):
    return keras.layers.Dense(output_dim=units)


def test_one_warning_per_spelling_at_the_users_line():
    with pytest.warns(DeprecationWarning, match="output_dim=.*units=") as found:
        _ = [make_dense(units) for units in (3, 4)]
    assert len(found) == 1
    assert found[0].filename == __file__
    assert found[0].lineno == make_dense.__code__.co_firstlineno + 1


def test_a_users_own_argument_of_an_old_name_is_left_alone():
    class Mine(keras.layers.Layer):
        def __init__(self, init, output_dim=2, **kwargs):
            super().__init__(**kwargs)
            self.given = init, output_dim

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Mine(init=1, output_dim=3).given == (1, 3)


def test_old_and_new_name_together():
    with pytest.raises(TypeError, match="both 'output_dim' and 'units'"):
        keras.layers.Dense(units=3, output_dim=3)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: keras.layers.Dense(1, imput_dim=2), "input_dim"),
        (lambda: keras.layers.Dense(unit=2), "units"),
        (lambda: keras.optimizers.SGD(learnig_rate=0.1), "learning_rate"),
        (lambda: or_gate().fit(X, y, epoch=3), "epochs"),
        (lambda: or_gate(loses="mse"), "loss"),
    ],
)
def test_misspelt_arguments_get_the_nearest_known(call, near):
    with pytest.raises(TypeError, match=f"unknown argument .* Did you mean .*({near})"):
        call()


# -- optimizers ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_lr(name):
    with pytest.warns(DeprecationWarning, match=r"lr=.* learning_rate="):
        optimizer = getattr(keras.optimizers, name)(lr=0.25)
    assert float(optimizer.learning_rate) == float(optimizer.lr) == 0.25
    optimizer.lr = 0.5
    assert float(optimizer.learning_rate) == 0.5
    optimizer.lr.assign(0.125)
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_lr_and_learning_rate_together():
    with pytest.raises(TypeError, match="both 'lr' and 'learning_rate'"):
        keras.optimizers.SGD(lr=0.1, learning_rate=0.1)
    with pytest.raises(TypeError, match="both 'lr' and 'learning_rate'"):
        keras.optimizers.SGD(lr=0.1, learning_rate=0.1, decay=0.1)


def test_no_decay_is_no_schedule():
    optimizer = keras.optimizers.SGD(0.1, decay=0.0)
    optimizer.learning_rate = 0.5
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize(
    ("make", "rate"),
    [
        (lambda: keras.optimizers.SGD(lr=0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(decay=0.25, lr=0.5), 0.5),
        (lambda: keras.optimizers.SGD(learning_rate=0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(0.5, decay=0.25), 0.5),
        (lambda: keras.optimizers.SGD(decay=0.25), 0.01),
        (lambda: keras.optimizers.Adam(decay=0.25), 0.001),
    ],
)
def test_decay_means_what_it_meant(make, rate):
    optimizer = quiet(make)
    w = keras.Variable([1.0])
    for step in range(4):
        assert float(optimizer.learning_rate) == pytest.approx(rate / (1 + 0.25 * step))
        assert float(optimizer.lr) == pytest.approx(rate)
        optimizer.apply([np.array([1.0], "float32")], [w])
    if isinstance(optimizer, keras.optimizers.SGD):
        steps = sum(rate / (1 + 0.25 * step) for step in range(4))
        assert w.numpy()[0] == pytest.approx(1 - steps)


def test_lr_can_be_assigned_under_decay():
    optimizer = quiet(lambda: keras.optimizers.SGD(lr=0.5, decay=1.0))
    w = keras.Variable([0.0])
    optimizer.apply([np.array([1.0], "float32")], [w])
    optimizer.lr = 0.25
    assert float(optimizer.lr) == 0.25
    assert float(optimizer.learning_rate) == 0.125
    twin = keras.optimizers.SGD.from_config(optimizer.get_config())
    assert float(twin.lr) == 0.25
    assert isinstance(twin._learning_rate, Decay)
    assert twin._learning_rate.decay == 1


def test_decay_in_fit_follows_the_formula():
    keras.utils.set_random_seed(1)
    model = or_gate(quiet(lambda: keras.optimizers.SGD(lr=0.5, decay=0.1)))
    w, b = (a.astype(float) for a in model.get_weights())
    model.fit(X, y, epochs=30, batch_size=4, verbose=0)
    for step in range(30):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        rate = 0.5 / (1 + 0.1 * step)
        w -= rate * X.T @ (p - y) / 4
        b -= rate * np.mean(p - y)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], b, rtol=1e-5)


def has_a_learning_rate(kind):
    return "learning_rate" in inspect.signature(kind).parameters


@pytest.mark.parametrize(
    "kind",
    dict.fromkeys(
        filter(has_a_learning_rate, keras.optimizers.registry.entries.values())
    ),
)
def test_decay_of_every_optimizer(kind):
    optimizer = quiet(lambda: kind(lr=0.5, decay=0.25))
    w = keras.Variable(np.ones((2, 2), "float32"))
    for step in range(3):
        assert float(optimizer.learning_rate) == pytest.approx(0.5 / (1 + 0.25 * step))
        optimizer.apply([np.ones((2, 2), "float32")], [w])
    default = inspect.signature(kind).parameters["learning_rate"].default
    assert float(quiet(lambda: kind(decay=0.25)).lr) == pytest.approx(default)


def test_what_optimizers_could_do():
    optimizer = keras.optimizers.SGD(0.5, momentum=0.5)
    w = keras.Variable([3.0])
    optimizer.minimize(lambda: w * w, [w])
    assert w.numpy() == [0]
    assert [a.tolist() for a in optimizer.get_weights()] == [1, 0.5, [-3]]
    assert optimizer.weights == optimizer.variables
    with keras.GradientTape() as tape:
        loss = 2.0 * w
    optimizer.minimize(loss, [w], tape=tape)
    assert w.numpy() == [-2.5]
    with pytest.raises(ValueError, match="needs a function"):
        optimizer.minimize(loss, [w])


def test_old_arguments_of_penalties_and_constraints():
    assert quiet(lambda: keras.regularizers.l1(l=0.5)).l1 == 0.5
    assert quiet(lambda: keras.regularizers.L2(l=0.5)).l2 == 0.5
    assert quiet(lambda: keras.constraints.MaxNorm(m=3)).max_value == 3
    norm = quiet(lambda: keras.constraints.MinMaxNorm(low=0.1, high=0.5))
    assert (norm.min_value, norm.max_value) == (0.1, 0.5)
    assert type(quiet(lambda: keras.optimizers.Nadam(schedule_decay=0.004)))


@pytest.mark.parametrize("rate", ["fast", None, math.nan])
def test_decay_of_what_is_no_number(rate):
    with pytest.raises(ValueError, match="expected a number"):
        keras.optimizers.SGD(learning_rate=rate, decay=0.1)


@pytest.mark.parametrize(
    "name", ["sgd", "SGD", "Sgd", "adam", "Adam", "ADAM", "rmsprop", "RMSProp"]
)
def test_optimizers_in_any_case(name):
    model = or_gate(name)
    assert type(model.optimizer).__name__.lower() == name.lower()


@pytest.mark.parametrize(
    "name", ["binary_crossentropy", "Binary_Crossentropy", "BinaryCrossentropy", "mse",
             "MSE", "mean_squared_error", "MeanSquaredError", "mae"],
)  # fmt: skip
def test_losses_in_any_case(name):
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_dim=2)])
    model.compile("sgd", name)
    assert np.isfinite(model.evaluate(X, y, verbose=0))


# -- models ----------------------------------------------------------------------------


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
