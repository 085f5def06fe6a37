"""Model: layers that belong together, and that can be trained.

A model is a layer made of layers, so it can stand inside another one. Subclass it and
write ``call``, or use :class:`Sequential` for layers in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import Tensor, no_grad
from tinygrad_lr.autodiff.trees import transform
from tinygrad_lr.layers import Layer
from tinygrad_lr.models.data import as_array
from tinygrad_lr.models.export import to_numpy_source
from tinygrad_lr.models.observe import observed
from tinygrad_lr.models.trainer import Trainer
from tinygrad_lr.naming import suggestion
from tinygrad_lr.nesting import map_shapes
from tinygrad_lr.utils.summary import print_summary


class Model(Trainer):
    """Base of all models: override ``call(inputs)``, using layers kept in attributes.

    Args:
        trainable: whether training changes the weights.
        name: name of the model; made from the class if None.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lr.layers import Dense
        >>> class Twin(Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = Dense(1)
        ...     def call(self, x):
        ...         return self.dense(x) * 2
        >>> model = Twin()
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> history = model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
        >>> model.count_params()
        4
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if inputs is not None or outputs is not None:
            raise NotImplementedError(
                "Model(inputs, outputs) is not available yet. Use Sequential for "
                "layers in a row, or subclass Model and write call(self, x)."
            )
        super().__init__(trainable=trainable, name=name, **kwargs)

    # -- structure ---------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in the order in which they were attached."""
        return self._sublayers()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its place, or raise ``ValueError``."""
        if (name is None) == (index is None):
            raise ValueError(
                "get_layer: expected either name= or index=, got both or none."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"get_layer: expected an index below {len(layers)}, the number of "
                    f"layers of model {self.name!r}, got {index}."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(
            f"get_layer: model {self.name!r} has no layer {name!r}."
            f"{suggestion(str(name), names)} It has {names}."
        )

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of a shape (None for the batch), by calling on
        zeros.
        """
        if input_shape is None:
            raise ValueError(
                f"build: model {self.name!r} needs the shape of its input, such as "
                "(None, 4)."
            )
        zeros = map_shapes(
            lambda shape: Tensor.on(np.zeros([n or 1 for n in shape], self.dtype)),
            input_shape,
        )
        with no_grad():
            self(zeros, training=False)
        self.__dict__["_build_shape"] = input_shape

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if type(self).build is not Model.build:  # else the layers build themselves
            super()._build_for(args, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs for some inputs, as a Tensor; the first call makes the
        weights.
        """
        if self.built:
            return super().__call__(*args, **kwargs)
        with observed(self, note_output_shape):
            outputs = super().__call__(*args, **kwargs)
        note_output_shape(self, outputs)
        return outputs

    # -- weights -----------------------------------------------------------------------

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights from arrays in the order of ``get_weights``.

        Raises ``ValueError`` if the number of arrays or a shape does not fit; then
        nothing has changed.
        """
        own = self.weights
        if len(weights) == len(own):
            weights = [
                value if np.ndim(value) == 0 else as_array(value, "weights")
                for value in weights
            ]
            for weight, value in zip(own, weights, strict=True):
                if weight.shape != np.shape(value):
                    raise ValueError(
                        "set_weights: weight "
                        f"{getattr(weight, 'path', weight.name)!r} of model "
                        f"{self.name!r} has shape {weight.shape}, got an array of "
                        f"shape {np.shape(value)}."
                    )
        super().set_weights(weights)

    def to_numpy_source(self, path: Any = None) -> str:
        """Return a Python file that predicts with NumPy alone; write it to ``path``.

        The file has one function for users, ``predict(x)``. Weights stand in it if they
        are few (4,096 numbers), else in an ``.npz`` of the same name beside it.
        """
        return to_numpy_source(self, path)

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print the layers, the shapes of their outputs and the numbers of parameters.

        The arguments are those of :func:`tinygrad_lr.utils.summary.print_summary`.
        """
        print_summary(
            self,
            line_length,
            positions,
            print_fn,
            expand_nested,
            show_trainable,
            layer_range,
        )


def note_output_shape(layer: Any, outputs: Any) -> None:
    """Keep the shape of what a layer gave out, for the summary."""
    layer.__dict__["_output_shape"] = transform(lambda out: tuple(out.shape), outputs)
