"""The reverse pass: from a result back to everything it was computed from.

A *node* here is anything with ``parents`` (the nodes it was computed from), ``order``
(larger for what was made later) and ``pull(g, needed)``, which turns the gradient of
the node into gradients of its parents. With these three alone :func:`reverse` applies
the chain rule to a graph of any shape and depth; it has never heard of arrays that know
their history.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from operator import attrgetter
from typing import Any, Protocol

import numpy as np


class Node(Protocol):
    """What the reverse pass asks of a value with a history."""

    @property
    def parents(self) -> tuple[Any, ...]: ...

    @property
    def order(self) -> int: ...

    def pull(self, g: Any, needed: Container[int]) -> Iterable[tuple[Any, Any]]: ...


def history(roots: Iterable[Any]) -> list[Any]:
    """Return every node the roots depend on, oldest first.

    A value is made after the values it is computed from, so the order of creation *is*
    a topological order: a walk finds the nodes, a sort puts them in order, and nothing
    recurses.
    """
    found: dict[int, Any] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack.extend(node.parents)
    return sorted(found.values(), key=attrgetter("order"))


def reverse(
    seeds: Sequence[tuple[Node, Any]], wanted: Iterable[Node] | None = None
) -> list[tuple[Any, Any]]:
    """Carry the gradients in ``seeds`` back through the graph (reverse accumulation).

    ``seeds`` pairs each result with the gradient it starts from. Returns pairs (node,
    gradient) for the ``wanted`` nodes that the results depend on, or, without
    ``wanted``, for every leaf. A node that is used several times receives the sum over
    its uses; only paths that lead to a wanted node are walked.

    Source: Linnainmaa, "Taylor expansion of the accumulated rounding error", BIT 16
    (1976).
    """
    nodes = history(node for node, _ in seeds)
    if wanted is None:
        needed = {id(node) for node in nodes}
        targets = {id(node) for node in nodes if not node.parents}
    else:
        targets = {id(node) for node in wanted}
        needed = set(targets)
        for node in nodes:
            if any(id(parent) in needed for parent in node.parents):
                needed.add(id(node))

    gradients: dict[int, Any] = {}
    for node, g in seeds:
        known = gradients.get(id(node))
        gradients[id(node)] = g if known is None else known + g
    found = []
    for node in reversed(nodes):
        key = id(node)
        g = gradients.pop(key, None)
        if g is None or key not in needed:
            continue
        if key in targets:
            found.append((node, g))
        for parent, d in node.pull(g, needed):
            key = id(parent)
            known = gradients.get(key)  # added to, never in place: d may be a view
            gradients[key] = d if known is None else known + d
    return found


def fit(g: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Give the gradient ``g`` the shape and dtype of the argument it belongs to.

    What the function broadcast is summed, what it reduced is broadcast back, and a real
    argument among complex numbers gets the real part, so that a rule needs to hold
    calculus only.
    """
    if g.shape != shape:
        surplus = tuple(range(g.ndim - len(shape)))
        if surplus:
            g = np.sum(g, axis=surplus)
        stretched = tuple(
            axis
            for axis, (have, want) in enumerate(zip(g.shape, shape, strict=False))
            if want == 1 and have != 1
        )
        if stretched and g.ndim == len(shape):
            g = np.sum(g, axis=stretched, keepdims=True)
        if g.shape != shape:
            g = np.broadcast_to(g, shape)
    if g.dtype != dtype:
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = np.real(g)  # dL = Re(g dz), and dz is real: docs/decisions/0011
        g = g.astype(dtype)
    return g
