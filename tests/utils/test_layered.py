"""Layered drawings: nothing overlaps, arrows run downwards and around boxes."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lr.utils.plotting.layered import BELOW, Edge, Node, arrange


@st.composite
def graphs(draw, circles=False):
    """Boxes of some sizes, and arrows between them."""
    count = draw(st.integers(1, 9))
    sizes = st.floats(10, 300)
    nodes = [Node(draw(sizes), draw(sizes)) for _ in range(count)]
    places = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    pairs = draw(st.lists(places, max_size=16, unique=True))
    if not circles:
        pairs = [(i, j) for i, j in pairs if i < j]
    return nodes, [Edge(nodes[i], nodes[j]) for i, j in pairs]


def apart(one, other):
    return (
        abs(one.x - other.x) >= (one.width + other.width) / 2 - 1e-6
        or abs(one.y - other.y) >= (one.height + other.height) / 2 - 1e-6
    )


def inside(node, x, y):
    """Whether a point is in a box, and not only at its border."""
    return (
        abs(x - node.x) < node.width / 2 - 1e-6
        and abs(y - node.y) < node.height / 2 - 1e-6
    )


def along(points):
    """Many points of an arrow, bends included (between their ends, at most)."""
    for (x0, y0), (x1, y1) in pairwise(points):
        for k in range(21):
            t = k / 20
            # A bend with upright ends: its height is that of the cubic with both middle
            # points halfway, its side goes from one end to the other.
            u = 3 * t * t - 2 * t**3
            y = y0 + (y1 - y0) * (1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t**3)
            yield x0 + u * (x1 - x0), y


@settings(max_examples=150, deadline=None)
@given(graphs(circles=True))
def test_nothing_overlaps_and_all_is_on_the_sheet(graph):
    nodes, edges = graph
    width, height = arrange(nodes, edges)
    assert all(apart(one, other) for one, other in combinations(nodes, 2))
    for node in nodes:
        assert (
            -1e-6 <= node.x - node.width / 2 <= node.x + node.width / 2 <= width + 1e-6
        )
        assert node.y - node.height / 2 >= -1e-6
        assert node.y + node.height / 2 <= height + 1e-6
    for edge in edges:
        assert all(-1e-6 <= x <= width + 1e-6 for x, _ in edge.points)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_arrows_go_down_from_box_to_box_and_through_none(graph):
    nodes, edges = graph
    arrange(nodes, edges)
    for edge in edges:
        source, target, points = edge.source, edge.target, edge.points
        assert points[0] == (source.x, source.y + source.height / 2)
        assert points[-1] == (target.x, target.y - target.height / 2)
        assert all(y0 <= y1 + 1e-9 for (_, y0), (_, y1) in pairwise(points))
        for x, y in along(points):
            assert not any(inside(node, x, y) for node in nodes)


def test_a_chain_is_straight():
    nodes = [Node(width, 20) for width in (50, 200, 10, 120)]
    edges = [Edge(a, b) for a, b in pairwise(nodes)]
    width, height = arrange(nodes, edges)
    assert width == 200
    assert height == 4 * 20 + 3 * BELOW
    assert [node.x for node in nodes] == pytest.approx([100] * 4)


def test_inputs_stand_right_above_what_needs_them():
    first, second, third, late = (Node(50, 20) for _ in range(4))
    pairs = [(first, second), (second, third), (late, third)]
    arrange([first, late, second, third], [Edge(*pair) for pair in pairs])
    assert late.y == second.y


def test_crossings_are_undone():
    a, b, c, d = nodes = [Node(50, 20) for _ in range(4)]
    arrange(nodes, [Edge(a, d), Edge(b, c)])
    assert (a.x < b.x) == (d.x < c.x)


def test_an_arrow_over_three_ranks_is_straight_beside_them():
    nodes = [Node(100, 20) for _ in range(5)]
    skip = Edge(nodes[0], nodes[-1])
    arrange(nodes, [*(Edge(a, b) for a, b in pairwise(nodes)), skip])
    assert len({x for x, _ in skip.points[2:-2]}) == 1


def test_circles_are_drawn_upwards():
    a, b = Node(50, 20), Node(50, 20)
    there, back, itself = edges = [Edge(a, b), Edge(b, a), Edge(a, a)]
    arrange([a, b], edges)
    assert there.points[0][1] < there.points[-1][1]
    assert back.points == there.points[::-1]
    assert len(itself.points) == 3


def test_points_that_stay_in_the_first_and_last_rank():
    gate, exit_ = Node(first=True), Node(last=True)
    a, b, c = (Node(50, 20) for _ in range(3))
    edges = [Edge(gate, b), Edge(a, b), Edge(a, exit_), Edge(b, c)]
    _, height = arrange([gate, a, b, c, exit_], edges)
    assert (gate.y, exit_.y) == (0, height)
