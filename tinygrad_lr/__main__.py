"""The command line: run a Keras script unmodified, or check every gradient.

``python -m tinygrad_lr run script.py`` does what ``python script.py`` does, except that
``keras`` and ``tensorflow`` are answered by this package. The script gets a
``__main__``, ``sys.argv`` and ``sys.path[0]`` of its own, and its tracebacks begin with
its own lines.
"""

from __future__ import annotations

import builtins
import difflib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from types import CodeType, ModuleType, TracebackType
from typing import Any, NamedTuple

import tinygrad_lr

COMMANDS = ("run", "check")

USAGE = """\
usage: python -m tinygrad_lr run script.py [arguments]   run a Keras script
       python -m tinygrad_lr run -m module [arguments]   the same for a module
       python -m tinygrad_lr run -                       the same for standard input
       python -m tinygrad_lr check [arguments]           check every gradient rule
       python -m tinygrad_lr --help | --version

The word "run" may be left out. The script finds keras and tensorflow answered by
tinygrad_lr; everything else is as if Python itself had been given the script."""


class UsageError(Exception):
    """The command line makes no sense; the message says what was expected."""


class Program(NamedTuple):
    """What to run, and how it sees itself."""

    argv: list[str]
    folder: str
    names: dict[str, Any]
    load: Callable[[], CodeType]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. What a script raises is left to Python."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[words[0] == "run" :][:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if words[0] == "--version":
        print(f"tinygrad_lr {tinygrad_lr.__version__}")
        return 0
    if words[0] == "check":
        check = importlib.import_module("tinygrad_lr.check")
        return int(check.main(words[1:]))
    importlib.import_module("tinygrad_lr.alias")
    try:
        program = find_program(words)
    except UsageError as error:
        print(f"tinygrad_lr: {error}", file=sys.stderr)
        return 2
    run(program)
    return 0


def find_program(words: Sequence[str]) -> Program:
    """Return the program that the words of the command line ask for."""
    named = words[0] == "run"
    words = words[1:] if named else words
    if not words:
        raise UsageError("run: expected a script, -m and a module, or - for stdin.")
    if words[0] == "-m":
        if len(words) == 1:
            raise UsageError("run -m: expected the name of a module.")
        return module_program(words[1:])
    if words[0] == "-":
        return stdin_program(words)
    if named or os.path.exists(words[0]) or words[0].endswith(".py"):
        return file_program(words)
    near = difflib.get_close_matches(words[0], COMMANDS, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(
        f"unknown command {words[0]!r}: expected run, check or an existing script."
        f"{hint}"
    )


def file_program(words: Sequence[str]) -> Program:
    """Return the script whose file is the first word."""
    script = words[0]
    try:
        with open(script, "rb") as file:
            source = file.read()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read the script {script!r}: {reason}.") from None
    path = os.path.abspath(script)
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    return Program(
        argv=list(words),
        folder=os.path.dirname(os.path.realpath(script)),
        names={"__file__": path, "__cached__": None, "__loader__": loader},
        load=lambda: compile(source, path, "exec", dont_inherit=True),
    )


def module_program(words: Sequence[str]) -> Program:
    """Return the module, or the package's ``__main__``, that the first word names."""
    name = words[0]
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except ModuleNotFoundError:
        spec = None
    except (ImportError, ValueError) as error:
        raise UsageError(f"cannot run the module {name!r}: {error}.") from None
    loader = spec.loader if spec is not None else None
    if spec is None or not isinstance(loader, importlib.machinery.SourceFileLoader):
        raise UsageError(f"no module {name!r} that could be run was found.")
    path = loader.path
    return Program(
        argv=[path, *words[1:]],
        folder=os.getcwd(),
        names={
            "__file__": path,
            "__cached__": spec.cached,
            "__loader__": loader,
            "__package__": spec.parent,
            "__spec__": spec,
        },
        load=lambda: loader.source_to_code(loader.get_data(path), path),
    )


def stdin_program(words: Sequence[str]) -> Program:
    """Return the program that stands on standard input."""
    source = sys.stdin.buffer.read()
    return Program(
        argv=list(words),
        folder="",
        names={"__loader__": importlib.machinery.BuiltinImporter},
        load=lambda: compile(source, "<stdin>", "exec", dont_inherit=True),
    )


def run(program: Program) -> None:
    """Run ``program`` as ``__main__``, in place of the one that Python made for us.

    Whatever it raises goes up to Python, which prints it and sets the exit code as for
    any script; only the frames of this module are taken out of the traceback before.
    """
    sys.argv[:] = program.argv
    if not sys.flags.safe_path:
        sys.path[0] = program.folder
    script = ModuleType("__main__")
    names = vars(script)
    names.update(__builtins__=builtins, __annotations__={}, **program.names)
    sys.modules["__main__"] = script
    try:
        exec(program.load(), names)
    except BaseException:
        show_only(names)
        raise


def show_only(names: dict[str, Any]) -> None:
    """Let the traceback begin at the frame with these globals, whoever prints it."""
    show = sys.excepthook

    def shown(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        traceback = without_own_frames(traceback, names)
        show(kind, error.with_traceback(traceback), traceback)

    sys.excepthook = shown


def without_own_frames(
    traceback: TracebackType | None, names: dict[str, Any]
) -> TracebackType | None:
    """Drop what stands before the script, and a facade's frames after it."""
    while traceback is not None and traceback.tb_frame.f_globals is not names:
        traceback = traceback.tb_next
    frame = last = traceback
    while frame is not None:
        if frame.tb_frame.f_globals.get("__name__") != "tinygrad_lr.alias":
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None
    return traceback


if __name__ == "__main__":
    sys.exit(main())
