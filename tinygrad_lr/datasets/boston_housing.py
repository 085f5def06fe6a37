"""Boston housing: 506 districts, 13 features, median prices in 1,000 dollars.

One feature ("B") takes racial segregation for a cause of prices: use the data to speak
of that, and California's for anything else.

Source: Harrison and Rubinfeld, "Hedonic prices and the demand for clean air" (1978).
"""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import checked
from tinygrad_lr.datasets.tables import load_table


@checked
def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Any:
    """Return ``(x_train, y_train), (x_test, y_test)``, float64; x has shape (n, 13).

    ``test_split`` is the fraction kept for testing, ``seed`` that of the order.
    """
    return load_table("boston_housing.npz", path, test_split, seed)
