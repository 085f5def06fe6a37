"""Files of models with lookups: real Keras's open here, ours give back the words."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import specimens

import tinygrad_lr as keras
from tinygrad_lr.models import load_model
from tinygrad_lr.saving.errors import ModelFileError

TEXTS = ["a good film", "a bad film", "good"]


@pytest.mark.parametrize("name", specimens.LOOKUPS)
def test_a_file_of_real_keras_opens(name: str) -> None:
    with zipfile.ZipFile(Path(__file__).parent / "data" / "lookups.zip") as file:
        expected = np.load(io.BytesIO(file.read("expected.npz")))[name]
        model = load_model(io.BytesIO(file.read(f"{name}.keras")))
    out = model.predict(specimens.LOOKED_UP, verbose=0)
    np.testing.assert_allclose(out, expected, 1e-6)
    ours = specimens.lookup_model(keras, name)
    np.testing.assert_array_equal(out, ours.predict(specimens.LOOKED_UP, verbose=0))


class Reader(keras.Model):
    """A model with what turns texts into its numbers beside its layers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.words = keras.layers.TextVectorization(output_mode="tf_idf")
        self.marks = keras.layers.StringLookup()
        self.out = keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.out(x)


@pytest.mark.parametrize("ending", [".keras", ".npz", ""])
def test_learned_vocabularies_come_back(tmp_path: Path, ending: str) -> None:
    model = Reader()
    model.words.adapt(TEXTS)
    model.marks.adapt(["x", "\u00e9", "x"])
    x = model.words(TEXTS)
    out = model.predict(x, verbose=0)
    path = tmp_path / f"m{ending}"
    for _ in range(2):  # also over what stands there
        model.save(path, zipped=bool(ending))
    again = load_model(path, {"Reader": Reader})
    assert again.words.get_vocabulary() == model.words.get_vocabulary()
    assert again.marks.get_vocabulary() == ["[UNK]", "x", "\u00e9"]
    np.testing.assert_array_equal(again.words(TEXTS), x)
    np.testing.assert_array_equal(again.predict(x, verbose=0), out)


@pytest.mark.parametrize("text", ["a\nb", "1\n\xff", ""])
def test_a_vocabulary_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    model = specimens.lookup_model(keras, "IntegerLookup-learned")
    changed(model, tmp_path / "m.keras", "vocabulary.txt", text.encode("latin-1"))
    with pytest.raises(ModelFileError, match="'it'"):
        load_model(tmp_path / "m.keras")


def test_no_other_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("1\n2")
    model = specimens.lookup_model(keras, "IntegerLookup")
    config = json.loads(model.to_json())
    layer = next(la for la in config["config"]["layers"] if la["name"] == "it")
    layer["config"]["vocabulary"] = str(tmp_path / "words.txt")
    changed(model, tmp_path / "m.keras", "config.json", json.dumps(config).encode())
    with pytest.raises(ModelFileError, match="names the vocabulary file"):
        load_model(tmp_path / "m.keras")


def test_models_that_begin_with_texts_are_refused(tmp_path: Path) -> None:
    model = specimens.lookup_model(keras, "IntegerLookup")
    config = json.loads(model.to_json())
    config["config"]["layers"][0]["config"]["dtype"] = "string"
    changed(model, tmp_path / "m.keras", "config.json", json.dumps(config).encode())
    with pytest.raises(ModelFileError, match="places for texts"):
        load_model(tmp_path / "m.keras")


def changed(model: Any, path: Path, ending: str, data: bytes) -> None:
    """Save a model with other data in one entry of the archive."""
    held = io.BytesIO()
    model.save(path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith(ending) else old.read(name))
    path.write_bytes(held.getvalue())
