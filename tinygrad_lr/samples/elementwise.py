"""Elementwise functions get arguments by their number and domain.

The shapes broadcast, and some arrays have no elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.rules import RULES, Function
from tinygrad_lr.losses import crossentropy
from tinygrad_lr.samples.numbers import Numbers, Sample, sample

OWN_ELEMENTWISE: dict[Function, int] = {
    functions.sigmoid: 1, functions.log_sigmoid: 1, functions.softplus: 1,
    functions.relu: 1, functions.erf: 1, functions.erfc: 1, functions.erfinv: 1,
    crossentropy.sigmoid_crossentropy: 2, np.copy: 1, np.nan_to_num: 1, np.clip: 3,
    np.where: 3, np.sinc: 1,
}  # fmt: skip

DOMAINS: dict[Function, tuple[float, float]] = {
    np.sqrt: (0.5, 3), np.log: (0.5, 3), np.log2: (0.5, 3), np.log10: (0.5, 3),
    np.log1p: (-0.5, 3), np.reciprocal: (0.5, 3), np.power: (0.5, 2),
    np.float_power: (0.5, 2), np.divide: (0.5, 3), np.hypot: (0.5, 3), np.tan: (-1, 1),
    np.arcsin: (-0.8, 0.8), np.arccos: (-0.8, 0.8), np.arctanh: (-0.8, 0.8),
    np.arccosh: (1.3, 3), functions.erfinv: (-0.8, 0.8), np.remainder: (1.2, 2.8),
    np.fmod: (1.2, 2.8),
}  # fmt: skip

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = {
    np.absolute, np.arctan2, np.cbrt, np.clip, np.conjugate, np.deg2rad, np.degrees,
    np.fabs, np.float_power, np.fmax, np.fmin, np.fmod, np.hypot, np.logaddexp,
    np.logaddexp2, np.maximum, np.minimum, np.rad2deg, np.radians, np.remainder,
    crossentropy.sigmoid_crossentropy, functions.erf, functions.erfc, functions.erfinv,
    functions.log_sigmoid, functions.relu, functions.softplus,
}  # fmt: skip

SHAPES: dict[int, list[tuple[tuple[int, ...], ...]]] = {
    1: [((2, 3),), ((),), ((1,),), ((0, 3),)],
    2: [
        ((2, 3), (2, 3)), ((3, 1), (1, 4)), ((2, 3), (3,)), ((), (2,)), ((), (1,)),
        ((1, 3), (1, 3)), ((0, 3), (3,)), ((0, 3), (1, 1)),
    ],
    3: [
        ((2, 3), (2, 3), (2, 3)), ((2, 1), (3,), ()), ((), (1, 2), (2,)),
        ((0,), (1,), ()),
    ],
}  # fmt: skip


def elementwise(function: Function, arity: int) -> list[Sample]:
    """Samples over broadcasting shapes, 0-d and empty arrays; none is on a kink."""
    draw = Numbers()
    low, high = DOMAINS.get(function, (-2.0, 2.0))
    found = []
    for shapes in SHAPES[arity]:
        args: list[Any] = [draw(*shape, low=low, high=high) for shape in shapes]
        if function is np.where:
            args[0] = args[0] > 0
        elif function is np.clip:
            args[1], args[2] = args[1] / 4 - 1, args[2] / 4 + 1
        found.append(sample(*args))
    return found


def elementwise_samples() -> dict[Function, list[Sample]]:
    """Samples of every elementwise function of the table."""
    arities = dict(OWN_ELEMENTWISE)
    for function in RULES:
        if isinstance(function, np.ufunc) and function.signature is None:
            arities[function] = function.nin
    del arities[np.ldexp]  # which takes an integer
    return {f: elementwise(f, arity) for f, arity in arities.items()}
