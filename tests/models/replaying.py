"""Train the same model twice, as written and as recorded, and compare every bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_lr as keras
from tinygrad_lr.models.replay import Replay

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(22, 3)).astype("float32")
BINARY = (X[:, :1] + X[:, 1:2] > 0).astype("float32")
CLASSES = GENERATOR.integers(0, 3, size=22)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
POSITIVE = np.abs(GENERATOR.normal(size=(22, 3))).astype("float32") + 0.1


def bits(value: Any) -> Any:
    """A value with equal bits for equal bits, NaN included."""
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(part) for part in value]
    if isinstance(value, keras.Tensor):
        value = value.data
    array = np.asarray(value)
    return (array.shape, array.dtype.str, array.tobytes())


def state(model: Any) -> dict[str, Any]:
    """All that a training step may change."""
    return {
        "weights": [w.numpy() for w in model.variables],
        "optimizer": [v.numpy() for v in model.optimizer.variables],
        "metrics": [v.numpy() for m in model.metrics for v in m.variables],
    }


def run(
    make: Callable[[], Any],
    x: Any,
    y: Any,
    eagerly: bool,
    sizes: dict[int, int],
    **fit: Any,
) -> dict[str, Any]:
    """Train, measure and ask a model made by ``make``; return all that came of it.

    ``sizes`` says for how many epochs it is trained with each batch size in turn.
    """
    keras.utils.set_random_seed(11)
    model = make()
    model.run_eagerly = eagerly
    history: dict[str, list[float]] = {}
    for batch_size, epochs in sizes.items():
        part = model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, **fit)
        for name, values in part.history.items():
            history.setdefault(name, []).extend(values)
    found = {"history": history, **state(model)}
    found["evaluate"] = model.evaluate(x, y, batch_size=batch_size, verbose=0)
    found["measured"] = state(model)
    found["predict"] = model.predict(x, batch_size=batch_size, verbose=0)
    for step in (model.train_function, model.test_function, model.predict_function):
        assert isinstance(step, Replay)
        assert step.eager is eagerly
        assert bool(step.programs) is not eagerly
    return found


def agree(
    make: Callable[[], Any],
    x: Any = X,
    y: Any = BINARY,
    batch_size: int = 4,
    epochs: int = 9,
    sizes: dict[int, int] | None = None,
    **fit: Any,
) -> dict[str, Any]:
    """Assert that recorded and written steps have the same results, bit for bit."""
    sizes = sizes or {batch_size: epochs}
    expected = run(make, x, y, True, sizes, **fit)
    got = run(make, x, y, False, sizes, **fit)
    assert list(got) == list(expected)
    for key, value in expected.items():
        assert bits(got[key]) == bits(value), (key, got[key], value)
    return got


def small(
    loss: Any = "binary_crossentropy",
    optimizer: Any = "sgd",
    activation: Any = "tanh",
    units: int = 1,
    last: Any = "sigmoid",
    **compiled: Any,
) -> Any:
    """A compiled model of two layers."""
    model = keras.Sequential(
        [
            keras.layers.Dense(4, activation=activation, input_dim=3),
            keras.layers.Dense(units, activation=last),
        ]
    )
    model.compile(optimizer, loss, **compiled)
    return model


SIZES = {4: 5, 8: 7}  # 22 rows: 30 steps of 4 (the last of 2), then 21 of 8 (and 6)


def things(registry: Any) -> set[str]:
    """The names of all that a registry knows, aliases left out."""
    return {thing.__name__ for thing in registry.entries.values()}


LOSS_DATA: dict[str, tuple[Any, int, str]] = {
    "binary": (BINARY, 1, "sigmoid"),
    "categorical": (ONE_HOT, 3, "softmax"),
    "sparse": (CLASSES, 3, "softmax"),
    "regression": (POSITIVE, 3, "softplus"),
}


def kind_of(name: str) -> str:
    lowered = name.lower().replace("_", "")
    for kind in ("binary", "sparse", "categorical"):
        if lowered.startswith(kind) or f"{kind}" in lowered:
            return kind
    return "regression"
