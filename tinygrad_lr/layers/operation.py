"""Operation: a step of a model. Layers are operations with weights.

On data an operation computes; on places it notes that it was called, and gives places
for the results.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import Checked
from tinygrad_lr.layers.keras_tensor import Form, KerasTensor, Node, has_places
from tinygrad_lr.layers.shape_inference import forms_of
from tinygrad_lr.naming import unique_name
from tinygrad_lr.nesting import map_structure


class Operation(metaclass=Checked):
    """Base class of steps without weights; a :class:`Layer` is one with weights.

    Override ``call``, and ``compute_output_spec`` if the form of the result cannot be
    found by trying ``call`` on zeros. ``name`` is made up if None. Arguments of your
    own ``__init__`` are kept for ``get_config``.

    >>> import numpy as np
    >>> from tinygrad_lr.layers import Input
    >>> class Twice(Operation):
    ...     def call(self, x):
    ...         return x * 2
    >>> twice = Twice()
    >>> twice(np.array([1.0])).tolist(), twice(Input((3,))).shape
    ([2.0], (None, 3))
    """

    name: Any
    _inbound_nodes: list[Node]

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"{type(self).__name__}: expected a string without '/' as name, got "
                f"{name!r}."
            )
        self.name = name or unique_name(type(self).__name__)
        self._inbound_nodes = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_places(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Note a call on places, and return places for the results."""
        found = self.compute_output_spec(*args, **kwargs)
        forms = map_structure(lambda place: Form(place.shape, place.dtype), found)
        return Node(self, args, kwargs).finish(forms)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the results."""
        raise NotImplementedError(
            f"operation {self.name!r}: the class {type(self).__name__} has no method "
            "call(self, inputs)."
        )

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return places of the form (shape, dtype) that a call on places would give."""
        return map_structure(
            lambda form: KerasTensor(form.shape, form.dtype),
            forms_of(self.call, args, kwargs),
        )

    # -- what it was called on ---------------------------------------------------------

    @property
    def input(self) -> Any:
        """The places that it was first called on, in a model of places."""
        places = self._node().inputs
        return places[0] if len(places) == 1 else places

    @property
    def output(self) -> Any:
        """The places that its first call in a model of places gave."""
        places = self._node().outputs
        return places[0] if len(places) == 1 else places

    def _node(self) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{type(self).__name__} {self.name!r} has never been called on an "
                "Input, so it has no defined input and output. Call it on one: "
                "keras.Input(shape)."
            )
        return self._inbound_nodes[0]

    # -- as plain values ---------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an operation, as plain values."""
        return {"name": self.name, **self.__dict__.get("_given_arguments", {})}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make an operation from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
