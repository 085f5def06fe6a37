"""Layered drawing of a directed graph, after Sugiyama, Tagawa and Toda (1981).

Arrows point down. Four steps: boxes get ranks, so that arrows go from one rank to a
lower one; arrows over several ranks get a point in each rank between; the boxes of each
rank are sorted so that few arrows cross; and they are moved sideways, so that arrows
are straight where they can be.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

APART, BELOW, STEEP = 28.0, 34.0, 0.12  # between boxes, between ranks, slope of arrows
SWEEPS = 24
TIE = 1e-6  # what places at one box count beside the places of boxes

Point = tuple[float, float]


@dataclass(eq=False)  # each is itself, and a key
class Node:
    """A box (or a point on an arrow, or on a border) with its size and place.

    ``x`` and ``y`` are its centre. ``first`` and ``last`` keep it in the first or the
    last rank.
    """

    width: float = 0.0
    height: float = 0.0
    first: bool = False
    last: bool = False
    rank: int = 0
    x: float = 0.0
    y: float = 0.0


@dataclass(eq=False)  # each is itself, and a key
class Edge:
    """An arrow from one node to another; it leaves and arrives that much beside the
    centres. ``points`` are where it runs: straight down, or in a bend.
    """

    source: Node
    target: Node
    leaves: float = 0.0
    arrives: float = 0.0
    points: list[Point] = field(default_factory=list)


@dataclass(eq=False)  # each is itself, and a key
class Link:
    """A piece of an arrow between neighbouring ranks."""

    upper: Node
    lower: Node
    leaves: float = 0.0
    arrives: float = 0.0
    weight: float = 1.0


def arrange(nodes: list[Node], edges: list[Edge]) -> tuple[float, float]:
    """Give each node its place and each edge its points; return width and height."""
    loops = [edge for edge in edges if edge.source is edge.target]
    turned = against(nodes, edges)
    set_ranks(nodes, [ends(e, turned) for e in edges if e not in loops])
    ranks: list[list[Node]] = [[] for _ in range(1 + max(node.rank for node in nodes))]
    for node in nodes:
        ranks[node.rank].append(node)
    chains = [chain(edge, turned, ranks) for edge in edges if edge not in loops]
    links = [link for chain in chains for link in chain]
    sort_ranks(ranks, links)
    set_x(ranks, links)
    for pieces in chains:
        straighten([piece.lower for piece in pieces[:-1]], ranks)
    height = set_y(ranks, links)
    for edge, pieces in zip((e for e in edges if e not in loops), chains, strict=True):
        edge.points = route(pieces, ranks)
        if edge in turned:
            edge.points.reverse()
    for edge in loops:
        x, y, half = edge.source.x, edge.source.y, edge.source.width / 2
        edge.points = [(x + half, y + 8), (x + half + 22, y), (x + half, y - 8)]
    across = [x for edge in edges for x, _ in edge.points]
    left = min([*across, *(node.x - node.width / 2 for node in nodes)])
    right = max([*across, *(node.x + node.width / 2 for node in nodes)])
    for node in nodes:
        node.x -= left
    for edge in edges:
        edge.points = [(x - left, y) for x, y in edge.points]
    return right - left, height


# -- ranks -----------------------------------------------------------------------------


def against(nodes: list[Node], edges: list[Edge]) -> set[Edge]:
    """The edges that close a circle (a layer may be called twice): they point up."""
    below = defaultdict(list)
    for edge in edges:
        below[edge.source].append(edge)
    turned: set[Edge] = set()
    open_: set[Node] = set()
    done: set[Node] = set()
    for start in nodes:
        if start in done:
            continue
        open_.add(start)
        waiting = [(start, iter(below[start]))]
        while waiting:
            node, rest = waiting[-1]
            for edge in rest:
                if edge.target in open_:
                    turned.add(edge)
                elif edge.target not in done:
                    open_.add(edge.target)
                    waiting.append((edge.target, iter(below[edge.target])))
                    break
            else:
                open_.discard(node)
                done.add(node)
                waiting.pop()
    return turned


def ends(edge: Edge, turned: set[Edge]) -> tuple[Node, Node]:
    """The upper and the lower end of an edge."""
    pair = edge.source, edge.target
    return pair[::-1] if edge in turned else pair


def set_ranks(nodes: list[Node], pairs: list[tuple[Node, Node]]) -> None:
    """As high as what stands above allows; then lower where that shortens arrows."""
    above, below = defaultdict(list), defaultdict(list)
    for upper, lower in pairs:
        above[lower].append(upper)
        below[upper].append(lower)
    order = downwards(nodes, above, below)
    start = int(any(node.first for node in nodes))
    for node in order:
        node.rank = max((n.rank + 1 for n in above[node]), default=start)
        if node.first:
            node.rank = 0
    bottom = max((node.rank for node in nodes if not node.last), default=0) + 1
    for node in reversed(order):
        if node.last:
            node.rank = bottom
        elif not node.first and len(below[node]) > len(above[node]):
            node.rank = min(n.rank for n in below[node]) - 1


def downwards(
    nodes: list[Node], above: dict[Node, list[Node]], below: dict[Node, list[Node]]
) -> list[Node]:
    """The nodes, each after all that stand above it."""
    left = {node: len(above[node]) for node in nodes}
    order = [node for node in nodes if not left[node]]
    for node in order:  # grows on the way
        for lower in below[node]:
            left[lower] -= 1
            if not left[lower]:
                order.append(lower)
    return order


def chain(edge: Edge, turned: set[Edge], ranks: list[list[Node]]) -> list[Link]:
    """An edge in pieces from rank to rank, with new points in the ranks between."""
    upper, lower = ends(edge, turned)
    points = [Node(width=8.0, rank=rank) for rank in range(upper.rank + 1, lower.rank)]
    for point in points:
        ranks[point.rank].append(point)
    stops = [upper, *points, lower]
    pieces = [Link(a, b) for a, b in pairwise(stops)]
    flip = edge in turned
    pieces[0].leaves = edge.arrives if flip else edge.leaves
    pieces[-1].arrives = edge.leaves if flip else edge.arrives
    for piece in pieces:
        inner = (piece.upper is not upper) + (piece.lower is not lower)
        piece.weight = (1.0, 2.0, 8.0)[inner]
    return pieces


# -- order within ranks ----------------------------------------------------------------

Neighbours = dict[Node, list[tuple[Node, float]]]


def sort_ranks(ranks: list[list[Node]], links: list[Link]) -> None:
    """Sort by the mean position of the neighbours above, then below, and so on; keep
    the order with the fewest crossings.
    """
    best, fewest = [list(rank) for rank in ranks], crossings(ranks, links)
    above: Neighbours = defaultdict(list)
    below: Neighbours = defaultdict(list)
    for link in links:
        above[link.lower].append((link.upper, link.leaves))
        below[link.upper].append((link.lower, link.arrives))
    for turn in range(SWEEPS):
        if not fewest:
            break
        down = turn % 2 == 0
        place = places(ranks)
        for rank in ranks[1:] if down else ranks[-2::-1]:
            for node in rank:
                if near := (above if down else below)[node]:
                    place[node] = sum(place[n] + by * TIE for n, by in near) / len(near)
            rank.sort(key=place.__getitem__)
            place.update(places([rank]))
        count = crossings(ranks, links)
        if count < fewest:
            best, fewest = [list(rank) for rank in ranks], count
    ranks[:] = best


def places(ranks: list[list[Node]]) -> dict[Node, float]:
    """The position of each node in its rank, from 0 to 1."""
    return {
        node: (index + 0.5) / len(rank)
        for rank in ranks
        for index, node in enumerate(rank)
    }


def crossings(ranks: list[list[Node]], links: list[Link]) -> int:
    """How many pairs of links cross."""
    place = places(ranks)
    by_rank = defaultdict(list)
    for link in links:
        upper = place[link.upper] + link.leaves * TIE
        lower = place[link.lower] + link.arrives * TIE
        by_rank[link.upper.rank].append((upper, lower))
    count = 0
    for pairs in by_rank.values():
        seen: list[float] = []
        for _, lower in sorted(pairs):
            count += len(seen) - bisect_right(seen, lower)
            insort(seen, lower)
    return count


# -- coordinates -----------------------------------------------------------------------


def set_x(ranks: list[list[Node]], links: list[Link]) -> None:
    """Move the nodes of each rank to where their links want them, in their order."""
    above, below = defaultdict(list), defaultdict(list)
    for link in links:
        shift = link.leaves - link.arrives
        above[link.lower].append((link.upper, shift, link.weight))
        below[link.upper].append((link.lower, -shift, link.weight))
    for rank in ranks:
        pack(rank, [(0.0, 1e-3)] * len(rank))
    for turn in range(2 * SWEEPS):
        down = turn % 2 == 0
        sides = [above, below] if turn >= SWEEPS else [above if down else below]
        for rank in ranks if down else ranks[::-1]:
            wishes = []
            for node in rank:
                pulls = [pull for side in sides for pull in side[node]]
                total = sum(weight for *_, weight in pulls)
                if pulls:
                    at = sum((n.x + shift) * w for n, shift, w in pulls) / total
                    wishes.append((at, total))
                else:
                    wishes.append((node.x, 1e-3))
            pack(rank, wishes)


def straighten(points: list[Node], ranks: list[list[Node]]) -> None:
    """Put the points of a long arrow below each other, if there is room for that."""
    low, high = -inf, inf
    for point in points:
        rank = ranks[point.rank]
        at = rank.index(point)
        if at:
            low = max(low, rank[at - 1].x + room(rank[at - 1], point))
        if at + 1 < len(rank):
            high = min(high, rank[at + 1].x - room(point, rank[at + 1]))
    if points and low <= high:
        middle = sum(point.x for point in points) / len(points)
        for point in points:
            point.x = min(max(middle, low), high)


def room(left: Node, right: Node) -> float:
    """How far apart the centres of neighbours are at least."""
    return left.width / 2 + APART + right.width / 2


def pack(rank: list[Node], wishes: Iterable[tuple[float, float]]) -> None:
    """Place nodes side by side as near to their wishes as their widths allow.

    Least squares under order: neighbours that would overlap are moved as one block
    (pool adjacent violators).
    """
    blocks: list[tuple[float, float, int]] = []  # where, with what weight, how many
    offsets, offset = [], 0.0
    for index, node in enumerate(rank):
        if index:
            offset += room(rank[index - 1], node)
        offsets.append(offset)
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        at, total, count = wish - offset, weight, 1
        while blocks and blocks[-1][0] > at:
            x, w, n = blocks.pop()
            at, total, count = (at * total + x * w) / (total + w), total + w, count + n
        blocks.append((at, total, count))
    starts = [at for at, _, count in blocks for _ in range(count)]
    for node, start, offset in zip(rank, starts, offsets, strict=True):
        node.x = start + offset


def set_y(ranks: list[list[Node]], links: list[Link]) -> float:
    """Ranks below each other, farther where arrows go far to the side."""
    aside: dict[int, float] = defaultdict(float)
    for link in links:
        dx = abs(link.upper.x + link.leaves - link.lower.x - link.arrives)
        aside[link.upper.rank] = max(aside[link.upper.rank], dx)
    y = 0.0
    for index, rank in enumerate(ranks):
        height = max((node.height for node in rank), default=0.0)
        for node in rank:
            node.y = y + height / 2
        y += height
        if index + 1 < len(ranks):
            y += BELOW + min(60.0, STEEP * aside[index])
    return y


def route(pieces: list[Link], ranks: list[list[Node]]) -> list[Point]:
    """Down from a box to the end of its rank, from there in a bend to the next one."""
    points = []
    for link in pieces:
        x0, x1 = link.upper.x + link.leaves, link.lower.x + link.arrives
        for x, node, down in ((x0, link.upper, 1), (x1, link.lower, -1)):
            border = max(n.height for n in ranks[node.rank]) / 2
            pair = [(x, node.y + down * node.height / 2), (x, node.y + down * border)]
            points += pair[::down]
    return points
