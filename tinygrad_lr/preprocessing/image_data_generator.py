"""ImageDataGenerator: batches of images, each changed at random (Keras 2).

Random numbers are those of NumPy's global generator, as in Keras, so that a program
that seeds it sees the same images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lr.arguments import Checked
from tinygrad_lr.config import floatx, image_data_format
from tinygrad_lr.notices import warn
from tinygrad_lr.preprocessing.image_transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
)
from tinygrad_lr.utils.py_dataset import PyDataset


class ImageDataGenerator(metaclass=Checked):
    """Changes and normalizes images while a model is trained on them.

    Args:
        featurewise_center, featurewise_std_normalization: subtract the mean of each
            channel, divide by its standard deviation; :meth:`fit` finds them.
        samplewise_center, samplewise_std_normalization: the same for each image.
        zca_whitening, zca_epsilon: remove correlations; :meth:`fit` finds them.
        rotation_range: degrees.
        width_shift_range, height_shift_range: parts of the size, pixels (from 1 on), or
            a list of shifts to choose from.
        brightness_range: least and largest factor.
        shear_range: degrees.
        zoom_range: part, or least and largest factor.
        channel_shift_range: what is added to all channels at most.
        fill_mode, cval: what is beyond the edge: "nearest", "constant" (``cval``),
            "reflect" or "wrap".
        horizontal_flip, vertical_flip: whether to mirror half of the images.
        rescale: factor for all values.
        preprocessing_function: function of one image, applied before ``rescale``.
        data_format: "channels_last" or "channels_first".
        validation_split: part kept for ``flow(subset="validation")``.
        interpolation_order: 0 or 1.
        dtype: of the batches.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Any], Any] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.data_format = data_format or image_data_format()
        self.dtype = np.dtype(dtype or floatx())
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                "data_format: expected 'channels_last' or 'channels_first', got "
                f"{data_format!r}."
            )
        last = self.data_format == "channels_last"
        self.row_axis, self.col_axis, self.channel_axis = (
            (0, 1, 2) if last else (1, 2, 0)
        )
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                "validation_split: expected a number between 0 and 1, got "
                f"{validation_split!r}."
            )
        self.zoom_range = pair_of("zoom_range", zoom_range)
        if brightness_range is not None:
            pair_of("brightness_range", brightness_range, lone=False)
        # A deviation needs a mean, and whitening replaces the division by deviations.
        self.featurewise_center = (
            featurewise_center or featurewise_std_normalization or zca_whitening
        )
        self.featurewise_std_normalization = (
            featurewise_std_normalization and not zca_whitening
        )
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of the images ``x`` (rank 4), with ``y`` and ``sample_weight``."""
        if save_to_dir is not None:
            raise NotImplementedError(
                "flow: save_to_dir is not supported; write batches with "
                "keras.utils.save_img."
            )
        return NumpyArrayIterator(
            x, y, self, batch_size, shuffle, sample_weight, seed, subset,
            ignore_class_split,
        )  # fmt: skip

    def flow_from_directory(self, *args: Any, **kwargs: Any) -> Any:
        """Not here: raises ``NotImplementedError`` and says what to do instead."""
        raise NotImplementedError(
            "flow_from_directory is not supported. Read the images with "
            "keras.utils.load_img and img_to_array into one array, and call flow(x, y)."
        )

    flow_from_dataframe = flow_from_directory

    def standardize(self, x: Any) -> Any:
        """Normalize an image or a batch, as asked for."""
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.dtype.type(self.rescale)
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        for wanted, found, name in (
            (self.featurewise_center, self.mean, "featurewise_center"),
            (self.featurewise_std_normalization, self.std, "featurewise_std_..."),
            (self.zca_whitening, self.zca_whitening_matrix, "zca_whitening"),
        ):
            if wanted and found is None:
                warn(f"ImageDataGenerator: call fit(x) first, because of {name}=True.")
        if self.featurewise_center and self.mean is not None:
            x = x - self.mean
        if self.featurewise_std_normalization and self.std is not None:
            x = x / (self.std + 1e-6)
        if self.zca_whitening and self.zca_whitening_matrix is not None:
            flat = x.reshape(-1, int(np.prod(x.shape[-3:])))
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw the parameters of a transform, for :meth:`apply_transform`."""
        if seed is not None:
            np.random.seed(seed)
        draw = np.random.uniform
        most = self.rotation_range
        out: dict[str, Any] = {"theta": draw(-most, most) if most else 0}
        out["tx"] = shift(self.height_shift_range, img_shape[self.row_axis])
        out["ty"] = shift(self.width_shift_range, img_shape[self.col_axis])
        most = self.shear_range
        out["shear"] = draw(-most, most) if most else 0
        out["zx"], out["zy"] = 1, 1
        if self.zoom_range != (1, 1):
            out["zx"], out["zy"] = draw(*self.zoom_range, 2)
        out["flip_horizontal"] = (np.random.random() < 0.5) * self.horizontal_flip
        out["flip_vertical"] = (np.random.random() < 0.5) * self.vertical_flip
        most = self.channel_shift_range
        out["channel_shift_intensity"] = draw(-most, most) if most else None
        out["brightness"] = (
            draw(*self.brightness_range) if self.brightness_range else None
        )
        return out

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> Any:
        """Change an image of rank 3 as the parameters say."""
        given: dict[str, Any] = transform_parameters
        get = given.get
        moves = {name: get(name, 0) for name in ("theta", "tx", "ty", "shear")}
        x = apply_affine_transform(
            x,
            **moves,
            zx=get("zx", 1),
            zy=get("zy", 1),
            row_axis=self.row_axis,
            col_axis=self.col_axis,
            channel_axis=self.channel_axis,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"])
        if get("flip_horizontal"):
            x = np.flip(x, self.col_axis)
        if get("flip_vertical"):
            x = np.flip(x, self.row_axis)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, given["brightness"], False)
        return x

    def random_transform(self, x: Any, seed: int | None = None) -> Any:
        """Change an image of rank 3 at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(
        self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None
    ) -> None:
        """Find means, deviations and correlations of the images ``x`` (rank 4).

        With ``augment`` those of ``rounds`` changed copies.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(f"fit: expected images of rank 4, got shape {x.shape}.")
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.dtype.type(self.rescale)
        if augment:
            x = np.stack([self.random_transform(i) for _ in range(rounds) for i in x])
        axes = (0, self.row_axis + 1, self.col_axis + 1)
        if self.featurewise_center:
            self.mean = np.mean(x, axes, keepdims=True)[0]
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axes, keepdims=True)[0]
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            inverse = np.sqrt(len(x)) / (s + self.zca_epsilon)
            self.zca_whitening_matrix = (u * inverse) @ u.T


class NumpyArrayIterator(PyDataset):
    """Batches of changed images, by number or, without end, by ``next``."""

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        subset: str | None = None,
        ignore_class_split: bool = False,
    ) -> None:
        super().__init__()
        parts = {"x": np.asarray(x, image_data_generator.dtype)}
        for name, part in (("y", y), ("sample_weight", sample_weight)):
            if part is not None:
                parts[name] = np.asarray(part)
        lengths = {name: len(part) for name, part in parts.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"flow: expected equally many rows, got {lengths}.")
        if parts["x"].ndim != 4:
            raise ValueError(
                f"flow: expected images of rank 4, got shape {parts['x'].shape}. Add "
                "the axis of channels: x[..., None]."
            )
        if subset is not None:
            at = int(len(x) * image_data_generator.validation_split)
            ends = {"validation": slice(at), "training": slice(at, None)}
            if subset not in ends:
                raise ValueError(
                    f"subset: expected 'training' or 'validation', got {subset!r}."
                )
            if y is not None and not ignore_class_split:
                first, second = (np.unique(parts["y"][end]) for end in ends.values())
                if not np.array_equal(first, second):
                    raise ValueError(
                        "flow: training and validation have different classes after "
                        "the split. Shuffle x and y first."
                    )
            parts = {name: part[ends[subset]] for name, part in parts.items()}
        self.parts = parts
        self.image_data_generator = image_data_generator
        self.n = len(parts["x"])
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: Any = None

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def on_epoch_end(self) -> None:
        """Put the images in another order."""
        self.index_array = np.arange(self.n)
        if self.shuffle:
            self.index_array = np.random.permutation(self.n)

    def reset(self) -> None:
        """Let ``next`` begin with the first batch."""
        self.batch_index = 0

    def begin_batch(self) -> None:
        """Seed the draws of a batch."""
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __getitem__(self, index: int) -> Any:
        if index >= len(self):
            raise IndexError(f"expected a batch below {len(self)}, got {index}.")
        self.begin_batch()
        if self.index_array is None:
            self.on_epoch_end()
        return self.batch(index)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.begin_batch()
        if self.batch_index == 0 or self.index_array is None:
            self.on_epoch_end()
        index = self.batch_index
        self.batch_index = (index + 1) % len(self)
        return self.batch(index)

    next = __next__

    def batch(self, index: int) -> Any:
        """The batch of this number in the order that is set."""
        at = index * self.batch_size
        rows = self.index_array[at : at + self.batch_size]
        change = self.image_data_generator
        images = np.stack(
            [
                change.standardize(change.random_transform(image))
                for image in self.parts["x"][rows]
            ]
        ).astype(change.dtype)
        others = [part[rows] for name, part in self.parts.items() if name != "x"]
        return (images, *others) if others else images


def pair_of(name: str, value: Any, lone: bool = True) -> tuple[float, float]:
    """Two numbers; a lone one is a part below and above 1."""
    if lone and isinstance(value, (int, float)):
        return 1 - value, 1 + value
    if isinstance(value, (tuple, list, np.ndarray)) and len(value) == 2:
        return float(value[0]), float(value[1])
    raise ValueError(f"{name}: expected two numbers, got {value!r}.")


def shift(most: Any, size: int) -> float:
    """Draw a shift in pixels: up to ``most`` of the size, or one of a list."""
    if not np.any(most):
        return 0
    if np.ndim(most) or isinstance(most, (int, np.integer)):
        found = np.random.choice(most) * np.random.choice([-1, 1])
    else:
        found = np.random.uniform(-most, most)
    return float(found * size if np.max(most) < 1 else found)
