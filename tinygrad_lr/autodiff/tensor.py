"""Tensor, an array that remembers its making, and Variable, its name over time.

A Tensor holds a NumPy array and, if a gradient may be asked for, the call that made it.
NumPy itself does the computing. Values never change; a :class:`Variable` is a name for
successive values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.history import (
    Array,
    Traced,
    apply,
    label,
    plain,
    pull_back,
    wrap,
)
from tinygrad_lr.autodiff.methods import ArrayMethods
from tinygrad_lr.autodiff.mode import (
    Recorder,
    default_dtype,
    enable_grad,
    mode,
    no_grad,
    set_default_dtype,
)
from tinygrad_lr.autodiff.scopes import scoped
from tinygrad_lr.autodiff.starting import function_or_none, started

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = [
    "Array",
    "Recorder",
    "Tensor",
    "Variable",
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
        """Whether ``np.asarray`` may read the values although they carry a gradient."""
        return False

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
        if self.call is not None:
            origin = f", from={self.call[0].__name__}"
        elif self.requires_grad:
            origin = ", requires_grad=True"
        return f"Tensor({values}, dtype={self.dtype}{origin})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.data, self.requires_grad)


class Variable(Tensor):
    """A named, assignable Tensor: a weight, a moving statistic, a step count.

    It starts from ``initializer``: anything ``np.array`` takes (TensorFlow's keyword is
    ``initial_value``), or an initializer, which needs a ``shape``. ``dtype`` defaults
    to float32 for Python floats and initializers and to the array's own otherwise;
    ``trainable`` says whether gradients are wanted. A ``constraint`` set on it is
    enforced by optimizers. Reading gives the current value; :meth:`assign` replaces it,
    in the same shape and dtype. The other arguments are for several devices.

        >>> w = Variable([1.0, 2.0], name="w")
        >>> w.assign_sub([0.5, 0.5])
        <Variable path=w, shape=(2,), dtype=float32, value=[0.5 1.5]>
    """

    __slots__ = (
        "attached", "current", "name", "path", "stale", "storage", "trainable_flag",
        "word",
    )  # fmt: skip

    current: Array | None
    storage: Array | None

    def __init__(
        self, initializer: Any = None, shape: Any = None, dtype: Any = None,
        trainable: bool = True, autocast: bool = True, aggregation: str = "none",
        synchronization: str = "auto", name: str | None = None, layout: Any = None,
        *, initial_value: Any = None,
    ) -> None:  # fmt: skip
        if isinstance(shape, bool):  # TensorFlow has trainable in this place
            shape, trainable = None, shape
        start = initializer if initial_value is None else initial_value
        if isinstance(start, str) or callable(start):
            start, dtype = started(start, shape, dtype)
        self.storage = None
        super().__init__(start, dtype=dtype)
        self.name = name or "variable"
        self.path = scoped(self.name)
        self.word: str | None = None  # what programs call it, if not by its path
        self.attached: dict[str, Any] = {}
        self.trainable = trainable

    @property
    def trainable(self) -> bool:
        """Whether gradients with respect to this variable are wanted."""
        return self.trainable_flag

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.trainable_flag = bool(value)
        self.requires_grad = self.trainable_flag and self.data.dtype.kind == "f"

    @property
    def constraint(self) -> Any:
        """A function of the value, which optimizers assign after each step, or None."""
        return self.attached.get("constraint")

    @constraint.setter
    def constraint(self, function: Any) -> None:
        self.attached["constraint"] = function_or_none(function, "constraint")

    @property
    def regularizer(self) -> Any:
        """The penalty that a layer adds to the loss for this weight, or None."""
        return self.attached.get("regularizer")

    @regularizer.setter
    def regularizer(self, function: Any) -> None:
        self.attached["regularizer"] = function_or_none(function, "regularizer")

    @property
    def value(self) -> Tensor:
        """The current value as a Tensor that keeps it when the variable is assigned."""
        return apply(np.copy if self.dtype == bool else np.positive, self)

    def assign(self, value: Any) -> Variable:
        """Replace the value; the shape must match, the dtype stays the own one."""
        if (
            type(value) is Tensor and mode.recorder is None
        ):  # the usual case, made short
            new, old = value.data, self.data
            if new.shape == old.shape and new.dtype == old.dtype:
                self.data = new
                return self
        if not isinstance(value, Tensor):
            numbers = not hasattr(value, "dtype")  # these take the variable's own dtype
            value = Tensor(value, dtype=self.dtype if numbers else None)
        if value.data.shape != self.data.shape:
            raise ValueError(
                f"variable {self.name!r} has shape {self.shape}, and a value of shape "
                f"{value.shape} was assigned to it. Reshape the value first."
            )
        value = value.detach().astype(self.data.dtype)
        if mode.recorder is not None:
            mode.recorder.record_assign(self, value)
        self.data = value.data
        return self

    def assign_add(self, value: Any) -> Variable:
        """Replace the value by itself plus ``value``."""
        with no_grad():
            return self.assign(self + value)

    def assign_sub(self, value: Any) -> Variable:
        """Replace the value by itself minus ``value``."""
        with no_grad():
            return self.assign(self - value)

    @property
    def data(self) -> Array:
        """The current value: a copy, if a program changes what it has stored."""
        if self.current is None:
            assert self.storage is not None
            self.current = self.storage.copy()
            self.current.setflags(write=False)
        return self.current

    @data.setter
    def data(self, value: Array) -> None:
        self.current = value.view()  # the array object is this variable's alone
        self.stale = True

    def detach(self) -> Tensor:
        """The current value without history."""
        with no_grad():
            return self.value

    def move_to(self, storage: Array) -> None:
        """Let a compiled program keep the value in ``storage`` and change it there."""
        if self.storage is not storage or self.stale:
            np.copyto(storage, self.data)
            self.storage = storage
            self.stale = False

    def adopt(self, value: Array) -> None:
        """Make ``value``, an array that nobody else has, the current value."""
        value.setflags(write=False)
        self.current = value
        self.stale = True

    def was_changed(self) -> None:
        """Note that the value in the storage is a new one."""
        self.current = None

    def may_unbox(self) -> bool:
        """Reading a weight is harmless unless a gradient is being taken just now."""
        return not mode.tapes

    def __repr__(self) -> str:
        values = np.array2string(self.read("print()"))
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={values}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), self.data, self.trainable, self.name, self.path,
                          self.attached)  # fmt: skip


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


def restored(
    kind: type[Variable], data: Array, trainable: bool, name: str, path: str,
    attached: dict[str, Any],
) -> Variable:  # fmt: skip
    """Make a Variable again from a pickle or for a copy."""
    made = kind(data, trainable=trainable, name=name)
    made.path, made.attached = path, attached
    return made


Traced.face = Tensor  # from here on, results are Tensors
