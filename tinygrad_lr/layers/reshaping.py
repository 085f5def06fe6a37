"""Layers that move values around: another shape, another order, copies of them.

The batch axis stays where it is; shapes are those of one sample, without it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import Stateless
from tinygrad_lr.layers.validation import invalid, is_whole, layout, positive


class Flatten(Layer):
    """One axis per sample: (batch, a, b, ...) becomes (batch, a * b * ...).

    ``data_format="channels_first"`` moves axis 1 to the end before. Inputs of shape
    (batch,) become (batch, 1).

    >>> import numpy as np
    >>> Flatten()(np.ones((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(self, data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = np.moveaxis(inputs, 1, -1)
        return np.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sample = input_shape[1:]
        return (input_shape[0], None if None in sample else math.prod(sample))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Stateless):
    """Each sample in ``target_shape``, in which one length may be -1: what remains.

    Raises ``ValueError`` for a shape with another number of values than the input has.

    >>> import numpy as np
    >>> Reshape((2, -1))(np.ones((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        good = isinstance(target_shape, (list, tuple)) and all(
            n is None or (is_whole(n) and n >= -1) for n in target_shape
        )
        if not good or sum(n in (-1, None) for n in target_shape) > 1:
            raise invalid(
                self,
                "expected the shape of one sample as target_shape, such as (2, 3) or "
                f"(2, -1) with one open length at most, got {target_shape!r}.",
            )
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        return np.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sample = input_shape
        target = tuple(-1 if n is None else n for n in self.target_shape)
        if None in sample:
            return (batch, *(None if n == -1 else n for n in target))
        size, fixed = math.prod(sample), math.prod(n for n in target if n != -1)
        open_length = size // fixed if fixed else 0
        if (fixed * open_length if -1 in target else fixed) != size:
            raise invalid(
                self,
                f"a sample of shape {tuple(sample)} has {size} values, which do not "
                f"fit into target_shape {self.target_shape}.",
            )
        return (batch, *(open_length if n == -1 else n for n in target))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """The axes of each sample in the order ``dims``, counted from 1.

    >>> import numpy as np
    >>> Permute((2, 1))(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(dims, (list, tuple)) or (
            sorted(dims) != list(range(1, len(dims) + 1))
        ):
            raise invalid(
                self,
                "expected as dims the axes of a sample, 1, 2, ..., each once in the "
                f"wanted order, such as (2, 1), got {dims!r}.",
            )
        self.dims = tuple(dims)
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return np.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Each sample ``n`` times: (batch, features) becomes (batch, n, features).

    >>> import numpy as np
    >>> RepeatVector(3)(np.ones((5, 2))).shape
    (5, 3, 2)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive(self, "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return np.broadcast_to(inputs[:, None], self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
