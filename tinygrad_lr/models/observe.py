"""Looking at what each layer of a model gives out, without the layers knowing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import no_grad
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.changes import changes
from tinygrad_lr.compiler import LossNotFiniteError
from tinygrad_lr.models.data import all_finite
from tinygrad_lr.notices import warn


@contextlib.contextmanager
def observed(model: Any, note: Callable[[Any, Any], None]) -> Iterator[None]:
    """Within the block, ``note(layer, output)`` is called whenever a layer has
    computed.
    """

    def noting(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            note(layer, output)
            return output

        return noted

    layers = list(model._flatten_layers(include_self=False))
    own = [layer.__dict__.get("call") for layer in layers]  # one set by the user
    for layer in layers:
        layer.__dict__["call"] = noting(layer, layer.call)
    try:
        yield
    finally:
        for layer, call in zip(layers, own, strict=True):
            del layer.__dict__["call"]
            if call is not None:
                layer.__dict__["call"] = call


@contextlib.contextmanager
def unchanged_on_error(model: Any) -> Iterator[None]:
    """Within the block an error leaves the model as unbuilt as it was.

    Building changes a layer's attributes and the lists among them; both are put back.
    """
    if model.built:
        yield
        return
    before = [
        (layer, {name: shallow_copy(value) for name, value in layer.__dict__.items()})
        for layer in model._flatten_layers()
    ]
    try:
        yield
    except BaseException:
        for layer, attributes in before:
            layer.__dict__.clear()
            layer.__dict__.update(attributes)
        raise


def shallow_copy(value: Any) -> Any:
    """A copy of a list, dict or set, anything else itself."""
    return value.copy() if type(value) in (list, dict, set) else value


class LossWatch:
    """Waits for the first loss that is not finite, and finds out where it came from.

    It is told before anything is learnt from the batch, so the weights are still those
    that the batch met.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def steps(self) -> int:
        """How many batches the optimizer has learnt from."""
        return int(self.model.optimizer.variables[0].data)

    def explain(self, epoch: int, batch: int, stopped: LossNotFiniteError) -> None:
        """Warn, naming the epoch, the batch (from 1) and the culprit."""
        warn(
            f"the loss became {stopped.loss} in epoch {epoch + 1}, batch {batch + 1}:"
            f" {self.culprit(stopped.batch)}. Training goes on, but will hardly"
            " recover: look at the data, or lower the learning rate."
        )

    def culprit(self, parts: tuple[Any, ...]) -> str:
        """What is not finite first: the data, a layer's output or the loss itself."""
        for name, part in zip(("x", "y", "sample_weight"), parts, strict=False):
            if not all(all_finite(np.asarray(leaf)) for leaf in leaves(part)):
                return f"{name} holds NaN or infinity in this batch"
        for layer, output in self.outputs(parts[0]):
            if not all(all_finite(leaf.data) for leaf in leaves(output)):
                return f"the output of layer {layer.name!r} is the first to go bad"
        return "all layers gave finite numbers, but their loss is not finite"

    def outputs(self, x: Any) -> list[tuple[Any, Any]]:
        """Layers and outputs, in order, with the present weights."""
        found: list[tuple[Any, Any]] = []
        with (
            observed(self.model, lambda layer, out: found.append((layer, out))),
            no_grad(),
            np.errstate(all="ignore"),
        ):
            self.model(x, training=False)
        return found


def warn_if_frozen_since(model: Any) -> None:
    """Warn if other weights are trainable than when the model was compiled.

    Keras 2 went on with those of ``compile``, which programs relied on that train a
    part alone and frozen in a whole.
    """
    state = model.__dict__
    before, seen = state.get("_trained"), state.get("_looked_at")
    if before is None or seen == changes.count:
        return
    state["_looked_at"] = changes.count
    now = len(model.trainable_weights)
    if now != before:
        warn(
            f"model {model.name!r} was compiled with {before} trainable weights and "
            f"trains {now} now, because trainable was set since. (Keras 2 went on with "
            "those of compile.) Set it before compile, or compile again."
        )
