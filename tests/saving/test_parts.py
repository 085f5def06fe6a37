"""Models as folders and weights in several files: here, in real Keras, interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import X, bits, small, trained
from test_recorded import real_keras

from tinygrad_lr.models import load_model
from tinygrad_lr.saving import (
    DamagedFileError,
    MissingFileError,
    ModelFileError,
    ReadError,
    SaveError,
    UnsafeFileError,
    folder,
    shards,
)

MOST = 100 / 2**30  # GB: two or three files for a small model


def names(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir())


def loaded(path: Path) -> Any:
    model = small(seed=8)
    model.load_weights(path)
    return model


def test_weights_in_several_files(tmp_path: Path) -> None:
    model, path = trained(), tmp_path / "m.weights.json"
    model.save_weights(path, max_shard_size=MOST)
    assert names(tmp_path) == ["m.weights.json"] + [
        f"m_0000{i}.weights.h5" for i in range(3)
    ]
    listed = json.loads(path.read_text())
    assert listed["weight_map"]["/layers/dense/vars"] == ["m_00000.weights.h5"]
    assert bits(loaded(path).get_weights()) == bits(model.get_weights())
    for later in (trained(epochs=3), trained(epochs=4)):  # in place of the old ones
        later.save_weights(path, max_shard_size=MOST)
        assert len(names(tmp_path)) == 5
        assert bits(loaded(path).get_weights()) == bits(later.get_weights())
        assert loaded(path).optimizer.iterations.numpy() == later.optimizer.iterations
    with pytest.warns(UserWarning, match="need a name that ends in"):
        model.save_weights(tmp_path / "n.weights.h5", max_shard_size=1)
    assert bits(loaded(tmp_path / "n.weights.json").get_weights()) == bits(
        model.get_weights()
    )


@pytest.mark.parametrize("writes", range(5))
def test_the_old_set_stands_until_the_new_one_is_whole(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = tmp_path / "m.weights.json", [writes]
    trained().save_weights(path, max_shard_size=MOST)
    write = shards.write_bytes

    def failing(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise SaveError(28, "no space left")
        write(*arguments)

    monkeypatch.setattr(shards, "write_bytes", failing)
    with pytest.raises(SaveError):
        trained(epochs=3).save_weights(path, max_shard_size=MOST)
    which = trained(epochs=3) if writes == 4 else trained()  # the list was written
    assert bits(loaded(path).get_weights()) == bits(which.get_weights())


def test_a_list_leads_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.json"
    trained().save_weights(path, max_shard_size=MOST)
    text = path.read_text()
    for name in ("../m_00000.weights.h5", "/etc/passwd", "n_00000.weights.h5", 3):
        path.write_text(text.replace('"m_00000.weights.h5"', json.dumps(name)))
        with pytest.raises(UnsafeFileError, match="expected such as"):
            loaded(path)
    path.write_text('{"weight_map": 3}')
    with pytest.raises(DamagedFileError, match="no 'weight_map'"):
        loaded(path)
    path.write_text(text)
    (tmp_path / "m_00000.weights.h5").unlink()
    with pytest.raises(MissingFileError, match="not beside it"):
        loaded(path)


def test_a_part_that_is_no_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.json"
    trained().save_weights(path, max_shard_size=MOST)
    part = tmp_path / "m_00001.weights.h5"  # the first one is sound
    model = small(seed=8)
    before = bits(model.get_weights())

    def holes(part: Path) -> None:
        part.touch()
        os.truncate(part, 2**31)

    for make, error, match in [
        (Path.mkdir, DamagedFileError, "a folder, a pipe or a device"),
        (os.mkfifo, DamagedFileError, "a folder, a pipe or a device"),
        (lambda p: p.symlink_to("/dev/zero"), DamagedFileError, "or a device"),
        (lambda p: p.symlink_to(p.name), ReadError, "could not read"),
        (lambda p: p.symlink_to("missing"), MissingFileError, "not beside it"),
        (holes, UnsafeFileError, "claims 2147483648 bytes"),
    ]:
        part.rmdir() if part.is_dir() else part.unlink(missing_ok=True)
        make(part)  # type: ignore[operator]
        with pytest.raises(error, match=match):
            model.load_weights(path)
        assert bits(model.get_weights()) == before


def test_what_cannot_be_split_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_shard_size allows 10"):
        trained().save_weights(tmp_path / "m.weights.json", max_shard_size=10 / 2**30)
    with pytest.raises(ValueError, match=r"ends in '.weights.json'"):
        trained().save_weights(tmp_path / "m.npz", max_shard_size=1)


def test_a_model_as_a_folder(tmp_path: Path) -> None:
    path, model = tmp_path / "models" / "m", trained()
    for _ in range(2):
        model.save(path, zipped=False)
        found = load_model(path)
        assert bits(found.get_weights()) == bits(model.get_weights())
        assert found.optimizer.iterations.numpy() == model.optimizer.iterations
        assert names(path) == ["config.json", "metadata.json", "model.weights.h5"]
        assert names(path.parent) == ["m"]
        model = trained(epochs=3)
    with pytest.raises(ValueError, match=r"without '.keras' at its end"):
        model.save(tmp_path / "m.keras", zipped=False)


def test_a_folder_of_files_that_do_not_belong_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained().save(tmp_path / "m", zipped=False)
    write = folder.write_bytes

    def failing(path: Path, pieces: Any) -> None:
        if path.name == "metadata.json":
            raise SaveError(28, "no space left")
        write(path, pieces)

    monkeypatch.setattr(folder, "write_bytes", failing)
    for name in ("m", "new"):
        with pytest.raises(SaveError):
            trained(epochs=3).save(tmp_path / name, zipped=False)
    assert names(tmp_path) == ["m"]  # a new one is there whole or not at all
    with pytest.raises(DamagedFileError, match="does not belong to the other files"):
        load_model(tmp_path / "m")


def test_files_of_a_folder_that_claim_too_much(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for name in ("config.json", "metadata.json", "model.weights.h5"):
        trained().save(path, zipped=False)
        os.truncate(path / name, 3 * 2**30)
        with pytest.raises(UnsafeFileError, match=r"at most 16777216|claims 322"):
            load_model(path)


def test_a_model_without_its_weights(tmp_path: Path) -> None:
    name = "model.weights.h5"
    trained().save(tmp_path / "m", zipped=False)
    trained().save(tmp_path / "m.keras")
    (tmp_path / "m" / name).unlink()
    with (
        zipfile.ZipFile(tmp_path / "m.keras") as whole,
        zipfile.ZipFile(tmp_path / "n.keras", "w") as part,
    ):
        for entry in whole.namelist():
            if entry != name:
                part.writestr(entry, whole.read(entry))
    for given in ("m", "n.keras"):
        with pytest.raises(DamagedFileError, match=f"4 weights, but .* {name!r}"):
            load_model(tmp_path / given)
    (tmp_path / "m" / name).mkdir()
    with pytest.raises(ModelFileError, match=name):
        load_model(tmp_path / "m")


def test_folder_and_parts_of_real_keras(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parent / "data" / "parts.zip") as archive:
        archive.extractall(tmp_path)
    model = load_model(tmp_path / "model")
    with np.load(tmp_path / "expected.npz") as expected:
        weights = bits(expected.values())
    assert bits(model.get_weights()) == weights
    count = int(model.optimizer.iterations.numpy())
    assert count
    model.set_weights([w * 0 for w in model.get_weights()])
    model.optimizer.iterations.assign(0)
    model.load_weights(tmp_path / "w.weights.json")
    assert bits(model.get_weights()) == weights
    assert int(model.optimizer.iterations.numpy()) == count


READ = """
import keras, numpy as np
model = keras.models.load_model("m")
with np.load("expected.npz") as expected:
    x, y = expected["x"], expected["y"]
np.testing.assert_allclose(model.predict(x, verbose=0), y, 1e-6, 1e-6)
model.set_weights([w * 0 for w in model.get_weights()])
model.load_weights("m.weights.json")
np.testing.assert_allclose(model.predict(x, verbose=0), y, 1e-6, 1e-6)
"""


def test_real_keras_reads_ours(tmp_path: Path) -> None:
    python = real_keras()
    if python is None:
        pytest.skip("real Keras is not installed: pip install 'tinygrad-lr[parity]'")
    model = trained()
    model.save(tmp_path / "m", zipped=False)
    for _ in range(2):  # the second set has other numbers
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=MOST)
    np.savez(tmp_path / "expected.npz", x=X, y=model.predict(X, verbose=0))
    done = subprocess.run(
        [python, "-c", READ], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
