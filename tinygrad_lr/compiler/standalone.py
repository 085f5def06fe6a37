"""A program as a file that needs NumPy alone: its source, its weights, nothing else.

A recorded program has the batch size of the recording in it. Recording twice, with two
and with three rows, shows where: the numbers that differ between the two sources are
multiples of the batch size, and are written as multiples of ``len(x)``.
"""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.compiler.notation import numbers
from tinygrad_lr.compiler.numpy_source import Printer, numpy_source
from tinygrad_lr.compiler.program import Program

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
    printed = Printer(two)
    source = for_any_length(
        printed.source(), numpy_source(three), two.inputs[0].name or "x"
    )
    head, _, body = source.partition(f"def {two.name}(")
    weights = {word: variable.data for variable, word in printed.variable_names.items()}
    names = [value.name or "x" for value in two.inputs]
    lines = [f'"""{title}: predict(x) with NumPy alone."""', ""]
    if weights_file is not None:
        lines += ["from pathlib import Path", ""]
    lines += [head.rstrip(), ""]
    if weights_file is not None:
        lines += [f"_weights = np.load(Path(__file__).with_name({weights_file!r}))"]
        lines += [f"{word} = _weights[{word!r}]" for word in weights]
    else:
        lines += [f"{word} = {array_source(array)}" for word, array in weights.items()]
    casts = [
        f"    {name} = np.asarray({name}, dtype={str(value.dtype)!r})"
        for name, value in zip(names, two.inputs, strict=True)
    ]
    call = ", ".join([*names, *weights])
    lines += [
        "", "", f"def {two.name}({body.rstrip()}", "", "",
        f"def predict({', '.join(names)}):",
        f'    """Return the outputs for the rows of {", ".join(names)}."""',
        *casts,
        f"    return {two.name}({call})",
        "",
    ]  # fmt: skip
    return "\n".join(lines), weights


def for_any_length(two: str, three: str, name: str) -> str:
    """Merge two sources that differ in the batch size only, into that of any length."""
    lines = two.splitlines()
    tokens, others = tokens_of(two), tokens_of(three)
    if len(tokens) != len(others):
        raise ValueError(
            "the program for two rows has other calls or constants than that for three,"
            " so it cannot be written for batches of any size."
        )
    pairs = list(zip(tokens, others, strict=True))
    for token, other in reversed(pairs):  # from the end, so that positions stay true
        if token.string == other.string:
            continue
        if token.type == tokenize.COMMENT:
            text = NUMBER.sub("{}", token.string).format(
                *(counted(x, y, "n") for x, y in zip(
                    NUMBER.findall(token.string),
                    NUMBER.findall(other.string),
                    strict=True,
                ))
            )  # fmt: skip
        else:
            text = counted(token.string, other.string, f"len({name})")
        row = token.start[0] - 1
        lines[row] = lines[row][: token.start[1]] + text + lines[row][token.end[1] :]
    return "\n".join(lines) + "\n"


NUMBER = re.compile(r"\d+")


def tokens_of(source: str) -> list[tokenize.TokenInfo]:
    """The words of a source."""
    return list(tokenize.generate_tokens(io.StringIO(source).readline))


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


def array_source(array: Array) -> str:
    """An array as a literal that gives back every bit."""
    text = numbers(array)
    return f"np.array({text}, dtype={str(array.dtype)!r}).reshape({array.shape})"


def write_weights(weights: Mapping[str, Any], path: Path) -> None:
    """Write the weights beside the module, as a whole or not at all."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez(file, **weights)
    os.replace(part, path)
