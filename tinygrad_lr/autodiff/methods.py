"""What NumPy and Python ask of an array: protocols, operators, methods.

Nothing is computed here: each operator and method stands for a function of NumPy. With
these, ``np.tanh(t)``, ``array @ t`` and ``t.mean(axis=0)`` are steps of the history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.calls import apply, sized
from tinygrad_lr.autodiff.dispatch import (
    REDUCTIONS,
    array_index,
    dispatch,
    operand,
    ufunc_options,
)
from tinygrad_lr.autodiff.forms import normal
from tinygrad_lr.autodiff.history import NO_OPTIONS, Traced, remembered, wrap
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.autodiff.rules import Function

if TYPE_CHECKING:
    from tinygrad_lr.autodiff.tensor import Tensor

Axis = int | tuple[int, ...] | None

FAST_POWERS: dict[float, Function] = {
    -1: np.reciprocal, 0.5: np.sqrt, 1: np.positive, 2: np.square,
}  # fmt: skip


def sides(ufunc: np.ufunc) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Make an operator and its mirror image, for ``t + x`` and ``x + t``.

    Each is :func:`apply`, made short for a Tensor with a Tensor or a number, which need
    no copy and give one result, a float where one of them is.
    """

    def left(self: Any, other: Any) -> Tensor:
        kind = type(other)
        number = kind is float or kind is int
        if not (mode.usual and (number or isinstance(other, Traced))):
            return apply(ufunc, self, operand(other))
        x = self.data
        tracked = self.requires_grad
        if number:
            y = sized(other, x.dtype) if other else other
        else:
            y = other.data
            tracked = tracked or other.requires_grad
        data = ufunc(x, y)
        if tracked:
            return remembered(data, ufunc, (self, other), NO_OPTIONS, (x, y))
        made: Tensor = wrap(data)
        return made

    def right(self: Any, other: Any) -> Tensor:
        kind = type(other)
        if not (mode.usual and (kind is float or kind is int)):
            return apply(ufunc, operand(other), self)
        y = self.data
        x = sized(other, y.dtype) if other else other
        data = ufunc(x, y)
        if self.requires_grad:
            return remembered(data, ufunc, (other, self), NO_OPTIONS, (x, y))
        made: Tensor = wrap(data)
        return made

    return left, right


def flat_sides(ufunc: np.ufunc) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The same for a function that is flat: outside a recording it gives an array."""

    def left(self: Any, other: Any) -> Any:
        return ask(ufunc, self, operand(other))

    def right(self: Any, other: Any) -> Any:
        return ask(ufunc, operand(other), self)

    return left, right


def equality(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """Make == or !=, which have an answer for what is no number, too."""

    def compare(self: Any, other: Any) -> Any:
        other = operand(other)
        try:
            return ask(ufunc, self, other)
        except TypeError:  # NumPy cannot compare numbers with this
            shape = np.broadcast_shapes(self.data.shape, np.shape(other))
            return np.full(shape, ufunc is np.not_equal)

    return compare


def test(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """Make an operator that asks a question, and is answered by a plain array."""
    return flat_sides(ufunc)[0]


def method(function: Function) -> Callable[[Any], Tensor]:
    """Make a method without options."""

    def applied(self: Any) -> Tensor:
        return apply(function, self)

    return applied


def ask(function: Function, *args: Any, **options: Any) -> Tensor:
    """Call a function of NumPy as if from outside."""
    out: Tensor = dispatch(function, args, options)
    return out


class ArrayMethods(Traced):
    """The face of an array; see :class:`Tensor`, which adds values and gradients."""

    __slots__ = ()

    # -- NumPy's protocols -------------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        if method == "__call__":
            if kwargs:
                inputs = ufunc_options(ufunc, inputs, kwargs)
            return dispatch(ufunc, inputs, {})
        reduction = REDUCTIONS.get((ufunc, method))
        if reduction is not None:
            return dispatch(reduction, inputs, {"axis": 0, **kwargs})
        if method == "outer" and not kwargs:
            x, y = inputs
            x = np.reshape(x, np.shape(x) + (1,) * np.ndim(y))
            return dispatch(ufunc, (x, y), {})
        raise TypeError(
            f"np.{ufunc.__name__}.{method} is not available for Tensors; use "
            f"np.{ufunc.__name__} itself or a reduction such as np.sum."
        )

    def __array_function__(
        self, function: Function, types: Any, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        if function.__module__.startswith("numpy"):
            args, kwargs = normal(function, args, kwargs)
        return dispatch(function, tuple(args), dict(kwargs))

    # -- operators ---------------------------------------------------------------------

    __add__, __radd__ = sides(np.add)
    __sub__, __rsub__ = sides(np.subtract)
    __mul__, __rmul__ = sides(np.multiply)
    __truediv__, __rtruediv__ = sides(np.divide)
    __floordiv__, __rfloordiv__ = flat_sides(np.floor_divide)
    __mod__, __rmod__ = sides(np.remainder)
    __matmul__, __rmatmul__ = sides(np.matmul)
    __and__, __rand__ = flat_sides(np.bitwise_and)
    __or__, __ror__ = flat_sides(np.bitwise_or)
    __xor__, __rxor__ = flat_sides(np.bitwise_xor)
    __lshift__, __rlshift__ = flat_sides(np.left_shift)
    __rshift__, __rrshift__ = flat_sides(np.right_shift)
    __neg__ = method(np.negative)
    __pos__ = method(np.positive)
    __abs__ = method(np.absolute)
    __eq__ = equality(np.equal)
    __ne__ = equality(np.not_equal)
    __lt__ = test(np.less)
    __le__ = test(np.less_equal)
    __gt__ = test(np.greater)
    __ge__ = test(np.greater_equal)
    __hash__ = object.__hash__  # == compares elements, so only identity can be hashed

    def __pow__(self, exponent: Any) -> Tensor:
        number = type(exponent) in (int, float)  # np.float64 would change the dtype
        if number and self.data.dtype.kind == "f" and exponent in FAST_POWERS:
            return apply(FAST_POWERS[exponent], self)
        return ask(np.power, self, operand(exponent))

    def __rpow__(self, base: Any) -> Tensor:
        return ask(np.power, operand(base), self)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __round__(self, digits: int | None = None) -> Any:
        return self.round(digits or 0)

    def __invert__(self) -> Any:
        return dispatch(np.invert, (self,), {})

    def __getitem__(self, index: Any) -> Tensor:
        return apply(functions.getitem, self, array_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "a Tensor never changes, so its items cannot be assigned. Write t = "
            "np.where(mask, new, t), or build it with np.concatenate; a Variable takes "
            "a whole new value with assign()."
        )

    # -- methods, as ndarray spells them -----------------------------------------------

    def sum(
        self, axis: Axis = None, dtype: Any = None, keepdims: bool = False
    ) -> Tensor:
        return ask(np.sum, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(
        self, axis: Axis = None, dtype: Any = None, keepdims: bool = False
    ) -> Tensor:
        return ask(np.mean, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(
        self, axis: Axis = None, dtype: Any = None, keepdims: bool = False
    ) -> Tensor:
        return ask(np.prod, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return ask(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return ask(np.min, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return ask(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return ask(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def ptp(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return ask(np.ptp, self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        return ask(np.cumsum, self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Tensor:
        return ask(np.cumprod, self, axis=axis)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return ask(np.argmax, self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return ask(np.argmin, self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: int | None = -1) -> Any:
        return ask(np.argsort, self, axis=axis)

    def any(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return ask(np.any, self, axis=axis, keepdims=keepdims)

    def all(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return ask(np.all, self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        return ask(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        if not axes or axes == (None,):
            return ask(np.transpose, self)
        return ask(np.transpose, self, axes[0] if len(axes) == 1 else axes)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return ask(np.swapaxes, self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Tensor:
        return ask(np.squeeze, self, axis=axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        return ask(np.repeat, self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        return ask(np.take, self, indices, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return ask(np.diagonal, self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return ask(np.trace, self, offset, axis1, axis2)

    def dot(self, other: Any) -> Tensor:
        return ask(np.dot, self, other)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return ask(np.clip, self, min, max)

    def round(self, decimals: int = 0) -> Any:
        return ask(np.round, self, decimals)

    def nonzero(self) -> Any:
        return ask(np.nonzero, self)

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        return ask(np.compress, condition, self, axis)

    def choose(self, choices: Any, mode: str = "raise") -> Tensor:
        return ask(np.choose, self, choices, mode=mode)

    def searchsorted(self, v: Any, side: str = "left") -> Any:
        return ask(np.searchsorted, self, v, side=side)

    def conj(self) -> Tensor:
        return ask(np.conjugate, self)

    conjugate = conj

    @property
    def real(self) -> Tensor:
        return ask(np.real, self)

    @property
    def imag(self) -> Tensor:
        return ask(np.imag, self)

    @property
    def mT(self) -> Tensor:
        return ask(np.swapaxes, self, -1, -2)

    exp = method(np.exp)
    log = method(np.log)
    sqrt = method(np.sqrt)
    square = method(np.square)
    abs = method(np.absolute)
    sin = method(np.sin)
    cos = method(np.cos)
    tanh = method(np.tanh)
    sigmoid = method(functions.sigmoid)
    relu = method(functions.relu)
    ravel = method(np.ravel)
    flatten = method(np.ravel)
    copy = method(np.copy)

    def softmax(self, axis: int = -1) -> Tensor:
        return apply(functions.softmax, self, axis=axis)
