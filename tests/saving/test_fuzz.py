"""Damaged and doctored files: each gives a model, or one of our own errors.

More than 2,000 files: bytes changed, entries dropped, configurations altered. None may
end in any other error, take more than 200 MB, or keep the reader busy.
"""

from __future__ import annotations

import copy
import functools
import io
import itertools
import json
import signal
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from making import X, trained

import tinygrad_lr as keras
from tinygrad_lr.models import load_model
from tinygrad_lr.saving import ModelFileError, hdf5, keras2, keras3

MOST_SECONDS = 20  # for one file; a sound one takes some milliseconds
MOST_MEMORY = 200 * 2**20

Edit = tuple[float, str, int]
EDITS: Any = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["flip", "set", "ones", "zeros", "cut", "double", "swap"]),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)


def functional() -> Any:
    a = keras.Input((3,))
    b = keras.layers.Dense(4, activation="tanh")(a)
    c = keras.layers.Dense(2)(b)
    model = keras.Model(
        a, keras.layers.Dense(1)(keras.layers.Dense(3)(c) * 2 + c[:, :1])
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), keras.losses.Huber())
    return model


def written(write: Callable[..., None], model: Any) -> bytes:
    file = io.BytesIO()
    write(file, model)
    return file.getvalue()


def sources() -> dict[str, bytes]:
    """Sound files of each layout."""
    sequential = trained(metrics=["accuracy"])
    made = {
        "m.keras": written(keras3.write_keras, sequential),
        "f.keras": written(keras3.write_keras, functional()),
        "m.npz": written(keras3.write_npz, sequential),
        "m.h5": written(keras2.write_model, sequential),
        "f.h5": written(keras2.write_model, functional()),
    }
    for data in made.values():
        load_model(io.BytesIO(data))
    return made


SOURCES = sources()


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """The bytes with some of them changed, gone, or twice there."""
    out = bytearray(data)
    for where, what, value in edits:
        i = int(where * len(out))
        if what == "flip":
            out[i : i + 1] = bytes([out[i] ^ (1 << value % 8)]) if out else b""
        elif what == "set":
            out[i : i + 1] = bytes([value])
        elif what in ("ones", "zeros"):
            out[i : i + 1 + value % 8] = bytes([255 * (what == "ones")]) * (
                1 + value % 8
            )
        elif what == "cut":
            del out[i : i + value]
        elif what == "double":
            out[i:i] = out[i : i + value]
        else:
            j = (i + 8 * value) % max(len(out), 1)
            out[i : i + 8], out[j : j + 8] = out[j : j + 8], out[i : i + 8]
    return bytes(out)


@functools.cache
def newest() -> bytes:
    """A model file in the newest form of HDF5, written by the C library: names and
    attributes in heaps, arrays in pieces of each kind.
    """
    h5py = pytest.importorskip("h5py")
    growing = itertools.cycle([(None, None), (None, 9), (9, 9), None])

    def write(node: hdf5.Node, group: Any) -> None:
        for i in range(9):
            group.attrs[f"a{i}"] = np.arange(3.0)
            group.attrs.create("b", "text" * 1200)
        for name, value in node.attrs.items():
            group.attrs[name] = value
        for name, child in node.children.items():
            if isinstance(child, hdf5.Node):
                write(child, group.create_group(name))
            elif child.ndim == 2:
                group.create_dataset(
                    name, data=child, chunks=(1, 1), maxshape=next(growing),
                    compression="gzip", shuffle=True, fletcher32=True,
                )  # fmt: skip
            else:
                group[name] = child

    file = io.BytesIO()
    with h5py.File(file, "w", libver="latest", track_order=True) as root:
        write(copied(hdf5.File(SOURCES["m.h5"])), root)
    load_model(io.BytesIO(file.getvalue()))
    return file.getvalue()


def spoilt_newest(name: str, edits: list[Edit]) -> bytes:
    return edited(newest(), edits)


def entries_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


VALUES: list[Any] = [
    None, True, -1, 0, 1, 2**31, 10**12, 2**63, 1.5, -1e300, "", "relu", "Dense",
    "x/../y", [], {}, [None, 3], [[]], [10**9], {"class_name": "Dense", "config": {}},
    {"class_name": "Sequential", "config": {"layers": []}},
    {"class_name": "function", "config": "system", "module": "os"},
    {"class_name": "__lambda__", "config": {"code": "AAAA"}},
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "O"}},
    {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}},
]  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list and dict in a nesting, with each of its keys."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def altered(text: str, edits: list[Edit]) -> str:
    """The configuration with some of its values replaced, gone, or moved."""
    root = [json.loads(text)]
    for where, what, value in edits:
        known = list(places(root))
        if len(known) < 2:
            break
        holder, key = known[1 + int(where * (len(known) - 1))]
        other, other_key = known[(value * 7919) % len(known)]
        if what == "cut":
            del holder[key]
        elif what in ("double", "swap"):
            holder[key] = copy.deepcopy(other[other_key])
        elif what == "flip" and isinstance(holder[key], (int, float)):
            holder[key] = holder[key] * 10**9 + value
        else:
            holder[key] = copy.deepcopy(VALUES[value % len(VALUES)])
    return json.dumps(root[0])


# -- ways to spoil a file --------------------------------------------------------------


def spoilt_bytes(name: str, edits: list[Edit]) -> bytes:
    return edited(SOURCES[name], edits)


def spoilt_weights(name: str, edits: list[Edit]) -> bytes:
    """Weights changed inside a sound archive."""
    entries = entries_of(SOURCES[name])
    which = [n for n in entries if n.endswith((".h5", ".npy"))]
    chosen = which[edits[0][2] % len(which)]
    return zipped({**entries, chosen: edited(entries[chosen], edits)})


def spoilt_config(name: str, edits: list[Edit]) -> bytes:
    """A configuration altered in a sound file."""
    if not name.endswith(".h5"):
        entries = entries_of(SOURCES[name])
        text = entries["config.json"].decode()
        return zipped({**entries, "config.json": altered(text, edits).encode()})
    file = hdf5.File(SOURCES[name])
    root = copied(file)
    which = ("model_config", "training_config")[edits[0][2] % 2]
    root.attrs[which] = altered(root.attrs[which], edits)
    return b"".join(hdf5.encode(root))


def spoilt_entries(name: str, edits: list[Edit]) -> bytes:
    """Entries dropped, renamed or exchanged."""
    entries = entries_of(SOURCES[name])
    for where, what, value in edits:
        names = list(entries)
        if not names:
            break
        chosen = names[int(where * len(names))]
        other = names[value % len(names)]
        if what == "swap":
            entries[chosen], entries[other] = entries[other], entries[chosen]
        elif what == "double":
            entries[f"{chosen}{value}"] = entries[other]
        else:
            del entries[chosen]
    return zipped(entries)


def copied(group: hdf5.Group) -> hdf5.Node:
    """A group that can be changed."""
    node = hdf5.Node(dict(group.attrs))
    for name in group:
        child = group.get(name)
        assert child is not None
        node.children[name] = (
            copied(child) if isinstance(child, hdf5.Group) else child.read()
        )
    return node


CASES = {
    "bytes of .h5": (spoilt_bytes, ["m.h5", "f.h5"], 400),
    "bytes of .h5, newest form": (spoilt_newest, ["newest"], 300),
    "bytes of zip": (spoilt_bytes, ["m.keras", "f.keras", "m.npz"], 300),
    "weights": (spoilt_weights, ["m.keras", "f.keras", "m.npz"], 400),
    "configuration": (spoilt_config, ["m.keras", "f.keras", "m.npz"], 400),
    "configuration of .h5": (spoilt_config, ["m.h5", "f.h5"], 300),
    "entries": (spoilt_entries, ["m.keras", "m.npz"], 150),
}
assert sum(files for _, _, files in CASES.values()) > 2000


@contextmanager
def in_time() -> Iterator[None]:
    """Stop what takes too long, where that is possible."""

    def stop(*arguments: Any) -> None:
        raise AssertionError(f"a file kept its reader busy for {MOST_SECONDS} s")

    if hasattr(signal, "SIGALRM"):
        before = signal.signal(signal.SIGALRM, stop)
        signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)


def peak() -> int:
    """The most memory this process ever had, in bytes, where it can be asked for."""
    resource = pytest.importorskip("resource")
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024


@pytest.mark.parametrize("case", CASES)
def test_every_file_ends_in_a_model_or_in_our_error(case: str) -> None:
    spoil, names, files = CASES[case]
    if spoil is spoilt_newest:
        newest()  # it needs memory of its own
    before = peak()
    counts = {"model": 0, "error": 0}

    @settings(
        max_examples=files, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(st.sampled_from(names), EDITS)
    def run(name: str, edits: list[Edit]) -> None:
        data = spoil(name, edits)
        try:
            with in_time(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = load_model(io.BytesIO(data))
        except ModelFileError as error:
            counts["error"] += len(str(error)) > 20  # a sentence
            return
        assert isinstance(model, keras.Model)
        counts["model"] += 1
        if spoil is not spoilt_config and model.built:
            with np.errstate(all="ignore"):
                assert model.predict(X, verbose=0).shape == (22, 1)

    run()
    print(f"{case}: {counts}, {(peak() - before) / 2**20:.0f} MB")
    assert counts["error"] > files / 10
    assert sum(counts.values()) == files
    assert peak() - before < MOST_MEMORY
