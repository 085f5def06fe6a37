"""STFT: a kernel of waves, with which a convolution finds the pitches in a signal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.config import floatx
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.initializers.windows import named_window
from tinygrad_lr.serialization import deserialize_keras_object, serialize_keras_object


class STFT(Initializer):
    """Cosines or sines of all frequencies: a kernel that makes of a convolution over
    time the short-time Fourier transform.

    For a shape (frame length, channels, n) it has the shape (frame length, 1, n), and
    holds cos or sin of -pi t k / (n - 1) at time t for the frequency k. ``side`` is
    "real" (cosines) or "imag"; ``window`` the name of a window, an array as long as a
    frame, or None; ``scaling`` "density" (divided by the root of the window's sum of
    squares), "spectrum" (by the sum) or None. ``periodic`` windows lack the last of one
    point more. Raises ``ValueError`` for other words, and for a window of another
    length.

    Source: Allen and Rabiner, "A unified approach to short-time Fourier analysis and
    synthesis", Proceedings of the IEEE 1977.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann",
        scaling: str | None = "density", periodic: bool = False,
    ) -> None:  # fmt: skip
        if side not in ("real", "imag"):
            raise ValueError(f"STFT: expected side 'real' or 'imag', got {side!r}.")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(
                "STFT: expected scaling 'density', 'spectrum' or None, got "
                f"{scaling!r}."
            )
        if isinstance(window, str):
            named_window(window, 1)  # raises for an unknown name
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) != 3:
            raise ValueError(
                "STFT: expected a shape of three axes (frame length, channels, "
                f"frequencies), got {tuple(shape)}."
            )
        length, _, frequencies = shape
        time = np.arange(length)[:, None, None]
        angle = -math.pi * time * np.arange(frequencies) / (frequencies - 1)
        values = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            values = values * self._weights(length)[:, None, None]
        return Tensor(values, dtype=dtype or floatx())

    def _weights(self, length: int) -> Any:
        """The window, scaled."""
        w = self.window
        if isinstance(w, str):
            w = named_window(w, length, self.periodic)
        w = np.asarray(getattr(w, "data", w))
        if w.shape != (length,):
            raise ValueError(
                f"STFT: expected a window of shape ({length},), got {w.shape}."
            )
        if self.scaling == "density":
            return w / np.sqrt(np.sum(np.square(w)))
        return w / np.sum(np.absolute(w)) if self.scaling == "spectrum" else w

    def get_config(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "window": serialize_keras_object(self.window),
            "periodic": self.periodic,
            "scaling": self.scaling,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "window": deserialize_keras_object(config["window"])})
