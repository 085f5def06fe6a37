"""Shape inference by trial: what a function gives for places, seen on zeros.

Whatever computes on data describes itself that way, so that there is no second
description to be kept true beside it; see docs/decisions/0009.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, no_grad
from tinygrad_lr.layers.keras_tensor import Form, KerasTensor, places_in
from tinygrad_lr.masks import mask_of, set_mask
from tinygrad_lr.nesting import like, map_structure

OPEN = {0: (2, 3)}  # two lengths to try for an open batch axis ...
OPEN_ELSEWHERE = (12, 13)  # ... and for any other


Choice = Callable[[int, int, int], int]  # of a length: axis, number of axes, turn


def forms_of(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any],
    fill: Callable[..., Any] = np.zeros,
) -> Any:  # fmt: skip
    """The forms of what a function gives for places, found by trying it on zeros, or
    on what ``fill`` makes of a shape and a dtype.

    It runs twice, with two lengths of what is open: axes whose length differs are open.
    If the function cannot do with those, others are tried.
    """
    places = list(places_in([args, kwargs]))
    problem: ValueError | None = None
    for choose in (usual, like_others(places, 1), like_others(places), divisible):
        try:
            return forms_with(choose, function, args, kwargs, fill)
        except ValueError as error:
            problem = problem or error
            if all(None not in place.shape for place in places):
                break
    assert problem is not None
    raise problem


def usual(axis: int, ndim: int, turn: int) -> int:
    """A length for an open axis, unlike those that are known."""
    return OPEN.get(axis, OPEN_ELSEWHERE)[turn]


def divisible(axis: int, ndim: int, turn: int) -> int:
    """A length that can be cut into equal parts."""
    return (12, 24)[turn]


def like_others(places: list[KerasTensor], first: int = 0) -> Choice:
    """Lengths that another place is known to have, so that places fit each other.

    Axes before ``first`` are chosen as usual.
    """
    known = {
        axis - place.ndim: n
        for place in places
        for axis, n in enumerate(place.shape)
        if n is not None
    }

    def choose(axis: int, ndim: int, turn: int) -> int:
        length = usual(axis, ndim, turn)
        return length if axis < first else known.get(axis - ndim, length)

    return choose


def forms_with(
    choose: Choice, function: Callable[..., Any], args: Any, kwargs: Any,
    fill: Callable[..., Any],
) -> Any:  # fmt: skip
    """The forms found with these lengths of what is open."""
    runs = []
    for turn in (0, 1):
        with no_grad(), np.errstate(all="ignore"):
            put = functools.partial(values_for, choose=choose, turn=turn, fill=fill)
            args_now, kwargs_now = (map_structure(put, part) for part in (args, kwargs))
            runs.append(function(*args_now, **kwargs_now))
        if all(None not in place.shape for place in places_in([args, kwargs])):
            runs.append(runs[0])
            break
    return map_structures(form, *runs)


def values_for(x: Any, choose: Choice, turn: int, fill: Callable[..., Any]) -> Any:
    """Values in the form of a place; anything else stays."""
    if not isinstance(x, KerasTensor):
        return x
    value = Tensor.on(fill(lengths_of(x, choose, turn), x.dtype))
    if x.mask is not None:
        set_mask(value, Tensor.on(np.ones(lengths_of(x.mask, choose, turn), bool)))
    return value


def lengths_of(x: KerasTensor | Form, choose: Choice, turn: int) -> list[int]:
    """The shape with one of two lengths for what is open."""
    return [
        choose(axis, len(x.shape), turn) if n is None else n
        for axis, n in enumerate(x.shape)
    ]


def form(one: Any, other: Any) -> Any:
    """The form of a result, seen twice."""
    if not isinstance(one, (Tensor, np.ndarray)):
        return one
    shape = tuple(
        m if m == n else None for m, n in zip(one.shape, other.shape, strict=True)
    )
    masks = mask_of(one), mask_of(other)
    return Form(shape, one.dtype.name, form(*masks) if masks[0] is not None else None)


def map_structures(function: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """Apply a function of two to what stands at the same place of two nestings."""
    if isinstance(one, dict):
        return {key: map_structures(function, one[key], other[key]) for key in one}
    if isinstance(one, (list, tuple)):
        pairs = zip(one, other, strict=True)
        return like(one, [map_structures(function, a, b) for a, b in pairs])
    return function(one, other)
