"""Write ``legacy.zip`` here: models in training with Keras 2's optimizers before 2.11.

    python record_legacy.py     (with tf_keras)

They held each kind of slot together, for all weights. ``expected.npz`` has the weights
after some more training.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras as keras

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import specimens  # noqa: E402  # it stands in the folder above

OPTIMIZERS: dict[str, Any] = {
    "Adadelta": {"learning_rate": 0.5},
    "Adagrad": {},
    "Adam": {"amsgrad": True},
    "Adamax": {},
    "Ftrl": {"learning_rate": 0.1},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "SGD": {"momentum": 0.9},
}


def main() -> None:
    expected: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(HERE / "legacy.zip", "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, options in OPTIMIZERS.items():
            keras.backend.clear_session()
            first = keras.layers.Dense(4, activation="tanh", input_shape=(3,))
            last = keras.layers.Dense(1, activation="sigmoid")
            model = keras.Sequential([first, last])
            specimens.set_unevenly(model)
            optimizer = getattr(keras.optimizers.legacy, name)(**options)
            model.compile(optimizer, "binary_crossentropy")
            specimens.go_on(model)
            path = os.path.join(folder, "it.h5")
            model.save(path)
            entry = zipfile.ZipInfo(f"{name}.h5")  # the same date each time
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, Path(path).read_bytes())
            specimens.go_on(model)
            for i, weight in enumerate(model.get_weights()):
                expected[f"{name}.h5/{i}"] = weight
        file = io.BytesIO()
        np.savez_compressed(file, **expected)
        archive.writestr(zipfile.ZipInfo("expected.npz"), file.getvalue())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
