"""Statistics, signals and arrangements."""

from __future__ import annotations

import numpy as np

from tinygrad_lr.autodiff.rules import Function
from tinygrad_lr.samples.numbers import Numbers, Sample, sample

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = {
    np.choose, np.copysign, np.corrcoef, np.correlate, np.cov, np.divmod, np.geomspace,
    np.gradient, np.insert, np.interp, np.ldexp, np.median, np.modf, np.nancumprod,
    np.nancumsum, np.nanmax, np.nanmean, np.nanmedian, np.nanmin, np.nanpercentile,
    np.nanprod, np.nanquantile, np.nanstd, np.nansum, np.nanvar, np.partition,
    np.percentile, np.piecewise, np.quantile, np.select, np.sinc, np.unwrap,
    *(getattr(np, name) for name in ("vecmat", "astype") if hasattr(np, name)),
}  # fmt: skip


def families() -> dict[str, dict[Function, list[Sample]]]:
    """Samples in families."""
    a = Numbers()
    s = sample
    v, w = a(4), a(4)
    m, n, c = a(3, 4), a(4, 2), a(2, 3, 4)
    z = m + 1j * a(3, 4)
    rising = np.sort(a(5))
    nanless = [s(m), s(m, axis=0), s(c, axis=(0, 2), keepdims=True), s(m, axis=1)]
    running = [s(m), s(c, axis=1)]
    # NumPy 2.5 takes no vectors in the plane any more.
    old = np.lib.NumpyVersion(np.__version__) < "2.5.0"
    plane = [s(n, a(4, 3)), s(n, n[::-1])] if old else []
    found: dict[str, dict[Function, list[Sample]]] = {
        "statistics": {
            np.cov: [
                s(m), s(m, m[::-1], ddof=0), s(n, rowvar=False), s(v),
                s(m, bias=True, fweights=np.array([1, 2, 1, 3])),
                s(m, aweights=np.array([0.5, 1.0, 2.0, 0.7])),
            ],
            np.corrcoef: [s(m), s(v, w)],
            np.partition: [s(a(7), 3), s(m, (0, 2), axis=0), s(m, 5, axis=None)],
            np.quantile: [
                s(v, q=0.3),
                s(m, q=np.array([0.0, 0.4, 1.0]), axis=0),
                s(c, q=0.75, axis=(0, -1), keepdims=True),
                *(s(a(6), q=np.array([[0.15, 0.5]]), method=method) for method in (
                    "lower", "nearest", "midpoint", "hazen", "median_unbiased",
                )),
            ],
            np.percentile: [s(v, q=30), s(m, q=np.array([10, 75]), axis=1)],
            np.median: [s(v), s(a(5)), *nanless],
            np.nanquantile: [s(v, q=0.3), s(m, q=np.array([0.2, 1.0]), axis=0)],
            np.nanpercentile: [s(c, q=40, axis=(0, 1), keepdims=True)],
            np.nanmedian: nanless, np.nansum: nanless, np.nanprod: nanless,
            np.nanmean: nanless, np.nanmax: nanless, np.nanmin: nanless,
            np.nanvar: [*nanless, s(m, axis=1, ddof=1), s(z)],
            np.nanstd: [*nanless, s(m, axis=1, ddof=1), s(z, axis=1)],
            np.nancumsum: running, np.nancumprod: running,
        },
        "signals": {
            np.ediff1d: [s(m), s(v, to_end=a(2), to_begin=a(1))],
            np.gradient: [
                s(v), s(m), s(m, axis=0), s(c, axis=(0, -1)), s(a(5), edge_order=2),
                s(m, np.float64(0.5), np.array([0.0, 1.0, 1.5, 3.0])),
                s(a(5), rising, edge_order=2), s(m, np.float64(2.0)),
            ],
            np.trapezoid: [s(v), s(m, axis=0, dx=0.5), s(m, v), s(m, m + 9.0)],
            np.interp: [
                s(a(7), rising, a(5)), s(a(2, 3), rising, a(5), left=0.5, right=-0.5),
                s(a(3), np.array([0.1, 0.7, 1.1]), a(3), period=1.3),
            ],
            np.unwrap: [s(3 * m), s(m, axis=0)],
            np.ldexp: [s(m, np.array([1, 0, 2, -1]))],
            np.divmod: [s(a(4, low=1.2, high=2.8), a(4, low=1.2, high=2.8))],
            np.modf: [s(m)],
            np.convolve: [
                *(s(a(5), a(n), mode=mode) for n in (2, 3, 7)
                  for mode in ("full", "same", "valid")), s(v, a()),
            ],
            np.correlate: [
                *(s(a(5), a(n), mode=mode) for n in (2, 6)
                  for mode in ("full", "same", "valid")), s(a(3), a(3)),
            ],
            np.polyval: [s(v, m), s(v, a())], np.polymul: [s(v, a(2))],
            np.polyadd: [s(v, a(2)), s(a(1), w)], np.polysub: [s(a(2), v)],
            np.polyder: [s(v), s(v, m=2)], np.polyint: [s(v), s(v, m=2, k=a(2))],
            np.vander: [s(v), s(v, 3, increasing=True)],
        },
        "arrangements": {
            np.rollaxis: [s(c, 2), s(c, 0, 3), s(c, -2, 0), s(c, 1, -1)],
            np.dsplit: [s(c, 2), s(c, [1, 3])],
            np.append: [s(m, v), s(m, m[:1], axis=0)],
            np.block: [s([[m, n[:3]], [a(2, 6)]]), s([v, a()]), s([[c]])],
            np.broadcast_arrays: [s(m, v, a(3, 1))],
            np.meshgrid: [
                s(v, a(3)), s(v, a(3), a(2), indexing="ij"), s(v, a(3), sparse=True),
            ],
            np.delete: [s(v, 1), s(m, [0, 2], axis=1), s(m, slice(0, 2), axis=0)],
            np.resize: [s(v, (2, 3)), s(m, 5)],
            np.insert: [
                s(v, 1, a()), s(m, 1, v, axis=0), s(m, [0, 2], a(3, 2), axis=1),
                s(m, [0, 3], a(2)),
            ],
            np.diagflat: [s(m, 1), s(v)],
            np.compress: [s([True, False, True], m, axis=0), s([0, 1, 1], m)],
            np.extract: [s(m > 0, m)],
            np.select: [s([m > 1, m > 0], [m, v]), s([m > 0], [v], default=2.0)],
            np.choose: [s(np.array([[0, 2], [1, 1]]), [a(2), a(2, 2), a()])],
            np.piecewise: [
                s(m, [m < -1, m > 1], [np.sin, 0.5, np.square]), s(v, v > 0, [np.exp]),
            ],
            np.apply_along_axis: [s(np.cumsum, 0, c), s(np.outer, 1, m, v)],
            np.apply_over_axes: [s(np.sum, c, [0, 2])],
            np.linspace: [
                s(a(), a(), 4), s(v, w, 3, axis=-1), s(v, a(), 3, endpoint=False),
                s(v, w, 2, retstep=True),
            ],
            np.logspace: [s(v / 4, w / 4, 3)],
            np.geomspace: [s(v + 3, w + 3, 3), s(v + 3, w + 5, 3, axis=1)],
            np.cross: [
                s(a(4, 3), a(3)), s(a(3, 4), a(4, 3), axisa=0, axisc=0),
                s(a(3, 2), a(3, 2), axis=0), *plane,
            ],
            np.linalg.cross: [s(a(2, 3), a(2, 3)), s(a(3, 2), a(3, 2), axis=0)],
        },
        "newer than NumPy 2.0": {},
    }  # fmt: skip
    newer = {
        "cumulative_sum": [s(v), s(c, axis=-2, include_initial=True)],
        "cumulative_prod": [s(v), s(c, axis=1, include_initial=True)],
        "unstack": [s(c), s(m, axis=-1)],
        "matvec": [s(c, v), s(m, a(2, 4))],
        "vecmat": [s(v, n), s(a(3), c)],
        "astype": [s(m, np.dtype("float64"))],
    }
    found["newer than NumPy 2.0"] = {
        getattr(np, name): samples
        for name, samples in newer.items()
        if hasattr(np, name)
    }
    return found
