"""A model as a file, and as plain values: what a model can say about itself."""

from __future__ import annotations

from typing import Any

from tinygrad_lr import losses, metrics, optimizers, saving
from tinygrad_lr.arguments import parameters
from tinygrad_lr.models.trainer import Trainer
from tinygrad_lr.registry import KINDS, Registry, describe, make
from tinygrad_lr.serialization import serialize_keras_object

OF_COMPILE: dict[str, Registry] = {
    "optimizer": optimizers.registry,
    "loss": losses.registry,
    "metrics": metrics.registry,
    "weighted_metrics": metrics.registry,
}


class Saveable(Trainer):
    """What a model needs to be written and read."""

    def save(
        self, filepath: Any, overwrite: bool = True, zipped: bool | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        """Save the whole model; see :func:`tinygrad_lr.saving.save_model`."""
        saving.files.save_model(self, filepath, overwrite, zipped, **options)

    def save_weights(
        self, filepath: Any, overwrite: bool = True,
        max_shard_size: float | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Save the weights; see :func:`tinygrad_lr.saving.save_weights`."""
        saving.files.save_weights(self, filepath, overwrite, max_shard_size, **options)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, **options: Any
    ) -> None:
        """Set the weights from a file; see :func:`tinygrad_lr.saving.load_weights`."""
        saving.files.load_weights(
            self, filepath, skip_mismatch=skip_mismatch, **options
        )

    def to_json(self, **options: Any) -> str:
        """Return the model, without its weights, as JSON; options are json.dumps's."""
        text: str = saving.plain.write(
            describe(self), f"model {self.name!r}", **options
        )
        return text

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what was given to ``compile`` as plain values, or None."""
        if not self.compiled:
            return None
        given = {**self._compile_arguments, "optimizer": self.optimizer}
        return {
            name: serialize_keras_object(value)
            for name, value in given.items()
            if name != "auto_scale_loss"
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as :meth:`get_compile_config` said."""
        taken = parameters(type(self).compile).names
        given = {name: value for name, value in config.items() if name in taken}
        for name, kind in OF_COMPILE.items():
            if name in given:
                given[name] = objects(given[name], kind)
        self.compile(**given)
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)


def objects(value: Any, kind: Registry) -> Any:
    """Objects for the configurations in a nesting; names stay names."""
    if isinstance(value, dict):
        if "class_name" in value:
            return make(value, None, kind)
        return {key: objects(part, kind) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [objects(part, kind) for part in value]
    return value


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Make a model, with fresh weights, from what :meth:`Model.to_json` returned.

    JSON of Keras 1 and 2 is read as well. Raises ``ModelFileError`` for text that is no
    JSON and ``ValueError`` for classes that are not known.

    >>> from tinygrad_lr import Sequential, layers
    >>> model = Sequential([layers.Dense(3, input_dim=2)])
    >>> model_from_json(model.to_json()).count_params()
    9
    """
    config = saving.plain.parse(json_string, "the JSON of the model")
    return model_from_config(config, custom_objects)


def model_from_config(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Make a model, with fresh weights, from its configuration as plain values."""
    return make(saving.old_configs.modern(config), custom_objects, KINDS["keras"])
