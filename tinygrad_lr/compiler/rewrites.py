"""Shorter ways to the same result, each a function of one call.

A rewrite looks at a call and at the calls that made its arguments, and returns another
call with the same result, or None. All of them leave every bit as it is, by the rules
of IEEE 754, but for what ``passes.ROUNDING`` lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.compiler.program import Op, Value

Function = Callable[..., Any]
VIEWS: set[Function] = {
    np.reshape, np.ravel, np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d,
}  # fmt: skip


class Walk:
    """How far a walk over a program has come: who made each value, how often each is
    used at most, and the calls that are kept so far.
    """

    def __init__(self, uses: dict[Value, int]) -> None:
        self.producers: dict[Value, Op] = {}
        self.uses = uses
        self.kept: list[Op] = []

    def maker(self, x: Any, *of: Function) -> Op | None:
        """The call that made ``x``, if it is one ``of`` these functions (or any)."""
        made = self.producers.get(x) if isinstance(x, Value) else None
        return made if made is not None and (not of or made.function in of) else None

    def only(self, x: Any, *of: Function) -> Op | None:
        """The same, if nobody else uses ``x``, and no user named it."""
        made = self.maker(x, *of)
        if made is None or self.uses.get(x, 0) != 1 or is_named(x):
            return None
        return made

    def keep(self, op: Op) -> None:
        """Have a call in the program."""
        for out in op.outs:
            self.producers[out] = op
        self.kept.append(op)

    def share(self, dropped: Value, other: Value, operand: bool) -> None:
        """Count the uses of a dropped result as those of the one in its stead, which
        may have been an operand of the dropped call.

        Other operands of dropped calls are still counted, so counts may be high.
        """
        self.uses[other] = self.uses.get(other, 0) + self.uses.get(dropped, 0) - operand

    def call(self, function: Function, args: tuple[Any, ...], op: Op) -> Value:
        """Insert a call before ``op`` whose result has the form of that of ``op``."""
        out = op.out.sibling()
        self.uses[out] = 1
        self.keep(Op(function, args, {}, [out], section=op.section))
        return out


def is_named(x: Value) -> bool:
    """Whether a user gave a result its name; those of gradients are ours."""
    return x.name is not None and x.gradient_of is None


Rewrite = Callable[[Op, Walk], "Op | None"]


def instead(op: Op, function: Function, *args: Any, **kwargs: Any) -> Op:
    """Another call with the result of ``op``."""
    return Op(function, args, kwargs, op.outs, section=op.section)


def same_form(x: Any, out: Value) -> TypeGuard[Value]:
    """Whether ``x`` could stand for ``out`` as far as shape and dtype go."""
    return isinstance(x, Value) and x.shape == out.shape and x.dtype == out.dtype


def all_floats(op: Op) -> bool:
    """Whether all arrays of a call are floats of one dtype: integers wrap around."""
    dtypes = {value.dtype for value in (*op.operands(), *op.outs)}
    return len(dtypes) == 1 and op.outs[0].dtype.kind == "f"


# -- shapes ----------------------------------------------------------------------------


def is_view(op: Op) -> bool:
    """Whether a call only gives its argument another shape, in C order."""
    given = {np.reshape: 2, np.ravel: 1}.get(op.function, len(op.args))
    return op.function in VIEWS and "order" not in op.kwargs and len(op.args) <= given


def index_of_everything(op: Op, walk: Walk) -> Op | None:
    """``x[..., None]`` is a reshape, and ``x[:, 0]`` where there is one column."""
    x, index = op.args
    parts = index if isinstance(index, tuple) else (index,)
    basic = all(
        part is None
        or part is Ellipsis
        or type(part) is int
        or (isinstance(part, slice) and (part.step is None or part.step == 1))
        for part in parts
    )
    if basic and isinstance(x, Value) and x.size == op.out.size and x.size:
        return instead(op, np.reshape, x, op.out.shape)
    return None


def view_of_view(op: Op, walk: Walk) -> Op | None:
    """Two reshapes are one."""
    made = walk.maker(op.args[0])
    if is_view(op) and made is not None and is_view(made):
        return instead(op, np.reshape, made.args[0], op.out.shape)
    return None


def without_kept_axes(op: Op, walk: Walk) -> Op | None:
    """Axes kept in a sum, and then taken away, need not be kept."""
    made = walk.only(op.args[0], np.sum, np.mean, np.max, np.min)
    if not is_view(op) or made is None or not made.kwargs.get("keepdims"):
        return None
    axes, x = made.kwargs.get("axis"), made.args[0]
    if axes is None or not x.ndim or len(made.args) > 1 or not is_plain_reduction(made):
        return None
    gone = {axis % x.ndim for axis in (axes if isinstance(axes, tuple) else (axes,))}
    left = tuple(n for i, n in enumerate(x.shape) if i not in gone)
    if left != op.out.shape:
        return None
    return instead(op, made.function, x, axis=axes)


def double_transpose(op: Op, walk: Walk) -> Op | None:
    """A matrix transposed twice is itself."""
    made = walk.maker(op.args[0], np.transpose, np.swapaxes)
    if made is not None and is_matrix_transpose(op) and is_matrix_transpose(made):
        if same_form(made.args[0], op.out):
            return instead(op, np.positive, made.args[0])
    return None


def is_matrix_transpose(op: Op) -> bool:
    """Whether the call swaps the two axes of a matrix."""
    axes = op.args[1:]
    if op.outs[0].ndim != 2:
        return False
    if op.function is np.transpose:
        return axes in ((), (None,), ((1, 0),)) and not op.kwargs
    return bool(axes[0] % 2 != axes[1] % 2)


def double_flip(op: Op, walk: Walk) -> Op | None:
    """What is flipped twice is as it was."""
    made = walk.maker(op.args[0], np.flip)
    if made is not None and (made.args[1:], made.kwargs) == (op.args[1:], op.kwargs):
        return instead(op, np.positive, made.args[0])
    return None


def sum_of_one(op: Op, walk: Walk) -> Op | None:
    """A sum over axes of length 1 is a reshape."""
    x = op.args[0]
    if is_plain_reduction(op) and x.dtype == op.out.dtype:
        if x.size == op.out.size and op.out.size:
            return instead(op, np.reshape, x, op.out.shape)
    return None


def sum_of_view(op: Op, walk: Walk) -> Op | None:
    """The sum of all elements does not depend on the shape."""
    made = walk.maker(op.args[0])
    if made is None or not is_plain_reduction(op) or not is_view(made):
        return None
    axis = op.args[1] if len(op.args) > 1 else op.kwargs.get("axis")
    if axis is None and not op.kwargs.get("keepdims") and made.args[0].contiguous:
        return instead(op, op.function, made.args[0], **op.kwargs)
    return None


def is_plain_reduction(op: Op) -> bool:
    """Whether a reduction of an array has no options but axis and keepdims."""
    options = {key for key, value in op.kwargs.items() if value is not None}
    plain = options <= {"axis", "keepdims"} and len(op.args) <= 2
    return plain and isinstance(op.args[0], Value)


def by_broadcasting(op: Op, walk: Walk) -> Op | None:
    """Leave out an explicit broadcast where the call broadcasts by itself."""
    for x in op.args:
        made = walk.maker(x, np.broadcast_to, *VIEWS)
        if made is None:
            continue
        source = made.args[0]
        if made.function is not np.broadcast_to and (
            not is_view(made) or x.shape != (1,) * (x.ndim - source.ndim) + source.shape
        ):
            continue
        others = [a.shape for a in op.args if isinstance(a, Value) and a is not x]
        if np.broadcast_shapes(source.shape, *others) == op.out.shape:
            args = [source if a is x else a for a in op.args]
            return instead(op, op.function, *args, **op.kwargs)
    return None


def axes_in_front_later(op: Op, walk: Walk) -> Op | None:
    """``sqrt(x[None])`` is ``sqrt(x)[None]``: an axis goes to where it broadcasts."""
    arrays = op.operands()
    made = walk.only(arrays[0], *VIEWS) if len(arrays) == 1 else None
    if made is None or not is_view(made) or op.kwargs:
        return None
    (x,), source = arrays, made.args[0]
    front = x.ndim - source.ndim
    if front < 1 or x.shape != (1,) * front + source.shape or x.shape != op.out.shape:
        return None
    args = tuple(source if arg is x else arg for arg in op.args)
    inner = walk.call(op.function, args, op)
    inner.shape = source.shape
    return instead(op, np.reshape, inner, op.out.shape)


# -- signs -----------------------------------------------------------------------------


def minus(x: Any, walk: Walk, always: bool = False) -> Any:
    """What ``-x`` is without a call more than ``x``, or None.

    Of a constant that is so if it is negative, or ``always``.
    """
    if isinstance(x, float) or type(x) is int:
        return -x if x < 0 or (always and x > 0) else None
    if not isinstance(x, Value) or x.dtype.kind != "f":
        return None
    if x.array is not None:
        same = x.size and (x.array < 0).all()
        return Value("constant", -x.array) if same or always else None
    made = walk.maker(x, np.negative)
    if made is not None and not is_named(x):
        return made.args[0]
    made = walk.only(x, np.multiply, np.divide)
    if made is None or not all_floats(made):
        return None
    for place, factor in enumerate(made.args):
        opposite = minus(factor, walk, always)
        if opposite is not None:
            args = [opposite if i == place else arg for i, arg in enumerate(made.args)]
            return walk.call(made.function, tuple(args), made)
    return None


def negative_product(op: Op, walk: Walk) -> Op | None:
    """``-(2 * x)`` is ``-2 * x``, and ``--x`` is ``x``."""
    opposite = minus(op.args[0], walk, always=True)
    return None if opposite is None else instead(op, np.positive, opposite)


def plus_negative(op: Op, walk: Walk) -> Op | None:
    """``a + (-b)`` is ``a - b`` in every bit (IEEE 754, section 5.4.1)."""
    if all_floats(op):
        for x, y in (op.args, op.args[::-1]):
            opposite = None if is_constant(y) else minus(y, walk)
            if opposite is not None:
                return instead(op, np.subtract, x, opposite)
    return None


def minus_negative(op: Op, walk: Walk) -> Op | None:
    """``a - (-b)`` is ``a + b``."""
    x, y = op.args
    opposite = None if is_constant(y) or not all_floats(op) else minus(y, walk)
    return None if opposite is None else instead(op, np.add, x, opposite)


def is_constant(x: Any) -> bool:
    """Whether an argument is an array that never changes."""
    return isinstance(x, Value) and x.array is not None


# -- choices ---------------------------------------------------------------------------


def is_zero(x: Any) -> bool:
    """Whether an argument is 0 throughout."""
    if isinstance(x, Value):
        return x.array is not None and not x.array.any()
    return isinstance(x, (int, float)) and x == 0


def sum_of_choices(op: Op, walk: Walk) -> Op | None:
    """``where(c, a, 0) + where(c, 0, b)`` is ``where(c, a, b)``."""
    first, second = (walk.only(x, np.where) for x in op.args)
    if first is None or second is None or not all_floats_in(op, first, second):
        return None
    if is_zero(first.args[1]):
        first, second = second, first
    test, a, nothing = first.args
    other, nothing_else, b = second.args
    if test is other and is_zero(nothing) and is_zero(nothing_else):
        return instead(op, np.where, test, a, b)
    return None


def all_floats_in(op: Op, *choices: Op) -> bool:
    """Whether what is chosen between has the dtype of the result."""
    return all(
        (isinstance(x, Value) and x.dtype == op.out.dtype) or is_zero(x)
        for choice in choices
        for x in choice.args[1:]
    )


def factor_of_choice(op: Op, walk: Walk) -> Op | None:
    """``where(c, 0, a) * 2`` is ``where(c, 0, a * 2)``, for any number."""
    x, number = op.args
    made = walk.only(x, np.where)
    if made is None or not isinstance(number, (int, float)) or not np.isfinite(number):
        return None
    if op.function is np.divide and number == 0:
        return None
    test, a, b = made.args
    for place, kept in ((1, a), (2, b)):
        if is_zero((None, b, a)[place]) and same_form(kept, op.out):
            scaled = walk.call(op.function, (kept, number), op)
            pair = (scaled, 0) if place == 1 else (0, scaled)
            return instead(op, np.where, test, *pair)
    return None


def choice_within(op: Op, walk: Walk) -> Op | None:
    """What ``where(c, 0, ...)`` discards need not be 0 already inside."""
    test = op.args[0]
    for place in (1, 2):
        product = walk.only(op.args[place], np.multiply)
        if product is None or not is_zero(op.args[3 - place]):
            continue
        for inner_place, x in enumerate(product.args):
            inner = walk.only(x, np.where)
            if inner is None or inner.args[0] is not test:
                continue
            kept = inner.args[place]
            if same_form(kept, x) and is_zero(inner.args[3 - place]):
                args = list(product.args)
                args[inner_place] = kept
                moved = walk.call(np.multiply, tuple(args), product)
                pair = (moved, op.args[2]) if place == 1 else (op.args[1], moved)
                return instead(op, np.where, test, *pair)
    return None


REWRITES: dict[Function, tuple[Rewrite, ...]] = {
    np.add: (plus_negative, sum_of_choices, by_broadcasting, axes_in_front_later),
    np.subtract: (minus_negative, by_broadcasting, axes_in_front_later),
    np.multiply: (factor_of_choice, by_broadcasting, axes_in_front_later),
    np.divide: (factor_of_choice, by_broadcasting, axes_in_front_later),
    np.negative: (negative_product,),
    np.maximum: (by_broadcasting, axes_in_front_later),
    np.minimum: (by_broadcasting, axes_in_front_later),
    np.sqrt: (axes_in_front_later,),
    np.where: (choice_within, by_broadcasting),
    np.sum: (sum_of_one, sum_of_view),
    np.mean: (sum_of_one, sum_of_view),
    np.transpose: (double_transpose,),
    np.swapaxes: (double_transpose,),
    np.flip: (double_flip,),
    functions.getitem: (index_of_everything,),
    **dict.fromkeys(VIEWS, (view_of_view, without_kept_axes)),
}


def shortest(op: Op, walk: Walk) -> Op:
    """The same result by a way for which no rewrite knows a shorter one."""
    while True:
        found = None
        for rewrite in REWRITES.get(op.function, ()):
            found = rewrite(op, walk)
            if found is not None:
                break
        if found is None:
            return op
        op = found
