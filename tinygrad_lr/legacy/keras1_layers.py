"""What layers of Keras 1 did that no argument of today says by itself.

Merging was one function with a ``mode``; some arguments meant what is now a shape, or a
choice that is gone. The table in :mod:`tinygrad_lr.legacy` says where each belongs.
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr import layers
from tinygrad_lr.arguments import warn_once
from tinygrad_lr.naming import suggestion

# -- arguments -------------------------------------------------------------------------


def input_length(name: str, arguments: dict[str, Any]) -> None:
    """Embedding(input_length=n): the shape of a sample, for a model's first layer."""
    length = arguments.pop(name)
    if length is not None and not {"input_shape", "batch_input_shape"} & set(arguments):
        shape = tuple(length) if isinstance(length, (list, tuple)) else (length,)
        arguments["input_shape"] = shape


def batch_mode(name: str, arguments: dict[str, Any]) -> None:
    """BatchNormalization(mode=0) is what there is today; 1 and 2 are gone."""
    mode = arguments.pop(name)
    if mode != 0:
        raise TypeError(
            f"BatchNormalization(mode={mode!r}) is no more: only mode 0, statistics "
            "for each feature of a batch, is left. For mode 1, statistics of each "
            "sample, there is LayerNormalization."
        )


def image_layout(name: str, arguments: dict[str, Any]) -> None:
    """dim_ordering="tf" or "th" (or "default"): where the channels of an image are."""
    layouts = {"tf": "channels_last", "th": "channels_first", "default": None}
    arguments["data_format"] = layouts.get(arguments.pop(name), "unknown")
    warn_once(name, "dim_ordering= is spelt data_format= today.")


# -- merging ---------------------------------------------------------------------------


def merging_layer(mode: Any, concat_axis: int, dot_axes: Any, **options: Any) -> Any:
    """The layer that a ``mode`` of Keras 1 stands for."""
    plain = {"sum": layers.Add, "mul": layers.Multiply, "ave": layers.Average,
             "max": layers.Maximum}  # fmt: skip
    if callable(mode):
        return layers.Lambda(mode, **options)
    options = {"name": options["name"]}
    if mode in plain:
        return plain[mode](**options)
    if mode == "concat":
        return layers.Concatenate(concat_axis, **options)
    if mode in ("dot", "cos"):
        return layers.Dot(dot_axes, normalize=mode == "cos", **options)
    known = [*plain, "concat", "cos", "dot"]
    raise ValueError(
        f"merge: unknown mode {mode!r}.{suggestion(str(mode), known)} Known are "
        f"{', '.join(known)}, and functions of a list."
    )


def merge(
    inputs: Any, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
    output_shape: Any = None, output_mask: Any = None, arguments: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Merge inputs in the way that ``mode`` says (Keras 1)."""
    options = {"output_shape": output_shape, "mask": output_mask}
    layer = merging_layer(
        mode, concat_axis, dot_axes, arguments=arguments, name=name, **options
    )
    return layer(inputs)


def Merge(
    layers: Any = None, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
    output_shape: Any = None, output_mask: Any = None, arguments: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Return the layer that :func:`merge` applies (Keras 1); it merged models, too."""
    if layers is not None:
        raise NotImplementedError(
            "Merge of models is no more. Write Model([left.input, right.input], "
            "concatenate([left.output, right.output])), or add, multiply ..., for what "
            f"mode={mode!r} did."
        )
    options = {"output_shape": output_shape, "mask": output_mask}
    return merging_layer(
        mode, concat_axis, dot_axes, arguments=arguments, name=name, **options
    )
