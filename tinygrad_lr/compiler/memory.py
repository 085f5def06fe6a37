"""The same program with planned memory: this is the one that runs.

Small results are simply allocated, which NumPy does from a cache of its own. Large ones
go into buffers that are used again as soon as their last reader is done; large
variables are updated in place, families of them as one flat array, in blocks that stay
in the cache. What is computed, and in which order of roundings, stays what the plain
program says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.families import Family, find_families, is_elementwise
from tinygrad_lr.compiler.lifetime import is_loss, last_readers, split
from tinygrad_lr.compiler.numpy_source import load
from tinygrad_lr.compiler.ownership import (
    can_write,
    flat_array,
    plan_chain,
    with_own_results,
)
from tinygrad_lr.compiler.program import Op, Program, Value, word_for
from tinygrad_lr.compiler.spelling import Speller

LARGE = 4096  # bytes from which a buffer is cheaper than an allocation
BLOCK = 32768  # elements of a flat update that are worked on at a time
CALL = 0.4  # microseconds that a call on a small array costs
PARAMETERS = ("epochs", "state", "fresh", "results", "watch", "shield")
WRITE = 0.5  # microseconds that writing a small result into a flat array costs more


class LossNotFiniteError(Exception):
    """A watched run met a batch whose loss is not finite, and stopped before learning
    it.
    """

    def __init__(self, batch: tuple[Any, ...], loss: Any) -> None:
        super().__init__(f"the loss is {loss}")
        self.batch = batch
        self.loss = float(loss)


class Plan:
    """What became of a program: a function, and where its variables live."""

    def __init__(self) -> None:
        self.source = ""
        self.function: Callable[..., Any]
        self.arguments: list[Variable] = []  # handed in, in this order
        self.rebound: dict[Variable, None] = {}  # handed back with new values
        self.homes: dict[Variable, Array] = {}  # updated in place, here


class Planner(Speller):
    """Turns a lowered program into the source of a loop over batches."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.names.taken.update(PARAMETERS, ("batches", program.name))
        self.program = with_own_results(program)
        self.plan = Plan()
        self.families: list[Family] = []
        self.in_family: set[Op] = set()
        self.lines: list[str] = []
        # Gradients that are written into flat arrays, and copies where two want one.
        self.place_of: dict[Value, Array] = {}
        self.copies: list[tuple[Array, Value]] = []
        # Results that were written over their variable.
        self.in_home: set[Value] = set()

    # -- the whole ---------------------------------------------------------------------

    def build(self) -> Plan:
        program, plan = self.program, self.plan
        self.choose_families()
        body, tail = split(program, self.in_family)
        self.readers = last_readers(program, self.families, body, tail)
        for value in program.inputs:
            self.name_of[value] = self.names.take(value.name or "x")
        plan.arguments = program.variables()
        self.words = words = {v: self.names.take(word_for(v)) for v in plan.arguments}
        self.readings: dict[Variable, set[Value]] = {v: set() for v in plan.arguments}
        for value in self.all_values():
            if value.variable is not None:
                self.readings[value.variable].add(value)
                self.name_of[value] = words[value.variable]
        self.choose_homes()
        self.buffers = self.assign_buffers(body)

        for at, op in enumerate(body):
            self.write(op, at)
        updates = self.write_assignments()
        loop, self.lines = self.lines, []
        for at, op in enumerate(tail):
            self.write(op, len(body) + at)
        plan.source = self.function_text(loop, updates, self.lines)
        namespace = dict(self.namespace)
        plan.function = load(plan.source, program.name, namespace)
        return plan

    def all_values(self) -> Iterator[Value]:
        for op in self.program.ops:
            yield from op.operands()
        yield from self.program.roots()

    # -- where values live -------------------------------------------------------------

    def choose_families(self) -> None:
        for family in find_families(self.program):
            members, calls = len(family.members), len(family.members[0].ops)
            gain = (members - 1) * calls * CALL
            large = family.size * family.members[0].variables[0].dtype.itemsize >= LARGE
            if large or gain > WRITE * members:
                self.families.append(family)
                for member in family.members:
                    self.in_family.update(member.ops)

    def choose_homes(self) -> None:
        """Give the variables of a family neighbouring places in flat arrays."""
        self.flats: list[tuple[list[Array], list[Array]]] = []
        for family in self.families:
            first = family.members[0]
            dtype = first.variables[0].dtype
            roles = [
                flat_array(self.shared_home(family, role), family.size, dtype)
                for role in range(len(first.variables))
            ]
            leaves = [np.zeros(family.size, dtype) for _ in first.leaves]
            start = 0
            for member in family.members:
                shape = member.variables[0].shape
                stop = start + member.variables[0].size
                for flat, variable in zip(roles, member.variables, strict=True):
                    self.plan.homes[variable] = flat[start:stop].reshape(shape)
                for flat, leaf in zip(leaves, member.leaves, strict=True):
                    place = flat[start:stop].reshape(shape)
                    if leaf in self.place_of:  # two families want it
                        self.copies.append((place, leaf))
                    self.place_of.setdefault(leaf, place)
                start = stop
            self.flats.append((roles, leaves))
        for variable in self.program.assigns:
            if variable not in self.plan.homes:
                self.plan.rebound[variable] = None

    @staticmethod
    def shared_home(family: Family, role: int) -> list[Array | None]:
        """Where another program of the same model keeps these variables already."""
        return [member.variables[role].storage for member in family.members]

    def assign_buffers(self, body: list[Op]) -> dict[Value, Array]:
        """Give large results buffers, and take each back after its last reader."""
        free: dict[tuple[int, np.dtype[Any]], list[Array]] = {}
        buffers: dict[Value, Array] = {}
        flat_of: dict[Value, Array] = {}
        roots = set(self.program.roots())
        for at, op in enumerate(body):
            out = op.outs[0]
            dying = [v for v in flat_of if self.readers.get(v, -1) == at]
            reusable = is_elementwise(op)
            if reusable:
                for v in dying:
                    self.give_back(free, flat_of.pop(v))
            if self.wants_buffer(op) and out not in roots and out not in self.place_of:
                key = (out.size, out.dtype)
                stack = free.get(key)
                flat = stack.pop() if stack else np.empty(out.size, out.dtype)
                buffers[out] = flat.reshape(out.shape)
                flat_of[out] = flat
            if not reusable:
                for v in dying:
                    self.give_back(free, flat_of.pop(v))
        return buffers

    @staticmethod
    def give_back(
        free: dict[tuple[int, np.dtype[Any]], list[Array]], flat: Array
    ) -> None:
        free.setdefault((flat.size, flat.dtype), []).append(flat)

    @staticmethod
    def wants_buffer(op: Op) -> bool:
        """Whether the result is large and its function can write into a given place."""
        out = op.outs[0]
        if op.several or not out.contiguous or out.size * out.dtype.itemsize < LARGE:
            return False
        return can_write(op)

    # -- writing -----------------------------------------------------------------------

    def write(self, op: Op, at: int) -> None:
        out = op.outs[0]
        place = self.place_of.get(out)
        if place is not None and can_write(op):
            self.into(op, self.constant(place, "d"), out)
        elif place is not None:
            name = self.constant(place, "d")
            self.lines.append(f"{name}[...] = {self.text(op)}")
            self.name_of[out] = name
        elif out in self.buffers:
            self.into(op, self.constant(self.buffers[out], "buffer"), out)
        else:
            text = self.text(op)
            for o in op.outs:
                self.name_of[o] = self.names.take(o.name or "t")
            targets = ", ".join(self.name_of[o] for o in op.outs)
            self.lines.append(f"{targets} = {text}")

    def into(self, op: Op, place: str, out: Value) -> None:
        """Write a call that puts its result into ``place``."""
        self.lines.append(self.text(op, place))
        self.name_of[out] = place

    # -- assignments -------------------------------------------------------------------

    def write_assignments(self) -> list[str]:
        """All new values at the end of the batch: every call sees the old ones."""
        outer, self.lines = self.lines, []
        for place, leaf in self.copies:
            copy = self.constant(np.copyto, "copyto")
            self.lines.append(
                f"{copy}({self.constant(place, 'd')}, {self.name_of[leaf]})"
            )
        for family, (roles, leaves) in zip(self.families, self.flats, strict=True):
            self.write_family(family, roles, leaves)
        if self.plan.rebound:
            targets = [self.words[v] for v in self.plan.rebound]
            values = [self.result(self.program.assigns[v]) for v in self.plan.rebound]
            self.lines.append(f"{', '.join(targets)} = {', '.join(values)}")
        updates, self.lines = self.lines, outer
        return updates

    def write_family(
        self, family: Family, roles: list[Array], leaves: list[Array]
    ) -> None:
        """One chain of calls on flat arrays, block by block if they are large."""
        member = family.members[0]
        size = min(family.size, BLOCK)
        blocked = family.size > BLOCK
        scratch: list[Array] = []
        slots, targets = plan_chain(member, self.program)
        for slot in slots.values():
            while slot >= len(scratch):
                scratch.append(np.empty(size, roles[0].dtype))
        arrays = [*roles, *leaves]
        letters = [f"v{i}" for i in range(len(roles))] + [
            f"g{i}" for i in range(len(leaves))
        ]
        letters += [f"s{i}" for i in range(len(scratch))]
        if blocked:
            words = [self.names.take(letter) for letter in letters]
            edges = range(0, family.size, BLOCK)
            rows = [
                tuple(a[i : i + BLOCK] for a in arrays)
                + tuple(s[: min(BLOCK, family.size - i)] for s in scratch)
                for i in edges
            ]
            self.lines.append(
                f"for {', '.join(words)} in {self.constant(rows, 'blocks')}:"
            )
        else:
            words = [
                self.constant(a, letter)
                for a, letter in zip([*arrays, *scratch], letters, strict=True)
            ]
        indent = "    " if blocked else ""
        place: dict[Value, str] = {}
        for i, variable in enumerate(member.variables):
            for value in self.readings[variable]:
                place[value] = words[i]
        for i, leaf in enumerate(member.leaves):
            place[leaf] = words[len(roles) + i]
        saved, self.name_of = self.name_of, {**self.name_of, **place}
        for op in member.ops:
            target = targets.get(op.out)
            word = (
                words[member.role(target)]
                if target is not None
                else words[len(arrays) + slots[op.out]]
            )
            self.lines.append(indent + self.text(op, word))
            self.name_of[op.out] = word
        for variable in member.variables:
            value = self.program.assigns[variable]
            word = words[member.role(variable)]
            if self.name_of[value] != word:
                copy = self.constant(np.copyto, "copyto")
                self.lines.append(f"{indent}{copy}({word}, {self.name_of[value]})")
        self.in_home.update(v for m in family.members for op in m.ops for v in op.outs)
        self.name_of = saved
        for other in family.members:
            for variable in other.variables:
                self.name_of[self.program.assigns[variable]] = self.words[variable]

    def guard(self, inputs: list[str]) -> list[str]:
        """Stop before the updates of a batch whose loss is not finite, if someone
        watches.
        """
        for value, name in self.name_of.items():
            if is_loss(value):
                finite = self.constant(math.isfinite, "isfinite")
                stop = self.constant(LossNotFiniteError, "LossNotFiniteError")
                batch = f"({', '.join(inputs)}{',' if len(inputs) == 1 else ''})"
                return [
                    f"if watch and not {finite}({name}):",
                    f"    raise {stop}({batch}, {name})",
                ]
        return []

    def output(self, tree: Any) -> str:
        """The source of the outputs, in the nesting in which they were returned."""
        if isinstance(tree, Value):
            return self.result(tree)
        if isinstance(tree, dict):
            inner = [
                f"{self.constant_key(k)}: {self.output(v)}" for k, v in tree.items()
            ]
            return "{" + ", ".join(inner) + "}"
        if type(tree) is list:
            return "[" + ", ".join(self.output(part) for part in tree) + "]"
        if isinstance(tree, tuple):
            inner = [self.output(part) + "," for part in tree]
            if hasattr(tree, "_fields"):
                name = self.constant(type(tree), type(tree).__name__)
                return f"{name}({' '.join(inner)})"
            return f"({' '.join(inner)})"
        return self.operand(tree)

    def constant_key(self, key: Any) -> str:
        """A key of an output dict."""
        return repr(key) if isinstance(key, (str, int)) else self.constant(key, "key")

    def result(self, value: Value) -> str:
        """A value that is handed out: copied if its memory is used again."""
        lent = value in self.place_of or value in self.in_home
        return self.operand(value) + (".copy()" if lent else "")

    # -- the function ------------------------------------------------------------------

    def function_text(
        self, loop: list[str], updates: list[str], tail: list[str]
    ) -> str:
        """The source: a loop over epochs around a loop over batches."""
        program, plan = self.program, self.plan
        inputs = [self.name_of[v] for v in program.inputs]
        row = ", ".join(inputs) + "," * (len(inputs) == 1) if inputs else "_"
        state = "".join(f"{self.words[v]}, " for v in plan.rebound)
        fixed = [self.words[v] for v in plan.arguments if v not in plan.rebound]
        parameters = [*PARAMETERS, *fixed]
        if plan.homes:
            updates = ["shield.active = True", *updates, "shield.active = False"]
            updates += ["if shield.pending:", "    shield.stop()"]
        body = loop + self.guard(inputs) + updates
        ending = [f"results.append({self.output(program.outputs)})"]
        if program.assigns:
            ending = tail + ending
        else:
            body, ending = body + ending, []
        lines = [f"def {program.name}({', '.join(parameters)}):"]
        if state:
            lines += [f"    {state}= state"]
        lines += ["    try:", "        for batches in epochs:"]
        if state:
            lines += [
                "            if fresh:",
                f"                state[:] = {state}",
                "                fresh(state)",
                f"                {state}= state",
            ]
        lines += [f"            for {row} in batches:"]
        lines += ["                " + line for line in body or ["pass"]]
        lines += ["            " + line for line in ending]
        lines += [
            "    finally:",
            f"        state[:] = {state}" if state else "        pass",
        ]
        return "\n".join(lines) + "\n"
