"""Find the updates that do the same to different variables.

An optimizer treats every weight alike: the same chain of elementwise calls, once per
layer. Laid out flat behind each other, the weights can be updated by one such chain. A
*family* is the chain with its members: which variables, slots and gradients stand in
which role.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.program import Op, Program, Value


class Member:
    """The update of one weight: its calls, and who plays which role in them."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.roles: dict[Variable, int] = {}
        self.leaves: list[Value] = []  # gradients and the like, computed elsewhere
        self.signature: list[Any] = []

    @property
    def variables(self) -> list[Variable]:
        """The variables in the order of their roles."""
        return list(self.roles)

    def role(self, variable: Variable) -> int:
        """The role that a variable plays, a new one if it has none yet."""
        return self.roles.setdefault(variable, len(self.roles))


class Family:
    """Members with the same signature; the first one stands for all."""

    def __init__(self, members: list[Member]) -> None:
        self.members = members

    @property
    def size(self) -> int:
        """How many numbers the update changes in each role."""
        return sum(member.variables[0].size for member in self.members)


def is_elementwise(op: Op) -> bool:
    """Whether an element of the result depends on the same one of the operands."""
    return (
        isinstance(op.function, np.ufunc)
        and op.function.signature is None
        and not op.kwargs
    )


def find_families(program: Program) -> list[Family]:
    """Group the elementwise updates of a program by what they do."""
    chains = update_chains(program)
    groups: dict[Any, list[Member]] = {}
    assigned: dict[Value, list[Variable]] = {}
    for variable, value in program.assigns.items():
        assigned.setdefault(value, []).append(variable)
    for chain in chains:
        member = describe(chain, program, assigned)
        if member is not None:
            groups.setdefault(tuple(member.signature), []).append(member)
    return [Family(members) for members in groups.values()]


def update_chains(program: Program) -> list[list[Op]]:
    """The elementwise calls behind each assignment, joined by shared variables."""
    producers = {out: op for op in program.ops for out in op.outs}
    assigned = {value: v for v, value in program.assigns.items()}
    chain_of: dict[Op, set[Variable]] = {}
    for variable, value in program.assigns.items():
        stack = [value]
        while stack:
            op = producers.get(stack.pop())
            if op is None or not is_elementwise(op) or op.out.shape != variable.shape:
                continue
            if not variable.shape or op.out.dtype != variable.dtype:
                continue
            if variable not in chain_of.setdefault(op, set()):
                chain_of[op].add(variable)
                stack.extend(v for v in op.operands() if v.shape == variable.shape)
    drop_shared(program, chain_of, set(assigned))
    groups: dict[Variable, set[Variable]] = {}
    for op, owners in chain_of.items():
        everyone = set(owners)
        for value in op.operands():
            if (
                value.variable in program.assigns
                and value.variable.shape == op.out.shape
            ):
                everyone.add(value.variable)
        joined = everyone.union(*(groups.get(v, {v}) for v in everyone))
        for v in joined:
            groups[v] = joined
    chains: dict[int, list[Op]] = {}
    for op in program.ops:
        if op in chain_of:
            first = next(iter(chain_of[op]))
            chains.setdefault(id(groups[first]), []).append(op)
    return list(chains.values())


def drop_shared(
    program: Program, chain_of: dict[Op, set[Variable]], assigned: set[Value]
) -> None:
    """Leave out calls whose results are needed outside their chain."""
    outputs = set(program.roots()) - assigned
    while True:
        needed = set(outputs)
        for op in program.ops:
            if op not in chain_of:
                needed.update(op.operands())
        outside = [op for op in chain_of if op.out in needed]
        if not outside:
            return
        for op in outside:
            del chain_of[op]


def describe(
    chain: list[Op], program: Program, assigned: dict[Value, list[Variable]]
) -> Member | None:
    """Write a chain in terms of roles, or None if it does not fit the scheme."""
    member = Member()
    shape, dtype = chain[0].out.shape, chain[0].out.dtype
    made: dict[Value, int] = {}

    def operand(x: Any) -> Any:
        if not isinstance(x, Value):
            return ("number", repr(x))
        if x in made:
            return ("call", made[x])
        if x.shape != shape:
            return ("shared", x) if x.size == 1 and x.ndim == 0 else None
        if x.variable is not None and x.variable in program.assigns:
            return ("variable", member.role(x.variable))
        if x not in member.leaves:
            member.leaves.append(x)
        return ("leaf", member.leaves.index(x))

    for op in chain:
        described = [operand(x) for x in op.args]
        if None in described or op.out.shape != shape or op.out.dtype != dtype:
            return None
        targets = [member.role(v) for v in assigned.get(op.out, [])]
        made[op.out] = len(made)
        member.signature.append((op.function, tuple(described), tuple(targets)))
    member.ops = chain
    member.signature.append((str(dtype), len(member.roles), len(member.leaves)))
    written = {v for op in chain for v in assigned.get(op.out, [])}
    if set(member.variables) != written or any(v.dtype != dtype for v in member.leaves):
        return None
    if any(value.kind != "result" for value in member.leaves):
        return None
    return member
