"""A program as a file that needs NumPy alone: its source, its weights, nothing else.

A recorded program has the batch size of the recording in it. Recording twice, with two
and with three rows, shows where: the numbers that differ between the two sources are
multiples of the batch size, and are written as multiples of ``len(x)``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.compiler.layout import Text, folded
from tinygrad_lr.compiler.notation import array_source, quoted
from tinygrad_lr.compiler.numpy_source import Printer
from tinygrad_lr.compiler.program import Program, Value

INLINE = 4096  # numbers up to which the weights stand in the file itself


def standalone_source(
    two: Program, three: Program, title: str, weights_file: str | None = None
) -> tuple[str, dict[str, Array]]:
    """Return the source of a module with ``predict(x)``, and its weights by name.

    The programs are recordings of the same function on two and on three rows. With
    ``weights_file`` the module loads the weights from that file in its own folder;
    without, they stand in the source. Raises ``ValueError`` if the function does not
    treat batches of all sizes alike.
    """
    printer = Printer(two)
    printed = printer.text()
    inputs = {printer.name_of[value]: value for value in two.inputs}
    text = for_any_length(printed, Printer(three).text(), next(iter(inputs)))
    weights = {word: variable.data for variable, word in printer.variable_names.items()}
    others: list[str] = []
    if weights_file is not None:
        name = quoted(weights_file)
        others = ["from pathlib import Path"]
        arrays = [f"with np.load(Path(__file__).with_name({name})) as _weights:"]
        arrays += [f"    {word} = _weights[{quoted(word)}]" for word in weights]
    else:
        arrays = [line for item in weights.items() for line in array_source(*item)]
    parts = [
        f'"""{title}: predict(x) with NumPy alone."""\n\n{text.imports(*others)}',
        text.body(),
        predict_source(two.name, inputs, list(weights)),
    ]
    if arrays:
        parts.insert(1, "\n".join(arrays))
    return "\n\n\n".join(parts) + "\n", weights


def predict_source(step: str, inputs: Mapping[str, Value], weights: list[str]) -> str:
    """The function for users: it checks what it is given."""
    first = next(iter(inputs))
    lines = [
        f"def predict({', '.join(inputs)}):",
        f'    """Return the outputs for the rows of {" and ".join(inputs)}."""',
    ]
    for name, value in inputs.items():
        shape = value.shape[1:]
        dtype = quoted(str(value.dtype))
        lines.append(f"    {name} = np.asarray({name}, dtype={dtype})")
        if shape == (1,):
            lines += [
                f"    if {name}.ndim == 1:",
                f"        {name} = {name}[:, None]",
            ]
        said = ", ".join(["n", *map(str, shape)]) + ("," if not shape else "")
        check = f"{name}.shape[1:] != {shape}"
        if not shape:
            check = f"{name}.ndim != 1"
        lines += [
            f"    if {check}:",
            f'        raise ValueError(f"expected {name} of shape ({said}), got'
            f' {{{name}.shape}}")',
        ]
        if name != first:
            lines += [
                f"    if len({name}) != len({first}):",
                f'        counts = f"{{len({name})}} and {{len({first})}}"',
                f'        raise ValueError(f"expected as many rows of {name} as of'
                f' {first}, got {{counts}}")',
            ]
    lines += folded(f"return {step}({', '.join([*inputs, *weights])})", 88, "    ")
    return "\n".join(lines)


def for_any_length(two: Text, three: Text, name: str) -> Text:
    """Merge two texts that differ in the batch size only, into that of any length."""
    alike = (two.constants, two.helpers, two.head, len(two.lines)) == (
        three.constants, three.helpers, three.head, len(three.lines),
    )  # fmt: skip
    if not alike:
        raise ValueError(
            "the program for two rows has other calls or constants than that for three,"
            " so it cannot be written for batches of any size."
        )
    lines = [
        (section, merged(code, other, f"len({name})"), merged(note, other_note, "n"))
        for (section, code, note), (_, other, other_note) in zip(
            two.lines, three.lines, strict=True
        )
    ]
    return two._replace(lines=lines)


def merged(two: str, three: str, length: str) -> str:
    """One line of code (or comment) for batches of any length."""
    words, others = WORD.findall(two), WORD.findall(three)
    if len(words) != len(others):
        raise ValueError(
            f"the program says {two!r} for two rows and {three!r} for three, so it"
            " cannot be written for batches of any size."
        )
    pairs = zip(words, others, strict=True)
    return "".join(counted(word, other, length) for word, other in pairs)


WORD = re.compile(r"[\w.]+|[^\w.]+")


def counted(two: str, three: str, length: str) -> str:
    """Write a number that is 2 n in one source and 3 n in the other as n times the
    length.
    """
    if two == three:
        return two
    times = multiple(two, three)
    if times is None:
        raise ValueError(
            f"the program says {two!r} for two rows and {three!r} for three, which no"
            " batch size explains, so it cannot be written for batches of any size."
        )
    return length if times == 1 else f"{times} * {length}"


def multiple(two: str, three: str) -> int | None:
    """The n for which the texts are 2 n and 3 n, if there is one."""
    if not (two.isdigit() and three.isdigit()):
        return None
    n, rest = divmod(int(two), 2)
    return n if not rest and int(three) == 3 * n else None


def write_weights(weights: Mapping[str, Any], path: Path) -> None:
    """Write the weights beside the module, as a whole or not at all."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez(file, **weights)
    os.replace(part, path)
