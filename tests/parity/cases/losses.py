"""Losses as functions, objects and names."""

from __future__ import annotations

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
