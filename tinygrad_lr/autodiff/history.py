"""The array that remembers how it was computed.

A result keeps the call that made it: the function, its arguments, and the arrays they
were. :meth:`Traced.pull` goes one such step back, by the function's row in the rule
table; the engine does the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinygrad_lr.autodiff.engine import fit
from tinygrad_lr.autodiff.forms import check_options
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.autodiff.rules import RULES, Function, Rule

if TYPE_CHECKING:
    from tinygrad_lr.autodiff.tensor import Tensor

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

NESTINGS = (list, tuple)
ARRAYS = (np.ndarray, np.generic)
ndarray, new = np.ndarray, object.__new__  # looked up once for each operation

creation = itertools.count(1)
NO_OPTIONS: dict[str, Any] = {}
NO_RULE = Rule((), None)


class Traced:
    """The part of a Tensor that the engine sees: ``data``, and how it came about.

    It was made by ``function`` of ``args`` and ``kwargs``, which were the arrays
    ``values`` at that time; a leaf has no function, and none of these. ``order`` is
    larger for what was made later. ``face`` is the class that results get: Tensor,
    which adds what people see.
    """

    __slots__ = (
        "__weakref__", "args", "data", "function", "grad", "kwargs", "order",
        "requires_grad", "values",
    )  # fmt: skip

    face: ClassVar[type[Tensor]]
    data: Array
    grad: Tensor | None
    requires_grad: bool
    function: Function | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    values: Sequence[Any]
    order: int

    def come_from(self, other: Traced | None) -> None:
        """Have the history of ``other``; without one, be a leaf. Either has no grad."""
        self.grad = None
        self.order = next(creation)
        self.function = None
        if other is not None and other.function is not None:
            self.function, self.args = other.function, other.args
            self.kwargs, self.values = other.kwargs, other.values

    @property
    def parents(self) -> list[Traced]:
        """The Tensors among the arguments; none for a leaf."""
        found: list[Traced] = []
        for arg in () if self.function is None else self.args:
            if isinstance(arg, Traced):
                found.append(arg)
            elif type(arg) in NESTINGS:
                found += tensors_in(arg)
        return found

    def pull(
        self, g: Any, needed: Container[Traced] | None = None
    ) -> list[tuple[Traced, Any]]:
        """Return pairs (parent, gradient), given one's own gradient.

        The ``needed`` parents are meant, or all that require a gradient. If ``g`` is an
        array the rules compute on arrays, and nothing is remembered; if it is a Tensor
        they compute on Tensors, and the gradient has a history in its turn.
        """
        function = self.function
        if function is None:
            return []
        rule = RULES.get(function, NO_RULE)
        vjps = rule.vjps
        args, values, kwargs = self.args, self.values, self.kwargs
        if kwargs:
            check_options(function, kwargs, rule.options)
        if len(vjps) < len(args):
            check_rules(function, args[len(vjps) :], len(vjps), needed)
        out: Any = self.data
        given: Sequence[Any] = values
        if type(g) is not ndarray and isinstance(g, Traced):
            out, given = self, list(map(as_used, args, values))
            if mode.recorder is not None:
                mode.recorder.record_gradient(out, g)
        found = []
        for arg, value, vjp in zip(args, values, vjps):  # noqa: B905  # slower
            if vjp is None:
                continue
            if isinstance(arg, Traced):
                if arg.requires_grad if needed is None else arg in needed:
                    if kwargs:
                        d = vjp(g, out, *given, **kwargs)
                    elif len(given) == 2:  # as the next line, in half the time
                        d = vjp(g, out, given[0], given[1])
                    else:
                        d = vjp(g, out, *given)
                    if d.shape != value.shape or d.dtype is not value.dtype:
                        d = fit(d, value.shape, value.dtype)
                    found.append((arg, d))
            elif type(arg) in NESTINGS and reaches(arg, needed):
                d = vjp(g, out, *given, **kwargs)
                found += [
                    (part, fit(d_part, part.data.shape, part.data.dtype))
                    for part, d_part in paired(arg, d)
                    if reaches(part, needed)
                ]
        return found


def wrap(data: Any, function: Function | None = None, *call: Any) -> Any:
    """Make Tensors of the arrays a function returned; leave all else as it is.

    With a ``function`` (and its arguments, options and arrays) they know how they came
    about, except under :func:`no_grad` and where they are integers, which are flat.
    """
    if isinstance(data, ARRAYS):
        if function is not None and mode.grad and data.dtype.kind in "fc":
            return remembered(data, function, *call)
        if type(data) is not ndarray:  # a NumPy scalar; a subclass stays
            data = np.asanyarray(data)
        data.setflags(False)
        out = new(Traced.face)
        out.data = data
        out.requires_grad = False
        out.come_from(None)
        return out
    if isinstance(data, NESTINGS):
        parts = [wrap(part, function, *call) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    return data


def remembered(
    data: Any, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any],
    values: Sequence[Any],
) -> Tensor:  # fmt: skip
    """Make a Tensor that knows how it came about."""
    if type(data) is not ndarray:
        data = np.asanyarray(data)
    data.setflags(False)  # write=False, which costs less by position
    out = new(Traced.face)
    out.data = data
    out.grad = None
    out.requires_grad = True
    out.function = function
    out.args = args
    out.kwargs = kwargs
    out.values = values
    out.order = next(creation)
    return out


def tensors_in(value: Any) -> Iterator[Traced]:
    """Yield the Tensors in a nesting of lists, from left to right."""
    if isinstance(value, Traced):
        yield value
    elif type(value) is list or type(value) is tuple:
        for part in value:
            yield from tensors_in(part)


def paired(value: Any, others: Any) -> Iterator[tuple[Traced, Any]]:
    """Yield the Tensors in a nesting of lists, each with its part of others."""
    if isinstance(value, Traced):
        yield value, others
    elif type(value) is list or type(value) is tuple:
        for part, other in zip(value, others, strict=True):
            yield from paired(part, other)


def reaches(value: Any, needed: Container[Traced] | None) -> bool:
    """Whether a nesting of lists has a Tensor that is needed (see ``pull``)."""
    return any(
        part.requires_grad if needed is None else part in needed
        for part in tensors_in(value)
    )


def check_rules(
    function: Function, args: Sequence[Any], position: int,
    needed: Container[Traced] | None,
) -> None:  # fmt: skip
    """Refuse a gradient through arguments for which there is no rule."""
    for arg in args:
        if reaches(arg, needed):
            raise NotImplementedError(
                f"no gradient is known for argument {position} of {name_of(function)}. "
                "Declare one with tinygrad_lr.autodiff.rule, write the computation "
                "with functions that have one, or cut it off with .detach()."
            )
        position += 1


def name_of(function: Any) -> str:
    """What to call a function in a sentence."""
    name: str = getattr(function, "__name__", repr(function))
    return name


def as_used(arg: Any, value: Any) -> Any:
    """An argument of a call as it was then: a Variable may have been assigned since.

    That is refused where its history is wanted, too.
    """
    if isinstance(arg, Traced):
        if arg.data is value:
            return arg
        if mode.grad and arg.requires_grad:
            raise RuntimeError(
                f"variable {getattr(arg, 'name', '')!r} was assigned after it was used "
                "and before create_graph=True asked for a gradient through it. Take "
                "the gradient first, then assign."
            )
        return wrap(value)
    if type(arg) is list or type(arg) is tuple:
        return type(arg)(map(as_used, arg, value))
    return arg
