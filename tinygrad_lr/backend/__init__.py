"""``keras.backend``: settings, and mathematics as old programs spell it."""

from typing import TYPE_CHECKING, Any

from tinygrad_lr.backend import graphs, mathematics, tensors
from tinygrad_lr.lazy import attach_getattr

__all__: list[str] = []
for part in (tensors, mathematics, graphs):
    for name in part.__all__:
        globals()[name] = getattr(part, name)
        __all__.append(name)

if TYPE_CHECKING:  # the names are made above, where a type checker does not see them

    def __getattr__(name: str) -> Any: ...


attach_getattr(__name__)
