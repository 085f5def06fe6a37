"""Operations as steps of a model: one for each, as Keras keeps them in files.

Called on places (``ops.softmax(place, axis=1)``) an operation computes nothing: it
notes one step, ``Softmax(axis=1)(place)``. What it takes is divided in two: data, which
the step is called on, and settings, which make the step. NumPy's own functions and
operators do the same where Keras has an operation that means it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lr.layers.keras_tensor import KerasTensor, has_places
from tinygrad_lr.naming import class_name

Function = Callable[..., Any]
NO_DEFAULT = inspect.Parameter.empty


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# How Keras spells a class whose name is not that of the function in capitals.
SPELT = {
    "abs": "Absolute", "allclose": "AllClose", "batch_normalization": "BatchNorm",
    "cdist": "CDist", "fft": "FFT", "fft2": "FFT2", "ifft2": "IFFT2", "irfft": "IRFFT",
    "isin": "IsIn", "layer_normalization": "LayerNorm", "psnr": "PSNR",
    "rfft": "RFFT", "rms_normalization": "RMSNorm", "searchsorted": "SearchSorted",
    "svd": "SVD",
}  # fmt: skip
# Data are the parameters that have no default, except these ...
SETTINGS = words(
    """axes axis axis1 axis2 block_size default_value destination dtype function
    indices_or_sections k kth max_val newshape num_classes pad_width repeats
    sequence_length sequence_stride shape shift source subscripts threshold x_max
    x_min"""
)
# ... and these, which have one.
DATA = {
    "average": "weights", "batch_normalization": "offset scale",
    "dot_product_attention": "bias mask scale", "isclose": "rtol atol",
    "layer_normalization": "gamma beta", "pad": "constant_values",
    "rms_normalization": "scale", "scan": "xs", "select": "default", "where": "x1 x2",
}  # fmt: skip
# They make no step: they take no data, look at it, or choose between steps.
NO_STEPS = words(
    """arange bartlett blackman cond convert_to_numpy custom_gradient dtype empty eye
    fori_loop hamming hanning identity is_tensor jvp kaiser ndim ones shape size switch
    tri vectorize while_loop zeros"""
)
# The names of operations that NumPy, or the rule table, calls something else.
WORDS = {
    "around": "round", "astype": "cast", "degrees": "rad2deg", "divide": "true_divide",
    "getitem": "get_item", "invert": "bitwise_invert", "radians": "deg2rad",
    "remainder": "mod",
}  # fmt: skip

STEPS: dict[str, Step] = {}  # by the names of functions
CLASSES: dict[str, Step] = {}  # and by those of Keras's classes


@dataclass(frozen=True)
class Step:
    """An operation as a step of a model: a function of data, and of settings by name.

    ``family`` and ``kind`` are the module and the class by which Keras knows it.
    """

    function: Function
    family: str
    kind: str

    @property
    def __name__(self) -> str:
        return self.function.__name__

    @functools.cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters of the function."""
        return dict(inspect.signature(self.function).parameters)

    @functools.cached_property
    def data(self) -> list[str]:
        """The names of the parameters that take data."""
        too = DATA.get(self.__name__, "").split()
        return [
            name
            for name, p in self.parameters.items()
            if name in too or (p.default is p.empty and name not in SETTINGS)
            if p.kind is not p.VAR_KEYWORD
        ]

    @functools.cached_property
    def several(self) -> str | None:
        """The name of the parameter that takes any number of data."""
        named = self.parameters.items()
        return next((name for name, p in named if p.kind is p.VAR_POSITIONAL), None)

    def __call__(self, *data: Any, **named: Any) -> Any:
        """Compute, from data by position or name and settings by name."""
        if self.several is None:
            return self.function(**dict(zip(self.data, data, strict=False)), **named)
        before = [named.pop(n) for n in [*self.parameters] if n in SETTINGS & {*named}]
        return self.function(*before, *data, **named)

    def divide(self, args: Any, kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
        """Divide arguments in data and settings, both with defaults.

        Raises ``TypeError`` for arguments that the function does not take.
        """
        try:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.__name__}: {error}.") from None
        bound.apply_defaults()
        given = dict(bound.arguments)
        for name, p in self.parameters.items():
            if p.kind is p.VAR_KEYWORD:
                given |= given.pop(name)
        if self.several is not None:
            return [*given.pop(self.several)], given
        return [given.pop(name) for name in self.data], given

    def takes(self, names: Iterable[str]) -> bool:
        """Whether there are parameters of these names."""
        known = self.parameters.values()
        loose = any(p.kind is p.VAR_KEYWORD for p in known)
        return loose or set(names) <= self.parameters.keys()

    def settings(self, config: dict[str, Any]) -> dict[str, Any]:
        """The settings that a file gives, whose lists were tuples.

        Raises ``ValueError`` for unknown ones.
        """
        if not self.takes(config):
            raise ValueError(
                f"{self.kind}: expected the settings {[*self.parameters]}, got "
                f"{[*config]}."
            )
        return {name: tuples(value) for name, value in config.items()}


def tuples(value: Any) -> Any:
    """A setting with tuples for the lists of JSON."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def as_step(function: Function, family: str) -> Function:
    """Let an operation note a step when it is given places."""
    name = function.__name__
    if name in NO_STEPS:
        return function
    if name in STEPS:
        return STEPS[name].function  # another name for it

    @functools.wraps(function)
    def operation(*args: Any, **kwargs: Any) -> Any:
        if has_places(args, kwargs):
            return KerasTensor.apply(STEPS[name], args, kwargs)
        return function(*args, **kwargs)

    operation.__module__ = "tinygrad_lr.ops"  # where it is found
    kind = SPELT.get(name) or class_name(name)
    CLASSES[kind] = STEPS[name] = Step(operation, family, kind)
    return operation


def meant_by(function: Function, args: Any, kwargs: Any) -> Any:
    """The step that a call of a function of NumPy means, and arguments in its words.

    None if Keras has no operation of this name that takes them.
    """
    name = WORDS.get(function.__name__, function.__name__)
    home = str(getattr(function, "__module__", None) or "numpy")
    step = STEPS.get(name)
    if step is None or home.partition(".")[0] not in ("numpy", "tinygrad_lr"):
        return None
    if home.startswith("tinygrad_lr.losses"):  # the mean of what the step gives
        return None
    words = [n for n, p in step.parameters.items() if p.kind is not p.VAR_KEYWORD]
    front = (n in step.data or step.parameters[n].default is NO_DEFAULT for n in words)
    needed = sum(itertools.takewhile(bool, front))  # the same, whatever their names
    try:
        theirs = [*inspect.signature(function).parameters]
    except ValueError:  # written in C
        theirs = words
    if step.several is not None and home != "numpy":
        return None
    if isinstance(function, np.ufunc) or step.several is not None:
        return (step, args, kwargs) if not kwargs else None
    alike = [a == b for a, b in zip(theirs, words, strict=False)]
    alike[:needed] = [True] * min(needed, len(alike))
    renamed = dict(zip(theirs[:needed], words, strict=False))
    kwargs = {renamed.get(key, key): value for key, value in kwargs.items()}
    fits = len(args) <= len(alike) and all(alike[: len(args)])
    return (step, args, kwargs) if fits and step.takes(kwargs) else None
