"""New values of variables: few calls on flat arrays, whatever the number of layers.

The variables of a family live behind each other in one array per role, and so do their
gradients; one chain of calls updates them all, over them. If they are many, block by
block, as much as stays in the cache, or as two threads can work on without waiting for
each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.families import Family, Member, find_families
from tinygrad_lr.compiler.ownership import flat_array, plan_chain, with_own_results
from tinygrad_lr.compiler.program import Op, Program, Value
from tinygrad_lr.compiler.spelling import Speller
from tinygrad_lr.compiler.threads import get_num_threads, in_two

LARGE = 4096  # bytes from which a buffer is cheaper than an allocation
BLOCK = 32768  # elements that one thread works on at a time
SHARED = 131072  # elements that each of two threads does
CALL = 0.4  # microseconds that a call on a small array costs
WRITE = 0.5  # microseconds that writing a small result into a flat array costs more


class Plan:
    """What became of a program: a function, and where its variables live."""

    def __init__(self) -> None:
        self.source = ""
        self.function: Callable[..., Any]
        self.arguments: list[Variable] = []  # handed in, in this order
        self.rebound: dict[Variable, None] = {}  # handed back with new values
        self.homes: dict[Variable, Array] = {}  # updated in place, here


class Updater(Speller):
    """Writes the part of a step that gives variables their new values."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = with_own_results(program)
        self.plan = Plan()
        self.families: list[Family] = []
        self.in_family: set[Op] = set()
        self.lines: list[str] = []
        self.functions: list[str] = []  # definitions before that of the step
        self.words: dict[Variable, str] = {}
        self.readings: dict[Variable, set[Value]] = {}
        # Gradients that are written into flat arrays, and copies where two want one.
        self.place_of: dict[Value, Array] = {}
        self.copies: list[tuple[Array, Value]] = []
        # Results that were written over their variable.
        self.in_home: set[Value] = set()

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
        slots, targets = plan_chain(member, self.program)
        two = get_num_threads() == 2 and family.size > SHARED
        width = min(SHARED if two else BLOCK, family.size)
        arrays = [*roles, *leaves]
        scratch = [
            np.empty(width, roles[0].dtype)
            for _ in range(1 + max(slots.values(), default=-1))
        ]
        letters = [f"v{i}" for i in range(len(roles))]
        letters += [f"g{i}" for i in range(len(leaves))]
        letters += [f"s{i}" for i in range(len(scratch))]
        if width < family.size:
            words = [self.names.take(letter) for letter in letters]
            lines, shared = self.chain(member, words, slots, targets)
            self.write_blocks(lines, shared, words, arrays, scratch, width)
        else:
            words = [
                self.constant(a, letter)
                for a, letter in zip([*arrays, *scratch], letters, strict=True)
            ]
            self.lines += self.chain(member, words, slots, targets)[0]
        self.in_home.update(v for m in family.members for op in m.ops for v in op.outs)
        for other in family.members:
            for variable in other.variables:
                self.name_of[self.program.assigns[variable]] = self.words[variable]

    def chain(
        self, member: Member, words: list[str], slots: dict[Value, int],
        targets: dict[Value, Variable],
    ) -> tuple[list[str], list[str]]:  # fmt: skip
        """The calls of one member, and the names that are the same for all members.

        ``words`` name the variables in their roles, the leaves, and scratch arrays.
        """
        place: dict[Value, str] = {}
        for i, variable in enumerate(member.variables):
            for value in self.readings[variable]:
                place[value] = words[i]
        first_slot = len(member.variables) + len(member.leaves)
        place |= zip(member.leaves, words[len(member.variables) :], strict=False)
        shared = {
            self.name_of[value]: None
            for op in member.ops
            for value in op.operands()
            if value in self.name_of and value not in place
        }
        saved, self.name_of = self.name_of, {**self.name_of, **place}
        lines = []
        for op in member.ops:
            target = targets.get(op.out)
            word = (
                words[member.role(target)]
                if target is not None
                else words[first_slot + slots[op.out]]
            )
            lines.append(self.text(op, word))
            self.name_of[op.out] = word
        for variable in member.variables:
            value = self.program.assigns[variable]
            word = words[member.role(variable)]
            if self.name_of[value] != word:
                copy = self.constant(np.copyto, "copyto")
                lines.append(f"{copy}({word}, {self.name_of[value]})")
        self.name_of = saved
        return lines, list(shared)

    def write_blocks(
        self, lines: list[str], shared: list[str], words: list[str],
        arrays: list[Array], scratch: list[Array], width: int,
    ) -> None:  # fmt: skip
        """Take block after block, two threads at once if there are many."""
        size = arrays[0].size
        starts = range(0, size, width)
        rows, at = self.names.take("rows"), self.names.take("at")
        lines = [f"{', '.join(words)} = {rows}[{at}]", *lines]

        def arguments(scratch: list[Array]) -> list[str]:
            blocks = [
                tuple(a[i : i + width] for a in arrays)
                + tuple(s[: size - i] for s in scratch)
                for i in starts
            ]
            return [self.constant(blocks, "blocks"), *shared]

        mine = arguments(scratch)
        other = None
        if width == SHARED:
            other = arguments([np.empty_like(s) for s in scratch])
        self.in_turns("update", at, lines, len(starts), [rows, *shared], mine, other)

    def in_turns(
        self, word: str, at: str, lines: list[str], turns: int, parameters: list[str],
        mine: list[str], other: list[str] | None,
    ) -> None:  # fmt: skip
        """Write lines that are run for ``at`` = 0, 1 ..., by two threads if ``other``.

        They become a function with ``parameters``, which is called with the arguments
        ``mine`` by one thread and with ``other`` by the other. Each takes the turn that
        is the last in a list, and leaves at a None.
        """
        name, left = self.names.take(word), self.names.take("turns")
        self.functions += [
            f"def {name}({', '.join([left, *parameters])}):",
            f"    for {at} in iter({left}.pop, None):",
            *(f"        {line}" for line in lines),
        ]
        order = self.constant(range(turns), "order")
        self.lines.append(f"{left} = [None, None, *{order}]")
        first = f"({', '.join([left, *mine])},)"
        if other is None:
            self.lines.append(f"{name}{first}")
        else:
            second = f"({', '.join([left, *other])},)"
            both = self.constant(in_two, "in_two")
            self.lines.append(f"{both}({name}, {first}, {second})")

    def result(self, value: Value) -> str:
        """A value that is handed out: copied if its memory is used again."""
        lent = value in self.place_of or value in self.in_home
        return self.operand(value) + (".copy()" if lent else "")
