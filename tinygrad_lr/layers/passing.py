"""Layers that pass data on: as it is, with a mask, or through a function of yours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_lr.arguments import parameters
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.nesting import map_shapes
from tinygrad_lr.registry import UnknownNameError, find_custom
from tinygrad_lr.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


class Identity(SameShape):
    """The input itself.

    >>> import numpy as np
    >>> Identity()(np.array([1.0, 2.0])).numpy()
    array([1., 2.], dtype=float32)
    """

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(SameShape):
    """Hides the steps at which every feature equals ``mask_value``.

    Later layers are told to pass over them; here they become 0.

    >>> import numpy as np
    >>> Masking(9.0)(np.array([[[9.0, 9.0], [9.0, 1.0]]])).numpy().tolist()
    [[[0.0, 0.0], [9.0, 1.0]]]
    """

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = deserialize_keras_object(mask_value)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return np.any(np.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        return np.where(np.expand_dims(self.compute_mask(inputs), -1), inputs, 0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mask_value": serialize_keras_object(self.mask_value),
        }


class Lambda(Layer):
    """``function(inputs, **arguments)`` as a layer.

    If the function has parameters ``mask`` or ``training``, it is given those too.
    ``output_shape`` is the shape of one sample of the result, or a function of the
    input's shape; without it, the shape is found by a call on zeros. ``mask`` is the
    mask for later layers, or a function of the inputs and their mask.

    A named function is found again in a file if it is registered or one of
    ``custom_objects``. Of a ``lambda``, the file holds the byte code, as real Keras
    writes it; that is never run here, so reading it raises ``ValueError``.

    >>> import numpy as np
    >>> Lambda(lambda x: x**2)(np.array([1.0, 3.0])).numpy()
    array([1., 9.], dtype=float32)
    """

    def __init__(
        self, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
        arguments: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                f"Lambda (layer {self.name!r}): expected a function, got {function!r}."
            )
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self.supports_masking = mask is not None
        self._sample_shape = output_shape

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        given = {"mask": mask, "training": training}
        wanted = parameters(self.function).names
        extra = {name: given[name] for name in given if name in wanted}
        return self.function(inputs, **self.arguments, **extra)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = self._sample_shape
        if shape is None:
            return super().compute_output_shape(input_shape)
        if callable(shape):
            return shape(input_shape)
        first = input_shape
        while first and isinstance(first[0], (list, tuple)):
            first = first[0]
        return map_shapes(lambda sample: (first[0], *sample), shape)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "function": described(self.function)}
        if self._sample_shape is not None:
            config["output_shape"] = described(self._sample_shape)
        if self.mask is not None:
            config["mask"] = described(self.mask)
        return {**config, "arguments": serialize_keras_object(self.arguments)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:  # fmt: skip
        """Make such a layer; ``safe_mode=False`` does not unlock code in a file."""
        config = dict(config)
        for name in {"function", "output_shape", "mask", "arguments"} & config.keys():
            config[name] = restored(config[name], custom_objects, config.get("name"))
        return cls(**config)


# -- functions in configurations -------------------------------------------------------


def described(thing: Any) -> Any:
    """Describe a function as Keras does: by its name, or a lambda by its code."""
    if getattr(thing, "__name__", None) != "<lambda>":
        return serialize_keras_object(thing)
    import base64  # these two are needed nowhere else
    import marshal

    code = base64.encodebytes(marshal.dumps(thing.__code__)).decode("ascii")
    cells = thing.__closure__
    closure = cells and tuple(cell.cell_contents for cell in cells)
    config = {"code": code, "defaults": thing.__defaults__, "closure": closure}
    return {"class_name": "__lambda__", "config": config}


def restored(thing: Any, custom_objects: Mapping[str, Any] | None, layer: Any) -> Any:
    """Find what :func:`described` wrote down; the code of a lambda is never run."""
    if isinstance(thing, dict) and thing.get("class_name") == "__lambda__":
        found = find_custom(layer, custom_objects)
        if callable(found):
            return found
        raise UnknownNameError(
            f"Lambda (layer {layer!r}): the configuration holds the code of a Python "
            "lambda, which is never run, whoever wrote it. Pass the function under the "
            f"layer's name, custom_objects={{{layer!r}: function}}; or define it with "
            "def, and register it with keras.saving.register_keras_serializable()."
        )
    return deserialize_keras_object(thing, custom_objects)
