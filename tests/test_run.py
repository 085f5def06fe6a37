"""``python -m tinygrad_lr run`` does what ``python`` does, and answers keras."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tinygrad_lr.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def python(*words, cwd, **options):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd, env=ENV, capture_output=True, text=True, timeout=60, **options,
    )  # fmt: skip


SCRIPTS = {
    "what it knows of itself": """
        import sys, os
        print(sys.argv, __name__, __file__, __package__, __spec__, __doc__)
        print(sys.path[0], os.getcwd(), sorted(globals()))
        print(type(__loader__).__name__, sys.modules["__main__"].__dict__ is globals())
        """,
    "exit without a code": "import sys; print('bye'); sys.exit()",
    "exit with a code": "import sys; sys.exit(3)",
    "exit with a message": "import sys; sys.exit('no data')",
    "exception": """
        def f(x):
            return g(x) + 1
        def g(x):
            return 1 / x
        print("before")
        f(0)
        """,
    "chained exceptions": """
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("no a") from error
        """,
    "exception while handling one": """
        try:
            {}["a"]
        except KeyError:
            undefined
        """,
    "exception group": "raise ExceptionGroup('two', [ValueError(1), KeyError(2)])",
    "syntax error": "x = (1,\ny = 2",
    "interrupt": "raise KeyboardInterrupt",
    "own excepthook": """
        import sys, traceback
        def hook(kind, error, tb):
            print("hooked", kind, error, [f.name for f in traceback.extract_tb(tb)])
        sys.excepthook = hook
        def f():
            raise ValueError(7)
        f()
        """,
    "at exit": "import atexit; atexit.register(print, 'last'); raise SystemExit(4)",
    "neighbours are found": "import neighbour; print(neighbour.__file__)",
    "class pickled by name": """
        import pickle
        class Point:
            pass
        print(type(pickle.loads(pickle.dumps(Point()))) is Point)
        """,
    "source is found": """
        import inspect
        def f():
            return 1
        print(inspect.getsource(f))
        """,
    "warnings": """
        import warnings
        warnings.warn("old", DeprecationWarning)
        """,
    "thread": """
        import threading
        t = threading.Thread(target=lambda: 1 / 0, name="worker")
        t.start(); t.join()
        print("went on")
        """,
    "standard input": "print(input() + '!')",
    "annotations": "x: int = 1\nprint(__annotations__)",
    "docstring": "'''It says this.'''\nprint(__doc__)",
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_as_under_python(name, tmp_path):
    import textwrap

    folder = tmp_path / "some folder"
    folder.mkdir()
    (folder / "neighbour.py").write_text("")
    script = folder / "script.py"
    script.write_text(textwrap.dedent(SCRIPTS[name]))
    words = ["some folder/script.py", "--epochs", "3"]
    wanted = python(*words, cwd=tmp_path, input="line\n")
    found = python("-m", "tinygrad_lr", "run", *words, cwd=tmp_path, input="line\n")
    assert found.stdout == wanted.stdout
    assert found.stderr == wanted.stderr
    assert found.returncode == wanted.returncode


def test_declared_encoding(tmp_path):
    script = tmp_path / "latin.py"
    script.write_bytes(
        "# -*- coding: latin-1 -*-\nprint(ascii('ä'))\n".encode("latin-1")
    )
    assert (
        python("-m", "tinygrad_lr", "run", "latin.py", cwd=tmp_path).stdout
        == "'\\xe4'\n"
    )


def test_symbolic_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "script.py").write_text(
        "import sys; print(sys.path[0], __file__)"
    )
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "script.py")
    wanted = python("link.py", cwd=tmp_path).stdout
    assert python("-m", "tinygrad_lr", "run", "link.py", cwd=tmp_path).stdout == wanted


def test_interrupt_from_outside(tmp_path):
    (tmp_path / "wait.py").write_text(
        "import time\nprint('up', flush=True)\ntime.sleep(30)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_lr", "run", "wait.py"],
        cwd=tmp_path, env=ENV, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "up\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert "tinygrad_lr" not in errors
    assert errors.splitlines()[1].endswith('wait.py", line 3, in <module>')


def test_run_may_be_left_out(tmp_path):
    (tmp_path / "script.py").write_text("import sys, keras; print(sys.argv)")
    found = python("-m", "tinygrad_lr", "script.py", "-m", "run", cwd=tmp_path)
    assert found.stdout == "['script.py', '-m', 'run']\n"


def test_module(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    code = (
        "import sys, keras; print(sys.argv[1:], __name__, __package__, __spec__.name)"
    )
    (package / "__init__.py").write_text("import tensorflow")
    (package / "__main__.py").write_text(code)
    (package / "part.py").write_text("from . import __main__ as m\nraise SystemExit(5)")
    (tmp_path / "single.py").write_text(code)
    for name, parent, spec in (
        ("package", "package", "package.__main__"), ("single", "", "single"),
    ):  # fmt: skip
        found = python("-m", "tinygrad_lr", "run", "-m", name, "a", cwd=tmp_path)
        assert found.stdout == f"['a'] __main__ {parent} {spec}\n"
        assert found.stderr == ""
    found = python("-m", "tinygrad_lr", "run", "-m", "package.part", cwd=tmp_path)
    assert found.returncode == 5


def test_standard_input(tmp_path):
    code = "import sys, keras\nprint(sys.argv, '__file__' in globals())\n1 / 0\n"
    found = python("-m", "tinygrad_lr", "run", "-", "x", cwd=tmp_path, input=code)
    assert found.stdout == "['-', 'x'] False\n"
    assert found.returncode == 1
    assert found.stderr.splitlines()[1] == '  File "<stdin>", line 3, in <module>'


def test_missing_name_ends_the_traceback_in_the_script(tmp_path):
    (tmp_path / "script.py").write_text("from keras.layers import Densse\n")
    found = python("-m", "tinygrad_lr", "run", "script.py", cwd=tmp_path)
    lines = found.stderr.splitlines()
    assert found.returncode == 1
    assert lines[:-1] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/script.py", line 1, in <module>',
        "    from keras.layers import Densse",
    ]
    assert lines[-1].startswith("ImportError: keras.layers")
    assert "'Densse'" in lines[-1]
    assert "'Dense'" in lines[-1]


def test_missing_attribute_ends_the_traceback_in_the_script(tmp_path):
    code = "import tensorflow as tf\ndef f():\n    tf.Sesion()\nf()\n"
    (tmp_path / "script.py").write_text(code)
    lines = python(
        "-m", "tinygrad_lr", "run", "script.py", cwd=tmp_path
    ).stderr.splitlines()
    assert [line for line in lines if line.startswith("  File")] == [
        f'  File "{tmp_path}/script.py", line {n}, in {where}'
        for n, where in ((4, "<module>"), (3, "f"))
    ]
    assert lines[-1].startswith(
        "AttributeError: tensorflow, as tinygrad_lr answers it,"
    )
    assert lines[-1].count("Did you mean") <= 1


def test_an_error_of_ours_shows_the_users_line_first(tmp_path):
    (tmp_path / "script.py").write_text(
        "from keras.layers import Dense\nDense(3, imput_dim=2)\n"
    )
    found = python("-m", "tinygrad_lr", "run", "script.py", cwd=tmp_path)
    first = found.stderr.splitlines()[1]
    assert first == f'  File "{tmp_path}/script.py", line 2, in <module>'
    assert "Did you mean 'input_dim'?" in found.stderr


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["run", "--help"]])
def test_usage(words, tmp_path):
    found = python("-m", "tinygrad_lr", *words, cwd=tmp_path)
    assert found.returncode == 0
    assert found.stdout.startswith("usage: python -m tinygrad_lr run script.py")


def test_version(tmp_path):
    found = python("-m", "tinygrad_lr", "--version", cwd=tmp_path)
    assert found.stdout.startswith("tinygrad_lr ")
    assert found.stdout.split()[1][0].isdigit()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rnu", "x"], "unknown command 'rnu': expected run, check or an existing "
                       "script. Did you mean run?"),
        (["--frobnicate"], "unknown command '--frobnicate'"),
        (["run"], "run: expected a script, -m and a module, or - for stdin."),
        (["run", "-m"], "run -m: expected the name of a module."),
        (["run", "nowhere.py"], "cannot read the script 'nowhere.py': no such file"),
        (["nowhere.py"], "cannot read the script 'nowhere.py': no such file"),
        (["run", "."], "cannot read the script '.': is a directory"),
        (["run", "-m", "no_such_module"], "no module 'no_such_module'"),
        (["run", "-m", "no.such.module"], "no module 'no.such.module'"),
    ],
)  # fmt: skip
def test_wrong_command_line(words, sentence, tmp_path):
    found = python("-m", "tinygrad_lr", *words, cwd=tmp_path)
    assert found.returncode == 2
    assert found.stderr.startswith(f"tinygrad_lr: {sentence}")
    assert len(found.stderr.splitlines()) == 1
    assert found.stdout == ""


def test_check_is_handed_on(monkeypatch):
    check = SimpleNamespace(main=lambda words: len(words) + 40)
    monkeypatch.setitem(sys.modules, "tinygrad_lr.check", check)
    assert main(["check", "--fast", "add"]) == 42
