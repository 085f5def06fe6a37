"""Windows: weights that fade a frame of a signal out towards both ends.

The usual ones are sums of a few cosines, so a name stands for their coefficients.
"""

from __future__ import annotations

import math
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
ALIASES = {
    "box": "boxcar", "ones": "boxcar", "rect": "boxcar", "rectangular": "boxcar",
    "han": "hann", "hanning": "hann", "hamm": "hamming", "ham": "hamming",
    "black": "blackman", "blk": "blackman", "nutt": "nuttall", "nut": "nuttall",
    "blackharr": "blackmanharris", "bkh": "blackmanharris", "flat": "flattop",
    "flt": "flattop", "bart": "bartlett", "brt": "bartlett",
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
    if length == 1 and known in (*COSINES, "bartlett"):
        return np.ones(1)
    if known == "bartlett":
        values = 1 - np.absolute(np.linspace(-1, 1, points))
    elif known in COSINES:
        angle = np.linspace(-math.pi, math.pi, points)
        terms = [c * np.cos(k * angle) for k, c in enumerate(COSINES[known])]
        values = np.sum(terms, axis=0)
    else:
        names = (*COSINES, "bartlett")
        hint = suggestion(name, names) or f" Known are {', '.join(names)}."
        raise ValueError(f"unknown window {name!r}.{hint}")
    return values[:length]
