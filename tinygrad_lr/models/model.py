"""Model: layers that belong together, and that can be trained.

A model is a layer made of layers, so it can stand inside another one. There are three
ways to one: :class:`Sequential` for layers in a row, ``Model(inputs, outputs)`` for
layers called on places, and a subclass with a ``call`` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, no_type_check

import numpy as np

from tinygrad_lr.autodiff import Tensor, no_grad
from tinygrad_lr.autodiff.trees import leaves, transform
from tinygrad_lr.layers import Layer
from tinygrad_lr.layers.tracking import overridable
from tinygrad_lr.masks import set_mask
from tinygrad_lr.models.data import as_array
from tinygrad_lr.models.export import to_numpy_source
from tinygrad_lr.models.graph import Graph
from tinygrad_lr.models.graph_config import from_graph_config, graph_config
from tinygrad_lr.models.observe import observed
from tinygrad_lr.models.saveable import Saveable
from tinygrad_lr.naming import suggestion
from tinygrad_lr.nesting import map_shapes, map_structure
from tinygrad_lr.utils.summary import print_summary


class Model(Saveable):
    """Base of all models, and the way to one of layers called on places.

    ``Model(inputs, outputs)`` holds all layers between the inputs (places made by
    ``keras.Input``) and the outputs; both may be lists or dicts. A subclass overrides
    ``call(inputs)``, using layers kept in attributes.

    Args:
        inputs: place, or list or dict of places.
        outputs: place, or list or dict of places.
        trainable: whether training changes the weights.
        name: name of the model; made from the class if None.

    Raises:
        ValueError: if the outputs need more than the inputs, or names are not unique.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lr.layers import Dense, Input
        >>> x = Input((3,))
        >>> h = Dense(4, activation="relu")(x)
        >>> Model(x, [Dense(1)(h), np.sum(h, axis=-1)]).output_shape
        [(None, 1), (None,)]
        >>> class Twin(Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = Dense(1)
        ...     def call(self, x):
        ...         return self.dense(x) * 2
        >>> model = Twin()
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> history = model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
        >>> model.count_params()
        4
    """

    # What Model(inputs, outputs) makes; see models.functional.
    functional: ClassVar[type[Model]]
    _graph: Graph | None = None
    _loss_graph: Graph | None = None  # one with losses that were added as places

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = cls.functional if cls is Model and (args or "inputs" in kwargs) else cls
        return super().__new__(made)

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        if inputs is not None or outputs is not None:
            if inputs is None or outputs is None:
                raise ValueError(
                    f"Model: expected both inputs and outputs, got inputs={inputs!r} "
                    f"and outputs={outputs!r}."
                )
            self.__dict__["_graph"] = Graph(inputs, outputs)
            self._graph_layers = self._graph.layers  # type: ignore[union-attr]  # set above
            self.__dict__["built"] = True
            if not trainable:
                self.trainable = False

    # -- structure ---------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph; else those attached, in the order of attributes."""
        return self._sublayers() if self._graph is None else list(self._graph.layers)

    @overridable
    def operations(self) -> list[Any]:
        """The layers, and the functions of NumPy between them."""
        return self.layers if self._graph is None else list(self._graph.operations)

    @overridable
    def inputs(self) -> list[Any]:
        """The places for the inputs, as a list."""
        return list(self._drawn().places)

    @overridable
    def outputs(self) -> list[Any]:
        """The places of the outputs, as a list."""
        return list(self._drawn().results)

    @property
    def input(self) -> Any:
        """The places for the inputs, as they were given."""
        return self._drawn().inputs

    @property
    def output(self) -> Any:
        """The places of the outputs, as they were given."""
        return self._drawn().outputs

    @overridable
    def input_shape(self) -> Any:
        """The shape of the input (None for what is open), or a nesting of shapes."""
        return map_structure(lambda place: place.shape, self.input)

    @overridable
    def output_shape(self) -> Any:
        """The shape of the output (None for what is open), or a nesting of shapes."""
        return map_structure(lambda place: place.shape, self.output)

    @overridable
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return self._drawn().input_names

    @overridable
    def output_names(self) -> list[str] | None:
        """The names of the outputs: those of the layers that they come out of."""
        return self._known_outputs()[0]

    def _known_outputs(self) -> tuple[list[str] | None, Any]:
        """The names of the outputs and their nesting, if known before there are any."""
        graph = self._graph
        return (None, None) if graph is None else (graph.output_names, graph.outputs)

    def _drawn(self) -> Graph:
        """The graph; a model that is written as Python has none."""
        if self._graph is None:
            raise AttributeError(
                f"model {self.name!r} ({type(self).__name__}) has no inputs and "
                "outputs to name, because it is not made of places: it computes what "
                "its call says."
            )
        return self._graph

    @no_type_check  # else type checkers would want these parameters of every subclass
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs of the graph, and the losses that places stand for."""
        if self._graph is None:
            return Layer.call(self, inputs)
        if self._loss_graph is None:
            return self._run(self._graph, inputs, mask)
        outputs, *losses = self._run(self._loss_graph, inputs, mask)
        Layer.add_loss(self, losses)
        return outputs

    def _run(self, graph: Graph, inputs: Any, mask: Any) -> Any:
        """Compute what a graph gives for inputs."""
        values = graph.arrange(inputs, self.name)
        places = graph.places
        cast = [
            value if value is None or value.dtype == place.dtype
            else value.astype(place.dtype)
            for value, place in zip(values, places, strict=True)
        ]  # fmt: skip
        for value, own in zip(cast, leaves(mask), strict=False):
            set_mask(value, own)
        return graph.run(cast)

    def _prepare_inputs(self, x: Any) -> Any:
        """Check arrays against the inputs of the graph, and put them in its order."""
        if self._graph is None:
            return x
        values = self._graph.arrange(x, self.name)
        return values[0] if len(values) == 1 else values

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for an input of a shape."""
        if self._graph is not None and input_shape == self.input_shape:
            return self.output_shape
        return super().compute_output_shape(input_shape)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its place, or raise ``ValueError``.

        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential([layers.Dense(1, name="out")])
        >>> model.get_layer("out") is model.get_layer(index=0)
        True
        """
        if (name is None) == (index is None):
            raise ValueError(
                "get_layer: expected either name= or index=, got both or none."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"get_layer: expected an index below {len(layers)}, the number of "
                    f"layers of model {self.name!r}, got {index}."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(
            f"get_layer: model {self.name!r} has no layer {name!r}."
            f"{suggestion(str(name), names)} It has {names}."
        )

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of a shape (None for the batch), by calling on
        zeros.
        """
        if self._graph is not None:
            return
        if input_shape is None:
            raise ValueError(
                f"build: model {self.name!r} needs the shape of its input, such as "
                "(None, 4)."
            )
        zeros = map_shapes(
            lambda shape: Tensor.on(np.zeros([n or 1 for n in shape], self.dtype)),
            input_shape,
        )
        with no_grad():
            self(zeros, training=False)
        self.__dict__["_build_shape"] = input_shape

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if type(self).build is not Model.build:  # else the layers build themselves
            super()._build_for(args, kwargs)
        elif args:
            shapes = map_structure(lambda t: getattr(t, "shape", None), args[0])
            self.__dict__["_build_shape"] = shapes  # to be built so from a file

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs for some inputs, as a Tensor; the first call makes the
        weights.
        """
        if self.built:
            return super().__call__(*args, **kwargs)
        with observed(self, note_output_shape):
            outputs = super().__call__(*args, **kwargs)
        note_output_shape(self, outputs)
        return outputs

    # -- as plain values ---------------------------------------------------------------

    @classmethod
    def _made_of_places(cls) -> bool:
        """Whether a model of this class is made by ``(inputs, outputs)``."""
        return cls.__init__ in (Model.__init__, Model.functional.__init__)

    def get_config(self) -> dict[str, Any]:
        """Return what makes such a model: of places, the layers and their calls."""
        if self._graph is None or not self._made_of_places():
            return super().get_config()
        own = {"name": self.name, "trainable": self.trainable}
        return own | graph_config(self._graph)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model, with fresh weights, from what :meth:`get_config` returned."""
        if "layers" not in config or not cls._made_of_places():
            return super().from_config(config)
        inputs, outputs = from_graph_config(config, custom_objects)
        trainable = config.get("trainable", True)
        return cls(inputs, outputs, name=config.get("name"), trainable=trainable)

    # -- weights -----------------------------------------------------------------------

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights from arrays in the order of ``get_weights``.

        Raises ``ValueError`` if the number of arrays or a shape does not fit; then
        nothing has changed.
        """
        own = self.weights
        if len(weights) == len(own):
            weights = [
                value if np.ndim(value) == 0 else as_array(value, "weights")
                for value in weights
            ]
            for weight, value in zip(own, weights, strict=True):
                if weight.shape != np.shape(value):
                    raise ValueError(
                        "set_weights: weight "
                        f"{getattr(weight, 'path', weight.name)!r} of model "
                        f"{self.name!r} has shape {weight.shape}, got an array of "
                        f"shape {np.shape(value)}."
                    )
        super().set_weights(weights)

    def to_numpy_source(self, path: Any = None) -> str:
        """Return a Python file that predicts with NumPy alone; write it to ``path``.

        The file has one function for users, ``predict(x)`` (or ``predict(left, right)``
        with the names of several inputs), for any number of rows. Weights stand in it
        if they are few (4,096 numbers), else in an ``.npz`` of the same name beside it.
        A length that the model leaves open is the one of the last ``predict``.
        """
        return to_numpy_source(self, path)

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print the layers, the shapes of their outputs and the numbers of parameters.

        The arguments are those of :func:`tinygrad_lr.utils.summary.print_summary`.
        """
        print_summary(
            self,
            line_length,
            positions,
            print_fn,
            expand_nested,
            show_trainable,
            layer_range,
        )


def note_output_shape(layer: Any, outputs: Any) -> None:
    """Keep the shape of what a layer gave out, for the summary."""
    layer.__dict__["_output_shape"] = transform(lambda out: tuple(out.shape), outputs)
