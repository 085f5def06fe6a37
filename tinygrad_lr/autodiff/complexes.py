"""Complex numbers: how gradients pass through them on their way from reals to a real.

Only real numbers are differentiated by, and only real losses; between the two, numbers
may be complex. For z = x + iy, ``g`` then stands for dL/dx - i dL/dy, so that dL =
Re(g dz): with this convention every analytic function keeps its rule, and the rows here
are those that read the two parts apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.rules import composition, constant, primitive, rule

# -- one number, two parts -------------------------------------------------------------


@primitive
def complex_of(x: Any, y: Any) -> Any:
    """x + iy: the complex numbers with these real and imaginary parts."""
    return x + 1j * y


def conj(x: Any) -> Any:
    """The complex conjugate; real numbers as they are, without a call."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def like(g: Any, x: Any) -> Any:
    """The part of the gradient ``g`` that concerns ``x``: the real one of reals."""
    return np.real(g) if g.dtype.kind == "c" and x.dtype.kind != "c" else g


def imaginary(g: Any, out: Any, x: Any) -> Any:
    return complex_of(np.zeros_like(g), -g) if x.dtype.kind == "c" else g * 0


rule(
    complex_of,
    lambda g, out, x, y: np.real(g),
    lambda g, out, x, y: -np.imag(g),
)
rule(np.real, lambda g, out, x: g)
rule(np.imag, imaginary)
rule(np.conjugate, lambda g, out, x: conj(g))
rule(np.real_if_close, lambda g, out, x, tol=100: like(g, x))
constant(np.iscomplex, np.isreal)


@composition(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    radians = np.arctan2(np.imag(z), np.real(z))
    return radians * (180 / math.pi) if deg else radians
