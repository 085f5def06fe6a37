"""CSVLogger, RemoteMonitor, TensorBoard: what arrives in files and at a server."""

from __future__ import annotations

import json
import struct
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.callbacks import CallbackList, CSVLogger, RemoteMonitor, TensorBoard

X = np.linspace(-1, 1, 24).reshape(12, 2)
Y = X[:, :1]


def fitted(callback: Any, **arguments: Any) -> keras.Sequential:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=2, name="d")])
    model.compile("sgd", "mse")
    model.fit(
        X,
        Y,
        **{"batch_size": 4, "epochs": 2, "verbose": 0, **arguments},
        callbacks=[callback],
    )
    return model


def test_csv_logger_is_what_pandas_reads(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "log.csv"
    model = fitted(CSVLogger(path), validation_data=(X, Y))
    table = pandas.read_csv(path)
    assert list(table) == ["epoch", "loss", "val_loss"]
    np.testing.assert_allclose(table["loss"], model.history.history["loss"])
    fitted(CSVLogger(str(path), append=True), validation_data=(X, Y))
    assert pandas.read_csv(path)["epoch"].tolist() == [0, 1, 0, 1]


def test_csv_logger_is_closed_by_a_second_training(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path / "log.csv")
    fitted(logger, epochs=3)
    assert logger.csv_file.closed
    fitted(logger, epochs=1)
    assert (tmp_path / "log.csv").read_text().count("\n") == 2


@pytest.mark.parametrize("as_json", [True, False])
def test_remote_monitor(server: Any, as_json: bool) -> None:
    fitted(RemoteMonitor(server.url.rstrip("/"), field="f", send_as_json=as_json))
    assert server.requests == ["publish/epoch/end/"] * 2
    body = server.bodies[1].decode()
    text = body if as_json else urllib.parse.parse_qs(body)["f"][0]
    assert sorted(json.loads(text)) == ["epoch", "loss"]


def test_a_server_that_is_not_there_does_not_end_a_training() -> None:
    with pytest.warns(UserWarning, match=r"could not reach the server at http://127\."):
        model = fitted(RemoteMonitor("http://127.0.0.1:9"), epochs=1)
    assert model.history.epoch == [0]


# -- TensorBoard -----------------------------------------------------------------------


def events(folder: Path) -> list[tuple[str, int]]:
    """Tags and steps of all event files in a folder, read without TensorBoard."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = event_pb2.Event.FromString(data[12 : 12 + length])
            found += [(value.tag, event.step) for value in event.summary.value]
            data = data[16 + length :]
    return found


@pytest.fixture
def needs_writer() -> None:
    pytest.importorskip("tensorboardX")


def test_tensorboard_writes_keras_tags(needs_writer: None, tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    assert not CallbackList([board]).listens_to("train")
    fitted(board, validation_data=(X, Y))
    assert events(tmp_path / "train") == [
        (f"epoch_{name}", epoch)
        for epoch in range(2)
        for name in ("loss", "learning_rate")
    ]
    assert sorted(events(tmp_path / "validation")) == [
        ("epoch_loss", 0),
        ("epoch_loss", 1),
        ("evaluation_loss_vs_iterations", 3),
        ("evaluation_loss_vs_iterations", 6),
    ]


def test_tensorboard_at_batches_and_weights(needs_writer: None, tmp_path: Path) -> None:
    fitted(
        TensorBoard(
            tmp_path,
            update_freq=2,
            histogram_freq=2,
            write_images=True,
            write_steps_per_second=True,
        )
    )
    found = events(tmp_path / "train")
    assert [step for tag, step in found if tag == "batch_loss"] == [2, 4, 6]
    assert ("epoch_steps_per_second", 1) in found
    weights = {(tag.split("/")[-1], step) for tag, step in found if "/" in tag}
    assert weights == {("histogram", 0), ("image", 0)}
    assert len([tag for tag, _ in found if tag.endswith("histogram")]) == 2
    assert not (tmp_path / "validation").exists()


def test_tensorboard_of_keras_2(needs_writer: None, tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="write_grads= has no effect"):
        TensorBoard(tmp_path, write_grads=True)
    with pytest.warns(UserWarning, match="profile_batch=2 has no effect"):
        TensorBoard(tmp_path, profile_batch=2)


def test_tensorboard_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="pip install tensorboardX"):
        fitted(TensorBoard())
