"""Chains of elementwise calls on large arrays, computed part by part.

An element of such a result depends on the same element of the operands alone, so the
rows can be taken in parts. What one call leaves in the cache the next finds there, what
nobody else reads never goes to memory, and two threads can take a part each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.compiler.families import is_elementwise
from tinygrad_lr.compiler.ownership import is_fresh
from tinygrad_lr.compiler.program import Op, Value
from tinygrad_lr.compiler.threads import get_num_threads
from tinygrad_lr.compiler.updates import BLOCK, SHARED, Updater

ENOUGH = 4 * SHARED  # elements that a chain computes from which two threads pay
HUGE = 1 << 21  # elements of an array from which one thread had better take parts


class Chain:
    """Calls that follow each other, with results of one shape, to be made in parts."""

    def __init__(self, ops: list[Op], first: int) -> None:
        self.ops = ops
        self.first = first  # the place of the first call in the program
        self.inside: set[Value] = set()  # results that only this chain reads
        self.shape = ops[0].out.shape
        self.two = get_num_threads() == 2

    @property
    def rows(self) -> int:
        """How many rows are a part: as many as a thread works on at a time."""
        width = SHARED if self.two else BLOCK
        return max(1, width * self.shape[0] // self.ops[0].out.size)

    def parts(self) -> list[tuple[slice, int]]:
        """Each part of the rows, and how many they are."""
        starts = range(0, self.shape[0], self.rows)
        return [
            (slice(i, i + self.rows), min(self.rows, self.shape[0] - i)) for i in starts
        ]

    def pays(self) -> bool:
        """Whether the parts are quicker than the whole."""
        size, calls = self.ops[0].out.size, len(self.ops)
        if self.rows >= self.shape[0]:
            return False
        return size * calls >= ENOUGH if self.two else size >= HUGE and calls > 2


def fits(op: Op, producers: Mapping[Value, Op]) -> bool:
    """Whether a call can be made part by part, whatever memory its operands have.

    Buffers are used again as soon as they were read for the last time, so an operand
    either has its elements where the result has them, or its memory to itself.
    """
    out = op.outs[0]
    if out.size <= SHARED or not out.contiguous:
        return False
    if op.several or not is_elementwise(op):
        return False
    for value in op.operands():
        if value.shape == () or value.kind in ("input", "variable"):
            continue
        if value.kind != "result":  # a constant, which is written as it is
            if value.ndim == out.ndim and value.shape[0] == out.shape[0]:
                return False
        elif value.shape == out.shape:
            if not value.contiguous:
                return False
        elif value.size == out.size or not is_fresh(producers[value]):
            return False  # a part of a buffer, perhaps
    return True


class ChainWriter(Updater):
    """Finds the chains of a program that pay, and writes them."""

    readers: dict[Value, int]  # the place of the last call that reads a value

    def find_chains(self, body: list[Op]) -> dict[int, Chain]:
        """The longest runs of calls that pay, by the place of their first call."""
        producers = {out: op for op in body for out in op.outs}
        kept = {*self.program.roots(), *self.place_of}
        chains: dict[int, Chain] = {}
        run: list[Op] = []
        for at, op in enumerate([*body, None]):
            if op is not None and op.out not in kept and fits(op, producers):
                if not run or op.out.shape == run[0].out.shape:
                    run.append(op)
                    continue
                following = [op]
            else:
                following = []
            if run:
                chain = Chain(run, at - len(run))
                if chain.pays():
                    outs = [o.out for o in run]
                    chain.inside = {v for v in outs if self.readers.get(v, at) < at}
                    chains[chain.first] = chain
            run = following
        return chains

    def write_chain(self, chain: Chain, buffers: dict[Value, Array]) -> None:
        """A function of a part of the rows, and its call for each of them.

        ``buffers`` are for the results that are read after the chain, too.
        """
        parts = chain.parts()
        at, part = self.names.take("at"), self.names.take("part")
        count = self.names.take("count")
        lines = [f"{part}, {count} = {self.constant(parts, 'parts')}[{at}]"]
        passed: dict[str, None] = {}  # names of the step
        words: dict[Value, str] = {}

        def cut(value: Value, name: str) -> None:
            words[value] = self.names.take("part_of_" + name)
            lines.append(f"{words[value]} = {name}[{part}]")

        for op in chain.ops:
            for value in op.operands():
                name = self.name_of.get(value)
                if name is None or value in words:  # a constant, or made in the chain
                    continue
                if name not in self.namespace:
                    passed[name] = None
                if value.ndim == len(chain.shape) and value.shape[0] == chain.shape[0]:
                    cut(value, name)
            if op.out not in chain.inside:
                cut(op.out, self.constant(buffers[op.out], "buffer"))
        slots = self.scratch_slots(chain)
        own: dict[int, tuple[str, str]] = {}  # the whole of a scratch array, a part
        shapes: list[tuple[tuple[int, ...], Any]] = []
        for value, slot in slots.items():
            if slot not in own:
                own[slot] = self.names.take("scratch"), self.names.take("s")
                shapes.append(((chain.rows, *chain.shape[1:]), value.dtype))
                lines.append(f"{own[slot][1]} = {own[slot][0]}[:{count}]")
            words[value] = own[slot][1]
        outer, self.name_of = self.name_of, {**self.name_of, **words}
        lines += [self.text(op, words[op.out]) for op in chain.ops]
        self.name_of = outer

        def arguments() -> list[str]:
            arrays = [np.empty(shape, dtype) for shape, dtype in shapes]
            return [*(self.constant(array, "own") for array in arrays), *passed]

        mine, other = arguments(), arguments() if chain.two else None
        parameters = [*(whole for whole, _ in own.values()), *passed]
        self.in_turns("chain", at, lines, len(parts), parameters, mine, other)
        for op in chain.ops:
            if op.out not in chain.inside:
                self.name_of[op.out] = self.constant(buffers[op.out], "buffer")

    def scratch_slots(self, chain: Chain) -> dict[Value, int]:
        """Which scratch array each result has that only the chain reads."""
        slots: dict[Value, int] = {}
        free: dict[Any, list[int]] = {}
        count = 0
        for at, op in enumerate(chain.ops, chain.first):
            for value in dict.fromkeys(op.operands()):
                if value in chain.inside and self.readers[value] == at:
                    free.setdefault(value.dtype, []).append(slots[value])
            if op.out in chain.inside:
                if free.get(op.out.dtype):
                    slots[op.out] = free[op.out.dtype].pop()
                else:
                    slots[op.out] = count
                    count += 1
        return slots
