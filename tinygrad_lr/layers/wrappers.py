"""Layers around a layer: one repeats it at every step, one bounds what it amplifies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lr import initializers
from tinygrad_lr.arguments import parameters
from tinygrad_lr.autodiff.mode import mode, no_grad
from tinygrad_lr.layers.batch_normalization import BatchNormalization
from tinygrad_lr.layers.layer import Layer
from tinygrad_lr.layers.normalization import unit_vectors
from tinygrad_lr.layers.passing import Lambda
from tinygrad_lr.layers.spec import InputSpec
from tinygrad_lr.layers.validation import invalid, positive
from tinygrad_lr.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


class Wrapper(Layer):
    """Base class of layers that hold another ``layer`` and do something around it."""

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__} (layer {self.name!r}): expected a layer to "
                f"wrap, got {layer!r}."
            )
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        layer = deserialize_keras_object(config.pop("layer"), custom_objects)
        return cls(layer, **config)


class TimeDistributed(Wrapper):
    """The same layer at every step: inputs (batch, steps, ...), outputs likewise.

    A mask of shape (batch, steps) is passed on. Raises ``ValueError`` for inputs with
    fewer than three axes.

    >>> import numpy as np
    >>> from tinygrad_lr.layers import Dense
    >>> TimeDistributed(Dense(4))(np.ones((2, 7, 3))).shape
    (2, 7, 4)
    """

    supports_masking = True

    def one_step(self, shape: Any) -> Any:
        """The shape of the inputs of one step."""
        if not isinstance(shape, (list, tuple)) or len(shape) < 3:
            raise invalid(
                self,
                "expected inputs of shape (batch, steps, ...) with three axes or more, "
                f"got shape {shape}.",
            )
        return (shape[0], *shape[2:])

    def build(self, input_shape: Any = None) -> None:
        super().build(self.one_step(input_shape))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        batch, steps = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (batch, steps):
            raise invalid(
                self,
                f"expected a mask of shape ({batch}, {steps}) for inputs of shape "
                f"{inputs.shape}, got {tuple(mask.shape)}.",
            )
        if not each_sample_by_itself(self.layer):
            outs = [
                self.inner(inputs[:, t], training, None if mask is None else mask[:, t])
                for t in range(steps)
            ]
            return np.stack(outs, 1)
        rows = batch * steps
        if mask is not None:
            mask = np.reshape(mask, (rows, *mask.shape[2:]))
        x = np.reshape(inputs, (rows, *inputs.shape[2:]))
        out = self.inner(x, training, mask)
        return np.reshape(out, (batch, steps, *out.shape[1:]))

    def inner(self, x: Any, training: Any, mask: Any) -> Any:
        """Call the layer with those of the arguments that it takes."""
        given = {"training": training}
        if mask is not None:
            given["mask"] = mask
        names = parameters(type(self.layer).call).names
        return self.layer.call(x, **{n: v for n, v in given.items() if n in names})

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *out = self.layer.compute_output_shape(self.one_step(input_shape))
        return (batch, input_shape[1], *out)


def each_sample_by_itself(layer: Any) -> bool:
    """Whether it is known that a layer never looks from one sample at another.

    Then all steps go through it at once, as one long batch; else one after the other.
    """
    return all(
        type(part).__module__.startswith("tinygrad_lr.")
        and not isinstance(part, (BatchNormalization, Lambda))
        for part in layer._flatten_layers()
    )


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided by its largest singular value in training.

    The kernel (or ``embeddings``), as a matrix W with its last axis for columns, has
    the singular vectors u and v about; each call in training improves them by
    ``power_iterations`` of v = W u / |W u| and u = W^T v / |W^T v|, and the layer
    computes with W / (v^T W u). Inside a training step the kernel itself stays, and
    gradients flow through the division (not through u and v); outside of one the kernel
    becomes the divided one. Inference takes the kernel as it is.

    Raises ``ValueError`` for a layer with neither weight.

    Source: Miyato et al., "Spectral normalization for generative adversarial networks",
    arXiv:1802.05957.

    >>> import numpy as np
    >>> from tinygrad_lr.layers import Dense
    >>> layer = SpectralNormalization(Dense(2, kernel_initializer="ones"), 8)
    >>> layer(np.ones((1, 2)), training=True).numpy().round(4).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive(self, "power_iterations", power_iterations)

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = getattr(self.layer, self.weight_name())
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self.kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=self.kernel.dtype,
        )

    def weight_name(self) -> str:
        """What the layer calls the weight that is divided."""
        for name in ("kernel", "embeddings"):
            if hasattr(self.layer, name):
                return name
        raise invalid(
            self,
            f"expected a layer with a weight 'kernel' or 'embeddings', got a "
            f"{type(self.layer).__name__} ({self.layer.name!r}), which has neither.",
        )

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        if not training:
            return self.layer(inputs).astype(inputs.dtype)
        kernel, vector = self.normalized_weights()
        self.vector_u.assign(vector)
        if not (mode.tapes and self.kernel.trainable):
            self.kernel.assign(kernel)
        with standing_in(self.layer, self.weight_name(), kernel):
            return self.layer(inputs).astype(inputs.dtype)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The divided kernel and the improved vector u; zeros stay as they are."""
        matrix = np.reshape(self.kernel, (-1, self.kernel.shape[-1]))
        zero = np.all(np.equal(matrix, 0))
        with no_grad():
            u: Any = self.vector_u
            for _ in range(self.power_iterations):
                v = unit_vectors(u @ matrix.T, None, 1e-7)
                u = unit_vectors(v @ matrix, None, 1e-7)
            u = np.where(zero, self.vector_u, u)
        sigma = np.where(zero, 1, v @ matrix @ u.T)
        return np.reshape(matrix / sigma, self.kernel.shape), u

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}


@contextmanager
def standing_in(layer: Layer, name: str, value: Any) -> Iterator[None]:
    """Let ``value`` stand for a weight of ``layer`` for a while."""
    weight = vars(layer)[name]
    vars(layer)[name] = value  # past __setattr__, which would take it for a change
    try:
        yield
    finally:
        vars(layer)[name] = weight
