"""All kinds of data go through recorded steps with the results of written ones."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, CLASSES, X, agree, bits, small, state

import tinygrad_lr as keras
from tinygrad_lr import Variable
from tinygrad_lr.layers import Dense


@pytest.mark.parametrize(
    "dtype", ["float64", "float16", "int64", "int8", "uint8", "bool"]
)
@pytest.mark.parametrize("targets", ["float64", "int64", "bool"])
def test_dtypes(dtype: str, targets: str) -> None:
    agree(lambda: small(metrics=["acc"]), (X * 3).astype(dtype), BINARY.astype(targets))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "float32", "float64"])
def test_dtypes_of_class_numbers(dtype: str) -> None:
    agree(
        lambda: small(
            "sparse_categorical_crossentropy", units=3, last="softmax", metrics=["acc"]
        ),
        y=CLASSES.astype(dtype),
    )


LAYOUTS = {
    "fortran": lambda x: np.asfortranarray(x),
    "reversed": lambda x: x[::-1],
    "every_second": lambda x: np.repeat(x, 2, axis=0)[::2],
    "columns": lambda x: np.hstack([x, x])[:, : x.shape[1]],
    "read_only": lambda x: np.broadcast_to(x, x.shape),
    "list": lambda x: x.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shuffle", [True, False])
def test_layouts(layout: str, shuffle: bool) -> None:
    change = LAYOUTS[layout]
    agree(small, change(X), change(BINARY), shuffle=shuffle)


def test_single_batches_in_any_layout() -> None:
    """A product with one column is rounded otherwise where there are gaps."""
    x = np.random.default_rng(0).normal(size=(9, 96)).astype("float32")
    batches = [x, *(LAYOUTS[name](x) for name in LAYOUTS if name != "list")]

    def results(eagerly: bool) -> Any:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((96,)), Dense(1)])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        found = [model.train_on_batch(batch, BINARY[:9]) for batch in batches * 2]
        return found, [model.predict_on_batch(batch) for batch in batches * 2]

    assert bits(results(False)) == bits(results(True))


class Batches:
    """Batches of varying lengths, again and again."""

    lengths = (4, 4, 7, 1, 4, 7, 2)

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[Any]:
        at = 0
        for length in self.lengths:
            rows = np.arange(at, at + length) % 22
            yield X[rows], BINARY[rows]
            at += length


def test_batches_of_varying_lengths() -> None:
    results = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(1)
        model = small(optimizer="adam", metrics=["acc"], run_eagerly=eagerly)
        history = model.fit(Batches(), epochs=4, verbose=0).history
        measured = model.evaluate(Batches(), verbose=0)
        results.append(
            [history, measured, model.predict(Batches(), verbose=0), state(model)]
        )
        if not eagerly:
            assert len(model.train_function.programs) == 4
    assert bits(results[0]) == bits(results[1])


def test_batches_whose_other_axes_vary() -> None:
    class Mean(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(np.mean(x, axis=1))

    def batches() -> Iterator[Any]:
        for length in (5, 3, 5, 1, 3, 5):
            yield np.full((4, length, 2), length, "float32"), np.ones((4, 1), "float32")

    results = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(1)
        model = Mean()
        model.compile("sgd", "mse", run_eagerly=eagerly)
        results.append([model.fit(batches(), verbose=0).history, model.get_weights()])
    assert bits(results[0]) == bits(results[1])


class Named(keras.Model):
    """Takes a dict or a list of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Dense(3, "tanh"), Dense(3, "tanh")
        self.out = Dense(1, "sigmoid")

    def call(self, x: Any) -> Any:
        a, b = (x["b"], x["a"]) if isinstance(x, dict) else x
        return self.out(self.one(a) - self.two(b))


@pytest.mark.parametrize("kind", [dict, list])
def test_several_inputs(kind: Any) -> None:
    a, b = X[:, :2], X[:, 1:]
    x = {"b": b, "a": a} if kind is dict else [a, b]

    def make() -> Any:
        model = Named()
        model.compile("adam", "binary_crossentropy", metrics=["acc"])
        return model

    agree(make, x)


def test_the_order_of_a_dict_makes_no_difference() -> None:
    keras.utils.set_random_seed(1)
    model = Named()
    model.compile("sgd", "mse")
    a, b = X[:, :2], X[:, 1:]
    first = model.predict({"a": a, "b": b}, verbose=0)
    again = model.predict({"b": b, "a": a}, verbose=0)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, model({"b": b, "a": a}).numpy())


def test_arrays_changed_between_trainings() -> None:
    results = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(1)
        model = small(run_eagerly=eagerly)
        x, y = X.copy(), BINARY.copy()
        found = []
        for _ in range(3):
            found.append(model.fit(x, y, batch_size=8, verbose=0).history)
            found.append(model.predict(x, batch_size=8, verbose=0))
            x *= 0.5
            y[:] = 1 - y
        results.append(found)
        assert x.flags.writeable
        assert y.flags.writeable
    assert bits(results[0]) == bits(results[1])


@pytest.mark.parametrize("rows", [1, 2, 22])
def test_outputs_belong_to_the_caller(rows: int) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(600, input_dim=3), Dense(200, "tanh")])
    model.compile("sgd", "mse")
    x = X[:rows].copy()
    first = model.predict(x, verbose=0)
    kept = first.copy()
    second = model.predict(x, verbose=0)
    second += 1
    x += 1
    third = model.predict(X[:rows], verbose=0)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(third, kept)
    assert first.flags.writeable
    batch = model.predict_on_batch(X[:rows])
    batch += 1
    np.testing.assert_array_equal(model.predict_on_batch(X[:rows]), kept)


def test_predict_of_the_inputs_themselves() -> None:
    model = keras.Sequential([keras.layers.Activation("linear")])
    x = X.copy()
    out = model.predict(x, verbose=0)
    out += 1
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(model.predict(x, verbose=0), X)


def test_read_only_arrays_in_predict() -> None:
    model = small()
    x = X.copy()
    expected = model.predict(x, verbose=0)
    x.setflags(write=False)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    assert not x.flags.writeable


def test_outputs_of_a_callback_are_not_changed_by_the_next_batch() -> None:
    class Collect(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.outputs: list[Any] = []

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            self.outputs.append(logs["outputs"])

    collect = Collect()
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(600, input_dim=3), Dense(300, "tanh")])
    whole = model.predict(X[:20], batch_size=4, verbose=0, callbacks=[collect])
    np.testing.assert_array_equal(np.concatenate(collect.outputs), whole)


@pytest.mark.parametrize("width", [4, 600])
def test_threads_that_predict_with_one_model(width: int) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(width, "tanh", input_dim=3), Dense(2)])
    model.compile("sgd", "mse")
    inputs = [X[: 3 + n % 3] + n for n in range(6)]
    expected = [model(x).numpy() for x in inputs]
    wrong: list[Any] = []

    def work(number: int) -> None:
        try:
            for _ in range(15):
                got = model.predict(inputs[number], verbose=0)
                if not np.array_equal(got, expected[number]):
                    wrong.append(number)
        except Exception as error:  # a thread must not fail unseen
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
@pytest.mark.parametrize("width", [4, 600])
def test_copies_of_variables_stand_alone(copied: Any, width: int) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(width, "tanh", input_dim=3), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, BINARY, batch_size=11, epochs=2, verbose=0)
    kernel = model.layers[0].kernel
    before = kernel.numpy()
    twin = copied(kernel)
    model.fit(X, BINARY, batch_size=11, verbose=0)
    np.testing.assert_array_equal(twin.numpy(), before)
    assert not np.array_equal(kernel.numpy(), before)
    now = kernel.numpy()
    twin.assign(twin * 0)
    np.testing.assert_array_equal(kernel.numpy(), now)
    assert (twin.name, twin.path, twin.trainable) == (
        kernel.name,
        kernel.path,
        kernel.trainable,
    )
    plain = copied(Variable([1.0], name="w", trainable=False))
    assert (plain.name, plain.trainable, plain.tolist()) == ("w", False, [1.0])


def test_a_copied_model_trains_by_itself() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(600, "tanh", input_dim=3), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, BINARY, batch_size=11, verbose=0)
    twin = copy.deepcopy(model)
    before = bits(twin.get_weights())
    assert before == bits(model.get_weights())
    model.fit(X, BINARY, batch_size=11, verbose=0, shuffle=False)
    assert bits(twin.get_weights()) == before
    twin.fit(X, BINARY, batch_size=11, verbose=0, shuffle=False)
    assert bits(twin.get_weights()) == bits(model.get_weights())


def test_weights_handed_out_before_a_training_keep_their_values() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([Dense(600, "tanh", input_dim=3), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, BINARY, batch_size=11, verbose=0)
    kernel = model.layers[0].kernel
    handed = [
        kernel.numpy(),
        kernel.value,
        kernel.data,
        kernel * 1,
        model.get_weights()[0],
    ]
    kept = np.array(handed[0])
    model.fit(X, BINARY, batch_size=11, epochs=3, verbose=0)
    for one in handed:
        values = one.numpy() if isinstance(one, keras.Tensor) else one
        np.testing.assert_array_equal(values, kept)


def test_a_recording_is_of_one_nesting() -> None:
    """Leaves of a dict go by name, those of a list by place: their programs differ."""

    def fitted(first: bool) -> Any:
        keras.utils.set_random_seed(0)
        places = [keras.Input((3,), name="b"), keras.Input((3,), name="a")]
        hidden = [Dense(1, name="v")(places[0]), Dense(1, name="u")(places[1])]
        model = keras.Model(places, hidden)
        model.compile("sgd", "mse")
        lists = [X, 2 * X], [BINARY, -BINARY]
        dicts = {"b": X, "a": 2 * X}, {"v": BINARY, "u": -BINARY}
        one, other = (lists, dicts) if first else (dicts, lists)
        losses = [
            model.fit(*data, shuffle=False, verbose=0, epochs=2).history["loss"]
            for data in (one, other)
        ]
        results = [model.predict(data[0], verbose=0) for data in (one, other)]
        assert bits(results[0]) == bits(results[1])
        return losses, results[0]

    assert bits(fitted(first=True)) == bits(fitted(first=False))
