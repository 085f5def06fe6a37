"""GradientTape: the same reverse pass behind TensorFlow's and Keras's familiar
interface.

Trainable Variables are followed by themselves; any other Tensor is followed after
``tape.watch``. The graph is kept by the results themselves, so the tape has little to
hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calls import pull_back
from tinygrad_lr.autodiff.mode import GradSwitch, enable_grad, mode, no_grad
from tinygrad_lr.autodiff.tensor import Tensor
from tinygrad_lr.autodiff.transforms import basis
from tinygrad_lr.autodiff.trees import leaves, rebuild


class GradientTape:
    """Records computations on watched values, for gradients afterwards.

    ``persistent=False`` allows one call of :meth:`gradient`;
    ``watch_accessed_variables=False`` follows only what is watched by name.

        >>> x = Tensor(3.0)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.gradient(y, x)
        Tensor(6., dtype=float32)
    """

    def __init__(
        self, persistent: bool = False, watch_accessed_variables: bool = True
    ) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.watched: list[Tensor] = []
        self.marked: list[Tensor] = []
        self.active = False
        self.used = False

    def __enter__(self) -> GradientTape:
        if self.active:
            raise RuntimeError(
                "this GradientTape is recording already; open a second one."
            )
        self.active = True
        self.switch = enable_grad()
        self.switch.__enter__()
        mode.tapes += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self.active = False
        mode.tapes -= 1
        self.switch.__exit__()
        for tensor in self.marked:
            tensor.requires_grad = False
        self.marked.clear()

    def watch(self, tensor: Any) -> None:
        """Follow ``tensor`` (or each Tensor of a nesting) while the tape records."""
        for leaf in leaves(tensor):
            if not isinstance(leaf, Tensor) or leaf.dtype.kind != "f":
                raise TypeError(
                    "GradientTape.watch: expected a Tensor of real floats, got "
                    f"{type(leaf).__name__} of dtype {np.asarray(leaf).dtype}. Make "
                    "one with Tensor(values)."
                )
            self.watched.append(leaf)
            if not leaf.requires_grad:
                leaf.requires_grad = True
                self.marked.append(leaf)

    def stop_recording(self) -> GradSwitch:
        """Compute without history inside a ``with tape.stop_recording():`` block."""
        return no_grad()

    def reset(self) -> None:
        """Forget what was watched, so that the tape can be used anew."""
        self.watched.clear()
        self.used = False

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """Return d target / d source for each source, in the nesting of ``sources``.

        Several or non-scalar targets are summed, weighted by ``output_gradients``. A
        source that the target does not depend on gives None, or zeros with
        ``unconnected_gradients="zero"``. While a tape records (this one or an outer
        one) the gradients have a history themselves. Raises ``RuntimeError`` for a
        second call without ``persistent=True``, ``TypeError`` for a source that is not
        a Tensor.
        """
        if self.used and not self.persistent:
            raise RuntimeError(
                "a GradientTape gives gradients once; make it with persistent=True to "
                "ask again."
            )
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                f"unconnected_gradients: expected 'none' or 'zero', got "
                f"{unconnected_gradients!r}."
            )
        self.used = True
        targets = [checked(t, "target") for t in leaves(target)]
        seeds = leaves(output_gradients) or [np.ones(t.shape, t.dtype) for t in targets]
        found = self.pull(targets, seeds, sources, unconnected_gradients == "zero")
        return rebuild(sources, found)

    def jacobian(
        self, target: Tensor, sources: Any, unconnected_gradients: str = "none"
    ) -> Any:
        """Return d target[i] / d source[j], of shape target.shape + source.shape."""
        self.used = True
        rows = [
            self.pull([target], [seed], sources, unconnected_gradients == "zero")
            for seed in basis(checked(target, "target"))
        ]
        if not rows:  # a target without elements
            empty = [Tensor(np.zeros(target.shape + s.shape)) for s in leaves(sources)]
            return rebuild(sources, empty)
        stacked = [
            None
            if column[0] is None
            else np.reshape(np.stack(column), target.shape + column[0].shape)
            for column in zip(*rows, strict=True)
        ]
        return rebuild(sources, stacked)

    def pull(self, targets: Any, seeds: Any, sources: Any, zeros: bool) -> list[Any]:
        """Run the reverse pass, for gradient and jacobian alike."""
        wanted = leaves(sources)
        for source in wanted:
            checked(source, "source")
        allowed = {id(t) for t in self.watched}
        followed = [
            s for s in wanted if self.watch_accessed_variables or id(s) in allowed
        ]
        found = pull_back(targets, seeds, followed, create_graph=mode.tapes > 0)
        gradients = {id(source): Tensor.of(g) for source, g in found}
        if zeros:
            for source in wanted:
                gradients.setdefault(id(source), Tensor(np.zeros_like(source.data)))
        return [gradients.get(id(source)) for source in wanted]


def checked(value: Any, role: str) -> Tensor:
    """Return ``value`` if it is a Tensor: a plain array has no history."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"GradientTape: expected a Tensor or Variable as {role}, got "
            f"{type(value).__name__}."
        )
    return value
