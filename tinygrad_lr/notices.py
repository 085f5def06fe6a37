"""Warnings that point at the user's own line, not at ours."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np

# Frames in these folders are on the way: ours, and NumPy's that wrap ours.
ON_THE_WAY = (
    os.path.dirname(os.path.abspath(__file__)) + os.sep,
    os.path.dirname(os.path.abspath(np.__file__)) + os.sep,
)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as if the innermost line of the user's had done so."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ON_THE_WAY):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
