"""The same numbers in every form that people pass in give the same training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense
from tinygrad_lr.models.data import all_finite, as_array, split

X = np.arange(30).reshape(10, 3) % 7
Y = np.arange(10) % 2


class Frame:
    """What a data frame looks like from outside."""

    def __init__(self, **columns: np.ndarray[Any, Any]) -> None:
        self.data = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        return self.data[name]

    def to_numpy(self) -> np.ndarray[Any, Any]:
        dtypes = {column.dtype for column in self.data.values()}
        out = np.stack([np.asarray(c, object) for c in self.data.values()], axis=1)
        return out if len(dtypes) > 1 else out.astype(dtypes.pop())


class Batches(keras.utils.PyDataset):
    """Two batches by number, counting the epochs."""

    ends = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    def on_epoch_end(self) -> None:
        self.ends += 1


class Reiterable:
    """Something one can go through again and again, like a data loader."""

    def __iter__(self) -> Iterator[Any]:
        yield from list(Batches())


def generator() -> Iterator[Any]:
    while True:
        yield from list(Batches())


FORMS: dict[str, Any] = {
    "int": lambda: {"x": X, "y": Y},
    "bool and float64": lambda: {"x": X.astype("float64"), "y": Y.astype(bool)},
    "uint8": lambda: {"x": X.astype("uint8"), "y": Y.astype("int8")},
    "float16": lambda: {"x": X.astype("float16"), "y": Y.astype("float16")},
    "column": lambda: {"x": X, "y": Y[:, None]},
    "lists": lambda: {"x": X.tolist(), "y": Y.tolist()},
    "tuples": lambda: {"x": tuple(map(tuple, X)), "y": tuple(Y.tolist())},
    "list of rows": lambda: {"x": list(X), "y": list(Y)},
    "list of one array": lambda: {"x": [X], "y": [Y]},
    "matrix": lambda: {"x": np.asmatrix(X), "y": Y},
    "fortran order": lambda: {"x": np.asfortranarray(X), "y": Y},
    "tensors": lambda: {"x": keras.Tensor(X), "y": keras.Tensor(Y)},
    "frame": lambda: {"x": Frame(a=X[:, 0], b=X[:, 1], c=X[:, 2] * 1.0), "y": Y},
    "generator": lambda: {"x": generator(), "steps_per_epoch": 3},
    "iterator": lambda: {"x": iter(list(Batches()) * 2), "steps_per_epoch": 3},
    "reiterable": lambda: {"x": Reiterable()},
    "dataset": lambda: {"x": Batches()},
    "lists in batches": lambda: {"x": iter([[x.tolist(), y] for x, y in Batches()] * 2),
                                 "steps_per_epoch": 3},
}  # fmt: skip


def trained(**data: Any) -> list[np.ndarray[Any, Any]]:
    keras.utils.set_random_seed(2)
    model = keras.Sequential([Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.fit(**data, epochs=2, batch_size=4, shuffle=False, verbose=0)
    return model.get_weights()


EXPECTED = trained(x=X.astype("float32"), y=Y.astype("float32"))


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_trains_alike(form: str) -> None:
    for a, b in zip(trained(**FORMS[form]()), EXPECTED, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", ["generator", "reiterable", "dataset"])
def test_evaluate_and_predict_take_batches(form: str) -> None:
    data = FORMS[form]()
    steps = {"steps": 3} if "steps_per_epoch" in data else {}
    model = keras.Sequential([Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    found = model.evaluate(data["x"], verbose=0, **steps)
    np.testing.assert_allclose(found, model.evaluate(X, Y, verbose=0), rtol=1e-6)
    out = model.predict(FORMS[form]()["x"], verbose=0, **steps)
    np.testing.assert_allclose(out, model.predict(X, verbose=0), rtol=1e-6)


def test_a_dataset_is_told_of_the_end_of_an_epoch_and_shuffled() -> None:
    dataset = Batches()
    model = keras.Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.fit(dataset, epochs=2, verbose=0, validation_data=Batches())
    assert dataset.ends == 2
    assert model.history.params["steps"] == 3


def test_an_iterator_that_is_used_up_ends_the_training() -> None:
    model = keras.Sequential([Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="data ended before epoch 2"):
        history = model.fit(iter(list(Batches())), epochs=3, verbose=0)
    assert history.epoch == [0]


def test_steps_go_on_where_the_last_epoch_stopped() -> None:
    model = keras.Sequential([Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="ended after 1 of 2 steps"):
        model.fit(X, Y, batch_size=4, epochs=2, steps_per_epoch=2, verbose=0)
    assert int(model.optimizer.iterations) == 3


def test_frames_with_columns_of_text_name_the_column() -> None:
    frame = Frame(a=X[:, 0], town=np.array(["x"] * 10))
    with pytest.raises(TypeError, match="got <U1 in column 'town'"):
        as_array(frame, "x")


@pytest.mark.parametrize("kind", ["csr_matrix", "coo_array", "csc_matrix"])
def test_sparse_matrices_train_like_arrays(kind: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for a, b in zip(trained(x=getattr(sparse, kind)(X), y=Y), EXPECTED, strict=True):
        np.testing.assert_array_equal(a, b)


def test_frames_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abc"))
    kinds = frame.assign(b=frame["b"].astype("Int64"), c=frame["c"] * 1.0)
    for x in (frame, kinds, frame.sample(frac=1, random_state=0).sort_index()):
        for a, b in zip(trained(x=x, y=pandas.Series(Y)), EXPECTED, strict=True):
            np.testing.assert_array_equal(a, b)
    gaps = frame.assign(c=pandas.array([1] * 9 + [None], dtype="Int64"))
    with pytest.raises(TypeError, match=r"got NAType <NA> at position \(9, 2\)"):
        as_array(gaps, "x")
    twice = frame.assign(b="text").set_axis(["a", "a", "c"], axis=1)
    with pytest.raises(TypeError, match="got str 'text'"):
        as_array(twice, "x")


@pytest.mark.parametrize(
    "change",
    [
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(a.dtype.newbyteorder()),
        lambda a: np.ma.masked_array(a),
        lambda a: np.broadcast_to(a, a.shape),
    ],
)
def test_memory_of_any_kind(change: Any, tmp_path: Any) -> None:
    for a, b in zip(trained(x=change(X), y=change(Y)), EXPECTED, strict=True):
        np.testing.assert_array_equal(a, b)
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for a, b in zip(trained(x=mapped, y=Y), EXPECTED, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "y", [Y, Y[:, None], np.eye(2)[Y], Y.astype("float32"), Y.astype(bool)]
)
def test_class_weights_are_sample_weights(y: Any) -> None:
    model = keras.Sequential([Dense(2, activation="softmax", input_dim=3)])
    loss = "categorical" if y.ndim == 2 and y.shape[1] == 2 else "sparse_categorical"
    model.compile("sgd", f"{loss}_crossentropy")
    weights = np.where(Y == 1, 3.0, 0.5)
    expected = model.evaluate(X, y, sample_weight=weights, verbose=0)
    found = model.train_on_batch(X, y, class_weight={0: 0.5, 1: 3.0})
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(
    hnp.arrays(
        st.sampled_from(["float32", "float64", "float16"]),
        hnp.array_shapes(max_dims=3),
        elements=st.floats(width=16) | st.just(np.inf) | st.just(np.nan),
    )
)
def test_all_finite_is_isfinite(array: np.ndarray[Any, Any]) -> None:
    assert all_finite(array) == bool(np.isfinite(array).all())


@given(st.integers(1, 40), st.floats(0.01, 0.99))
def test_a_split_keeps_every_row_once(rows: int, fraction: float) -> None:
    x = np.arange(rows)
    try:
        (head,), (tail,) = split((x,), fraction)
    except ValueError:
        assert int(rows * (1 - fraction)) in (0, rows)
    else:
        np.testing.assert_array_equal(np.concatenate([head, tail]), x)
        assert len(head)
        assert len(tail)
