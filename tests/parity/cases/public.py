"""Every public name of Keras: parameters with their defaults, and members of classes.

They are recorded, not compared: ``covered.py`` makes a table of them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import partial
from typing import Any

from cases.common import Case, Keras

MODULES = (
    "keras", "keras.activations", "keras.applications", "keras.applications.convnext",
    "keras.applications.densenet", "keras.applications.efficientnet",
    "keras.applications.efficientnet_v2", "keras.applications.imagenet_utils",
    "keras.applications.inception_resnet_v2", "keras.applications.inception_v3",
    "keras.applications.mobilenet", "keras.applications.mobilenet_v2",
    "keras.applications.mobilenet_v3", "keras.applications.nasnet",
    "keras.applications.resnet", "keras.applications.resnet50",
    "keras.applications.resnet_v2", "keras.applications.vgg16",
    "keras.applications.vgg19", "keras.applications.xception", "keras.backend",
    "keras.callbacks", "keras.config", "keras.constraints", "keras.datasets",
    "keras.datasets.boston_housing", "keras.datasets.california_housing",
    "keras.datasets.cifar10", "keras.datasets.cifar100", "keras.datasets.fashion_mnist",
    "keras.datasets.imdb", "keras.datasets.mnist", "keras.datasets.reuters",
    "keras.distillation", "keras.distribution", "keras.dtype_policies", "keras.export",
    "keras.initializers", "keras.layers", "keras.legacy", "keras.legacy.saving",
    "keras.losses", "keras.metrics", "keras.mixed_precision", "keras.models",
    "keras.ops", "keras.ops.image", "keras.ops.linalg", "keras.ops.nn",
    "keras.ops.numpy", "keras.optimizers", "keras.optimizers.legacy",
    "keras.optimizers.schedules", "keras.preprocessing", "keras.preprocessing.image",
    "keras.preprocessing.sequence", "keras.quantizers", "keras.random",
    "keras.regularizers", "keras.saving", "keras.tree", "keras.utils",
    "keras.utils.bounding_boxes", "keras.utils.legacy", "keras.visualization",
    "keras.wrappers",
)  # fmt: skip


def public_modules(keras: Keras) -> list[str]:
    """The modules that there are; the list above is to be these."""
    found = (module.name for module in pkgutil.walk_packages(keras.__path__, "keras."))
    private = ("keras.src", "keras._tf_keras")
    return ["keras", *(name for name in found if not name.startswith(private))]


def public_names(keras: Keras, module: str) -> dict[str, Any]:
    """What stands in a module, modules aside, each described."""
    return {
        name: described(value, is_public)
        for name, value in sorted(vars(importlib.import_module(module)).items())
        if not name.startswith("_") and not inspect.ismodule(value)
    }


def is_public(kind: type) -> bool:
    """Whether a class of Keras has a public path (it stands there by itself, then)."""
    return "_api_export_path" in vars(kind)


def described(value: Any, stands_alone: Any = lambda kind: False) -> Any:
    """The parameters of a function; of a class those of ``__init__``, and its members.

    Members that a base class with a public path has too are left to that one. None
    stands for what takes no arguments, or takes some that Python does not know.
    """
    if not isinstance(value, type):
        return parameters(value)
    bases = [base for base in value.__mro__ if base is not value]
    elsewhere = {
        name
        for base in bases
        if stands_alone(base) or base.__module__ == "builtins"
        for name in dir(base)
    }
    members = {
        name: parameters(getattr(value, name))
        for name in dir(value)
        if not name.startswith("_") and name not in elsewhere
    }
    return {"init": parameters(value.__init__), "members": members}


def parameters(function: Any) -> list[str] | None:
    """Names, with defaults and stars, as they stand in a definition; no ``self``."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # not a function, or one written in C
        return None
    return [written(parameter) for parameter in known if parameter.name != "self"]


def written(parameter: inspect.Parameter) -> str:
    """One parameter: ``units``, ``activation=None``, ``*, name=None``, ``**kwargs``."""
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    star = {parameter.KEYWORD_ONLY: "*, ", parameter.POSITIONAL_ONLY: "/, "}
    default = parameter.default
    if default is parameter.empty:
        text = ""
    elif isinstance(default, type) or callable(default):
        text = f"={default.__name__}"
    elif type(default).__module__ in ("builtins", "numpy") and "0x" not in str(default):
        text = f"={default!r}"
    else:
        text = f"=<{type(default).__name__}>"
    return star.get(parameter.kind, "") + parameter.name + text


PUBLIC_NAMES: dict[str, Case] = {
    "modules": public_modules,
    **{name: partial(public_names, module=name) for name in MODULES},
}
