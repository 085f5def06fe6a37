"""The page docs/keras.md is what the code says, and the code sees what is missing."""

from __future__ import annotations

import covered
import pytest
from cases.public import MODULES
from comparison import recorded

PUBLIC = recorded("public")
COMMAND = "python tests/parity/covered.py"


def test_the_page_is_what_the_command_writes() -> None:
    shown = covered.PAGE.read_text(encoding="utf-8").split("\n")
    written = covered.page().split("\n")
    other = [line for line in written if line not in shown]
    other += [line for line in shown if line not in written]
    assert shown == written, f"run `{COMMAND}`; it changes {other[:6]}"


def test_the_list_of_modules_is_whole() -> None:
    assert list(MODULES) == PUBLIC["modules"]


@pytest.mark.parametrize("name", ["keras.layers.Dense", "keras.activations.relu"])
def test_what_is_the_same(name: str) -> None:
    module, _, last = name.rpartition(".")
    assert covered.table(module, {last: PUBLIC[module][last]})[last].kind == "same"


@pytest.mark.parametrize(
    ("theirs", "ours", "seen"),
    [
        (["x"], ["x"], []),
        (["x", "**kwargs"], ["x"], []),
        (["x"], ["x", "y=None", "*, z=1"], []),
        (["x", "axis=-1"], ["x"], ["no `axis=`"]),
        (["x", "axis=-1"], ["x", "**kwargs"], ["no `axis=`"]),
        (["x", "name=None"], ["x", "**kwargs"], ["`name=` by keyword only"]),
        (["x", "axis=-1"], ["x", "axis=0"], ["`axis=0` instead of `-1`"]),
        (["x"], ["x=None"], []),
        (["x", "y"], ["y", "x"], ["`x=` in another place", "`y=` in another place"]),
        (["x", "y"], ["x", "*, y"], ["`y=` by keyword only"]),
        (["x"], ["/, x"], ["`x` by position only"]),
        (["x", "*, y"], ["x", "y"], []),
    ],
)
def test_what_differs(theirs: list[str], ours: list[str], seen: list[str]) -> None:
    assert list(covered.differences(theirs, ours, {"name"})) == seen


def test_members_that_a_class_lacks() -> None:
    class Mine:
        def __init__(self) -> None:
            self.kernel = 1

        def adapt(self, data: object) -> None: ...

    members = {"kernel": None, "adapt": ["data", "steps=None"], "fit": ["x"], "b": None}
    theirs = {"init": [], "members": members}
    assert list(covered.class_differences(theirs, Mine)) == [
        "`adapt`: no `steps=`", "no `fit`, `b`"
    ]  # fmt: skip


def test_every_absent_name_has_a_reason() -> None:
    rows = covered.table("keras.layers", PUBLIC["keras.layers"])
    assert rows["FlaxLayer"] == ("absent", "another framework's layer")
    assert all(row.remark for row in rows.values() if row.kind != "same")
