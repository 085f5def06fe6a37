"""Targets and predictions: brought to one dtype and shape before they are compared.

Every loss function is decorated by :func:`compares` or calls :func:`class_numbers`, so
that its own lines are the formula alone. What does not fit together is refused here,
with the loss that was perhaps meant.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygrad_lr.arguments import parameters, unknown_argument
from tinygrad_lr.autodiff.mode import mode
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import align_ranks, as_tensor, is_place

F = TypeVar("F", bound=Callable[..., Any])

UNITS = " Is the number of units of the last layer the number of targets?"


def noted(**notes: Any) -> Callable[[F], F]:
    """Note facts about a loss function on the function itself.

    ``targets`` is "classes" (numbers of the last axis of the predictions), "integers"
    or "unit" (from 0 to 1; predictions as well).
    """

    def note(function: F) -> F:
        vars(function).update(notes)
        return function

    return note


def compares(equal: bool = False, hint: str = "", **notes: Any) -> Callable[[F], F]:
    """Let a loss function see targets and predictions as Tensors that fit together.

    They have the predictions' dtype and equal ranks. Unless ``equal`` is demanded,
    targets may be broadcast to the predictions' shape. ``hint`` follows the refusal.
    Given places, the function is a step of their model.
    """

    def decorate(function: F) -> F:
        known = frozenset(parameters(function).names)

        @functools.wraps(function)
        def comparing(y_true: Any, y_pred: Any, *args: Any, **settings: Any) -> Any:
            if not known.issuperset(settings):
                unknown = [name for name in settings if name not in known]
                raise unknown_argument(function.__name__, unknown, known)
            if is_place(y_pred) or is_place(y_true):
                place = y_pred if is_place(y_pred) else y_true
                return place.apply(comparing, (y_true, y_pred, *args), settings)
            y, p = pair(y_true, y_pred)
            if y.shape != p.shape and (equal or not broadcasts(y.shape, p.shape)):
                raise ValueError(
                    f"{function.__name__}: targets of shape {y.shape} do not fit "
                    f"predictions of shape {p.shape}; they must be equal.{hint}"
                )
            return function(y, p, *args, **settings)

        return noted(**notes)(comparing)  # type: ignore[return-value]  # wraps() keeps it

    return decorate


def predictions(y_pred: Any) -> Any:
    """Return predictions as a Tensor of floats."""
    p = as_tensor(y_pred)
    return p if p.dtype.kind == "f" else as_tensor(p, floatx())


def pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return targets and predictions as Tensors of one float dtype, ranks aligned."""
    p = predictions(y_pred)
    return align_ranks(as_tensor(y_true, p.dtype), p)


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether an array of one shape can stand for one of another."""
    return len(shape) <= len(to) and all(
        a in (1, b) for a, b in zip(reversed(shape), reversed(to), strict=False)
    )


def class_numbers(
    y_true: Any, p: Any, name: str, axis: int = -1, ignored: int | None = None,
    hint: str = "",
) -> Any:  # fmt: skip
    """Return targets as integers, one for each row of classes on ``axis`` of ``p``.

    A column of class numbers may stand for a line of them. Raises ``ValueError`` for
    other shapes and, unless a step is being recorded, for numbers of no class.
    """
    y = as_tensor(y_true)
    shape = tuple(np.delete(p.shape, axis).tolist())
    if y.ndim == p.ndim and y.shape[axis] == 1:
        y = np.squeeze(y, axis)
    if y.shape != shape:
        one_hot = y.shape == p.shape and hint
        raise ValueError(
            f"{name}: targets of shape {y.shape} do not fit predictions of shape "
            f"{p.shape}; expected class numbers of shape {shape}."
            f"{hint if one_hot else ' Give one class number per sample.'}"
        )
    if mode.recorder is None:
        check_class_numbers(y.data, p.shape[axis], ignored, f"{name}: y_true")
    return y if y.dtype.kind in "iu" else y.astype(np.int64)


def check_class_numbers(y: Any, classes: int, ignored: int | None, where: str) -> None:
    """Raise ``ValueError`` if an array has an entry that is no class number."""
    wrong = (y < 0) | (y >= classes) | (y != np.floor(y))
    if ignored is not None:
        wrong &= y != ignored
    if wrong.any():
        row = int(np.argmax(wrong.reshape(len(y), -1).any(axis=1))) if y.ndim else 0
        found = y[wrong].flat[0]
        hint = "Number the classes from 0, or give the last layer more units."
        if found != np.floor(found):  # a fraction, or NaN
            hint = "For targets that are no classes use a loss such as 'mse'."
        raise ValueError(
            f"{where}: expected class numbers from 0 to {classes - 1} (the last "
            f"layer has {classes} outputs), got {found} in row {row}. {hint}"
        )
