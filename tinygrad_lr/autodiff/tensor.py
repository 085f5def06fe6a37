"""Tensor, an array that remembers its making.

A Tensor holds a NumPy array and, if a gradient may be asked for, the call that made it.
NumPy itself does the computing. Values never change; what changes is a
:class:`~tinygrad_lr.autodiff.variable.Variable`, a name for successive values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.calls import apply, label, plain, pull_back
from tinygrad_lr.autodiff.engine import ancestors
from tinygrad_lr.autodiff.history import Array, Traced, name_of, wrap
from tinygrad_lr.autodiff.methods import ArrayMethods
from tinygrad_lr.autodiff.mode import (
    Recorder,
    default_dtype,
    enable_grad,
    mode,
    no_grad,
    set_default_dtype,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = [
    "Array",
    "Recorder",
    "Tensor",
    "apply",
    "default_dtype",
    "enable_grad",
    "label",
    "mode",
    "no_grad",
    "plain",
    "pull_back",
    "set_default_dtype",
]


class Tensor(ArrayMethods):
    """An array with a history, for reverse-mode automatic differentiation.

    ``data`` is anything ``np.array`` takes (it is copied); ``dtype`` is its own for
    arrays, else float32 for Python floats. With ``requires_grad=True`` it becomes a
    leaf: after ``backward`` its ``grad`` holds the gradient. Raises ``TypeError`` for
    strings, objects and for gradients of anything but real floats.

        >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        Tensor([2., 4., 6.], dtype=float32)
    """

    __slots__ = ()

    def __init__(
        self,
        data: ArrayLike,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.data = as_data(data, dtype, requires_grad)
        self.requires_grad = requires_grad
        self.come_from(None)

    @staticmethod
    def of(value: Any) -> Tensor:
        """Return ``value`` if it is a Tensor, else a constant Tensor of it."""
        return value if isinstance(value, Tensor) else Tensor(value)

    @staticmethod
    def on(array: Array) -> Tensor:
        """Wrap an array that nobody will change any more, without copying it."""
        made: Tensor = wrap(array)
        return made

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        """Add d self / d leaf to the ``grad`` of every leaf that self depends on.

        ``gradient`` weighs the elements of self; it may be left out for a single
        element. With ``create_graph=True`` the gradients have a history, so that they
        can be differentiated again. Raises ``RuntimeError`` if self depends on no leaf
        that requires a gradient, ``ValueError`` for a missing or misshapen
        ``gradient``.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "backward() on a Tensor without history: expected a result of Tensors "
                "made with requires_grad=True (outside no_grad), got a constant."
            )
        for leaf, g in pull_back([self], [gradient], create_graph=create_graph):
            g = g if isinstance(g, Tensor) else Tensor.on(np.asarray(g))
            leaf.grad = g if leaf.grad is None else leaf.grad + g

    # -- values ------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.data.size

    @property
    def T(self) -> Tensor:
        """The transpose: all axes in reverse order."""
        return self.transpose()

    def read(self, how: str) -> Array:
        """The values, for Python: a recorded program cannot follow them there."""
        if mode.recorder is not None:
            mode.recorder.record_read(self, how)
        return self.data

    def numpy(self) -> Array:
        """The values as a new, writable array, without history."""
        return self.read("numpy()").copy()

    def item(self) -> Any:
        """The value of a single element as a Python number."""
        data = self.read("item()")
        if data.size != 1:
            raise TypeError(
                f"expected a Tensor with one element, got shape {self.shape}. Reduce "
                "it first, for example with .sum() or an index."
            )
        return data.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def detach(self) -> Tensor:
        """The same values without history: a constant for every gradient."""
        return Tensor.on(self.data)

    def astype(self, dtype: DTypeLike) -> Tensor:
        if self.data.dtype == dtype:
            return self
        return apply(functions.astype, self, np.dtype(dtype))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """What ``np.asarray(tensor)`` gets, where no gradient can be lost by it."""
        data = self.read("np.asarray()")
        if self.requires_grad and not self.may_unbox():
            raise TypeError(
                "a Tensor that carries a gradient was about to become a plain array, "
                "which would lose the gradient without a word. Write .numpy() for its "
                "values, or keep to functions of NumPy that take Tensors (np.stack for "
                "a list of them)."
            )
        return data.astype(dtype or data.dtype)

    def may_unbox(self) -> bool:
        """Whether ``np.asarray`` may read the values although they carry a gradient.

        What a model gives may be read as Keras programs read it: its gradients lead to
        Variables alone, which are asked for by a tape, and none is open.
        """
        if mode.tapes or self.function is None:
            return False
        leaves = (node for node in ancestors([self]) if node.function is None)
        return all(leaf.may_unbox() for leaf in leaves if leaf.requires_grad)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.data.ndim or self.data.dtype.kind not in "iu":
            raise TypeError(
                f"expected an integer as index, got a Tensor of shape {self.shape} and "
                f"dtype {self.dtype}."
            )
        return int(self.item())

    def __bool__(self) -> bool:
        data = self.read("bool()")
        if data.size != 1:
            raise ValueError(
                f"the truth of a Tensor of shape {self.shape} is ambiguous; reduce it "
                "with .any() or .all()."
            )
        return bool(data)

    def __len__(self) -> int:
        if not self.data.ndim:
            raise TypeError("len() of a Tensor without axes (shape ()).")
        return int(self.data.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.data.size == 1 else repr(self)

    def __repr__(self) -> str:
        values = np.array2string(
            self.read("print()"), separator=", ", prefix="Tensor(", threshold=200
        )
        origin = ""
        if self.function is not None:
            origin = f", from={name_of(self.function)}"
        elif self.requires_grad:
            origin = ", requires_grad=True"
        return f"Tensor({values}, dtype={self.dtype}{origin})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.data, self.requires_grad)


def as_data(data: Any, dtype: DTypeLike | None, requires_grad: bool) -> Array:
    """Copy ``data`` into a read-only array of numbers."""
    if isinstance(data, Tensor):
        array = data.data if dtype is None else data.data.astype(dtype)
    else:
        array = np.array(data, dtype=dtype)
        if dtype is None and not hasattr(data, "dtype"):
            kind = array.dtype.kind
            if kind == "f" or (kind in "iu" and requires_grad) or not array.size:
                array = array.astype(default_dtype())
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"expected numbers, got an array of dtype {array.dtype}. Convert it first, "
            "for example with .astype('float32')."
        )
    if requires_grad and array.dtype.kind != "f":
        raise TypeError(
            f"requires_grad=True needs a real floating dtype, got {array.dtype}. "
            "Convert the data with .astype('float32')."
        )
    array.setflags(write=False)
    return array


Traced.face = Tensor  # from here on, results are Tensors
