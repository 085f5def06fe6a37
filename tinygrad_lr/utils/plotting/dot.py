"""A diagram in DOT, the language of Graphviz, and as what programs expect of pydot.

Nothing of both is needed: the text is written here, and so is the picture, as SVG.
"""

from __future__ import annotations

import os
from typing import Any

from tinygrad_lr.notices import warn
from tinygrad_lr.saving.atomic import write_whole
from tinygrad_lr.utils.plotting.diagram import Box, Diagram, Path
from tinygrad_lr.utils.plotting.svg import FILLS, escaped, svg

TEXT = ("", "canon", "dot", "gv", "raw")
told: set[str] = set()  # files that were asked for in a format that there is not


class Dot:
    """The graph of a model: its DOT text, and its picture as SVG.

    It answers like the object of pydot that Keras returns (``to_string``, ``create``,
    ``write``, ``create_svg``, ``write_svg``, ...), and is shown as it is in a notebook.
    """

    def __init__(
        self, diagram: Diagram, rankdir: str = "TB", names: bool = True,
        splines: Any = "ortho", dpi: float = 200, subgraph: bool = False,
    ) -> None:  # fmt: skip
        self.diagram = diagram
        self.rankdir = rankdir
        self.names = names
        self.splines = splines
        self.dpi = dpi
        self.subgraph = subgraph

    def to_string(self) -> str:
        """The graph in DOT."""
        inner = "\n".join(self.lines(self.diagram, (), "  "))
        name = quoted(self.diagram.name)
        if self.subgraph:
            label = f"  style=dashed; label={name}; labeljust=l;"
            name = quoted(f"cluster_{self.diagram.name}")
            return f"subgraph {name} {{\n{label}\n{inner}\n}}\n"
        return (
            f"digraph {name} {{\n"
            f"  rankdir={self.rankdir}; dpi={self.dpi:g}; splines={self.splines};\n"
            f'  node [shape=plain, fontname="Helvetica"]; edge [penwidth=2];\n'
            f"{inner}\n}}\n"
        )

    def lines(self, diagram: Diagram, path: Path, indent: str) -> list[str]:
        """The statements for boxes and arrows; a model inside becomes a cluster."""
        lines = []
        for name, box in diagram.boxes.items():
            here = (*path, name)
            if box.inner is None:
                lines.append(
                    f"{indent}{node(here)} [label=<{table(box, self.names)}>];"
                )
                continue
            cluster = quoted("cluster_" + "/".join(here))
            lines.append(f"{indent}subgraph {cluster} {{")
            lines.append(f"{indent}  style=dashed; label={quoted(name)}; labeljust=l;")
            lines += self.lines(box.inner, here, indent + "  ")
            lines.append(f"{indent}}}")
        for source, target in diagram.arrows:
            lines.append(f"{indent}{node(path + source)} -> {node(path + target)};")
        return lines

    def create(
        self, prog: Any = None, format: str = "svg", encoding: str | None = None
    ) -> bytes:
        """The graph in a format, as bytes: "svg", or "dot" for the text.

        ``prog`` is for Graphviz and has no meaning here. Raises ``ValueError`` for a
        format that nothing here can make.
        """
        kind = format.lower()
        if kind in TEXT:
            return self.to_string().encode(encoding or "utf-8")
        if kind == "svg":
            picture = svg(self.diagram, self.rankdir, self.names, str(self.splines))
            return picture.encode("utf-8")
        raise ValueError(
            f"create: expected format='svg' or 'dot', got {format!r}. Pictures are "
            "made as SVG here, without Graphviz; a browser, rsvg-convert or Inkscape "
            "turn them into other formats."
        )

    def write(
        self, path: Any, prog: Any = None, format: str = "raw",
        encoding: str | None = None,
    ) -> bool:  # fmt: skip
        """Write a file, whole or not at all; return True, as pydot does.

        For a format that nothing here can make, such as "png", the picture is written
        beside it as SVG, and a warning tells how to convert it.
        """
        path, kind = os.fspath(path), format.lower()
        if kind in (*TEXT, "svg"):
            data = self.create(prog, kind, encoding)
        else:
            wanted, path = path, os.path.splitext(path)[0] + ".svg"
            data = self.create(prog, "svg")
            if wanted not in told:
                told.add(wanted)
                warn(
                    f"wrote {path!r} instead of {wanted!r}: pictures are made as SVG "
                    f"here, which needs no Graphviz. To convert it: rsvg-convert -f "
                    f"{kind} -o {wanted} {path}, or open it in a browser."
                )
        write_whole(path, lambda file: file.write(data))
        return True

    def __getattr__(self, name: str) -> Any:
        """``create_svg()``, ``write_svg(path)`` and the like."""
        verb, _, kind = name.partition("_")
        if verb not in ("create", "write") or not kind:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")
        method = getattr(self, verb)
        return lambda *args, **kwargs: method(*args, **{**kwargs, "format": kind})

    def _repr_svg_(self) -> str:
        """What notebooks show."""
        return self.create(format="svg").decode()

    def __str__(self) -> str:
        return self.to_string()


def quoted(name: str) -> str:
    """A name as DOT writes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def node(path: Path) -> str:
    """A box by its names, from the outside to the inside."""
    return quoted("/".join(path))


def table(box: Box, names: bool) -> str:
    """What stands in a box, as the HTML that Graphviz knows."""
    cls = escaped(box.cls)
    head = f"<b>{escaped(box.name)}</b> ({cls})" if names else f"<b>{cls}</b>"
    rows = [cell(f'<font color="white">{head}</font>', FILLS[box.kind])]
    rows += [
        cell(f"{label}: <b>{escaped(value)}</b>", "white") for label, value in box.rows
    ]
    if box.trainable is not None:
        word = "Trainable" if box.trainable else "Non-trainable"
        rows.append(
            cell(f'<font color="white"><b>{word}</b></font>', FILLS[box.trainable])
        )
    return (
        '<table border="0" cellborder="1" cellspacing="0" cellpadding="8">'
        f"{''.join(rows)}</table>"
    )


def cell(text: str, fill: str) -> str:
    """A row with one cell."""
    return f'<tr><td bgcolor="{fill}">{text}</td></tr>'
