"""The names ``keras`` and ``tensorflow``, answered by this package.

``import tinygrad_lr.alias`` as the first line of a program puts a finder in front of
Python's own. From then on ``import keras`` gives a facade: a module without code of its
own that offers what our modules offer. A class is therefore the same class under every
path, and a name that is not here is refused with the names that come near.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import tinygrad_lr
from tinygrad_lr import absent, legacy, tensorflow_names

KERAS_VERSION = "3.15.1"  # the Keras whose interface is followed

# Keras stands under all of these names; the long ones are what editors insert.
ROOTS = (
    "keras",
    "keras.api",
    "keras.api._v2.keras",
    "keras.src",
    "tf_keras",
    "tensorflow.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.keras",
    "tensorflow.contrib.keras.api.keras",
    "tensorflow.contrib.keras.python.keras",
    "tensorflow.python.keras",
    "tensorflow.python.keras.api.keras",
)

# What Keras 3 has at its top beside modules.
TOP = (
    "DTypePolicy", "FloatDTypePolicy", "Function", "Initializer", "Input", "InputSpec",
    "KerasTensor", "Layer", "Loss", "Metric", "Model", "Operation", "Optimizer",
    "Regularizer", "Sequential", "StatelessScope", "Variable", "device", "name_scope",
    "remat",
)  # fmt: skip

# The modules of Keras 3, each answered by ours of the same name, if there is one.
MODULES = (
    "activations", "applications", "backend", "callbacks", "config", "constraints",
    "datasets", "datasets.boston_housing", "datasets.california_housing",
    "datasets.cifar10", "datasets.cifar100", "datasets.fashion_mnist", "datasets.imdb",
    "datasets.mnist", "datasets.reuters", "distribution", "dtype_policies", "export",
    "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "ops",
    "ops.linalg", "ops.nn", "ops.numpy", "optimizers", "optimizers.schedules",
    "preprocessing", "preprocessing.image", "preprocessing.sequence",
    "preprocessing.text", "quantizers", "random", "regularizers", "saving", "tree",
    "utils", "visualization", "wrappers", "wrappers.scikit_learn",
)  # fmt: skip


def answered_paths() -> dict[str, str | None]:
    """Return every path there is, with the module (or modules) of ours that answers it.

    The module is "" for the package itself and None for a path of TensorFlow. Modules
    of Keras that nothing here answers are left out.
    """
    ours = {path: path for path in MODULES} | legacy.MODULES
    ours = {path: home for path, home in ours.items() if all(map(exists, home.split()))}
    answered: dict[str, str | None] = {}
    for root in ROOTS:
        answered[root] = ""
        answered.update({f"{root}.{path}": home for path, home in ours.items()})
    for namespace in tensorflow_names.NAMES:
        answered[f"tensorflow.{namespace}".rstrip(".")] = None
    for path in tuple(answered):
        while "." in path:
            path = path.rpartition(".")[0]
            answered.setdefault(path, None)
    return answered


def exists(home: str) -> bool:
    """Is there a module of ours of that name? Looking does not load it."""
    place = Path(tinygrad_lr.__file__).parent.joinpath(*home.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


PATHS = answered_paths()


def names_of(path: str) -> dict[str, Any]:
    """What the facade at ``path`` offers, submodules aside."""
    home = PATHS[path]
    if home is None:
        return tensorflow_names.NAMES.get(path.partition(".")[2], {})
    if not home:
        names = {"__version__": KERAS_VERSION, "version": lambda: KERAS_VERSION}
        here = vars(tinygrad_lr)
        return names | {name: here[name] for name in TOP if name in here}
    names = {}
    for part in home.split():
        names.update(public(importlib.import_module(f"tinygrad_lr.{part}")))
        for old, new in legacy.NAMES.get(part, {}).items():
            if callable(new) or new in names:
                names.setdefault(old, new if callable(new) else names[new])
    return names


def public(module: ModuleType) -> dict[str, Any]:
    """The names of ``module`` that are its own: ``__all__``, or what it defines."""
    if hasattr(module, "__all__"):
        return {name: getattr(module, name) for name in module.__all__}
    return {
        name: value
        for name, value in vars(module).items()
        if name in ("deserialize", "get", "serialize")
        or (not name.startswith("_") and origin(value).startswith(module.__name__))
    }


def origin(value: Any) -> str:
    """The name of the module that a class or function was written in."""
    return str(getattr(value, "__module__", ""))


def submodules(path: str) -> list[str]:
    """The names of the modules right under ``path``, roots of Keras aside."""
    parts = (below.rpartition(".") for below in PATHS if below not in ROOTS)
    return [name for parent, _, name in parts if parent == path]


class Facade(ModuleType):
    """A module under a Keras or TensorFlow name that holds what our modules offer.

    It takes new attributes (``tf.model = tf.keras.Sequential()``) like any module.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        path = f"{self.__name__}.{name}"
        if path in PATHS:
            return importlib.import_module(path)
        raise AttributeError(missing(self, name), name=name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Keras 1 had a function ``keras.layers.merge``, Keras 2 a module."""
        name = self.__name__.rpartition(".")[2]
        if name not in vars(self):
            raise TypeError(f"{self.__name__} is a module and cannot be called.")
        return vars(self)[name](*args, **kwargs)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *submodules(self.__name__)})

    def __reduce__(self) -> tuple[Any, ...]:
        return facade, (self.__name__,)


def facade(name: str) -> ModuleType:
    """Import a facade by name: what a pickled one is restored with, in any process."""
    return importlib.import_module(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds facades, and refuses what a facade does not have."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in PATHS:
            origin = "answered by tinygrad_lr"
            spec = importlib.machinery.ModuleSpec(fullname, self, origin=origin)
            spec.submodule_search_locations = []
            return spec
        parent, _, name = fullname.rpartition(".")
        if parent in PATHS:
            raise ImportError(
                missing(importlib.import_module(parent), name), name=fullname
            )
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Facade(spec.name, f"{spec.name}, answered by tinygrad_lr.")

    def exec_module(self, module: ModuleType) -> None:
        path = module.__name__
        names = names_of(path)
        vars(module).update(names)
        offered = [*names, *submodules(path)] if path in ROOTS else names
        vars(module)["__all__"] = [name for name in offered if not name.startswith("_")]


def missing(module: ModuleType, name: str) -> str:
    """Say that a facade has no such name, and what comes near."""
    path = f"{module.__name__}.{name}"
    root = max((r for r in ROOTS if path.startswith(f"{r}.")), key=len, default="")
    if path[len(root) + 1 :] in {*MODULES, *legacy.MODULES}:
        return f"{path} is a module of Keras that tinygrad_lr does not have."
    if path.startswith(f"{root}.layers."):
        homes = ["layers"]
    else:
        homes = (PATHS.get(module.__name__) or "").split()
    for home in homes:
        why = absent.reason(f"{home}.{name}", path)
        if why is not None:
            return why
    hint = absent.near(name, dir(module))
    return f"{module.__name__}, as tinygrad_lr answers it, has no {name!r}.{hint}"


finder = Finder()
shadowed: dict[str, ModuleType] = {}


def install() -> None:
    """Answer ``keras`` and ``tensorflow`` from now on; :func:`uninstall` ends it.

    Real modules of these names that were imported before are put aside with a warning,
    because a name bound to them goes on to mean them.
    """
    if finder in sys.meta_path:
        return
    sys.meta_path.insert(0, finder)
    tops = {root.partition(".")[0] for root in ROOTS}
    for name in tuple(sys.modules):
        if name.partition(".")[0] in tops:
            shadowed[name] = sys.modules.pop(name)
    for top in sorted(tops & shadowed.keys()):
        where = getattr(shadowed[top], "__file__", None) or "an unknown place"
        warnings.warn(
            f"{top} was imported before tinygrad_lr.alias (from {where}). From now on "
            f"importing {top} gives tinygrad_lr, but names imported before go on to "
            "belong to the other one. Make `import tinygrad_lr.alias` the first line.",
            stacklevel=2,
        )


def uninstall() -> None:
    """Give the names ``keras`` and ``tensorflow`` back to whom they belonged."""
    if finder not in sys.meta_path:
        return
    sys.meta_path.remove(finder)
    for name, module in tuple(sys.modules.items()):
        if isinstance(module, Facade):
            del sys.modules[name]
    sys.modules.update(shadowed)
    shadowed.clear()


install()
