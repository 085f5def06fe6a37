"""Configurations of Keras 1 whose form, not only whose words, is another today.

One layer, ``Merge``, did all merging, and as the first layer of a Sequential model it
held the models that it merged. Regularizers and constraints were known by their name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_lr.legacy.keras1_layers import merging_layer
from tinygrad_lr.notices import warn
from tinygrad_lr.saving.errors import DamagedFileError

REGULARIZERS = ("L1L2Regularizer", "WeightRegularizer", "ActivityRegularizer")

Config = dict[str, Any]


def modern_parts(settings: Config) -> Config:
    """Regularizers and constraints of a layer: class and arguments, instead of a name
    among the arguments.
    """
    found = dict(settings)
    for key, value in settings.items():
        role = key.rpartition("_")[2]
        if role in ("regularizer", "constraint") and isinstance(value, dict):
            if isinstance(value.get("name"), str) and "class_name" not in value:
                name = "L1L2" if value["name"] in REGULARIZERS else value["name"]
                config = {k: v for k, v in value.items() if k != "name"}
                found[key] = {"class_name": name, "config": config}
    return found


def modern_kind(name: str, settings: Config) -> tuple[str, Config]:
    """The class of today for one that is gone, and its settings."""
    if name == "TimeDistributedDense":
        return "Dense", {k: v for k, v in settings.items() if k != "input_length"}
    if name == "Embedding" and "dropout" in settings:
        settings = dict(settings)
        if settings.pop("dropout"):
            warn(
                f"Embedding {settings.get('name')!r} had dropout=, which is no more: "
                "predictions are the same, training is not."
            )
    if name == "Merge" and "mode" in settings and "layers" not in settings:
        return modern_merge(settings)
    return name, settings


def modern_merge(settings: Config) -> tuple[str, Config]:
    """The layer that a Merge stands for; one with code in it stays, and is refused."""
    if settings.get("mode_type", "raw") != "raw":
        return "Lambda", {"name": settings.get("name"), "function": [settings["mode"]]}
    layer = merging_layer(
        settings["mode"],
        settings.get("concat_axis", -1),
        settings.get("dot_axes", -1),
        name=settings.get("name"),
    )
    return type(layer).__name__, layer.get_config()


def merges_models(layers: Any) -> bool:
    """Whether the layers of a Sequential model begin with a Merge of models."""
    first = layers[0] if isinstance(layers, list) and layers else None
    return (
        isinstance(first, dict)
        and first.get("class_name") == "Merge"
        and isinstance(first.get("config"), dict)
        and isinstance(first["config"].get("layers"), list)
    )


def as_graph(name: Any, layers: list[Any]) -> Config:
    """The functional model that such a Sequential model is."""
    entries: list[Config] = []
    last = chained(layers, entries)
    inputs = [e["name"] for e in entries if e["class_name"] == "InputLayer"]
    config = {
        "name": name or "merged",
        "layers": entries,
        "input_layers": [[key, 0, 0] for key in inputs],
        "output_layers": [[last, 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def chained(layers: list[Any], entries: list[Config]) -> str:
    """Add layers that follow each other to a graph; return the name of the last."""
    rest = layers
    if merges_models(layers):
        settings = dict(layers[0]["config"])
        branches = [list(parts_of(branch)) for branch in settings.pop("layers")]
        ends = [chained(branch, entries) for branch in branches]
        last = added({"class_name": "Merge", "config": settings}, ends, entries)
        rest = layers[1:]
    else:
        first = layers[0]["config"] if layers else {}
        shape = first.get("batch_input_shape")
        if not isinstance(shape, list):
            raise DamagedFileError("a model that is merged does not say its input.")
        config = {
            "batch_input_shape": shape,
            "dtype": first.get("input_dtype") or "float32",
            "name": f"{first.get('name')}_input",
        }
        last = added({"class_name": "InputLayer", "config": config}, [], entries)
    for layer in rest:
        last = added(layer, [last], entries)
    return last


def parts_of(branch: Any) -> Iterator[Config]:
    """The layers of a merged model; what is not Sequential stays whole."""
    config = branch.get("config") if isinstance(branch, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config
    if branch["class_name"] != "Sequential" or not isinstance(layers, list):
        raise DamagedFileError(
            f"the file merges a {branch['class_name']!r} in front of a Sequential "
            "model; expected Sequential models there."
        )
    yield from layers


def added(layer: Config, before: list[str], entries: list[Config]) -> str:
    """Add a layer that is given the results of others; return its name."""
    name = str(layer["config"]["name"])
    nodes = [[[other, 0, 0] for other in before]] if before else []
    entries.append({**layer, "name": name, "inbound_nodes": nodes})
    return name
