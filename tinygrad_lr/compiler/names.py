"""Names of users, made identifiers: the only way in which their words get into code.

Letters of any script stay; everything else becomes an underscore, so that no name can
be more than a name.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata


class Names:
    """Identifiers for values: unique, no keywords, none the source needs itself."""

    def __init__(self) -> None:
        self.taken = {"np", *keyword.kwlist, *dir(builtins)}
        self.latest: dict[str, int] = {}  # the last number that a word was given

    def take(self, wish: str) -> str:
        """Return ``wish`` made an identifier, with a number if it is taken."""
        word = identifier(wish)
        if keyword.iskeyword(word):
            word += "_"
        name, number = word, self.latest.get(word, 1)
        while name in self.taken:
            number += 1
            name = f"{word}_{number}"
        self.latest[word] = number
        self.taken.add(name)
        return name


def identifier(wish: str) -> str:
    """The letters and digits of a text, with one underscore for all that is between."""
    word = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", wish)).strip("_")[:80]
    if not f"_{word}".isidentifier():  # such as with a superscript
        word = re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_")
    return word if word.isidentifier() else f"_{word}" if word else "value"


def is_automatic(name: str) -> bool:
    """Whether an input was given this name by us."""
    return re.fullmatch(r"input_layer(_\d+)?", name) is not None
