"""Nothing in a model file is run, followed, or believed about its own size.

One test for each published way into Keras through a model file, by its number.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import CODE, entries_of, rewritten, saved, small

import tinygrad_lr as keras
from tinygrad_lr.models import load_model
from tinygrad_lr.saving import hdf5, keras3, plain
from tinygrad_lr.saving.errors import (
    ModelFileError,
    UnknownObjectError,
    UnsafeFileError,
)

pytestmark = pytest.mark.usefixtures("nothing_happens")


def with_layer(path: Path, layer: dict[str, Any]) -> Path:
    """A ``.keras`` file of a small model with one more layer in it."""
    saved(path, "m.keras", small())

    def insert(config: Any) -> None:
        config["config"]["layers"].insert(1, layer)

    return rewritten(path / "m.keras", insert)


def as_h5(path: Path, layer: dict[str, Any]) -> Path:
    """An ``.h5`` file of a small model with one more layer in it."""
    model = small()
    config = {"class_name": "Sequential", "config": model.get_config()}
    config["config"]["layers"].insert(1, layer)
    root = hdf5.Node({"model_config": plain.write(config, "it"), "keras_version": "2"})
    root.group("model_weights").attrs["layer_names"] = []
    (path / "m.h5").write_bytes(b"".join(hdf5.encode(root)))
    return path / "m.h5"


def lambda_layer(form: str = "3") -> dict[str, Any]:
    code = ["4wEAAAAAAAAAAAAAAAAAAAAAAQAAAEMAAABzBAAAAGQAUwA=", None, None]
    function: Any = code
    if form == "3":
        names = ("code", "defaults", "closure")
        config = dict(zip(names, code, strict=True))
        function = {"class_name": "__lambda__", "config": config}
    config = {"name": "evil", "function": function, "arguments": {}}
    if form != "3":
        config |= {"function_type": "lambda", "output_shape_type": "raw"}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config}


@pytest.mark.parametrize("safe_mode", [True, False])
def test_cve_2024_3660_code_in_a_lambda(tmp_path: Path, safe_mode: bool) -> None:
    for path in (
        with_layer(tmp_path, lambda_layer()),
        with_layer(tmp_path, lambda_layer("2")),
        as_h5(tmp_path, lambda_layer("2")),
    ):
        with pytest.raises(UnknownObjectError, match=r"'evil'.*never run.*custom_obj"):
            load_model(path, safe_mode=safe_mode)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "run"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("pickle", "loads"),
        ("numpy", "load"),
        ("keras.src.utils.python_utils", "func_load"),
        ("tinygrad_lr.saving.files", "load_model"),
    ],
)
@pytest.mark.parametrize("as_class", [True, False])
def test_cve_2025_1550_any_module_and_function(
    tmp_path: Path, module: str, name: str, as_class: bool
) -> None:
    if as_class:
        layer = {"module": module, "class_name": name, "config": {"name": CODE}}
    else:
        function = {"module": module, "class_name": "function", "config": name}
        function["registered_name"] = name
        config = {"name": "evil", "activation": function}
        layer = {"module": "keras.layers", "class_name": "Activation", "config": config}
    with pytest.raises(UnknownObjectError, match=name):
        load_model(with_layer(tmp_path, layer))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.utils", "get_file"),  # CVE-2025-8747: downloads, then loads
        ("keras.models", "load_model"),  # CVE-2025-9906: loads another file, unsafely
        ("keras.config", "enable_unsafe_deserialization"),  # CVE-2025-9906
        ("keras.src.backend.common.global_state", "set_global_attribute"),
        ("keras.saving", "load_model"),
        ("keras.preprocessing.image", "load_img"),
        ("keras.utils", "set_random_seed"),
    ],
)
def test_cve_2025_8747_and_9906_keras_s_own_functions(
    tmp_path: Path, module: str, name: str
) -> None:
    function = {
        "module": module, "class_name": "function", "config": name,
        "registered_name": "function",
    }  # fmt: skip
    arguments = {"origin": "http://127.0.0.1:9/x", "safe_mode": False}
    config = {"name": "evil", "function": function, "arguments": arguments}
    lamb = {"module": "keras.layers", "class_name": "Lambda", "config": config}
    own = {"module": module, "class_name": name, "config": arguments}
    for layer in (lamb, own):
        with pytest.raises(UnknownObjectError, match=name):
            load_model(with_layer(tmp_path, layer))


def test_cve_2025_9905_h5_is_no_way_around(tmp_path: Path) -> None:
    for form in ("2", "3"):
        with pytest.raises(UnknownObjectError, match="never run"):
            load_model(as_h5(tmp_path, lambda_layer(form)), safe_mode=True)
    layer = {"class_name": "TFOpLambda", "config": {"function": "os.system"}}
    with pytest.raises(UnknownObjectError, match="TFOpLambda"):
        load_model(as_h5(tmp_path, layer))


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_cve_2025_12058_no_path_is_read(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a password\n")
    layer = {
        "module": "keras.layers", "class_name": name,
        "config": {"name": "evil", "vocabulary": str(secret)},
    }  # fmt: skip
    with pytest.raises(ModelFileError, match="is not opened for it") as error:
        load_model(with_layer(tmp_path, layer))
    assert "a password" not in str(error.value)


@pytest.mark.parametrize("name", ["../pwned", "/pwned", "a/../../pwned", "C:\\pwned"])
def test_cve_2025_12060_names_that_climb_out(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, "m.keras")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, CODE)
    with pytest.raises(UnsafeFileError, match=r"absolute|climbs out|must not"):
        load_model(path)


def test_cve_2025_49655_pickled_torch_modules(tmp_path: Path) -> None:
    layer = {
        "module": "keras.layers", "class_name": "TorchModuleWrapper",
        "config": {"name": "evil", "module": "gASVIgAAAAAAAACMBXBvc2l4"},
    }  # fmt: skip
    with pytest.raises(UnknownObjectError, match="TorchModuleWrapper"):
        load_model(with_layer(tmp_path, layer))


def with_weights(path: Path, weights: bytes) -> Path:
    entries = entries_of(saved(path, "m.keras"))
    entries["model.weights.h5"] = weights
    with zipfile.ZipFile(path / "m.keras", "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path / "m.keras"


def damaged_shape(first: int) -> bytes:
    """The weights of a small model, whose first array claims to be larger."""
    model = small()
    buffer = io.BytesIO()
    keras3.write_weights(buffer, model)
    data = bytearray(buffer.getvalue())
    shape = bytes([1, 2, 0, 0, 0, 0, 0, 0]) + (3).to_bytes(8, "little")
    place = data.index(shape + (4).to_bytes(8, "little")) + 8
    data[place : place + 8] = first.to_bytes(8, "little")
    return bytes(data)


@pytest.mark.parametrize("first", [10**6, 10**12, 2**62, 2**64 - 1])
def test_cve_2026_0897_shapes_beyond_the_file(tmp_path: Path, first: int) -> None:
    with pytest.raises(UnsafeFileError, match="48 are stored"):
        load_model(with_weights(tmp_path, damaged_shape(first)))


def test_cve_2026_1669_arrays_in_other_files(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "secret").write_bytes(bytes(100))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        external = [(str(tmp_path / "secret"), 0, 48)]
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", (3, 4), "f4", external=external)
        group["1"] = np.zeros(4, "f4")
    with pytest.raises(UnsafeFileError, match="another file"):
        load_model(with_weights(tmp_path, buffer.getvalue()))


def test_links_out_of_a_file_of_weights(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    for link in (h5py.ExternalLink("/etc/passwd", "/x"), h5py.SoftLink("/layers/y")):
        with h5py.File(tmp_path / "w.h5", "w") as file:
            file.create_group("layers/y")
            file["layers/dense"] = link
        with pytest.raises(UnsafeFileError, match="not followed"):
            small().load_weights(tmp_path / "w.h5")


# -- what the user allows --------------------------------------------------------------


def test_only_what_was_passed_or_registered() -> None:
    class Odd(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    config = keras.Sequential([keras.Input((3,)), Odd(name="odd")]).get_config()
    whole = {"class_name": "Sequential", "config": config}
    with pytest.raises(ValueError, match=r"'Odd' \(named 'odd'\).*custom_objects="):
        keras.models.model_from_config(whole)
    found = keras.models.model_from_config(whole, custom_objects={"Odd": Odd})
    assert type(found.layers[0]) is Odd


def test_a_lambda_s_function_is_passed_by_the_layer_s_name(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Lambda(lambda x: 2 * x, name="twice")]
    )
    model.save(tmp_path / "m.keras")
    with pytest.raises(UnknownObjectError, match="'twice'"):
        load_model(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras", custom_objects={"twice": lambda x: 2 * x})
    assert found.predict(np.ones((1, 3)), verbose=0).tolist() == [[2, 2, 2]]
