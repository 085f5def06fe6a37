"""Calling a layer: what happens around its ``call``, on data and on places.

Data become Tensors of the layer's dtype, the layer is built when it is called first,
``training`` and masks are handed on to the layers inside. On places nothing is
computed: the call is noted.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tinygrad_lr.arguments import parameters
from tinygrad_lr.autodiff import Tensor, label, name_scope
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.keras_tensor import (
    Form,
    KerasTensor,
    Node,
    has_places,
    places_in,
)
from tinygrad_lr.layers.shape_inference import forms_of
from tinygrad_lr.layers.size_bounds import check_room
from tinygrad_lr.layers.tracking import Tracking
from tinygrad_lr.masks import mask_of, set_mask
from tinygrad_lr.nesting import inside, map_shapes, map_structure, tensors_in
from tinygrad_lr.notices import warn


class Context(threading.local):
    """What the layers inside a call inherit from the outermost one."""

    depth = 0
    training: bool | None = None


context = Context()


def stated(layer: Any, method: str) -> bool:
    """Whether a class of a user, not one of ours, has this method."""
    kinds = type(layer).__mro__
    home = next(kind for kind in kinds if method in kind.__dict__)
    return not home.__module__.startswith("tinygrad_lr.")


class Calling(Tracking):
    """Base class of :class:`Layer`: what ``layer(x)`` does."""

    # What a layer has and does; see there.
    _name: str
    build: Any
    compute_mask: Any
    compute_output_shape: Any
    compute_dtype: Any
    add_loss: Any
    _clear_losses: Any
    input_spec: Any
    supports_masking: bool
    activity_regularizer: Any
    autocast: bool
    _dtype: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_super_called()
        if has_places(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        args = tuple([self._convert_positional(arg) for arg in args])
        if kwargs:
            kwargs = {name: self._convert(value) for name, value in kwargs.items()}
        first = args[0] if args else next(iter(kwargs.values()), None)
        if args and (
            isinstance(first, (int, float, str))
            or (first is None and self.input_spec is not None)
        ):
            raise ValueError(
                f"layer {self._name!r} ({type(self).__name__}): expected an array as "
                f"input, got {first!r:.40} of type {type(first).__name__}."
            )
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
        fill_in_masks(names, args, kwargs, previous)
        inherited = context.training
        training = kwargs.pop("training", None)
        if training is None:
            training = inherited
        if training is not None and "training" in names:
            kwargs["training"] = training
        context.depth += 1
        context.training = training
        try:
            with name_scope(self._name, self):
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
            self._penalize(outputs)
        label(outputs, self._name)
        return outputs

    def _penalize(self, outputs: Any) -> None:
        """Add the penalty on each output, per sample, to the losses."""
        for output in tensors_in(outputs):
            penalty = self.activity_regularizer(output)
            self.add_loss(penalty / max(output.shape[0], 1) if output.ndim else penalty)

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
        if stated(self, "compute_output_spec"):
            found = self.compute_output_spec(*args, **kwargs)
            forms = map_structure(lambda place: Form(place.shape, place.dtype), found)
        else:
            forms = self._forms(args, kwargs)
        return Node(self, args, kwargs).finish(forms)

    def _forms(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Shapes and dtypes of the outputs, leaving the layer's own state as it is.

        What a layer of yours says in ``compute_output_shape`` is believed.
        """
        if stated(self, "compute_output_shape") and all(
            layer.built for layer in self._flatten_layers(include_self=False)
        ):
            wanted = len(parameters(type(self).compute_output_shape).names)
            shapes = self._shapes(args, kwargs)[: max(wanted, 1)]
            found = self.compute_output_shape(*shapes)
            first = next(places_in([args, kwargs]))
            mask = first.mask if self.supports_masking else None
            return map_shapes(
                lambda shape: Form(tuple(shape), self.compute_dtype, mask), found
            )
        check_room(self, args, kwargs)
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
        for layer in inside(value, Calling):
            raise ValueError(
                f"layer {self._name!r} ({type(self).__name__}): called on the layer "
                f"{layer._name!r} itself instead of its output. Write "
                f"{type(self).__name__}(...)({type(layer).__name__}(...)(x))."
            )
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
        wanted = len(parameters(type(self).build).names)
        self.build(*self._shapes(args, kwargs)[: max(wanted, 1)])

    def _shapes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The shapes of the arguments that are data."""
        return [
            map_structure(lambda t: getattr(t, "shape", None), arg)
            for arg in (*args, *kwargs.values())
            if any(True for _ in inside(arg, (Tensor, KerasTensor)))
        ]

    def _check_super_called(self) -> None:
        if "_name" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: its __init__ must begin with "
                "super().__init__(), which sets the layer up."
            )


def fill_in_masks(
    names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any], previous: Any
) -> None:
    """Give ``call`` the masks it takes and was not given.

    ``mask`` is that of the first input, ``query_mask`` that of the input ``query``.
    """
    for place, name in enumerate(names):
        if name == "mask" and place >= len(args) and kwargs.get("mask") is None:
            kwargs["mask"] = previous
        elif name.endswith("_mask") and kwargs.get(name) is None:
            of = dict(zip(names, args, strict=False)) | kwargs
            if name not in of or of[name] is None:
                kwargs[name] = mask_of(of.get(name.removesuffix("_mask")))
