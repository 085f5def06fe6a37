"""The summary of a model: its layers, what they give out, and how much they hold."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

RULES = {
    "top": ("┏", "━", "┳", "┓"),
    "head": ("┡", "━", "╇", "┩"),
    "row": ("├", "─", "┼", "┤"),
    "end": ("└", "─", "┴", "┘"),
}
ASCII = str.maketrans("┏━┳┓┡╇┩├─┼┤└┴┘┃│…", "+-++++++-++++" + "+||~")


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the table of layers and the numbers of parameters.

    Args:
        model: the model.
        line_length: width of the table; as the terminal allows if None.
        positions: where the columns end, as parts of the width or in characters.
        print_fn: what is given the text instead of standard output.
        expand_nested: show the layers inside layers, too.
        show_trainable: add a column that tells what is trained.
        layer_range: names of the first and the last layer to show.
    """
    headings = ["Layer (type)", "Output Shape", "Param #"]
    aligns = ["<", "<", ">"]
    parts: Sequence[float] = (0.45, 0.8, 1.0)
    widest = 88
    connected = not is_a_row(model)
    if connected:
        headings, aligns = [*headings, "Connected to"], [*aligns, "<"]
        parts, widest = (0.3, 0.56, 0.74, 1.0), 108
    if show_trainable:
        headings, aligns = [*headings, "Trainable"], [*aligns, "^"]
        parts, widest = (*[0.9 * part for part in parts], 1.0), widest + 12
    length = line_length or min(widest, shutil.get_terminal_size().columns - 4)
    widths = column_widths(length, positions or parts)
    rows = list(
        layer_rows(
            chosen_layers(model, layer_range), expand_nested, show_trainable, connected
        )
    )
    text = table(headings, aligns, rows, widths) + totals(model)
    text = f'Model: "{model.name}"\n{text}'.rstrip()
    if print_fn is not None:
        print_fn(text)
        return
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        text = text.translate(ASCII)
    print(text)


def column_widths(length: int, positions: Sequence[float]) -> list[int]:
    """The room for text in each column; borders and margins take 3 to 4 characters."""
    ends = [int(length * p) if p <= 1 else int(p) for p in positions]
    columns = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    last_but_one = len(columns) - 2
    return [max(5, c - (4 if i == last_but_one else 3)) for i, c in enumerate(columns)]


def chosen_layers(model: Any, layer_range: Sequence[str] | None) -> list[Any]:
    """The layers between two names, both included."""
    layers = list(getattr(model, "operations", model.layers))
    if layer_range is None:
        return layers
    names = [layer.name for layer in layers]
    for name in layer_range:
        if name not in names:
            raise ValueError(
                f"layer_range: expected names of layers in {names}, got {name!r}."
            )
    first, last = (names.index(name) for name in layer_range)
    return layers[first : last + 1]


def is_a_row(model: Any) -> bool:
    """Whether each layer follows on the one before, so that nobody asks from where."""
    if getattr(model, "_graph", None) is None:
        return True
    nodes = [node for node in model._graph.nodes if node.inputs]
    pairs = zip(nodes[1:], nodes, strict=False)
    return all(len(node.inputs) == 1 for node in nodes) and all(
        node.inputs[0].node is before for node, before in pairs
    )


def layer_rows(
    layers: Sequence[Any], expand_nested: bool, show_trainable: bool,
    connected: bool = False, depth: int = 0,
) -> Iterator[list[str]]:  # fmt: skip
    """The cells of each layer's row."""
    for layer in layers:
        indent = "   " * depth + "└ " if depth else ""
        kind = getattr(layer, "kind", type(layer).__name__)
        row = [f"{indent}{layer.name} ({kind})"]
        row += [shape_text(layer), parameter_text(layer)]
        if connected:
            row.append(origins(layer) if not depth else "-")
        if show_trainable:
            weights = getattr(layer, "weights", None)
            row.append(("Y" if layer.trainable else "N") if weights else "-")
        yield row
        inner = getattr(layer, "layers", None)
        if expand_nested and inner:
            yield from layer_rows(
                inner, expand_nested, show_trainable, connected, depth + 1
            )


def origins(layer: Any) -> str:
    """What a layer was called on: names of layers, numbers of calls and results."""
    histories = [
        place._keras_history for node in layer._inbound_nodes for place in node.inputs
    ]
    named = [h for h in histories if h.operation is not None]
    return ", ".join(f"{h.operation.name}[{h[1]}][{h[2]}]" for h in named) or "-"


def shape_text(layer: Any) -> str:
    """The shape of a layer's output as last seen, or a question mark."""
    shape = layer.__dict__.get("_output_shape")
    if shape is None and getattr(layer, "_inbound_nodes", None):
        shapes = [place.shape for place in layer._inbound_nodes[0].outputs]
        return ", ".join(map(str, shapes))
    return "?" if shape is None else str(shape)


def parameter_text(layer: Any) -> str:
    """The number of a layer's parameters."""
    if not hasattr(layer, "weights"):
        return "0"
    makes_weights = type(layer).build is not base_build(layer)
    if not layer.built and makes_weights:
        return "0 (unbuilt)"
    return f"{sum(weight.size for weight in layer.weights):,}"


def base_build(layer: Any) -> Any:
    """The ``build`` of the class Layer, which makes nothing."""
    return next(c for c in type(layer).__mro__ if c.__name__ == "Layer").__dict__[
        "build"
    ]


def table(
    headings: list[str], aligns: list[str], rows: list[list[str]], widths: list[int]
) -> str:
    """Lay out the table, wrapping and cutting what is too long for its column."""
    lines = [
        rule("top", widths),
        *cells(headings, aligns, widths, "┃"),
        rule("head", widths),
    ]
    for index, row in enumerate(rows):
        if index:
            lines.append(rule("row", widths))
        lines += cells(row, aligns, widths, "│")
    return "\n".join([*lines, rule("end", widths)]) + "\n"


def rule(kind: str, widths: list[int]) -> str:
    """A horizontal line of the table."""
    left, line, cross, right = RULES[kind]
    return left + cross.join(line * (width + 2) for width in widths) + right


def cells(
    row: list[str], aligns: list[str], widths: list[int], edge: str
) -> Iterator[str]:
    """The lines of one row."""
    columns = [wrapped(text, width) for text, width in zip(row, widths, strict=True)]
    for i in range(max(map(len, columns))):
        parts = [
            f" {(column[i] if i < len(column) else ''):{align}{width}} "
            for column, align, width in zip(columns, aligns, widths, strict=True)
        ]
        yield edge + edge.join(parts) + edge


def wrapped(text: str, width: int) -> list[str]:
    """Text on lines of at most ``width`` characters, broken at blanks or cut with a
    sign.
    """
    if len(text) <= width:
        return [text]
    lines: list[str] = []
    for word in re.split(r"(?<=[\w,]) ", text):  # an indent stays with its word
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word if len(word) <= width else word[: width - 1] + "…")
    return lines


def totals(model: Any) -> str:
    """The numbers of parameters below the table."""
    trainable, others = model.trainable_weights, model.non_trainable_weights
    optimizer = getattr(model, "optimizer", None)
    built = getattr(optimizer, "built", False)
    extra = optimizer.variables if optimizer is not None and built else []
    lines = [
        ("Total", [*trainable, *others, *extra]),
        ("Trainable", trainable),
        ("Non-trainable", others),
    ]
    if extra:
        lines.append(("Optimizer", extra))
    return "".join(f" {name} params: {counted(weights)}\n" for name, weights in lines)


def counted(weights: Sequence[Any]) -> str:
    """How many numbers weights hold, and in how many bytes."""
    count = sum(weight.size for weight in weights)
    size = float(sum(weight.size * weight.dtype.itemsize for weight in weights))
    unit = "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count:,} ({size:.2f} {unit})"
