"""Assets: files that a layer keeps beside its arrays, such as a vocabulary.

A layer with ``save_assets(folder)`` and ``load_assets(folder)`` writes and reads them
in a folder of its own, which exists for so long only. In the archive they stand under
the path of the layer: ``assets/layers/string_lookup/vocabulary.txt``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tinygrad_lr.saving.archive import Container
from tinygrad_lr.saving.errors import DamagedFileError, ModelFileError
from tinygrad_lr.saving.state import parts

HOME = "assets"


def written(model: Any) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The entries of an archive for all that the layers of a model keep."""
    for path, thing in parts(model):
        if not hasattr(thing, "save_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            thing.save_assets(folder)
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    name = file.relative_to(folder).as_posix()
                    yield f"{HOME}/{path}/{name}", [file.read_bytes()]


def load(model: Any, archive: Container) -> None:
    """Let each layer read what it had written; the names were judged before."""
    for path, thing in parts(model):
        prefix = f"{HOME}/{path}/"
        names = [name for name in archive.entries if name.startswith(prefix)]
        if not names or not hasattr(thing, "load_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                for name in (n for n in names if not n.endswith("/")):
                    file = Path(folder, name.removeprefix(prefix))
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(archive.read(name))
                thing.load_assets(folder)
            except ModelFileError:
                raise
            except (ValueError, TypeError, KeyError, RuntimeError, OSError) as error:
                raise DamagedFileError(
                    f"the files of {thing.name!r} ({names[0]!r}) cannot be read: "
                    f"{error}"
                ) from error
