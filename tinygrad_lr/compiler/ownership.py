"""Which memory a result has to itself, and which it may be written into.

A view shares its operand's memory, a fresh result has its own. What is handed out must
be nobody else's; what is computed on the way may go where nothing is read any more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.families import is_elementwise
from tinygrad_lr.compiler.program import Op, Program, Value, substitute
from tinygrad_lr.compiler.spelling import FRESH, REDUCERS, is_plain_reduction


def with_own_results(program: Program) -> Program:
    """Copy what is handed out but may share memory with what lives on.

    An output or a new value of a variable is one's own if a call made it from nothing.
    If it is an input, a variable, a constant or a view, it is copied, and that before
    any variable changes.
    """
    own = {out for op in program.ops if is_fresh(op) for out in op.outs}
    copies: dict[Value, Value] = {}
    for value in program.roots():
        if value not in own and value not in copies:
            copies[value] = Value("result", np.empty(value.shape, value.dtype))
    ops = [
        *program.ops,
        *(Op(np.copy, (old,), {}, [new]) for old, new in copies.items()),
    ]
    assigns = {v: copies.get(value, value) for v, value in program.assigns.items()}
    outputs = substitute(program.outputs, copies)
    return Program(program.inputs, ops, assigns, outputs, program.name)


def is_fresh(op: Op) -> bool:
    """Whether the result certainly shares no memory with an operand."""
    if op.function in (np.reshape, np.where):  # an element; one of two numbers
        return (op.function is np.reshape) is (op.outs[0].shape == ())
    return (
        isinstance(op.function, np.ufunc)
        or op.function in REDUCERS
        or op.function in FRESH
    )


def can_write(op: Op) -> bool:
    """Whether the call can put its result into a given array."""
    if op.function is np.matmul:
        return op.outs[0].ndim == 2 and all(v.ndim == 2 for v in op.operands())
    return is_elementwise(op) or (is_plain_reduction(op) and op.outs[0].ndim > 0)


def flat_array(present: list[Array | None], size: int, dtype: np.dtype[Any]) -> Array:
    """The flat array whose consecutive parts ``present`` are, or a new one."""
    parts = [part for part in present if part is not None]
    base = parts[0].base if parts else None
    if base is not None and len(parts) == len(present) and base.shape == (size,):
        start = address(base)
        for part in parts:
            if part.base is not base or address(part) != start or part.dtype != dtype:
                break
            start += part.nbytes
        else:
            return base
    return np.empty(size, dtype)


def address(array: Array) -> int:
    """Where in memory the elements of an array begin."""
    return int(array.__array_interface__["data"][0])


def plan_chain(
    member: Any, program: Program
) -> tuple[dict[Value, int], dict[Value, Variable]]:
    """Scratch slots for the results within a chain, and which results go home directly.

    A result may overwrite the variable it is assigned to once no later call of the
    chain reads that variable's old value.
    """
    ops = member.ops
    last: dict[Any, int] = {}
    for at, op in enumerate(ops):
        for value in op.operands():
            last[value if value.variable is None else value.variable] = at
    assigned: dict[Value, list[Variable]] = {}
    for variable in member.variables:
        assigned.setdefault(program.assigns[variable], []).append(variable)
    slots: dict[Value, int] = {}
    targets: dict[Value, Variable] = {}
    free: list[int] = []
    count = 0
    for at, op in enumerate(ops):
        owners = assigned.get(op.out, [])
        home = next((v for v in owners if last.get(v, -1) <= at), None)
        if home is not None:
            targets[op.out] = home
        dying = {v for v in op.operands() if v in slots and last.get(v) == at}
        free += [slots[v] for v in dying if v not in assigned]
        if home is None:
            if free:
                slots[op.out] = free.pop()
            else:
                slots[op.out] = count
                count += 1
    return slots, targets
