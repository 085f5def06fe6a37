"""Simplify a program as a careful person would before writing it down.

One walk in order: each call sees arguments that are simple already, and is folded,
shortened, dropped as an identity, or found to be computed already. None of this changes
a result by more than what :data:`ROUNDING` says; all else leaves every bit as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.compiler.program import Op, Program, Value

ROUNDING = {
    "a sum or mean over one element": (
        "an index, so that -0.0 stays -0.0 instead of 0.0"
    ),
}


def simplify(program: Program) -> Program:
    """The same program in fewer and shorter calls, without those that nobody needs.

    The calls of ``program`` get other arguments on the way.
    """
    mapping: dict[Value, Value] = {}  # what stands for a dropped call's result
    producers: dict[Value, Op] = {}
    seen: dict[Any, Op] = {}
    kept = []
    for op in program.ops:
        op.substitute(mapping)
        if is_foldable(op):
            mapping[op.out] = folded(op)
            continue
        op = shortest(op, producers)
        same = None if op.several else without_effect(op)
        if same is not None:
            mapping[op.out] = same
            if same.kind == "result":
                same.name = same.name or op.out.name
            continue
        first = op if op.has_effect else seen.setdefault(key_of(op), op)
        if first is not op:
            for old, new in zip(op.outs, first.outs, strict=True):
                mapping[old] = new
                new.name = new.name or old.name
            continue
        for out in op.outs:
            producers[out] = op
        kept.append(op)
    return without_dead_calls(program.with_calls(kept, mapping))


def without_dead_calls(program: Program) -> Program:
    """Keep only calls that lead to an output, an assignment or an effect."""
    live = set(program.roots())
    kept = []
    for op in reversed(program.ops):
        if op.has_effect or any(out in live for out in op.outs):
            kept.append(op)
            live.update(op.operands())
    return program.with_calls(kept[::-1], {})


def key_of(op: Op) -> Any:
    """Two calls with equal keys compute the same."""
    options = sorted(op.kwargs.items()) if op.kwargs else ()
    return (op.function, key_of_argument(op.args), key_of_argument(options))


def key_of_argument(tree: Any) -> Any:
    if isinstance(tree, Value):
        return tree
    if isinstance(tree, (list, tuple)):
        return (type(tree), *map(key_of_argument, tree))
    if isinstance(tree, slice):
        return (slice, tree.start, tree.stop, tree.step)
    if isinstance(tree, (int, float, str, bool, type(None), np.dtype)):
        return (type(tree), repr(tree))
    return id(tree)


# -- constants -------------------------------------------------------------------------


def is_foldable(op: Op) -> bool:
    """Whether a call depends on constants alone, and its result is not large."""
    return (
        not op.has_effect
        and not op.several
        and all(v.kind == "constant" for v in op.operands())
        and op.out.size <= 4096
    )


def folded(op: Op) -> Value:
    """The result of a call on constants."""
    args, kwargs = arrays(op.args), arrays(op.kwargs)
    return Value("constant", np.asarray(op.function(*args, **kwargs)))


def arrays(tree: Any) -> Any:
    """Replace constant Values by their arrays."""
    if isinstance(tree, Value):
        return tree.array
    if isinstance(tree, (list, tuple)):
        return type(tree)(arrays(part) for part in tree)
    if isinstance(tree, dict):
        return {k: arrays(part) for k, part in tree.items()}
    return tree


# -- identities ------------------------------------------------------------------------


def filled_with(x: Any, number: float) -> bool:
    """Whether ``x`` is this number, as a Python number or in every element."""
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return x == number
    if isinstance(x, Value) and x.array is not None and x.size:
        return bool((x.array == number).all())
    return False


def same_form(x: Any, out: Value) -> TypeGuard[Value]:
    """Whether ``x`` could stand for ``out`` as far as shape and dtype go."""
    return isinstance(x, Value) and x.shape == out.shape and x.dtype == out.dtype


def same_dtype(x: Any, out: Value) -> bool:
    """Whether ``x`` is an array of the result's dtype."""
    return isinstance(x, Value) and x.dtype == out.dtype


def without_effect(op: Op) -> Value | None:
    """The operand that this call returns unchanged, if it does."""
    function, args, out = op.function, op.args, op.outs[0]
    if not args:
        return None
    x = args[0]
    if function in (np.multiply, np.divide) and len(args) == 2:
        y = args[1]
        if same_form(x, out) and filled_with(y, 1):
            return x
        if function is np.multiply and same_form(y, out) and filled_with(x, 1):
            return y
        return None
    if function in COPIES and same_form(x, out):
        return x
    return None


COPIES: set[Callable[..., Any]] = {
    np.positive, np.copy, np.reshape, np.ravel, np.squeeze, np.expand_dims,
    np.broadcast_to, functions.astype, np.atleast_1d, np.atleast_2d,
}  # fmt: skip
VIEWS: set[Callable[..., Any]] = {
    np.reshape, np.ravel, np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d,
}  # fmt: skip
BROADCASTING: set[Callable[..., Any]] = {
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.where,
}  # fmt: skip


def shortest(op: Op, producers: dict[Value, Op]) -> Op:
    """The same result by a way for which :func:`shorter` knows no shorter one."""
    while True:
        found = shorter(op, producers)
        if found is op:
            return op
        op = found


def shorter(op: Op, producers: dict[Value, Op]) -> Op:
    """The same result by a shorter way, if this call's arguments allow one."""
    function, args, out = op.function, op.args, op.outs[0]
    made = producers.get(args[0]) if args and isinstance(args[0], Value) else None
    if made is not None and is_matrix_transpose(op) and is_matrix_transpose(made):
        if same_form(made.args[0], out):
            return Op(np.positive, (made.args[0],), {}, op.outs, section=op.section)
    plain = op.kwargs.keys() <= {"axis", "keepdims"} and len(args) <= 2
    if function in (np.sum, np.mean) and same_dtype(args[0], out) and plain:
        if args[0].size == out.size and out.size:
            return Op(np.reshape, (args[0], out.shape), {}, op.outs, section=op.section)
    if function in (np.sum, np.mean) and over_all(op) and made is not None and plain:
        if is_view(made) and made.args[0].contiguous:
            return Op(function, (made.args[0],), op.kwargs, op.outs, section=op.section)
    if is_view(op) and made is not None and is_view(made):
        return Op(
            np.reshape, (made.args[0], out.shape), {}, op.outs, section=op.section
        )
    if function is np.add and all_floats(op):
        # a + (-b) is a - b in every bit (IEEE 754, section 5.4.1)
        for x, y in (args, args[::-1]):
            of_y = producers.get(y) if isinstance(y, Value) else None
            if of_y is not None and of_y.function is np.negative:
                pair = (x, of_y.args[0])
                return Op(np.subtract, pair, {}, op.outs, section=op.section)
    if function in BROADCASTING:
        for a in args:
            loose = tuple(
                unbroadcast(b, args, out, producers) if b is a else b for b in args
            )
            if any(b is not c for b, c in zip(args, loose, strict=True)):
                return Op(function, loose, op.kwargs, op.outs, section=op.section)
    return op


def is_view(op: Op) -> bool:
    """Whether a call only gives its argument another shape, in C order."""
    given = {np.reshape: 2, np.ravel: 1}.get(op.function, len(op.args))
    return op.function in VIEWS and "order" not in op.kwargs and len(op.args) <= given


def over_all(op: Op) -> bool:
    """Whether a reduction runs over all axes."""
    axis = op.args[1] if len(op.args) > 1 else op.kwargs.get("axis")
    return axis is None and not op.kwargs.get("keepdims")


def is_matrix_transpose(op: Op) -> bool:
    """Whether the call swaps the two axes of a matrix."""
    axes = op.args[1:]
    if op.function is np.transpose:
        return (
            op.outs[0].ndim == 2 and axes in ((), (None,), ((1, 0),)) and not op.kwargs
        )
    return (
        op.function is np.swapaxes
        and op.outs[0].ndim == 2
        and axes[0] % 2 != axes[1] % 2
    )


def unbroadcast(
    x: Any, args: tuple[Any, ...], out: Value, producers: dict[Value, Op]
) -> Any:
    """Leave out an explicit broadcast where the call broadcasts by itself."""
    made = producers.get(x) if isinstance(x, Value) else None
    if made is None or made.function is not np.broadcast_to:
        return x
    others = [a.shape for a in args if isinstance(a, Value) and a is not x]
    source = made.args[0]
    if np.broadcast_shapes(source.shape, *others) == out.shape:
        return source
    return x


def all_floats(op: Op) -> bool:
    """Whether all arrays of a call are floats of one dtype: integers wrap around."""
    dtypes = {value.dtype for value in (*op.operands(), *op.outs)}
    return len(dtypes) == 1 and op.outs[0].dtype.kind == "f"
