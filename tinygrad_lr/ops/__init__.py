"""``keras.ops``: NumPy under NumPy's names, on Tensors, with Keras's dtypes.

Tensors answer NumPy's functions, so most operations *are* NumPy's functions: what is
added is that arrays and lists become Tensors first, and that dtypes are promoted as
Keras does it. Everything is differentiable where NumPy's function has a rule, and
recordable where it does not look at values. On places each is one step of a model.
"""

from typing import TYPE_CHECKING, Any

from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.ops import core, linalg, math, nn, numpy
from tinygrad_lr.ops.steps import as_step

FAMILIES = (numpy, core, nn, linalg, math)

__all__: list[str] = []
for family in FAMILIES:
    for name in family.__all__:
        operation = as_step(getattr(family, name), family.__name__.rpartition(".")[2])
        setattr(family, name, operation)
        globals()[name] = operation
        __all__.append(name)

if TYPE_CHECKING:  # the names are made above, where a type checker does not see them

    def __getattr__(name: str) -> Any: ...


attach_getattr(__name__)
