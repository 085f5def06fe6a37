"""Files from the network: downloaded once, checked, and kept in a cache.

A download goes to a temporary name and gets its own only when it is complete and its
hash is right, so that what is in the cache can be relied on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Any

from tinygrad_lr.arguments import checked
from tinygrad_lr.notices import warn
from tinygrad_lr.utils.archives import extract_archive
from tinygrad_lr.utils.interactive import print_message
from tinygrad_lr.utils.progbar import Progbar

ATTEMPTS = 2  # a download that arrives damaged is tried once more
PIECE = 1 << 16  # bytes
TIMEOUT = 60  # seconds without a byte


def keras_home() -> str:
    """The folder of the cache: the environment's ``KERAS_HOME``, or ``~/.keras``."""
    return os.environ.get("KERAS_HOME") or os.path.join(
        os.path.expanduser("~"), ".keras"
    )


@checked
def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, downloaded from ``origin`` unless it is there already.

    Args:
        fname: its name in the cache; the last part of ``origin`` if None. For an
            archive without a dot in its name, that of the folder it is unpacked to.
        origin: URL.
        untar: older spelling of ``extract`` for tar files.
        md5_hash: older spelling of ``file_hash``.
        file_hash: SHA-256 or MD5 in hexadecimal, checked whenever it is given: a file
            in the cache that differs is downloaded anew.
        cache_subdir: folder in the cache, or an absolute path.
        hash_algorithm: "sha256", "md5", or "auto" (by the length of ``file_hash``).
        extract: unpack a tar or zip file, and return the folder.
        archive_format: "tar", "zip", "auto" or None.
        cache_dir: the cache; ``KERAS_HOME`` or ``~/.keras`` if None.
        force_download: download even if the file is there.

    Raises:
        ConnectionError: if the download fails; says where to put the file by hand.
        ValueError: for a name that is a path, no origin, or a hash that does not fit.
    """
    if origin is None:
        raise ValueError("get_file: expected origin=, the URL of the file, got none.")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    if hash_algorithm not in ("auto", "md5", "sha256"):
        raise ValueError(
            "get_file: expected hash_algorithm 'auto', 'md5' or 'sha256', got "
            f"{hash_algorithm!r}."
        )
    name = file_name(fname, origin)
    folder = os.path.join(writable(cache_dir or keras_home()), cache_subdir)
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, name)
    unpacked = ""
    if extract or untar:
        if fname and "." in name:
            unpacked = os.path.join(folder, f"{name[: name.find('.')]}_extracted")
        else:
            unpacked, target = target, f"{target}_archive"
    if force_download or not cached(target, file_hash, hash_algorithm):
        download(origin, target, file_hash, hash_algorithm)
    if not unpacked:
        return target
    unpack(target, unpacked, "tar" if untar else archive_format)
    return unpacked


def file_name(fname: Any, origin: str) -> str:
    """The name in the cache: one name, no path."""
    from urllib.parse import urlsplit  # slow to load, and rarely needed

    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name:
        raise ValueError(
            f"get_file: expected fname=, because the URL {origin!r} has no name at its "
            "end."
        )
    if "/" in name or os.sep in name or name in (".", ".."):
        raise ValueError(
            f"get_file: expected a name without folders as fname, got {name!r}. Say "
            "where with cache_dir= and cache_subdir=."
        )
    return name


def writable(folder: Any) -> str:
    """``folder``, made if need be; one among temporary files if it is read-only."""
    place: str = os.path.expanduser(os.fspath(folder))
    with contextlib.suppress(OSError):
        os.makedirs(place, exist_ok=True)
    if os.access(place, os.W_OK):
        return place
    import tempfile  # slow to load

    return os.path.join(tempfile.gettempdir(), ".keras")


def cached(target: str, file_hash: str | None, algorithm: str) -> bool:
    """Whether the file is there, with the hash it should have."""
    if not os.path.exists(target):
        return False
    if file_hash is None or hash_of(target, algorithm, file_hash) == file_hash.lower():
        return True
    print_message(
        f"{target} is incomplete or outdated: its hash is not {file_hash}. It is "
        "downloaded again."
    )
    return False


def hash_of(path: str, algorithm: str, file_hash: str = "") -> str:
    """The hash of a file in hexadecimal; "auto" chooses by the one expected."""
    import hashlib  # loads OpenSSL

    sha = algorithm == "sha256" or (algorithm == "auto" and len(file_hash) == 64)
    found = hashlib.sha256() if sha else hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def download(
    origin: str, target: str, file_hash: str | None = None, algorithm: str = "auto"
) -> None:
    """Download ``origin`` to ``target``, which appears when it is complete."""
    import tempfile  # slow to load, as is the other
    from http.client import HTTPException

    print_message(f"Downloading data from {origin}")
    complaint = ""
    for _ in range(ATTEMPTS):
        handle, partial = tempfile.mkstemp(
            prefix=f"{os.path.basename(target)}.", dir=os.path.dirname(target)
        )
        try:
            with os.fdopen(handle, "wb") as file:
                complaint = fetch(origin, file)
            if not complaint and file_hash is not None:
                found = hash_of(partial, algorithm, file_hash)
                if found != file_hash.lower():
                    complaint = f"its hash is {found}, expected {file_hash}"
            if not complaint:
                os.chmod(partial, 0o644)  # readable as any new file
                os.replace(partial, target)
                return
        except (OSError, HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise ConnectionError(
                f"URL fetch failure on {origin}: {why}. Check the network, or put the "
                f"file at {target} by hand."
            ) from error
        finally:
            if os.path.exists(partial):
                os.remove(partial)
    raise ValueError(
        f"Incomplete or corrupted file detected: {origin} was downloaded {ATTEMPTS} "
        f"times, and {complaint}. Put the right file at {target} by hand."
    )


def fetch(origin: str, file: Any) -> str:
    """Write what is at ``origin`` to an open file; say what is wrong with it, if
    anything.
    """
    from urllib.request import urlopen

    with urlopen(origin, timeout=TIMEOUT) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length else None
        bar = Progbar(total)
        seen = 0
        while piece := answer.read(PIECE):
            file.write(piece)
            seen += len(piece)
            bar.update(min(seen, total) if total else seen, finalize=seen == total)
    if total is not None and seen != total:
        return f"only {seen} of {total} bytes arrived"
    return ""


def unpack(archive: str, folder: str, archive_format: Any) -> None:
    """Unpack an archive; what was begun and failed does not stay."""
    new = not os.path.exists(folder)
    done = False
    try:
        found = extract_archive(archive, folder, archive_format)
        done = True
    finally:
        if new and not done:
            shutil.rmtree(folder, ignore_errors=True)
    if not found:
        warn(f"get_file: {archive} is no archive ({archive_format}): not extracted.")
