"""Global pooling: one number per channel, whatever the size of the sequence or image.

Average and maximum over all spatial axes; ``keepdims`` leaves them in length 1.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.stateless import Stateless
from tinygrad_lr.layers.validation import layout, spatial_axes


class GlobalPooling(Stateless):
    """Base class for inputs with ``rank`` axes beside batch and channels."""

    rank: ClassVar[int]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(self, data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are pooled."""
        return tuple(spatial_axes(self.data_format, self.rank))

    def compute_output_shape(self, input_shape: Any) -> Any:
        lengths = enumerate(input_shape)
        if self.keepdims:
            return tuple(1 if axis in self.axes else n for axis, n in lengths)
        return tuple(n for axis, n in lengths if axis not in self.axes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }


class GlobalAverage(GlobalPooling):
    """Base class: the mean over the spatial axes."""

    def call(self, inputs: Any) -> Any:
        inputs = inputs.astype(self.compute_dtype)
        return np.mean(inputs, axis=self.axes, keepdims=self.keepdims)


class GlobalMax(GlobalPooling):
    """Base class: the maximum over the spatial axes."""

    def call(self, inputs: Any) -> Any:
        return np.max(inputs, axis=self.axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(GlobalAverage):
    """The mean over the steps of a sequence: (batch, steps, n) becomes (batch, n).

    Under a mask, the mean over the steps that count.

    >>> import numpy as np
    >>> GlobalAveragePooling1D()(np.array([[[1.0], [3.0]]])).numpy()
    array([[2.]], dtype=float32)
    """

    rank = 1
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        counted = np.expand_dims(mask, 2 if self.data_format == "channels_last" else 1)
        inputs = np.where(counted, inputs.astype(self.compute_dtype), 0)
        total = np.sum(inputs, axis=self.axes, keepdims=self.keepdims)
        n = np.sum(counted.astype(inputs.dtype), axis=self.axes, keepdims=self.keepdims)
        return total / n

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class GlobalAveragePooling2D(GlobalAverage):
    """The mean over the pixels of an image: (batch, height, width, n) becomes (batch,
    n).

    >>> import numpy as np
    >>> GlobalAveragePooling2D()(np.ones((1, 2, 2, 1))).shape
    (1, 1)
    """

    rank = 2


class GlobalAveragePooling3D(GlobalAverage):
    """The mean over a volume: (batch, depth, height, width, n) becomes (batch, n).

    >>> import numpy as np
    >>> GlobalAveragePooling3D()(np.ones((1, 2, 2, 2, 1))).shape
    (1, 1)
    """

    rank = 3


class GlobalMaxPooling1D(GlobalMax):
    """The maximum over the steps of a sequence: (batch, steps, n) becomes (batch, n).

    >>> import numpy as np
    >>> GlobalMaxPooling1D()(np.array([[[1.0], [3.0]]])).numpy()
    array([[3.]], dtype=float32)
    """

    rank = 1


class GlobalMaxPooling2D(GlobalMax):
    """The maximum over the pixels of an image: (batch, height, width, n) becomes
    (batch, n).

    >>> import numpy as np
    >>> GlobalMaxPooling2D()(np.ones((1, 2, 2, 1))).shape
    (1, 1)
    """

    rank = 2


class GlobalMaxPooling3D(GlobalMax):
    """The maximum over a volume: (batch, depth, height, width, n) becomes (batch, n).

    >>> import numpy as np
    >>> GlobalMaxPooling3D()(np.ones((1, 2, 2, 2, 1))).shape
    (1, 1)
    """

    rank = 3
