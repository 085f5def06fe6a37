"""What every initializer has: a call with a shape, a configuration, a copy."""

from __future__ import annotations

from typing import Any

from tinygrad_lr.arguments import Checked
from tinygrad_lr.autodiff import Tensor
from tinygrad_lr.changes import Noticed


class Initializer(Noticed, metaclass=Checked):
    """Base class: override ``__call__(shape, dtype=None)`` and ``get_config``.

    >>> import numpy as np
    >>> class Halves(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.full(shape, 0.5, dtype or "float32")
    >>> Halves()((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """Return a Tensor of ``shape``; ``dtype`` defaults to ``config.floatx()``."""
        raise NotImplementedError(
            f"{type(self).__name__}: an initializer needs a method __call__(shape, "
            "dtype)."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an initializer."""
        return dict(getattr(self, "_given_arguments", {}))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make an initializer from what :meth:`get_config` returned."""
        return cls(**config)

    def clone(self) -> Any:
        """Return an initializer with the same configuration."""
        return type(self).from_config(self.get_config())
