"""Names: from ``MeanSquaredError`` to ``mean_squared_error``, and never twice the same.

A layer without a name of its own is called after its class, with a number if the name
is taken: ``dense``, ``dense_1``. When a name is not known, :func:`nearest` finds what
may have been meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

counts: dict[str, int] = {}


def snake_case(name: str) -> str:
    """Write a class name as Keras writes it in lower case.

    >>> snake_case("MeanSquaredError"), snake_case("RMSprop")
    ('mean_squared_error', 'rm_sprop')
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def class_name(name: str) -> str:
    """Write a name in lower case as that of a class.

    >>> class_name("expand_dims")
    'ExpandDims'
    """
    return "".join(map(str.capitalize, name.split("_")))


def unique_name(class_name: str) -> str:
    """Return ``dense`` for the first Dense of a session, then ``dense_1``, ..."""
    name = snake_case(class_name)
    number = counts.get(name, 0)
    counts[name] = number + 1
    return f"{name}_{number}" if number else name


def reset_names() -> None:
    """Begin to count names anew, as in a fresh session."""
    counts.clear()


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names that look most like ``name``, the likeliest first.

    >>> nearest("imput_dim", ["units", "input_dim", "name"])
    ['input_dim']
    >>> nearest("tahn", ["tan", "tanh"], 1)
    ['tanh']
    """
    import difflib

    plain: dict[str, str] = {}
    for candidate in sorted(known, key=lambda k: (k.islower() != name.islower(), k)):
        plain.setdefault(candidate.lower().replace("_", ""), candidate)
    wanted = name.lower().replace("_", "")
    likely = difflib.get_close_matches(wanted, plain, most + 2)
    likely.sort(key=lambda found: sorted(found) != sorted(wanted))  # letters swapped
    return [plain[found] for found in likely[:most]]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for the nearest known names, or nothing.

    >>> suggestion("tann", ["tanh", "relu"])
    " Did you mean 'tanh'?"
    """
    found = nearest(name, known)
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""
