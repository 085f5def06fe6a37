"""Sources for people: they run with NumPy alone, and say what the model says."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replaying import BINARY, CLASSES, X, small
from test_bitwise_layers import LAYERS, OF_INTEGERS

import tinygrad_lr as keras
from tinygrad_lr.layers import Activation, Dense

RUNNER = """
import importlib.util, sys
import numpy as np
spec = importlib.util.spec_from_file_location("exported", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
data = np.load(sys.argv[2])
results = {name: module.predict(data[name]) for name in data.files}
assert not [name for name in sys.modules if name.split(".")[0] == "tinygrad_lr"]
np.savez(sys.argv[3], **results)
"""
ROWS = (1, 2, 3, 7)


def run_alone(path: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """What ``predict`` of an exported file returns in a process of its own."""
    np.savez(path.parent / "in.npz", **inputs)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            RUNNER,
            path,
            path.parent / "in.npz",
            path.parent / "out.npz",
        ],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with np.load(path.parent / "out.npz") as found:
        return dict(found)


def same_alone(model: Any, folder: Path, x: Any = X) -> str:
    """Assert that an exported model predicts what the model does; return the source."""
    path = folder / "exported.py"
    source = model.to_numpy_source(path)
    assert path.read_text(encoding="utf-8") == source
    inputs = {f"n{n}": x[:n] for n in ROWS}
    got = run_alone(path, inputs)
    for name, rows in inputs.items():
        expected = model.predict(rows, verbose=0)
        assert got[name].dtype == expected.dtype
        assert got[name].shape == expected.shape
        np.testing.assert_allclose(got[name], expected, rtol=3e-6, atol=1e-6)
    return source


ACTIVATIONS = sorted(
    {thing.__name__ for thing in keras.activations.registry.entries.values()}
    - {"threshold", "glu"}
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_source_of_each_activation(name: str) -> None:
    model = keras.Sequential([Dense(4, input_dim=3), Activation(name)])
    namespace: dict[str, Any] = {}
    exec(model.to_numpy_source(), namespace)
    for rows in ROWS:
        expected = model.predict(X[:rows], verbose=0)
        got = namespace["predict"](X[:rows])
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(got, expected, rtol=3e-6, atol=1e-6)


def test_many_activations_alone(tmp_path: Path) -> None:
    """One model that uses them all, so that one process is enough."""
    layers: list[Any] = [Dense(4, input_dim=3)]
    for name in sorted({*ACTIVATIONS} - {"exponential"}):
        layers += [Activation(name, name=f"a_{name}"), Dense(4)]
    same_alone(keras.Sequential(layers), tmp_path)


@pytest.mark.filterwarnings("ignore:.*an input with a mask")  # Flatten drops it
@pytest.mark.parametrize("name", [name for name, cases in LAYERS.items() if cases])
def test_source_of_each_layer(name: str) -> None:
    made = LAYERS[name][0]()
    chain = made if isinstance(made, list) else [made]
    model = keras.Sequential([keras.Input((3,)), *chain])
    x = np.abs(np.trunc(X * 2)) if name in OF_INTEGERS else X
    namespace: dict[str, Any] = {}
    exec(model.to_numpy_source(), namespace)
    for rows in (1, 7):
        expected = model.predict(x[:rows], verbose=0)
        got = namespace["predict"](x[:rows])
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(got, expected, rtol=3e-6, atol=1e-6)


def test_inputs_are_checked() -> None:
    left, right = keras.Input((3,), name="left"), keras.Input((1,), name="right")
    model = keras.Model([left, right], Dense(1)(left) + right)
    names: dict[str, Any] = {}
    exec(model.to_numpy_source(), names)
    x, y = X[:4], X[:4, 0]  # a column may be given as a row of numbers
    expected = model.predict([x, y], verbose=0)
    np.testing.assert_allclose(names["predict"](x, y), expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"left of shape \(n, 3\), got \(4, 2\)"):
        names["predict"](x[:, :2], y)
    with pytest.raises(ValueError, match=r"rows of right as of left, got 3 and 4"):
        names["predict"](x, y[:3])


def test_a_function_that_computes_otherwise_from_some_size_on() -> None:
    """Softplus of 200 numbers and of 300 is computed in different ways."""
    model = keras.Sequential([Dense(100, "softplus", input_dim=3)])
    names: dict[str, Any] = {}
    exec(model.to_numpy_source(), names)
    for rows in (2, 3):
        expected = model.predict(X[:rows], verbose=0)
        np.testing.assert_array_equal(names["predict"](X[:rows]), expected)


def test_the_file_is_not_the_one_for_weights(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Python file"):
        small().to_numpy_source(tmp_path / "model.npz")


def test_weights_in_the_file(tmp_path: Path) -> None:
    model = small("sparse_categorical_crossentropy", units=3, last="softmax")
    model.fit(X, CLASSES, verbose=0)
    source = same_alone(model, tmp_path)
    assert "npz" not in source
    assert model.to_numpy_source() == source


def test_weights_beside_the_file(tmp_path: Path) -> None:
    model = keras.Sequential([Dense(900, "relu", input_dim=3), Dense(2, "softmax")])
    source = same_alone(model, tmp_path)
    assert (tmp_path / "exported.npz").exists()
    assert len(source) < 3000
    left = {p.name for p in tmp_path.iterdir()} - {"in.npz", "out.npz", "__pycache__"}
    assert left == {"exported.npz", "exported.py"}


def test_a_file_named_by_a_string_and_written_again(tmp_path: Path) -> None:
    model = small()
    path = tmp_path / "model.py"
    model.to_numpy_source(str(path))
    model.fit(X, BINARY, verbose=0)
    model.to_numpy_source(str(path))
    got = run_alone(path, {"x": X})
    np.testing.assert_allclose(got["x"], model.predict(X, verbose=0), rtol=1e-6)


def test_inputs_of_other_dtypes_and_lists(tmp_path: Path) -> None:
    model = small()
    path = tmp_path / "model.py"
    model.to_numpy_source(path)
    whole = np.array([[1, 2, 3], [0, 1, 0]])
    inputs = {"int": whole, "float64": whole.astype("float64"), "bool": whole > 1}
    got = run_alone(path, inputs)
    for name, x in inputs.items():
        np.testing.assert_allclose(got[name], model.predict(x, verbose=0), rtol=1e-6)


NAMES = [
    "my layer", "a/b", "class", "lambda", "größe", "np", "x", "len", "predict", "Path",
    "_weights", "p", "1st", "a-b", "a_b", "a b", "print", "None", "__import__", "t",
    "predict_step", "sigmoid", "constant", "é\n", "n", "d_p", "float32", "dtype",
    "e", "z", "loss", "y",
]  # fmt: skip
EVIL = [
    "x=__import__('os').system('false')#",
    "'''\nraise SystemExit(9)\n'''",
    '"""\nraise SystemExit(9)\n"""',
    "\\\nraise SystemExit(9)",
    "# \u2028raise SystemExit(9)",
    "\nraise SystemExit(9)\n",
    "{}{0}%s",
]


def named_model(names: list[str]) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(name=names[0])
    model.add(keras.Input((3,)))
    for name in names:
        model.add(Dense(3, activation="sigmoid", name=name))
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("names", [NAMES, EVIL], ids=["odd", "evil"])
def test_names_become_identifiers_and_nothing_else(
    names: list[str], tmp_path: Path
) -> None:
    model = named_model(names)
    y = X[:, :3]
    model.fit(X, y, verbose=0, epochs=2)
    model.evaluate(X, y, verbose=0)
    model.predict(X, verbose=0)
    source = same_alone(model, tmp_path)
    for text in (
        source, model.train_step_source(), model.test_step_source(),
        model.predict_step_source(),
    ):  # fmt: skip
        tree = ast.parse(text)
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert called <= {"sigmoid", "predict_step", "Path", "len", "ValueError"}
        raised = [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Raise)]
        assert all(text.startswith("raise ValueError(f'expected") for text in raised)
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Global)]
        imports = [
            n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))
        ]
        assert len(imports) <= 2


def test_duplicate_names_of_layers() -> None:
    class Twice(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.one = Dense(2, "tanh", name="same")
            self.two = Dense(1, name="same")

        def call(self, x: Any) -> Any:
            return self.two(self.one(x))

    model = Twice()
    model.compile("sgd", "mse")
    model.fit(X, BINARY, verbose=0)
    model.predict(X, verbose=0)
    namespace: dict[str, Any] = {}
    exec(model.to_numpy_source(), namespace)
    np.testing.assert_allclose(
        namespace["predict"](X), model.predict(X, verbose=0), rtol=1e-6
    )


# -- sources of steps ------------------------------------------------------------------


def test_the_or_gate_in_a_few_lines() -> None:
    """What the tutorial says that Keras hides."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    t = np.array([[0], [1], [1], [1]])
    model = keras.Sequential([Dense(input_dim=2, units=1), Activation("sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.fit(x, t, epochs=2, batch_size=1, verbose=0)
    source = model.train_step_source()
    functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    code = [ast.unparse(statement) for statement in functions[-1].body]
    assert len(code) <= 15
    text = "\n".join(code)
    assert "p = sigmoid(" in text
    assert "p - y" in text
    assert "x.T @" in text
    assert "- learning_rate * d_" in text
    for word in ("# forward", "# backward", "# update"):
        assert word in source


@pytest.mark.parametrize(
    ("loss", "units", "last", "y"),
    [
        ("mse", 1, None, BINARY),
        ("binary_crossentropy", 1, "sigmoid", BINARY),
        ("sparse_categorical_crossentropy", 3, "softmax", CLASSES),
        ("huber", 1, "softplus", BINARY),
    ],
)
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_the_source_of_a_training_step_trains(
    loss: str, units: int, last: Any, y: Any, optimizer: str
) -> None:
    keras.utils.set_random_seed(3)
    model = small(loss, optimizer, units=units, last=last, metrics=["acc"])
    model.fit(X[:8], y[:8], batch_size=8, verbose=0, shuffle=False)
    source = model.train_step_source()
    program = model.train_function.latest.program
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    variables = program.variables()
    state = [v.numpy() for v in variables]
    kind = program.inputs[1].dtype
    *assigned, outputs = namespace["train_step"](X[:8], y[:8].astype(kind), *state)
    model.train_function((X[:8], y[:8].astype(kind)))
    for variable, value in zip(program.assigns, assigned, strict=True):
        np.testing.assert_allclose(value, variable.numpy(), rtol=1e-5, atol=1e-6)
    assert set(outputs) == {"loss", "compile_metrics"} or "loss" in outputs


def test_sources_of_testing_and_predicting() -> None:
    model = small(metrics=["acc"])
    model.compile("sgd", "binary_crossentropy", metrics=["acc"])
    with pytest.raises(RuntimeError, match="fit"):
        model.train_step_source()
    with pytest.raises(RuntimeError, match="evaluate"):
        model.test_step_source()
    with pytest.raises(RuntimeError, match="predict"):
        model.predict_step_source()
    model.evaluate(X, BINARY, verbose=0, batch_size=11)
    model.predict(X, verbose=0)
    assert "backward" not in model.test_step_source()
    source = model.predict_step_source()
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    variables = model.predict_function.latest.program.variables()
    got = namespace["predict_step"](X, *(v.numpy() for v in variables))
    np.testing.assert_allclose(got, model.predict(X, verbose=0), rtol=1e-6)


def test_a_model_that_cannot_be_written_says_so() -> None:
    with pytest.raises(ValueError, match="shape"):
        keras.Sequential([Dense(1)]).to_numpy_source()

    class Centred(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x * float(np.sum(x))

    model = keras.Sequential([Dense(1, input_dim=3), Centred()])
    with (
        pytest.warns(UserWarning, match="looks at"),
        pytest.raises(ValueError, match="looks"),
    ):
        model.to_numpy_source()


def test_a_layer_that_mixes_rows(tmp_path: Path) -> None:
    """A mean over the batch has its length in it, which the file must not freeze."""

    class Centred(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x - np.mean(x, axis=0) + x.shape[0] + np.arange(x.shape[0])[:, None]

    model = keras.Sequential([Dense(2, input_dim=3), Centred()])
    with contextlib.suppress(ValueError):  # it may be refused, but not be wrong
        same_alone(model, tmp_path)
