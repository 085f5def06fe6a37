"""Images as arrays. Files, sizes and pictures need Pillow, arrays do not."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tinygrad_lr.config import floatx, image_data_format
from tinygrad_lr.preprocessing.image_data_generator import (
    ImageDataGenerator,
    NumpyArrayIterator,
)
from tinygrad_lr.preprocessing.image_transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
)

__all__ = [
    "ImageDataGenerator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "save_img",
]

FORMATS = ("channels_first", "channels_last")
RESAMPLING = {
    "nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5,
}  # fmt: skip


def pillow() -> Any:
    """Pillow's module ``Image``, or an error that says how to get it."""
    try:
        from PIL import Image  # an extra: nothing else here needs it
    except ImportError:
        raise ImportError(
            "images are read, resized and written by Pillow, which is not installed: "
            "pip install pillow"
        ) from None
    return Image


def layout(data_format: str | None) -> str:
    """The layout asked for, or the one that is set."""
    found = image_data_format() if data_format is None else data_format
    if found not in FORMATS:
        raise ValueError(
            f"data_format: expected 'channels_first' or 'channels_last', got {found!r}."
        )
    return found


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Any:
    """An image (of Pillow, or an array) as an array of rank 3, channels included."""
    data_format = layout(data_format)
    x = np.asarray(img, floatx() if dtype is None else dtype)
    if x.ndim == 2:
        return x[None] if data_format == "channels_first" else x[:, :, None]
    if x.ndim != 3:
        raise ValueError(
            f"img_to_array: expected an image of rank 2 or 3, got shape {x.shape}."
        )
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array of rank 3 as an image of Pillow; ``scale`` spreads it over 0 to 255."""
    image = pillow()
    x = np.asarray(x, floatx() if dtype is None else dtype)
    if x.ndim != 3:
        raise ValueError(
            f"array_to_img: expected an array of rank 3 (one image), got {x.shape}."
        )
    if layout(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - x.min()
        top = x.max()
        x = x / top * 255 if top else x
    modes = {1: "L", 3: "RGB", 4: "RGBA"}
    if x.shape[-1] not in modes:
        raise ValueError(
            f"array_to_img: expected 1, 3 or 4 channels, got shape {x.shape}."
        )
    if x.shape[-1] == 1:
        deep = x.max() > 255
        return image.fromarray(x[:, :, 0].astype("int32" if deep else "uint8"))
    return image.fromarray(x.astype("uint8"), modes[x.shape[-1]])


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Read an image file with Pillow.

    ``color_mode`` is "rgb", "rgba" or "grayscale", ``target_size`` (height, width),
    ``interpolation`` the way to resize. ``keep_aspect_ratio`` cuts the middle out
    first, so that nothing is stretched.
    """
    modes = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
    if color_mode not in modes:
        raise ValueError(
            f"color_mode: expected {', '.join(modes)}, got {color_mode!r}."
        )
    if interpolation not in RESAMPLING:
        raise ValueError(
            f"interpolation: expected {', '.join(RESAMPLING)}, got {interpolation!r}."
        )
    source = path if hasattr(path, "read") else os.fspath(path)
    img = pillow().open(source)
    if not (color_mode == "grayscale" and img.mode in ("L", "I", "I;16")):
        img = img.convert(modes[color_mode])
    if target_size is None:
        return img
    height, width = target_size
    if img.size == (width, height):
        return img
    box = None
    if keep_aspect_ratio:
        w, h = img.size
        cut_h = min(h, int(w * height / width) or h)
        cut_w = min(w, int(h * width / height) or w)
        left, top = (w - cut_w) // 2, (h - cut_h) // 2
        box = (left, top, left + cut_w, top + cut_h)
    return img.resize((width, height), RESAMPLING[interpolation], box=box)


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array of rank 3 to an image file with Pillow.

    Without a ``file_format`` the ending of the name says what it is.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(path)[1].removeprefix(".") or None
    if file_format is not None and file_format.lower() == "jpg":
        file_format = "jpeg"
    img = array_to_img(x, data_format, scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        img = img.convert("RGB")  # a JPEG file has no transparency
    img.save(path, format=file_format, **kwargs)
