"""Models: layers put together, trained, measured and asked."""

from typing import TYPE_CHECKING

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.models.function import Function
from tinygrad_lr.models.functional import Functional, clone_model
from tinygrad_lr.models.model import Model
from tinygrad_lr.models.saveable import model_from_config, model_from_json
from tinygrad_lr.models.sequential import Sequential
from tinygrad_lr.registry import Registry

if TYPE_CHECKING:
    from tinygrad_lr.saving.files import load_model, save_model

registry = Registry("model", "keras")
registry.add(Functional, Model, Sequential)

__all__ = [
    "Function",
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "save_model",
]

attach_getattr(__name__, {"tinygrad_lr.saving.files": ("load_model", "save_model")})
