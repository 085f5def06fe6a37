"""The Fourier transforms of NumPy.

A transform is linear and its matrix symmetric: back through ``fft`` goes an ``fft``.
Transforms over several axes are one-dimensional ones in turn, as in NumPy itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.complexes import conj, like
from tinygrad_lr.autodiff.rules import Function, composition, rule

#: Where one direction divides by n, the way back has to, and the other way round.
OPPOSITE: dict[Any, Any] = {
    None: "forward", "backward": "forward", "ortho": "ortho",
    "forward": "backward",
}  # fmt: skip


def resized(x: Any, n: int, axis: int) -> Any:
    """Cut an axis to length ``n``, or fill it up with zeros."""
    have = x.shape[axis]
    x = np.moveaxis(x, axis, -1)
    if have > n:
        x = x[..., :n]
    elif have < n:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, n - have)])
    return np.moveaxis(x, -1, axis)


def itself(transform: Function) -> Function:
    """The gradient of a transform whose matrix is symmetric."""

    def vjp(
        g: Any, out: Any, x: Any, n: int | None = None, axis: int = -1, norm: Any = None
    ) -> Any:
        d = transform(g, axis=axis, norm=norm)
        return like(resized(d, x.shape[axis], axis), x)

    return vjp


def rfft_rule(
    g: Any, out: Any, x: Any, n: int | None = None, axis: int = -1, norm: Any = None
) -> Any:
    n = x.shape[axis] if n is None else n
    d = np.real(np.fft.fft(resized(g, n, axis), axis=axis, norm=norm))
    return resized(d, x.shape[axis], axis)


def irfft_rule(
    g: Any, out: Any, x: Any, n: int | None = None, axis: int = -1, norm: Any = None
) -> Any:
    """Each number but the first and the middle one stands for its mirror image, too."""
    n = out.shape[axis]
    d = conj(np.fft.rfft(g, axis=axis, norm=OPPOSITE[norm]))
    twice = np.full(n // 2 + 1, 2, g.dtype)
    twice[0] = 1
    if n % 2 == 0:
        twice[-1] = 1
    d = np.moveaxis(np.moveaxis(d, axis, -1) * twice, -1, axis)
    return like(resized(d, x.shape[axis], axis), x)


rule(np.fft.fft, itself(np.fft.fft))
rule(np.fft.ifft, itself(np.fft.ifft))
rule(np.fft.rfft, rfft_rule)
rule(np.fft.irfft, irfft_rule)


def opposite(norm: Any) -> Any:
    """The norm of the other direction; what is none, NumPy calls by its name."""
    return OPPOSITE.get(norm, norm)


@composition(np.fft.hfft)
def hfft(x: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    return np.fft.irfft(np.conjugate(x), n, axis, norm=opposite(norm))


@composition(np.fft.ihfft)
def ihfft(x: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conjugate(np.fft.rfft(x, n, axis, norm=opposite(norm)))


# -- several axes ----------------------------------------------------------------------


def planned(x: Any, s: Any, axes: Any) -> list[tuple[int, int]]:
    """The length, that of ``x`` where none is given, and number of each axis."""
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(-x.ndim, 0)
    axes = list(axes)
    lengths = [-1] * len(axes) if s is None else list(s)
    if len(lengths) != len(axes):
        raise ValueError(
            f"Fourier transform: s={s} has {len(lengths)} lengths, for {len(axes)} "
            "axes."
        )
    return [
        (x.shape[axis] if n == -1 else n, axis)
        for n, axis in zip(lengths, axes, strict=True)
    ]


def in_turn(transform: Function) -> Callable[..., Any]:
    """A transform over several axes, the last one first."""

    def several(x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        for n, axis in reversed(planned(x, s, axes)):
            x = transform(x, n=n, axis=axis, norm=norm)
        return x

    return several


def two(transform: Function) -> Callable[..., Any]:
    """A transform over two axes, by default the last ones."""

    def plane(x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
        return transform(x, s=s, axes=axes, norm=norm)

    return plane


composition(np.fft.fftn)(in_turn(np.fft.fft))
composition(np.fft.ifftn)(in_turn(np.fft.ifft))


@composition(np.fft.rfftn)
def rfftn(x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    plan = planned(x, s, axes)
    n, last = plan[-1]
    x = np.fft.rfft(x, n, last, norm=norm)
    for n, axis in plan[:-1]:
        x = np.fft.fft(x, n, axis, norm=norm)
    return x


@composition(np.fft.irfftn)
def irfftn(x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    plan = planned(x, s, axes)
    n, last = plan[-1]
    if s is None:  # of a spectrum of n // 2 + 1 numbers
        n = 2 * (n - 1)
    for length, axis in plan[:-1]:
        x = np.fft.ifft(x, length, axis, norm=norm)
    return np.fft.irfft(x, n, last, norm=norm)


composition(np.fft.fft2)(two(np.fft.fftn))
composition(np.fft.ifft2)(two(np.fft.ifftn))
composition(np.fft.rfft2)(two(np.fft.rfftn))
composition(np.fft.irfft2)(two(np.fft.irfftn))


@composition(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    return shifted(x, axes, lambda n: n // 2)


@composition(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    return shifted(x, axes, lambda n: -(n // 2))


def shifted(x: Any, axes: Any, by: Callable[[int], int]) -> Any:
    """Roll each axis by a share of its length."""
    if axes is None:
        axes = range(x.ndim)
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    return np.roll(x, tuple(by(x.shape[axis]) for axis in axes), axes)
