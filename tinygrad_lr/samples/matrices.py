"""Linear algebra, decompositions, complex numbers and Fourier transforms."""

from __future__ import annotations

import numpy as np

from tinygrad_lr.autodiff import complexes, decompositions, functions
from tinygrad_lr.autodiff.rules import Function
from tinygrad_lr.samples.numbers import Numbers, Sample, sample

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = {
    np.linalg.cholesky, np.linalg.cond, np.linalg.eig, np.linalg.eigh,
    np.linalg.eigvals, np.linalg.eigvalsh, np.linalg.lstsq, np.linalg.matrix_norm,
    np.linalg.norm, np.linalg.pinv, np.linalg.qr, np.linalg.slogdet, np.linalg.svd,
    np.linalg.svdvals, np.linalg.vecdot, np.linalg.vector_norm,
    decompositions.general_eigen, decompositions.singular_triplets,
    decompositions.symmetric_eigen, decompositions.eigenvalues, decompositions.tall_qr,
    functions.euclidean_norm, functions.logabsdet, functions.phase_of_det,
    complexes.complex_of, np.angle, np.imag, np.real, np.real_if_close,
    *(getattr(np.fft, name) for name in np.fft.__all__ if "freq" not in name),
}  # fmt: skip

#: Functions of symmetric matrices: elements are moved with their mirror images.
SYMMETRIC: set[Function] = {np.linalg.cholesky}


def families() -> dict[str, dict[Function, list[Sample]]]:
    """Samples in families."""
    a = Numbers()
    s = sample
    v, w = a(4), a(4)
    m, n, c = a(3, 4), a(4, 2), a(2, 3, 4)
    z = a(3, 4) + 1j * a(3, 4)
    hermitian = z[:, :3] + z[:, :3].conj().T
    turning = np.array([[0.5, 2.0, 0.3], [-1.5, 0.7, 0.2], [0.1, 0.4, 1.0]])
    cut = a(4, 3) * np.array([3.0, 2.0, 0.1])  # whose last singular value is small
    square, batch = a.regular(3, 3), a.regular(2, 3, 3)
    return {
        "linear algebra": {
            np.linalg.inv: [s(square), s(batch)], np.linalg.det: [s(square), s(batch)],
            np.linalg.slogdet: [s(square), s(batch), s(-square), s(z[:, :3])],
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
                s(m, "nuc"), s(c, 2, (0, 2)),
                s(m, -2, keepdims=True), s(z, axis=0), s(v, ord=-1.5), s(v, ord=0.5),
            ],
            np.linalg.vector_norm: [s(v), s(c, axis=(2, 0), ord=3, keepdims=True)],
            np.linalg.matrix_norm: [s(c), s(square, ord="nuc", keepdims=True)],
            np.linalg.cond: [s(square), s(square, 1), s(square, -2)],
            np.linalg.tensorinv: [s(a.regular(4, 4).reshape(2, 2, 4), 2)],
            np.linalg.tensorsolve: [
                s(a.regular(4, 4).reshape(2, 2, 4), a(2, 2)),
                s(a.regular(4, 4).reshape(4, 2, 2), a(2, 2), axes=(0,)),
            ],
            np.linalg.matmul: [s(m, n)], np.linalg.outer: [s(v, w)],
            np.linalg.tensordot: [s(m, n, axes=1)], np.linalg.trace: [s(c, offset=1)],
            np.linalg.diagonal: [s(c)], np.linalg.matrix_transpose: [s(c)],
            np.linalg.vecdot: [s(m, m[::-1], axis=0), s(z, z[::-1])],
            functions.euclidean_norm: [
                s(v), s(c, axis=(0, 1)), s(m, axis=1, keepdims=True),
            ],
            functions.logabsdet: [s(square), s(batch)],
            functions.phase_of_det: [s(z[:, :3])],
        },
        "complex numbers": {
            complexes.complex_of: [s(m, m[::-1]), s(a(2, 1), a(3))],
            np.real: [s(z), s(m)], np.imag: [s(z), s(m)], np.conjugate: [s(z)],
            np.angle: [s(z), s(m), s(z, deg=True)], np.real_if_close: [s(z), s(m)],
            np.absolute: [s(z), s(m)],
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
            np.fft.rfftn: [s(m), s(m, (4, 2)), s(c[:, :1], axes=(2, 0))],
            np.fft.irfftn: [
                s(z), s(z, (3, 2)), s(m, axes=(1, 0)), s(z, (-1, 5), axes=(0, 1)),
            ],
            **{f: [s(m, (2, 5))] for f in (np.fft.fft2, np.fft.ifft2)},
            np.fft.rfft2: [s(m, (2, 5))], np.fft.irfft2: [s(z, (2, 5))],
            **{f: [s(a(5)), s(c, axes=(0, -1)), s(m, axes=1)]
               for f in (np.fft.fftshift, np.fft.ifftshift)},
        },
        "decompositions": {
            np.linalg.eigh: [s(a.positive(2, 3, 3)), s(square, UPLO="U")],
            np.linalg.eigvalsh: [s(hermitian), s(square)],
            decompositions.symmetric_eigen: [s(a.positive(3, 3))],
            np.linalg.eig: [s(a.distinct(3)), s(a.distinct(2, 3))],
            decompositions.general_eigen: [s(a.distinct(3))],
            **{f: [s(a.distinct(3)), s(turning)]
               for f in (np.linalg.eigvals, decompositions.eigenvalues)},
            np.linalg.svd: [
                s(square), s(m, full_matrices=False), s(m.T, full_matrices=False),
                s(c, compute_uv=False),
            ],
            decompositions.singular_triplets: [s(m), s(c.swapaxes(1, 2)), s(square)],
            np.linalg.svdvals: [s(m), s(z)],
            np.linalg.qr: [s(m.T), s(m), s(batch, "complete"), s(m, mode="r")],
            decompositions.tall_qr: [s(m.T), s(square)],
            np.linalg.pinv: [
                s(m), s(m.T), s(batch), s(z), s(cut, rcond=0.3), s(cut.T, rcond=0.3),
                s(cut * (1 + 0.5j), rcond=0.3), s(square, hermitian=True),
            ],
            np.linalg.lstsq: [s(m.T, v), s(m, a(3, 2)), s(m.T, a(4, 2), rcond=1e-9)],
        },
    }  # fmt: skip
