"""A diagram with models inside of models, laid out: where boxes, frames and arrows are.

An inner model is laid out by itself and then stands as one large box in the picture
around it. Where arrows cross its border there are gates: points in the first or last
rank inside, which decide where the arrow outside begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tinygrad_lr.utils.plotting.diagram import Box, Diagram, Path
from tinygrad_lr.utils.plotting.layered import Edge, Node, Point, arrange

FRAME, FRAME_TOP = 18.0, 38.0  # room inside of a frame; and on top, for its label

Size = tuple[float, float]
Way = tuple[
    float, list[Point]
]  # where an arrow crosses a border, and its points inside


@dataclass
class Picture:
    """A diagram laid out: everything by its centre, in a direction that is "down"."""

    width: float = 0.0
    height: float = 0.0
    boxes: list[tuple[Box, float, float]] = field(default_factory=list)
    frames: list[tuple[str, float, float, float, float]] = field(default_factory=list)
    arrows: list[list[Point]] = field(default_factory=list)
    ways_in: dict[Path, Way] = field(default_factory=dict)
    ways_out: dict[Path, Way] = field(default_factory=dict)


class Layout:
    """Lays out a diagram for a direction of its arrows.

    ``sizes`` gives width and height of a box, ``label`` the width of a name on a frame.
    """

    def __init__(
        self, rankdir: str, sizes: Callable[[Box], Size], label: Callable[[str], float]
    ) -> None:
        self.sideways = rankdir in ("LR", "RL")
        self.flipped = rankdir in ("BT", "RL")
        self.sizes = sizes
        self.label = label

    def size(self, what: Box | Picture) -> Size:
        """From the sheet to the picture, in which arrows point down, or back."""
        size = (
            (what.width, what.height) if isinstance(what, Picture) else self.sizes(what)
        )
        return size[::-1] if self.sideways else size

    def padding(self) -> tuple[float, float, float, float]:
        """Left, before, right, behind: there is room for a label on top."""
        if self.sideways:
            return FRAME_TOP, 0.0, FRAME, 0.0
        # Arrows to the border of the inner picture keep it at a distance already.
        return (FRAME, 0.0, FRAME, 10.0) if self.flipped else (FRAME, 10.0, FRAME, 0.0)

    def lay_out(
        self, diagram: Diagram, into: Iterable[Path] = (), out: Iterable[Path] = ()
    ) -> Picture:
        """The picture of a diagram; arrows come in to and go out of these boxes."""
        into, out = list(into), list(out)
        inner, nodes = self.parts(diagram, into, out)

        def beside(path: Path, ways: str) -> float:
            picture = inner.get(path[0])
            if picture is None:
                return 0.0
            x: float = getattr(picture, ways)[path[1:]][0]
            return x + self.shift(picture, nodes[path[0]])[0] - nodes[path[0]].width / 2

        gates_in = {path: Node(first=True) for path in into}
        gates_out = {path: Node(last=True) for path in out}
        edges = [
            Edge(nodes[s[0]], nodes[t[0]], beside(s, "ways_out"), beside(t, "ways_in"))
            for s, t in diagram.arrows
        ]
        coming = [
            Edge(gate, nodes[path[0]], 0.0, beside(path, "ways_in"))
            for path, gate in gates_in.items()
        ]
        going = [
            Edge(nodes[path[0]], gate, beside(path, "ways_out"), 0.0)
            for path, gate in gates_out.items()
        ]
        everything = [*gates_in.values(), *nodes.values(), *gates_out.values()]
        made = Picture(*arrange(everything, [*edges, *coming, *going]))

        def rest(path: Path, ways: str) -> list[Point]:
            picture = inner.get(path[0])
            if picture is None:
                return []
            dx, dy = self.corner(picture, nodes[path[0]])
            return [(x + dx, y + dy) for x, y in getattr(picture, ways)[path[1:]][1]]

        for (source, target), edge in zip(diagram.arrows, edges, strict=True):
            if source[0] == target[0]:  # a model that is called on its own result
                made.arrows.append(edge.points)
                continue
            made.arrows.append(
                rest(source, "ways_out") + edge.points + rest(target, "ways_in")
            )
        for (path, gate), edge in zip(gates_in.items(), coming, strict=True):
            made.ways_in[path] = gate.x, edge.points + rest(path, "ways_in")
        for (path, gate), edge in zip(gates_out.items(), going, strict=True):
            made.ways_out[path] = gate.x, rest(path, "ways_out") + edge.points
        for name, node in nodes.items():
            if name in inner:
                made.frames.append((name, node.x, node.y, node.width, node.height))
                take_in(made, inner[name], *self.corner(inner[name], node))
            else:
                made.boxes.append((diagram.boxes[name], node.x, node.y))
        return made

    def parts(
        self, diagram: Diagram, into: list[Path], out: list[Path]
    ) -> tuple[dict[str, Picture], dict[str, Node]]:
        """The pictures of inner models, and a node as large as it for every box."""
        sources = [source for source, _ in diagram.arrows] + out
        targets = [target for _, target in diagram.arrows] + into
        inner: dict[str, Picture] = {}
        nodes: dict[str, Node] = {}
        for name, box in diagram.boxes.items():
            if box.inner is None:
                nodes[name] = Node(*self.size(box))
                continue
            inner[name] = self.lay_out(
                box.inner, below(name, targets), below(name, sources)
            )
            nodes[name] = Node(*self.around(box, inner[name]))
        return inner, nodes

    def around(self, box: Box, picture: Picture) -> Size:
        """The size of a frame around a picture."""
        left, before, right, behind = self.padding()
        width, height = picture.width + left + right, picture.height + before + behind
        label = self.label(box.name) + 2 * FRAME
        if self.sideways:
            return width, max(height, label)
        return max(width, label), height

    def shift(self, picture: Picture, node: Node) -> Size:
        """From the corner of a frame to the corner of the picture in it."""
        left, before, right, behind = self.padding()
        return (
            left + (node.width - picture.width - left - right) / 2,
            before + (node.height - picture.height - before - behind) / 2,
        )

    def corner(self, picture: Picture, node: Node) -> Size:
        """Where the corner of a picture is that stands in a frame."""
        dx, dy = self.shift(picture, node)
        return node.x - node.width / 2 + dx, node.y - node.height / 2 + dy

    def turn(self, x: float, y: float, height: float) -> Point:
        """From the picture, in which arrows point down, to the sheet."""
        y = height - y if self.flipped else y
        return (y, x) if self.sideways else (x, y)


def below(name: str, paths: list[Path]) -> list[Path]:
    """What follows on a name in paths that begin with it, each once."""
    return list(dict.fromkeys(path[1:] for path in paths if path[0] == name))


def take_in(outer: Picture, picture: Picture, dx: float, dy: float) -> None:
    """Put a picture with its corner at (dx, dy) into another one."""
    outer.boxes += [(box, x + dx, y + dy) for box, x, y in picture.boxes]
    outer.frames += [(n, x + dx, y + dy, w, h) for n, x, y, w, h in picture.frames]
    outer.arrows += [[(x + dx, y + dy) for x, y in p] for p in picture.arrows]
