"""Files made by real Keras 2 and 3 open here: same weights, same predictions.

``data/record.py`` made them. Where real Keras is installed, it also opens ours.
"""

from __future__ import annotations

import functools
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import specimens
from making import bits

import tinygrad_lr as keras
from tinygrad_lr import layers, optimizers
from tinygrad_lr.models import load_model

DATA = Path(__file__).parent / "data"


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
    return [(version, name) for version in (2, 3) for name in archive(version)[0]]


def test_every_class_has_a_case() -> None:
    classes = {c for c in layers.registry.entries.values() if isinstance(c, type)}
    ours = {c.__name__ for c in classes if c.__module__.startswith("tinygrad_lr")}
    recorded = {name.partition(".")[0] for _, name in files()}
    assert ours - specimens.NO_CASE - {"ThresholdedReLU"} <= recorded
    classes = {c for c in optimizers.registry.entries.values() if isinstance(c, type)}
    wrappers = {"LossScaleOptimizer", "MultiOptimizer", "OptimizerMap", "Optimizer"}
    known = {*recorded, *wrappers, "ScheduleFreeAdamW"}
    assert {c.__name__ for c in classes} <= known


@pytest.mark.filterwarnings("ignore:the file holds")
@pytest.mark.filterwarnings("ignore:layer .* was given an input with a mask")
@pytest.mark.parametrize(("version", "name"), files())
def test_a_file_of_real_keras_opens(version: int, name: str) -> None:
    entries, expected = archive(version)
    case = name.partition(".")[0]
    if case in specimens.OPTIMIZERS and not hasattr(keras.optimizers, case):
        pytest.skip(f"there is no {case} yet")
    if case in specimens.LAYERS and not hasattr(keras.layers, case):
        pytest.skip(f"there is no {case} yet")
    model = load_model(io.BytesIO(entries[name]), compile=case in specimens.OPTIMIZERS)
    assert bits(model.get_weights()) == bits(of(expected, f"{case}/weight"))
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
    elif len(own) != len(stored) + 1:
        return  # another algorithm by the same name; it starts afresh, with a warning
    specimens.go_on(model)
    for found, value in zip(
        model.get_weights(), of(expected, f"{case}/later"), strict=True
    ):
        np.testing.assert_allclose(found, value, 1e-5, 1e-6)


# -- and ours there --------------------------------------------------------------------

READ = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {tests!r})
import specimens, keras, numpy as np
expected = np.load("expected.npz")
for file in {files!r}:
    case = file.rpartition(".")[0]
    model = keras.models.load_model(file)
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
def test_real_keras_opens_ours_and_gives_them_back(tmp_path: Path) -> None:
    python = real_keras()
    if python is None:
        pytest.skip("real Keras is not installed: pip install 'tinygrad-lr[parity]'")
    expected: dict[str, Any] = {}
    written = []
    for case in [*specimens.layer_cases(), *specimens.OPTIMIZERS]:
        home = keras.optimizers if case in specimens.OPTIMIZERS else keras.layers
        if not hasattr(home, case) and case not in ("Functional", "Sequential"):
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
    np.savez(tmp_path / "expected.npz", **expected)
    code = READ.format(tests=str(Path(__file__).parent), files=written)
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-3000:]
    for file in written:  # as real Keras wrote them again
        case = file.rpartition(".")[0]
        model = load_model(tmp_path / file, compile=False)
        weights = of(expected, f"{case}/weight")
        assert bits(model.get_weights()) == bits(weights)
