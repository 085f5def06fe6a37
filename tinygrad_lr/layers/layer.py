"""Layer: weights, and a function of inputs and weights that is written as plain NumPy.

A layer's life has three parts: ``__init__`` keeps the settings, ``build(input_shape)``
makes the weights once the input is known, ``call(inputs)`` computes. Calling the layer
does the rest: turns data into Tensors, builds when needed, hands ``training`` to the
layers inside.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr import constraints, initializers, regularizers
from tinygrad_lr.allowance import pay_for
from tinygrad_lr.arguments import parameters, refuse_unknown
from tinygrad_lr.autodiff import Tensor, label, no_grad
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.places import Form, KerasTensor, Node, forms_of, has_places
from tinygrad_lr.layers.tracking import Tracking, Weight
from tinygrad_lr.masks import mask_of, set_mask
from tinygrad_lr.naming import unique_name
from tinygrad_lr.nesting import (
    inside,
    is_shape,
    map_shapes,
    map_structure,
    shapes_in,
    tensors_in,
)
from tinygrad_lr.notices import warn
from tinygrad_lr.registry import configuration


class Context(threading.local):
    """What the layers inside a call inherit from the outermost one."""

    depth = 0
    training: bool | None = None


context = Context()


class Layer(Tracking):
    """Base class of all layers.

    ``name`` is made up if None; ``trainable=False`` keeps the optimizer away from the
    weights; ``dtype`` defaults to ``config.floatx()``; ``activity_regularizer`` is a
    penalty on the output. ``input_shape`` (of one sample) or ``input_dim`` may be given
    to the first layer of a Sequential. Override ``build``, ``call`` and, to write the
    layer into a file, ``get_config``. Weights, layers and metrics are found in
    attributes and in lists, tuples and dicts among them.

    >>> import numpy as np
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(), initializer="ones")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> layer = Scale()
    >>> layer(np.array([1.0, 2.0]))
    Tensor([1., 2.], dtype=float32, from=multiply)
    >>> layer.name, len(layer.weights)
    ('scale', 1)
    """

    _losses: list[Any]
    _build_shape: Any
    _inbound_nodes: list[Node]
    input_spec: Any
    supports_masking: bool = False
    stateful = False
    # What tells how far a training has come, and is no setting of a step.
    passing: frozenset[str] = frozenset({"_inbound_nodes", "_losses", "_mask_lost"})

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        layer.__dict__.update(
            _losses=[],
            _build_shape=None,
            _inbound_nodes=[],
            built=False,
            input_spec=None,
            supports_masking=cls.supports_masking
            or cls.compute_mask is not Layer.compute_mask,
        )
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = building(cls.__dict__["build"])  # type: ignore[method-assign]  # its own build, wrapped

    def __init__(
        self, *, activity_regularizer: Any = None, trainable: bool = True,
        dtype: Any = None, autocast: bool = True, name: str | None = None,
        input_shape: Any = None, input_dim: int | None = None,
        batch_input_shape: Any = None, **unknown: Any,
    ) -> None:  # fmt: skip
        refuse_unknown(self, unknown, name)
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"{type(self).__name__}: expected a string as name, got {name!r} of "
                f"type {type(name).__name__}."
            )
        self._name = name or unique_name(type(self).__name__)
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(
                f"layer {self._name!r}: expected True or False as trainable, got "
                f"{trainable!r}."
            )
        self._trainable = bool(trainable)
        self._dtype = standard_dtype(dtype, self._name)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        if batch_input_shape is not None:
            input_shape = tuple(batch_input_shape)[1:]
        elif input_dim is not None:
            input_shape = (input_dim,)
        elif isinstance(input_shape, (int, np.integer)):
            input_shape = (input_shape,)
        if input_shape is not None:
            self._input_shape_arg = tuple(input_shape)

    # -- what subclasses override ------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights, given the shape of the input (None where it is open)."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output from the inputs."""
        raise NotImplementedError(
            f"layer {self.name!r}: the class {type(self).__name__} has no method "
            "call(self, inputs)."
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output; if not overridden, by a call on zeros."""
        lengths = map_shapes(lambda s: [2 if n is None else n for n in s], input_shape)
        map_shapes(lambda s: pay_for(s, self.dtype), lengths)
        zeros = map_shapes(lambda s: Tensor(np.zeros(s, self.dtype)), lengths)
        with no_grad():
            out = self(zeros)
        first = input_shape if is_shape(input_shape) else next(shapes_in(input_shape))
        open_batch = bool(first) and first[0] is None
        return map_structure(
            lambda t: (None, *t.shape[1:]) if open_batch and t.ndim else t.shape, out
        )

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return places of the form (shape, dtype) that a call on places would give."""
        forms = self._forms(args, kwargs)
        return map_structure(
            lambda form: (
                KerasTensor(form.shape, form.dtype) if isinstance(form, Form) else form
            ),
            forms,
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output, given the one of the inputs (or None)."""
        return previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a layer, as plain values.

        A subclass with an ``__init__`` of its own that is made from plain values needs
        no ``get_config``: its arguments are kept.
        """
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": configuration("keras", "DTypePolicy", {"name": self.dtype}, None),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(
                self.activity_regularizer
            )
        given = self.__dict__.get("_given_arguments")
        if given is not None:
            taken = parameters(type(self).__init__)
            if not taken.any_keyword:
                config = {name: config[name] for name in config if name in taken.names}
            config.update(given)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a layer from what :meth:`get_config` returned."""
        return cls(**config)

    # -- weights and losses ------------------------------------------------------------

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None,
        trainable: bool = True, autocast: bool = True, regularizer: Any = None,
        constraint: Any = None, name: str | None = None,
    ) -> Weight:  # fmt: skip
        """Make a weight that belongs to this layer.

        ``initializer`` defaults to "glorot_uniform" for floats and "zeros" for
        integers. Raises ``ValueError`` for a shape that is not fully known.
        """
        self._check_super_called()
        if isinstance(shape, str):
            raise ValueError(
                f"layer {self.name!r}: add_weight({shape!r}, ...) gives a name where "
                f"the shape belongs. Write add_weight(shape=..., name={shape!r})."
            )
        shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if None in shape:
            raise ValueError(
                f"layer {self.name!r}: the shape of a weight must be fully known, got "
                f"{shape}."
            )
        kind = np.dtype(dtype or self.dtype)
        pay_for(shape, kind)
        if initializer is None:
            initializer = "glorot_uniform" if kind.kind == "f" else "zeros"
        value = initializers.get(initializer)(shape, dtype=kind.name)
        name = name or "variable"
        weight = Weight(
            as_tensor(value),
            trainable=trainable,
            dtype=kind,
            name=name,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
            path=f"{self.name}/{name}",
        )
        self._track(weight)
        if not self._trainable:
            weight.trainable = False
        return weight

    add_variable = add_weight

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or a list of them) to the loss; to be called in ``call``."""
        losses = loss if isinstance(loss, (list, tuple)) else [loss]
        for value in losses:
            if not isinstance(value, (Tensor, np.ndarray, np.generic, int, float)):
                raise ValueError(
                    f"layer {self.name!r}: add_loss expects a number or a Tensor "
                    f"computed from the inputs, got {value!r}."
                )
        self._losses.extend(losses)

    @property
    def losses(self) -> list[Any]:
        """Scalars to add to the loss: those added in calls, then weight penalties."""
        added = [loss for layer in self._flatten_layers() for loss in layer._losses]
        penalties = [
            weight.regularizer(weight)
            for weight in self.trainable_weights
            if getattr(weight, "regularizer", None) is not None
        ]
        return added + penalties

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()

    # -- calling -----------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_super_called()
        if has_places(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        args = tuple([self._convert_positional(arg) for arg in args])
        if kwargs:
            kwargs = {name: self._convert(value) for name, value in kwargs.items()}
        first = args[0] if args else next(iter(kwargs.values()), None)
        if self.input_spec is not None and (args or kwargs):
            self._check_input(first)
        if not self.built:
            self._build_for(args, kwargs)
        if context.depth == 0:
            self._clear_losses()
        names = parameters(type(self).call).names
        previous = kwargs.get("mask")
        if previous is None:
            previous = mask_of(first)
        for place, name in enumerate(names):
            if name == "mask" and place >= len(args) and kwargs.get("mask") is None:
                kwargs["mask"] = previous
        inherited = context.training
        training = kwargs.pop("training", None)
        if training is None:
            training = inherited
        if training is not None and "training" in names:
            kwargs["training"] = training
        context.depth += 1
        context.training = training
        try:
            outputs = self.call(*args, **kwargs)
        finally:
            context.depth -= 1
            context.training = inherited
        self.__dict__["built"] = True
        if outputs is None:
            raise ValueError(
                f"layer {self._name!r}: {type(self).__name__}.call returned None; it "
                "must return the output. Is there a return at its end?"
            )
        self._hand_mask_on(first, outputs, previous)
        if self.activity_regularizer is not None:
            for output in tensors_in(outputs):
                penalty = self.activity_regularizer(output)
                self.add_loss(
                    penalty / max(output.shape[0], 1) if output.ndim else penalty
                )
        label(outputs, self._name)
        return outputs

    def _hand_mask_on(self, first: Any, outputs: Any, previous: Any) -> None:
        """Give outputs without a mask the one that ``compute_mask`` says."""
        if self.supports_masking:
            found = list(
                inside(self.compute_mask(first, previous), (Tensor, np.ndarray))
            )
            if found:
                for output, mask in zip(tensors_in(outputs), found, strict=False):
                    if mask_of(output) is None:
                        set_mask(output, as_tensor(mask))
        elif any(True for _ in tensors_in(previous)) and all(
            mask_of(output) is None for output in tensors_in(outputs)
        ):
            if "_mask_lost" not in self.__dict__:
                self.__dict__["_mask_lost"] = True
                warn(
                    f"layer {self._name!r} ({type(self).__name__}) was given an input "
                    "with a mask, which it does not support: the layers after it will "
                    "not see the mask. Set supports_masking = True in its __init__ if "
                    "the mask holds for its output as well."
                )

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Note a call on places, and return places for the outputs."""
        args = tuple([self._convert_positional(arg) for arg in args])
        kwargs = {name: self._convert(value) for name, value in kwargs.items()}
        if self.input_spec is not None:
            self._check_input(args[0] if args else next(iter(kwargs.values())))
        if not self.built:
            self._build_for(args, kwargs)
        forms = self._forms(args, kwargs)
        return Node(self, args, kwargs).finish(forms)

    def _forms(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Shapes and dtypes of the outputs, leaving the layer's own state as it is."""
        before = [(variable, variable.data) for variable in self.variables]
        forms = forms_of(self, args, kwargs)
        for variable, value in before:  # what a layer counts, it counts on data
            if variable.data is not value:
                variable.data = value
        self._clear_losses()
        return forms

    def _convert(self, value: Any) -> Any:
        """Turn arrays (in any nesting) into Tensors, and floats into the own dtype."""
        if isinstance(value, Tensor):
            if value.data.dtype.kind == "f" and self.autocast:
                cast = value.astype(self._dtype)
                if cast is not value:
                    set_mask(cast, mask_of(value))
                return cast
            return value
        if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "to_numpy"):
            return self._convert(as_tensor(value))
        if isinstance(value, (list, tuple, dict)):
            return map_structure(self._convert, value)
        return value

    def _convert_positional(self, value: Any) -> Any:
        """Convert an input, which may also be a list of numbers."""
        converted = self._convert(value)
        if isinstance(converted, list) and not any(
            True for _ in inside(converted, (Tensor, KerasTensor))
        ):
            return self._convert(as_tensor(converted))
        return converted

    def _check_input(self, inputs: Any) -> None:
        parts = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        specs = self.input_spec
        if not isinstance(specs, (list, tuple)):
            specs = [specs] * len(parts)
        for spec, part in zip(specs, parts, strict=False):
            known = isinstance(part, (Tensor, KerasTensor))
            problem = spec.mismatch(part.shape) if known else None
            if problem is not None:
                raise ValueError(
                    f"layer {self.name!r} ({type(self).__name__}): {problem}. Give it "
                    "data of that shape, or make a new layer for this data."
                )

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build for the shapes of these arguments."""
        shapes = [
            map_structure(lambda t: getattr(t, "shape", None), arg)
            for arg in (*args, *kwargs.values())
            if any(True for _ in inside(arg, (Tensor, KerasTensor)))
        ]
        wanted = len(parameters(type(self).build).names)
        self.build(*shapes[: max(wanted, 1)])

    def _check_super_called(self) -> None:
        if "_name" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: its __init__ must begin with "
                "super().__init__(), which sets the layer up."
            )

    # -- what it is called and made of -------------------------------------------------

    @property
    def name(self) -> str:
        """The name, unique in a model."""
        self._check_super_called()
        return str(self._name)

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """The name."""
        return self.name

    @property
    def input(self) -> Any:
        """The places that the layer was first called on, in a model of places."""
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
                f"layer {self.name!r} has never been called on an Input, so it has "
                "no defined input and output. Call it: layer(keras.Input(shape))."
            )
        return self._inbound_nodes[0]

    @property
    def dtype(self) -> str:
        """The dtype of the weights, as a string."""
        self._check_super_called()
        return str(self._dtype)

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation: that of the weights."""
        return self.dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floats among the inputs are cast to."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights, as a string."""
        return self.dtype

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shape the layer was built with, or None."""
        return None if self._build_shape is None else {"input_shape": self._build_shape}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build as :meth:`get_build_config` says."""
        if config and config.get("input_shape") is not None:
            self.build(map_shapes(tuple, config["input_shape"]))

    def __repr__(self) -> str:
        name = self.__dict__.get("_name")
        return f"<{type(self).__name__} name={name}, built={self.built}>"


def building(build: Callable[..., None]) -> Callable[..., None]:
    """Let a ``build`` note the shape it was given, and that it was done."""

    @functools.wraps(build)
    def noting(self: Layer, *args: Any, **kwargs: Any) -> None:
        self._check_super_called()
        build(self, *args, **kwargs)
        shape = args[0] if args else next(iter(kwargs.values()), None)
        self.__dict__["_build_shape"] = (
            tuple(shape) if isinstance(shape, list) else shape
        )
        self.built = True

    return noting


Layer.build = building(Layer.build)  # type: ignore[method-assign]  # itself, wrapped


def standard_dtype(dtype: Any, name: str) -> np.dtype[Any]:
    """Return a dtype for a name, a NumPy dtype, Keras's description of one, or None."""
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    try:
        found = np.dtype(floatx() if dtype is None else getattr(dtype, "name", dtype))
    except TypeError:
        found = np.dtype(object)
    if found.kind not in "biuf":
        raise ValueError(
            f"layer {name!r}: expected a dtype such as 'float32', got {dtype!r}."
        )
    return found
