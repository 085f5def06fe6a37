"""Archives: unpacking tar and zip files so that nothing lands outside the folder.

A name in an archive may be absolute, climb with ``..`` or pass through a link; whoever
made the archive chose it. Each member is looked at just before it is written, and left
out with a warning if it would escape.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tinygrad_lr.notices import warn


def extract_archive(
    file_path: str, path: str = ".", archive_format: str | Sequence[str] | None = "auto"
) -> bool:
    """Unpack ``file_path`` into the folder ``path``; say whether it is an archive.

    ``archive_format`` is "tar" (compressed or not), "zip", "auto" (either), None
    (neither) or a list. Raises ``ValueError`` for another format.
    """
    # These modules and what they need load slowly, and few programs get here.
    import tarfile
    import zipfile

    formats = ["tar", "zip"] if archive_format == "auto" else archive_format or []
    formats = [formats] if isinstance(formats, str) else list(formats)
    for kind in formats:
        if kind == "tar":
            if tarfile.is_tarfile(file_path):
                with tarfile.open(file_path) as tar:
                    extract_tar(tar, path)
                return True
        elif kind == "zip":
            if zipfile.is_zipfile(file_path):
                with zipfile.ZipFile(file_path) as archive:
                    for name in archive.namelist():
                        if inside(path, name):
                            archive.extract(name, path)
                        else:
                            skipped(name)
                return True
        else:
            raise ValueError(
                f"archive_format: expected 'tar', 'zip', 'auto' or None, got {kind!r}."
            )
    return False


def extract_tar(tar: Any, path: str) -> None:
    """Unpack the files, folders and links of an open tar archive that stay inside."""
    import tarfile

    how: dict[str, Any] = {}
    refused: Any = ()
    if hasattr(tarfile, "data_filter"):  # Python 3.11.4 and later look, too
        how["filter"], refused = "data", tarfile.FilterError
    for member in tar:
        ok = inside(path, member.name)
        if member.issym():
            ok = ok and inside(
                path, os.path.join(os.path.dirname(member.name), member.linkname)
            )
            ok = ok and not os.path.isabs(member.linkname)
        elif member.islnk():
            ok = ok and inside(path, member.linkname)
        elif not (member.isfile() or member.isdir()):
            ok = False  # a device or a pipe
        if not ok:
            skipped(member.name)
            continue
        try:
            tar.extract(member, path, **how)
        except refused:
            skipped(member.name)


def inside(folder: str, name: str) -> bool:
    """Whether ``name`` in ``folder`` is in it, all links followed."""
    base = os.path.realpath(folder)
    place = os.path.realpath(os.path.join(base, name.replace("\\", "/")))
    return place == base or place.startswith(base + os.sep)


def skipped(name: str) -> None:
    """Say that a member of an archive was left out."""
    warn(f"an archive's member that would land outside its folder is skipped: {name!r}")
