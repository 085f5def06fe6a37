"""Nothing in a model file is run, followed, or believed about its own size.

One test for each published way into Keras through a model file, by its number, and one
for each limit.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import saved, small, trained

import tinygrad_lr as keras
from tinygrad_lr.models import load_model
from tinygrad_lr.saving import archive, hdf5, keras3, plain
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    ModelFileError,
    UnknownObjectError,
    UnsafeFileError,
)

# What would write a file if it were ever run.
CODE = "__import__('pathlib').Path('pwned').write_text('')"


@pytest.fixture(autouse=True)
def nothing_happens(tmp_path: Path, monkeypatch: Any) -> Any:
    """Run in a folder of its own; no program may start, no file may appear."""
    monkeypatch.chdir(tmp_path)

    def never(*arguments: Any, **options: Any) -> Any:
        raise AssertionError(f"run from a file: {arguments}")

    for name in ("system", "popen"):
        monkeypatch.setattr(os, name, never)
    yield
    assert not Path("pwned").exists()


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewritten(path: Path, change: Any) -> Path:
    """The file with its configuration changed in place by ``change``."""
    entries = entries_of(path)
    config = json.loads(entries["config.json"])
    entries["config.json"] = json.dumps(change(config) or config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


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


# -- limits ----------------------------------------------------------------------------


@pytest.mark.parametrize("units", [10**5, 10**9, 10**18, 10**19])
def test_a_layer_of_a_terabyte(tmp_path: Path, units: int) -> None:
    path = saved(tmp_path, "m.keras")

    def widen(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = units

    with pytest.raises(ModelFileError, match=r"can account for|cannot be used"):
        load_model(rewritten(path, widen))


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", ".*.*.*.*b", "(?=a)", r"(a)\1", "a{9999}", "a" * 201],
)
def test_patterns_that_take_for_ever(tmp_path: Path, pattern: str) -> None:
    optimizers = keras.optimizers
    chosen = optimizers.OptimizerMap(
        optimizers.SGD(), {"dense.*/(kernel|no)": optimizers.Adam()}
    )
    path = saved(tmp_path, "m.keras", small(optimizers.MultiOptimizer(chosen)))
    assert "adam" in load_model(path).optimizer.optimizers[0].name
    text = entries_of(path)["config.json"].decode()
    text = text.replace(json.dumps("dense.*/(kernel|no)"), json.dumps(pattern))
    with pytest.raises(UnsafeFileError, match="could take for ever"):
        load_model(rewritten(path, lambda _: json.loads(text)))
    chosen[pattern] = optimizers.SGD()  # in a program it is the user's own
    with pytest.raises(ValueError, match="no regular expression"):
        chosen["a["] = optimizers.SGD()


NUMPY, OURS = "keras.src.ops.numpy", "tinygrad_lr.layers"
MUCH = 10**8


def with_steps(path: Path, *steps: Any, shape: Any = (None, 4)) -> Path:
    """A file of a model of places, with these operations one after the other; "@" in
    what they are called on is the place before.
    """
    inputs = keras.Input((4,), name="a")
    saved(path, "m.keras", keras.Model(inputs, keras.layers.Dense(3)(inputs)))

    def change(config: Any) -> None:
        layers = config["config"]["layers"]
        layers[0]["config"]["batch_shape"] = list(shape)
        del layers[1:]
        last = "a"
        for i, (module, kind, settings, args, kwargs) in enumerate(steps):
            place = {
                "class_name": "__keras_tensor__",
                "config": {"keras_history": [last, 0, 0]},
            }
            call = json.dumps({"args": args, "kwargs": kwargs})
            call = call.replace('"@"', json.dumps(place))
            last = f"step{i}"
            layers.append(
                {
                    "module": module, "class_name": kind, "name": last,
                    "config": {"name": last, **settings},
                    "inbound_nodes": [json.loads(call)],
                }
            )  # fmt: skip
        config["config"]["output_layers"] = [[last, 0, 0]]

    return rewritten(path / "m.keras", change)


def ours(function: str, **options: Any) -> Any:
    return OURS, "Operation", {"function": function, "options": options}, ["@"], {}


@pytest.mark.parametrize(
    "steps",
    [
        [(NUMPY, "Tile", {"repeats": [1, 300]}, ["@"], {})] * 4,
        [(NUMPY, "Pad", {"pad_width": 1}, ["@"], {"pad_width": [[0, 0], [0, MUCH]]})],
        [(NUMPY, "Repeat", {"axis": 1}, ["@"], {"repeats": 1e10})],
        [
            (NUMPY, "Tile", {"repeats": [1, 5000]}, ["@"], {}),
            (NUMPY, "Outer", {}, ["@", "@"], {}),
        ],
        [
            (NUMPY, "Tile", {"repeats": [1, 10**5]}, ["@"], {}),
            (NUMPY, "Concatenate", {"axis": 1}, [["@"] * 999], {}),
        ],
        [
            (NUMPY, "Tile", {"repeats": [1, 9999]}, ["@"], {}),
            (NUMPY, "ExpandDims", {"axis": 1}, ["@"], {}),
            (NUMPY, "Transpose", {"axes": [0, 2, 1]}, ["@"], {}),
            (NUMPY, "Inner", {}, ["@", "@"], {}),
        ],
        [(NUMPY, "Diff", {"n": 10**6}, ["@"], {})],
        [
            (NUMPY, "Tile", {"repeats": [1, 999]}, ["@"], {}),
            (NUMPY, "Einsum", {"subscripts": "ab,cd,ef->abcdef"}, ["@"] * 3, {}),
        ],
        [ours("numpy.pad", pad_width=[[0, 0], [0, MUCH]])],
        [ours("numpy.full_like", fill_value=1, shape=[MUCH])],
        [ours("numpy.fft.fft", n=MUCH)],
        [ours("numpy.polyder", m=10**9)],
        [ours("numpy.astype", dtype="S90000000")],
    ],
    ids=lambda steps: f"{steps[0][1]}-{steps[0][2].get('function')}",
)
def test_steps_that_grow_or_never_end(tmp_path: Path, steps: Any) -> None:
    with pytest.raises(UnsafeFileError, match="asks too much"):
        load_model(with_steps(tmp_path, *steps))


def test_places_that_are_too_large(tmp_path: Path) -> None:
    absolute = (NUMPY, "Absolute", {}, ["@"], {})
    for shape in ((None, MUCH), (10**6, 10**4), (None,) * 9):
        with pytest.raises(UnsafeFileError, match="asks too much: a place of shape"):
            load_model(with_steps(tmp_path, absolute, shape=shape))
    for kind, setting in [
        ("RepeatVector", {"n": 10**9}),
        ("CategoryEncoding", {"num_tokens": MUCH}),
        ("CategoryEncoding", {"num_tokens": MUCH // 5, "output_mode": "multi_hot"}),
        ("ZeroPadding1D", {"padding": MUCH}),
    ]:
        shape = (None, 2, 3) if kind[0] == "Z" else (None, 4)
        layer = ("keras.layers", kind, setting, ["@"], {})
        with pytest.raises(UnsafeFileError, match="asks too much: a place of shape"):
            load_model(with_steps(tmp_path, layer, shape=shape))
    image = (
        NUMPY,
        "Pad",
        {"pad_width": [[0, 0], [99, 99], [99, 99], [0, 0]]},
        ["@"],
        {},
    )
    model = load_model(with_steps(tmp_path, image, shape=(None, 512, 512, 3)))
    assert model.output_shape == (None, 710, 710, 3)


def test_shapes_broadcast_against_each_other(tmp_path: Path) -> None:
    config = {"value": [[1]] * 9999, "dtype": "float32"}
    column = {"class_name": "__numpy__", "config": config}
    for kind, other, shape in [
        ("Add", column, (None, 1, 9999)),
        ("Greater", column, (None, 1, 9999)),
        ("Maximum", [1.0] * 9999, (None, 9999, 1)),
    ]:
        step = (NUMPY, kind, {}, ["@", other], {})
        with pytest.raises(UnsafeFileError, match="asks too much"):
            load_model(with_steps(tmp_path, step, shape=shape))
    where = (NUMPY, "Where", {}, ["@", "@", "@"], {})
    path = with_steps(tmp_path, where, shape=(None, 512, 512))
    assert load_model(path).output_shape == (None, 512, 512)


def test_arrays_of_anything_but_numbers(tmp_path: Path) -> None:
    for kind in ("__numpy__", "__tensor__"):
        value = {"class_name": kind, "config": {"value": ["a"], "dtype": "S900000000"}}
        steps = [
            (NUMPY, "Add", {}, ["@", value], {}),
            ("keras.layers", "Rescaling", {"scale": value}, ["@"], {}),
        ]
        for step in steps:
            with pytest.raises(ModelFileError):
                load_model(with_steps(tmp_path, step))


def test_json(tmp_path: Path) -> None:
    for text, error, match in [
        ("[" * 100_000 + "]" * 100_000, UnsafeFileError, "lists and dicts"),
        ("[" * 30_000 + "]" * 30_000, UnsafeFileError, "nested"),
        ("[" * 300 + "]" * 300, UnsafeFileError, "nested deeper than 200"),
        ("[NaN]", DamagedFileError, "NaN"),
        ("[-Infinity]", DamagedFileError, "-Infinity"),
        ("[" + "9" * 5000 + "]", UnsafeFileError, "5000 digits"),
        ("{", DamagedFileError, "no JSON"),
        ("x" * (2**24 + 1), UnsafeFileError, "at most 16777216"),
        (b"\xff", DamagedFileError, "not UTF-8"),
    ]:
        with pytest.raises(error, match=match):
            plain.parse(text, "it")  # type: ignore[arg-type]
    assert plain.parse("[1e400]", "it") == [float("inf")]


def zipped(entries: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as file:
        for name, data in entries:
            file.writestr(name, data)
    return buffer.getvalue()


def test_zip_entries() -> None:
    link = zipfile.ZipInfo("config.json")
    link.external_attr = 0o120777 << 16
    deflated: Any = {"compression": zipfile.ZIP_DEFLATED}
    for data, match in [
        (zipped([(link, "/etc/passwd")]), "a link"),
        (zipped([("a", bytes(10**8))], **deflated), "unpacked, but the file has"),
        (zipped([("a", bytes(10))], compression=zipfile.ZIP_LZMA), "unusual way"),
    ]:
        with pytest.raises(UnsafeFileError, match=match):
            archive.Archive(data)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([("a", "1"), ("a", "2")])
    with pytest.raises(UnsafeFileError, match="two entries"):
        archive.Archive(twice)
    whole = zipped([("a", b"hello, hello, hello")])
    flipped = whole.replace(b"hello, hello", b"hello, HELLO", 1)
    with pytest.raises(DamagedFileError, match="cannot be read"):
        archive.Archive(flipped).read("a")
    with pytest.raises(DamagedFileError, match="cannot be read"):
        archive.Archive(whole[:-5])
    with pytest.raises(DamagedFileError, match="no entry 'b'"):
        archive.Archive(whole).read("b")


def test_npz_entries(tmp_path: Path) -> None:
    def npy(array: Any) -> bytes:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=True)
        return buffer.getvalue()

    class Evil:
        def __reduce__(self) -> Any:
            return eval, (CODE,)

    assert pickle.dumps(Evil())
    path = saved(tmp_path, "m.npz")
    entries = entries_of(path)
    name = "layers/dense/vars/0.npy"
    good = entries[name]
    for data, error, match in [
        (npy(np.array([Evil()], object)), UnsafeFileError, "Python objects"),
        (npy(np.array(["a", "b"])), DamagedFileError, "expected numbers"),
        (good.replace(b"(3, 4)", b"(9, 9)"), UnsafeFileError, "48 are stored"),
        (good.replace(b"(3, 4)", b"(9**9,"), DamagedFileError, "no array"),
        (good.replace(b"(3, 4)", b"(-1,4)"), DamagedFileError, "no array"),
        (good[:40], DamagedFileError, "no array"),
        (b"", DamagedFileError, "no array"),
        (
            b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"(" * 50_000,
            DamagedFileError,
            "no arr",
        ),
    ]:
        path.write_bytes(zipped({**entries, name: data}.items()))
        with pytest.raises(error, match=match):
            load_model(path)


def test_texts_that_stand_for_objects(tmp_path: Path) -> None:
    path = saved(tmp_path, "m.keras", trained())

    def change(value: Any, *keys: Any) -> Any:
        def at(config: Any) -> Any:
            for key in keys[:-1]:
                config = config[key]
            config[keys[-1]] = value

        return at

    for value, keys in [
        ("Dense", ("config", "layers")),
        ([1, 2], ("config", "layers")),
        ({}, ("config",)),
        (None, ("config",)),
        ("Dense", ("class_name",)),
        (3, ("class_name",)),
        ({"a": 1}, ("config", "layers", 1, "config", "activation")),
        ([[]], ("config", "layers", 1, "build_config", "input_shape")),
        ({"class_name": "Dense", "config": {}}, ("compile_config", "optimizer")),
        ({"class_name": "Adam", "config": []}, ("compile_config", "loss")),
        (-1, ("compile_config", "steps_per_execution")),
    ]:
        saved(tmp_path, "m.keras", small())
        with pytest.raises(ModelFileError):
            load_model(rewritten(path, change(value, *keys)))
