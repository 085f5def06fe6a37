"""The pages for people: every example runs, every output is what it prints.

The Python blocks of a page run in their order, in one namespace. A ``text`` block right
after a Python block holds its exact output; ``python tests/test_docs.py`` writes these
blocks anew, to be read before they are committed.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import shlex
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from tinygrad_lr.naming import reset_names

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)
SHELL = re.compile(r"^```sh\n(.*?)^```\n", re.M | re.S)
LINK = re.compile(r"\]\(([^)#:\s]+)\)")


def name(page):
    return str(page.relative_to(ROOT))


def outputs(page):
    """Run the Python blocks of a page: (match of the block, what it printed)."""
    text = page.read_text(encoding="utf-8")
    file, namespace, whole = f"<{name(page)}>", {"__name__": "page"}, ""
    reset_names()
    for block in PYTHON.finditer(text):
        # Empty lines for the rest of the page, so that tracebacks name the right one.
        line = text.count("\n", 0, block.start(1))
        whole += "\n" * (line - whole.count("\n")) + block[1]
        linecache.cache[file] = (len(whole), None, whole.splitlines(True), file)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + block[1], file, "exec"), namespace)
        yield block, printed.getvalue().rstrip("\n") + "\n" * bool(printed.getvalue())


@pytest.mark.parametrize("page", PAGES, ids=name)
@pytest.mark.filterwarnings("ignore:.* is spelt .* today:DeprecationWarning")
def test_examples(page, tmp_path, monkeypatch, unchanged_tables):
    monkeypatch.chdir(tmp_path)
    for block, printed in outputs(page):
        assert printed == (block[2] or ""), f"the output of\n\n{block[1]}\nis another"


def test_there_are_examples():
    found = [
        block for page in PAGES for block in PYTHON.findall(page.read_text("utf-8"))
    ]
    assert len(found) > 15
    assert sum(bool(text) for _, text in found) > 10


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_text_stands_right_after_what_prints_it(page):
    text = page.read_text(encoding="utf-8")
    blocks = PYTHON.findall(text)
    assert text.count("```python") == len(blocks)
    assert text.count("```text") == sum(bool(shown) for _, shown in blocks)


def test_lines_that_are_explained_are_there():
    text = (ROOT / "docs" / "step.md").read_text(encoding="utf-8")
    shown = "".join(text for _, text in PYTHON.findall(text))
    explained = re.findall(r"^\*\*`(.+?)`\*\*|and \*\*`(.+?)`\*\*", text, re.M)
    assert len(explained) > 8
    assert [a + b for a, b in explained if a + b not in shown] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_names_every_page_and_every_part_of_the_package():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES[1:]}
    assert pages - {*LINK.findall(index), "README.md"} == set()
    there = (ROOT / "tinygrad_lr").iterdir()
    parts = {path.stem for path in there if path.suffix in ("", ".py")}
    assert {p for p in parts - {"__pycache__"} if f"`{p}" not in index} == set()


def commands():
    """The lines of all shell blocks that call the package."""
    for page in PAGES:
        for block in SHELL.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                if " -m tinygrad_lr " in line:
                    yield pytest.param(line, id=f"{name(page)}: {line}")


@pytest.mark.parametrize("line", [*commands()])
def test_commands(line):
    python, *words = shlex.split(line)
    assert python == ".venv/bin/python"
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_two_commands_for_a_fresh_machine():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^python3 -m venv.*", text, re.M)
    assert len(lines) == 2
    for line in lines:
        make, install, run = line.split(" && ")
        assert make == "python3 -m venv .venv"
        assert install.startswith(".venv/bin/pip install -q ")
        assert run.startswith(".venv/bin/python ")
    assert (ROOT / lines[0].split()[-1]).is_file()


def update(page):
    """Write what the blocks of a page print today into it."""
    text = page.read_text(encoding="utf-8")
    for block, printed in reversed(list(outputs(page))):
        shown = f"\n```text\n{printed}```\n" if printed else ""
        python = f"```python\n{block[1]}```\n"
        text = text[: block.start()] + python + shown + text[block.end() :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.chdir(tempfile.gettempdir())  # a page may write files
    for one in PAGES:
        update(one)
