"""Layout: a printed program in parts, and its lines broken and lined up for reading.

Long lines break where a formatter would break them: inside their widest brackets, or
before an operator, in brackets of their own. What stands on a line is not looked at
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

WIDTH = 88
COLUMN = 70  # where comments stand at the latest, if the code leaves room
COMMA = (", ",)
SIGNS = ((" + ", " - "), (" * ", " / ", " @ "))


class Text(NamedTuple):
    """A printed program in parts, so that two can be compared part by part."""

    constants: dict[str, str]  # statements by the names that they define
    helpers: list[str]
    head: str
    lines: list[tuple[str, str, str]]  # (section, code, comment)

    def joined(self) -> str:
        """The source as a whole."""
        return f"{self.imports()}\n\n\n{self.body()}\n"

    def imports(self, *others: str) -> str:
        """What the source imports, besides ``others``: NumPy, and what is in Python."""
        found = [t for t in self.constants.values() if t.startswith("import ")]
        plain = sorted({*others, *found})
        return "\n".join([*plain, *([""] if plain else []), "import numpy as np"])

    def body(self) -> str:
        """The source without its import."""
        constants = [
            text for text in self.constants.values() if not text.startswith("import ")
        ]
        parts = [
            *(["\n".join(constants)] if constants else []),
            *self.helpers,
            "\n".join(folded(self.head)) + "\n" + laid_out(self.lines),
        ]
        return "\n\n\n".join(parts)


def laid_out(lines: list[tuple[str, str, str]]) -> str:
    """Join (section, code, comment) with headings, and with the comments in a column.

    The sections are indented by four, as the body of a function.
    """
    lengths = [len(code) for _, code, note in lines if note and len(code) < COLUMN - 4]
    column = max(lengths, default=0) + 4
    out: list[str] = []
    current = ""
    for section, code, note in lines:
        if section and section != current:
            out.append(f"    # {section}")
            current = section
        *first, last = folded(code, indent="    ", room=len(note) + 4 if note else 0)
        out += [*first, f"{last:<{0 if first else column}}  # {note}" if note else last]
    return "\n".join(out)


def folded(code: str, width: int = WIDTH, indent: str = "", room: int = 0) -> list[str]:
    """``code`` as one line if that leaves ``room`` in ``width``, else as several."""
    if len(indent) + len(code) + room <= width:
        return [indent + code]
    start, end = widest_brackets(code)
    left = 7 if code.startswith("return ") else code.find(" = ") + 3
    left = 0 if left == 2 else left
    right = code[left:]
    if start < left or any(len(parts(right, signs)) > 1 for signs in (COMMA, *SIGNS)):
        if not left:
            return [indent + code]
        head, body, tail = code[:left] + "(", right, ")"
    else:
        head, body, tail = code[: start + 1], code[start + 1 : end], code[end:]
    return [indent + head, *broken(body, width, indent + "    "), indent + tail]


def broken(body: str, width: int, indent: str) -> list[str]:
    """What stands in brackets, as lines."""
    items = parts(body, COMMA)
    if len(items) > 1:
        return filled(items, width, indent)
    if len(indent) + len(body) > width:
        for signs in SIGNS:
            terms = parts(body, signs)
            if len(terms) > 1:
                return [line for term in terms for line in folded(term, width, indent)]
    return folded(body, width, indent)


def filled(items: list[str], width: int, indent: str) -> list[str]:
    """Items of a list, as many on a line as fit, each with its comma."""
    out: list[str] = []
    line = ""
    for item in items:
        entry = item.startswith('"')  # of a dict: each on a line of its own
        if line and not entry and len(indent + line + item) + 2 <= width:
            line += f" {item},"
            continue
        out += [indent + line] * bool(line)
        line = ""
        if len(indent) + len(item) + 1 <= width:
            line = f"{item},"
        else:
            *first, last = folded(item, width - 1, indent)
            out += [*first, last + ","]
    return out + [indent + line] * bool(line)


def outside(code: str) -> Iterator[tuple[int, str, int]]:
    """Place, character and depth in brackets of all that does not stand in quotes."""
    depth, quote, escaped = 0, "", False
    for i, char in enumerate(code):
        if quote:
            if not escaped and char == quote:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char in "\"'":
            quote = char
        else:
            depth -= char in ")]}"
            yield i, char, depth
            depth += char in "([{"


def widest_brackets(code: str) -> tuple[int, int]:
    """Where the widest pair of outermost brackets opens and closes; -1 without any."""
    best, opened = (-1, -1), 0
    for i, char, depth in outside(code):
        if depth == 0 and char in "([{":
            opened = i
        elif depth == 0 and char in ")]}" and i - opened > best[1] - best[0]:
            best = opened, i
    return best


def parts(code: str, separators: tuple[str, ...]) -> list[str]:
    """Split at separators outside of brackets; operators stay with what follows."""
    out, start = [], 0
    for i, _, depth in outside(code):
        found = next((s for s in separators if code.startswith(s, i)), None)
        if found is not None and depth == 0:
            out.append(code[start:i])
            start = i + (len(found) if separators is COMMA else 1)
    return [*out, code[start:]]
