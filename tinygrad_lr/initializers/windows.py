"""Windows: weights that fade a frame of a signal out towards both ends.

The usual ones are sums of a few cosines, so a name stands for their coefficients;
others are formulas of the distance from the middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.naming import suggestion

COSINES: dict[str, tuple[float, ...]] = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.50, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
FORMULAS: dict[str, Callable[[Any], Any]] = {  # of the distance, 0 to 1 at the ends
    "bartlett": lambda x: 1 - x,
    "barthann": lambda x: 0.62 - 0.24 * x + 0.38 * np.cos(math.pi * x),
    "bohman": lambda x: (
        (1 - x) * np.cos(math.pi * x) + np.absolute(np.sin(math.pi * x)) / math.pi
    ),
    "lanczos": np.sinc,
    "tukey": lambda x: np.where(x > 0.5, np.square(np.sin(math.pi * x)), 1.0),
}
ALIASES = {
    "box": "boxcar", "ones": "boxcar", "rect": "boxcar", "rectangular": "boxcar",
    "han": "hann", "hanning": "hann", "hamm": "hamming", "ham": "hamming",
    "black": "blackman", "blk": "blackman", "nutt": "nuttall", "nut": "nuttall",
    "blackharr": "blackmanharris", "bkh": "blackmanharris", "flat": "flattop",
    "flt": "flattop", "bart": "bartlett", "brt": "bartlett", "brthan": "barthann",
    "bth": "barthann", "bman": "bohman", "bmn": "bohman", "sinc": "lanczos",
    "tuk": "tukey",
}  # fmt: skip


def named_window(name: str, length: int, periodic: bool = False) -> Any:
    """Return ``length`` points of a window; ``periodic`` leaves out the last of one
    more.

    Raises ``ValueError`` for a name that is not known here.

    >>> named_window("hann", 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    known = ALIASES.get(name, name)
    points = length + periodic
    if length == 1 and known in (*COSINES, *FORMULAS):
        return np.ones(1)
    if known in FORMULAS:
        values = FORMULAS[known](np.absolute(np.linspace(-1, 1, points)))
    elif known in COSINES:
        angle = np.linspace(-math.pi, math.pi, points)
        terms = [c * np.cos(k * angle) for k, c in enumerate(COSINES[known])]
        values = np.sum(terms, axis=0)
    else:
        names = (*COSINES, *FORMULAS)
        hint = suggestion(name, names) or f" Known are {', '.join(names)}."
        raise ValueError(f"unknown window {name!r}.{hint}")
    return values[:length]
