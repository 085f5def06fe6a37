"""Tensor: an array that remembers how it was computed.

A Tensor holds a NumPy array and, if a gradient may be asked for, the :class:`Call` that
made it. NumPy itself does the computing: a Tensor answers NumPy's dispatch protocols,
so ``np.tanh(t)`` and ``array @ t`` come here, and each call is one step of the history
that the engine walks back. Values never change; a :class:`Variable` is a name for
successive values.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from tinygrad_lr.autodiff import compositions, functions
from tinygrad_lr.autodiff.engine import fit, reverse
from tinygrad_lr.autodiff.rules import (
    COMPOSITIONS,
    CONSTANTS,
    RULES,
    Function,
    names_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray[Any, np.dtype[Any]]
F = TypeVar("F", bound=Callable[..., Any])

Axis = int | tuple[int, ...] | None

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


class Mode(threading.local):
    """What the current thread does with calls on Tensors."""

    grad = True
    tapes = 0
    recorder: Recorder | None = None


mode = Mode()


class GradSwitch:
    """Sets whether history is remembered, as a ``with`` block or as a decorator."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.outer: list[bool] = []

    def __enter__(self) -> None:
        self.outer.append(mode.grad)
        mode.grad = self.enabled

    def __exit__(self, *exc: object) -> None:
        mode.grad = self.outer.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with GradSwitch(self.enabled):
                return function(*args, **kwargs)

        return switched  # type: ignore[return-value]  # wraps() keeps the signature


def no_grad() -> GradSwitch:
    """Compute without remembering history, as a ``with`` block or as a decorator.

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


creation = itertools.count(1)


class Call:
    """One function applied to arguments: a step of the history.

    ``values`` are the arguments as arrays, as they were at the time of the call, and
    ``parents`` the Tensors among them that need a gradient.
    """

    __slots__ = ("args", "function", "kwargs", "order", "parents", "values")

    def __init__(
        self,
        function: Function,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        values: list[Any],
        parents: tuple[Tensor, ...],
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.values = values
        self.parents = parents
        self.order = next(creation)


def values_of(args: Any, parents: list[Tensor]) -> list[Any]:
    """Replace Tensors by arrays, noting in ``parents`` those that need a gradient."""
    values: list[Any] = []
    for arg in args:
        if isinstance(arg, Tensor):
            values.append(arg.data)
            if arg.requires_grad:
                parents.append(arg)
        elif type(arg) is tuple or type(arg) is list:
            values.append(type(arg)(values_of(arg, parents)))
        else:
            values.append(arg)
    return values


def apply(function: Function, *args: Any, **kwargs: Any) -> Any:
    """Compute ``function`` on the arguments' arrays; remember the call if need be."""
    if kwargs and carries(tuple(kwargs.values())):
        args, kwargs = normal(function, args, kwargs)
        refuse_keywords(function, kwargs)
    parents: list[Tensor] = []
    values = values_of(args, parents)
    data = function(*values, **kwargs)
    if parents and mode.grad:
        call = Call(function, args, kwargs, values, tuple(parents))
        out = wrap(data, call, True)
        several = isinstance(data, (tuple, list)) and function in RULES
        if several and any(part.requires_grad for part in tensors_in(out)):
            raise TypeError(
                f"{function.__name__} gave {len(data)} results, and a rule speaks of "
                "one. Make a function, with a rule, for each of them."
            )
    else:
        out = wrap(data, None, False)
    if mode.recorder is not None:
        mode.recorder.record_call(function, args, kwargs, out)
    return out


def wrap(data: Any, call: Call | None, requires_grad: bool) -> Any:
    """Make Tensors of the arrays a function returned; leave all else as it is."""
    if isinstance(data, (np.ndarray, np.generic)):
        out = object.__new__(Tensor)
        out.data = data if isinstance(data, np.ndarray) else np.asarray(data)
        out.data.setflags(write=False)
        out.grad = None
        smooth = requires_grad and out.data.dtype.kind in "fc"  # integers are flat
        out.requires_grad = smooth
        out.call = call if smooth else None
        return out
    if isinstance(data, (tuple, list)):
        parts = [wrap(part, call, requires_grad) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    return data


def carries(value: Any) -> bool:
    """Whether ``value`` is a Tensor or a nesting of lists with a Tensor in it."""
    if type(value) is list or type(value) is tuple:
        return any(carries(part) for part in value)
    return isinstance(value, Tensor)


def refuse_keywords(function: Function, kwargs: dict[str, Any]) -> None:
    """Say that Tensors belong where the rule table looks for them."""
    for name, value in kwargs.items():
        if carries(value):
            raise TypeError(
                f"{function.__name__}: a Tensor was given as the keyword {name!r}, for "
                "which no gradient is known. Pass it by position, or as an array with "
                ".numpy()."
            )


@functools.cache
def parameters(function: Function) -> tuple[dict[str, Any], int]:
    """Return a function's parameters with their defaults, and how many go by position.

    Empty for the few functions that tell nothing, or take any number of arguments.
    """
    import inspect  # not loaded by every NumPy, and costs time at import

    try:
        listed = inspect.signature(function).parameters.values()
    except ValueError:
        return {}, 0
    if any(p.kind is p.VAR_POSITIONAL for p in listed):
        return {}, 0
    found = {p.name: p.default for p in listed if p.kind is not p.VAR_KEYWORD}
    required = sum(default is inspect.Parameter.empty for default in found.values())
    known = RULES.get(function)
    return found, max(required, len(known.vjps) if known is not None else 0)


def normal(
    function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give a call the one form that rules know, whatever way it was written.

    What is required or differentiable goes by position, options by name, and options
    that have their default are dropped.
    """
    defaults, required = parameters(function)
    if len(args) > len(defaults) or (not kwargs and len(args) <= required):
        return args, kwargs
    given = dict(zip(defaults, args, strict=False)) | kwargs
    names = list(defaults)[:required]
    while names and names[-1] not in given:
        names.pop()
    leading = [given.pop(name, None) for name in names]
    return tuple(leading), {
        name: value
        for name, value in given.items()
        if name not in defaults or value is not defaults[name]
    }


def plain(value: Any) -> Any:
    """Replace Tensors by their arrays in any nesting of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return value.data
    if type(value) in (tuple, list):
        return type(value)(plain(part) for part in value)
    if type(value) is dict:
        return {key: plain(part) for key, part in value.items()}
    return value


def dispatch(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a NumPy function that was given a Tensor."""
    if kwargs.get("out") is not None:
        raise TypeError(
            f"np.{function.__name__}: out= cannot take the result, because Tensors "
            "never change and an array would lose the gradient. Use the returned value "
            "instead."
        )
    kwargs.pop("out", None)
    if function in IN_PLACE:
        raise TypeError(
            f"np.{function.__name__} writes into an array: a Tensor never changes, and "
            "an array would lose the gradient. Build the result with np.where or "
            "np.concatenate instead."
        )
    if function in CONSTANTS and mode.recorder is None:
        return function(*plain(args), **plain(kwargs))
    combination = COMPOSITIONS.get(function)
    if combination is not None:
        if kwargs:
            check_options(function, kwargs, names_of(combination))
        return combination(*args, **kwargs)
    return apply(function, *args, **kwargs)


IN_PLACE: set[Function] = {
    np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask,
}  # fmt: skip

REDUCTIONS: dict[tuple[Function, str], Function] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}


class Tensor:
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

    __slots__ = ("__weakref__", "call", "data", "grad", "requires_grad")

    data: Array
    grad: Tensor | None
    requires_grad: bool
    call: Call | None

    def __init__(
        self,
        data: ArrayLike,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.data = as_data(data, dtype, requires_grad)
        self.grad = None
        self.requires_grad = requires_grad
        self.call = None

    @staticmethod
    def of(value: Any) -> Tensor:
        """Return ``value`` if it is a Tensor, else a constant Tensor of it."""
        return value if isinstance(value, Tensor) else Tensor(value)

    @staticmethod
    def on(array: Array) -> Tensor:
        """Wrap an array that nobody will change any more, without copying it."""
        return wrap(array, None, False)

    # -- the node that the engine sees -------------------------------------------------

    @property
    def parents(self) -> tuple[Tensor, ...]:
        """The Tensors this one was computed from that need a gradient."""
        return self.call.parents if self.call is not None else ()

    @property
    def order(self) -> int:
        """Larger for what was made later; 0 for leaves."""
        return self.call.order if self.call is not None else 0

    def pull(self, g: Any, needed: Container[int]) -> Iterator[tuple[Tensor, Any]]:
        """Yield (parent, gradient) for the needed parents, given the gradient of self.

        If ``g`` is an array the rules compute on arrays, and nothing is remembered; if
        it is a Tensor they compute on Tensors, and the gradient has a history in its
        turn.
        """
        call = self.call
        if call is None:
            return
        found = RULES.get(call.function)
        vjps = found.vjps if found is not None else ()
        if call.kwargs and found is not None:
            check_options(call.function, call.kwargs, found.options)
        if isinstance(g, Tensor):
            check_unchanged(call)
            if mode.recorder is not None:
                mode.recorder.record_gradient(self, g)
            out: Any = self
            values: Any = call.args
        else:
            out, values = self.data, call.values
        for position, arg in enumerate(call.args):
            if isinstance(arg, Tensor):
                if id(arg) in needed:
                    vjp = vjp_of(call, vjps, position)
                    if vjp is not None:
                        d = vjp(g, out, *values, **call.kwargs)
                        yield arg, fit(d, arg.data.shape, arg.data.dtype)
            elif type(arg) is list or type(arg) is tuple:
                if any(id(part) in needed for part in tensors_in(arg)):
                    vjp = vjp_of(call, vjps, position)
                    if vjp is not None:
                        parts = vjp(g, out, *values, **call.kwargs)
                        for part, d in paired(arg, parts):
                            if id(part) in needed:
                                yield part, fit(d, part.data.shape, part.data.dtype)

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

    def numpy(self) -> Array:
        """The values as a new, writable array, without history."""
        if mode.recorder is not None:
            mode.recorder.record_read(self, "numpy()")
        return self.data.copy()

    def item(self) -> Any:
        """The value of a single element as a Python number."""
        if mode.recorder is not None:
            mode.recorder.record_read(self, "item()")
        if self.data.size != 1:
            raise TypeError(
                f"expected a Tensor with one element, got shape {self.shape}. Reduce "
                "it first, for example with .sum() or an index."
            )
        return self.data.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def detach(self) -> Tensor:
        """The same values without history: a constant for every gradient."""
        return Tensor.on(self.data)

    def copy(self) -> Tensor:
        """The same values, as a step of the history."""
        return apply(np.copy, self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """What ``np.asarray(tensor)`` gets, where no gradient can be lost by it."""
        if mode.recorder is not None:
            mode.recorder.record_read(self, "np.asarray()")
        if self.requires_grad and not self.may_unbox():
            raise TypeError(
                "a Tensor that carries a gradient was about to become a plain array, "
                "which would lose the gradient without a word. Write .numpy() for its "
                "values, or keep to functions of NumPy that take Tensors (np.stack for "
                "a list of them)."
            )
        return self.data.astype(dtype or self.data.dtype)

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
        if mode.recorder is not None:
            mode.recorder.record_read(self, "bool()")
        if self.data.size != 1:
            raise ValueError(
                f"the truth of a Tensor of shape {self.shape} is ambiguous; reduce it "
                "with .any() or .all()."
            )
        return bool(self.data)

    def __len__(self) -> int:
        if not self.data.ndim:
            raise TypeError("len() of a Tensor without axes (shape ()).")
        return self.data.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.data.size == 1 else repr(self)

    def __repr__(self) -> str:
        values = np.array2string(
            self.data, separator=", ", prefix="Tensor(", threshold=200
        )
        origin = ""
        if self.call is not None:
            origin = f", from={self.call.function.__name__}"
        elif self.requires_grad:
            origin = ", requires_grad=True"
        return f"Tensor({values}, dtype={self.dtype}{origin})"

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (type(self), self.data, self.requires_grad)

    __hash__ = object.__hash__  # == compares elements, so only identity can be hashed

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

    def __add__(self, other: Any) -> Tensor:
        return operate(np.add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return operate(np.add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return operate(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return operate(np.subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return operate(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return operate(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return operate(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return operate(np.divide, other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return operate(np.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return operate(np.floor_divide, other, self)

    def __mod__(self, other: Any) -> Tensor:
        return operate(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return operate(np.remainder, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return operate(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return operate(np.matmul, other, self)

    def __pow__(self, exponent: Any) -> Tensor:
        number = type(exponent) in (int, float)  # np.float64 would change the dtype
        if number and self.data.dtype.kind == "f" and exponent in FAST_POWERS:
            return apply(FAST_POWERS[exponent], self)
        return operate(np.power, self, exponent)

    def __rpow__(self, base: Any) -> Tensor:
        return operate(np.power, base, self)

    def __neg__(self) -> Tensor:
        return apply(np.negative, self)

    def __pos__(self) -> Tensor:
        return apply(np.positive, self)

    def __abs__(self) -> Tensor:
        return apply(np.absolute, self)

    def __eq__(self, other: object) -> Any:
        return operate(np.equal, self, other)

    def __ne__(self, other: object) -> Any:
        return operate(np.not_equal, self, other)

    def __lt__(self, other: Any) -> Any:
        return operate(np.less, self, other)

    def __le__(self, other: Any) -> Any:
        return operate(np.less_equal, self, other)

    def __gt__(self, other: Any) -> Any:
        return operate(np.greater, self, other)

    def __ge__(self, other: Any) -> Any:
        return operate(np.greater_equal, self, other)

    def __and__(self, other: Any) -> Any:
        return operate(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Any:
        return operate(np.bitwise_or, self, other)

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
        return apply(np.sum, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(
        self, axis: Axis = None, dtype: Any = None, keepdims: bool = False
    ) -> Tensor:
        return apply(np.mean, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(
        self, axis: Axis = None, dtype: Any = None, keepdims: bool = False
    ) -> Tensor:
        return apply(np.prod, self, axis=axis, dtype=dtype, keepdims=keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return apply(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return apply(np.min, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return apply(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        return np.std(self, axis=axis, ddof=ddof, keepdims=keepdims)

    def ptp(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return np.ptp(self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        return apply(np.cumsum, self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Tensor:
        return apply(np.cumprod, self, axis=axis)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return np.argmax(self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return np.argmin(self, axis=axis, keepdims=keepdims)

    def argsort(self, axis: int | None = -1) -> Any:
        return np.argsort(self, axis=axis)

    def any(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.any(self, axis=axis, keepdims=keepdims)

    def all(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.all(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        return apply(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Tensor:
        return apply(np.ravel, self)

    def flatten(self) -> Tensor:
        return apply(np.ravel, self)

    def transpose(self, *axes: Any) -> Tensor:
        if not axes or axes == (None,):
            return apply(np.transpose, self)
        return apply(np.transpose, self, axes[0] if len(axes) == 1 else axes)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return apply(np.swapaxes, self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Tensor:
        return apply(np.squeeze, self, axis=axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        return compositions.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        return compositions.take(self, indices, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return compositions.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return compositions.trace(self, offset, axis1, axis2)

    def dot(self, other: Any) -> Tensor:
        return compositions.dot(self, other)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return apply(np.clip, self, min, max)

    def round(self, decimals: int = 0) -> Any:
        return np.round(self, decimals)

    def astype(self, dtype: DTypeLike) -> Tensor:
        if self.data.dtype == dtype:
            return self
        return apply(functions.astype, self, np.dtype(dtype))

    def exp(self) -> Tensor:
        return apply(np.exp, self)

    def log(self) -> Tensor:
        return apply(np.log, self)

    def sqrt(self) -> Tensor:
        return apply(np.sqrt, self)

    def square(self) -> Tensor:
        return apply(np.square, self)

    def abs(self) -> Tensor:
        return apply(np.absolute, self)

    def sin(self) -> Tensor:
        return apply(np.sin, self)

    def cos(self) -> Tensor:
        return apply(np.cos, self)

    def tanh(self) -> Tensor:
        return apply(np.tanh, self)

    def sigmoid(self) -> Tensor:
        return apply(functions.sigmoid, self)

    def relu(self) -> Tensor:
        return apply(functions.relu, self)

    def softmax(self, axis: int = -1) -> Tensor:
        return apply(functions.softmax, self, axis=axis)


class Variable(Tensor):
    """A named, assignable Tensor: a weight, a moving statistic, a step count.

    ``initial_value`` is anything ``np.array`` takes; ``dtype`` defaults to float32 for
    Python floats and to the array's own otherwise; ``trainable`` says whether gradients
    are wanted. Reading gives the current value; :meth:`assign` replaces it, in the same
    shape and dtype.

        >>> w = Variable([1.0, 2.0], name="w")
        >>> w.assign_sub([0.5, 0.5])
        <Variable name=w, shape=(2,), dtype=float32, value=[0.5, 1.5]>
    """

    __slots__ = ("current", "name", "path", "stale", "storage", "trainable_flag")

    current: Array | None
    storage: Array | None

    def __init__(
        self,
        initial_value: ArrayLike,
        trainable: bool = True,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        self.storage = None
        super().__init__(initial_value, dtype=dtype)
        self.name = name or "variable"
        self.path = self.name
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
    def value(self) -> Tensor:
        """The current value as a Tensor that keeps it when the variable is assigned."""
        return apply(np.copy if self.dtype == bool else np.positive, self)

    def assign(self, value: Any) -> Variable:
        """Replace the value; the shape must match, the dtype stays the own one."""
        if type(value) is Tensor and mode.recorder is None:  # the usual case, made short
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
        values = np.array2string(self.data, separator=", ", threshold=200)
        return (
            f"<Variable name={self.name}, shape={self.shape}, dtype={self.dtype}, "
            f"value={values}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.data, self.trainable, self.dtype, self.name)


def restore(kind: type[Tensor], data: Array, requires_grad: bool) -> Tensor:
    """Rebuild a pickled or copied Tensor as a leaf."""
    return kind(data, requires_grad=requires_grad)


FAST_POWERS: dict[float, Function] = {
    -1: np.reciprocal, 0.5: np.sqrt, 1: np.positive, 2: np.square,
}  # fmt: skip


def operate(ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """Apply a binary operator, one side of which is a Tensor."""
    if type(x) in (list, tuple):
        x = np.asarray(x)
    elif type(y) in (list, tuple):
        y = np.asarray(y)
    if ufunc in CONSTANTS and mode.recorder is None:
        return ufunc(plain(x), plain(y))
    return apply(ufunc, x, y)


def array_index(index: Any) -> Any:
    """Make arrays of lists in an index, so that only Tensors stay to be unwrapped."""
    if isinstance(index, list):
        return np.asarray(index) if index else np.empty(0, np.intp)
    if isinstance(index, tuple):
        return tuple(array_index(i) if isinstance(i, list) else i for i in index)
    return index


def ufunc_options(
    ufunc: np.ufunc, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """Apply the options of a ufunc call that make sense here; refuse the others."""
    if "out" in options:
        raise TypeError(
            f"np.{ufunc.__name__}: a Tensor cannot be written into an existing array "
            "(out= or an in-place operator such as +=), because its gradient would be "
            "lost. Write a = a + t instead."
        )
    dtype = options.pop("dtype", None)
    if options:
        raise TypeError(
            f"np.{ufunc.__name__} on Tensors takes no {', '.join(options)}; expected "
            "dtype alone. Select elements with np.where, and rearrange axes before the "
            "call."
        )
    if dtype is None:
        return inputs
    return tuple(
        x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype)
        for x in inputs
    )


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


def vjp_of(
    call: Call, vjps: tuple[Function | None, ...], position: int
) -> Function | None:
    """Return the rule for one argument, or say that there is none."""
    if position >= len(vjps):
        name = getattr(call.function, "__name__", repr(call.function))
        raise NotImplementedError(
            f"no gradient is known for argument {position} of {name}. Declare one with "
            "tinygrad_lr.autodiff.rule, write the computation with functions that have "
            "one, or cut it off with .detach()."
        )
    return vjps[position]


def check_options(
    function: Function, kwargs: dict[str, Any], known: frozenset[str] | None
) -> None:
    """Say which option of a function has no gradient here."""
    unknown = [name for name in kwargs if known is not None and name not in known]
    if unknown:
        raise NotImplementedError(
            f"{function.__name__} with {', '.join(unknown)}= has no gradient here. "
            "Leave the option out (np.where selects elements), or declare a rule of "
            "your own."
        )


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the Tensors in a nesting of lists, from left to right."""
    if isinstance(value, Tensor):
        yield value
    elif type(value) is list or type(value) is tuple:
        for part in value:
            yield from tensors_in(part)


def paired(value: Any, others: Any) -> Iterator[tuple[Tensor, Any]]:
    """Yield the Tensors in a nesting of lists, each with its part of others."""
    if isinstance(value, Tensor):
        yield value, others
    elif type(value) is list or type(value) is tuple:
        for part, other in zip(value, others, strict=True):
            yield from paired(part, other)


def check_unchanged(call: Call) -> None:
    """Refuse a gradient with a history through a Tensor that is not as it was."""
    for arg, value in paired(call.args, call.values):
        if isinstance(arg, Variable) and arg.data is not value:
            raise RuntimeError(
                f"variable {arg.name!r} was assigned after it was used in "
                f"{call.function.__name__} and before create_graph=True asked for a "
                "gradient through it. Take the gradient first, then assign."
            )


def pull_back(
    results: Sequence[Tensor],
    seeds: Sequence[Any],
    wanted: Sequence[Tensor] | None = None,
    create_graph: bool = False,
) -> list[tuple[Tensor, Any]]:
    """Run the reverse pass from ``results``; return pairs (Tensor, gradient).

    A seed of None stands for 1. Gradients are arrays, or Tensors if a recorder listens
    or their own history is asked for.
    """
    as_tensors = create_graph or mode.recorder is not None
    pairs = []
    for result, seed in zip(results, seeds, strict=True):
        if seed is None:
            if result.data.size != 1:
                raise ValueError(
                    f"the gradient of a result of shape {result.shape} needs a weight "
                    "for each element: reduce it with .sum(), or pass the gradient to "
                    "start from."
                )
            seed = np.ones_like(result.data)
        if not isinstance(seed, Tensor):
            seed = np.array(seed, result.data.dtype)  # a copy, which nobody will change
        if seed.shape != result.data.shape:
            raise ValueError(
                f"the gradient to start from has shape {seed.shape}, but the result "
                f"has shape {result.shape}; they must be equal."
            )
        if as_tensors and not isinstance(seed, Tensor):
            seed = Tensor.on(seed)
        pairs.append((result, seed if as_tensors else plain(seed)))
    if mode.recorder is None:
        with GradSwitch(create_graph):
            return reverse(pairs, wanted)
    mode.recorder.record_reverse(True)
    with GradSwitch(create_graph):
        found = reverse(pairs, wanted)
    for tensor, g in found:
        mode.recorder.record_gradient(tensor, g)
    mode.recorder.record_reverse(False)
    return found


def label(tensor: Any, name: str) -> None:
    """Tell a recorder, if one listens, what the user calls this value."""
    if mode.recorder is not None and isinstance(tensor, Tensor):
        mode.recorder.record_label(tensor, name)
