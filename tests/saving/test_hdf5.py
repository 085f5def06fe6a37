"""Our HDF5 against the C library's: each reads what the other wrote."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinygrad_lr.saving import UnsafeFileError, UnsupportedFileError, hdf5
from tinygrad_lr.saving.errors import DamagedFileError

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0."), min_size=1)
DTYPES = st.sampled_from(["f2", "f4", "f8", "i1", "i4", "i8", "u1", "u4", "?", ">f4"])
ARRAYS = DTYPES.flatmap(
    lambda d: arrays.arrays(d, arrays.array_shapes(min_dims=0, min_side=0, max_side=3))
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["names", "model_config", "n"]),
    TEXTS | st.lists(TEXTS, max_size=4) | ARRAYS.filter(lambda a: a.size),
)


def node(children: Any) -> Any:
    return st.builds(hdf5.Node, ATTRIBUTES, st.dictionaries(NAMES, children))


TREES = node(st.recursive(ARRAYS, node, max_leaves=8))


def encoded(root: hdf5.Node) -> bytes:
    return b"".join(hdf5.encode(root))


def same(found: Any, expected: np.ndarray[Any, Any]) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype.newbyteorder("=")
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


def check(group: hdf5.Group, expected: hdf5.Node) -> None:
    attributes = group.attrs
    assert set(attributes) == set(expected.attrs)
    for name, value in expected.attrs.items():
        if isinstance(value, np.ndarray):
            same(attributes[name], value)
        else:
            assert list(attributes[name]) == list(value)
    assert set(group) == set(expected.children)
    for name, child in expected.children.items():
        found = group.get(name)
        if isinstance(child, hdf5.Node):
            assert isinstance(found, hdf5.Group)
            check(found, child)
        else:
            assert isinstance(found, hdf5.Dataset)
            same(found.read(), child)


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_what_is_written_is_read(root: hdf5.Node) -> None:
    check(hdf5.File(encoded(root)), root)


@settings(max_examples=50, deadline=None)
@given(TREES)
def test_the_c_library_reads_what_is_written(root: hdf5.Node) -> None:
    h5py = pytest.importorskip("h5py")

    def text(value: Any) -> Any:
        return value.decode() if isinstance(value, bytes) else value

    def compare(group: Any, expected: hdf5.Node) -> None:
        assert set(group.attrs) == set(expected.attrs)
        for name, value in expected.attrs.items():
            found = group.attrs[name]
            if isinstance(value, str):
                assert text(found) == value
            elif isinstance(value, list):
                assert [text(part) for part in found] == value
            else:
                same(np.asarray(found), value)
        assert set(group) == set(expected.children)
        for name, child in expected.children.items():
            if isinstance(child, hdf5.Node):
                compare(group[name], child)
            else:
                same(np.asarray(group[name][()]), child)

    with h5py.File(io.BytesIO(encoded(root)), "r") as file:
        compare(file, root)


def written_by_h5py(write: Any, **options: Any) -> bytes:
    h5py = pytest.importorskip("h5py")
    data = io.BytesIO()
    with h5py.File(data, "w", **options) as file:
        write(file)
    return data.getvalue()


@pytest.mark.parametrize("libver", ["earliest", "latest", "v108", "v110"])
def test_what_the_c_library_writes_is_read(libver: str) -> None:
    def write(file: Any) -> None:
        file.attrs["text"] = b'{"a": 1}'
        file.attrs["names"] = [b"dense", b"dense_1"]
        file.attrs["none"] = []
        file.create_group("a/b").create_dataset("x", data=np.arange(6.0).reshape(2, 3))
        file["a/s"] = np.int64(3)

    file = hdf5.File(written_by_h5py(write, libver=libver))
    assert file.attrs["text"] == '{"a": 1}'
    assert file.attrs["names"] == ["dense", "dense_1"]
    found = file.get("a/b/x")
    assert isinstance(found, hdf5.Dataset)
    np.testing.assert_array_equal(found.read(), np.arange(6.0).reshape(2, 3))
    assert file.get("a/nothing") is None
    assert file.get("a/s/nothing") is None


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (7, 6)},
        {"chunks": (7, 6), "compression": "gzip"},
        {"chunks": (50, 20), "compression": "gzip", "shuffle": True},
        {"chunks": (3, 20), "shuffle": True, "fletcher32": True},
    ],
)
def test_arrays_in_pieces(options: Any) -> None:
    values = np.arange(1000.0).reshape(50, 20)

    def write(file: Any) -> None:
        file.create_dataset("x", data=values, **options)

    found = hdf5.File(written_by_h5py(write)).get("x")
    assert isinstance(found, hdf5.Dataset)
    np.testing.assert_array_equal(found.read(), values)


def test_many_names_in_a_group() -> None:
    root = hdf5.Node()
    for i in range(3000):
        root.put(f"layers/d_{i}/vars/0", np.full((2,), i, "f4"))
    root.attrs["names"] = [f"d_{i}" for i in range(9000)]
    file = hdf5.File(encoded(root))
    assert len(file.group("layers") or ()) == 3000
    assert (
        file.attrs["names0"] + file.attrs["names1"] + file.attrs["names2"]
        == (root.attrs["names"])
    )
    h5py = pytest.importorskip("h5py")
    with h5py.File(io.BytesIO(encoded(root)), "r") as read:
        assert read["layers/d_2999/vars/0"][0] == 2999


def read(data: bytes, path: str) -> Any:
    found = hdf5.File(data).get(path)
    assert isinstance(found, hdf5.Dataset)
    return found.read()


def refused(write: Any, path: str, error: type[Exception], match: str) -> None:
    data = written_by_h5py(write)
    with pytest.raises(error, match=match):
        read(data, path)


def test_nothing_leads_out_of_the_file(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.ones(3)

    def external_link(file: Any) -> None:
        file["x"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")

    def soft_link(file: Any) -> None:
        file["y"] = np.ones(3)
        file["x"] = h5py.SoftLink("/y")

    def external_storage(file: Any) -> None:
        external = [(str(tmp_path / "secret"), 0, 80)]
        file.create_dataset("x", (10,), "f8", external=external)

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (3,))
        file.create_virtual_dataset("x", layout)

    refused(external_link, "x", UnsafeFileError, "link to somewhere else")
    refused(soft_link, "x", UnsafeFileError, "link to somewhere else")
    refused(external_storage, "x", UnsafeFileError, "stands in another file")
    refused(virtual, "x", UnsafeFileError, "put together from other files")


def test_sizes_are_checked_before_memory_is_taken() -> None:
    def huge(file: Any) -> None:
        file.create_dataset(
            "x", (10**6, 10**6), "f8", chunks=(1000, 1000), compression="gzip"
        )

    refused(huge, "x", UnsafeFileError, "only 0 are stored")
    root = hdf5.Node()
    root.put("x", np.ones((2, 3), "f4"))
    data = bytearray(encoded(root))
    shape = bytes([1, 2, 0, 0, 0, 0, 0, 0]) + (2).to_bytes(8, "little")
    place = data.index(shape) + 8
    data[place : place + 8] = (10**15).to_bytes(8, "little")
    found = hdf5.File(bytes(data)).get("x")
    assert isinstance(found, hdf5.Dataset)
    with pytest.raises(UnsafeFileError, match="24 are stored"):
        found.read()


def test_other_kinds_are_named() -> None:
    def lzf(file: Any) -> None:
        file.create_dataset("x", data=np.ones((50, 50)), compression="lzf")

    def texts(file: Any) -> None:
        file["x"] = ["a", "b"]

    def compound(file: Any) -> None:
        file["x"] = np.zeros(2, [("a", "f4"), ("b", "i4")])

    refused(lzf, "x", UnsupportedFileError, "filter lzf.*h5repack")
    refused(texts, "x", UnsupportedFileError, "expected numbers")
    refused(compound, "x", UnsupportedFileError, "class 6")


def test_damage_is_found() -> None:
    root = hdf5.Node()
    root.put("a/x", np.ones((2, 3), "f4"))
    data = encoded(root)
    for cut in range(0, len(data) - 8, 7):
        with pytest.raises(DamagedFileError):
            read(data[:cut], "a/x")
