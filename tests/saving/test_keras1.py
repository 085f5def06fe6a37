"""Files made by real Keras 1.2.2, and with Keras 2's optimizers before 2.11, open here,
predict the same, and go on training the same.

``data/record1.py`` and ``data/record_legacy.py`` made them.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import specimens

import tinygrad_lr as keras
from tinygrad_lr.models import load_model, model_from_json
from tinygrad_lr.saving import DamagedFileError

# What Keras computes otherwise today: where epsilon stands, and Nadam's momentum.
OTHERWISE = {"RMSprop": 3e-3, "Adagrad": 3e-4}
AFRESH = {"Nadam"}


@functools.cache
def archive() -> tuple[dict[str, bytes], dict[str, Any]]:
    with zipfile.ZipFile(Path(__file__).parent / "data" / "keras1.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    with np.load(io.BytesIO(entries.pop("expected.npz"))) as expected:
        return entries, dict(expected)


def of(prefix: str) -> list[Any]:
    expected = archive()[1]
    count = sum(name.startswith(f"{prefix}/") for name in expected)
    return [expected[f"{prefix}/{i}"] for i in range(count)]


def cases(ending: str) -> list[str]:
    return [n.removesuffix(ending) for n in archive()[0] if n.endswith(ending)]


def check_predictions(model: Any, case: str) -> None:
    inputs = of(f"{case}/input")
    found = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    found = found if isinstance(found, list) else [found]
    for out, value in zip(found, of(f"{case}/predict"), strict=True):
        if case == "merge-cos":  # it had an axis more
            value = value.reshape(out.shape)
        np.testing.assert_allclose(out, value, 1e-6, 1e-6)


@pytest.mark.filterwarnings("ignore:the file does not say how the model was compiled")
@pytest.mark.filterwarnings("ignore:layer .* was given an input with a mask")
@pytest.mark.filterwarnings("ignore:the file holds 9 variables")
@pytest.mark.parametrize("case", cases(".h5"))
def test_a_file_of_real_keras_1_opens(case: str) -> None:
    model = load_model(io.BytesIO(archive()[0][f"{case}.h5"]))
    check_predictions(model, case)
    later = of(f"{case}/later")
    if not later or case in AFRESH:
        return
    x = of(f"{case}/input")[0]
    y = (x.sum(1, keepdims=True) > 1.5).astype("float32")
    model.fit(x, y, epochs=3, batch_size=2, shuffle=False, verbose=0)
    for found, value in zip(model.get_weights(), later, strict=True):
        np.testing.assert_allclose(found, value, 1e-6, OTHERWISE.get(case, 1e-6))


@pytest.mark.parametrize("case", cases(".json"))
def test_json_and_weights_of_real_keras_1(case: str, tmp_path: Path) -> None:
    model = model_from_json(archive()[0][f"{case}.json"].decode())
    (tmp_path / "w.h5").write_bytes(archive()[0][f"{case}.weights"])
    model.load_weights(tmp_path / "w.h5", by_name=case == "Merge")
    check_predictions(model, case)


def test_regularizers_and_constraints_of_keras_1() -> None:
    model = model_from_json(archive()[0]["Dense.json"].decode())
    assert model.layers[0].kernel_regularizer.l2 == pytest.approx(0.01)
    assert isinstance(model.layers[0].bias_constraint, keras.constraints.NonNeg)


def test_what_keras_1_had_and_is_gone() -> None:
    def changed(case: str, old: str, new: str) -> Any:
        text = archive()[0][f"{case}.json"].decode()
        assert old in text
        return model_from_json(text.replace(old, new))

    with pytest.raises(ValueError, match="Pass the function under"):
        changed("Model", '"mode_type": "raw"', '"mode_type": "lambda"')
    with pytest.raises(ValueError, match="unknown mode"):
        changed("Model", '"mode": "sum"', '"mode": "sun"')
    with pytest.raises(DamagedFileError, match="does not say its input"):
        changed("Merge", '"batch_input_shape"', '"shape"')
    config = json.loads(archive()[0]["Merge.json"])
    config["config"][0]["config"]["layers"][0]["class_name"] = "Model"
    with pytest.raises(DamagedFileError, match="expected Sequential models"):
        model_from_json(json.dumps(config))
    embedding = '{"class_name": "Embedding", "config": {"name": "e", "input_dim": 3, '
    embedding += '"output_dim": 2, "dropout": 0.5, "batch_input_shape": [null, 2]}}'
    with pytest.warns(UserWarning, match="training is not"):
        model_from_json('{"class_name": "Sequential", "config": [' + embedding + "]}")


def test_optimizers_of_keras_2_go_on() -> None:
    with zipfile.ZipFile(Path(__file__).parent / "data" / "legacy.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    with np.load(io.BytesIO(entries.pop("expected.npz"))) as expected:
        for name, data in entries.items():
            model = load_model(io.BytesIO(data))
            specimens.go_on(model)
            for i, found in enumerate(model.get_weights()):
                value = expected[f"{name}/{i}"]
                np.testing.assert_allclose(found, value, 1e-6, 1e-6, err_msg=name)
