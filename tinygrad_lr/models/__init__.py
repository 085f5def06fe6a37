"""Models: layers put together, trained, measured and asked."""

from tinygrad_lr.models.functional import Functional, clone_model
from tinygrad_lr.models.model import Model
from tinygrad_lr.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model"]
