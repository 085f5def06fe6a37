"""Names, defaults and configurations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cases.activations import ELEMENTWISE, ROWWISE
from cases.common import Case, Keras, array, label, plain
from cases.losses import CLASSES

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


def operations(keras: Keras) -> Any:
    """A user's operation and a Function: what they compute, note and say."""

    class Times(keras.Operation):  # type: ignore[misc]  # of either library
        def __init__(self, factor: float, name: str | None = None) -> None:
            super().__init__(name=name)
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * self.factor

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    keras.utils.clear_session()
    x = keras.Input((3,))
    times = Times(2)
    y = times(x)
    model = keras.Model(x, {"y": y, "z": keras.layers.Flatten()(y)})
    function = keras.Function(x, [y, model.outputs[1]])
    data = np.ones((2, 3), "float32")
    return {
        "names": [times.name, function.name],
        "config": times.get_config(),
        "again": Times.from_config(times.get_config()).factor,
        "places": [list(times.input.shape), list(times.output.shape)],
        "layers": [layer.name for layer in model.layers],
        "operations": [operation.name for operation in function.operations],
        "value": plain([array(out) for out in function(data)]),
        "model": plain(array(model.predict(data, verbose=0)["z"])),
        "shapes": plain(function.compute_output_shape((5, 3))),
        "ends": [len(function.inputs), len(function.outputs)],
        "kinds": [isinstance(t, keras.Operation) for t in (model.layers[1], function)],
    }


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
        "operations": operations,
    }
)
