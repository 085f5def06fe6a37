"""What a thread does with calls on Tensors: remember them, record them, in which dtype.

History is remembered unless :func:`no_grad` says otherwise; a :class:`Recorder`, if one
listens, sees every call as it happens (the compiler is one).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from tinygrad_lr.autodiff.rules import Function

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from tinygrad_lr.autodiff.tensor import Tensor
    from tinygrad_lr.autodiff.variable import Variable

F = TypeVar("F", bound=Callable[..., Any])


class Recorder(Protocol):
    """Who wants to see every call on Tensors and every assignment, as they happen."""

    def record_call(
        self, function: Function, args: Any, kwargs: dict[str, Any], out: Any
    ) -> None: ...

    def record_read(self, tensor: Tensor, how: str) -> None: ...

    def record_assign(self, variable: Variable, value: Any) -> None: ...

    def record_reverse(self, running: bool) -> None: ...

    def record_gradient(self, tensor: Tensor, g: Any) -> None: ...

    def record_label(self, tensor: Tensor, name: str) -> None: ...

    def record_hint(self, tensor: Any, name: str) -> None: ...


class Mode(threading.local):
    """The state of the current thread; ``tapes`` counts the derivatives being taken.

    ``usual`` says that history is remembered and nobody records: operators, which must
    be quick, ask this alone.
    """

    grad = True
    tapes = 0
    recorder: Recorder | None = None
    journal: dict[Any, Any] | None = None  # what assigned Variables were before
    usual = True

    def switch(self, grad: bool, recorder: Recorder | None) -> None:
        """Remember history or not; let ``recorder`` listen, if any."""
        self.grad = grad
        self.recorder = recorder
        self.usual = grad and recorder is None


mode = Mode()


def hint(tensor: Any, name: str) -> None:
    """Tell a recorder, if one listens, what a value may be called if it needs a name.

    A label is a name that the user gave; a hint only helps where there is none.
    """
    if mode.recorder is not None:
        mode.recorder.record_hint(tensor, name)


class GradSwitch:
    """Sets whether history is remembered, as a ``with`` block or as a decorator."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.outer: list[bool] = []

    def __enter__(self) -> None:
        self.outer.append(mode.grad)
        mode.switch(self.enabled, mode.recorder)

    def __exit__(self, *exc: object) -> None:
        mode.switch(self.outer.pop(), mode.recorder)

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with GradSwitch(self.enabled):
                return function(*args, **kwargs)

        return switched  # type: ignore[return-value]  # wraps() keeps the signature


def no_grad() -> GradSwitch:
    """Compute without remembering history, as a ``with`` block or as a decorator.

    >>> from tinygrad_lr.autodiff import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """
    return GradSwitch(False)


def enable_grad() -> GradSwitch:
    """Remember history again inside a :func:`no_grad` block."""
    return GradSwitch(True)


default: dict[str, np.dtype[Any]] = {"dtype": np.dtype("float32")}


def default_dtype() -> np.dtype[Any]:
    """The dtype of Python floats: float32 unless :func:`set_default_dtype` ran."""
    return default["dtype"]


def set_default_dtype(dtype: DTypeLike) -> None:
    """Set the dtype that Python floats get: float16, float32 or float64."""
    wanted = np.dtype(dtype)
    if wanted.kind != "f":
        raise ValueError(
            f"expected float16, float32 or float64 as default dtype, got {dtype!r}."
        )
    default["dtype"] = wanted
