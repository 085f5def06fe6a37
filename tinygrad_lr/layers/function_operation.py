"""A function as a step of a model, beside its layers.

``place * 2`` and ``ops.softmax(place)`` are calls of an operation that has no weights.
Where Keras has the same operation, it is written as Keras writes it, so that each reads
the other's models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.autodiff.rules import COMPOSITIONS, CONSTANTS, RULES
from tinygrad_lr.layers.keras_tensor import KerasTensor, Node, has_places
from tinygrad_lr.layers.operation import Operation
from tinygrad_lr.layers.shape_inference import forms_of
from tinygrad_lr.layers.size_bounds import check_growth
from tinygrad_lr.naming import class_name, unique_name
from tinygrad_lr.nesting import map_structure
from tinygrad_lr.registry import configuration

OURS = "tinygrad_lr.layers"
KERAS = "keras.src.ops"


class FunctionOperation(Operation):
    """Calls ``function`` on whatever takes the place of its arguments.

    It is named after the function, as a layer after its class. ``options`` are keyword
    arguments of every call.
    """

    for_function = True  # options are not those of a constructor

    def __init__(
        self, function: Callable[..., Any], name: str | None = None, **options: Any
    ) -> None:
        self.function = function
        self.options = options
        super().__init__(name or unique_name(self.kind))

    @property
    def kind(self) -> str:
        """What stands for a class of layers: ``GetItem``, ``Sum``."""
        known = getattr(self.function, "kind", None)
        return known or class_name(self.function.__name__)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        check_growth(self.function, args, kwargs, self.options)
        try:
            forms = forms_of(self.call, args, kwargs)
        except (ValueError, ArithmeticError):  # zeros have no inverse, no mean ...
            forms = forms_of(self.call, args, kwargs, regular)
        return Node(self, args, kwargs).finish(forms)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **{**self.options, **kwargs})

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


def regular(shape: Any, dtype: str) -> Any:
    """An array whose matrices are positive definite, and no element 0."""
    array = np.ones(shape)
    if np.dtype(dtype).kind == "f" and len(shape) > 1:
        array = array * 0.5 + np.eye(shape[-2], shape[-1])
    return array.astype(dtype)


def apply(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Note a call of a function on places; return places for its results."""
    from tinygrad_lr.ops import steps  # many modules, which few programs need

    if not isinstance(function, steps.Step):
        meant = steps.meant_by(function, args, kwargs)
        if meant is None:
            return FunctionOperation(function)(*args, **kwargs)
        function, args, kwargs = meant
    step: steps.Step = function  # type: ignore[assignment]  # nothing else is left
    data, settings = step.divide(args, kwargs)
    if has_places((), settings):  # a place for what should have made the operation
        return FunctionOperation(step.function)(*args, **kwargs)
    return FunctionOperation(step, None, **map_structure(plain, settings))(*data)


def plain(setting: Any) -> Any:
    """A setting as a plain value, as files hold it."""
    if isinstance(setting, (np.ndarray, np.generic, Tensor)):
        return np.asarray(setting).tolist()
    if isinstance(setting, (np.dtype, type)):
        from tinygrad_lr.ops.conversion import dtype_of  # see above

        return dtype_of(setting).name
    return setting


KerasTensor.apply = staticmethod(apply)

# -- as plain values -------------------------------------------------------------------


def full_name(function: Callable[..., Any]) -> str:
    """A function by module and name."""
    return f"{getattr(function, '__module__', None) or 'numpy'}.{function.__name__}"


def serialize_operation(operation: FunctionOperation) -> dict[str, Any]:
    """What makes such an operation, in Keras's form where Keras has it too."""
    config: dict[str, Any] = {"name": operation.name}
    function: Any = operation.function
    if hasattr(function, "family"):
        config |= operation.options
        kind = function.kind
        return configuration(f"{KERAS}.{function.family}", kind, config, kind)
    config |= {"function": full_name(function), "options": operation.options}
    return configuration(OURS, "Operation", config, None)


def deserialize_operation(row: dict[str, Any]) -> FunctionOperation | None:
    """The operation that :func:`serialize_operation` described; None for a layer.

    Only functions of the rule tables and those of ``ops`` are known by name.
    """
    module, config = row.get("module") or "", dict(row["config"])
    name, kind = config.pop("name", None), row.get("class_name")
    if module != OURS and not module.startswith(KERAS):
        return None
    if module == OURS and kind != "Operation":
        return None
    from tinygrad_lr import ops  # see above
    from tinygrad_lr.ops import steps

    known: dict[Any, Any] = {**steps.CLASSES}
    if module == OURS:
        kind, config = config["function"], config.get("options", {})
        own = [getattr(ops, name) for name in ops.__all__]
        tables = (*RULES, *CONSTANTS, *COMPOSITIONS, *own)
        known = {full_name(function): function for function in tables}
    if kind not in known:
        raise ValueError(f"operation {name!r}: there is no function {kind!r}.")
    function = known[kind]
    if isinstance(function, steps.Step):
        config = function.settings(config)
    return FunctionOperation(function, name, **config)
