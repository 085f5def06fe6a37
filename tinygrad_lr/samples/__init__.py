"""The calls at which every row of the rule table is checked: see ``check``.

Elementwise functions get theirs by number of arguments and domain, all others by hand,
in families.
"""

from __future__ import annotations

import io

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.rules import CONSTANTS, Function
from tinygrad_lr.samples import combinations, elementwise, matrices, structures
from tinygrad_lr.samples.elementwise import elementwise_samples
from tinygrad_lr.samples.matrices import SYMMETRIC
from tinygrad_lr.samples.numbers import Numbers, Sample, sample

__all__ = ["NOT_ANALYTIC", "SYMMETRIC", "Sample", "all_samples", "flat_samples"]

BY_HAND = (structures, combinations, matrices)

#: Functions that are not analytic, or for which NumPy has no complex numbers.
NOT_ANALYTIC: set[Function] = elementwise.NOT_ANALYTIC.union(
    *(module.NOT_ANALYTIC for module in BY_HAND)
)


def all_samples() -> dict[str, dict[Function, list[Sample]]]:
    """Return the samples of every function that is differentiated, in families."""
    found = {"elementwise": elementwise_samples()}
    for module in BY_HAND:
        found |= module.families()
    return found


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
        np.left_shift: [s(np.arange(4), 1)], np.right_shift: [s(np.arange(4), 1)],
        np.argmax: [s(m), s(m, axis=1, keepdims=True)], np.argmin: [s(m, axis=-1)],
        np.round: [s(m), s(m, 1)], np.around: [s(m), s(m, decimals=2)],
        np.argpartition: [s(np.sort(m), 1)], np.array_equiv: [s(m, m), s(m, v)],
        np.searchsorted: [s(np.sort(v), a(2))], np.digitize: [s(m, np.sort(v))],
        np.may_share_memory: [s(m, v)], np.shares_memory: [s(m, v)],
        np.save: [s(io.BytesIO(), m)], np.savetxt: [s(io.BytesIO(), m)],
        functions.sign_of_det: [s(a.regular(2, 3, 3))],
    }  # fmt: skip
