"""Write ``parts.zip``: a model of real Keras 3 as a folder, its weights in parts.

KERAS_BACKEND=jax python record_parts.py
"""

from __future__ import annotations

import os
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
    model = specimens.optimized(keras, "Adam")
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(HERE / "parts.zip", "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        model.save(os.path.join(folder, "model"), zipped=False)
        parts = os.path.join(folder, "w.weights.json")
        model.save_weights(parts, max_shard_size=100 / 2**30)
        np.savez(os.path.join(folder, "expected.npz"), *model.get_weights())
        for path in sorted(Path(folder).rglob("*.*")):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    main()
