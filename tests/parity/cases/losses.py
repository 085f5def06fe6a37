"""Losses as functions, objects and names."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, label, precision, value_and_gradient

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


# -- every loss: value, gradient and configuration -------------------------------------


def drawn() -> dict[str, Array]:
    """Targets and predictions of every kind that some loss expects."""
    rng = np.random.default_rng(12)
    classes = np.array([0, 2, 1, 1, 0])
    scores = rng.normal(size=(5, 3))
    unit = scores / np.linalg.norm(scores, axis=-1, keepdims=True)
    shares = rng.uniform(0.1, 1, size=(5, 3))
    arrays = {
        "scores": scores,
        "numbers": rng.normal(size=(5, 3)),
        "shares": shares / shares.sum(-1, keepdims=True),
        "unit": unit,
        "sequences": rng.normal(size=(2, 6, 4)),
        "flags": rng.integers(0, 2, size=(5, 3)),
        "onehot": np.eye(3)[classes],
    }
    made: dict[str, Array] = {k: v.astype("float32") for k, v in arrays.items()}
    labels = np.array([[1, 3, 3, 0], [2, 0, 0, 0]])
    return made | {"classes": classes, "labels": labels, "signs": 2 * made["flags"] - 1}


def every_loss(
    keras: Keras, name: str, y: str, p: str, weighted: bool, **arguments: Any
) -> Any:
    """The class: its value and gradient, and the configuration it is made from."""
    measure = getattr(keras.losses, name)(**arguments)
    data = drawn()
    w = np.linspace(0.5, 2, len(data[p])).astype("float32") if weighted else None
    found = value_and_gradient(
        keras, lambda t: measure(data[y], t, sample_weight=w), data[p]
    )
    again = getattr(keras.losses, name).from_config(measure.get_config())
    found["config"] = again.get_config()
    if not arguments and not weighted:
        found["described"] = keras.losses.serialize(measure)
    return found


def every_loss_function(
    keras: Keras, name: str, y: str, p: str, **arguments: Any
) -> Any:
    """The function: one value per sample, and its gradient."""
    function, data = getattr(keras.losses, name), drawn()
    return value_and_gradient(
        keras, lambda t: function(data[y], t, **arguments), data[p]
    )


#: Class, function, targets, predictions, arguments of the function.
EVERY_LOSS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", "flags", "shares",
     {"apply_class_balancing": True, "label_smoothing": 0.1}),
    ("CTC", "ctc", "labels", "sequences", {}),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", "onehot",
     "scores", {"from_logits": True, "alpha": [0.2, 0.3, 0.5]}),
    ("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy",
     "classes", "shares", {"q": 0.3}),
    ("CategoricalHinge", "categorical_hinge", "onehot", "scores", {}),
    ("Circle", "circle", "classes", "unit", {"gamma": 4.0, "margin": 0.3}),
    ("CosineSimilarity", "cosine_similarity", "numbers", "scores", {}),
    ("Dice", "dice", "flags", "shares", {"axis": -1}),
    ("Hinge", "hinge", "flags", "scores", {}),
    ("Huber", "huber", "numbers", "scores", {}),
    ("KLDivergence", "kl_divergence", "onehot", "shares", {}),
    ("LogCosh", "log_cosh", "numbers", "scores", {}),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error", "numbers",
     "scores", {}),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", "flags",
     "shares", {}),
    ("Poisson", "poisson", "flags", "shares", {}),
    ("SquaredHinge", "squared_hinge", "signs", "scores", {}),
    ("Tversky", "tversky", "flags", "shares", {"alpha": 0.3, "beta": 0.6, "axis": 0}),
]  # fmt: skip
EVERY: dict[str, Case] = {
    label("every", function, arguments): partial(
        every_loss_function, name=function, y=y, p=p, **arguments
    )
    for _, function, y, p, arguments in EVERY_LOSS
} | {
    label("every", name, given, "weighted" if weighted else None): partial(
        every_loss, name=name, y=y, p=p, weighted=weighted, **given
    )
    for name, _, y, p, arguments in EVERY_LOSS
    for given, weighted in (({}, False), (arguments | {"reduction": "sum"}, True))
    if not (weighted and name in ("Dice", "Tversky"))
}


def names_of_losses(keras: Keras) -> Any:
    """What the module offers, with its parameters."""
    facts = {}
    for name in dir(keras.losses):
        thing = getattr(keras.losses, name)
        public = name[0].isalpha() and not hasattr(thing, "__path__")
        if public and name not in NOT_OF_KERAS and is_of_losses(thing):
            facts[name] = parameters_of(thing)
    return facts


NOT_OF_KERAS = (
    "LossFunctionWrapper",
    "registry",
    "is_open",
    "resolve",
    "targets_kind",
    "Registry",
)


def is_of_losses(thing: Any) -> bool:
    """Classes and functions, not what a module imports to write them."""
    return callable(thing) and ".losses" in str(getattr(thing, "__module__", ""))


def parameters_of(thing: Any) -> list[str]:
    """Names and defaults, in order."""
    found = inspect.signature(thing).parameters.values()
    return [str(p.replace(annotation=p.empty)) for p in found]


def loss_from(keras: Keras, name: str) -> Any:
    """What ``get`` makes of a name: the kind and the name of the thing."""
    found = keras.losses.get(name)
    return getattr(found, "__name__", None) or [type(found).__name__, found.name]


NAMES = (
    "bce", "BCE", "kld", "KLD", "mae", "MAE", "mse", "MSE", "mape", "MAPE", "msle",
    "MSLE", "cosine_similarity", "CosineSimilarity", "Hinge", "hinge", "KLDivergence",
    "huber", "Huber", "log_cosh", "ctc", "CTC", "circle", "tversky", "Dice",
)  # fmt: skip

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
    | EVERY
    | {"names": names_of_losses}
    | {label("get", name): partial(loss_from, name=name) for name in NAMES}
)
