"""The calls at which every row of the rule table is checked: see ``check``.

Elementwise functions get arguments by their number and domain, over shapes that
broadcast and arrays without elements; functions that move, join or contract get them by
hand.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff import complexes, functions
from tinygrad_lr.autodiff.rules import CONSTANTS, RULES, Function
from tinygrad_lr.autodiff.tensor import Array
from tinygrad_lr.losses import crossentropy


class Sample(NamedTuple):
    """One call at which a row is checked."""

    args: tuple[Any, ...]
    options: dict[str, Any]


def sample(*args: Any, **options: Any) -> Sample:
    """Write a sample as the call is written, without the function."""
    return Sample(args, options)


# -- elementwise functions: samples by number of arguments and by domain ---------------

OWN_ELEMENTWISE: dict[Function, int] = {
    functions.sigmoid: 1, functions.log_sigmoid: 1, functions.softplus: 1,
    functions.relu: 1, functions.erf: 1, functions.erfc: 1, functions.erfinv: 1,
    crossentropy.sigmoid_crossentropy: 2, np.copy: 1, np.nan_to_num: 1, np.clip: 3,
    np.where: 3,
}  # fmt: skip

DOMAINS: dict[Function, tuple[float, float]] = {
    np.sqrt: (0.5, 3), np.log: (0.5, 3), np.log2: (0.5, 3), np.log10: (0.5, 3),
    np.log1p: (-0.5, 3), np.reciprocal: (0.5, 3), np.power: (0.5, 2),
    np.float_power: (0.5, 2), np.divide: (0.5, 3), np.hypot: (0.5, 3), np.tan: (-1, 1),
    np.arcsin: (-0.8, 0.8), np.arccos: (-0.8, 0.8), np.arctanh: (-0.8, 0.8),
    np.arccosh: (1.3, 3), functions.erfinv: (-0.8, 0.8), np.remainder: (1.2, 2.8),
    np.fmod: (1.2, 2.8),
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

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = {
    np.absolute, np.arctan2, np.bincount, np.cbrt, np.clip, np.deg2rad, np.degrees,
    np.fabs, np.float_power, np.fmax, np.fmin, np.fmod, np.full_like, np.hypot,
    np.linalg.cholesky, np.linalg.norm, np.linalg.slogdet, np.logaddexp, np.logaddexp2,
    np.maximum, np.minimum, np.ptp, np.rad2deg, np.radians, np.remainder, np.sort,
    np.std, np.var, np.real, np.imag, np.conjugate, np.angle, np.real_if_close,
    complexes.complex_of, *(getattr(np.fft, name) for name in np.fft.__all__
                            if not name.endswith("freq")), crossentropy.sigmoid_crossentropy, functions.astype, functions.erf,
    functions.erfc, functions.erfinv, functions.log_sigmoid, functions.logabsdet,
    functions.relu, functions.softplus,
}  # fmt: skip

#: Functions of symmetric matrices: elements are moved with their mirror images.
SYMMETRIC: set[Function] = {np.linalg.cholesky}


class Numbers:
    """Draws arrays for samples: fixed, without zeros or ties, where slopes may jump."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(7)

    def __call__(self, *shape: int, low: float = -2, high: float = 2) -> Array:
        """Return shuffled values spread evenly over (low, high)."""
        size = int(np.prod(shape))
        steps = (np.arange(size) + self.generator.uniform(0.3, 0.7)) / max(size, 1)
        return self.generator.permutation(low + (high - low) * steps).reshape(shape)

    def regular(self, *shape: int) -> Array:
        """Return well-conditioned matrices."""
        return self(*shape) + 3 * np.eye(shape[-1])

    def positive(self, *shape: int) -> Array:
        """Return symmetric positive definite matrices."""
        m = self(*shape)
        return m @ np.swapaxes(m, -1, -2) + np.eye(shape[-1])


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


# -- all other functions: samples by hand ----------------------------------------------


def by_hand() -> dict[str, dict[Function, list[Sample]]]:
    """Samples of functions with a structure of their own, in families."""
    a = Numbers()
    s = sample
    v, w = a(4), a(4)
    m, n, c = a(3, 4), a(4, 2), a(2, 3, 4)
    none, row = a(0, 3), a(1, 3)
    z = a(3, 4) + 1j * a(3, 4)
    square, batch = a.regular(3, 3), a.regular(2, 3, 3)
    zeros = np.array([[0.0, 2.0, 3.0], [0.0, 1.5, 0.0]])  # one and two per line
    index = (np.array([0, 2, 0]), np.array([1, 1, 1]))
    reduced = [
        s(v), s(m, axis=0), s(m, axis=-1, keepdims=True), s(c, axis=(0, -1)), s(c),
        s(c, axis=(0, 2), keepdims=True), s(c, axis=1), s(none, axis=1), s(row, axis=0),
        s(a()),
    ]  # fmt: skip
    running = [
        s(v),
        s(m),
        s(m, axis=0),
        s(c, axis=-2),
        s(none, axis=0),
        s(zeros, axis=1),
    ]
    softened = [s(m), s(m, axis=0), s(c, axis=(0, 1)), s(none), s(v)]
    spread = [s(m, axis=1, ddof=1), s(c, axis=(0, -1), ddof=1, keepdims=True)]
    ordered = [s(v), s(m, axis=0), s(m, axis=None), s(c, axis=-2)]
    products = [
        s(m, n),
        s(v, w),
        s(m, v),
        s(v, n),
        s(none, a(3, 2)),
        s(a(2, 0), a(0, 3)),
    ]
    return {
        "reductions": {
            np.sum: [*reduced, s(none, axis=0), s(none)], np.mean: reduced,
            np.max: reduced, np.min: reduced, np.amax: reduced, np.amin: reduced,
            np.ptp: [q for q in reduced if q.args[0].ndim],
            np.prod: [*reduced, s(zeros), s(zeros, axis=1), s(none, axis=0)],
            np.var: [*reduced, *spread], np.std: [s(m), s(m, axis=0), *spread],
            np.average: [
                s(m), s(m, axis=0), s(m, axis=1, weights=a(4, low=1)),
                s(c, weights=abs(c)),
            ],
            np.cumsum: running, np.cumprod: running,
            np.diff: [s(v), s(m, n=2), s(c, axis=1)],
        },
        "shapes": {
            np.reshape: [
                s(m, (2, 6)), s(c, -1), s(m, (4, 3), order="F"), s(none, (3, 0)),
            ],
            np.ravel: [s(m), s(m, order="F"), s(none), s(a())],
            np.expand_dims: [s(m, 0), s(m, -1), s(v, (0, 2))],
            np.squeeze: [s(row), s(row, axis=0), s(a(1, 2, 1), axis=(0, -1))],
            np.atleast_1d: [s(a()), s(v)], np.atleast_2d: [s(a()), s(v), s(m)],
            np.atleast_3d: [s(a()), s(v), s(m), s(c)],
            np.transpose: [s(m), s(c), s(c, (2, 0, 1)), s(c, axes=(-1, 0, 1)), s(v)],
            np.swapaxes: [s(c, 0, -1)], np.matrix_transpose: [s(m), s(c)],
            np.moveaxis: [s(c, 0, -1), s(c, (0, 1), (2, 0))],
            np.broadcast_to: [
                s(row, (2, 1, 3)), s(a(), (2,)), s(row, (0, 3)), s(row, (1, 3)),
            ],
            np.concatenate: [
                s([m, m]), s([m, a(3, 1), row.T], axis=-1), s([v, m], axis=None),
                s([none, row]),
            ],
            np.stack: [s([v, w]), s([m, 2 * m], axis=-1), s((v, v, w), axis=1)],
            np.vstack: [s([v, w]), s([m, a(1, 4)])],
            np.hstack: [s([v, a(2)]), s([m, m])], np.dstack: [s([v, w]), s([m, m])],
            np.column_stack: [s([v, w]), s([n, v])],
            np.split: [s(v, 2), s(m, [1, 3], axis=1), s(m, 2, axis=-1)],
            np.array_split: [s(v, 3), s(m, 3, axis=1)], np.hsplit: [s(m, 2), s(v, 2)],
            np.vsplit: [s(m, [1])],
            np.tile: [s(v, 2), s(m, (2, 1)), s(v, (2, 1, 2)), s(row, 0)],
            np.repeat: [s(v, 2), s(m, [1, 0, 2], axis=0), s(c, 2, axis=-1)],
            np.roll: [s(v, 1), s(m, -1, axis=1), s(c, (1, 2), axis=(0, 2)), s(m, 2)],
            np.flip: [s(m), s(m, axis=0), s(c, axis=(0, -1))], np.fliplr: [s(m)],
            np.flipud: [s(m)],
            np.rot90: [s(m), s(m, k=-1), s(c, k=3, axes=(1, 2))],
            np.pad: [
                s(v, 1), s(m, (1, 2)), s(m, ((0, 1), (2, 0)), constant_values=1.0),
                s(m, 2, mode="edge"), s(m, 2, mode="reflect"),
                s(m, 4, mode="symmetric"), s(m, ((1, 0), (3, 3)), mode="wrap"),
                s(none, 1),
            ],
            np.full_like: [s(m, a()), s(m, a(4))],
            functions.astype: [s(m, np.dtype("float64"))],
        },
        "indexing": {
            functions.getitem: [
                s(m, 1), s(m, (slice(None), -1)),
                s(m, (Ellipsis, None, slice(3, None, -2))), s(m, index),
                s(m, np.array([0, 0, 2])), s(m, m > 0), s(v, ()),
                s(c, (0, slice(None), np.array([[1, 1]]))), s(m, slice(0, 0)),
            ],
            functions.lookup: [s(m, np.array([[0, 2], [2, 1]])), s(v, np.array(3))],
            functions.scatter_add: [
                s(v, slice(1, 5), (6,)), s(a(3), index, (3, 2)),
                s(a(2, 4), (1,), (3, 2, 4)),
            ],
            functions.scatter_set: [
                s(m, (0, slice(1, 3)), a(2)), s(v, np.array([3, 0]), a(2)),
            ],
            np.take: [
                s(m, 5), s(v, [0, 0, -1]), s(m, [[0, 1], [2, 0]], axis=1),
                s(v, [4, -5], mode="wrap"), s(v, [9, -1], mode="clip"),
                s(c, 1, axis=-1),
            ],
            np.take_along_axis: [
                s(m, np.argsort(m, 1), axis=1), s(c, np.zeros((1, 2, 1), int), axis=1),
                s(m, np.array([3, 3]), axis=None),
            ],
            np.diagonal: [
                s(m), s(m, offset=1), s(c, axis1=-1, axis2=0), s(m, offset=-2),
            ],
            np.diag: [s(v), s(v, k=-1), s(m), s(m, k=2)],
            np.trace: [s(m), s(c, offset=1, axis1=1, axis2=2)],
            np.tril: [s(m), s(m, k=1), s(c)], np.triu: [s(m), s(m, k=-1), s(c)],
            np.sort: ordered,
            np.bincount: [
                s(np.array([0, 2, 2, 5]), v), s(np.array([1]), a(1), minlength=4),
            ],
        },
        "products": {
            np.matmul: [
                *products, s(c, a(4, 2)), s(c, a(2, 4, 2)),
                s(a(2, 1, 2, 3), a(3, 3, 2)), s(c, v), s(a(3), c),
                s(a(1, 2, 3), a(4, 3, 1)), s(a(2, 3, 0), a(0, 2)),
            ],
            np.dot: [*products, s(a(), m), s(c, n), s(c, a(2, 4, 2)), s(c, v)],
            np.vdot: [s(v, w), s(m, m[::-1])], np.outer: [s(v, w), s(m, v)],
            np.inner: [s(v, w), s(m, c), s(v, a())],
            np.vecdot: [s(m, m[::-1]), s(c, v)],
            np.tensordot: [
                s(c, a(3, 4, 2)), s(c, m, axes=([1, 2], [0, 1])), s(v, m, axes=0),
                s(m, n, axes=1), s(c, n, axes=(-1, 0)),
            ],
            np.kron: [s(m, n), s(v, m), s(a(2), a(3))],
            np.einsum: [
                s("ij,jk->ik", m, n), s("ij,jk", m, n), s("i,i", v, w), s("ij->j", m),
                s("ii", square), s("ii->i", square), s("...ij,...jk", c, n),
                s("ij->", m), s("bij,bjk,k->bi", c, a(2, 4, 2), a(2)),
                s("i...->...", c), s("i,j->ij", v, w), s("iij->j", a(2, 2, 3)),
                s("ij,ij->ij", row, zeros), s("ij,jk", none, a(3, 2)),
            ],
            functions.einsum: [s([m, n], "ij,jk->ki"), s([m, m], "ij,kj->i")],
        },
        "linear algebra": {
            np.linalg.inv: [s(square), s(batch)], np.linalg.det: [s(square), s(batch)],
            np.linalg.slogdet: [s(square), s(batch), s(-square)],
            np.linalg.cholesky: [s(a.positive(3, 3)), s(a.positive(2, 3, 3))],
            np.linalg.solve: [
                s(square, a(3)), s(square, a(3, 2)), s(batch, a(2, 3, 1)),
                s(batch, a(3, 2)),
            ],
            np.linalg.matrix_power: [
                s(square, 3), s(batch, -2), s(square, 0), s(square, 1),
            ],
            np.linalg.multi_dot: [s([m, n, a(2, 3)])],
            np.linalg.norm: [
                s(v), s(m), s(m, "fro"), s(c, axis=-1),
                s(c, axis=(0, 2), keepdims=True), s(v, 1), s(v, 3), s(v, ord=np.inf),
                s(m, ord=-np.inf, axis=0), s(m, 1), s(m, ord=np.inf),
                s(c, -1, axis=(1, 2), keepdims=True), s(v, 2),
            ],
            functions.euclidean_norm: [
                s(v), s(c, axis=(0, 1)), s(m, axis=1, keepdims=True),
            ],
            functions.logabsdet: [s(square), s(batch)],
        },
        "complex numbers": {
            complexes.complex_of: [s(m, m[::-1]), s(a(2, 1), a(3))],
            np.real: [s(z), s(m)], np.imag: [s(z), s(m)], np.conjugate: [s(z), s(m)],
            np.abs: [s(z)], np.angle: [s(z), s(m), s(z, deg=True)], np.real_if_close: [s(z), s(m)],
        },
        "Fourier transforms": {
            **{f: [s(v), s(m, axis=0, n=5), s(c[0, :2], norm="ortho"),
                   s(z[:2], n=3), s(z[:, 0], norm="forward")]
               for f in (np.fft.fft, np.fft.ifft)},
            **{f: [s(v), s(m, 3), s(m, axis=0, n=5), s(a(5), norm="ortho"),
                   s(v, norm="forward")]
               for f in (np.fft.rfft, np.fft.ihfft)},
            **{f: [s(z[0]), s(z[:2], 5, norm="ortho"), s(z, axis=0, n=3),
                   s(z[0], n=9, norm="forward"), s(m), s(z[0, :3], 2)]
               for f in (np.fft.irfft, np.fft.hfft)},
            **{f: [s(c), s(m, (4, 2), norm="ortho"), s(z, axes=(0,)),
                   s(c[:, :1], s=(3, 5), axes=(2, 0))]
               for f in (np.fft.fftn, np.fft.ifftn)},
            np.fft.rfftn: [s(m), s(m, (4, 2)), s(m, axes=(0,)), s(c[:, :1], axes=(2, 0))],
            np.fft.irfftn: [s(z), s(z, (3, 2)), s(z[:, :1], axes=(0,)), s(m, axes=(1, 0))],
            **{f: [s(m, (2, 5))] for f in (np.fft.fft2, np.fft.ifft2)},
            np.fft.rfft2: [s(m, (2, 5))], np.fft.irfft2: [s(z, (2, 5))],
            **{f: [s(a(5)), s(c, axes=(0, -1)), s(m, axes=1)]
               for f in (np.fft.fftshift, np.fft.ifftshift)},
        },
        "softmax": {
            functions.softmax: softened, functions.log_softmax: softened,
            functions.logsumexp: [*reduced],
            crossentropy.softmax_crossentropy: [s(m, m[::-1]), s(c, m[:2, None])],
            crossentropy.sparse_softmax_crossentropy: [
                s(m, np.array([0, 3, 0])), s(c, np.array([[0, 1, 2], [3, 3, 0]])),
                s(v, np.array(1)), s(none, np.empty(0, int)),
            ],
        },
    }  # fmt: skip


def flat_samples() -> dict[Function, list[Sample]]:
    """Samples of the functions without slope: calls to compare with NumPy's result."""
    a = Numbers()
    s = sample
    m, v = a(3, 4), a(4)
    found: dict[Function, list[Sample]] = {f: [s(m), s(v)] for f in CONSTANTS}
    pairs: list[Function] = [
        f for f in CONSTANTS if isinstance(f, np.ufunc) and f.nin == 2
    ]
    pairs += [np.isclose, np.allclose, np.array_equal, np.isin, np.result_type]
    found |= {f: [s(m, v), s(m, m)] for f in pairs}
    found |= {f: [s(m > 0, v > 0)] for f in (np.bitwise_and, np.bitwise_or)}
    return found | {
        np.bitwise_xor: [s(m > 0, v > 0)], np.invert: [s(m > 0)],
        np.argmax: [s(m), s(m, axis=1, keepdims=True)], np.argmin: [s(m, axis=-1)],
        np.round: [s(m), s(m, 1)], np.around: [s(m), s(m, decimals=2)],
        np.searchsorted: [s(np.sort(v), a(2))], np.digitize: [s(m, np.sort(v))],
        np.may_share_memory: [s(m, v)], np.shares_memory: [s(m, v)],
        np.save: [s(io.BytesIO(), m)], np.savetxt: [s(io.BytesIO(), m)],
        functions.sign_of_det: [s(a.regular(2, 3, 3))],
    }  # fmt: skip


def all_samples() -> dict[str, dict[Function, list[Sample]]]:
    """Return the samples of every function that is differentiated, in families."""
    arities = dict(OWN_ELEMENTWISE)
    for function in RULES:
        if isinstance(function, np.ufunc) and function.signature is None:
            arities[function] = function.nin
    simple = {f: elementwise(f, arity) for f, arity in arities.items()}
    return {"elementwise": simple, **by_hand()}
