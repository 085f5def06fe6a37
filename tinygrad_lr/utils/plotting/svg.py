"""A diagram as a picture: SVG, which is text, so that nothing is needed to draw it.

How wide text is can only be estimated, and is generously: nobody knows which fonts the
reader has. Text that would make a box too wide goes on in the next line.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tinygrad_lr.utils.plotting.diagram import Box, Diagram
from tinygrad_lr.utils.plotting.layered import Point
from tinygrad_lr.utils.plotting.nested import FRAME, Layout

SANS = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, Liberation Mono, DejaVu Sans Mono, monospace"
FILLS = {  # of the heads of boxes
    "input": "#0f766e", "layer": "#1e293b", "function": "#64748b", "model": "#4338ca",
    True: "#15803d", False: "#b91c1c",
}  # fmt: skip
INK, FAINT, LINE, PAPER, TINT = "#0f172a", "#64748b", "#94a3b8", "#ffffff", "#f1f5f9"
TIP = 6.0  # of an arrow
TITLE, LABEL, ROW, LEADING, INSET = 13.0, 11.5, 24.0, 17.0, 12.0
NARROWEST, LONGEST, MARGIN = 96.0, 44, 20.0

# Widths of characters in hundredths of the font's size, for a wide bold font.
WIDTHS = {
    char: width
    for chars, width in (
        ("ijl '.,:;|I", 40), ("-ft()[]!r_/\\", 51), ("zcsL?*\"", 64), ("mMW%@w", 110),
        ("GDOQNH#+<=>~&", 87),
    )
    for char in chars
}  # fmt: skip


# What means something else in XML, and what may not stand there at all.
ESCAPES = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")
ESCAPES |= {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}


def escaped(text: str) -> str:
    """Text as it stands in XML."""
    return text.translate(ESCAPES)


def text_width(text: str, size: float, mono: bool = False) -> float:
    """About how wide a text is, and rather more than less."""
    total = 0.0
    for char in text:
        if unicodedata.east_asian_width(char) in "WF":
            total += 1.05
        elif unicodedata.combining(char):
            pass
        else:
            total += 0.61 if mono else WIDTHS.get(char, 76) / 100
    return total * size


def wrap(text: str, longest: int = LONGEST) -> list[str]:
    """A text in lines, broken behind blanks, commas and underscores if it can be."""
    lines = []
    while len(text) > longest:
        breaks = [m.end() for m in re.finditer(r"[ ,_/.-]+", text[:longest])]
        at = breaks[-1] if breaks and breaks[-1] > longest // 3 else longest
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*lines, text]


# -- boxes -----------------------------------------------------------------------------


@dataclass
class Sheet:
    """What a box looks like: lines of its title, and rows of labels and values."""

    title: list[str]
    rows: list[tuple[str, list[str]]]
    width: float
    height: float


def sheet_of(box: Box, names: bool) -> Sheet:
    """The texts of a box and the room that they need."""
    title = wrap(f"{box.name} ({box.cls})" if names else box.cls)
    rows = [(label, wrap(value)) for label, value in box.rows]
    widths = [NARROWEST, *(text_width(line, TITLE) for line in title)]
    for label, values in rows:
        room = max(text_width(value, LABEL, mono=True) for value in values)
        widths.append(text_width(label, LABEL) + 14 + room)
    height = LEADING * len(title) + 15
    height += sum(ROW + LEADING * (len(values) - 1) for _, values in rows)
    if box.trainable is not None:
        widths.append(text_width("Non-trainable", LABEL))
        height += ROW
    return Sheet(title, rows, max(widths) + 2 * INSET, height)


def box_svg(box: Box, sheet: Sheet, x: float, y: float, names: bool) -> list[str]:
    """The lines that draw a box whose corner is at (x, y)."""
    width, height, middle = sheet.width, sheet.height, x + sheet.width / 2
    head = LEADING * len(sheet.title) + 15
    frame = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    lines = [
        f"<g><title>{escaped(f'{box.name} ({box.cls})')}</title>",
        f'<rect {frame} rx="7" fill="{PAPER}"/>',
        rounded(x, y, width, head, FILLS[box.kind], below=head == height),
    ]
    for index, line in enumerate(sheet.title):
        at = y + 20 + LEADING * index
        text = emphasised(line) if names else escaped(line)
        lines.append(f'<text x="{middle:.1f}" y="{at:.1f}" class="head">{text}</text>')
    top = y + head
    for index, (label, values) in enumerate(sheet.rows):
        if index:
            lines.append(f'<path d="M{x:.1f} {top:.1f}h{width:.1f}" stroke="#e2e8f0"/>')
        lines.append(
            f'<text x="{x + INSET:.1f}" y="{top + 16:.1f}" class="label">{label}</text>'
        )
        for value in values:
            lines.append(
                f'<text x="{x + width - INSET:.1f}" y="{top + 16:.1f}" class="value">'
                f"{escaped(value)}</text>"
            )
            top += LEADING
        top += ROW - LEADING
    if box.trainable is not None:
        word = "Trainable" if box.trainable else "Non-trainable"
        lines.append(
            rounded(x, top, width, ROW, FILLS[box.trainable], above=False, below=True)
        )
        lines.append(
            f'<text x="{middle:.1f}" y="{top + 16:.1f}" class="band">{word}</text>'
        )
    lines.append(f'<rect {frame} rx="7" fill="none" stroke="{FILLS[box.kind]}"/></g>')
    return lines


def emphasised(line: str) -> str:
    """A line of a title, with the class in parentheses set back."""
    name, opening, rest = line.partition("(")
    if not opening:
        return escaped(name)
    return f'{escaped(name)}<tspan class="class">{escaped(opening + rest)}</tspan>'


def rounded(
    x: float, y: float, width: float, height: float, fill: str,
    above: bool = True, below: bool = False,
) -> str:  # fmt: skip
    """A filled rectangle with round corners above, or below."""
    r, s = (7 if above else 0), (7 if below else 0)
    return (
        f'<path d="M{x:.1f} {y + r:.1f}q0 {-r} {r} {-r}h{width - 2 * r:.1f}q{r} 0 {r} '
        f"{r}v{height - r - s:.1f}q0 {s} {-s} {s}h{2 * s - width:.1f}q{-s} 0 {-s} "
        f'{-s}z" fill="{fill}"/>'
    )


# -- the whole picture -----------------------------------------------------------------

STYLE = f"""<style>
text {{ font-family: {SANS}; font-size: {LABEL}px; fill: {INK}; }}
.head {{ font-size: {TITLE}px; font-weight: bold; fill: white; text-anchor: middle; }}
.class {{ font-weight: normal; fill: #e2e8f0; }}
.label {{ fill: {FAINT}; }}
.value {{ font-family: {MONO}; text-anchor: end; }}
.band {{ font-weight: bold; fill: white; text-anchor: middle; }}
.frame {{ font-size: {TITLE}px; font-weight: bold; fill: {FILLS["model"]};
  paint-order: stroke; stroke: {TINT}; stroke-width: 6px; stroke-linejoin: round; }}
.arrow {{ fill: none; stroke: {FAINT}; stroke-width: 1.6px; }}
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="4" refY="5" markerWidth="10"
 markerHeight="10" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1L10 5L0 9z"
 fill="{FAINT}"/></marker></defs>"""


def svg(
    diagram: Diagram, rankdir: str = "TB", names: bool = True, splines: str = "ortho"
) -> str:
    """The picture of a diagram as the text of an SVG file."""
    sheets = {id(box): sheet_of(box, names) for box in all_boxes(diagram)}
    layout = Layout(
        rankdir,
        lambda box: (sheets[id(box)].width, sheets[id(box)].height),
        lambda name: text_width(name, TITLE),
    )
    picture = layout.lay_out(diagram)
    right, bottom = layout.size(picture)
    width, height = right + 2 * MARGIN, bottom + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="{-MARGIN:g} {-MARGIN:g} {width:.1f} '
        f'{height:.1f}" role="img" aria-label="{escaped(diagram.name)}">',
        f"<title>{escaped(diagram.name)}</title>",
        STYLE,
        f'<rect x="{-MARGIN:g}" y="{-MARGIN:g}" width="100%" height="100%" '
        f'fill="{PAPER}"/>',
    ]
    labels = []
    for name, x, y, w, h in picture.frames:
        x, y = layout.turn(x, y, picture.height)
        w, h = (h, w) if layout.sideways else (w, h)
        lines.append(
            f'<rect x="{x - w / 2:.1f}" y="{y - h / 2:.1f}" width="{w:.1f}" '
            f'height="{h:.1f}" rx="10" fill="{TINT}" stroke="{LINE}" '
            'stroke-dasharray="5 4"/>'
        )
        labels.append(
            f'<text x="{x - w / 2 + FRAME:.1f}" y="{y - h / 2 + 23:.1f}" '
            f'class="frame">{escaped(name)}</text>'
        )
    bent = splines not in ("line", "polyline", "False", "false")
    for points in picture.arrows:
        turned = [layout.turn(x, y, picture.height) for x, y in points]
        lines.append(
            f'<path class="arrow" d="{path(turned, layout.sideways, bent)}" '
            'marker-end="url(#tip)"/>'
        )
    for box, x, y in picture.boxes:
        sheet = sheets[id(box)]
        x, y = layout.turn(x, y, picture.height)
        lines += box_svg(box, sheet, x - sheet.width / 2, y - sheet.height / 2, names)
    return "\n".join([*lines, *labels, "</svg>"]) + "\n"


def all_boxes(diagram: Diagram) -> Iterator[Box]:
    """The boxes that are drawn, those inside others included."""
    for box in diagram.boxes.values():
        if box.inner is None:
            yield box
        else:
            yield from all_boxes(box.inner)


def path(points: list[Point], sideways: bool, bent: bool) -> str:
    """An arrow through points: straight along its direction, else in a bend. It ends a
    bit early, where its tip begins.
    """
    *rest, end = points
    if not bent:
        while len(rest) > 1 and math.dist(rest[-1], end) < 2 * TIP:
            rest.pop()
        (x0, y0), (x1, y1) = rest[-1], end
        share = TIP / max(TIP, math.dist(rest[-1], end))
        end = x1 + share * (x0 - x1), y1 + share * (y0 - y1)
        return "M" + "L".join("{:.1f} {:.1f}".format(*point) for point in [*rest, end])
    loop = len(points) == 3  # from a box back to itself
    along = 0 if sideways != loop else 1  # the direction at the end, x or y
    while len(rest) > 1 and abs(rest[-1][along] - end[along]) < 2 * TIP:
        rest.pop()
    ahead = TIP if end[along] > rest[-1][along] else -TIP
    end = (end[0] - ahead, end[1]) if along == 0 else (end[0], end[1] - ahead)
    text = "M{:.1f} {:.1f}".format(*rest[0])
    if loop:
        bend = (rest[0][0], rest[1][1]) if sideways else (rest[1][0], rest[0][1])
        other = (end[0], rest[1][1]) if sideways else (rest[1][0], end[1])
        return text + curve(bend, other, end)
    for (x0, y0), (x1, y1) in pairwise([*rest, end]):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if min(abs(x1 - x0), abs(y1 - y0)) < 1:
            text += f"L{x1:.1f} {y1:.1f}"
        elif sideways:
            text += curve((x, y0), (x, y1), (x1, y1))
        else:
            text += curve((x0, y), (x1, y), (x1, y1))
    return text


def curve(*points: Point) -> str:
    """A cubic curve: two points that it bends towards, and its end."""
    return "C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
