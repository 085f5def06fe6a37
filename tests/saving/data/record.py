"""Write ``keras3.zip`` or ``keras2.zip`` here: files made by real Keras, as test data.

    KERAS_BACKEND=jax python record.py keras     (Keras 3)
    python record.py tf_keras                    (Keras 2)

For each case of ``../specimens.py`` that this Keras has, the archive holds
``<case>.keras`` and ``<case>.h5``, and in ``expected.npz`` what it predicts, its
weights, and for an optimizer its variables and the weights after some more training.
``operations.keras`` (Keras 3) is the model of ``../operations.py``.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import operations  # noqa: E402  # they stand in the folder above
import specimens  # noqa: E402


def variables(optimizer: Any) -> list[Any]:
    found = optimizer.variables
    return [np.asarray(v) for v in (found() if callable(found) else found)]


def main() -> None:
    keras = importlib.import_module(sys.argv[1])
    version = keras.__version__
    expected: dict[str, Any] = {}
    target = HERE / f"keras{'3' if version.startswith('3') else '2'}.zip"
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in [*specimens.layer_cases(), *specimens.OPTIMIZERS]:
            trained = name in specimens.OPTIMIZERS
            home = keras.optimizers if trained else keras.layers
            if not hasattr(home, name) and not hasattr(keras, name):
                if name != "Functional":
                    print(f"Keras {version} has no {name}")
                    continue
            keras.backend.clear_session()
            if trained:
                model = specimens.optimized(keras, name)
                for i, value in enumerate(variables(model.optimizer)):
                    expected[f"{name}/variable/{i}"] = value
            else:
                model = specimens.model_of(keras, name)
                specimens.set_unevenly(model)
            for ending in ("keras", "h5"):
                path = os.path.join(folder, f"it.{ending}")
                try:
                    model.save(path)
                except ValueError as error:  # two variables of one name, in .h5
                    print(f"Keras {version} cannot save {name}.{ending}: {error}")
                    continue
                entry = zipfile.ZipInfo(f"{name}.{ending}")  # the same date each time
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, Path(path).read_bytes())
            x = specimens.inputs_of(model)
            expected[f"{name}/predict"] = model.predict(x, verbose=0)
            for i, weight in enumerate(model.get_weights()):
                expected[f"{name}/weight/{i}"] = weight
            if trained:
                specimens.go_on(model)
                for i, weight in enumerate(model.get_weights()):
                    expected[f"{name}/later/{i}"] = weight
        if version.startswith("3"):
            keras.backend.clear_session()
            model = operations.model_of(keras, operations.compared())
            model.save(os.path.join(folder, "it.keras"))
            entry = zipfile.ZipInfo("operations.keras")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, Path(folder, "it.keras").read_bytes())
            for i, out in enumerate(operations.flat(model(operations.inputs()))):
                expected[f"operations/{i}"] = np.asarray(out)
        file = io.BytesIO()
        np.savez_compressed(file, **expected)
        archive.writestr(zipfile.ZipInfo("expected.npz"), file.getvalue())
    print(f"Keras {version}: {target.name}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
