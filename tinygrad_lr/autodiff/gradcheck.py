"""The proof: every gradient against differences of the function itself.

Central differences know nothing of rules: they call the function at points nearby, in
float64. Where the function is analytic, the complex step avoids the subtraction and is
exact to the last digits. Order 2 checks the gradient of the gradient in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff.calls import plain
from tinygrad_lr.autodiff.complexes import complex_of
from tinygrad_lr.autodiff.history import Array
from tinygrad_lr.autodiff.mode import no_grad
from tinygrad_lr.autodiff.tensor import Tensor
from tinygrad_lr.autodiff.transforms import Leaves, run
from tinygrad_lr.autodiff.trees import leaves, rebuild

CENTRAL_STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
COMPLEX_STEP = 1e-30


class GradientError(AssertionError):
    """A gradient differs from the numerical one by more than the tolerance."""


class Comparison(NamedTuple):
    """How many numbers were compared, and the worst relative error among them."""

    numbers: int
    worst: float


def gradcheck(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    method: str = "central",
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare the gradients of ``function`` at ``inputs`` with numerical ones.

    Arrays of floats in ``inputs`` (any nesting) are differentiated, and arrays of
    complex numbers by their real and imaginary parts; everything else is passed on. A
    result of several numbers is weighed with fixed random numbers, which
    checks the whole Jacobian at once.

    - ``order=2`` also compares the gradient of the weighed gradient.
    - ``method="central"``: (f(x+h) - f(x-h)) / 2h with h about 6e-6, for any smooth
      function; ``method="complex"``: Im f(x + ih) / h with h = 1e-30, for analytic
      functions.
    - An element passes if |analytic - numeric| <= atol + rtol * |numeric|; the defaults
      are 1e-6 for both with central differences, 1e-12 with the complex step.

    Returns a ``Comparison`` (numbers, worst relative error). Raises
    :class:`GradientError` with function, argument, index, both values and the
    tolerance; ``ValueError`` for an unknown order or method.

        >>> gradcheck(np.tanh, np.array([0.5, -1.0]), method="complex").worst < 1e-12
        True

    Source: Squire and Trapp, "Using complex variables to estimate derivatives of real
    functions", SIAM Review 40 (1998).
    """
    if order not in (1, 2) or method not in ("central", "complex"):
        raise ValueError(
            "gradcheck: expected order 1 or 2 and method 'central' or 'complex', got "
            f"order={order!r}, method={method!r}."
        )
    default = 1e-6 if method == "central" else 1e-12
    rtol = default if rtol is None else rtol
    atol = default if atol is None else atol
    generator = np.random.default_rng(seed)
    name = getattr(function, "__name__", repr(function))
    spots = [i for i, x in enumerate(leaves(inputs)) if is_float(x) or is_complex(x)]
    point: list[Array] = []
    labels: list[str] = []
    for i in spots:
        parts = parts_of(plain(leaves(inputs)[i]))
        point += [np.array(part, np.float64) for part in parts]
        names = ["", ", imaginary part"][: len(parts)]
        labels += [labels_of(inputs)[i] + name for name in names]
    if not point:
        raise ValueError(
            f"gradcheck of {name}: expected at least one array of floats among the "
            "inputs."
        )

    def at(values: Sequence[Any]) -> Any:
        full, rest = leaves(inputs), iter(values)
        for i in spots:
            pair = is_complex(full[i])
            full[i] = complex_of(next(rest), next(rest)) if pair else next(rest)
        return function(*rebuild(inputs, full))

    weights: list[Array] = []

    def weighed(values: Sequence[Any]) -> Any:
        results = [r for r in leaves(at(values)) if is_float(r) or is_complex(r)]
        if method == "central":  # the complex step has an imaginary part of its own
            results = [part for r in results for part in parts_of(r)]
        if not weights:
            weights.extend(generator.uniform(0.5, 1.5, np.shape(r)) for r in results)
        return sum((r * w).sum() for r, w in zip(results, weights, strict=True))

    def analytic(values: Sequence[Any]) -> list[Any]:
        chosen = Leaves(list(values))
        result = Tensor.of(run(weighed, chosen.tree))
        return chosen.pull([result], [None], create_graph=chosen.nested)

    first = compare(name, weighed, analytic, point, labels, method, rtol, atol)
    if order == 1:
        return first
    slopes = [generator.uniform(0.5, 1.5, x.shape) for x in point]

    def along(values: Sequence[Any]) -> Any:
        tracked = [
            x if isinstance(x, Tensor) else Tensor(x, requires_grad=True)
            for x in values
        ]
        return sum(
            (Tensor.of(g) * s).sum()
            for g, s in zip(analytic(tracked), slopes, strict=True)
        )

    def second(values: Sequence[Any]) -> list[Any]:
        chosen = Leaves(list(values))
        return chosen.pull([Tensor.of(run(along, chosen.tree))], [None])

    again = compare(
        f"the gradient of {name}",
        along,
        second,
        point,
        labels,
        "central",
        max(rtol, 1e-6),
        max(atol, 1e-6),
    )
    return Comparison(first.numbers + again.numbers, max(first.worst, again.worst))


def labels_of(inputs: tuple[Any, ...]) -> list[str]:
    """Name each leaf of the inputs by its argument, and by its place inside it."""
    return [
        str(i) if argument is leaf else f"{i} (leaf {k})"
        for i, argument in enumerate(inputs)
        for k, leaf in enumerate(leaves(argument))
    ]


def is_float(x: Any) -> bool:
    """Whether ``x`` can be differentiated by: real floats, not integers or options."""
    return isinstance(x, float) or (hasattr(x, "dtype") and x.dtype.kind == "f")


def is_complex(x: Any) -> bool:
    """Whether ``x`` is complex, and so a pair of real numbers to differentiate by."""
    return isinstance(x, complex) or (hasattr(x, "dtype") and x.dtype.kind == "c")


def parts_of(x: Any) -> list[Any]:
    """A real value as it is, a complex one as its real and its imaginary part."""
    return [np.real(x), np.imag(x)] if is_complex(x) else [x]


def compare(
    name: str,
    function: Callable[[Sequence[Any]], Any],
    analytic: Callable[[Sequence[Any]], list[Any]],
    point: list[Array],
    labels: list[str],
    method: str,
    rtol: float,
    atol: float,
) -> Comparison:
    """Compare a gradient with a numerical one, element by element."""
    gradients = [np.asarray(plain(g)) for g in analytic(point)]
    worst, count = 0.0, 0
    for argument, x in enumerate(point):
        for index in np.ndindex(x.shape):
            numeric = slope(function, point, argument, index, method)
            value = float(gradients[argument][index])
            error = abs(value - numeric)
            allowed = atol + rtol * abs(numeric)
            if not error <= allowed:
                raise GradientError(
                    f"{name}: gradient with respect to argument {labels[argument]} at "
                    f"index {index}: analytic {value!r}, numeric {numeric!r}, "
                    f"difference {error:.3g}, allowed {allowed:.3g} "
                    f"(atol {atol:g} + rtol {rtol:g} x |numeric|)."
                )
            count += 1
            worst = max(worst, error / max(1.0, abs(numeric)))
    return Comparison(count, worst)


def slope(
    function: Callable[[Sequence[Any]], Any],
    point: list[Array],
    argument: int,
    index: tuple[int, ...],
    method: str,
) -> float:
    """The derivative of ``function`` by one number of its arguments, by differences."""

    def moved(step: complex) -> Any:
        shifted = list(point)
        kind = np.complex128 if method == "complex" else np.float64
        shifted[argument] = point[argument].astype(kind)
        shifted[argument][index] += step
        with no_grad():
            return plain(Tensor.of(function([Tensor(x) for x in shifted]))).item()

    if method == "complex":
        return float(moved(1j * COMPLEX_STEP).imag / COMPLEX_STEP)
    h = CENTRAL_STEP * max(1.0, abs(float(point[argument][index])))
    return float((moved(h) - moved(-h)) / (2 * h))
