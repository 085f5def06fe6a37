"""Sequential: layers in a row, each taking what the one before gives out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lr import layers as layers_module
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.layers import InputLayer, InputSpec, KerasTensor, Layer
from tinygrad_lr.models.graph import Graph
from tinygrad_lr.models.model import Model
from tinygrad_lr.models.observe import unchanged_on_error

CAST_WHOLE = 2**28  # bytes up to which integers become floats before the first batch

Shape = tuple[int | None, ...]


class Sequential(Model):
    """A model of layers in a row.

    The shape of one sample comes from an ``Input``, from ``input_dim`` or
    ``input_shape`` of the first layer, or from the first data the model sees (then the
    layers have no weights before that).

    Args:
        layers: the layers, or None to ``add`` them.
        trainable: whether training changes the weights.
        name: name of the model.

    Raises:
        ValueError: for two layers of one name, or layers that do not fit.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lr.layers import Dense
        >>> model = Sequential([Dense(3, input_dim=2), Dense(1, activation="sigmoid")])
        >>> model.count_params(), model.output_shape
        (13, (None, 1))
        >>> model.predict(np.zeros((1, 2)), verbose=0)
        array([[0.5]], dtype=float32)
    """

    _single_input = True
    _single_output = True

    def __init__(
        self,
        layers: Iterable[Layer | KerasTensor] | Layer | KerasTensor | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        if isinstance(layers, (Layer, KerasTensor)):
            layers = [layers]
        for layer in layers or ():
            self.add(layer)

    # -- structure ---------------------------------------------------------------------

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end.

        >>> from tinygrad_lr import Sequential, layers
        >>> model = Sequential()
        >>> model.add(layers.Dense(3, input_dim=2))
        >>> model.add(layers.Dense(1))
        >>> model.output_shape
        (None, 1)
        """
        if isinstance(layer, KerasTensor):
            layer = layer.layer
        if not isinstance(layer, Layer):
            kind = f" of type {type(layer).__name__}"
            hint = "Wrap a function in keras.layers.Activation."
            if isinstance(layer, type) and issubclass(layer, Layer):
                kind = ""
                hint = f"Write {layer.__name__}(...) with parentheses."
            raise ValueError(f"add: expected a layer, got {layer!r}{kind}. {hint}")
        if any(known is layer or known.name == layer.name for known in self._layers):
            raise ValueError(
                f"add: model {self.name!r} has a layer {layer.name!r} already; each "
                "layer needs its own name. Pass another one as name=."
            )
        if self._layers and isinstance(layer, InputLayer):
            raise ValueError(
                "add: expected an Input only in front of all layers, but model "
                f"{self.name!r} has {len(self._layers)} layers already."
            )
        shape = getattr(layer, "_input_shape_arg", None)
        before = list(self._layers)
        if not before and shape is not None:
            inputs = InputLayer(batch_shape=(None, *shape), dtype=self.dtype)
            self._layers.append(inputs)
        self._layers.append(layer)
        self._changed()
        try:
            with unchanged_on_error(layer):
                if rebuild:
                    self._maybe_build()
        except Exception:
            self._layers[:] = before
            self._maybe_build()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it."""
        if not self.layers:
            raise IndexError(f"pop: model {self.name!r} has no layers.")
        layer = self._layers.pop()
        self._changed()
        if rebuild:
            self._maybe_build()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the one that states the input."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def _changed(self) -> None:
        self.built = False
        self.train_function = self.test_function = self.predict_function = None
        self.__dict__["_rehearsed"] = set()

    def _maybe_build(self) -> None:
        if len(self._layers) > 1 and isinstance(self._layers[0], InputLayer):
            self.build()

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of a shape such as ``(None, 4)``, batch axis
        included.
        """
        if not self.layers:
            raise ValueError(
                f"model {self.name!r} has no layers, so it cannot be built. Add one: "
                "model.add(keras.layers.Dense(1))."
            )
        first = self._layers[0]
        if isinstance(first, InputLayer):
            input_shape = first.batch_shape
        elif input_shape is None:
            raise ValueError(
                f"build: model {self.name!r} needs the shape of its input, such as "
                "(None, 4)."
            )
        with unchanged_on_error(self):
            shape: Any = tuple(input_shape)
            self.__dict__["_batch_shape"] = shape
            place = self._input_place(shape)
            drawn = self.__dict__.setdefault("_drawn_layers", [])
            for at, layer in enumerate(self.layers):
                check_spec(layer, shape)
                if not layer.built:
                    layer.build(shape)
                    layer.built = True
                if drawn[at : at + 1] and drawn[at][:2] == (layer, place.name):
                    place = drawn[at][2]
                else:
                    del drawn[at:]
                    drawn.append((layer, place.name, place := layer(place)))
                shape = (shape[0], *place.shape[1:])
                layer.__dict__["_output_shape"] = shape
            del drawn[len(self.layers) :]
            self.__dict__["_output_shape"] = shape
            self.built = True

    def _input_place(self, shape: Shape) -> Any:
        """The place for the input; its batch axis is open even if the first batch
        decided the shape.
        """
        if isinstance(self._layers[0], InputLayer):
            return self._layers[0].output
        known = self.__dict__.get("_place")
        if known is None or known.shape[1:] != shape[1:]:
            known = KerasTensor((None, *shape[1:]), self.dtype)
            self.__dict__["_place"] = known
        return known

    @property
    def _input_dtype(self) -> str:
        """The dtype that inputs are given: that of the Input if there is one."""
        first = self._layers[0] if self._layers else None
        return first.dtype if isinstance(first, InputLayer) else self.dtype

    def _known_outputs(self) -> tuple[list[str] | None, Any]:
        return [layer.name for layer in self._layers[-1:]] or None, None

    def _drawn(self) -> Graph:
        drawn = self.__dict__.get("_drawn_layers")
        if not self.built or not drawn:
            raise AttributeError(
                f"model {self.name!r} has no inputs and outputs yet. Give the first "
                "layer an input_shape, or call build(input_shape)."
            )
        return Graph(self._input_place(self.__dict__["_batch_shape"]), drawn[-1][2])

    @property
    def input_shape(self) -> Shape:
        """The shape of the input, None for what is open."""
        return self._known("_batch_shape", "input")

    @property
    def output_shape(self) -> Shape:
        """The shape of the output, None for what is open."""
        return self._known("_output_shape", "output")

    def _known(self, attribute: str, what: str) -> Shape:
        if not self.built:
            raise AttributeError(
                f"model {self.name!r} has no {what} shape yet. Give the first layer an "
                "input_shape, or call build(input_shape)."
            )
        shape: Shape = self.__dict__[attribute]
        return shape

    # -- computing ---------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.layers:
            self.build()  # says what is wrong
        return Layer.__call__(self, *args, **kwargs)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.build(args[0].shape)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Hand the inputs from layer to layer."""
        out = self._prepare_inputs(inputs)
        if out.dtype != self._input_dtype:
            out = out.astype(self._input_dtype)
        for layer in self._layers:
            out = layer(out)
        return out

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for an input of a shape."""
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def _prepare_inputs(self, x: Any) -> Any:
        """Check inputs against the shape the model was built for; integers become
        floats.

        A last axis of length 1 is added or dropped where that is all that is missing.
        """
        if not isinstance(x, (np.ndarray, Tensor)):
            raise ValueError(
                f"model {self.name!r}: expected one array of inputs, got "
                f"{type(x).__name__}."
            )
        if x.dtype.kind in "biu" and x.size * 4 <= CAST_WHOLE:
            x = x.astype(self._input_dtype)
        if not self.built:
            return x
        shape = self.input_shape
        if x.shape[1:] == shape[1:]:
            return x
        if x.ndim == len(shape) - 1 and shape[-1] == 1:
            x = np.expand_dims(x, -1)
        elif x.ndim == len(shape) + 1 and x.shape[-1] == 1:
            x = np.squeeze(x, -1)
        fits = x.ndim == len(shape) and all(
            want is None or have == want
            for have, want in zip(x.shape[1:], shape[1:], strict=True)
        )
        if not fits:
            raise ValueError(self._misfit(x.shape, shape))
        return x

    def _misfit(self, found: tuple[int, ...], expected: Shape) -> str:
        first = self.layers[0].name if self.layers else self.name
        hint = (
            "Give each row as many values as the model was built for, or make the "
            "first layer for this data."
        )
        if found == expected[1:]:
            hint = "A single sample needs a batch axis: x[np.newaxis]."
        elif len(found) == len(expected) + 1 and found[2:] == expected[1:]:
            hint = "The model has one input: pass one array, not a list of them."
        wanted = ", ".join("any" if n is None else str(n) for n in expected[1:])
        return (
            f"model {self.name!r} (first layer {first!r}): expected inputs of shape "
            f"(rows, {wanted}), got {found}. {hint}"
        )

    # -- as plain values ---------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return name and layers as plain values."""
        config = super().get_config()
        config["layers"] = [layers_module.serialize(layer) for layer in self._layers]
        if self.built:
            config["build_input_shape"] = self.input_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model, with fresh weights, from what :meth:`get_config` returned."""
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for layer in config["layers"]:
            made = layers_module.deserialize(layer, custom_objects)
            model.add(made, rebuild=False)
        shape = config.get("build_input_shape")
        if shape is not None:
            model.build(shape)
        else:  # files of Keras 1 and 2 state the shape in the first layer alone
            model._maybe_build()
        return model


def check_spec(layer: Layer, shape: Shape) -> None:
    """Raise ``ValueError`` if a layer cannot take inputs of a shape."""
    spec = layer.input_spec
    problem = spec.mismatch(shape) if isinstance(spec, InputSpec) else None
    if problem is not None:
        raise ValueError(
            f"layer {layer.name!r} ({type(layer).__name__}) does not fit here: "
            f"{problem}. Change the layer before it, or make a new layer."
        )
