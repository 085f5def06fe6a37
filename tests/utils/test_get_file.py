"""get_file: complete, checked, once; and archives that must not escape."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tinygrad_lr.utils import get_file
from tinygrad_lr.utils.archives import extract_archive
from tinygrad_lr.utils.files import keras_home

DATA = bytes(range(256)) * 600


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_downloaded_once_and_kept(
    server: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["a.bin"] = DATA
    path = get_file(origin=server.url + "a.bin?version=2")
    assert path == str(home / "datasets" / "a.bin")
    assert Path(path).read_bytes() == DATA
    out = capsys.readouterr().out
    assert out.startswith(f"Downloading data from {server.url}a.bin?version=2\n")
    assert f"{len(DATA)}/{len(DATA)} [" in out
    assert get_file(origin=server.url + "a.bin") == path
    assert len(server.requests) == 1
    get_file("a.bin", server.url + "a.bin", force_download=True)
    assert len(server.requests) == 2
    assert os.listdir(home / "datasets") == ["a.bin"]  # nothing temporary is left


def test_cache_dir_and_subdir(server: Any, tmp_path: Path) -> None:
    server.files["a.bin"] = DATA
    path = get_file("b", server.url + "a.bin", cache_dir=tmp_path, cache_subdir="c/d")
    assert path == str(tmp_path / "c" / "d" / "b")
    far = tmp_path / "far"
    assert get_file("b", server.url + "a.bin", cache_subdir=str(far)) == str(far / "b")


def test_home_is_keras_own(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert keras_home() == str(home)
    monkeypatch.delenv("KERAS_HOME")
    assert keras_home() == os.path.expanduser("~/.keras")


@pytest.mark.parametrize("kind", ["md5", "sha256"])
@pytest.mark.parametrize("how", ["auto", "named"])
def test_hashes_are_checked(
    server: Any, home: Path, kind: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = hashlib.new(kind, DATA).hexdigest()
    arguments = {
        "file_hash": digest.upper(),
        "hash_algorithm": kind if how == "named" else "auto",
    }
    server.files["a.bin"] = DATA
    path = Path(get_file("a.bin", server.url + "a.bin", **arguments))
    path.write_bytes(b"damaged")
    get_file("a.bin", server.url + "a.bin", **arguments)
    assert path.read_bytes() == DATA
    assert "incomplete or outdated" in capsys.readouterr().out
    assert len(server.requests) == 2


def test_a_damaged_download_is_tried_once_more(server: Any, home: Path) -> None:
    good = hashlib.md5(DATA).hexdigest()
    server.files["a.bin"] = [b"damaged", DATA]
    get_file("a.bin", server.url + "a.bin", md5_hash=good)
    assert len(server.requests) == 2
    server.files["b.bin"] = b"damaged"
    with pytest.raises(ValueError, match=r"corrupted.*2 times, and its hash is") as e:
        get_file("b.bin", server.url + "b.bin", md5_hash=good)
    assert f"Put the right file at {home / 'datasets' / 'b.bin'}" in str(e.value)
    assert os.listdir(home / "datasets") == ["a.bin"]


def test_an_incomplete_download_does_not_stay(server: Any, home: Path) -> None:
    server.files["a.bin"] = DATA
    server.cut_short = 1
    with pytest.raises(ValueError, match=r"only 153600 of 153601 bytes arrived"):
        get_file("a.bin", server.url + "a.bin")
    assert os.listdir(home / "datasets") == []


def test_without_a_network_it_says_where_to_put_the_file(home: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.bin"
        with pytest.raises(ConnectionError, match="URL fetch failure on") as error:
            get_file("a.bin", url)
    assert str(home / "datasets" / "a.bin") in str(error.value)
    assert os.listdir(home / "datasets") == []


def test_a_missing_file_is_named(server: Any) -> None:
    with pytest.raises(ConnectionError, match=r"URL fetch failure on .*Not Found"):
        get_file("a.bin", server.url + "a.bin")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fname": "a"}, "expected origin="),
        ({"fname": "../a", "origin": "http://x/a"}, "expected a name without folders"),
        ({"fname": "..", "origin": "http://x/a"}, "expected a name without folders"),
        ({"origin": "http://x/"}, "has no name at its end"),
        ({"origin": "http://x/a", "hash_algorithm": "sha1"}, "'auto', 'md5' or"),
    ],
)
def test_mistakes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        get_file(**arguments)
    with pytest.raises(TypeError, match="Did you mean 'cache_dir'"):
        get_file("a", "http://x/a", cachedir="b")


# -- archives --------------------------------------------------------------------------


def tar_of(*members: tuple[str, Any], mode: str = "w:gz") -> bytes:
    """A tar file; a member is (name, bytes) or (name, (type, link name))."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                tar.addfile(info)
    return buffer.getvalue()


def zip_of(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("fname", "folder", "archive"),
    [
        ("set.tar.gz", "set_extracted", "set.tar.gz"),
        ("set", "set", "set_archive"),
        (None, "data.tgz", "data.tgz_archive"),
    ],
)
def test_extract_returns_the_folder(
    server: Any, home: Path, fname: str, folder: str, archive: str
) -> None:
    server.files["data.tgz"] = tar_of(("in/a.txt", b"hello"))
    path = get_file(fname, server.url + "data.tgz", extract=True)
    assert path == str(home / "datasets" / folder)
    assert (Path(path) / "in" / "a.txt").read_bytes() == b"hello"
    assert (home / "datasets" / archive).exists()
    (Path(path) / "in" / "a.txt").unlink()
    get_file(fname, server.url + "data.tgz", extract=True)
    assert (Path(path) / "in" / "a.txt").exists()
    assert len(server.requests) == 1


def test_zip_untar_and_what_is_no_archive(server: Any) -> None:
    server.files["a.zip"] = zip_of(("x/y.txt", b"1"))
    path = get_file("a.zip", server.url + "a.zip", extract=True)
    assert (Path(path) / "x" / "y.txt").read_bytes() == b"1"
    with pytest.warns(UserWarning, match=r"a\.zip is no archive \(tar\)"):
        get_file("a.zip", server.url + "a.zip", untar=True)
    with pytest.raises(ValueError, match="got 'rar'"):
        get_file("a.zip", server.url + "a.zip", extract=True, archive_format="rar")


LINK, HARD, FIFO = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b"x"),
        ("/tmp/evil-absolute", b"x"),
        ("in/../../evil", b"x"),
        ("link", (LINK, "../secret")),
        ("link", (LINK, "/etc/passwd")),
        ("link", (HARD, "../secret")),
        ("in/link", (LINK, "../../secret")),
        ("pipe", (FIFO, "")),
    ],
)
def test_a_tar_file_cannot_escape(tmp_path: Path, member: tuple[str, Any]) -> None:
    (tmp_path / "secret").write_text("secret")
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_of(("in/good", b"1"), member, ("good", b"2")))
    before = {p.name for p in tmp_path.iterdir()}
    with pytest.warns(UserWarning, match="would land outside its folder is skipped"):
        assert extract_archive(str(archive), str(tmp_path / "out"))
    assert {p.name for p in tmp_path.iterdir()} - before == {"out"}
    found = {p.name for p in (tmp_path / "out").rglob("*")}
    assert found == {"in", "good"}
    assert not Path("/tmp/evil-absolute").exists()


def test_a_tar_file_cannot_escape_through_its_own_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "door").symlink_to(outside)  # was there before
    archive = tmp_path / "a.tar"
    archive.write_bytes(
        tar_of(
            ("here", (LINK, ".")),
            ("here/up", (LINK, "..")),
            ("here/up/evil", b"x"),
            ("door/evil", b"x"),
            mode="w",
        )
    )
    with pytest.warns(UserWarning, match="skipped"):
        extract_archive(str(archive), str(out))
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_links_inside_are_kept(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(
        tar_of(("d/a", b"1"), ("d/b", (LINK, "a")), ("c", (HARD, "d/a")), mode="w")
    )
    extract_archive(str(archive), str(tmp_path / "out"))
    assert (tmp_path / "out" / "d" / "b").read_bytes() == b"1"
    assert (tmp_path / "out" / "c").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../evil", "/evil", "in/../../evil", "..\\evil"])
def test_a_zip_file_cannot_escape(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zip_of(("good", b"1"), (name, b"x")))
    with pytest.warns(UserWarning, match="skipped"):
        extract_archive(str(archive), str(tmp_path / "out"))
    assert {p.name for p in tmp_path.rglob("*")} == {"a.zip", "out", "good"}


def test_what_is_begun_and_fails_does_not_stay(server: Any, home: Path) -> None:
    import random

    noise = random.Random(0).randbytes(50_000)
    server.files["a.tgz"] = tar_of(("a", noise), ("b", noise))[:60_000]
    with pytest.raises((EOFError, tarfile.TarError)):
        get_file("a", server.url + "a.tgz", extract=True)
    assert not (home / "datasets" / "a").exists()
