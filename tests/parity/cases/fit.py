"""fit, evaluate, predict and their arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, array, label, plain
from cases.trajectories import dataset, network


def classifier(keras: Keras, **arguments: Any) -> tuple[Any, Array, Array]:
    """A compiled two-class model with 50 samples."""
    x, y = dataset("binary_crossentropy", 50, "float32")
    model = network(keras, 1, "sigmoid")
    arguments = {"metrics": ["accuracy"], **arguments}
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.1),
        loss="binary_crossentropy",
        **arguments,
    )
    return model, x, y


def weights_of(y: Array) -> Array:
    """One weight per sample."""
    return np.linspace(0.2, 2.0, len(y)).astype("float32")


def fitted(
    keras: Keras, arguments: Callable[[Array, Array], dict[str, Any]], **compiled: Any
) -> Any:
    """The history of a training of 3 epochs with some arguments of ``fit``."""
    model, x, y = classifier(keras, **compiled)
    settings = {"batch_size": 16, "epochs": 3, "shuffle": False, "verbose": 0}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(x, y, **(settings | arguments(x, y)))
    return {
        "history": plain(history.history),
        "keys": list(history.history),
        "warned": any(warning.category is UserWarning for warning in caught),
        "type": type(history.history["loss"][0]).__name__,
        "epochs": plain(history.epoch),
        "weights": plain(model.get_weights()),
        "iterations": int(array(model.optimizer.iterations)),
    }


def fit_twice(keras: Keras) -> Any:
    """A second ``fit`` goes on with the weights and the optimizer's state."""
    x, y = dataset("mean_squared_error", 50, "float32")
    model = network(keras, 2, "linear")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    histories = [
        model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
        for _ in range(2)
    ]
    return {"histories": plain(histories), "weights": plain(model.get_weights())}


def changed_rate(keras: Keras) -> Any:
    """The learning rate may be assigned between trainings."""
    model, x, y = classifier(keras)
    settings = {"batch_size": 16, "shuffle": False, "verbose": 0}
    model.fit(x, y, **settings)
    model.optimizer.learning_rate = 0.01
    model.fit(x, y, **settings)
    return {
        "rate": float(array(model.optimizer.learning_rate)),
        "weights": plain(model.get_weights()),
    }


def target_column(keras: Keras) -> Any:
    """Targets of shape (n,) or (n, 1), of any dtype, train alike."""
    figures = {}
    for dtype in ("float32", "float64", "int64", "bool"):
        for name, columns in (("(n,)", ()), ("(n,1)", (1,))):
            model, x, y = classifier(keras)
            y = y.reshape(len(y), *columns).astype(dtype)
            history = model.fit(x, y, batch_size=16, shuffle=False, verbose=0)
            figures[f"{name} {dtype}"] = plain(history.history)
    return figures


def default_batches(keras: Keras) -> Any:
    """Without ``batch_size`` a batch has 32 samples."""
    model, x, y = classifier(keras)
    history = model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    return {
        "history": plain(history.history),
        "params": history.params,
        "evaluate": plain(model.evaluate(x, y, verbose=0)),
    }


def hooks(keras: Keras) -> Any:
    """The hooks of a callback in their order, each with its logs."""
    told: list[Any] = []
    names = [
        f"on_{part}{unit}_{edge}"
        for part, units in (
            ("train", ("", "_batch")),
            ("test", ("", "_batch")),
            ("predict", ("", "_batch")),
            ("", ("epoch",)),
        )
        for unit in units
        for edge in ("begin", "end")
    ]

    def note(name: str) -> Callable[..., None]:
        def hook(self: Any, *arguments: Any, **named: Any) -> None:
            logs = (*arguments, *named.values())[-1] or {}
            index = [a for a in arguments if isinstance(a, int)]
            numbers = {k: v for k, v in logs.items() if k != "outputs"}
            types = sorted({type(v).__name__ for v in numbers.values()})
            told.append([name, index, plain(numbers), types, list(logs)])

        return hook

    Teller = type("Teller", (keras.callbacks.Callback,), {n: note(n) for n in names})
    model, x, y = classifier(keras)
    teller = Teller()
    settings = {"batch_size": 25, "callbacks": [teller], "verbose": 0}
    model.fit(x, y, epochs=2, shuffle=False, validation_split=0.2, **settings)
    params = dict(teller.params)
    model.evaluate(x, y, **settings)
    model.predict(x, **settings)
    return {"hooks": told, "params": params}


def described(value: Any) -> Any:
    """A result, and what it is made of."""
    if isinstance(value, dict):
        entries = {key: described(entry) for key, entry in value.items()}
        return {"type": "dict", "keys": list(value), "entries": entries}
    if isinstance(value, list):
        return {"type": "list", "entries": [described(v) for v in value]}
    figures = {"type": type(value).__name__, "value": plain(value)}
    if isinstance(value, np.ndarray):
        figures["dtype"] = str(value.dtype)
    return figures


def returned(keras: Keras, method: str, metrics: list[str], **arguments: Any) -> Any:
    """What evaluate, train_on_batch, test_on_batch return, twice in a row."""
    model, x, y = classifier(keras, metrics=metrics)
    if arguments.pop("weighted", False):
        arguments["sample_weight"] = weights_of(y)
    results = [
        described(getattr(model, method)(x[:n], y[:n], **arguments))
        for n in ((50, 50) if "sample_weight" in arguments else (50, 20))
    ]
    return {"results": results}


def predicted(keras: Keras) -> Any:
    """What predict, predict_on_batch and calling the model return."""
    model, x, _ = classifier(keras)
    return {
        "predict": described(model.predict(x, batch_size=16, verbose=0)),
        "predict_on_batch": described(model.predict_on_batch(x[:7])),
        "call": plain(array(model(x[:7]))),
    }


def small(keras: Keras, kind: Any = None) -> tuple[Any, Array, Array]:
    """A model with one weight for each of three inputs, and eight samples."""
    layers = [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")]
    x = np.arange(24, dtype="float32").reshape(8, 3) / 16
    return (kind or keras.Sequential)(layers), x, x[:, :1]


def own_loss(keras: Keras) -> Any:
    """A ``compute_loss`` that does not take ``training``."""

    class Own(keras.Sequential):  # type: ignore[misc]  # of either library
        def compute_loss(
            self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
        ) -> Any:
            return keras.ops.mean((y - y_pred) ** 2) * 2

    model, x, y = small(keras, Own)
    model.compile("sgd")
    history = model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    return plain([history.history, model.evaluate(x, y, verbose=0)])


def endless(keras: Keras) -> Any:
    """A PyDataset whose batches never end, in epochs of three."""
    model, x, y = small(keras)

    class Endless(keras.utils.PyDataset):  # type: ignore[misc]  # of either library
        @property
        def num_batches(self) -> None:
            return None

        def __getitem__(self, index: int) -> Any:
            rows = slice(index % 8, index % 8 + 2)
            return x[rows], y[rows]

    model.compile("sgd", "mse")
    data = Endless()
    options = {"steps_per_epoch": 3, "epochs": 3, "shuffle": False, "verbose": 0}
    return plain(
        [
            model.fit(data, **options).history,
            model.evaluate(data, steps=2, verbose=0),
            list(model.predict(data, steps=2, verbose=0).shape),
        ]
    )


def limited(keras: Keras) -> Any:
    """Fewer epochs and steps than asked for, as the configuration says."""
    model, x, y = small(keras)
    model.compile("sgd", "mse")
    keras.config.set_max_epochs(2)
    keras.config.set_max_steps_per_epoch(1)
    options = {"batch_size": 2, "verbose": 0}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            history = model.fit(x, y, epochs=5, shuffle=False, **options).history
            loss = model.evaluate(x, y, **options)
        said = [str(w.message) for w in caught if "Limiting" in str(w.message)]
        limits = [keras.config.max_epochs(), keras.config.max_steps_per_epoch()]
        return plain([history, loss, said, limits])
    finally:
        keras.config.set_max_epochs(None)
        keras.config.set_max_steps_per_epoch(None)


def shared_optimizer(keras: Keras) -> Any:
    """Two models of equal shapes, one optimizer: it goes on where it was."""
    optimizer = keras.optimizers.Adam(0.1)
    figures = []
    for _ in range(2):
        model, x, y = small(keras)
        model.compile(optimizer, "mse")
        model.fit(x, y, epochs=2, batch_size=8, verbose=0)
        figures.append([array(w) for w in model.get_weights()])
    steps = int(optimizer.iterations)
    other = keras.Sequential([keras.Input((3,)), *map(keras.layers.Dense, (2, 1))])
    other.compile(optimizer, "mse")
    try:
        other.fit(x, y, verbose=0)
        refused = False
    except ValueError:
        refused = True
    return plain([*figures, steps, refused])


def cloned(keras: Keras) -> Any:
    """Copies of models in models, built or not."""
    k = keras.layers

    def inner() -> Any:
        return keras.Sequential([k.Dense(3), k.Dense(1)])

    late = keras.Sequential([k.Dense(2), inner()])
    place = keras.Input((3,))
    models = [
        late, keras.Sequential([keras.Input((3,)), inner()]),
        keras.Model(place, inner()(place)),
    ]  # fmt: skip
    figures = []
    for turn in range(2):
        for model in models:
            copy = keras.models.clone_model(model)
            shapes = [list(w.shape) for w in copy.weights] if copy.built else None
            figures.append([bool(copy.built), shapes])
        if turn == 0:
            late.build((None, 3))
    return figures


def wide_integers(keras: Keras) -> Any:
    """Integers that float32 cannot hold come through an Input of integers."""
    x = np.array([[2**24 + 1], [2**24 + 3]])
    model = keras.Sequential([keras.Input((1,), dtype="int32"), keras.layers.Flatten()])
    return plain(array(model.predict(x, verbose=0)))


FIT_ARGUMENTS: dict[str, Callable[[Array, Array], dict[str, Any]]] = {
    "plain": lambda x, y: {},
    "validation_split": lambda x, y: {"validation_split": 0.25},
    "validation_data": lambda x, y: {"validation_data": (x[:20], y[:20])},
    "validation_data-weights": lambda x, y: {
        "validation_data": (x[:20], y[:20], weights_of(y[:20]))
    },
    "validation_batch_size": lambda x, y: {
        "validation_split": 0.25,
        "validation_batch_size": 5,
    },
    "validation_freq": lambda x, y: {"validation_split": 0.25, "validation_freq": 2},
    "validation_steps": lambda x, y: {
        "validation_data": (x, y),
        "validation_steps": 2,
    },
    "class_weight": lambda x, y: {"class_weight": {0: 0.5, 1: 3.0}},
    "class_weight-partial": lambda x, y: {"class_weight": {1: 3.0}},
    "class_weight-validation": lambda x, y: {
        "class_weight": {0: 0.5, 1: 3.0},
        "validation_split": 0.25,
    },
    "sample_weight": lambda x, y: {"sample_weight": weights_of(y)},
    "sample_weight-validation_split": lambda x, y: {
        "sample_weight": weights_of(y),
        "validation_split": 0.25,
    },
    "initial_epoch": lambda x, y: {"initial_epoch": 2, "epochs": 5},
    "steps_per_epoch": lambda x, y: {"steps_per_epoch": 2, "epochs": 3},
    "steps_per_epoch-rest": lambda x, y: {"steps_per_epoch": 3, "epochs": 3},
    "steps_per_epoch-all": lambda x, y: {"steps_per_epoch": 4, "epochs": 3},
    "batch_size-all": lambda x, y: {"batch_size": 50},
    "batch_size-more": lambda x, y: {"batch_size": 64},
}

FIT: dict[str, Case] = (
    {
        label("fit", name): partial(fitted, arguments=arguments)
        for name, arguments in FIT_ARGUMENTS.items()
    }
    | {
        label("fit", name, "metrics"): partial(
            fitted, arguments=FIT_ARGUMENTS[name], **compiled
        )
        for name in ("plain", "class_weight", "sample_weight-validation_split")
        for compiled in (
            {
                "metrics": ["accuracy", "mse", "MeanAbsoluteError"],
                "weighted_metrics": ["acc", "mae"],
            },
        )
    }
    | {"fit-no-metrics": partial(fitted, arguments=lambda x, y: {}, metrics=None)}
    | {
        "fit-twice": fit_twice,
        "changed-rate": changed_rate,
        "target-column": target_column,
        "default-batches": default_batches,
        "hooks": hooks,
        "predicted": predicted,
        "own-loss": own_loss,
        "endless": endless,
        "limited": limited,
        "shared-optimizer": shared_optimizer,
        "cloned": cloned,
        "wide-integers": wide_integers,
    }
    | {
        label(method, "+".join(metrics) or "loss", arguments): partial(
            returned, method=method, metrics=metrics, **extra, **arguments
        )
        for method, extra in (
            ("evaluate", {"batch_size": 16, "verbose": 0}),
            ("train_on_batch", {}),
            ("test_on_batch", {}),
        )
        for metrics in ([], ["accuracy"], ["mse", "acc", "mae"])
        for arguments in ({}, {"return_dict": True}, {"weighted": True})
    }
    | {
        label("train_on_batch", "class_weight"): partial(
            returned,
            method="train_on_batch",
            metrics=["accuracy"],
            class_weight={0: 0.5, 1: 3.0},
        )
    }
)
