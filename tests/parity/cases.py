"""The same small programs for two libraries: real Keras 3, and the one that follows it.

Every case is a function that is given the ``keras`` module (the real one or its
stand-in) and returns plain figures: numbers, strings, lists and dicts that fit into
JSON. What real Keras returned is recorded once by ``record.py``; the tests compare with
that record.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Keras = Any
Case = Callable[[Keras], Any]
Array = np.ndarray[Any, Any]


# ---------------------------------------------------------------- the two libraries


def is_real(keras: Keras) -> bool:
    """Is this Keras itself, and not its stand-in?"""
    return bool(keras.__name__ == "keras")


@contextlib.contextmanager
def precision(keras: Keras, dtype: str) -> Iterator[None]:
    """Make ``dtype`` the default of all computations for a while."""
    before = keras.config.floatx()
    set_precision(keras, dtype)
    try:
        yield
    finally:
        set_precision(keras, before)


def set_precision(keras: Keras, dtype: str) -> None:
    """Set ``floatx``, and on JAX lift what would bring float64 back to float32."""
    keras.config.set_floatx(dtype)
    if is_real(keras):
        import jax
        from keras.src.backend.common import dtypes

        keras.config.set_dtype_policy(dtype)
        jax.config.update("jax_enable_x64", dtype == "float64")
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = dtype


def array(value: Any) -> Array:
    """The NumPy array behind a tensor of either library."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def plain(value: Any) -> Any:
    """Turn arrays, tuples and NumPy numbers into what JSON can hold."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(list(value)) if value.ndim else plain(value[()])
    if isinstance(value, np.float32):
        return float(str(value))  # its shortest exact form, not that of a double
    return value.item() if isinstance(value, np.generic) else value


def value_and_gradient(keras: Keras, function: Callable[[Any], Any], x: Array) -> Any:
    """``function(x)`` and d sum(c * function(x)) / dx, for a fixed uneven c."""
    uneven = partial(np.resize, 1 + np.arange(7) / 7)

    def weighted(t: Any) -> tuple[Any, Any]:
        out = function(t)
        c = uneven(out.shape).astype(x.dtype) if out.shape else 1.0
        return (out * c).sum(), out

    if is_real(keras):
        import jax

        (_, out), gradient = jax.value_and_grad(weighted, has_aux=True)(
            jax.numpy.asarray(x)
        )
    else:
        from tinygrad_lr.autodiff import Tensor

        leaf = Tensor(x, requires_grad=True)
        total, out = weighted(leaf)
        total.backward()
        gradient = leaf.grad
    return {
        "value": plain(array(out)),
        "gradient": plain(array(gradient)),
        "dtype": str(array(out).dtype),
    }


# ------------------------------------------------------------------- trajectories

HEADS = {  # loss: units, activation, metric
    "binary_crossentropy": (1, "sigmoid", "accuracy"),
    "categorical_crossentropy": (3, "softmax", "accuracy"),
    "sparse_categorical_crossentropy": (3, "softmax", "accuracy"),
    "mean_squared_error": (2, "linear", "mae"),
    "mean_absolute_error": (2, "linear", "mse"),
}

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.008}),
    "momentum": ("SGD", {"learning_rate": 0.002, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.002, "momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {"learning_rate": 0.003}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.002}),
}

OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd-weight_decay": ("SGD", {"weight_decay": 0.5}),
    "sgd-clipnorm": ("SGD", {"clipnorm": 0.1}),
    "sgd-clipvalue": ("SGD", {"clipvalue": 0.02}),
    "sgd-global_clipnorm": ("SGD", {"global_clipnorm": 0.2}),
    "momentum-weight_decay-clipnorm": (
        "SGD",
        {"momentum": 0.9, "weight_decay": 0.2, "clipnorm": 0.2},
    ),
    "nesterov-weight_decay": (
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.2},
    ),
    "adam-defaults": ("Adam", {}),
    "adam-weight_decay-clipvalue": ("Adam", {"weight_decay": 0.5, "clipvalue": 0.05}),
    "adam-amsgrad": ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "amsgrad": True}),
    "rmsprop-defaults": ("RMSprop", {}),
    "rmsprop-momentum": ("RMSprop", {"rho": 0.8, "momentum": 0.5}),
    "rmsprop-centered": ("RMSprop", {"centered": True, "global_clipnorm": 0.5}),
}


SEEDS = {50: 4, 148: 10, 628: 10}  # by the number of samples


def dataset(loss: str, samples: int, dtype: str) -> tuple[Array, Array]:
    """Noisy targets, so that the best predictions stay far from 0 and 1.

    With these seeds, and the learning rates above, no absolute error comes within 1e-6
    of its kink and no prediction within 1e-6 of the other class, at any step: a sign or
    an accuracy that rounding decides would say nothing about a library.
    """
    rng = np.random.default_rng(SEEDS[samples])
    x = rng.normal(size=(samples, 4))
    score = np.tanh(x @ rng.normal(size=(4, 3)))
    if loss == "binary_crossentropy":
        y = score[:, :1] + rng.logistic(size=(samples, 1)) > 0
    elif loss.endswith("categorical_crossentropy"):
        y = np.argmax(score + rng.gumbel(size=(samples, 3)), axis=1)
        if not loss.startswith("sparse"):
            y = np.eye(3)[y]
    else:
        y = score[:, :2] + rng.normal(0, 0.5, size=(samples, 2))
    return x.astype(dtype), y.astype("int64" if loss.startswith("sparse") else dtype)


def network(keras: Keras, units: int, activation: str, hidden: int = 5) -> Any:
    """A network of two layers on four features, with weights of our choice."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(units, activation=activation),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights(
        [
            rng.normal(0, 0.5, w.shape).astype(keras.config.floatx())
            for w in model.get_weights()
        ]
    )
    return model


def trajectory(
    keras: Keras,
    optimizer: tuple[str, dict[str, Any]],
    loss: str,
    batch_size: int,
    samples: int,
    epochs: int,
    dtype: str = "float32",
) -> Any:
    """Train from given weights on batches in a given order."""
    with precision(keras, dtype):
        name, arguments = optimizer
        units, activation, metric = HEADS[loss]
        x, y = dataset(loss, samples, dtype)
        model = network(keras, units, activation)
        model.compile(
            optimizer=getattr(keras.optimizers, name)(**arguments),
            loss=loss,
            metrics=[metric],
        )
        history = model.fit(
            x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0
        )
        return {
            "history": plain(history.history),
            "evaluate": plain(model.evaluate(x, y, batch_size=batch_size, verbose=0)),
            "weights": plain(model.get_weights()),
            "predictions": plain(model.predict(x[:5], verbose=0)),
        }


LENGTHS = (  # dtype, batch size, samples, epochs; the last batch of 32 is one of 20
    ("float32", 1, 50, 20),  # 1,000 steps
    ("float32", 32, 628, 50),  # 1,000 steps
    ("float64", 32, 628, 10),  # 200 steps
)

TRAJECTORIES: dict[str, Case] = {
    f"{optimizer}-{loss}-{batch_size}-{dtype}": partial(
        trajectory,
        optimizer=OPTIMIZERS[optimizer],
        loss=loss,
        batch_size=batch_size,
        samples=samples,
        epochs=epochs,
        dtype=dtype,
    )
    for dtype, batch_size, samples, epochs in LENGTHS
    for optimizer, loss in itertools.product(OPTIMIZERS, HEADS)
} | {
    f"{name}-{dtype}": partial(
        trajectory,
        optimizer=optimizer,
        loss="mean_squared_error",
        batch_size=32,
        samples=148,
        epochs=10,
        dtype=dtype,
    )
    for dtype in ("float32", "float64")
    for name, optimizer in OPTIONS.items()
}


# ------------------------------------------------------------------------- losses

CLASSES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
}
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")
WEIGHT_SHAPES = {"()": (), "(n,)": (6,), "(n,1)": (6, 1), "(n,d)": (6, 4)}


def targets_and_predictions(
    loss: str, shape: tuple[int, ...], logits: bool, dtype: str
) -> tuple[Array, Array]:
    """Targets and predictions with classes (or outputs) on the last axis."""
    rng = np.random.default_rng(len(shape))
    scores = rng.normal(0, 2, size=shape)
    y: Array = rng.normal(size=shape)
    if loss == "binary_crossentropy":
        y = rng.integers(0, 2, size=shape).astype(dtype)
        predictions = scores if logits else 1 / (1 + np.exp(-scores))
    elif loss.endswith("categorical_crossentropy"):
        y = rng.integers(0, shape[-1], size=shape[:-1])
        y = y if loss.startswith("sparse") else np.eye(shape[-1])[y].astype(dtype)
        # Not normalised: the losses divide probabilities by their sum.
        predictions = scores if logits else rng.uniform(0.1, 1, size=shape)
    else:
        predictions = scores
    if not loss.startswith("sparse"):
        y = y.astype(dtype)
    return y, predictions.astype(dtype)


def loss_function(keras: Keras, loss: str, dtype: str, **arguments: Any) -> Any:
    """The function: one value per sample."""
    with precision(keras, dtype):
        logits = arguments.get("from_logits", False)
        y, p = targets_and_predictions(loss, (6, 3), logits, dtype)
        function = getattr(keras.losses, loss)
        return value_and_gradient(keras, lambda t: function(y, t, **arguments), p)


def loss_object(
    keras: Keras,
    loss: str,
    weights: str,
    dtype: str = "float32",
    shape: tuple[int, ...] = (6, 3),
    **arguments: Any,
) -> Any:
    """The class: samples weighted and reduced."""
    with precision(keras, dtype):
        logits = arguments.get("from_logits", False)
        y, p = targets_and_predictions(loss, shape, logits, dtype)
        w = None
        if weights != "none":
            rng = np.random.default_rng(9)
            w = rng.uniform(0, 2, size=WEIGHT_SHAPES[weights]).astype(dtype)
        measure = getattr(keras.losses, CLASSES[loss])(**arguments)
        return value_and_gradient(keras, lambda t: measure(y, t, sample_weight=w), p)


def loss_ranks(keras: Keras, loss: str, y_shape: Any, p_shape: Any) -> Any:
    """Targets of shape (n,) against predictions of shape (n, 1), and the reverse."""
    y, p = targets_and_predictions("binary_crossentropy", (6, 1), False, "float32")
    y, p = y.reshape(y_shape), p.reshape(p_shape)
    measure = getattr(keras.losses, CLASSES[loss])()
    return value_and_gradient(keras, lambda t: measure(y, t), p)


def loss_by_function_ranks(keras: Keras, loss: str, y_shape: Any, p_shape: Any) -> Any:
    """The same for the functions that align ranks themselves."""
    y, p = targets_and_predictions("binary_crossentropy", (6, 1), False, "float32")
    y, p = y.reshape(y_shape), p.reshape(p_shape)
    function = getattr(keras.losses, loss)
    return value_and_gradient(keras, lambda t: function(y, t), p)


def sparse_column(keras: Keras, kind: str, dtype: str) -> Any:
    """Class numbers as a column of shape (n, 1), as integers or floats."""
    loss = "sparse_categorical_crossentropy"
    y, p = targets_and_predictions(loss, (6, 3), False, "float32")
    y = y.reshape(6, 1).astype(dtype)
    measure = getattr(keras.losses, loss if kind == "function" else CLASSES[loss])
    measure = measure if kind == "function" else measure()
    return value_and_gradient(keras, lambda t: measure(y, t), p)


def ignored_class(keras: Keras) -> Any:
    """``ignore_class`` leaves samples out."""
    loss = "sparse_categorical_crossentropy"
    y, p = targets_and_predictions(loss, (6, 3), False, "float32")
    measure = keras.losses.SparseCategoricalCrossentropy(ignore_class=1)
    return value_and_gradient(keras, lambda t: measure(y, t), p)


def loss_target_dtype(keras: Keras, loss: str, dtype: str) -> Any:
    """Targets of another dtype do not change the dtype of the loss."""
    y, p = targets_and_predictions(loss, (6, 3), False, "float32")
    measure = getattr(keras.losses, CLASSES[loss])()
    return value_and_gradient(keras, lambda t: measure(y.astype(dtype), t), p)


def large_logits(keras: Keras, loss: str) -> Any:
    """Logits up to 1,000: finite losses, exact gradients."""
    large = [-1000.0, -100.0, -20.0, 0.0, 20.0, 100.0, 1000.0]
    function = partial(getattr(keras.losses, loss), from_logits=True)
    if loss == "binary_crossentropy":
        p = np.array(large * 2, "float32")[:, None]
        y = np.repeat([[0.0], [1.0]], 7, axis=0).astype("float32")
    else:
        p = np.array([[a, -a / 2, 1.0] for a in large], "float32")
        y = np.arange(7) % 3
        y = y if loss.startswith("sparse") else np.eye(3, dtype="float32")[y]
    return value_and_gradient(keras, lambda t: function(y, t), p)


def saturated(keras: Keras, loss: str) -> Any:
    """Probabilities of exactly 0 and 1 are clipped at 1e-7."""
    function = getattr(keras.losses, loss)
    if loss == "binary_crossentropy":
        p = np.array([[0.0], [1.0], [0.0], [1.0], [1e-8]], "float32")
        y = np.array([[0.0], [0.0], [1.0], [1.0], [1.0]], "float32")
    else:
        p = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0.5, 0.5, 0]], "float32")
        y = np.array([0, 1, 2, 2])
        y = y if loss.startswith("sparse") else np.eye(3, dtype="float32")[y]
    return value_and_gradient(keras, lambda t: function(y, t), p)


def loss_by_name(keras: Keras, name: str) -> Any:
    """What a name given to ``compile(loss=...)`` computes."""
    loss = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}.get(
        name.lower(), name
    )
    if name == "bce":
        loss = "binary_crossentropy"
    loss = next((key for key, value in CLASSES.items() if value == name), loss)
    y, p = targets_and_predictions(loss, (6, 3), False, "float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    model.compile(loss=name)
    return {
        "evaluate": model.evaluate(p, y, verbose=0),
        "kind": "object"
        if hasattr(keras.losses.get(name), "reduction")
        else "function",
    }


LOSS_ARGUMENTS = {
    "binary_crossentropy": (
        {},
        {"from_logits": True},
        {"label_smoothing": 0.2},
        {"from_logits": True, "label_smoothing": 0.2},
    ),
    "categorical_crossentropy": (
        {},
        {"from_logits": True},
        {"label_smoothing": 0.2},
        {"from_logits": True, "label_smoothing": 0.2},
    ),
    "sparse_categorical_crossentropy": ({}, {"from_logits": True}),
    "mean_squared_error": ({},),
    "mean_absolute_error": ({},),
}
CROSSENTROPIES = [loss for loss in CLASSES if loss.endswith("crossentropy")]


def label(*parts: Any) -> str:
    """A readable name for a case."""
    words = []
    for part in parts:
        if isinstance(part, dict):
            words.extend(f"{key}={value}" for key, value in part.items())
        elif part is not None:
            words.append(str(part))
    return "-".join(words)


LOSSES: dict[str, Case] = (
    {
        label("function", loss, arguments, dtype): partial(
            loss_function, loss=loss, dtype=dtype, **arguments
        )
        for dtype in ("float32", "float64")
        for loss in CLASSES
        for arguments in LOSS_ARGUMENTS[loss]
    }
    | {
        label("class", loss, reduction, f"weights={weights}", dtype): partial(
            loss_object, loss=loss, weights=weights, reduction=reduction, dtype=dtype
        )
        for dtype in ("float32",)
        for loss in CLASSES
        for reduction in REDUCTIONS
        for weights in ("none", "()", "(n,)", "(n,1)")
    }
    | {
        label("class", loss, arguments, dtype): partial(
            loss_object, loss=loss, weights="(n,)", dtype=dtype, **arguments
        )
        for dtype in ("float32", "float64")
        for loss in CLASSES
        for arguments in LOSS_ARGUMENTS[loss]
    }
    | {
        label("class-3d", loss, reduction, f"weights={weights}", "float32"): partial(
            loss_object,
            loss=loss,
            weights=weights,
            reduction=reduction,
            shape=(6, 4, 3),
        )
        for loss in CLASSES
        for reduction in ("sum_over_batch_size", "mean_with_sample_weight", "none")
        for weights in ("none", "()", "(n,1)", "(n,d)")
    }
    | {
        label("class", loss, "reduction=None", "float32"): partial(
            loss_object, loss=loss, weights="(n,)", reduction=None
        )
        for loss in CLASSES
    }
    | {
        label("ranks-class", loss, y_shape, p_shape): partial(
            loss_ranks, loss=loss, y_shape=y_shape, p_shape=p_shape
        )
        for loss in CLASSES
        if "categorical" not in loss
        for y_shape, p_shape in (((6,), (6, 1)), ((6, 1), (6,)))
    }
    | {
        label("ranks-function", loss, y_shape, p_shape): partial(
            loss_by_function_ranks, loss=loss, y_shape=y_shape, p_shape=p_shape
        )
        for loss in ("mean_squared_error", "mean_absolute_error")
        for y_shape, p_shape in (((6,), (6, 1)), ((6, 1), (6,)))
    }
    | {
        label("sparse-column", kind, dtype): partial(
            sparse_column, kind=kind, dtype=dtype
        )
        for kind in ("function", "class")
        for dtype in ("int64", "float32")
    }
    | {"ignore_class": ignored_class}
    | {
        label("targets", dtype, loss): partial(
            loss_target_dtype, loss=loss, dtype=dtype
        )
        for loss in CLASSES
        for dtype in ("int32", "float64", "bool")
        if (loss, dtype) != ("sparse_categorical_crossentropy", "bool")
    }
    | {
        label("large-logits", loss): partial(large_logits, loss=loss)
        for loss in CROSSENTROPIES
    }
    | {
        label("saturated", loss): partial(saturated, loss=loss)
        for loss in CROSSENTROPIES
    }
    | {
        label("compile", name): partial(loss_by_name, name=name)
        for name in (*CLASSES, *CLASSES.values(), "mse", "MSE", "mae", "MAE", "bce")
    }
)


# ------------------------------------------------------------------------ metrics


def accuracy(keras: Keras, loss: str, y: Array, p: Array, name: str) -> Any:
    """What 'accuracy' means depends on the shapes of targets and output."""
    model = keras.Sequential(
        [keras.Input(p.shape[1:]), keras.layers.Activation("linear")]
    )
    model.compile(loss=loss, metrics=[name])
    return plain(model.evaluate(p, y, batch_size=4, verbose=0, return_dict=True))


def accuracy_cases() -> dict[str, Case]:
    """Targets and outputs of every combination that 'accuracy' knows."""
    rng = np.random.default_rng(5)
    column = rng.uniform(0.1, 0.9, size=(10, 1)).astype("float32")
    rows = rng.uniform(0.1, 0.9, size=(10, 3)).astype("float32")
    binary, classes = rng.integers(0, 2, size=10), rng.integers(0, 3, size=10)
    onehot = np.eye(3, dtype="float32")[classes]
    several = rng.integers(0, 2, size=(10, 3))
    bce, cce = "binary_crossentropy", "categorical_crossentropy"
    table = {
        "binary-(n,)": (bce, binary, column),
        "binary-(n,1)": (bce, binary[:, None], column),
        "binary-float": (bce, binary[:, None].astype("float32"), column),
        "binary-bool": (bce, binary.astype(bool), column),
        "onehot": (cce, onehot, rows),
        "onehot-integers": (cce, onehot.astype("int64"), rows),
        "soft-labels": (cce, rng.uniform(0, 1, (10, 3)).astype("float32"), rows),
        "several-labels": (bce, several, rows),
        "sparse-(n,)": ("sparse_" + cce, classes, rows),
        "sparse-(n,1)": ("sparse_" + cce, classes[:, None], rows),
        "sparse-float": ("sparse_" + cce, classes.astype("float32"), rows),
        "regression": ("mean_squared_error", binary, column),
    }
    return {
        label(name, case): partial(accuracy, loss=loss, y=y, p=p, name=name)
        for name in ("accuracy", "acc")
        for case, (loss, y, p) in table.items()
    }


def metric_updates(
    keras: Keras, name: str, weights: str, arguments: dict[str, Any], shape: Any
) -> Any:
    """The result after each of three updates, and after a reset."""
    metric = getattr(keras.metrics, name)(**arguments)
    rng = np.random.default_rng(6)
    results = []
    for n in (6, 6, 6):
        p = rng.uniform(0.1, 0.9, size=(n, *shape)).astype("float32")
        y = rng.integers(0, 2, size=p.shape)
        if name.startswith("Categorical"):
            y = np.eye(shape[-1])[rng.integers(0, shape[-1], size=(n, *shape[:-1]))]
        elif name.startswith("Sparse"):
            y = rng.integers(0, shape[-1], size=(n, *shape[:-1]))
        elif name.startswith("Mean"):
            y = rng.normal(size=p.shape)
        w = None
        if weights != "none":
            w = rng.uniform(0, 2, size=WEIGHT_SHAPES[weights]).astype("float32")
        data = (p,) if name == "Mean" else (y, p)
        metric.update_state(*data, sample_weight=w)
        results.append(float(array(metric.result())))
    metric.reset_state()
    return {
        "results": results,
        "reset": float(array(metric.result())),
        "name": metric.name,
        "dtype": str(array(metric.result()).dtype),
    }


METRICS: dict[str, Case] = (
    accuracy_cases()
    | {
        label(name, arguments, f"weights={weights}"): partial(
            metric_updates, name=name, weights=weights, arguments=arguments, shape=shape
        )
        for name, arguments, shape in (
            ("BinaryAccuracy", {}, (1,)),
            ("BinaryAccuracy", {"threshold": 0.7}, (1,)),
            ("BinaryAccuracy", {"name": "several"}, (3,)),
            ("CategoricalAccuracy", {}, (3,)),
            ("SparseCategoricalAccuracy", {}, (3,)),
            ("MeanSquaredError", {}, (1,)),
            ("MeanSquaredError", {"name": "several"}, (3,)),
            ("MeanAbsoluteError", {}, (3,)),
            ("Mean", {}, ()),
            ("Mean", {"name": "average"}, (3,)),
        )
        for weights in ("none", "()", "(n,)", "(n,1)")
    }
    | {
        label(name, "3d-weights=(n,d)"): partial(
            metric_updates, name=name, weights="(n,d)", arguments={}, shape=(4, 3)
        )
        for name in (
            "CategoricalAccuracy",
            "SparseCategoricalAccuracy",
            "MeanSquaredError",
            "Mean",
        )
    }
)


# -------------------------------------------------------------------- activations

GRID = [
    *(-1000.0, -100.0, -30.0, -10.0, -5.5, -4.5, -2.75, -1.25, -0.75, -0.3, -0.01),
    *(1e-4, 0.02, 0.4, 0.8, 1.5, 2.25, 3.5, 5.25, 7.0, 12.0, 40.0, 80.0, 1000.0),
]
KINKS = [-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0]
ROWS = [
    [0.1, -0.2, 0.3, 0.35],
    [5.0, -3.0, 0.0, 2.0],
    [1000.0, 0.0, -1000.0, 999.0],
    [-80.0, -79.5, -81.0, -80.25],
]
ELEMENTWISE: dict[str, list[dict[str, Any]]] = {
    "celu": [{}, {"alpha": 0.5}],
    "elu": [{}, {"alpha": 0.5}],
    "exponential": [{}],
    "gelu": [{}, {"approximate": True}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_tanh": [{}],
    "leaky_relu": [{}, {"negative_slope": 0.1}],
    "linear": [{}],
    "log_sigmoid": [{}],
    "mish": [{}],
    "relu": [
        {},
        {"negative_slope": 0.1},
        {"max_value": 6.0},
        {"threshold": 1.0},
        {"negative_slope": 0.1, "max_value": 6.0, "threshold": 1.0},
    ],
    "relu6": [{}],
    "selu": [{}],
    "sigmoid": [{}],
    "silu": [{}],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "softplus": [{}],
    "softsign": [{}],
    "sparse_plus": [{}],
    "sparse_sigmoid": [{}],
    "squareplus": [{}, {"b": 1}],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [{"threshold": 1.0, "default_value": 0.25}],
}
ROWWISE: dict[str, list[dict[str, Any]]] = {
    "glu": [{}],
    "log_softmax": [{}, {"axis": 0}],
    "softmax": [{}, {"axis": 0}],
    "sparsemax": [{}],
}


def activation(
    keras: Keras, name: str, x: Any, arguments: dict[str, Any], dtype: str
) -> Any:
    """Value and gradient of an activation."""
    with precision(keras, dtype):
        function = partial(getattr(keras.activations, name), **arguments)
        with np.errstate(over="ignore" if name == "exponential" else "warn"):
            return value_and_gradient(keras, function, np.array(x, dtype))


def activation_names(keras: Keras) -> Any:
    """The activations that can be named by a string, aliases included."""
    names = [*ELEMENTWISE, *ROWWISE, "swish", "hard_swish"]
    return {name: keras.activations.get(name).__name__ for name in sorted(names)} | {
        "none": keras.activations.get(None).__name__
    }


ACTIVATIONS: dict[str, Case] = (
    {
        label(name, arguments, dtype): partial(
            activation,
            name=name,
            # With several classes the sparsemax of Keras 3.15 does not add up to 1.
            x=ROWS[1:2] if name == "sparsemax" else x,
            arguments=arguments,
            dtype=dtype,
        )
        for dtype in ("float32", "float64")
        for table, x in ((ELEMENTWISE, GRID), (ROWWISE, ROWS))
        for name in table
        for arguments in table[name]
    }
    | {
        label("kinks", name, arguments, "float32"): partial(
            activation, name=name, x=KINKS, arguments=arguments, dtype="float32"
        )
        for name in ELEMENTWISE
        for arguments in ELEMENTWISE[name]
    }
    | {"names": activation_names}
)


# ------------------------------------------------------------------ fit and its kin


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


# ---------------------------------------------------------- names, defaults, configs

PUBLIC = (
    "Sequential.__init__",
    "Input",
    "layers.Dense",
    "layers.Activation",
    "layers.InputLayer",
    "optimizers.SGD",
    "optimizers.Adam",
    "optimizers.RMSprop",
    *(f"losses.{name}" for name in CLASSES.values()),
    *(f"losses.{name}" for name in CLASSES),
    "metrics.BinaryAccuracy",
    "metrics.CategoricalAccuracy",
    "metrics.SparseCategoricalAccuracy",
    "metrics.MeanSquaredError",
    "metrics.MeanAbsoluteError",
    "metrics.Mean",
    "initializers.GlorotUniform",
    "initializers.Zeros",
    "initializers.Ones",
    "initializers.Constant",
    "initializers.RandomNormal",
    "initializers.RandomUniform",
    *(f"activations.{name}" for name in (*ELEMENTWISE, *ROWWISE)),
    "Sequential.add",
    "Sequential.pop",
    "Sequential.compile",
    "Sequential.fit",
    "Sequential.evaluate",
    "Sequential.predict",
    "Sequential.train_on_batch",
    "Sequential.test_on_batch",
    "Sequential.predict_on_batch",
    "Sequential.summary",
    "Sequential.get_layer",
)
CONFIGS: dict[str, Callable[[Keras], Any]] = {
    "Dense": lambda k: k.layers.Dense(3, name="d"),
    "Dense-arguments": lambda k: k.layers.Dense(
        3,
        activation="relu",
        use_bias=False,
        kernel_initializer="zeros",
        bias_initializer=k.initializers.Constant(0.5),
        name="d",
    ),
    "Activation": lambda k: k.layers.Activation("tanh", name="a"),
    "InputLayer": lambda k: k.layers.InputLayer((4,), name="i"),
    "SGD": lambda k: k.optimizers.SGD(),
    "SGD-arguments": lambda k: k.optimizers.SGD(
        0.5, momentum=0.5, nesterov=True, clipnorm=1.0, weight_decay=0.25
    ),
    "Adam": lambda k: k.optimizers.Adam(),
    "RMSprop": lambda k: k.optimizers.RMSprop(),
    **{
        name: lambda k, name=name: getattr(k.losses, name)()
        for name in CLASSES.values()
    },
    "BinaryAccuracy": lambda k: k.metrics.BinaryAccuracy(threshold=0.25),
    "CategoricalAccuracy": lambda k: k.metrics.CategoricalAccuracy(),
    "SparseCategoricalAccuracy": lambda k: k.metrics.SparseCategoricalAccuracy(),
    "MeanSquaredError-metric": lambda k: k.metrics.MeanSquaredError(),
    "MeanAbsoluteError-metric": lambda k: k.metrics.MeanAbsoluteError(),
    "Mean": lambda k: k.metrics.Mean(),
    "GlorotUniform": lambda k: k.initializers.GlorotUniform(),
    "Zeros": lambda k: k.initializers.Zeros(),
    "Ones": lambda k: k.initializers.Ones(),
    "Constant": lambda k: k.initializers.Constant(0.5),
    "RandomNormal": lambda k: k.initializers.RandomNormal(),
    "RandomUniform": lambda k: k.initializers.RandomUniform(seed=3),
}


def signature(keras: Keras, path: str) -> Any:
    """The parameters of a public name with their defaults, in order."""
    target = keras
    for name in path.split("."):
        target = getattr(target, name)
    parameters = inspect.signature(target).parameters.values()
    return {
        parameter.name: "<required>"
        if parameter.default is parameter.empty
        else plain(parameter.default)
        for parameter in parameters
        if parameter.name != "self"
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }


def config(keras: Keras, make: Callable[[Keras], Any]) -> Any:
    """The ``get_config()`` of the first object of a session."""
    keras.utils.clear_session()
    return plain(make(keras).get_config())


def small_model(keras: Keras) -> Any:
    """The first model of a session."""
    keras.utils.clear_session()
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(3),
            keras.layers.Activation("softmax"),
        ]
    )


def names(keras: Keras) -> Any:
    """The names that are given to what has none."""
    model = small_model(keras)
    second = keras.Sequential([keras.layers.Dense(2, name="own")])
    return {
        "model": model.name,
        "layers": [layer.name for layer in model.layers],
        "weights": [weight.name for weight in model.weights],
        "second": [second.name, *(layer.name for layer in second.layers)],
        "parameters": model.count_params(),
        "input_shape": plain(model.input_shape),
        "output_shape": plain(model.output_shape),
        "optimizers": [
            getattr(keras.optimizers, name)().name
            for name in ("SGD", "Adam", "RMSprop", "SGD")
        ],
    }


def summary(keras: Keras, compiled: bool) -> Any:
    """The lines that ``summary`` writes."""
    model = small_model(keras)
    if compiled:
        model.compile(optimizer="adam", loss="mse")
        model.layers[0].trainable = False
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.extend(text.splitlines()))
    return [line.rstrip() for line in lines]


def compiled_names(keras: Keras) -> Any:
    """What ``compile`` makes of a name."""
    figures = {}
    for name in ("sgd", "SGD", "adam", "Adam", "rmsprop", "RMSprop"):
        model = small_model(keras)
        model.compile(optimizer=name, loss="mse")
        figures[name] = type(model.optimizer).__name__
    model = small_model(keras)
    model.compile()
    figures["default"] = type(model.optimizer).__name__
    return figures


FACTS: dict[str, Case] = (
    {label("signature", path): partial(signature, path=path) for path in PUBLIC}
    | {
        label("config", name): partial(config, make=make)
        for name, make in CONFIGS.items()
    }
    | {
        "names": names,
        "summary": partial(summary, compiled=False),
        "summary-compiled": partial(summary, compiled=True),
        "compiled-names": compiled_names,
    }
)


# ------------------------------------------------------------------- initializers


def moments(
    keras: Keras, name: str, arguments: dict[str, Any], shape: tuple[int, ...]
) -> Any:
    """Mean, spread and extremes of 120,000 draws."""
    draws = array(getattr(keras.initializers, name)(**arguments)(shape))
    return {
        "mean": float(draws.mean(dtype="float64")),
        "std": float(draws.std(dtype="float64")),
        "min": float(draws.min()),
        "max": float(draws.max()),
        "shape": plain(draws.shape),
        "dtype": str(draws.dtype),
    }


def repeated(keras: Keras, name: str) -> Any:
    """Do two calls of one seeded initializer draw the same? Do two without a seed?"""
    make = getattr(keras.initializers, name)

    def same(initializer: Any) -> bool:
        return bool(np.all(array(initializer((4, 3))) == array(initializer((4, 3)))))

    return {"seeded": same(make(seed=5)), "unseeded": same(make())}


def initializer_names(keras: Keras) -> Any:
    """The class behind every name, and its default in a layer."""
    known = (
        *("glorot_uniform", "GlorotUniform", "glorot_normal", "he_uniform"),
        *("he_normal", "lecun_uniform", "lecun_normal", "zeros", "ones"),
        *("random_normal", "random_uniform", "truncated_normal", "normal", "uniform"),
        *("zero", "one"),
    )
    figures = {name: type(keras.initializers.get(name)).__name__ for name in known}
    dense = keras.layers.Dense(3)
    return figures | {
        "kernel": type(dense.kernel_initializer).__name__,
        "bias": type(dense.bias_initializer).__name__,
    }


INITIALIZERS: dict[str, Case] = (
    {
        label(name, arguments, shape): partial(
            moments, name=name, arguments=arguments, shape=shape
        )
        for name, arguments in (
            ("GlorotUniform", {}),
            ("GlorotNormal", {}),
            ("HeUniform", {}),
            ("HeNormal", {}),
            ("LecunUniform", {}),
            ("LecunNormal", {}),
            ("Zeros", {}),
            ("Ones", {}),
            ("Constant", {"value": 0.5}),
            ("RandomNormal", {}),
            ("RandomNormal", {"mean": 1.0, "stddev": 0.2}),
            ("RandomUniform", {}),
            ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
            ("TruncatedNormal", {}),
        )
        for shape in ((200, 600),)
    }
    | {
        label("GlorotUniform", shape): partial(
            moments, name="GlorotUniform", arguments={}, shape=shape
        )
        for shape in ((120_000,), (3, 3, 100, 150))
    }
    | {
        label("repeated", name): partial(repeated, name=name)
        for name in ("GlorotUniform", "RandomNormal", "RandomUniform")
    }
    | {"names": initializer_names}
)

GROUPS: dict[str, dict[str, Case]] = {
    "trajectories": TRAJECTORIES,
    "losses": LOSSES,
    "metrics": METRICS,
    "activations": ACTIVATIONS,
    "fit": FIT,
    "facts": FACTS,
    "initializers": INITIALIZERS,
}
