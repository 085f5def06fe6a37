"""What a layer holds: weights, layers, metrics, found by looking at its attributes.

Assigning a weight or a layer to an attribute, alone or in a list, tuple or dict, is all
that is needed to make it a part: it is looked for there whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Variable
from tinygrad_lr.autodiff.lending import undone_on_error
from tinygrad_lr.changes import changes
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.operation import Operation
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.nesting import inside, unique
from tinygrad_lr.random import SeedGenerator


class overridable:  # noqa: N801  # a decorator, as property is one
    """A property that gives way to an attribute of the same name.

    Keras has no such attribute unless it was set, so programs may set their own.
    """

    def __init__(self, get: Callable[[Any], Any]) -> None:
        self.get = get
        self.__doc__ = get.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self.get(instance)


class Tracking(Operation):
    """Base class of :class:`Layer`: knows its weights, layers and metrics."""

    name: str
    built: bool
    # What tells how far a training has come, and is no setting of a step.
    _passing: frozenset[str] = frozenset({"_tracked"})  # that holds attributes again
    _counted = frozenset({"_trainable_variables", "_non_trainable_variables"})
    _tracked: dict[str, Any]
    _trainable: bool
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made.__dict__.update(
            _tracked={},
            _trainable=True,
            _trainable_variables=[],
            _non_trainable_variables=[],
        )
        return made

    def _track(self, variable: Variable) -> None:
        own = self._trainable_variables + self._non_trainable_variables
        if not any(variable is known for known in own):
            changes.count += 1
            if variable.trainable:
                self._trainable_variables.append(variable)
            else:
                self._non_trainable_variables.append(variable)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._passing:
            changes.count += 1
        if isinstance(value, TRACKED):
            self._tracked[name] = value
            if isinstance(value, Variable):
                self._track(value)
            elif isinstance(value, SeedGenerator):
                value.state.path = f"{self.__dict__.get('_name', value.name)}/seed"
        elif name in self._tracked:
            del self._tracked[name]
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        super().__delattr__(name)

    def _found(self, kind: type) -> list[Any]:
        """All of this kind in attributes and in containers among them, once each."""
        found: dict[int, Any] = {}
        for value in self._tracked.values():
            if isinstance(value, kind):
                found[id(value)] = value
            elif isinstance(value, CONTAINERS):
                found.update((id(thing), thing) for thing in inside(value, kind))
        return list(found.values())

    def _sublayers(self) -> list[Any]:
        """The layers directly inside this one, in the order of their attributes."""
        return [layer for layer in self._found(Tracking) if layer is not self]

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> Iterator[Any]:
        """Yield this layer and all inside it, at any depth, once each."""
        seen: set[int] = set()
        waiting = [self] if include_self else self._sublayers()
        while waiting:
            layer = waiting.pop(0)
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                if recursive:
                    waiting = layer._sublayers() + waiting

    @property
    def weights(self) -> list[Any]:
        """All weights: the own (trainable ones first), then those of layers inside."""
        for variable in self._found(Variable):
            self._track(variable)
        own = self._trainable_variables + self._non_trainable_variables
        inner = [weight for layer in self._sublayers() for weight in layer.weights]
        return unique([*own, *inner]) if inner else own

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that an optimizer may change."""
        return [w for w in self.weights if w.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights that an optimizer leaves alone."""
        return [w for w in self.weights if not (self.trainable and w.trainable)]

    @property
    def variables(self) -> list[Any]:
        """All weights, and the states of the random generators."""
        layers = self._flatten_layers()
        sources = [found for layer in layers for found in layer._found(SeedGenerator)]
        return unique([*self.weights, *(source.state for source in sources)])

    @property
    def trainable_variables(self) -> list[Any]:
        """The weights that an optimizer may change."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """All variables that an optimizer leaves alone."""
        trained = {id(weight) for weight in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trained]

    @property
    def trainable(self) -> bool:
        """Whether an optimizer may change the weights, also those of layers inside."""
        return bool(self._trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._trainable_variables:
            variable.trainable = value
        for layer in self._sublayers():
            layer.trainable = value

    @property
    def metrics(self) -> list[Any]:
        """The metrics of this layer and of those inside."""
        inner = [metric for layer in self._sublayers() for metric in layer.metrics]
        return unique([*self._found(Metric), *inner])

    @property
    def metrics_variables(self) -> list[Any]:
        """What the metrics remember."""
        return [v for metric in self.metrics for v in metric.variables]

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Return copies of all weights as arrays."""
        return [weight.numpy() for weight in self.weights]

    @undone_on_error()
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights from arrays in the order of :meth:`get_weights`.

        Raises ``ValueError`` if the number of arrays or a shape does not fit; then
        nothing has changed.

        >>> import numpy as np
        >>> from tinygrad_lr.layers import Dense
        >>> layer = Dense(1)
        >>> layer.build((None, 2))
        >>> layer.set_weights([np.ones((2, 1)), np.zeros(1)])
        >>> [weight.shape for weight in layer.get_weights()]
        [(2, 1), (1,)]
        """
        own = self.weights
        if len(weights) != len(own):
            unbuilt = "" if self.built else " It is not built: call it on data first."
            raise ValueError(
                f"set_weights: layer {self.name!r} has {len(own)} weights, got "
                f"{len(weights)} arrays.{unbuilt}"
            )
        values = [as_tensor(value) for value in weights]
        for weight, value in zip(own, values, strict=True):
            if weight.shape != value.shape:
                raise ValueError(
                    f"set_weights: weight {weight.name!r} of layer {self.name!r} has "
                    f"shape {weight.shape}, got an array of shape {value.shape}."
                )
        for weight, value in zip(own, values, strict=True):
            weight.assign(value)

    def count_params(self) -> int:
        """Return how many numbers the weights hold; ``ValueError`` if not built."""
        if not self.built:
            raise ValueError(
                f"count_params: layer {self.name!r} is not built, so it has no weights "
                "yet. Call it on data, or build(input_shape), first."
            )
        return sum(weight.size for weight in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into ``store`` under "0", "1", ..."""
        own = self._trainable_variables + self._non_trainable_variables
        for i, variable in enumerate(own):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the layer's own variables from ``store``."""
        own = self._trainable_variables + self._non_trainable_variables
        if len(store) != len(own):
            raise ValueError(
                f"layer {self.name!r} has {len(own)} variables, but {len(store)} are "
                "stored for it."
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])


CONTAINERS = (list, tuple, dict)
TRACKED = (Tracking, Variable, Metric, SeedGenerator, *CONTAINERS)
