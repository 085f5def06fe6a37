"""The page docs/parity.md: how far our figures are from the recorded ones of Keras.

    python tests/parity/figures.py

runs every case (a minute) and writes the worst difference for each name. The last
digits depend on the machine and the NumPy, so that tests hold only the rows to the
cases; that the figures agree is what the other tests of this folder are for.
"""

from __future__ import annotations

import functools
import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent.parent / "docs" / "parity.md"
if __name__ == "__main__":
    sys.path.insert(0, str(TESTS.parent.parent))

import cases  # noqa: E402  # the path stands above
from comparison import is_number, recorded  # noqa: E402

import tinygrad_lr as keras  # noqa: E402
from tinygrad_lr.naming import reset_names  # noqa: E402

# Groups that are compared in another way, and how.
OTHERWISE = {
    "facts": "names, defaults and configurations: equal",
    "initializers": "draws of another generator: the moments of 120,000 draws agree",
    "plots": "boxes and arrows of drawn models: equal",
    "public": "names: see [keras.md](keras.md)",
}
SMALL = 0.01  # of the largest number in an array
SPELT = {  # words of cases for names of Keras
    "adam": "Adam", "momentum": "SGD", "nesterov": "SGD", "rmsprop": "RMSprop",
    "sgd": "SGD",
}  # fmt: skip

HEAD = """# The numbers of Keras

The worst relative difference between our figures and those of Keras {keras} (on
{backend}), over all recorded cases of a name. This page is written by
`python tests/parity/figures.py`, which runs every case anew.

A difference is relative to the recorded number, or to a hundredth of the largest
number in its array if that is more (the gradient of one weight may be zero by chance).
float32 carries 7 digits and float64 16; both libraries round in every operation, each
in its own order, so that a long training is off by more than a single loss. What is
computed as a difference of nearly equal numbers (1 - tanh(x)^2 for a large x) loses
digits in both; then float64 tells whether the formula is the same. Names, shapes and
messages among the figures are compared by the tests only.
"""


def rows(group: str) -> dict[str, list[str]]:
    """The cases of a group by the name that they are about, in their order.

    Signatures are no figures, and are left out.
    """
    found: dict[str, list[str]] = {}
    for case in (c for c in cases.GROUPS[group] if not c.startswith("signature")):
        found.setdefault(subject(case, group), []).append(case)
    return found


def subject(case: str, group: str) -> str:
    """The name of Keras that stands in the name of a case, or else its first word."""
    words = re.split(r"[-(=.]", case)
    names = [SPELT.get(word, word) for word in words]
    return next((name for name in names if name in public(group == "ops")), names[0])


@functools.cache
def public(ops: bool) -> set[str]:
    """Names of classes and functions in Keras.

    Those of ``keras.ops`` are words of other cases, too, and left out there.
    """
    modules = recorded("public")
    del modules["modules"]
    return {
        name
        for module, names in modules.items()
        if ops or not module.startswith("keras.ops")
        for name in names
    }


def distance(found: Any, expected: Any) -> float:
    """The worst relative difference between numbers at the same place of two nestings;
    infinite where one of them has a number, or a part, that the other lacks.
    """
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return np.inf
        return worst(distance(found[key], expected[key]) for key in expected)
    if is_number(expected) or (isinstance(expected, list) and is_array(expected)):
        try:
            return array_distance(np.array(found, float), np.array(expected, float))
        except (TypeError, ValueError):
            return np.inf
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return np.inf
        return worst(map(distance, found, expected))
    return np.inf if is_number(found) else 0.0  # words


def worst(numbers: Any) -> float:
    """The largest, 0 of none."""
    return max(numbers, default=0.0)


def is_array(value: list[Any]) -> bool:
    """Whether a list, or a list of lists, is an array of numbers."""
    flat = np.ravel(np.array(value, dtype=object)).tolist() if value else []
    return all(map(is_number, flat))


def array_distance(found: Any, expected: Any) -> float:
    """The worst relative difference in an array."""
    if found.shape != expected.shape:
        return np.inf
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    if np.all(same):
        return 0.0
    finite = np.abs(expected[np.isfinite(expected)])
    largest = worst(finite.tolist()) or 1.0
    scale = np.maximum(np.abs(expected), SMALL * largest)
    with np.errstate(invalid="ignore"):
        off = np.where(same, 0.0, np.abs(found - expected) / scale)
    return float(np.max(np.nan_to_num(off, nan=np.inf)))


def page() -> str:
    """The whole page."""
    lines = [HEAD.format(**versions())]
    for group in cases.GROUPS:
        lines += [f"## {group}", ""]
        lines += [OTHERWISE[group], ""] if group in OTHERWISE else table(group)
    return "\n".join(lines).rstrip() + "\n"


def versions() -> dict[str, str]:
    """What the figures were recorded with."""
    text = (TESTS / "recorded" / "trajectories.json").read_text()
    known: dict[str, str] = json.loads(text)["versions"]
    return known


def table(group: str) -> Iterator[str]:
    """The worst differences of a group, by name and precision."""
    expected = recorded(group)
    lines, equal = [], []
    for name, own in rows(group).items():
        off: dict[bool, list[float]] = {True: [], False: []}
        for case in own:
            reset_names()
            found = cases.GROUPS[group][case](keras)
            off[case.endswith("float64")].append(distance(found, expected[case]))
        if worst(off[True] + off[False]) == 0:
            equal.append(f"`{name}` ({len(own)})")
        else:
            cells = [shown(off[precise]) for precise in (False, True)]
            lines.append(f"| `{name}` | {len(own)} | {' | '.join(cells)} |")
    if lines:
        yield "| name | cases | float32 | float64 |"
        yield "|---|---:|---:|---:|"
        yield from [*lines, ""]
    if equal:
        yield f"Equal to the last digit, with the number of cases: {', '.join(equal)}."
        yield ""


def shown(differences: list[float]) -> str:
    """The worst difference with two digits."""
    if not differences:
        return ""
    number = max(differences)
    return "0" if number == 0 else f"{number:.1e}" if np.isfinite(number) else "other"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(PAGE.read_text(encoding='utf-8')):,} characters")
