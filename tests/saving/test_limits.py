"""Files that want more memory or time than they are worth."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import CODE, entries_of, rewritten, saved, small, trained

import tinygrad_lr as keras
from tinygrad_lr.models import load_model
from tinygrad_lr.saving import archive, plain
from tinygrad_lr.saving.errors import (
    DamagedFileError,
    ModelFileError,
    UnsafeFileError,
)

pytestmark = pytest.mark.usefixtures("nothing_happens")


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
