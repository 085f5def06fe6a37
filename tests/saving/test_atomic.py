"""A file is the old one or the new one, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import signal
import stat
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import X, bits, saved, trained

import tinygrad_lr as keras
from tinygrad_lr import saving
from tinygrad_lr.models import load_model
from tinygrad_lr.saving import atomic


def save_for_ever(path: Path) -> None:
    """Save models whose weights are all one number, a new one each time."""
    model = keras.Sequential([keras.layers.Dense(300, input_shape=(300,))])
    value = 0
    while True:
        value += 1
        kernel = np.full((300, 300), value, "f4")
        model.set_weights([kernel, kernel[0]])
        model.save(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.npz"])
def test_kill_9_leaves_a_whole_file(tmp_path: Path, name: str) -> None:
    moments = {"m.keras": 20, "m.h5": 15, "m.npz": 15}[name]  # fifty in all
    path, draw, seen = tmp_path / name, np.random.default_rng(len(name)), set()
    for _ in range(moments):
        process = os.fork()
        if not process:
            save_for_ever(path)
        time.sleep(draw.uniform(0.01, 0.2))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if path.exists():
            kernel, bias = load_model(path, compile=False).get_weights()
            assert (kernel == bias[0]).all()
            assert (bias == bias[0]).all()
            seen.add(bias[0])
    assert len(seen) > 2  # it was killed at different moments


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.npz"])
@pytest.mark.parametrize("step", ["write", "fsync", "replace", "mkstemp"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, name: str, step: str, monkeypatch: Any
) -> None:
    old = trained()
    path = saved(tmp_path, name, old)
    before = path.read_bytes()

    def full(*arguments: Any, **options: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def __getattr__(self, attribute: str) -> Any:
            if attribute in ("write", "writelines"):
                return full
            return getattr(self.file, attribute)

    with monkeypatch.context() as patch:
        if step == "write":
            opened = open
            patch.setattr(atomic, "open", lambda *a: Full(opened(*a)), raising=False)
        elif step == "mkstemp":
            patch.setattr(atomic.tempfile, "mkstemp", full)
        else:
            patch.setattr(atomic.os, step, full)
        with pytest.raises(saving.SaveError, match=r"No space left.*is unchanged") as e:
            trained(epochs=3).save(path)
    assert e.value.errno == errno.ENOSPC
    assert isinstance(e.value, OSError)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [name]  # nothing is left beside it
    assert bits(load_model(path).get_weights()) == bits(old.get_weights())


def test_permissions_links_and_folders(tmp_path: Path) -> None:
    path = saved(tmp_path, "m.keras")
    mask = os.umask(0o027)
    try:
        fresh = saved(tmp_path, "n.keras")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o640
    path.chmod(0o604)
    link = tmp_path / "link.keras"
    link.symlink_to(path)
    model = trained(epochs=3)
    model.save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert load_model(path).predict(X, verbose=0).tobytes() == (
        model.predict(X, verbose=0).tobytes()
    )
    model.save(tmp_path / "a" / "b" / "m.keras")
    assert (tmp_path / "a" / "b" / "m.keras").exists()
    with pytest.raises(saving.SaveError, match="could not save"):
        model.save(path / "m.keras")  # a file is no folder
