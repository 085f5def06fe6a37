"""The page docs/files.md: which files open where, for each layer and optimizer.

    python tests/saving/table.py            writes the page from data/figures.json
    python tests/saving/table.py measure    measures anew; needs real Keras 3, by
                                            TINYGRAD_LR_KERAS=its/python

A figure is the largest difference of predictions, relative to the largest prediction.
Each is held by a test: test_recorded.py and test_keras1.py open the recorded files of
real Keras, and let it open ours; test_table.py saves and loads our own.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "files.md"
FIGURES = HERE / "data" / "figures.json"

if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent.parent))

import specimens  # noqa: E402  # the path stands above

import tinygrad_lr as keras  # noqa: E402

OWN = ("keras", "h5", "weights.h5", "npz")
COLUMNS = {
    "keras1.h5": "Keras 1 `.h5`", "keras2.keras": "Keras 2 `.keras`",
    "keras2.h5": "Keras 2 `.h5`", "keras3.keras": "Keras 3 `.keras`",
    "keras3.h5": "Keras 3 `.h5`", "theirs.keras": "our `.keras` there",
    "theirs.h5": "our `.h5` there", **{f"own.{e}": f"our own `.{e}`" for e in OWN},
}  # fmt: skip

HEAD = """# Which files open where

Model files of real Keras 1.2.2, 2 and 3.15 that open here, ours that open in real
Keras 3.15, and our own, for each layer and optimizer. This page is written by
`python tests/saving/table.py`; a test holds it to what was measured. Each "yes" that a
figure is has a test of its own (for our own files: of weights and settings).

A figure is the largest difference between the predictions before and after, relative to
the largest prediction; **=** says that they are the same bit for bit. Weights are the
same bit for bit everywhere. A dash: that Keras has no such class, or cannot write it.
An optimizer's files are those of a model in training, which goes on the same.

"""

TAIL = """
## Beside these

- **Keras 1**: also merging by `merge` and `Merge` in all its modes, models merged in
  front of a Sequential, shared layers, `to_json` and weights alone. Its `cos` gave an
  axis more. RMSprop and Adagrad go on with today's place of epsilon, Nadam afresh.
- **Keras 2 before 2.11** (and its `optimizers.legacy`): optimizers go on where they
  stopped, though these files hold what they remember in another order.
- **Keras 3**: folders (`zipped=False`) and weights in several files
  (`max_shard_size=`), both ways.
- **Lookups** (Hashing, HashedCrossing, IntegerLookup) in `.keras` files of Keras 3 with
  TensorFlow. A learned vocabulary is a file of its own in `.keras`, `.npz` and folders,
  as Keras keeps it; `.h5` has none, there as here.
- **HDF5** as h5py writes it in any form: superblocks 0, 2 and 3, names and attributes
  in heaps, pieces under every kind of table, gzip, shuffle, fletcher32.
- **Keras 2 (`tf_keras` 2.21) does not open files of Keras 3**, neither real Keras's
  nor ours, `.keras` or `.h5`: it does not know `batch_shape` of an InputLayer. (This
  was tried for every specimen; no test repeats it.)
"""


def archive(version: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The recorded files of a Keras, and what was expected of them."""
    with zipfile.ZipFile(HERE / "data" / f"keras{version}.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    with np.load(io.BytesIO(entries.pop("expected.npz"))) as expected:
        return entries, dict(expected)


def cases() -> list[str]:
    """Each layer and optimizer of the specimens."""
    return [*specimens.layer_cases(), *specimens.OPTIMIZERS]


def recorded() -> Iterator[tuple[int, str, str]]:
    """Version, case and ending of the recorded files."""
    for version in (1, 2, 3):
        for name in archive(version)[0]:
            case, _, ending = name.partition(".")
            if ending in ("keras", "h5") and case in cases():
                yield version, case, ending


def made(case: str) -> Any:
    """Our model for a case."""
    if case in specimens.OPTIMIZERS:
        return specimens.optimized(keras, case)
    model = specimens.model_of(keras, case)
    specimens.set_unevenly(model)
    return model


def saved(model: Any, path: str) -> None:
    """Save a model, or the weights alone if the name says so."""
    model.save_weights(path) if path.endswith(".weights.h5") else model.save(path)


def loaded(case: str, path: str) -> Any:
    """The model again."""
    if path.endswith(".weights.h5"):
        model = made(case)
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.load_weights(path)
        return model
    return keras.models.load_model(path, custom_objects())


def custom_objects() -> Any:
    """What the specimens define themselves, if they do."""
    find = getattr(specimens, "custom_objects", None)
    return find(keras) if find is not None else None


# -- measuring -------------------------------------------------------------------------


def difference(found: Any, expected: Any) -> float:
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30))


def predict(model: Any) -> Any:
    return model.predict(specimens.inputs_of(model), verbose=0)


READ = """
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {tests!r})
import specimens, keras, numpy as np
expected, found = np.load("expected.npz"), {{}}
custom = getattr(specimens, "custom_objects", lambda k: None)(keras)
for file in {files!r}:
    case, _, ending = file.partition(".")
    if not hasattr(keras.layers, case) and not hasattr(keras.optimizers, case):
        if not hasattr(keras, case) and case != "Functional":
            continue
    model = keras.models.load_model(file, custom)
    out = model.predict(specimens.inputs_of(model), verbose=0)
    found[file] = float(abs(out - expected[case]).max() / abs(expected[case]).max())
print(json.dumps(found))
"""


def measure() -> dict[str, dict[str, float]]:
    """The figures of all columns, by case."""
    from test_recorded import NOT_IN_H5  # it needs pytest, which the page does not

    figures: dict[str, dict[str, float]] = {case: {} for case in cases()}
    for version in (1, 2, 3):
        entries, expected = archive(version)
        for number, case, ending in recorded():
            if number == version:
                data = io.BytesIO(entries[f"{case}.{ending}"])
                model = keras.models.load_model(data, custom_objects())
                if version == 1:
                    x, key = expected[f"{case}/input/0"], f"{case}/predict/0"
                    out = model.predict(x, verbose=0)
                else:
                    out, key = predict(model), f"{case}/predict"
                figures[case][f"keras{version}.{ending}"] = difference(
                    out, expected[key]
                )
    with tempfile.TemporaryDirectory() as place:
        expected, files = {}, []
        for case in cases():
            model = made(case)
            expected[case] = predict(model)
            for ending in OWN:
                path = os.path.join(place, f"{case}.{ending}")
                saved(model, path)
                out = predict(loaded(case, path))
                figures[case][f"own.{ending}"] = difference(out, expected[case])
                if ending == "keras" or (ending == "h5" and case not in NOT_IN_H5):
                    files.append(f"{case}.{ending}")
        np.savez(os.path.join(place, "expected.npz"), **expected)
        python = os.environ["TINYGRAD_LR_KERAS"]
        code = READ.format(tests=str(HERE), files=files)
        done = subprocess.run(
            [python, "-c", code], cwd=place, capture_output=True, text=True,
            env={**os.environ, "KERAS_BACKEND": "jax"}, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        for file, value in json.loads(done.stdout.splitlines()[-1]).items():
            case, _, ending = file.partition(".")
            figures[case][f"theirs.{ending}"] = value
    return figures


# -- the page --------------------------------------------------------------------------


def cell(value: float | None) -> str:
    if value is None:
        return "-"
    return "=" if value == 0 else f"{value:.0e}"


def page() -> str:
    """The page from the figures."""
    figures = json.loads(FIGURES.read_text())
    parts = [HEAD]
    for title, names in (
        ("Layers and models", specimens.layer_cases()),
        ("Optimizers", [*specimens.OPTIMIZERS]),
    ):
        rule = "| --- |" + " --- |" * len(COLUMNS)
        parts += [f"## {title}\n\n| | {' | '.join(COLUMNS.values())} |\n{rule}\n"]
        for name in sorted(names):
            row = (cell(figures[name].get(column)) for column in COLUMNS)
            parts.append(f"| {name} | {' | '.join(row)} |\n")
        parts.append("\n" if title != "Optimizers" else "")
    return "".join(parts) + TAIL


def main() -> None:
    if sys.argv[1:] == ["measure"]:
        warnings.simplefilter("ignore")
        text = json.dumps(measure(), indent=1, sort_keys=True)
        FIGURES.write_text(text + "\n")
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
