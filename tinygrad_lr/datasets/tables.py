"""Tables of houses and prices: shuffled by a seed, and split."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lr.datasets.sources import fetch


def load_table(
    name: str, path: str, test_split: float, seed: int, rows: int | None = None
) -> Any:
    """Features and targets of the first ``rows`` rows, shuffled and split."""
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split: expected 0 <= test_split < 1, got {test_split}.")
    with np.load(fetch(name, path), allow_pickle=False) as f:
        x, y = f["x"][:rows], f["y"][:rows]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    at = int(len(x) * (1 - test_split))
    return (x[:at].copy(), y[:at].copy()), (x[at:].copy(), y[at:].copy())
