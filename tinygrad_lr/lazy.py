"""Names that a module lacks: few programs need them, or there is nothing of that name.

Python calls a module's own ``__getattr__`` for a name that it lacks (PEP 562);
:func:`attach_getattr` gives it one. It loads what is seldom needed when it is first
asked for, so that importing the package stays cheap, and says of any other name why it
is not there, or which come near. Type checkers do not see it, and it is well that they
do not: they would believe that a module with a ``__getattr__`` has every name.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from tinygrad_lr import absent


def attach_getattr(
    package: str, homes: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Give the module called ``package`` a ``__getattr__``.

    ``homes`` says for each module which names come from it; its own last name stands
    for the module itself.
    """
    home_of = {name: home for home, names in (homes or {}).items() for name in names}

    def get(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            sentence = refusal(sys.modules[package], name, home_of)
            if sentence and called_by_from_import():
                raise ImportError(sentence, name=f"{package}.{name}")
            raise AttributeError(
                sentence or f"module {package!r} has no attribute {name!r}", name=name
            )
        module = importlib.import_module(home)
        value = module if home.endswith(f".{name}") else getattr(module, name)
        setattr(sys.modules[package], name, value)  # asked for once
        return value

    vars(sys.modules[package])["__getattr__"] = get


def refusal(module: ModuleType, name: str, later: Mapping[str, str]) -> str | None:
    """Say why ``module`` has no such name; None if a program may well be trying."""
    path = f"{module.__name__}.{name}"
    package = "__path__" in vars(module)
    if name.startswith("_") or (package and importlib.util.find_spec(path)):
        return None  # a submodule is loaded after this
    why = absent.reason(path.partition(".")[2], path)
    if why is not None:
        return why
    known = {*offered(module), *later}
    return f"module {module.__name__!r} has no {name!r}.{absent.near(name, known)}"


def offered(module: ModuleType) -> list[str]:
    """The names that a module has for others: ``__all__``, or what it defines."""
    listed: list[str] | None = vars(module).get("__all__")
    if listed is not None:
        return listed
    home = module.__name__
    return [n for n, v in vars(module).items() if getattr(v, "__module__", "") == home]


def called_by_from_import() -> bool:
    """Whether ``from package import name`` asks, which hides an AttributeError."""
    return sys._getframe(2).f_code.co_name == "_handle_fromlist"
