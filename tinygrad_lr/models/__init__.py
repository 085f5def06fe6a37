"""Models: layers put together, trained, measured and asked."""

from tinygrad_lr.models.functional import Functional, clone_model
from tinygrad_lr.models.model import Model
from tinygrad_lr.models.saveable import model_from_config, model_from_json
from tinygrad_lr.models.sequential import Sequential
from tinygrad_lr.registry import Registry
from tinygrad_lr.seldom import loaded_when_asked

registry = Registry("model", "keras")
registry.add(Functional, Model, Sequential)

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "save_model",
]

__getattr__ = loaded_when_asked(
    __name__, {"tinygrad_lr.saving.files": ("load_model", "save_model")}
)
