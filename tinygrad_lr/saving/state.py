"""The variables of a model as a tree of arrays, under the names Keras 3 gives them.

A layer is found by the attribute that holds it, in a row of layers by its class and
number: ``layers/dense_1/vars/0``. Names of layers do not matter, so that the weights of
one model fit another of the same build. The same tree stands in ``.weights.h5``, in
``.keras`` and in ``.npz``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from tinygrad_lr.layers.tracking import Tracking
from tinygrad_lr.naming import snake_case
from tinygrad_lr.notices import warn
from tinygrad_lr.random import SeedGenerator
from tinygrad_lr.saving.errors import MismatchError, ModelFileError

Array = np.ndarray[Any, Any]
INNER = ("inner_optimizer", "optimizers")  # attributes of optimizers that have others
Stored = Callable[[str], Mapping[str, Array]]  # the arrays under a path


def parts(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All that has variables of its own, with its path: layers, optimizer, seeds."""
    return walk(model, path, set())


def walk(thing: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield a thing and what is inside it, each once, in Keras's order."""
    if id(thing) in seen:
        return
    if isinstance(thing, (Tracking, SeedGenerator)) or is_optimizer(thing):
        seen.add(id(thing))
        yield path, thing
        for name, child in children(thing):
            yield from walk(child, f"{path}/{name}" if path else name, seen)
    elif isinstance(thing, (list, tuple, dict)):
        counts: dict[str, int] = {}
        for child in thing.values() if isinstance(thing, dict) else thing:
            inner = isinstance(child, (list, tuple, dict))
            name = "container" if inner else snake_case(type(child).__name__)
            number = counts.get(name, 0)
            if inner or isinstance(child, Tracking) or is_optimizer(child):
                counts[name] = number + 1
            name = f"{name}_{number}" if number else name
            yield from walk(child, f"{path}/{name}", seen)


def is_optimizer(thing: Any) -> bool:
    """Whether a thing is an optimizer, by what it can do."""
    return hasattr(thing, "load_own_variables") and hasattr(thing, "update_step")


def children(thing: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of a layer that may hold layers; private ones come last.

    Of an optimizer: the optimizers inside, which Keras stores twice.
    """
    if is_optimizer(thing):
        known = ((name, getattr(thing, name, None)) for name in INNER)
        yield from ((name, inner) for name, inner in known if inner is not None)
    if not isinstance(thing, Tracking):
        return
    attributes = dict(thing._tracked)
    in_order = in_a_row(thing)
    if in_order is not None:
        yield "layers", in_order
    optimizer = thing.__dict__.get("optimizer")
    if optimizer is not None:
        attributes["optimizer"] = optimizer
    for name in sorted(attributes, key=lambda n: f"~{n}" if n[0] == "_" else n):
        yield name, attributes[name]


def in_a_row(model: Any) -> list[Any] | None:
    """The layers of a Sequential or functional model in their order."""
    if "_layers" in model._tracked or getattr(model, "_graph", None) is not None:
        return list(model.layers)
    return None


def own_variables(thing: Any) -> dict[str, Array]:
    """The variables of one thing, without those inside it, by number or name."""
    if isinstance(thing, SeedGenerator):
        return {"0": thing.state.numpy()}
    store: dict[str, Any] = {}
    thing.save_own_variables(store)
    return {name: np.asarray(value) for name, value in store.items()}


def state_of(model: Any) -> Iterator[tuple[str, Any, dict[str, Array]]]:
    """Path, thing and arrays of all that has variables."""
    for path, thing in parts(model):
        yield path, thing, own_variables(thing)


def load_state(
    model: Any, stored: Stored, skip_mismatch: bool = False, skip: Iterable[Any] = ()
) -> None:
    """Set all variables of a model; if one does not fit, none has changed.

    With ``skip_mismatch`` what does not fit stays as it is, with a warning, and so do
    the things in ``skip``. Raises :class:`MismatchError` otherwise.
    """
    skipped = [*skip]
    if getattr(model, "optimizer", None) is not None:
        prepare_optimizer(model)
    failures: list[tuple[str, Any, Exception]] = []
    with ExitStack() as undoing:
        undoing.callback(restore, [(v, v.data) for v in variables_of(model)])
        for path, thing in parts(model):
            if any(thing is other for other in skipped):
                continue
            try:
                load_own(thing, stored(f"{path}/vars" if path else "vars"))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                if isinstance(error, ModelFileError):  # the file, not the fit
                    raise
                failures.append((path, thing, error))
        if skip_mismatch or not failures:
            undoing.pop_all()  # all is well
    if not failures:
        return
    path, thing, reason = failures[0]
    names = [getattr(thing, "name", path) for _, thing, _ in failures]
    message = (
        f"{len(failures)} of the objects in model {model.name!r} could not be loaded: "
        f"{names}. The first is {getattr(thing, 'name', path)!r} (stored as "
        f"{path!r}): {reason}"
    )
    if skip_mismatch:
        warn(message)
        return
    raise MismatchError(
        f"{message} Build the same model first, or pass skip_mismatch=True."
    ) from reason


def load_own(thing: Any, store: Mapping[str, Array]) -> None:
    """Set the variables of one thing."""
    if isinstance(thing, SeedGenerator):
        if "0" in store and store["0"].shape == thing.state.shape:
            thing.state.assign(store["0"])
    elif is_optimizer(thing):
        load_optimizer(thing, [store[str(i)] for i in range(len(store))])
    else:
        thing.load_own_variables(store)


def load_optimizer(optimizer: Any, stored: list[Array]) -> None:
    """Set what an optimizer remembers; with a warning, it starts afresh if that is not
    possible.

    Keras 2 left out the learning rate, the placeholders of Adafactor and the product of
    Nadam, and an optimizer that has not done a step has only its step count (and rate)
    to tell.
    """
    own = optimizer.variables
    product = getattr(optimizer, "_u_product", None)
    kept = [v for v in own[2:] if v is not product and (v.shape or v.dtype.kind == "f")]
    of_keras_2 = len(stored) == 1 + len(kept) < len(own)
    if of_keras_2 and own[1].name == "learning_rate":
        own = [own[0], *kept]
    if all(not value.shape for value in stored) and len(stored) < len(own):
        inside = any(hasattr(optimizer, name) for name in INNER)  # they tell of theirs
        if len(stored) <= 2 or inside:
            own, stored = own[: len(stored)][:2], stored[:2]
    if len(own) != len(stored) or any(
        value.shape != variable.shape
        for value, variable in zip(stored, own, strict=True)
    ):
        warn(
            f"the file holds {len(stored)} variables of an optimizer, and optimizer "
            f"{optimizer.name!r} has {len(own)} others; it starts afresh."
        )
        return
    for variable, value in zip(own, stored, strict=True):
        variable.assign(value)
    if of_keras_2 and product is not None and kept:
        optimizer._complete()


def prepare_optimizer(model: Any) -> None:
    """Make what the optimizer remembers, so that it can be set."""
    if not model.optimizer.built and model.built:
        model.optimizer.build(model.trainable_variables)


def variables_of(model: Any) -> list[Any]:
    """Every variable that loading may change."""
    found = []
    for _, thing in parts(model):
        if isinstance(thing, SeedGenerator):
            found.append(thing.state)
        elif is_optimizer(thing):
            found += thing.variables
        else:
            found += thing._trainable_variables + thing._non_trainable_variables
    return found


def restore(before: list[tuple[Any, Array]]) -> None:
    """Give variables back the values they had."""
    for variable, value in before:
        variable.assign(value)
