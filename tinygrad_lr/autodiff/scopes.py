"""Name scopes: what the paths of Variables made inside a ``with`` statement begin with.

A path tells variables of one name apart: "encoder/kernel" and "decoder/kernel". Layers
open a scope of their name while they are built and called.
"""

from __future__ import annotations

import threading
from typing import Any


class Scopes(threading.local):
    """The names of the scopes that are open in this thread, and who opened the last."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.caller: Any = None

    @property
    def path(self) -> str:
        """The names, joined by "/"."""
        return "/".join(self.names)


scopes = Scopes()


def scoped(name: str) -> str:
    """The path of a variable of this name that is made now."""
    return "/".join((*scopes.names, name))


class name_scope:  # noqa: N801  # as Keras calls it
    """Let the paths of Variables begin with ``name/`` in a ``with`` statement.

    Opened once more by the same ``caller`` right inside, it changes nothing, unless
    ``deduplicate`` is False. ``override_parent`` takes the place of the path so far.
    Raises ``ValueError`` for a name with a slash.

    >>> with name_scope("encoder"), name_scope("inner"):
    ...     print(scoped("kernel"))
    encoder/inner/kernel
    """

    def __init__(
        self, name: str, caller: Any = None, deduplicate: bool = True,
        override_parent: str | None = None,
    ) -> None:  # fmt: skip
        # Layers of Keras 2 may have a slash in their names.
        if not isinstance(name, str) or (caller is None and "/" in name):
            raise ValueError(
                f"name_scope: expected a name without '/', got {name!r}. Nest several "
                "scopes instead."
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent
        self.before: tuple[tuple[str, ...], Any] | None = None

    def __enter__(self) -> name_scope:
        self.before = scopes.names, scopes.caller
        again = self.deduplicate and self.caller is not None
        if not (again and self.caller is scopes.caller):
            names = scopes.names
            if self.override_parent is not None:
                names = tuple(self.override_parent.split("/"))
            scopes.names = (*names, self.name)
            scopes.caller = self.caller
        return self

    def __exit__(self, *error: Any) -> None:
        if self.before is not None:  # else it was not entered
            scopes.names, scopes.caller = self.before
