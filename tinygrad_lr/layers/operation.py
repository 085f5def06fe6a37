"""Operation: a function of NumPy as a step of a model, beside its layers.

``place * 2`` and ``np.mean(place)`` are calls of an operation that has no weights: what
the function is given, places aside, stands in the node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.rules import COMPOSITIONS, CONSTANTS, RULES
from tinygrad_lr.layers.places import KerasTensor, Node, forms_of, has_places
from tinygrad_lr.naming import snake_case, unique_name
from tinygrad_lr.registry import configuration

# Where Keras has another word.
CALLED = {functions.getitem: "get_item", np.true_divide: "true_divide"}
OURS = "tinygrad_lr.layers"
KERAS = "keras.src.ops.numpy"
REDUCTIONS = (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std)


class Operation:
    """Calls ``function`` on whatever takes the place of its arguments.

    It is named after the function, as a layer after its class. ``options`` are keyword
    arguments of every call.
    """

    def __init__(
        self, function: Callable[..., Any], name: str | None = None, **options: Any
    ) -> None:
        self.function = function
        self.options = options
        self.name = name or unique_name(CALLED.get(function, function.__name__))
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_places(args, kwargs):
            forms = forms_of(self, args, kwargs)
            return Node(self, args, kwargs).finish(forms)
        return self.function(*args, **{**self.options, **kwargs})

    @property
    def kind(self) -> str:
        """The name of the function as a class of Keras has it: ``GetItem``, ``Sum``."""
        words = CALLED.get(self.function, self.function.__name__).split("_")
        return "".join(word.capitalize() for word in words)

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


def apply(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Note a call of a function on places; return places for its results."""
    return Operation(function)(*args, **kwargs)


KerasTensor.apply = staticmethod(apply)

# -- as plain values -------------------------------------------------------------------


def full_name(function: Callable[..., Any]) -> str:
    """A function by module and name."""
    return f"{getattr(function, '__module__', None) or 'numpy'}.{function.__name__}"


def is_keras_s_too(operation: Operation, node: Node) -> bool:
    """Whether Keras has an operation of this name that takes these arguments."""
    function = operation.function
    if isinstance(function, np.ufunc):
        return function.signature is None and not node.kwargs
    if function is functions.getitem:
        return True
    return function in REDUCTIONS and node.kwargs.keys() <= {"axis", "keepdims"}


def serialize_operation(operation: Operation) -> dict[str, Any]:
    """What makes such an operation, in Keras's form where Keras has it too.

    There the keyword arguments of the call belong to the operation.
    """
    node = operation._inbound_nodes[0]
    config: dict[str, Any] = {"name": operation.name}
    from tinygrad_lr import ops  # many modules, which only files need

    for family in ops.FAMILIES:  # a file of Keras said so
        if getattr(family, operation.function.__name__, None) is operation.function:
            config |= operation.options
            module = family.__name__.replace(ops.__name__, "keras.src.ops")
            return configuration(module, operation.kind, config, operation.kind)
    if is_keras_s_too(operation, node) and len(operation._inbound_nodes) == 1:
        config |= {**operation.options, **node.kwargs}
        return configuration(KERAS, operation.kind, config, operation.kind)
    config |= {"function": full_name(operation.function), "options": operation.options}
    return configuration(OURS, "Operation", config, None)


def deserialize_operation(row: dict[str, Any]) -> Operation | None:
    """The operation that :func:`serialize_operation` described; None for a layer.

    Only functions of the rule tables are known by name.
    """
    module, config = row.get("module") or "", dict(row["config"])
    tables = (*RULES, *CONSTANTS, *COMPOSITIONS)
    if module == OURS and row.get("class_name") == "Operation":
        wanted = config["function"]
        known = {full_name(function): function for function in tables}
        options = config.get("options", {})
    elif module.startswith("keras.src.ops"):
        from tinygrad_lr import ops  # see above

        wanted = snake_case(row["class_name"])
        known = {f.__name__: f for f in tables}
        known |= {name: getattr(ops, name) for name in ops.__all__}
        options = {key: config[key] for key in config if key != "name"}
        if isinstance(options.get("axis"), list):
            options["axis"] = tuple(options["axis"])
    else:
        return None
    if wanted not in known:
        raise ValueError(
            f"operation {config.get('name')!r}: there is no function {wanted!r}."
        )
    return Operation(known[wanted], config.get("name"), **options)
