"""How long values live: which calls belong to every batch, and who reads one last.

Metrics are asked for once an epoch, so what only they need waits for the last batch. A
buffer is free again after its last reader, and a view reads what it was made from.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from tinygrad_lr.compiler.families import Family
from tinygrad_lr.compiler.ownership import is_fresh
from tinygrad_lr.compiler.program import Op, Program, Value


def split(program: Program, in_family: Container[Op]) -> tuple[list[Op], list[Op]]:
    """Calls for every batch, and calls that only the last batch's outputs need.

    Calls in families are in neither. A program that assigns nothing is there for its
    outputs, so they belong to every batch.
    """
    if not program.assigns:
        return list(program.ops), []
    needed = set(program.assigns.values()) | before_updates(program)
    body: list[Op] = []
    for op in reversed(program.ops):
        if op.has_effect or op in in_family or any(o in needed for o in op.outs):
            needed.update(op.operands())
            body.append(op)
    body.reverse()
    inside = set(body)
    tail = [op for op in program.ops if op not in inside]
    return [op for op in body if op not in in_family], tail


def before_updates(program: Program) -> set[Value]:
    """What has to be computed while variables still have their old values."""
    old: set[Value] = set()
    needed: set[Value] = set()
    for op in program.ops:
        operands = op.operands()
        if any(v.variable in program.assigns or v in old for v in operands):
            needed.update(op.outs)
            if not is_fresh(op):
                old.update(op.outs)
        needed.update(out for out in op.outs if is_loss(out))
    return needed


def last_readers(
    program: Program, families: Iterable[Family], body: list[Op], tail: list[Op]
) -> dict[Value, int]:
    """The place of the last call that reads a value, itself or through a view."""
    end = len(body) + len(tail) + 1
    last = dict.fromkeys(program.roots(), end)
    for family in families:
        for member in family.members:
            for op in member.ops:
                last.update(dict.fromkeys(op.operands(), end))
    for at, op in reversed(list(enumerate(body + tail))):
        reach = at
        if not is_fresh(op):
            reach = max([at, *(last.get(out, at) for out in op.outs)])
        for value in op.operands():
            last[value] = max(last.get(value, -1), reach)
    for op in tail:  # the tail reads what the last batch left
        last.update(dict.fromkeys(op.operands(), end))
    return last


def is_loss(value: Value) -> bool:
    """Whether a value is what was labelled the loss of a batch."""
    return value.name == "loss" and value.shape == () and value.kind == "result"
