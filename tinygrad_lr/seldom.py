"""Names of a package that few programs need, loaded when they are first asked for.

Python calls a module's own ``__getattr__`` for a name that it lacks (PEP 562);
:func:`loaded_when_asked` makes one. Importing the package stays cheap that way.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def loaded_when_asked(
    package: str, homes: Mapping[str, Sequence[str]]
) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for ``package``.

    ``homes`` gives for each module the names that come from it; its own last name
    stands for the module itself.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(home)
        value = module if home.endswith(f".{name}") else getattr(module, name)
        setattr(sys.modules[package], name, value)  # asked for once
        return value

    return get
