"""Models go where Python objects go: pickle, deepcopy, processes, joblib."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import pytest
from making import X, Y, bits, small, trained

import tinygrad_lr as keras


def functional() -> Any:
    keras.utils.set_random_seed(3)
    a = keras.Input((3,))
    b = keras.layers.Dense(4, activation="tanh")(a)
    model = keras.Model(a, keras.layers.Dense(1, activation="sigmoid")(b))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    return model


MODELS = {"sequential": lambda: trained(metrics=["accuracy"]), "functional": functional}
COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_equal_and_independent(kind: str, how: str) -> None:
    model = MODELS[kind]()
    found = COPIES[how](model)
    assert bits(found.get_weights()) == bits(model.get_weights())
    assert bits(v.numpy() for v in found.optimizer.variables) == bits(
        v.numpy() for v in model.optimizer.variables
    )
    before = bits(model.get_weights())
    found.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert bits(model.get_weights()) == before
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert bits(found.get_weights()) == bits(model.get_weights())
    assert found.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def predict(model: Any) -> Any:
    return model.predict(X, verbose=0)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method: str) -> None:
    model = small()
    with multiprocessing.get_context(method).Pool(1) as pool:
        (found,) = pool.map(predict, [model])
    assert found.tobytes() == predict(model).tobytes()


def test_joblib(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    model = trained()
    joblib.dump(model, tmp_path / "m.joblib")
    assert predict(joblib.load(tmp_path / "m.joblib")).tobytes() == (
        predict(model).tobytes()
    )
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(predict)(model) for _ in range(2))
    assert [f.tobytes() for f in found] == [predict(model).tobytes()] * 2
