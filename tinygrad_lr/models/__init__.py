"""Models: layers put together, trained, measured and asked."""

from tinygrad_lr.models.model import Model
from tinygrad_lr.models.sequential import Sequential

__all__ = ["Model", "Sequential"]
