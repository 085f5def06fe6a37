"""The array that remembers how it was computed, and the way back through its history.

Every function on Tensors ends in :func:`apply`: it computes on the arrays and, where a
gradient may be asked for, keeps the :class:`Call`. :func:`pull_back` walks the calls
back: each looks up its row in the rule table.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinygrad_lr.autodiff.engine import fit, reverse
from tinygrad_lr.autodiff.forms import check_options, normal
from tinygrad_lr.autodiff.mode import GradSwitch, mode
from tinygrad_lr.autodiff.rules import RULES, Function

if TYPE_CHECKING:
    from tinygrad_lr.autodiff.tensor import Tensor

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

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
        parents: tuple[Traced, ...],
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.values = values
        self.parents = parents
        self.order = next(creation)


class Traced:
    """The part of a Tensor that the engine sees: ``data``, and the call it came from.

    ``face`` is the class that results get: Tensor, which adds what people see.
    """

    __slots__ = ("__weakref__", "call", "data", "grad", "requires_grad")

    face: ClassVar[type[Tensor]]
    data: Array
    grad: Tensor | None
    requires_grad: bool
    call: Call | None

    @property
    def parents(self) -> tuple[Traced, ...]:
        """The Tensors this one was computed from that need a gradient."""
        return self.call.parents if self.call is not None else ()

    @property
    def order(self) -> int:
        """Larger for what was made later; 0 for leaves."""
        return self.call.order if self.call is not None else 0

    def pull(self, g: Any, needed: Container[int]) -> Iterator[tuple[Traced, Any]]:
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
        if isinstance(g, Traced):
            check_unchanged(call)
            out: Any = self
            values: Sequence[Any] = call.args
            if mode.recorder is not None:
                mode.recorder.record_gradient(out, g)
        else:
            out, values = self.data, call.values
        for position, arg in enumerate(call.args):
            alone = isinstance(arg, Traced)
            if alone:
                if id(arg) not in needed:
                    continue
            elif type(arg) not in (list, tuple) or not any(
                id(part) in needed for part in tensors_in(arg)
            ):
                continue
            if position >= len(vjps):
                raise missing_rule(call.function, position)
            vjp = vjps[position]
            if vjp is None:
                continue
            d = vjp(g, out, *values, **call.kwargs)
            if alone:
                yield arg, fit(d, arg.data.shape, arg.data.dtype)
            else:
                for part, d_part in paired(arg, d):
                    if id(part) in needed:
                        yield part, fit(d_part, part.data.shape, part.data.dtype)


# -- forwards --------------------------------------------------------------------------


def apply(function: Function, *args: Any, **kwargs: Any) -> Tensor:
    """Compute ``function`` on the arguments' arrays; remember the call if need be.

    A function with several results gives a tuple or list of Tensors, one that returns
    no array what it returns. An array among the arguments is copied when the call is
    remembered, so that its owner may go on and change it.
    """
    if kwargs and carries(tuple(kwargs.values())):
        args, kwargs = normal(function, args, kwargs)
        refuse_keywords(function, kwargs)
    parents: list[Traced] = []
    raw: list[Array] = []
    values = values_of(args, parents, raw)
    data = function(*values, **kwargs)
    if parents and mode.grad:
        if mode.recorder is None:  # which knows arrays by identity
            if raw:
                args = copied(args)
                values = values_of(args, [], [])
            if kwargs:
                kwargs = {name: copied(value) for name, value in kwargs.items()}
        call = Call(function, args, kwargs, values, tuple(parents))
        out = wrap(data, call)
        if isinstance(out, (list, tuple)) and function in RULES:
            refuse_several(function, out)
    else:
        out = wrap(data, None)
    if mode.recorder is not None:
        mode.recorder.record_call(function, args, kwargs, out)
    result: Tensor = out
    return result


def values_of(args: Any, parents: list[Traced], raw: list[Array]) -> list[Any]:
    """Replace Tensors by arrays; collect those that need a gradient, and raw arrays."""
    values: list[Any] = []
    for arg in args:
        if isinstance(arg, Traced):
            values.append(arg.data)
            if arg.requires_grad:
                parents.append(arg)
        elif type(arg) is tuple or type(arg) is list:
            values.append(type(arg)(values_of(arg, parents, raw)))
        else:
            values.append(arg)
            if isinstance(arg, np.ndarray):
                raw.append(arg)
    return values


def copied(value: Any) -> Any:
    """Copy the writable arrays in a nesting of lists."""
    if type(value) is tuple or type(value) is list:
        return type(value)(copied(part) for part in value)
    writable = isinstance(value, np.ndarray) and value.flags.writeable
    return value.copy() if writable else value


def wrap(data: Any, call: Call | None) -> Any:
    """Make Tensors of the arrays a function returned; leave all else as it is."""
    if isinstance(data, (np.ndarray, np.generic)):
        out = object.__new__(Traced.face)
        out.data = data = data if isinstance(data, np.ndarray) else np.asarray(data)
        data.setflags(write=False)
        out.grad = None
        smooth = call is not None and data.dtype.kind in "fc"  # integers are flat
        out.requires_grad = smooth
        out.call = call if smooth else None
        return out
    if isinstance(data, (tuple, list)):
        parts = [wrap(part, call) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    return data


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
        return wrap(seed, None)
    return seed if on_tensors else plain(seed)


# -- what is refused -------------------------------------------------------------------


def carries(value: Any) -> bool:
    """Whether ``value`` is a Tensor or a nesting of lists with a Tensor in it."""
    return any(True for _ in tensors_in(value))


def refuse_keywords(function: Function, kwargs: dict[str, Any]) -> None:
    """Say that Tensors belong where the rule table looks for them."""
    for name, value in kwargs.items():
        if carries(value):
            raise TypeError(
                f"{function.__name__}: a Tensor was given as the keyword {name!r}, for "
                "which no gradient is known. Pass it by position, or as an array with "
                ".numpy()."
            )


def refuse_several(function: Function, out: Sequence[Any]) -> None:
    """Say that a rule speaks of one result."""
    if any(part.requires_grad for part in tensors_in(out)):
        raise TypeError(
            f"{function.__name__} gave {len(out)} results, and a rule speaks of one. "
            "Make a function, with a rule, for each of them."
        )


def missing_rule(function: Function, position: int) -> NotImplementedError:
    """Say that there is no rule for one argument."""
    name = getattr(function, "__name__", repr(function))
    return NotImplementedError(
        f"no gradient is known for argument {position} of {name}. Declare one with "
        "tinygrad_lr.autodiff.rule, write the computation with functions that have "
        "one, or cut it off with .detach()."
    )


def check_unchanged(call: Call) -> None:
    """Refuse a gradient with a history through a Variable that is not as it was."""
    for arg, value in paired(call.args, call.values):
        if arg.data is not value:  # only an assignment can do that
            raise RuntimeError(
                f"variable {getattr(arg, 'name', '')!r} was assigned after it was used "
                f"in {call.function.__name__} and before create_graph=True asked for a "
                "gradient through it. Take the gradient first, then assign."
            )
