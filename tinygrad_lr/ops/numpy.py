"""``keras.ops.numpy``: everything that has its name from NumPy."""

from tinygrad_lr.ops import creation, elementwise, products, reductions, shapes
from tinygrad_lr.ops.linalg import slogdet

__all__: list[str] = ["slogdet"]
for family in (elementwise, reductions, creation, shapes, products):
    for name in family.__all__:
        globals()[name] = getattr(family, name)
        __all__.append(name)
