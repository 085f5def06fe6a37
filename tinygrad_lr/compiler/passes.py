"""Simplify a program as a careful person would before writing it down.

One walk in order: each call sees arguments that are simple already, and is folded,
shortened, dropped as an identity, or found to be computed already. None of this changes
a result by more than what :data:`ROUNDING` says; all else leaves every bit as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.compiler.program import Op, Program, Value
from tinygrad_lr.compiler.rewrites import Walk, same_form, shortest

ROUNDING = {
    "a sum or mean over one element": (
        "an index, so that -0.0 stays -0.0 instead of 0.0"
    ),
    "where(c, a, 0) + where(c, 0, b), or where(c, a, 0) * 2": (
        "one choice, so that zeros keep another sign"
    ),
}


def simplify(program: Program) -> Program:
    """The same program in fewer and shorter calls, without those that nobody needs.

    The calls of ``program`` get other arguments on the way.
    """
    mapping: dict[Value, Value] = {}  # what stands for a dropped call's result
    walk = Walk(program.uses())
    seen: dict[Any, Op] = {}
    for op in program.ops:
        op.substitute(mapping)
        if is_foldable(op):
            mapping[op.out] = folded(op)
            continue
        op = shortest(op, walk)
        same = None if op.several else without_effect(op)
        if same is not None:
            mapping[op.out] = same
            walk.share(op.out, same, operand=True)
            if same.kind == "result":
                same.stands_for(op.out)
            continue
        first = op if op.has_effect else seen.setdefault(key_of(op), op)
        if first is not op:
            for old, new in zip(op.outs, first.outs, strict=True):
                mapping[old] = new
                walk.share(old, new, operand=False)
                new.stands_for(old)
            continue
        walk.keep(op)
    return without_dead_calls(program.with_calls(walk.kept, mapping))


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
    if function in (np.moveaxis, np.swapaxes) and len(args) == 3 and args[1] == args[2]:
        return x if same_form(x, out) else None
    return None


COPIES: set[Callable[..., Any]] = {
    np.positive, np.copy, np.reshape, np.ravel, np.squeeze, np.expand_dims,
    np.broadcast_to, functions.astype, np.atleast_1d, np.atleast_2d,
}  # fmt: skip
