"""Layer: weights, and a function of inputs and weights that is written as plain NumPy.

A layer's life has three parts: ``__init__`` keeps the settings, ``build(input_shape)``
makes the weights once the input is known, ``call(inputs)`` computes. Calling the layer
does the rest: turns data into Tensors, builds when needed, hands ``training`` to the
layers inside.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr import constraints, dtype_policies, initializers, regularizers
from tinygrad_lr.allowance import pay_for
from tinygrad_lr.arguments import parameters, refuse_unknown
from tinygrad_lr.autodiff import Tensor, Variable, name_scope, no_grad
from tinygrad_lr.autodiff.lending import unnoted
from tinygrad_lr.autodiff.scopes import scopes
from tinygrad_lr.config import dtype_policy
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.dtype_policies import DTypePolicy
from tinygrad_lr.layers.calling import Calling
from tinygrad_lr.layers.keras_tensor import Form, KerasTensor, Node
from tinygrad_lr.naming import unique_name
from tinygrad_lr.nesting import (
    is_shape,
    map_shapes,
    map_structure,
    shapes_in,
)


class Layer(Calling):
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
    _dtype_policy: DTypePolicy
    _inbound_nodes: list[Node]
    input_spec: Any
    supports_masking: bool = False
    stateful = False
    _passing = Calling._passing | {"_inbound_nodes", "_losses", "_mask_lost"}

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
        self.dtype_policy = policy_of(dtype, self._name)
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
            "dtype": dtype_policies.serialize(self.dtype_policy),
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

    # -- weights and losses ------------------------------------------------------------

    def add_weight(
        self, shape: Any = None, initializer: Any = None, dtype: Any = None,
        trainable: bool = True, autocast: bool = True, regularizer: Any = None,
        constraint: Any = None, aggregation: str | None = "none",
        overwrite_with_gradient: bool = False, name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Make a weight that belongs to this layer; a number if ``shape`` is None.

        ``initializer`` defaults to "glorot_uniform" for floats and "zeros" for
        integers. ``aggregation`` is for several machines, and changes nothing. Raises
        ``ValueError`` for a shape that is not fully known.
        """
        self._check_super_called()
        if overwrite_with_gradient:
            raise NotImplementedError(
                f"layer {self.name!r}: add_weight(overwrite_with_gradient=True) is for "
                "quantization, which is not available; leave it out."
            )
        shape = () if shape is None else shape
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
        with name_scope(self.name, self):
            weight = Variable(
                as_tensor(value), None, kind, trainable, autocast, aggregation,
                name=name,
            )  # fmt: skip
        weight.word = f"{self.name}_{name}"
        weight.regularizer = regularizers.get(regularizer)
        weight.constraint = constraints.get(constraint)
        self._track(weight)
        if not self._trainable:
            weight.trainable = False
        return weight

    add_variable = add_weight

    def add_loss(self, loss: Any, inputs: Any = None) -> None:
        """Add a scalar (or a list of them) to the loss; to be called in ``call``.

        Keras 2 was told the ``inputs`` that it depends on; nothing depends on them now.
        """
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
        """The name, after those of the layers that it was built in."""
        return str(self.__dict__.get("_path", self.name))

    @property
    def dtype_policy(self) -> DTypePolicy:
        """In which dtype it computes, and in which it keeps its weights."""
        self._check_super_called()
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, policy: Any) -> None:
        self._dtype_policy = policy_of(policy, self._name)
        self._dtype = np.dtype(self._dtype_policy.compute_dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the weights, as a string."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floats among the inputs are cast to."""
        return self.compute_dtype

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
        with name_scope(self._name, self), unnoted():
            self.__dict__["_path"] = scopes.path
            build(self, *args, **kwargs)
        shape = args[0] if args else next(iter(kwargs.values()), None)
        self.__dict__["_build_shape"] = (
            tuple(shape) if isinstance(shape, list) else shape
        )
        self.built = True

    return noting


Layer.build = building(Layer.build)  # type: ignore[method-assign]  # itself, wrapped


def policy_of(dtype: Any, name: str) -> DTypePolicy:
    """The policy for a dtype or its name, a description, a policy, or None."""
    if dtype is None:
        return dtype_policy()
    try:
        if not isinstance(dtype, (str, dict, DTypePolicy)):
            dtype = np.dtype(getattr(dtype, "name", dtype)).name
        return dtype_policies.get(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"layer {name!r}: expected a dtype such as 'float32', got {dtype!r}."
        ) from error
