"""Files made by real Keras 2 and 3 open here: same weights, same predictions.

``data/record.py`` made them. Where real Keras is installed, it also opens ours.
"""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import operations
import pytest
import specimens
from making import bits

import tinygrad_lr as keras
from tinygrad_lr import layers, optimizers
from tinygrad_lr.models import load_model
from tinygrad_lr.ops.steps import CLASSES
from tinygrad_lr.saving.keras2 import ordered

DATA = Path(__file__).parent / "data"
OPERATIONS = "operations.keras"


@functools.cache
def archive(version: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    with zipfile.ZipFile(DATA / f"keras{version}.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    with np.load(io.BytesIO(entries.pop("expected.npz"))) as expected:
        return entries, dict(expected)


def of(expected: dict[str, Any], prefix: str) -> list[Any]:
    count = sum(name.startswith(f"{prefix}/") for name in expected)
    return [expected[f"{prefix}/{i}"] for i in range(count)]


def files() -> list[tuple[int, str]]:
    names = [(version, name) for version in (2, 3) for name in archive(version)[0]]
    return [(version, name) for version, name in names if name != OPERATIONS]


def test_every_class_has_a_case() -> None:
    recorded = {name.partition(".")[0] for _, name in files()}
    for registry in (layers.registry, optimizers.registry):
        classes = {c for c in registry.entries.values() if isinstance(c, type)}
        ours = {c.__name__ for c in classes if c.__module__.startswith("tinygrad_lr")}
        assert ours - specimens.NO_CASE <= recorded


@pytest.mark.filterwarnings("ignore:layer .* was given an input with a mask")
@pytest.mark.parametrize(("version", "name"), files())
def test_a_file_of_real_keras_opens(version: int, name: str) -> None:
    entries, expected = archive(version)
    case = name.partition(".")[0]
    model = load_model(
        io.BytesIO(entries[name]),
        specimens.custom_objects(keras),
        compile=case in specimens.OPTIMIZERS,
    )
    own = [
        w for la in model.layers for w in (ordered(la) if version == 2 else la.weights)
    ]
    assert bits(w.numpy() for w in own) == bits(of(expected, f"{case}/weight"))
    out = model.predict(specimens.inputs_of(model), verbose=0)
    np.testing.assert_allclose(out, expected[f"{case}/predict"], 1e-6, 1e-6)
    if case not in specimens.OPTIMIZERS:
        return
    stored = of(expected, f"{case}/variable")
    own = [v.numpy() for v in model.optimizer.variables]
    if version == 3:
        assert len(own) == len(stored)
        for found, value in zip(own, stored, strict=True):
            np.testing.assert_array_equal(found, value)
    specimens.go_on(model)
    for found, value in zip(
        model.get_weights(), of(expected, f"{case}/later"), strict=True
    ):
        np.testing.assert_allclose(found, value, 1e-5, 1e-6)


def test_every_operation_has_a_case() -> None:
    known = {step.__name__ for step in CLASSES.values()}
    assert known - operations.WITH_FUNCTIONS <= set(operations.CASES)


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value|overflow)")
def test_operations_of_real_keras_are_ours() -> None:
    keras.backend.clear_session()  # names begin anew, as in the recorded file
    entries, expected = archive(3)
    data = io.BytesIO(entries[OPERATIONS])
    ours = operations.model_of(keras, operations.compared())
    wanted = of(expected, "operations")
    for model in (load_model(data), ours):
        found = operations.flat(model(operations.inputs()))
        for out, value in zip(found, wanted, strict=True):
            assert (out.shape, out.dtype) == (value.shape, value.dtype)
            np.testing.assert_allclose(out.numpy(), value, 1e-4, 1e-5)
    with zipfile.ZipFile(data) as file:
        theirs = json.loads(file.read("config.json"))["config"]["layers"]
    rows = json.loads(json.dumps(ours.get_config()["layers"]))
    pairs = zip(sorted(rows, key=by_name), sorted(theirs, key=by_name), strict=True)
    for row, other in pairs:
        for key in ("module", "class_name", "registered_name", "name"):
            assert row[key] == other[key]
        if row["class_name"] not in ("InputLayer", "MultiHot", "OneHot"):  # of a dtype
            assert row["config"] == other["config"]


def by_name(row: dict[str, Any]) -> str:
    return str(row["name"])


# -- and ours there --------------------------------------------------------------------

READ = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {tests!r})
import operations, specimens, keras, numpy as np
expected = np.load("expected.npz")
for file in {files!r}:
    case = file.rpartition(".")[0]
    model = keras.models.load_model(file, specimens.custom_objects(keras))
    if case == "operations":
        for i, out in enumerate(operations.flat(model(operations.inputs()))):
            np.testing.assert_allclose(out, expected[f"operations/{{i}}"], 1e-4, 1e-5)
        model.save(file)
        continue
    for i, weight in enumerate(model.get_weights()):
        assert weight.tobytes() == expected[f"{{case}}/weight/{{i}}"].tobytes(), file
    out = model.predict(specimens.inputs_of(model), verbose=0)
    np.testing.assert_allclose(out, expected[f"{{case}}/predict"], 1e-6, 1e-6)
    if case in specimens.OPTIMIZERS and file.endswith(".keras"):
        for i, v in enumerate(model.optimizer.variables):
            found, value = np.asarray(v), expected[f"{{case}}/variable/{{i}}"]
            assert (found == value.astype(found.dtype)).all(), (file, i)
    model.save(file)
    print("ok", file)
"""


# Real Keras 3.15 does not find these two by name in an .h5 file, its own included, or
# cannot write it, having two variables of one name.
NOT_IN_H5 = {"Lamb", "Adafactor"}
NOT_IN_KERAS_3 = {"ThresholdedReLU"}


def real_keras() -> str | None:
    """A Python that has real Keras, by TINYGRAD_LR_KERAS or this one."""
    python = os.environ.get("TINYGRAD_LR_KERAS", sys.executable)
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [python, "-c", "import keras, h5py; assert keras.__version__[0] == '3'"],
        capture_output=True, env=env,
    )  # fmt: skip
    return None if done.returncode else python


@pytest.mark.filterwarnings("ignore:layer .* was given an input with a mask")
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value|overflow)")
def test_real_keras_opens_ours_and_gives_them_back(tmp_path: Path) -> None:
    python = real_keras()
    if python is None:
        pytest.skip("real Keras is not installed: pip install 'tinygrad-lr[parity]'")
    expected: dict[str, Any] = {}
    written = []
    for case in [*specimens.layer_cases(), *specimens.OPTIMIZERS]:
        if case in NOT_IN_KERAS_3:
            continue
        if case in specimens.OPTIMIZERS:
            model = specimens.optimized(keras, case)
            for i, variable in enumerate(model.optimizer.variables):
                expected[f"{case}/variable/{i}"] = variable.numpy()
        else:
            model = specimens.model_of(keras, case)
            specimens.set_unevenly(model)
        out = model.predict(specimens.inputs_of(model), verbose=0)
        expected[f"{case}/predict"] = out
        for i, weight in enumerate(model.get_weights()):
            expected[f"{case}/weight/{i}"] = weight
        for ending in ("keras",) if case in NOT_IN_H5 else ("keras", "h5"):
            model.save(tmp_path / f"{case}.{ending}")
            written.append(f"{case}.{ending}")
    model = operations.model_of(keras, operations.compared())
    model.save(tmp_path / OPERATIONS)
    written.append(OPERATIONS)
    for i, out in enumerate(operations.flat(model(operations.inputs()))):
        expected[f"operations/{i}"] = out.numpy()
    np.savez(tmp_path / "expected.npz", **expected)
    code = READ.format(tests=str(Path(__file__).parent), files=written)
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-3000:]
    for file in written:  # as real Keras wrote them again
        case = file.rpartition(".")[0]
        custom = specimens.custom_objects(keras)
        model = load_model(tmp_path / file, custom, compile=False)
        weights = of(expected, f"{case}/weight")
        assert bits(model.get_weights()) == bits(weights)
