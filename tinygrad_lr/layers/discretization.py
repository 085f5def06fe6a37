"""Discretization: numbers to the number of the bin that they fall into."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.preprocessing import checked_mode, encoded, encoded_shape
from tinygrad_lr.layers.validation import invalid, is_whole

Array = np.ndarray[Any, Any]


class Discretization(Layer):
    """The number of the bin of each input: 0 below the first boundary, and so on.

    The bins are given by ``bin_boundaries``, or learned by :meth:`adapt` as
    ``num_bins`` quantiles, to within a fraction ``epsilon`` of the data.
    ``output_mode`` is "int", or one of those of :class:`CategoryEncoding`.

    >>> import numpy as np
    >>> Discretization([0.0, 1.0])(np.array([[-1.0, 0.5, 3.0]])).numpy().tolist()
    [[0, 1, 2]]
    """

    def __init__(
        self, bin_boundaries: Any = None, num_bins: int | None = None,
        epsilon: float = 0.01, output_mode: str = "int", sparse: bool = False,
        dtype: Any = None, name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise invalid(
                self,
                "expected bin_boundaries, or num_bins to learn as many, got "
                f"bin_boundaries={bin_boundaries!r} and num_bins={num_bins!r}.",
            )
        if num_bins is not None and (not is_whole(num_bins) or num_bins < 1):
            raise invalid(
                self, f"expected a positive integer as num_bins, got {num_bins!r}."
            )
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = checked_mode(self, output_mode, sparse, "int")
        self.sparse = sparse
        self.reset_state()

    @property
    def output_dtype(self) -> str:
        """The dtype of the output: int32, or for columns that of the computation."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the boundaries from an array, or from an iterable of batches.

        Of an iterable, ``steps`` batches are taken (None: all).
        """
        if self.num_bins is None:
            raise invalid(self, "its bin_boundaries were given; adapt has no use.")
        whole = isinstance(data, (np.ndarray, Tensor)) or hasattr(data, "to_numpy")
        batches: Iterable[Any] = [data] if whole else data
        self.reset_state()
        for batch in itertools.islice(batches, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget all data."""
        self.summary = np.zeros((2, 0), "float32")

    def update_state(self, data: Any) -> None:
        """Add data to what the boundaries will be learned from."""
        seen = summarized(as_tensor(data, "float32").numpy(), self.epsilon)
        both = np.concatenate([seen, self.summary], 1)
        self.summary = compressed(both[:, np.argsort(both[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Set the boundaries to the quantiles of the data."""
        if self.num_bins is None:
            return
        if not self.summary.size:
            raise invalid(self, "adapt was given no data.")
        learned = compressed(self.summary, 1 / self.num_bins)[0, :-1]
        self.bin_boundaries = learned.tolist()

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise invalid(self, "give it bin_boundaries, or call adapt on data, first.")
        bins = as_tensor(np.digitize(inputs, np.asarray(self.bin_boundaries)))
        if self.output_mode == "int":
            return bins.astype(self.output_dtype)
        depth = len(self.bin_boundaries) + 1
        return encoded(bins, self.output_mode, depth, self.output_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.output_mode == "int":
            return input_shape
        found = self.bin_boundaries
        depth = self.num_bins if found is None else len(found) + 1
        mode = "one_hot" if self.output_mode == "one_hot" else "count"
        return encoded_shape(input_shape, mode, depth or 1)

    def get_config(self) -> dict[str, Any]:
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        learned = config.get("num_bins") is not None
        boundaries = config.pop("bin_boundaries", None) if learned else None
        layer = cls(**config)
        if learned:
            layer.bin_boundaries = boundaries
        return layer


# -- quantiles of data that comes in pieces --------------------------------------------
#
# A summary has two rows: values in ascending order, and how many numbers each stands
# for. Two summaries side by side, sorted, are one of both; compressing keeps it short.


def summarized(values: Array, epsilon: float) -> Array:
    """Every n-th of the sorted values, n being the fraction ``epsilon`` of them."""
    values = np.sort(values, axis=None)
    step = max(values.size * epsilon, 1)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def compressed(summary: Array, epsilon: float) -> Array:
    """A summary with values at the fractions epsilon, 2 * epsilon, ..., 1 only."""
    values, weights = summary
    if values.size * epsilon < 1:
        return summary
    fractions = epsilon + np.arange(0, 1, epsilon)
    total = weights.cumsum()
    share = total / total[-1]
    at = np.interp(fractions, share, total)
    new = np.stack([np.interp(fractions, share, values), np.diff(at, prepend=0)])
    return new.astype("float32")
