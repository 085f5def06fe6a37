"""The reverse pass: from a result back to everything it was computed from.

A *node* here is anything with ``parents`` (the nodes it was computed from), ``order``
(larger for what was made later) and ``pull(g, needed)``, which turns the gradient of
the node into gradients of its parents. With these three alone :func:`reverse` applies
the chain rule to a graph of any shape and depth; it has never heard of arrays that know
their history.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence, Set
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, Protocol

import numpy as np


class Node(Protocol):
    """What the reverse pass asks of a value with a history."""

    @property
    def parents(self) -> Sequence[Any]: ...

    @property
    def order(self) -> int: ...

    def pull(
        self, g: Any, needed: Container[Any] | None
    ) -> Sequence[tuple[Any, Any]]: ...


def reverse(
    seeds: Iterable[tuple[Any, Any]], wanted: Iterable[Node] | None = None
) -> list[tuple[Any, Any]]:
    """Carry the gradients in ``seeds`` back through the graph (reverse accumulation).

    ``seeds`` pairs each result with the gradient it starts from. Returns pairs (node,
    gradient) for the ``wanted`` nodes that the results depend on, or, without
    ``wanted``, for every leaf. A node that is used several times receives the sum over
    its uses; only paths that lead to a wanted node are walked.

    A value is made after the values it is computed from, so the order of creation *is*
    a topological order: when the youngest of the waiting nodes has its turn, nothing
    can add to its gradient any more.

    Source: Linnainmaa, "Taylor expansion of the accumulated rounding error", BIT 16
    (1976).
    """
    needed = None
    if wanted is not None:
        wanted, seeds = set(wanted), list(seeds)
        needed = dependent([node for node, _ in seeds], wanted)
        seeds = [(node, g) for node, g in seeds if node in needed]
    gradients: dict[Node, Any] = {}
    waiting: list[tuple[int, Any]] = []  # a heap, the youngest first
    found: list[tuple[Any, Any]] = []
    arriving: Iterable[tuple[Any, Any]] = seeds
    while True:
        for node, g in arriving:
            known = gradients.get(node)
            if known is None:
                gradients[node] = g
                heappush(waiting, (-node.order, node))
            else:
                gradients[node] = known + g  # never in place: g may be a view
        if not waiting:
            return found
        node = heappop(waiting)[1]
        g = gradients.pop(node)
        arriving = node.pull(g, needed)
        if node in wanted if wanted is not None else not (arriving or node.parents):
            found.append((node, g))


def dependent(results: Iterable[Any], targets: Set[Any]) -> set[Any]:
    """Return the nodes behind the results that lead to one of the targets."""
    needed = set(targets)
    for node in ancestors(results):
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def ancestors(results: Iterable[Any]) -> list[Any]:
    """Return every node the results depend on, oldest first."""
    found: set[Any] = set()
    stack = list(results)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.parents)
    return sorted(found, key=attrgetter("order"))


def fit(g: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Give the gradient ``g`` the shape and dtype of the argument it belongs to.

    What the function broadcast is summed, what it reduced is broadcast back, and a real
    argument among complex numbers gets the real part, so that a rule needs to hold
    calculus only.
    """
    if g.shape != shape:
        surplus = tuple(range(g.ndim - len(shape)))
        if surplus:
            g = np.add.reduce(g, axis=surplus)
        stretched = tuple(
            axis
            for axis, (have, want) in enumerate(zip(g.shape, shape, strict=False))
            if want == 1 and have != 1
        )
        if stretched and g.ndim == len(shape):
            g = np.add.reduce(g, axis=stretched, keepdims=True)
        if g.shape != shape:
            g = np.broadcast_to(g, shape)
    if g.dtype != dtype:
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = np.real(g)  # dL = Re(g dz), and dz is real: docs/decisions/0011
        g = g.astype(dtype)
    return g
