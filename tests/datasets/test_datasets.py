"""The datasets: small fabricated files in the real formats, from a local server."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_lr import config, datasets
from tinygrad_lr.datasets import sources
from tinygrad_lr.datasets.pickles import ArrayUnpickler, load_npz


@pytest.fixture(autouse=True)
def storage(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(sources, "STORAGE", server.url)
    monkeypatch.setattr(sources, "TORONTO", server.url)
    monkeypatch.setattr(sources, "HASHES", {})

    def put(name: str, content: bytes) -> None:
        server.files[name] = content
        sources.HASHES[name] = hashlib.sha256(content).hexdigest()

    return put


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def lists(*rows: list[int]) -> Any:
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


# -- images ----------------------------------------------------------------------------


def test_mnist(storage: Any, tmp_path: Path) -> None:
    x = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    y = np.array([5, 0, 4], np.uint8)
    storage("mnist.npz", npz(x_train=x, y_train=y, x_test=x[:1], y_test=y[:1]))
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    np.testing.assert_array_equal(x_train, x)
    np.testing.assert_array_equal(y_train, y)
    assert (x_test.shape, y_test.shape, x_test.dtype) == ((1, 28, 28), (1,), np.uint8)
    assert (tmp_path / "datasets" / "mnist.npz").exists()
    datasets.mnist.load_data("other.npz")
    assert (tmp_path / "datasets" / "other.npz").exists()


def test_a_damaged_file_in_the_cache_is_downloaded_again(
    storage: Any, tmp_path: Path, server: Any
) -> None:
    x = np.zeros((1, 28, 28), np.uint8)
    storage("mnist.npz", npz(x_train=x, y_train=x[0, 0], x_test=x, y_test=x[0, 0]))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"damaged")
    assert datasets.mnist.load_data()[0][0].shape == (1, 28, 28)
    server.files["mnist.npz"] = b"damaged for good"
    (tmp_path / "datasets" / "mnist.npz").unlink()
    with pytest.raises(ValueError, match="Incomplete or corrupted file"):
        datasets.mnist.load_data()


def test_without_a_network_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STORAGE", "http://127.0.0.1:9/")
    with pytest.raises(ConnectionError, match=r"fetch failure.*mnist\.npz by hand"):
        datasets.mnist.load_data()


def idx(array: Any) -> bytes:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(
        f">{array.ndim}i", *array.shape
    )
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def test_fashion_mnist(server: Any, tmp_path: Path) -> None:
    x = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 251
    for part, n in (("train", 2), ("t10k", 1)):
        server.files[f"{part}-images-idx3-ubyte.gz"] = idx(x[:n])
        server.files[f"{part}-labels-idx1-ubyte.gz"] = idx(np.array([9, 3][:n]))
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, x)
    assert (y_train.tolist(), y_test.tolist()) == ([9, 3], [9])
    assert (x_train.dtype, x_test.shape) == (np.uint8, (1, 28, 28))
    x_train[0] = 0  # the arrays are the caller's
    folder = tmp_path / "datasets" / "fashion-mnist"
    assert len(os.listdir(folder)) == 4

    (folder / "train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    assert datasets.fashion_mnist.load_data()[0][1].tolist() == [9, 3]
    for broken in (b"damaged", gzip.compress(b"damaged"), idx(x)[:50]):
        server.files["train-images-idx3-ubyte.gz"] = broken
        (folder / "train-images-idx3-ubyte.gz").unlink()
        with pytest.raises(ValueError, match="damaged, also after a second download"):
            datasets.fashion_mnist.load_data()


def cifar_tar(folder: str, batches: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, batch in batches.items():
            content = pickle_of_python_2(batch)
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def pickle_of_python_2(batch: dict[str, Any]) -> bytes:
    """A batch as Python 2 and NumPy 1 pickled it: text is bytes, protocol 2."""
    data = batch["data"]
    text = b"".join(
        pickle.SHORT_BINSTRING + bytes([len(key)]) + key + value
        for key, value in [
            (b"data", array_of_python_2(data)),
            *(
                (name.encode(), pickle.dumps(list(map(int, values)), 2)[2:-1])
                for name, values in batch.items()
                if name != "data"
            ),
        ]
    )
    return b"\x80\x02}(" + text + b"u."


def array_of_python_2(data: Any) -> bytes:
    raw = data.tobytes()
    shape = b"K" + bytes([data.shape[0]]) + b"M" + struct.pack("<H", data.shape[1])
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01" + shape + b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<i", len(raw))
        + raw
        + b"tb"
    )


def images(n: int, seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (n, 3072), np.uint8)


def test_cifar10(storage: Any, tmp_path: Path) -> None:
    batches = {
        f"data_batch_{i}": {"data": images(2, i), "labels": [i, 0]} for i in range(1, 6)
    }
    batches["test_batch"] = {"data": images(3, 9), "labels": [7, 8, 9]}
    storage("cifar-10-python.tar.gz", cifar_tar("cifar-10-batches-py", batches))
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert (x_train.shape, x_test.shape) == ((10, 32, 32, 3), (3, 32, 32, 3))
    assert x_train.dtype == y_train.dtype == x_test.dtype == y_test.dtype == np.uint8
    assert y_train.tolist() == [[n] for i in range(1, 6) for n in (i, 0)]
    assert y_test.tolist() == [[7], [8], [9]]
    expected = images(3, 9).reshape(3, 3, 32, 32)
    np.testing.assert_array_equal(x_test.transpose(0, 3, 1, 2), expected)
    assert (tmp_path / "datasets" / "cifar-10-batches-py-target").is_dir()
    config.set_image_data_format("channels_first")
    try:
        np.testing.assert_array_equal(datasets.cifar10.load_data()[1][0], expected)
    finally:
        config.set_image_data_format("channels_last")


def test_cifar100(storage: Any) -> None:
    batches = {
        "train": {
            "data": images(3, 1),
            "fine_labels": [99, 1, 2],
            "coarse_labels": [19, 0, 5],
        },
        "test": {"data": images(1, 2), "fine_labels": [3], "coarse_labels": [4]},
    }
    storage("cifar-100-python.tar.gz", cifar_tar("cifar-100-python", batches))
    (x_train, y_train), (_, y_test) = datasets.cifar100.load_data()
    assert x_train.shape == (3, 32, 32, 3)
    assert (y_train.tolist(), y_test.tolist()) == ([[99], [1], [2]], [[3]])
    assert datasets.cifar100.load_data("coarse")[0][1].tolist() == [[19], [0], [5]]
    with pytest.raises(ValueError, match="expected 'fine' or 'coarse', got 'middle'"):
        datasets.cifar100.load_data("middle")


# -- tables ----------------------------------------------------------------------------


def test_boston_housing(storage: Any) -> None:
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    storage("boston_housing.npz", npz(x=x, y=y))
    (x_train, y_train), (x_test, y_test) = datasets.boston_housing.load_data()
    assert len(y_train) == 8
    np.testing.assert_array_equal(x_train[:, 0], 2 * y_train)
    np.testing.assert_array_equal(x_test[:, 0], 2 * y_test)
    assert len(datasets.boston_housing.load_data(test_split=0.5, seed=1)[1][1]) == 5
    with pytest.raises(ValueError, match="expected 0 <= test_split < 1, got 1"):
        datasets.boston_housing.load_data(test_split=1)


def test_california_housing(storage: Any) -> None:
    x, y = np.zeros((700, 8), "float32"), np.arange(700, dtype="float32")
    storage("california_housing.npz", npz(x=x, y=y))
    large, small = (
        datasets.california_housing.load_data(version=version)
        for version in ("large", "small")
    )
    assert [len(large[0][1]), len(large[1][1])] == [560, 140]
    assert [len(small[0][1]), len(small[1][1])] == [480, 120]
    assert max(small[0][1].max(), small[1][1].max()) == 599
    with pytest.raises(ValueError, match="expected 'small' or 'large', got 'tiny'"):
        datasets.california_housing.load_data("tiny")


# -- texts -----------------------------------------------------------------------------

TRAIN = lists([1, 5, 2], [9], [4, 4, 4, 30], [7, 8])
TEST = lists([2, 3], [50, 1, 1])


@pytest.fixture
def texts(storage: Any) -> None:
    storage(
        "imdb.npz",
        npz(x_train=TRAIN, y_train=np.array([1, 0, 1, 0]), x_test=TEST, y_test=[1, 0]),
    )
    storage("reuters.npz", npz(x=TRAIN, y=np.array([3, 4, 5, 6])))


def test_imdb(texts: None) -> None:  # more in tests/parity
    (x_train, y_train), (x_test, _) = datasets.imdb.load_data()
    assert x_train.dtype == object
    assert isinstance(x_train[0], list)
    assert dict(zip(y_train.tolist(), map(len, x_train), strict=False)).keys() == {0, 1}
    assert sorted(x_train.tolist()) == [
        [1, 4, 8, 5],
        [1, 7, 7, 7, 33],
        [1, 10, 11],
        [1, 12],
    ]
    # the largest number of all is itself left out, as in Keras
    assert sorted(x_test.tolist()) == [[1, 2, 4, 4], [1, 5, 6]]


def test_word_lists_of_equal_length_are_a_table_as_in_keras(storage: Any) -> None:
    storage("reuters.npz", npz(x=lists([1], [2], [3], [4], [5]), y=np.arange(5)))
    assert datasets.reuters.load_data()[0][0].shape == (4, 2)


def test_a_word_index(storage: Any) -> None:
    for module in (datasets.imdb, datasets.reuters):
        name = module.__name__.rpartition(".")[2]
        storage(f"{name}_word_index.json", json.dumps({"the": 1, "é": 2}).encode())
        assert module.get_word_index() == {"the": 1, "é": 2}
    assert len(datasets.reuters.get_label_names()) == 46
    assert datasets.reuters.get_label_names()[3] == "earn"


def test_no_text_is_short_enough(texts: None) -> None:
    with pytest.raises(ValueError, match="no text is shorter than 1 words"):
        datasets.imdb.load_data(maxlen=1)


# -- files that are not to be trusted --------------------------------------------------


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("echo evil",)


def test_a_pickle_may_hold_arrays_only(tmp_path: Path) -> None:
    evil = np.empty(1, dtype=object)
    evil[0] = Evil()
    path = tmp_path / "evil.npz"
    path.write_bytes(npz(x=evil))
    with pytest.raises(pickle.UnpicklingError, match=r"refused to read .*system"):
        load_npz(str(path))
    for thing in (print, Path("x"), {1}.__class__, Evil()):
        with pytest.raises(pickle.UnpicklingError, match="refused"):
            ArrayUnpickler(io.BytesIO(pickle.dumps(thing))).load()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3),
        np.zeros((0, 2)),
        np.array(["a", "bc"]),
        lists([1, 2], []),
    ],
)
def test_npz_files_are_read_as_numpy_reads_them(tmp_path: Path, array: Any) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz(a=array))
    found = load_npz(str(path))["a"]
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
