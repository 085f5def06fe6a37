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


@settings(max_examples=30, deadline=None)
@given(TREES)
def test_what_is_written_is_read(root: hdf5.Node) -> None:
    check(hdf5.File(encoded(root)), root)


@settings(max_examples=15, deadline=None)
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


LIBVERS = ["earliest", "v108", "v110", "latest"]


def compared(group: hdf5.Group, expected: Any) -> None:
    """Raise unless we read what the C library reads."""
    h5py = pytest.importorskip("h5py")
    assert list(group) == sorted(expected)
    assert set(group.attrs) == set(expected.attrs)
    for name, value in group.attrs.items():
        there = expected.attrs[name]
        if isinstance(value, (str, list)):
            assert value == plain_texts(there), name
        else:
            np.testing.assert_array_equal(value, there, err_msg=name)
    for name in group:
        found, there = group.get(name), expected[name]
        if isinstance(found, hdf5.Group):
            compared(found, there)
        elif isinstance(there[()], h5py.Empty):
            assert found is not None
            assert found.read().shape == (0,)
        elif there.dtype.kind in "OS":
            assert found is not None
            assert found.read_texts() == plain_texts(there[()])
        else:
            assert found is not None
            same(found.read(), np.asarray(there[()]))


def plain_texts(value: Any) -> Any:
    if isinstance(value, (bytes, str)):
        return value.decode() if isinstance(value, bytes) else value
    return [plain_texts(part) for part in value]


def few_of_each(file: Any) -> None:
    file.attrs["text"] = b'{"a": 1}'
    file.attrs["names"] = [b"dense", b"dense_1"]
    file.attrs["none"] = []
    file.attrs["\u00e4"] = ["\u00f6", "", "a" * 300]
    file.create_group("a/b").create_dataset("x", data=np.arange(6.0).reshape(2, 3))
    file["a/s"] = np.int64(3)
    for kind in ("f2", ">f2", ">f4", "f8", ">f8", "i1", "u1", ">i4", "u8", ">u2", "?"):
        file[kind] = np.arange(6).reshape(2, 3).astype(kind)
        file.attrs[kind] = np.arange(3).astype(kind)


def many_names(file: Any) -> None:
    for i in range(300):
        file.create_group(f"many/x{i}" + "y" * (i % 40))
    for i in range(9):
        file[f"n{i}"] = np.float32(i)


def many_attributes(file: Any) -> None:
    for i in range(120):
        file.attrs[f"a{i}"] = np.arange(i % 5 + 1) / 8 + i
        file.create_group("inner").attrs["x"] = 1 if not i else 0
        del file["inner"]


def large_attributes(file: Any) -> None:
    file.attrs["model_config"] = "{}" * 50_000
    file.attrs["fixed"] = np.bytes_(b"x" * 5000)
    for i in range(9):
        file.attrs[f"numbers{i}"] = np.arange(600.0) + i


def texts(file: Any) -> None:
    h5py = pytest.importorskip("h5py")
    file["any"] = ["a", "b\u00e4c", ""]
    file["fixed"] = np.array([b"x", b"yz"])
    file["one"] = "hello"
    file["none"] = h5py.Empty("f4")
    many = [f"q{i}" for i in range(20)]
    file.create_dataset("many", data=many, chunks=(3,), dtype=h5py.string_dtype())
    file.create_dataset("unset", (3,), dtype=h5py.string_dtype())


def unset_parts(file: Any) -> None:
    file.create_dataset("a", (20, 3), "f4", chunks=(3, 2), fillvalue=2.5)
    file.create_dataset("b", (20, 3), "f8", fillvalue=1.5)
    file.create_dataset("c", (4,), "i2")
    file.create_dataset("d", (0, 3), "f4", chunks=(2, 2), maxshape=(None, 3))
    for i, most in enumerate([(90, 3), (None, 3), (None, None)]):
        data = file.create_dataset(
            f"e{i}", (90, 3), ">i2", chunks=(3, 2), fillvalue=-3, maxshape=most
        )
        data[40:50] = 7
    data = file.create_dataset("f", (10,), "f4", chunks=(3,), maxshape=(None,))
    data[:] = 1
    data.resize((4,))
    data = file.create_dataset("g", (10,), "f4", chunks=(3,), maxshape=(None,))
    data[:] = 1
    data.resize((40,))


def compact_and_early(file: Any) -> None:
    h5py = pytest.importorskip("h5py")
    values = np.arange(391, dtype="f4").reshape(23, 17)
    for name in ("compact", "early"):
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        if name == "compact":
            plan.set_layout(h5py.h5d.COMPACT)
        else:
            plan.set_chunk((5, 4))
            plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        kind = h5py.h5t.py_create(values.dtype)
        space = h5py.h5s.create_simple(values.shape)
        made = h5py.h5d.create(file.id, name.encode(), kind, space, plan)
        h5py.Dataset(made)[...] = values


def many_pieces(file: Any) -> None:
    values = np.arange(1080).reshape(12, 90)
    for i, most in enumerate([None, (None, 90), (12, None), (None, None)]):
        file.create_dataset(f"x{i}", data=values, chunks=(1, 1), maxshape=most)


WRITERS = [
    few_of_each, many_names, many_attributes, large_attributes, texts, unset_parts,
    compact_and_early, many_pieces,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITERS)
def test_what_the_c_library_writes_is_read(write: Any) -> None:
    h5py = pytest.importorskip("h5py")
    for i, libver in enumerate(LIBVERS):
        data = written_by_h5py(write, libver=libver, track_order=bool(i % 2))
        with h5py.File(io.BytesIO(data), "r") as file:
            compared(hdf5.File(data), file)


def test_a_path_that_leads_nowhere() -> None:
    file = hdf5.File(written_by_h5py(few_of_each))
    assert file.get("a/nothing") is None
    assert file.get("a/s/nothing") is None


@st.composite
def in_pieces(draw: Any) -> tuple[tuple[int, ...], dict[str, Any]]:
    """A shape, and how h5py is to store an array of it in pieces."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    most = tuple(draw(st.sampled_from([n, n + 3, None])) for n in shape)
    chunks = tuple(
        draw(st.integers(1, n if m == n else n + 2))
        for n, m in zip(shape, most, strict=True)
    )
    options = {
        "chunks": chunks,
        "maxshape": most,
        "compression": draw(st.sampled_from([None, "gzip"])),
        "shuffle": draw(st.booleans()),
        "fletcher32": draw(st.booleans()),
    }
    return shape, options


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIBVERS), in_pieces(), st.sampled_from(["f4", ">i2", "f8"]))
def test_arrays_in_pieces(libver: str, pieces: Any, kind: str) -> None:
    shape, options = pieces
    values = np.arange(np.prod(shape)).reshape(shape).astype(kind)

    def write(file: Any) -> None:
        file.create_dataset("x", data=values, **options)

    same(read(written_by_h5py(write, libver=libver), "x"), values)


def test_a_changed_piece_is_found() -> None:
    def write(file: Any) -> None:
        file.create_dataset(
            "x", data=np.full(999, 7, "i1"), chunks=(9,), fletcher32=True
        )

    data = bytearray(written_by_h5py(write, libver="latest"))
    data[data.index(b"\7" * 9) + 4] = 8
    with pytest.raises(DamagedFileError, match="belies its checksum"):
        read(bytes(data), "x")


def test_a_large_growing_array_is_in_pages() -> None:
    values = np.zeros(2**17 + 6000, "u1")
    values[::3001] = np.arange(1, 47)

    def write(file: Any) -> None:
        shape = values.shape
        data = file.create_dataset("x", shape, "u1", chunks=(1,), maxshape=(None,))
        data[::3001] = values[::3001]

    same(read(written_by_h5py(write, libver="latest"), "x"), values)


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

    def many(file: Any) -> None:
        for i in range(40):
            file.create_dataset(f"x{i}", (2000, 2000), "f4", chunks=(9, 9))

    refused(huge, "x", UnsafeFileError, "only 0 are stored")
    for libver in LIBVERS:
        file = hdf5.File(written_by_h5py(many, libver=libver))
        with pytest.raises(UnsafeFileError, match="only 0 are stored"):
            [file.get(name).read() for name in file]  # type: ignore[union-attr]
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
