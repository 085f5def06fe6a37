"""What a beginner gets wrong: each mistake is met by a sentence with the remedy."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import check
from tinygrad_lr.backend import gradients

X, Y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
DENSE = keras.layers.Dense


def model(outputs: int = 1) -> Any:
    x = keras.Input((2,))
    made = [DENSE(1)(x) for _ in range(outputs)]
    return keras.Model(x, made if outputs > 1 else made[0])


@pytest.mark.parametrize(
    ("module", "name", "sentence"),
    [
        ("layers", "Conv2D", "layers.Conv2D: convolutional layers are not there yet"),
        ("layers", "LSTM", "recurrent layers are not there yet"),
        ("ops", "conv", "convolution and pooling are not available"),
        ("callbacks", "EarlyStoping", "Did you mean 'EarlyStopping'"),
        ("losses", "CTCLoss", "module 'tinygrad_lr.losses' has no 'CTCLoss'"),
        ("metrics", "Acuracy", "Did you mean 'Accuracy'"),
        ("optimizers", "Adamm", "Did you mean 'Adam"),
        ("initializers", "GlorotUnifrom", "Did you mean 'GlorotUniform'"),
        ("regularizers", "l3", "It has L1,"),
        ("constraints", "MaxNrm", "Did you mean 'MaxNorm'"),
        ("activations", "tahn", "Did you mean 'tanh'"),
        ("utils", "to_categoricl", "Did you mean 'to_categorical'"),
        ("models", "Sequentail", "Did you mean 'Sequential'"),
        ("backend", "flaten", "Did you mean 'flatten'"),
    ],
)
def test_a_name_that_is_not_there(module: str, name: str, sentence: str) -> None:
    home = importlib.import_module(f"tinygrad_lr.{module}")
    assert not hasattr(home, name)
    with pytest.raises(AttributeError, match=sentence):
        getattr(home, name)


def test_a_name_that_cannot_be_imported() -> None:
    with pytest.raises(ImportError, match="recurrent layers are not there yet"):
        from tinygrad_lr.layers import LSTM  # noqa: F401
    from tinygrad_lr.utils.plotting import nested  # a submodule is still found

    assert nested.__name__ == "tinygrad_lr.utils.plotting.nested"


def fitted(x: Any = X, y: Any = Y, callbacks: Any = None, **given: Any) -> Any:
    made = model(len(y) if isinstance(y, list) else 1)
    made.compile(**{"loss": "mse", **given})
    return made.fit(x, y, verbose=0, callbacks=callbacks)


def watched(kind: str) -> Callable[[], Any]:
    return lambda: fitted(callbacks=[getattr(keras.callbacks, kind)("los")])


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (lambda: DENSE(2)(DENSE(2)), r"instead of its output. Write Dense\(...\)\(De"),
        (lambda: keras.layers.add([DENSE(2), keras.Input((2,))]), "called on the lay"),
        (lambda: fitted([X, X]), "the model has 1 input, got a list of 2 arrays"),
        (watched("EarlyStopping"), "no metric 'los'. Did you mean 'loss'"),
        (watched("ReduceLROnPlateau"), "no metric 'los'. Did you mean 'loss'"),
        (lambda: keras.Sequential([DENSE]), r"Dense'>. Write Dense\(...\)"),
        (lambda: fitted(loss=[None]), "has no loss"),
        (lambda: fitted(y=[Y, Y], loss=[None, None]), "has no loss"),
        (lambda: fitted(y=[Y, Y], metrics=[[["mae"]], ["mse"]]), "a list in a list"),
        (lambda: gradients(None, []), "K.gradients: expected a loss"),
        (lambda: gradients([Y], []), "K.gradients: expected a loss"),
        (lambda: gradients([], []), "K.gradients: expected a loss"),
        (lambda: model().save_weights("w.weights.json", max_shard_size="a"), "positiv"),
        (lambda: model().save_weights("w.h5", True, float("nan")), "positive number"),
        (lambda: model().save("", zipped=False), "expected a name without"),
        (lambda: keras.Variable(1.0, name="a/b"), "expected a name without '/'"),
        (lambda: keras.Variable(1.0, name=3), "expected a name without '/'"),
        (lambda: DENSE(1).add_weight((2,), name="a/b"), "expected a name without '/'"),
        (lambda: keras.Variable(1.0, aggregation="all"), "as aggregation, got 'all'"),
        (lambda: check.chosen_rows(["tahn"]), "did you mean np.tanh"),
    ],
)
def test_a_mistake(mistake: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        mistake()


def test_what_is_possible_but_hardly_meant(tmp_path: Any) -> None:
    with pytest.warns(UserWarning, match="size 1 here, always gives 1. Did you mean s"):
        DENSE(1, activation="softmax")(X)
    with pytest.warns(UserWarning, match="numbers of 3 classes, end the model with"):
        fitted(X * 0, np.array([0, 1, 2, 1]), loss="binary_crossentropy")
    with pytest.warns(UserWarning, match="only under a name that ends in '.keras'"):
        model().save(tmp_path / "m.pkl")
    model().save(tmp_path / "m.model")


def test_what_is_harmless() -> None:
    keras.name_scope("q").__exit__(None, None, None)
    assert keras.Variable(1.0, aggregation="sum").aggregation == "sum"
    assert keras.Variable(1.0).aggregation == "none"
    x = keras.Input((2,))
    losses = [keras.ops.sum(x), keras.ops.sum(x * 2)]
    found = gradients(losses, [x])
    assert keras.backend.function([x], found)([X])[0].tolist() == [[3, 3]] * 4
