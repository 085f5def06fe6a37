"""Name scopes: what the paths of Variables made inside a ``with`` statement begin with.

A path tells variables of one name apart: "encoder/kernel" and "decoder/kernel".
"""

from __future__ import annotations

import threading
from typing import Any


class Scopes(threading.local):
    """The names of the scopes that are open in this thread."""

    def __init__(self) -> None:
        self.names: list[str] = []


scopes = Scopes()


def scoped(name: str) -> str:
    """The path of a variable of this name that is made now."""
    return "/".join([*scopes.names, name])


class name_scope:  # noqa: N801  # as Keras calls it
    """Let the paths of Variables begin with ``name/`` in a ``with`` statement.

    Raises ``ValueError`` for a name with a slash.

    >>> with name_scope("encoder"), name_scope("inner"):
    ...     print(scoped("kernel"))
    encoder/inner/kernel
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"name_scope: expected a name without '/', got {name!r}. Nest several "
                "scopes instead."
            )
        self.name = name

    def __enter__(self) -> name_scope:
        scopes.names.append(self.name)
        return self

    def __exit__(self, *error: Any) -> None:
        scopes.names.pop()
