"""California housing: 20,640 block groups of 1990, 8 features, prices in dollars.

Source: Pace and Barry, "Sparse spatial autoregressions" (1997).
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import checked
from tinygrad_lr.datasets.tables import load_table


@checked
def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``; x has shape (n, 8).

    ``version`` is "large", or "small" for the first 600 rows. ``test_split`` is the
    fraction kept for testing, ``seed`` that of the order.
    """
    if version not in ("small", "large"):
        raise ValueError(f"version: expected 'small' or 'large', got {version!r}.")
    rows = 600 if version == "small" else None
    return load_table("california_housing.npz", path, test_split, seed, rows)
