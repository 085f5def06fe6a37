"""Derivatives as functions of functions: ``grad(f)`` is a function, and so is
``grad(grad(f))``.

Each transform makes its arguments the leaves of a new graph, calls ``f`` once and runs
the reverse pass. Arguments and results may be any nesting of tuples, lists and dicts;
arrays in give arrays out, Tensors in give Tensors out, and those can be differentiated
further.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.engine import history
from tinygrad_lr.autodiff.tensor import Tensor, enable_grad, mode, pull_back
from tinygrad_lr.autodiff.trees import leaves, rebuild, transform

Argnums = int | Sequence[int]


class Leaves:
    """The arguments of one derivative, as fresh leaves of a graph of their own.

    A Tensor is copied by a step of its own history, so that the inner derivative can
    tell its argument from the outer one, and the outer derivative still sees through
    it. Outer Tensors may also come in by closure; then the results are Tensors, too.
    """

    def __init__(self, primals: Any) -> None:
        self.primals = primals
        originals = leaves(primals)
        self.on_tensors = any(isinstance(x, Tensor) for x in originals)
        self.nested = mode.tapes > 0 or carry_gradients(originals)
        self.tensors = [fresh(x) for x in originals]
        self.tree = rebuild(primals, self.tensors)

    def pull(
        self, results: Any, seeds: Any, create_graph: bool | None = None
    ) -> list[Any]:
        """Return a gradient for every leaf, zeros for those that do not matter."""
        nested = self.nested if create_graph is None else create_graph
        pairs = [
            (result, seed)
            for result, seed in zip(results, seeds, strict=True)
            if isinstance(result, Tensor) and result.requires_grad
        ]
        found = pull_back(
            [r for r, _ in pairs], [s for _, s in pairs], self.tensors, nested
        )
        gradients = {id(leaf): g for leaf, g in found}
        return [
            gradients[id(x)] if id(x) in gradients else np.zeros_like(x.data)
            for x in self.tensors
        ]

    def hand_out(self, values: Sequence[Any]) -> Any:
        """Put gradients into the nesting of the arguments, as arrays or as Tensors."""
        return rebuild(self.primals, self.settle(values))

    def settle(self, values: Sequence[Any]) -> list[Any]:
        """Return arrays if arrays came in, unless an outer derivative looks through."""
        own = {id(x) for x in self.tensors}
        as_tensor = self.on_tensors
        return [hand_out(v, as_tensor or reaches_others(v, own)) for v in values]

    def settle_tree(self, tree: Any) -> Any:
        """Settle a result of the function, in its own nesting."""
        return rebuild(tree, self.settle(leaves(tree)))


def carry_gradients(values: Sequence[Any]) -> bool:
    """Whether a derivative may be asked with respect to something behind ``values``."""
    return any(isinstance(x, Tensor) and x.requires_grad for x in values)


def reaches_others(value: Any, own: Container[int]) -> bool:
    """Whether ``value`` was computed from a leaf of a graph that is not in ``own``."""
    if not mode.tapes or not isinstance(value, Tensor) or not value.requires_grad:
        return False
    return any(not x.parents and id(x) not in own for x in history([value]))


def fresh(x: Any) -> Tensor:
    """Return a Tensor to differentiate by, equal to ``x``."""
    if isinstance(x, Tensor) and x.requires_grad:
        with enable_grad():
            return x.copy()
    return Tensor(x, requires_grad=True)


def hand_out(value: Any, as_tensor: bool) -> Any:
    """Return ``value`` as a Tensor or as an array."""
    if as_tensor:
        return Tensor.of(value)
    return value.data.copy() if isinstance(value, Tensor) else np.array(value)


def scalar(value: Any, name: str) -> Any:
    """Check that ``value`` is one number, as a gradient needs it."""
    value = Tensor.of(value)
    if value.size != 1:
        raise ValueError(
            f"{name} needs a function with one number as result, got shape "
            f"{value.shape}. Reduce it with .sum() or .mean(), or use jacobian or vjp."
        )
    return value


def split_arguments(args: tuple[Any, ...], argnums: Argnums) -> Any:
    """Return the arguments at ``argnums``: one, or a tuple of several."""
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for position in positions:
        if not -len(args) <= position < len(args):
            raise ValueError(
                f"argnums={argnums} names argument {position}, but the function was "
                f"called with {len(args)} positional arguments."
            )
    return (
        args[argnums] if isinstance(argnums, int) else tuple(args[p] for p in positions)
    )


def join_arguments(args: tuple[Any, ...], argnums: Argnums, chosen: Any) -> list[Any]:
    """Put the chosen arguments back between the others."""
    joined = list(args)
    if isinstance(argnums, int):
        joined[argnums] = chosen
    else:
        for position, value in zip(argnums, chosen, strict=True):
            joined[position] = value
    return joined


class Taping:
    """While a derivative is being taken, weights may not silently become arrays."""

    def __enter__(self) -> None:
        mode.tapes += 1

    def __exit__(self, *exc: object) -> None:
        mode.tapes -= 1


def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``function`` so that its history is remembered."""
    with enable_grad(), Taping():
        return function(*args, **kwargs)


def value_and_grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes (value, gradient) of ``function``.

    The gradient is with respect to the positional arguments ``argnums`` and has their
    nesting and shapes. With ``has_aux`` the function returns (value, anything), and the
    result is ((value, anything), gradient). Raises ``ValueError`` if the value is not
    one number.

        >>> value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
        (array(5.), array([2., 4.]))
    """

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        chosen = Leaves(split_arguments(args, argnums))
        result = run(function, *join_arguments(args, argnums, chosen.tree), **kwargs)
        value, aux = result if has_aux else (result, None)
        value = scalar(value, "grad")
        gradient = chosen.hand_out(chosen.pull([value], [None]))
        value = chosen.settle_tree(value)
        if not has_aux:
            return value, gradient
        return (value, transform(lambda a: settle(a, chosen), aux)), gradient

    return differentiated


def settle(value: Any, chosen: Leaves) -> Any:
    """Hand out a side result: Tensors like the main result, all else as it is."""
    return chosen.settle_tree(value) if isinstance(value, Tensor) else value


def grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return the gradient of ``function``: a function of the same arguments.

    ``function`` takes any nesting of arrays and returns one number; see
    :func:`value_and_grad` for ``argnums`` and ``has_aux`` (which gives (gradient,
    anything)).

        >>> grad(np.tanh)(np.array(0.0))
        array(1.)
        >>> grad(grad(lambda x: x**3))(np.array(2.0))
        array(12.)
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def vjp(
    function: Callable[..., Any], *primals: Any
) -> tuple[Any, Callable[[Any], Any]]:
    """Return ``function(*primals)`` and its pullback (vector-Jacobian product).

    The pullback takes a cotangent with the nesting of the result and returns a tuple
    with one gradient per argument; it may be called any number of times.

        >>> out, pullback = vjp(np.multiply, np.array(2.0), np.array(5.0))
        >>> out, pullback(np.array(1.0))
        (array(10.), (array(5.), array(2.)))
    """
    chosen = Leaves(primals)
    out = run(function, *chosen.tree)

    def pullback(cotangent: Any) -> Any:
        seeds = leaves(cotangent)
        nested = chosen.nested or carry_gradients(seeds)
        return chosen.hand_out(chosen.pull(leaves(out), seeds, create_graph=nested))

    return chosen.settle_tree(out), pullback


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Return ``function(*primals)`` and its derivative along ``tangents``
    (Jacobian-vector).

    Two reverse passes and no rule of its own: the pullback J^T u is linear in u, so the
    gradient of <J^T u, t> with respect to u is J t.

        >>> jvp(np.sin, (np.array(0.0),), (np.array(3.0),))
        (array(0.), array(3.))

    Source: Townsend, "A new trick for calculating Jacobian vector products" (2017).
    """
    chosen = Leaves(tuple(primals))
    out = run(function, *chosen.tree)
    results = [Tensor.of(r) for r in leaves(out)]
    seeds = [Tensor(np.zeros_like(r.data), requires_grad=True) for r in results]
    directions = [
        t if isinstance(t, Tensor) else np.asarray(t, x.dtype)
        for t, x in zip(leaves(tuple(tangents)), chosen.tensors, strict=True)
    ]
    with enable_grad():
        pulled = chosen.pull(results, seeds, create_graph=True)
    moving = [
        (p, t)
        for p, t in zip(pulled, directions, strict=True)
        if isinstance(p, Tensor) and p.requires_grad
    ]
    nested = chosen.nested or carry_gradients(directions)
    found = pull_back([p for p, _ in moving], [t for _, t in moving], seeds, nested)
    rates = {id(seed): g for seed, g in found}
    values = [rates[id(s)] if id(s) in rates else np.zeros_like(s.data) for s in seeds]
    chosen.tensors += seeds  # leaves of this derivative as well
    return chosen.settle_tree(out), rebuild(out, chosen.settle(values))


def jacobian(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return the Jacobian of ``function``: shape (result shape) + (argument shape).

    One reverse pass per element of the result. For nested arguments or results the
    Jacobian has the nesting of the result, with the nesting of the argument inside.

        >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        chosen = Leaves(split_arguments(args, argnums))
        out = run(function, *join_arguments(args, argnums, chosen.tree), **kwargs)
        blocks = []
        for result in leaves(out):
            result = Tensor.of(result)
            rows = []
            for i in range(result.size):
                seed = np.zeros(result.size, result.dtype)
                seed[i] = 1
                rows.append(chosen.pull([result], [np.reshape(seed, result.shape)]))
            per_argument = [
                np.reshape(np.stack([row[k] for row in rows]), result.shape + x.shape)
                if rows
                else np.zeros(result.shape + x.shape, x.dtype)
                for k, x in enumerate(chosen.tensors)
            ]
            blocks.append(chosen.hand_out(per_argument))
        return rebuild(out, blocks)

    return differentiated


def hessian(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return the Hessian of a function with one number as result: jacobian(grad(f)).

    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return a function (*args, vector) that gives the Hessian times ``vector``.

    The Hessian itself is never formed: it is the gradient of <grad f, vector>.
    ``vector`` has the nesting and shapes of the argument.

        >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
        array([6., 0.])

    Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation
    6 (1994).
    """

    def along(*args: Any, vector: Any, **kwargs: Any) -> Any:
        g = grad(function, argnums)(*args, **kwargs)
        return sum(
            (a * b).sum() for a, b in zip(leaves(g), leaves(vector), strict=True)
        )

    @functools.wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *point, vector = args
        return grad(along, argnums)(*point, vector=vector, **kwargs)

    return product
