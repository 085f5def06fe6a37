"""Variable, a name for successive values: what a model learns, counts and remembers.

Reading one gives the value of that moment. Only ``assign`` changes it, so a recording
knows every change, and a compiled program may keep the value where it changes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calls import apply
from tinygrad_lr.autodiff.history import Array
from tinygrad_lr.autodiff.mode import mode, no_grad
from tinygrad_lr.autodiff.scopes import scoped
from tinygrad_lr.autodiff.starting import function_or_none, started
from tinygrad_lr.autodiff.tensor import Tensor
from tinygrad_lr.changes import changes

AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")


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
        trainable: bool = True, autocast: bool = True, aggregation: str | None = "none",
        synchronization: str = "auto", name: str | None = None, layout: Any = None,
        *, initial_value: Any = None,
    ) -> None:  # fmt: skip
        if isinstance(shape, bool):  # TensorFlow has trainable in this place
            shape, trainable = None, shape
        start = initializer if initial_value is None else initial_value
        if isinstance(start, str) or callable(start):
            start, dtype = started(start, shape, dtype)
        self.current = self.storage = None
        super().__init__(start, dtype=dtype)
        if not isinstance(name, str | None) or "/" in (name or ""):
            raise ValueError(
                f"Variable: expected a name without '/', got {name!r}. Paths are made "
                "by name_scope."
            )
        if aggregation not in AGGREGATIONS:
            raise ValueError(
                f"Variable: expected one of {AGGREGATIONS} as aggregation, got "
                f"{aggregation!r}."
            )
        self.name = name or "variable"
        self.path = scoped(self.name)
        self.word: str | None = None  # what programs call it, if not by its path
        self.attached: dict[str, Any] = {"aggregation": aggregation or "none"}
        self.trainable = trainable

    @property
    def trainable(self) -> bool:
        """Whether gradients with respect to this variable are wanted."""
        return self.trainable_flag

    @trainable.setter
    def trainable(self, value: bool) -> None:
        changes.count += 1
        self.trainable_flag = bool(value)
        self.requires_grad = self.trainable_flag and self.data.dtype.kind == "f"

    @property
    def aggregation(self) -> str:
        """How values of several devices would become one; there is one device."""
        return str(self.attached.get("aggregation", "none"))

    @property
    def constraint(self) -> Any:
        """A function of the value, which optimizers assign after each step, or None."""
        return self.attached.get("constraint")

    @constraint.setter
    def constraint(self, function: Any) -> None:
        changes.count += 1
        self.attached["constraint"] = function_or_none(function, "constraint")

    @property
    def regularizer(self) -> Any:
        """The penalty that a layer adds to the loss for this weight, or None."""
        return self.attached.get("regularizer")

    @regularizer.setter
    def regularizer(self, function: Any) -> None:
        changes.count += 1
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
        if mode.journal is not None:
            self.remember()
        self.current = value.view()  # the array object is this variable's alone
        self.stale = True

    def remember(self) -> None:
        """Note the present value for whoever may want it back, if there is one yet."""
        if mode.journal is not None and not (self.current is self.storage is None):
            mode.journal.setdefault(self, self.data)

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


def restored(
    kind: type[Variable], data: Array, trainable: bool, name: str, path: str,
    attached: dict[str, Any],
) -> Variable:  # fmt: skip
    """Make a Variable again from a pickle or for a copy."""
    made = kind(data, trainable=trainable, name=name)
    made.path, made.attached = path, attached
    return made
