"""Configurations of Keras 1 and 2, said in the words of Keras 3.

Old files name arguments that are gone, or that are called otherwise today. What only
told TensorFlow or Theano how to compute is left out; the rest is renamed. What is
given in today's words already stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lr.saving import keras1

# Arguments that say nothing about what is computed, by class ("" for every class).
GONE: dict[str, tuple[str, ...]] = {
    "": ("input_dtype", "batchers", "dynamic", "ragged_input", "implementation"),
    "optimizer": (
        "jit_compile", "is_legacy_optimizer", "schedule_decay", "initial_decay",
    ),
    "loss": ("fn",),
}  # fmt: skip

RENAMED = {"lr": "learning_rate"}


def modern(config: Any) -> Any:
    """Return the configuration of a model in today's words."""
    if isinstance(config, list):
        return [modern(part) for part in config]
    if not isinstance(config, dict):
        return config
    name, settings = config.get("class_name"), config.get("config")
    if not isinstance(name, str):
        return {key: modern(part) for key, part in config.items()}
    if str(config.get("module")).startswith("keras.src.ops"):  # Keras 3 alone has them
        return config
    if name == "Sequential" and isinstance(settings, list):  # before Keras 2.2.3
        if keras1.merges_models(settings):
            graph = keras1.as_graph(config.get("name"), settings)
            return modern({**config, **graph})
        settings = {"layers": settings}
    if name == "Model" and isinstance(settings, dict) and "output_layers" in settings:
        name = "Functional"
    if isinstance(settings, dict):
        name, settings = keras1.modern_kind(name, keras1.modern_parts(settings))
        settings = {key: modern(part) for key, part in settings.items()}
        for gone in GONE[""]:
            settings.pop(gone, None)
        if name == "InputLayer" and "batch_input_shape" in settings:
            settings["batch_shape"] = settings.pop("batch_input_shape")
        if name == "Lambda":
            settings = modern_lambda(settings)
        settings = modern_layer(name, settings)
    rest = {
        key: modern(part)
        for key, part in config.items()
        if key not in ("class_name", "config", "compile_config")
    }
    if isinstance(config.get("compile_config"), dict):
        rest["compile_config"] = modern_compiled(config["compile_config"])
    return {**rest, "class_name": name, "config": settings}


def modern_layer(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a layer that meant the same in another form.

    Those that were only called otherwise are translated when the layer is made.
    """
    axis = settings.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        settings["axis"] = axis[0]
    dtype = settings.get("dtype")  # of integers: that of the output, in Keras 2
    if name != "InputLayer" and isinstance(dtype, str) and "int" in dtype:
        del settings["dtype"]
    return settings


def modern_lambda(settings: dict[str, Any]) -> dict[str, Any]:
    """A Lambda of Keras 1 and 2 has its code in a list: say so as Keras 3 does."""
    settings = dict(settings)
    for gone in ("module", "function_type", "output_shape_type", "output_shape_module"):
        settings.pop(gone, None)
    if isinstance(settings.get("function"), list):
        settings["function"] = {"class_name": "__lambda__", "config": {}}
    return settings


def modern_compiled(config: dict[str, Any]) -> dict[str, Any]:
    """What was given to ``compile``, in today's words."""
    found = dict(config)
    adapt: dict[str, Callable[[Any], Any]] = {
        "optimizer": modern_optimizer,
        "loss": lambda part: nested(part, modern_loss),
        "metrics": lambda part: nested(part, modern_metric),
        "weighted_metrics": lambda part: nested(part, modern_metric),
    }
    for key, change in adapt.items():
        if found.get(key) is not None:
            found[key] = change(found[key])
    defaults = {"run_eagerly": False, "steps_per_execution": 1, "jit_compile": "auto"}
    for key, default in defaults.items():
        if key in found and found[key] is None:
            found[key] = default
    for gone in ("sample_weight_mode", "weight_mode"):
        found.pop(gone, None)
    return found


def nested(part: Any, change: Callable[[Any], Any]) -> Any:
    """Change each configuration in a nesting of lists and dicts."""
    if isinstance(part, list):
        return [nested(inner, change) for inner in part]
    if isinstance(part, dict):
        if "class_name" in part:
            return change(part)
        return {key: nested(inner, change) for key, inner in part.items()}
    return part


def modern_optimizer(config: Any) -> Any:
    """An optimizer of Keras 2: what it no longer takes is left out."""
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        return config
    settings = {RENAMED.get(key, key): v for key, v in config["config"].items()}
    for gone in GONE["optimizer"]:
        settings.pop(gone, None)
    if not settings.get("decay", True):
        del settings["decay"]
    if not settings.get("clipnorm", True):
        del settings["clipnorm"]
    return {**config, "config": settings}


def modern_loss(config: dict[str, Any]) -> dict[str, Any]:
    """A loss of Keras 2: "auto" meant the mean over all values."""
    if not isinstance(config.get("config"), dict):
        return config
    settings = {k: v for k, v in config["config"].items() if k not in GONE["loss"]}
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    return {**config, "config": settings}


def modern_metric(config: dict[str, Any]) -> Any:
    """A metric of Keras 2: a function wrapped in a mean is the function."""
    settings = config.get("config")
    if config["class_name"] != "MeanMetricWrapper" or not isinstance(settings, dict):
        return config
    function = settings.get("fn")
    name = settings.get("name")
    return name if name in ("accuracy", "acc") else function or name
