"""Run every case on real Keras and write down what it returned.

    pip install keras jax pydot
    KERAS_BACKEND=jax python tests/parity/record.py [group ...]

Lookups need TensorFlow: ``KERAS_BACKEND=tensorflow ... record.py lookups``, and all
other groups JAX. The tests need only the JSON files written here, never Keras itself.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import sys
from pathlib import Path

import cases
import keras
import numpy as np

RECORDED = Path(__file__).parent / "recorded"


def record(group: str) -> None:
    """Write ``recorded/<group>.json``: one line per case, under the versions."""
    backend = keras.config.backend()
    versions = {
        "keras": keras.__version__,
        "backend": backend,
        backend: importlib.metadata.version(backend),
        "numpy": np.__version__,
        "date": datetime.date.today().isoformat(),
    }
    lines = [f'"versions": {json.dumps(versions)}']
    for name, case in cases.GROUPS[group].items():
        figures = json.dumps(case(keras), separators=(",", ":"))
        lines.append(f"{json.dumps(name)}: {figures}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (RECORDED / f"{group}.json").write_text(text)
    print(f"{group}: {len(lines) - 1} cases, {len(text):,} characters")


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for name in sys.argv[1:] or (group for group in cases.GROUPS if group != "lookups"):
        record(name)
