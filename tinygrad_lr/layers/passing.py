"""Layers that pass data on: as it is, with a mask, or through a function of yours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.arguments import parameters
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.names import from_plain, plain
from tinygrad_lr.layers.stateless import SameShape
from tinygrad_lr.nesting import map_shapes
from tinygrad_lr.registry import CUSTOM, configuration


class Identity(SameShape):
    """The input itself."""

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
        self.mask_value = from_plain(mask_value)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return np.any(np.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        return np.where(np.expand_dims(self.compute_mask(inputs), -1), inputs, 0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": plain(self.mask_value)}


class Lambda(Layer):
    """``function(inputs, **arguments)`` as a layer.

    If the function has parameters ``mask`` or ``training``, it is given those too.
    ``output_shape`` is the shape of one sample of the result, or a function of the
    input's shape; without it, the shape is found by a call on zeros. ``mask`` is the
    mask for later layers, or a function of the inputs and their mask.

    A named function can be written into a file if it is registered or given as one of
    ``custom_objects`` when the file is read. For a ``lambda``, the file holds its byte
    code; reading that runs code from the file, so ``from_config`` refuses it
    (``ValueError``) unless ``safe_mode`` is False.

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
        self._output_shape = output_shape

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        given = {"mask": mask, "training": training}
        wanted = parameters(self.function).names
        extra = {name: given[name] for name in given if name in wanted}
        return self.function(inputs, **self.arguments, **extra)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = self._output_shape
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
        if self._output_shape is not None:
            config["output_shape"] = described(self._output_shape)
        if self.mask is not None:
            config["mask"] = described(self.mask)
        return {**config, "arguments": plain(self.arguments)}

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: dict[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:
        config = dict(config)
        for name in {"function", "output_shape", "mask"} & config.keys():
            config[name] = restored(config[name], custom_objects or {}, safe_mode)
        config["arguments"] = from_plain(config.get("arguments"))
        return cls(**config)


# -- functions in configurations -------------------------------------------------------


def described(thing: Any) -> Any:
    """Describe a function as Keras does: by its name, or a lambda by its code."""
    if not callable(thing):
        return plain(thing)
    if getattr(thing, "__name__", "<lambda>") != "<lambda>":
        name = thing.__name__
        return configuration("builtins", "function", name, "function")
    import base64  # these two are needed nowhere else
    import marshal

    code = base64.encodebytes(marshal.dumps(thing.__code__)).decode("ascii")
    cells = thing.__closure__
    closure = cells and tuple(cell.cell_contents for cell in cells)
    config = {"code": code, "defaults": thing.__defaults__, "closure": closure}
    return {"class_name": "__lambda__", "config": config}


def restored(thing: Any, custom: dict[str, Any], safe_mode: bool | None) -> Any:
    """Find the function that :func:`described` wrote down, or run its code."""
    kind = thing.get("class_name") if isinstance(thing, dict) else None
    if kind == "function":
        name = thing["config"]
        if name in custom or name in CUSTOM:
            return custom.get(name, CUSTOM.get(name))
        raise ValueError(
            f"Lambda: its function {name!r} is not known here. Register it with "
            "register_keras_serializable, or pass custom_objects={"
            f"{name!r}: ...}}."
        )
    if kind != "__lambda__":
        return from_plain(thing)
    if safe_mode is not False:
        raise ValueError(
            "Lambda: the configuration holds the byte code of a Python lambda, and "
            "reading it would run code from whoever wrote it. If you trust the source, "
            "pass safe_mode=False; better, use a named function."
        )
    return function_from_code(**thing["config"])


def function_from_code(code: str, defaults: Any, closure: Any) -> Callable[..., Any]:
    """Make a function of byte code; its global names are ``np`` and Python's own."""
    import base64
    import marshal
    from types import CellType, FunctionType

    raw = marshal.loads(base64.b64decode(code))
    cells = None if closure is None else tuple(CellType(value) for value in closure)
    names = {"np": np}
    return FunctionType(
        raw, names, "<lambda>", None if defaults is None else tuple(defaults), cells
    )
