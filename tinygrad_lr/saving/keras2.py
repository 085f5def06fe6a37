"""The layout of Keras 1 and 2, ``.h5`` and ``.hdf5``, which Keras 3 still writes.

Texts at the root say what the model is (``model_config``) and how it is trained
(``training_config``); ``model_weights`` has a group for each layer, in the order of
``layer_names``, and ``optimizer_weights`` what the optimizer remembers. A file of
weights alone is the first of these groups.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from tinygrad_lr import losses
from tinygrad_lr.layers.tracking import Tracking
from tinygrad_lr.notices import warn
from tinygrad_lr.random import SeedGenerator
from tinygrad_lr.registry import describe, registered_name
from tinygrad_lr.saving import hdf5, plain
from tinygrad_lr.saving.errors import DamagedFileError, MismatchError
from tinygrad_lr.saving.keras3 import FORMAT_VERSION
from tinygrad_lr.saving.objects import from_file, model_from
from tinygrad_lr.saving.old_configs import modern, modern_compiled
from tinygrad_lr.saving.state import (
    Array,
    load_own,
    prepare_optimizer,
    restore,
    state_of,
    variables_of,
)
from tinygrad_lr.saving.state import load_optimizer as load_variables

SEEDS = "seed_generators"  # ours: Keras does not keep them
TOP = "top_level_model_weights"


# -- writing ---------------------------------------------------------------------------


def write_model(file: BinaryIO, model: Any, optimizer: bool = True) -> None:
    """Write a whole model."""
    root = hdf5.Node()
    config = describe(model)
    compiled = config.get("compile_config")
    root.attrs = {
        "backend": "tinygrad_lr",
        "keras_version": FORMAT_VERSION,
        "model_config": plain.write(without_builds(config), f"model {model.name!r}"),
    }
    fill_weights(root.group("model_weights"), model)
    if optimizer and compiled and model.optimizer is not None:
        training = dict(compiled)
        training.pop("optimizer")
        training["loss"] = with_full_names(training["loss"])
        training["optimizer_config"] = {
            "class_name": registered_name(type(model.optimizer)),
            "config": model.optimizer.get_config(),
        }
        text = plain.write(training, "what was given to compile")
        root.attrs["training_config"] = text
        fill_optimizer(root.group("optimizer_weights"), model.optimizer)
    fill_seeds(root, model)
    file.writelines(hdf5.encode(root))


def write_weights(file: BinaryIO, model: Any) -> None:
    """Write the weights alone."""
    root = hdf5.Node()
    fill_weights(root, model)
    file.writelines(hdf5.encode(root))


def with_full_names(loss: Any) -> Any:
    """Losses under their full names: Keras 3 does not find "mse" in such a file."""
    if isinstance(loss, str):
        found = losses.registry.known(loss)
        return getattr(found, "__name__", loss)
    if isinstance(loss, list):
        return [with_full_names(part) for part in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {key: with_full_names(part) for key, part in loss.items()}
    return loss


def without_builds(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a model as old files have it: class and arguments."""
    return {key: config[key] for key in ("class_name", "config")}


def fill_weights(group: hdf5.Node, model: Any) -> None:
    """Write a group for each layer, with its weights in the order of Keras 2."""
    layers = model.layers
    group.attrs = {
        "layer_names": [layer.name for layer in layers],
        "backend": "tinygrad_lr",
        "keras_version": FORMAT_VERSION,
    }
    for layer in layers:
        fill_layer(group.group(layer.name), layer.name, ordered(layer))
    fill_layer(group.group(TOP), TOP, top_level(model))


def fill_layer(group: hdf5.Node, name: str, weights: list[Any]) -> None:
    """Write some weights under names that no two of them share."""
    names: list[str] = []
    for weight in weights:
        path = str(getattr(weight, "path", weight.name)).strip("/") or "variable"
        path = path if "/" in path else f"{name}/{path}"
        number, label = 0, path
        while label in names:
            number += 1
            label = f"{path}_{number}"
        names.append(label)
        group.put(label, weight.numpy())
    group.attrs["weight_names"] = names


def fill_optimizer(group: hdf5.Node, optimizer: Any) -> None:
    """Write what an optimizer remembers, in its order."""
    fill_layer(group, optimizer.name, optimizer.variables)


def fill_seeds(root: hdf5.Node, model: Any) -> None:
    """Write how far each source of random numbers has come."""
    for path, thing, arrays in state_of(model):
        if isinstance(thing, SeedGenerator):
            root.put(f"{SEEDS}/{path}", arrays["0"])


def ordered(layer: Any) -> list[Any]:
    """The weights of a layer in the order of Keras 2: those not trained come last."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def top_level(model: Any) -> list[Any]:
    """The weights of the model itself, without those of its layers."""
    return [*model._trainable_variables, *model._non_trainable_variables]


# -- reading ---------------------------------------------------------------------------


def texts(group: hdf5.Group, name: str) -> list[str]:
    """A list of texts among the attributes, which may stand in parts."""
    attributes = group.attrs
    if name in attributes:
        return as_texts(attributes[name], name)
    numbered = itertools.takewhile(
        attributes.__contains__, (f"{name}{i}" for i in itertools.count())
    )
    return [text for part in numbered for text in as_texts(attributes[part], part)]


def as_texts(value: Any, name: str) -> list[str]:
    """``value`` if it is a list of texts; an empty array is an empty list."""
    if isinstance(value, np.ndarray) and not value.size:
        return []
    if not isinstance(value, list):
        raise DamagedFileError(f"expected texts in {name!r}, got {value!r:.100}.")
    return value


def arrays(group: hdf5.Group, name: str) -> Iterator[Array]:
    """The arrays of a group in the order of its ``weight_names``."""
    for label in texts(group, "weight_names"):
        found = group.get(label)
        if not isinstance(found, hdf5.Dataset):
            raise DamagedFileError(f"the weight {label!r} of {name!r} is missing.")
        yield found.read()


def read_model(data: bytes, custom_objects: Any, compile: bool) -> Any:
    """Make the model of a whole-model file."""
    root = hdf5.File(data)
    attributes = root.attrs
    config = attributes.get("model_config")
    if not isinstance(config, str):
        raise DamagedFileError(
            "the HDF5 file has no 'model_config', so it does not say what the model "
            "is: it may hold weights alone. Build the model and call load_weights()."
        )
    config = plain.parse(config, "model_config")
    training = attributes.get("training_config")
    with from_file(len(data), custom_objects):
        model = model_from(modern(config))
        weights = root.group("model_weights")
        if weights is None:
            raise DamagedFileError("the HDF5 file has no group 'model_weights'.")
        load_in_order(model, weights)
        load_seeds(model, root)
        if not compile:
            return model
        if not isinstance(training, str):
            warn(
                "the file does not say how the model was compiled; compile it before "
                "training."
            )
            return model
        settings = plain.parse(training, "training_config")
        compile_as(model, settings)
        load_optimizer(model, root, is_legacy(root, settings))
    return model


def compile_as(model: Any, training: Any) -> None:
    """Compile a model as the file says it was."""
    if not isinstance(training, dict):
        raise DamagedFileError("expected a dict in 'training_config'.")
    training = {
        "optimizer" if key == "optimizer_config" else key: value
        for key, value in training.items()
    }
    config = modern_compiled(training)
    kind = "keras.optimizers"
    if isinstance(config.get("optimizer"), dict):
        config["optimizer"] = {"module": kind, **config["optimizer"]}
    model.compile_from_config(config)


def load_optimizer(model: Any, root: hdf5.Group, legacy: bool) -> None:
    """Set what the optimizer remembers, if the file has it and it fits."""
    group = root.group("optimizer_weights")
    if group is None or model.optimizer is None:
        return
    prepare_optimizer(model)
    stored = list(arrays(group, "optimizer"))
    if legacy and type(model.optimizer).__name__ != "Ftrl":  # the one that was as today
        stored = in_todays_order(model, stored)
    load_variables(model.optimizer, stored)


def is_legacy(root: hdf5.Group, training: dict[str, Any]) -> bool:
    """Whether optimizers were those before Keras 2.11, which some used later, too."""
    found = re.match(r"(\d+)\.(\d+)", str(root.attrs.get("keras_version")))
    version = tuple(map(int, found.groups())) if found else (3, 0)
    optimizer = training.get("optimizer_config")
    config = optimizer.get("config") if isinstance(optimizer, dict) else None
    said = not isinstance(config, dict) or config.get("is_legacy_optimizer", True)
    return version < (2, 11) or (version < (3, 0) and bool(said))


def in_todays_order(model: Any, stored: list[Array]) -> list[Array]:
    """Each kind of what is remembered stood together, for all weights; some optimizers
    did not count steps, some remembered what they did not use.
    """
    own, count = model.optimizer.variables, len(model.trainable_variables)
    slots = stored[1:] if stored and not stored[0].shape else stored
    found = {id(v): v.numpy() for v in own}
    if len(slots) < len(stored):
        found[id(own[0])] = stored[0]
    kinds = kinds_of_slots(model.optimizer, count)
    known = {v.name for v in own if id(v) not in {id(s) for k in kinds for s in k}}
    if len(slots) < count * len(kinds) or known > {"iteration", "learning_rate"}:
        return stored  # another algorithm by the same name
    for i, kind in enumerate(kinds):
        for variable, value in zip(kind, slots[i * count :], strict=False):
            found[id(variable)] = value
    return [found[id(variable)] for variable in own]


def kinds_of_slots(optimizer: Any, count: int) -> list[list[Any]]:
    """The lists of variables, one for each weight, that an optimizer keeps."""
    own = {id(v) for v in optimizer.variables if v is not optimizer.variables[0]}
    lists = [v for v in vars(optimizer).values() if isinstance(v, list)]
    return [v for v in lists if count == len(v) and own.issuperset(map(id, v))]


def load_seeds(model: Any, root: hdf5.Group) -> None:
    """Let each source of random numbers go on where it stopped."""
    if SEEDS not in root:
        return
    for path, thing, _ in state_of(model):
        if isinstance(thing, SeedGenerator):
            found = root.get(f"{SEEDS}/{path}")
            if isinstance(found, hdf5.Dataset):
                load_own(thing, {"0": found.read()})


def weights_group(root: hdf5.Group) -> hdf5.Group | None:
    """The group of the layers, in a file of weights or of a whole model."""
    if "model_weights" in root:
        return root.group("model_weights")
    attributes = root.attrs
    known = any(name in attributes for name in ("layer_names", "layer_names0"))
    return root if known else None


def load_in_order(
    model: Any, group: hdf5.Group, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Set the weights of each layer: of the layers in their order, or of those with
    the same name. If one does not fit, none has changed, unless it is to be skipped.
    """
    before = [(v, v.data) for v in variables_of(model)]
    try:
        pairs = paired_by_name if by_name else paired_in_order
        for layer, weights, name in pairs(model, group):
            found = list(arrays(group_of(group, name), name))
            set_weights(layer, weights, found, name, skip_mismatch)
    except (ValueError, TypeError):
        restore(before)
        raise


def group_of(group: hdf5.Group, name: str) -> hdf5.Group:
    """The group of a layer."""
    found = group.group(name)
    if found is None:
        raise DamagedFileError(f"the weights of layer {name!r} are missing.")
    return found


Pairs = Iterator[tuple[Tracking, list[Any], str]]


def paired_in_order(model: Any, group: hdf5.Group) -> Pairs:
    """Each layer that has weights, with the name of its weights in the file."""
    layers = [layer for layer in model.layers if layer.weights]
    stored = [
        name
        for name in texts(group, "layer_names")
        if texts(group_of(group, name), "weight_names")
    ]
    if len(layers) != len(stored):
        raise MismatchError(
            f"model {model.name!r} has {len(layers)} layers with weights, but the file "
            f"has {len(stored)}: {stored}. Build the same model first, or load the "
            "layers that have the same names with by_name=True."
        )
    for layer, name in zip(layers, stored, strict=True):
        yield layer, ordered(layer), name
    yield from paired_top(model, group)


def paired_by_name(model: Any, group: hdf5.Group) -> Pairs:
    """Each layer whose name is in the file."""
    stored = set(texts(group, "layer_names"))
    for layer in model.layers:
        if layer.name in stored:
            yield layer, ordered(layer), layer.name
    yield from paired_top(model, group)


def paired_top(model: Any, group: hdf5.Group) -> Pairs:
    """The model itself, if it has weights beside those of its layers."""
    if TOP in group and top_level(model):
        yield model, top_level(model), TOP


def set_weights(
    layer: Tracking, weights: list[Any], found: list[Array], name: str, skip: bool
) -> None:
    """Set the weights of a layer from arrays; what does not fit is an error, or is
    skipped with a warning.
    """
    if len(weights) != len(found):
        problem = f"it has {len(weights)} weights, and {len(found)} are stored"
    else:
        problem = next(
            (
                f"its weight {weight.name!r} has shape {weight.shape}, and one of "
                f"shape {value.shape} is stored"
                for weight, value in zip(weights, found, strict=True)
                if weight.shape != value.shape
            ),
            "",
        )
    if problem and skip:
        warn(f"layer {layer.name!r} is skipped: {problem}.")
    elif problem:
        raise MismatchError(
            f"the weights stored as {name!r} do not fit layer {layer.name!r}: "
            f"{problem}. Build the same model first, or pass skip_mismatch=True."
        )
    else:
        for weight, value in zip(weights, found, strict=True):
            weight.assign(value)
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
