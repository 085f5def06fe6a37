"""Write ``lookups.zip`` here: models with lookups, by Keras 3 with TensorFlow.

    KERAS_BACKEND=tensorflow python record_lookups.py

The archive holds ``<case>.keras`` for each of ``LOOKUPS`` in ``../specimens.py``, and
in ``expected.npz`` what it predicts.
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import specimens  # noqa: E402  # it stands in the folder above


def main() -> None:
    expected = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(HERE / "lookups.zip", "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in specimens.LOOKUPS:
            keras.backend.clear_session()
            model = specimens.lookup_model(keras, name)
            expected[name] = np.asarray(model(specimens.LOOKED_UP))
            path = Path(folder, "it.keras")
            model.save(path)
            entry = zipfile.ZipInfo(f"{name}.keras")  # the same date each time
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
        file = io.BytesIO()
        np.savez(file, **expected)
        archive.writestr(zipfile.ZipInfo("expected.npz"), file.getvalue())


if __name__ == "__main__":
    main()
