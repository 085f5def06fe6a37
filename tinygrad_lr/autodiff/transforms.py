"""Derivatives as functions of functions: ``grad(f)`` is a function, and so is
``grad(grad(f))``.

Each transform makes its arguments the leaves of a new graph, calls ``f`` once and runs
the reverse pass. Arguments and results may be any nesting of tuples, lists and dicts;
arrays in give arrays out, Tensors in give Tensors out, and those can be differentiated
further.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.calls import plain, pull_back
from tinygrad_lr.autodiff.engine import ancestors
from tinygrad_lr.autodiff.history import Array
from tinygrad_lr.autodiff.mode import enable_grad, mode
from tinygrad_lr.autodiff.tensor import Tensor
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
        self,
        results: Sequence[Any],
        seeds: Sequence[Any],
        create_graph: bool | None = None,
    ) -> list[Any]:
        """Return a gradient for every leaf, zeros for those that do not matter."""
        nested = self.nested if create_graph is None else create_graph
        found = pull_back([Tensor.of(r) for r in results], seeds, self.tensors, nested)
        gradients = {id(leaf): g for leaf, g in found}
        return [
            gradients[id(x)] if id(x) in gradients else np.zeros_like(x.data)
            for x in self.tensors
        ]

    def settle(self, values: Sequence[Any]) -> list[Any]:
        """Return arrays if arrays came in, unless an outer derivative looks through.

        What was computed from the fresh leaves alone has no history for anyone else.
        """
        own = {id(x) for x in self.tensors}
        found: list[Any] = []
        for value in values:
            others = reaches_others(value, own)
            if self.on_tensors:
                tensor = Tensor.of(value)
                found.append(tensor if self.nested or others else tensor.detach())
            else:
                keep = others and mode.tapes
                found.append(Tensor.of(value) if keep else np.array(plain(value)))
        return found

    def hand_out(self, values: Sequence[Any]) -> Any:
        """Settle gradients, in the nesting of the arguments."""
        return rebuild(self.primals, self.settle(values))

    def settle_tree(self, tree: Any) -> Any:
        """Settle a result of the function, in its own nesting."""
        return rebuild(tree, self.settle(leaves(tree)))

    def settle_aside(self, value: Any) -> Any:
        """Settle a side result if it is a Tensor; leave all else as it is."""
        return self.settle([value])[0] if isinstance(value, Tensor) else value


def carry_gradients(values: Sequence[Any]) -> bool:
    """Whether a derivative may be asked with respect to something behind ``values``."""
    return any(isinstance(x, Tensor) and x.requires_grad for x in values)


def reaches_others(value: Any, own: Container[int]) -> bool:
    """Whether ``value`` was computed from a leaf of a graph that is not in ``own``."""
    if not isinstance(value, Tensor) or not value.requires_grad:
        return False
    return any(
        x.function is None and x.requires_grad and id(x) not in own
        for x in ancestors([value])
    )


def fresh(x: Any) -> Tensor:
    """Return a Tensor to differentiate by, equal to ``x``."""
    if isinstance(x, Tensor) and x.requires_grad:
        with enable_grad():
            return x.copy()
    return Tensor(x, requires_grad=True)


def scalar(value: Any, name: str) -> Any:
    """Check that ``value`` is one real number, as a gradient needs it."""
    number = isinstance(value, int) and not isinstance(value, bool)
    value = Tensor.of(value)
    if value.dtype.kind != "f" and not number:
        raise TypeError(
            f"{name} needs a function with a real number as result, got dtype "
            f"{value.dtype}, which has no slope. Return a float; of complex numbers, "
            "np.real, np.imag or np.abs."
        )
    if value.size != 1:
        raise ValueError(
            f"{name} needs a function with one number as result, got shape "
            f"{value.shape}. Reduce it with .sum() or .mean(), or use jacobian or vjp."
        )
    return value


def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``function`` so that its history is remembered.

    Meanwhile weights may not silently become arrays: see ``Variable.may_unbox``.
    """
    mode.tapes += 1
    try:
        with enable_grad():
            return function(*args, **kwargs)
    finally:
        mode.tapes -= 1


def run_on_leaves(
    function: Callable[..., Any], argnums: Argnums, args: Any, kwargs: Any
) -> tuple[Leaves, Any]:
    """Call ``function`` with the arguments at ``argnums`` as leaves of a graph."""
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for position in positions:
        if not -len(args) <= position < len(args):
            raise ValueError(
                f"argnums={argnums} names argument {position}, but the function was "
                f"called with {len(args)} positional arguments."
            )
    picked = tuple(args[position] for position in positions)
    one = isinstance(argnums, int)
    chosen = Leaves(picked[0] if one else picked)
    joined = list(args)
    new = (chosen.tree,) if one else chosen.tree
    for position, value in zip(positions, new, strict=True):
        joined[position] = value
    return chosen, run(function, *joined, **kwargs)


def basis(x: Tensor) -> Iterator[Array]:
    """Yield arrays like ``x`` with a single 1: one for each row of a Jacobian."""
    for i in range(x.size):
        one = np.zeros(x.shape, x.dtype)
        one.flat[i] = 1
        yield one


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
        chosen, result = run_on_leaves(function, argnums, args, kwargs)
        value, aux = result if has_aux else (result, None)
        value = scalar(value, "grad")
        gradient = chosen.hand_out(chosen.pull([value], [None]))
        value = chosen.settle_tree(value)
        if not has_aux:
            return value, gradient
        return (value, transform(chosen.settle_aside, aux)), gradient

    return differentiated


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
    nested = chosen.nested or carry_gradients(directions)
    found = pull_back([Tensor.of(p) for p in pulled], directions, seeds, nested)
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
        chosen, out = run_on_leaves(function, argnums, args, kwargs)
        blocks = []
        for result in map(Tensor.of, leaves(out)):
            rows = [chosen.pull([result], [seed]) for seed in basis(result)]
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
