"""Functions that reduce, move, join or contract: each gets its samples by hand."""

from __future__ import annotations

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.rules import Function
from tinygrad_lr.losses import crossentropy
from tinygrad_lr.samples.numbers import Numbers, Sample, sample

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = {
    np.bincount, np.full_like, np.ptp, np.sort, np.std, np.var, np.vdot, np.vecdot,
    functions.astype,
}  # fmt: skip


def families() -> dict[str, dict[Function, list[Sample]]]:
    """Samples of functions with a structure of their own, in families."""
    a = Numbers()
    s = sample
    v, w = a(4), a(4)
    m, n, c = a(3, 4), a(4, 2), a(2, 3, 4)
    none, row = a(0, 3), a(1, 3)
    square = a.regular(3, 3)
    zeros = np.array([[0.0, 2.0, 3.0], [0.0, 1.5, 0.0]])  # one and two per line
    index = (np.array([0, 2, 0]), np.array([1, 1, 1]))
    reduced = [
        s(v), s(m, axis=0), s(m, axis=-1, keepdims=True), s(c, axis=(0, -1)), s(c),
        s(c, axis=(0, 2), keepdims=True), s(c, axis=1), s(none, axis=1), s(row, axis=0),
        s(a()),
    ]  # fmt: skip
    limited = [s(m, axis=0, where=m > 0, initial=0.5), s(c, initial=3.0)]
    running = [
        s(v),
        s(m),
        s(m, axis=0),
        s(c, axis=-2),
        s(none, axis=0),
        s(zeros, axis=1),
    ]
    softened = [s(m), s(m, axis=0), s(c, axis=(0, 1)), s(none), s(v)]
    spread = [
        s(m, axis=1, ddof=1),
        s(m, axis=0, correction=1.5),
        s(c, axis=(0, -1), ddof=1, keepdims=True),
    ]
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
            np.sum: [*reduced, s(none, axis=0), s(none), *limited],
            np.mean: [*reduced, s(m, axis=0, where=m > -1)],
            np.max: [*reduced, *limited], np.min: [*reduced, *limited],
            np.amax: reduced, np.amin: reduced,
            np.ptp: [q for q in reduced if q.args[0].ndim],
            np.prod: [*reduced, s(zeros), s(zeros, axis=1), s(none, axis=0), *limited],
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
