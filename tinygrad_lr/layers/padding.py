"""Layers that work on the borders and the grid of sequences, images and volumes.

Cropping cuts values off both ends of each spatial axis, zero padding adds zeros there,
upsampling repeats rows and columns.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.validation import invalid, layout, spatial_axes, whole_numbers

Pairs = tuple[tuple[int, ...], ...]


class Spatial(Layer):
    """Base class of layers for inputs with ``rank`` axes beside batch and channels."""

    rank: ClassVar[int]
    #: Sequences have their channels last, whatever is said about images.
    takes_data_format: ClassVar[bool] = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format is not None and not self.takes_data_format:
            raise TypeError(
                f"{type(self).__name__} (layer {self.name!r}): the channels of a "
                "sequence are always last; leave data_format out."
            )
        self.data_format = (
            layout(self, data_format) if self.takes_data_format else "channels_last"
        )
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def axes(self) -> range:
        """The spatial axes of the input."""
        return spatial_axes(self.data_format, self.rank)

    def before_and_after(self, name: str, value: Any) -> Pairs:
        """Return a pair of non-negative integers for each spatial axis."""
        if self.rank == 1:
            return (whole_numbers(self, name, value, 2, 0),)
        each = value if isinstance(value, (list, tuple)) else (value,) * self.rank
        if len(each) != self.rank:
            raise invalid(
                self, f"expected {self.rank} entries as {name}, got {value!r}."
            )
        return tuple(whole_numbers(self, name, pair, 2, 0) for pair in each)

    def with_lengths(self, input_shape: Any, lengths: Any) -> Any:
        """Return a shape with other lengths of the spatial axes, None where open."""
        shape = list(input_shape)
        for axis, length in zip(self.axes, lengths, strict=True):
            shape[axis] = None if shape[axis] is None else length(shape[axis])
        return tuple(shape)

    def settings(self, **own: Any) -> dict[str, Any]:
        """Return the configuration with the arguments of the subclass."""
        if self.takes_data_format:
            own["data_format"] = self.data_format
        return {**super().get_config(), **own}


class Cropping(Spatial):
    """Base class: cuts ``cropping`` = (before, after) values off each spatial axis."""

    def __init__(self, cropping: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pairs = self.before_and_after("cropping", cropping)
        self.cropping = self.pairs[0] if self.rank == 1 else self.pairs

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape(inputs.shape)
        index = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(self.axes, self.pairs, strict=True):
            index[axis] = slice(before, inputs.shape[axis] - after)
        return inputs[tuple(index)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = self.with_lengths(
            input_shape, [lambda n, pair=pair: n - sum(pair) for pair in self.pairs]
        )
        if any(shape[axis] is not None and shape[axis] <= 0 for axis in self.axes):
            raise invalid(
                self,
                f"cropping {self.cropping} leaves nothing of an input of shape "
                f"{tuple(input_shape)}.",
            )
        return shape

    def get_config(self) -> dict[str, Any]:
        return self.settings(cropping=self.cropping)


class Cropping1D(Cropping):
    """Cuts ``cropping`` = (before, after) steps off sequences (batch, steps,
    features).

    >>> import numpy as np
    >>> Cropping1D((1, 2))(np.ones((5, 7, 3))).shape
    (5, 4, 3)
    """

    rank = 1
    takes_data_format = False

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, **kwargs)


class Cropping2D(Cropping):
    """Cuts ((top, bottom), (left, right)) off images; an integer cuts all sides.

    >>> import numpy as np
    >>> Cropping2D(1)(np.ones((1, 4, 4, 1))).shape
    (1, 2, 2, 1)
    """

    rank = 2

    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format=data_format, **kwargs)


class Cropping3D(Cropping):
    """Cuts a pair of numbers off each of three axes; an integer cuts all sides.

    >>> import numpy as np
    >>> Cropping3D(1)(np.ones((1, 4, 4, 4, 1))).shape
    (1, 2, 2, 2, 1)
    """

    rank = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format=data_format, **kwargs)


class ZeroPadding(Spatial):
    """Base class: adds ``padding`` = (before, after) zeros to each spatial axis."""

    def __init__(self, padding: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pairs = self.before_and_after("padding", padding)
        self.padding = self.pairs[0] if self.rank == 1 else self.pairs

    def call(self, inputs: Any) -> Any:
        width = [(0, 0)] * inputs.ndim
        for axis, (before, after) in zip(self.axes, self.pairs, strict=True):
            width[axis] = (before, after)
        return np.pad(inputs, tuple(width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.with_lengths(
            input_shape, [lambda n, pair=pair: n + sum(pair) for pair in self.pairs]
        )

    def get_config(self) -> dict[str, Any]:
        return self.settings(padding=self.padding)


class ZeroPadding1D(ZeroPadding):
    """Adds ``padding`` (an integer or (before, after)) steps of zeros to sequences.

    >>> import numpy as np
    >>> ZeroPadding1D(2)(np.ones((5, 7, 3))).shape
    (5, 11, 3)
    """

    rank = 1

    def __init__(
        self, padding: Any = 1, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format=data_format, **kwargs)


class ZeroPadding2D(ZeroPadding):
    """Adds ((top, bottom), (left, right)) zeros to images; an integer is all sides.

    >>> import numpy as np
    >>> ZeroPadding2D()(np.ones((1, 2, 2, 1))).shape
    (1, 4, 4, 1)
    """

    rank = 2

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format=data_format, **kwargs)


class ZeroPadding3D(ZeroPadding):
    """Adds a pair of numbers of zeros to each of three axes; an integer is all.

    >>> import numpy as np
    >>> ZeroPadding3D()(np.ones((1, 2, 2, 2, 1))).shape
    (1, 4, 4, 4, 1)
    """

    rank = 3

    def __init__(
        self,
        padding: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(padding, data_format=data_format, **kwargs)


class UpSampling(Spatial):
    """Base class: repeats every value along each spatial axis."""

    def __init__(self, size: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.times = whole_numbers(self, "size", size, self.rank, 1)
        self.size = self.times[0] if self.rank == 1 else self.times

    def call(self, inputs: Any) -> Any:
        for axis, times in zip(self.axes, self.times, strict=True):
            inputs = np.repeat(inputs, times, axis)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.with_lengths(
            input_shape, [lambda n, times=times: n * times for times in self.times]
        )

    def get_config(self) -> dict[str, Any]:
        return self.settings(size=self.size)


class UpSampling1D(UpSampling):
    """Every step of a sequence ``size`` times.

    >>> import numpy as np
    >>> UpSampling1D(2)(np.ones((5, 7, 3))).shape
    (5, 14, 3)
    """

    rank = 1
    takes_data_format = False

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)


class UpSampling2D(UpSampling):
    """Every pixel of an image ``size`` = (rows, columns) times.

    ``interpolation`` is "nearest" (copies) or "bilinear" (a straight line between the
    centres of two pixels). Raises ``NotImplementedError`` for any other.

    >>> import numpy as np
    >>> UpSampling2D()(np.ones((1, 2, 2, 1))).shape
    (1, 4, 4, 1)
    """

    rank = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format=data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in ("nearest", "bilinear"):
            raise NotImplementedError(
                f"UpSampling2D (layer {self.name!r}): interpolation "
                f"{interpolation!r} is not available; use 'nearest' or 'bilinear'."
            )

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        for axis, times in zip(self.axes, self.times, strict=True):
            weights = between_centres(inputs.shape[axis], times).astype(inputs.dtype)
            inputs = np.moveaxis(np.moveaxis(inputs, axis, -1) @ weights, -1, axis)
        return inputs

    def get_config(self) -> dict[str, Any]:
        return self.settings(size=self.size, interpolation=self.interpolation)


class UpSampling3D(UpSampling):
    """Every value of a volume ``size`` times along each of three axes.

    >>> import numpy as np
    >>> UpSampling3D()(np.ones((1, 2, 2, 2, 1))).shape
    (1, 4, 4, 4, 1)
    """

    rank = 3

    def __init__(
        self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(size, data_format=data_format, **kwargs)


def between_centres(n: int, times: int) -> Any:
    """Return the matrix (n, n * times) of a linear interpolation between centres.

    Beyond the outermost centres, the outermost value is repeated.
    """
    position = np.clip((np.arange(n * times) + 0.5) / times - 0.5, 0, n - 1)
    return np.maximum(1 - np.abs(position - np.arange(n)[:, None]), 0)
