"""Function: the steps between some places and others, as one step."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.convert import as_tensors
from tinygrad_lr.layers import KerasTensor, Operation
from tinygrad_lr.models.graph import Graph
from tinygrad_lr.nesting import map_shapes, map_structure


class Function(Operation):
    """Computes the places ``outputs`` (any nesting) from values for ``inputs``.

    A model of places without all that belongs to training. Raises ``ValueError`` for
    outputs that need more than the inputs.

    >>> import numpy as np
    >>> from tinygrad_lr.layers import Input
    >>> x = Input((2,))
    >>> Function(x, {"sum": x + 1, "product": x * 2})(np.array([[1.0, 3.0]]))["sum"]
    Tensor([[2., 4.]], dtype=float32)
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name)
        self.graph = Graph(inputs, outputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The places for data, in a row."""
        return self.graph.places

    @property
    def outputs(self) -> list[KerasTensor]:
        """The places for results, in a row."""
        return self.graph.results

    @property
    def operations(self) -> list[Any]:
        """The steps on the way."""
        return list(self.graph.operations)

    def call(self, inputs: Any) -> Any:
        values = self.graph.arrange(as_tensors(inputs), self.name)
        pairs = zip(values, self.inputs, strict=True)
        return self.graph.run([value.astype(place.dtype) for value, place in pairs])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for those of the inputs."""
        dtypes = iter([place.dtype for place in self.inputs])
        places = map_shapes(lambda s: KerasTensor(s, next(dtypes)), input_shape)
        found = self.compute_output_spec(places)
        return map_structure(lambda place: place.shape, found)

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"function {self.name!r}: a Function has no configuration. Make a model of "
            "the same places, keras.Model(inputs, outputs), to save it."
        )
