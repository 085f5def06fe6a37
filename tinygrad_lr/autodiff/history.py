"""The array that remembers how it was computed, and the way back through its history.

Every function on Tensors ends in :func:`apply`: it computes on the arrays and, where a
gradient may be asked for, keeps the call. :func:`pull_back` walks the calls back: each
looks up its row in the rule table.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinygrad_lr.autodiff.engine import fit, reverse
from tinygrad_lr.autodiff.forms import check_options, normal
from tinygrad_lr.autodiff.mode import GradSwitch, mode
from tinygrad_lr.autodiff.rules import RULES, Function, Rule

if TYPE_CHECKING:
    from tinygrad_lr.autodiff.tensor import Tensor

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

ndarray, ARRAYS = np.ndarray, (np.ndarray, np.generic)
NESTINGS = (list, tuple)
new = object.__new__

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


# -- forwards --------------------------------------------------------------------------


def apply(function: Function, *args: Any, **kwargs: Any) -> Tensor:
    """Compute ``function`` on the arguments' arrays; remember the call if need be.

    A function with several results gives a tuple or list of Tensors, one that returns
    no array what it returns. An array among the arguments is copied when the call is
    remembered, so that its owner may go on and change it.
    """
    options = kwargs
    if kwargs and carries(tuple(kwargs.values())):
        args, kwargs = normal(function, args, kwargs)
        refuse_keywords(function, kwargs)
        options = plain(kwargs)
    values, tracked, raw = unwrapped(args)
    data = function(*values, **options)
    if mode.usual and tracked:
        if raw:
            args = copied(args)
            values, _, _ = unwrapped(args)
        if kwargs:
            kwargs = {name: copied(value) for name, value in options.items()}
        if type(data) is ndarray and data.dtype.kind in "fc":
            return remembered(data, function, args, kwargs, values)
    out = wrap(data, function, args, kwargs, values) if tracked else wrap(data)
    if isinstance(out, NESTINGS) and function in RULES:
        refuse_several(function, out)
    if mode.recorder is not None:  # which knows arrays by identity: none was copied
        mode.recorder.record_call(function, args, kwargs, out)
    result: Tensor = out
    return result


def unwrapped(args: Sequence[Any]) -> tuple[list[Any], bool, bool]:
    """Return arguments with arrays for Tensors.

    And whether a Tensor requires a gradient; whether an array was there already.
    """
    values: list[Any] = []
    tracked = raw = False
    for arg in args:
        if isinstance(arg, Traced):
            values.append(arg.data)
            tracked = tracked or arg.requires_grad
        elif type(arg) is tuple or type(arg) is list:
            inner, tracked_inside, raw_inside = unwrapped(arg)
            values.append(type(arg)(inner))
            tracked, raw = tracked or tracked_inside, raw or raw_inside
        else:
            values.append(arg)
            raw = raw or isinstance(arg, np.ndarray)
    return values, tracked, raw


def copied(value: Any) -> Any:
    """Copy the writable arrays in a nesting of lists."""
    if type(value) is tuple or type(value) is list:
        return type(value)(copied(part) for part in value)
    writable = isinstance(value, np.ndarray) and value.flags.writeable
    return value.copy() if writable else value


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


def plain(value: Any) -> Any:
    """Replace Tensors by their arrays in any nesting of tuples, lists and dicts."""
    if isinstance(value, Traced):
        return value.data
    if type(value) in (tuple, list):
        return type(value)(plain(part) for part in value)
    if type(value) is dict:
        return {key: plain(part) for key, part in value.items()}
    return value


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


@functools.lru_cache(maxsize=1024, typed=True)
def sized(number: float, dtype: np.dtype[Any]) -> Any:
    """A number as it counts beside an array: with the array's dtype, if that is real.

    NumPy does this in each call, which takes as long as the call itself. What becomes
    infinite stays a number, for NumPy to report. Not for zero: a cache cannot tell 0.0
    from -0.0.
    """
    if dtype.kind != "f":
        return number
    with np.errstate(over="ignore"):
        array = np.asarray(number, dtype)
    if np.isinf(array) and not math.isinf(number):
        return number
    array.setflags(write=False)
    return array


def label(tensor: Any, name: str) -> None:
    """Tell a recorder, if one listens, what the user calls this value."""
    if mode.recorder is not None and isinstance(tensor, Traced.face):
        mode.recorder.record_label(tensor, name)


# -- backwards -------------------------------------------------------------------------


def pull_back(
    results: Sequence[Tensor],
    seeds: Sequence[Any],
    wanted: Sequence[Tensor] | None = None,
    create_graph: bool = False,
) -> list[tuple[Tensor, Any]]:
    """Run the reverse pass from ``results``; return pairs (Tensor, gradient).

    A seed of None stands for 1; results without history add nothing. Gradients are
    arrays, or Tensors if a recorder listens or their own history is asked for.
    """
    recorder = mode.recorder
    on_tensors = create_graph or recorder is not None
    pairs = [
        (result, start(result, seed, on_tensors))
        for result, seed in zip(results, seeds, strict=True)
        if result.requires_grad
    ]
    if recorder is not None:
        recorder.record_reverse(True)
    with GradSwitch(create_graph):
        found = reverse(pairs, wanted)
    if recorder is not None:
        for tensor, g in found:
            recorder.record_gradient(tensor, g)
        recorder.record_reverse(False)
    return found


def start(result: Tensor, seed: Any, on_tensors: bool) -> Any:
    """Return the gradient to start from, as an array or as a Tensor."""
    if seed is None:
        if result.data.size != 1:
            raise ValueError(
                f"the gradient of a result of shape {result.shape} needs a weight for "
                "each element: reduce it with .sum(), or pass the gradient to start "
                "from."
            )
        seed = np.ones_like(result.data)
    elif not isinstance(seed, Traced):
        seed = np.array(seed, result.data.dtype)  # a copy, which nobody will change
    if seed.shape != result.data.shape:
        raise ValueError(
            f"the gradient to start from has shape {seed.shape}, but the result has "
            f"shape {result.shape}; they must be equal."
        )
    if on_tensors and not isinstance(seed, Traced):
        return wrap(seed)
    return seed if on_tensors else plain(seed)


# -- what is refused -------------------------------------------------------------------


def carries(value: Any) -> bool:
    """Whether ``value`` is a Tensor or a nesting of lists with a Tensor in it."""
    return any(True for _ in tensors_in(value))


def refuse_keywords(function: Function, kwargs: dict[str, Any]) -> None:
    """Say that what has a gradient belongs where the rule table looks for it."""
    for name, value in kwargs.items():
        if any(part.requires_grad for part in tensors_in(value)):
            raise TypeError(
                f"{function.__name__}: a Tensor was given as the keyword {name!r}, for "
                "which no gradient is known. Pass it by position, or as an array with "
                ".numpy()."
            )


def reaches(value: Any, needed: Container[Traced] | None) -> bool:
    """Whether a nesting of lists has a Tensor that is needed (see ``pull``)."""
    return any(
        part.requires_grad if needed is None else part in needed
        for part in tensors_in(value)
    )


def refuse_several(function: Function, out: Sequence[Any]) -> None:
    """Say that a rule speaks of one result."""
    if any(getattr(part, "requires_grad", False) for part in out):
        raise TypeError(
            f"{function.__name__} gave {len(out)} results, and a rule speaks of one. "
            "Make a function, with a rule, for each of them."
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
