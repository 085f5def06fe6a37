"""Hashing: texts and integers of any kind into a fixed number of bins.

Nothing is learned and nothing listed: the bin is the remainder of a fingerprint (see
:mod:`tinygrad_lr.layers.fingerprints`), and now and then two values share one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.rules import primitive, whole
from tinygrad_lr.config import floatx
from tinygrad_lr.convert import as_tensor
from tinygrad_lr.layers.fingerprints import crossed, farmhash64, siphash64
from tinygrad_lr.layers.preprocessing import checked_mode, encoded
from tinygrad_lr.layers.texts import TextLayer
from tinygrad_lr.layers.validation import invalid, is_whole, positive

Array = np.ndarray[Any, Any]


@primitive
def hash_bins(x: Any, n: int, salt: Any = None) -> Any:
    """The bin, from 0 to ``n`` - 1, of each text or integer; floats are cut off."""
    if x.dtype.kind == "f":
        x = x.astype("int64")

    def bin_of(value: Any) -> int:
        text = str(value).lower() if isinstance(value, np.bool_) else str(value)
        data = text.encode()
        return (farmhash64(data) if salt is None else siphash64(data, salt)) % n

    return of_each(bin_of, x)


@primitive
def crossed_bins(parts: Any, n: int) -> Any:
    """The bin of each combination of texts or integers at the same place."""

    def fingerprint(value: Any) -> int:
        return farmhash64(value.encode()) if isinstance(value, str) else int(value)

    prints = [[fingerprint(value) for value in part.ravel()] for part in parts]
    found = [crossed(combination) % n for combination in zip(*prints, strict=True)]
    return np.array(found, "int64").reshape(parts[0].shape)


whole(hash_bins, crossed_bins)


def of_each(function: Callable[[Any], int], x: Array) -> Array:
    """An integer function of each element, computed once for equal ones."""
    values, places = np.unique(x, return_inverse=True)
    found = np.array([function(value) for value in values], "int64")
    return found[places].reshape(x.shape)


def checked_salt(layer: Any, salt: Any) -> list[int] | None:
    """The key of a hash: two integers, or one for both."""
    if salt is None:
        return None
    if is_whole(salt):
        return [int(salt), int(salt)]
    if isinstance(salt, (list, tuple)) and len(salt) == 2 and all(map(is_whole, salt)):
        return [int(number) for number in salt]
    raise invalid(layer, f"expected one or two integers as salt, got {salt!r}.")


class Hashing(TextLayer):
    """The bin of each text or integer, from 0 to ``num_bins`` - 1.

    The bin is the remainder of FarmHash64 of the text (or of the decimal digits), or of
    SipHash with a ``salt``: one or two integers. ``mask_value`` gets bin 0 to itself.
    ``output_mode`` is "int" or one of those of :class:`CategoryEncoding`.

    >>> Hashing(3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel().tolist()
    [1, 0, 1, 1, 2]
    """

    def __init__(
        self, num_bins: int, mask_value: Any = None, salt: Any = None,
        output_mode: str = "int", sparse: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else floatx()
        super().__init__(**kwargs)
        self.num_bins = positive(self, "num_bins", num_bins)
        if output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise invalid(
                self, f"expected int32 or int64 as dtype of bins, got {self.dtype!r}."
            )
        self.mask_value = mask_value
        self.salt = checked_salt(self, salt)
        self.output_mode = checked_mode(self, output_mode, sparse, "int")
        self.sparse = sparse
        self.autocast = False

    def call(self, inputs: Any) -> Any:
        if self.output_mode == "one_hot" and inputs.ndim and inputs.shape[-1] == 1:
            inputs = inputs[..., 0]
        masked = self.mask_value is not None and self.num_bins > 1
        bins = hash_bins(inputs, self.num_bins - masked, self.salt)
        if masked:
            bins = np.where(np.equal(inputs, self.mask_value), 0, bins + 1)
        return in_mode(bins, self.output_mode, self.num_bins, self.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        return shape if self.output_mode == "int" else (*shape[:-1], self.num_bins)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


def in_mode(bins: Any, mode: str, depth: int, dtype: Any) -> Any:
    """Integers as they are, or as columns."""
    bins = as_tensor(bins)
    return bins.astype(dtype) if mode == "int" else encoded(bins, mode, depth, dtype)


class HashedCrossing(TextLayer):
    """One bin, from 0 to ``num_bins`` - 1, for each combination of several inputs.

    The inputs are texts or integers of one shape: (), (batch,) or (batch, 1). The bin
    is the remainder of the fingerprint of their fingerprints. ``output_mode`` is "int"
    or "one_hot".

    >>> layer = HashedCrossing(5)
    >>> layer([["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]]).numpy().tolist()
    [1, 4, 1, 1, 3]
    """

    def __init__(
        self, num_bins: int, output_mode: str = "int", sparse: bool = False,
        name: str | None = None, dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        if dtype is None and output_mode == "int":
            dtype = "int64"
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.num_bins = positive(self, "num_bins", num_bins)
        self.output_mode = checked_mode(self, output_mode, sparse, "int")
        if self.output_mode not in ("int", "one_hot"):
            raise invalid(self, f"expected int or one_hot, got {output_mode!r}.")
        self.sparse = sparse
        self.autocast = False

    def _convert_positional(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) < 2:
            raise invalid(
                self, f"expected a list of two inputs or more, got {value!r:.60}."
            )
        return [TextLayer._convert_positional(self, part) for part in value]

    def call(self, inputs: Any) -> Any:
        shape = tuple(inputs[0].shape)
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise invalid(
                self,
                f"expected inputs of shape (), (batch,) or (batch, 1), got {shape}.",
            )
        for part in inputs:
            if tuple(part.shape) != shape:
                raise invalid(
                    self,
                    f"expected inputs of one shape, got {shape} and "
                    f"{tuple(part.shape)}.",
                )
            if np.dtype(part.dtype).kind not in "iuO":
                raise invalid(
                    self, f"expected texts or integers, got numbers of {part.dtype}."
                )
        bins = crossed_bins(inputs, self.num_bins)
        return in_mode(bins, self.output_mode, self.num_bins, self.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape[0])
        if self.output_mode == "int":
            return shape
        return (*(shape[:-1] if shape[-1:] == (1,) else shape), self.num_bins)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }
