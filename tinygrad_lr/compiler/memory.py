"""The same program with planned memory: this is the one that runs.

Small results are simply allocated, which NumPy does from a cache of its own. Large ones
go into buffers that are used again as soon as their last reader is done; large products
are shared by two threads. What is computed, and in which order of roundings, stays what
the plain program says.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.compiler.chains import ChainWriter
from tinygrad_lr.compiler.families import is_elementwise
from tinygrad_lr.compiler.lifetime import is_loss, last_readers, split
from tinygrad_lr.compiler.numpy_source import load
from tinygrad_lr.compiler.ownership import can_write
from tinygrad_lr.compiler.program import Op, Program, Value, word_for
from tinygrad_lr.compiler.threads import in_two, where_to_divide
from tinygrad_lr.compiler.updates import LARGE, Plan

PARAMETERS = ("epochs", "state", "fresh", "results", "watch", "shield")


class LossNotFiniteError(Exception):
    """A watched run met a batch whose loss is not finite, and stopped before learning
    it.
    """

    def __init__(self, batch: tuple[Any, ...], loss: Any) -> None:
        super().__init__(f"the loss is {loss}")
        self.batch = batch
        self.loss = float(loss)


class Planner(ChainWriter):
    """Turns a lowered program into the source of a loop over batches."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.names.taken.update(PARAMETERS, ("batches", program.name))

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
        self.readings = {v: set() for v in plan.arguments}
        for value in self.all_values():
            if value.variable is not None:
                self.readings[value.variable].add(value)
                self.name_of[value] = words[value.variable]
        self.choose_homes()
        chains = self.find_chains(body)
        inside = {value for chain in chains.values() for value in chain.inside}
        self.buffers = self.assign_buffers(body, inside)

        chained = 0  # how many of the next calls a chain has made
        for at, op in enumerate(body):
            if at in chains:
                self.write_chain(chains[at], self.buffers)
                chained = len(chains[at].ops)
            if chained:
                chained -= 1
            else:
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

    def assign_buffers(
        self, body: list[Op], inside: Container[Value]
    ) -> dict[Value, Array]:
        """Give large results buffers, and take each back after its last reader.

        What is ``inside`` chains needs none.
        """
        free: dict[tuple[int, np.dtype[Any]], list[Array]] = {}
        buffers: dict[Value, Array] = {}
        flat_of: dict[Value, Array] = {}
        kept = {*self.program.roots(), *self.place_of}
        for at, op in enumerate(body):
            out = op.outs[0]
            dying = [v for v in flat_of if self.readers.get(v, -1) == at]
            reusable = is_elementwise(op)
            if reusable:
                for v in dying:
                    self.give_back(free, flat_of.pop(v))
            if out not in kept and out not in inside and self.wants_buffer(op):
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
        """Write a call that puts its result into ``place``; half of it, if large."""
        at = None
        if op.function is np.matmul:
            (rows, inner), columns = op.args[0].shape, out.shape[1]
            at = where_to_divide(rows, inner, columns, out.dtype)
        if at is None:
            self.lines.append(self.text(op, place))
        else:
            x, y = (self.operand(a, op) for a in op.args)
            first, second = (
                f"({x}[{part}], {y}, {place}[{part}])" for part in (f"{at}:", f":{at}")
            )
            product = self.function(np.matmul)
            both = self.constant(in_two, "in_two")
            self.lines.append(f"{both}({product}, {first}, {second})")
        self.name_of[out] = place

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
        lines = [*self.functions, f"def {program.name}({', '.join(parameters)}):"]
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
