"""Simplify a program as a careful person would before writing it down.

Each pass is a function from program to program. None of them changes a result by more
than what :data:`ROUNDING` says; all others leave every bit as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.compiler.program import Op, Program, Value, substitute

ROUNDING = {
    "a sum or mean over one element": (
        "an index, so that -0.0 stays -0.0 instead of 0.0"
    ),
}


def simplify(program: Program) -> Program:
    """Apply all passes until nothing changes."""
    while True:
        before = [op.function for op in program.ops]
        for change in (
            fold_constants, remove_identities, use_differences, share_common_calls,
            drop_dead_calls,
        ):  # fmt: skip
            program = change(program)
        if [op.function for op in program.ops] == before:
            return program


def drop_dead_calls(program: Program) -> Program:
    """Keep only calls that lead to an output, an assignment or an effect."""
    live = set(program.roots())
    kept = []
    for op in reversed(program.ops):
        if op.has_effect or any(out in live for out in op.outs):
            kept.append(op)
            live.update(op.operands())
    return program.replaced(kept[::-1], {})


def share_common_calls(program: Program) -> Program:
    """Compute equal calls once."""
    seen: dict[Any, Op] = {}
    mapping: dict[Value, Value] = {}
    kept = []
    for op in program.ops:
        program_key = key_of(op, mapping)
        first = None if op.has_effect else seen.get(program_key)
        if first is None:
            seen[program_key] = op
            kept.append(op)
        else:
            for old, new in zip(op.outs, first.outs, strict=True):
                mapping[old] = new
                new.name = new.name or old.name
    return program.replaced(kept, mapping)


def key_of(op: Op, mapping: dict[Value, Value]) -> Any:
    """Two calls with equal keys compute the same."""

    def key(tree: Any) -> Any:
        if isinstance(tree, Value):
            while tree in mapping:
                tree = mapping[tree]
            return tree
        if isinstance(tree, (list, tuple)):
            return (type(tree), *(key(part) for part in tree))
        if isinstance(tree, slice):
            return (slice, tree.start, tree.stop, tree.step)
        if isinstance(tree, (int, float, str, bool, type(None), np.dtype)):
            return (type(tree), repr(tree))
        return id(tree)

    return (op.function, key(op.args), key(sorted(op.kwargs.items())))


def fold_constants(program: Program) -> Program:
    """Compute what depends on constants alone, unless it is large."""
    mapping: dict[Value, Value] = {}
    kept = []
    for op in program.ops:
        operands = [mapping.get(v, v) for v in op.operands()]
        foldable = (
            not op.has_effect
            and not op.several
            and all(v.kind == "constant" for v in operands)
            and op.out.size <= 4096
        )
        if foldable:
            args, kwargs = arrays(op.args, mapping), arrays(op.kwargs, mapping)
            mapping[op.out] = Value(
                "constant", np.asarray(op.function(*args, **kwargs))
            )
        else:
            kept.append(op)
    return program.replaced(kept, mapping)


def arrays(tree: Any, mapping: dict[Value, Value]) -> Any:
    """Replace constant Values by their arrays."""
    if isinstance(tree, Value):
        return mapping.get(tree, tree).array
    if isinstance(tree, (list, tuple)):
        return type(tree)(arrays(part, mapping) for part in tree)
    if isinstance(tree, dict):
        return {k: arrays(part, mapping) for k, part in tree.items()}
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


def remove_identities(program: Program) -> Program:
    """Drop calls that return an argument as it is, and undo what is undone again."""
    mapping: dict[Value, Value] = {}
    producers: dict[Value, Op] = {}
    kept = []
    for op in program.ops:
        op.args, op.kwargs = (
            substitute(op.args, mapping),
            substitute(op.kwargs, mapping),
        )
        op = simpler(op, producers)
        same = None if op.several else without_effect(op)
        if same is not None:
            mapping[op.out] = same
            if same.kind == "result":
                same.name = same.name or op.out.name
            continue
        for out in op.outs:
            producers[out] = op
        kept.append(op)
    return program.replaced(kept, mapping)


def simpler(op: Op, producers: dict[Value, Op]) -> Op:
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


def use_differences(program: Program) -> Program:
    """Write a + (-b) as a - b: the same in every bit (IEEE 754, section 5.4.1)."""
    producers = {out: op for op in program.ops for out in op.outs}
    kept = []
    for op in program.ops:
        if op.function is np.add and all_floats(op):
            x, y = op.args
            of_y = producers.get(y) if isinstance(y, Value) else None
            of_x = producers.get(x) if isinstance(x, Value) else None
            if of_y is not None and of_y.function is np.negative:
                op = Op(np.subtract, (x, of_y.args[0]), {}, op.outs, section=op.section)
            elif of_x is not None and of_x.function is np.negative:
                op = Op(np.subtract, (y, of_x.args[0]), {}, op.outs, section=op.section)
        kept.append(op)
    return program.replaced(kept, {})


def all_floats(op: Op) -> bool:
    """Whether all arrays of a call are floats of one dtype: integers wrap around."""
    dtypes = {value.dtype for value in (*op.operands(), *op.outs)}
    return len(dtypes) == 1 and op.outs[0].dtype.kind == "f"
