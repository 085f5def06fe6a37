"""Calls on Tensors, forwards and back.

Every function on Tensors ends in :func:`apply`: it computes on the arrays and, where a
gradient may be asked for, keeps the call. :func:`pull_back` walks the calls back: each
looks up its row in the rule table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lr.autodiff.engine import reverse
from tinygrad_lr.autodiff.forms import normal
from tinygrad_lr.autodiff.history import (
    NESTINGS,
    Traced,
    ndarray,
    remembered,
    tensors_in,
    wrap,
)
from tinygrad_lr.autodiff.mode import GradSwitch, mode
from tinygrad_lr.autodiff.rules import RULES, Function

if TYPE_CHECKING:
    from tinygrad_lr.autodiff.tensor import Tensor

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


def plain(value: Any) -> Any:
    """Replace Tensors by their arrays in any nesting of tuples, lists and dicts."""
    if isinstance(value, Traced):
        return value.data
    if type(value) in (tuple, list):
        return type(value)(plain(part) for part in value)
    if type(value) is dict:
        return {key: plain(part) for key, part in value.items()}
    return value


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


def refuse_several(function: Function, out: Sequence[Any]) -> None:
    """Say that a rule speaks of one result."""
    if any(getattr(part, "requires_grad", False) for part in out):
        raise TypeError(
            f"{function.__name__} gave {len(out)} results, and a rule speaks of one. "
            "Make a function, with a rule, for each of them."
        )
