"""Export: a trained model as a Python file that needs NumPy alone.

The file holds ``predict(x)``: the recorded prediction step as source, and the weights,
in the file itself if they are few, else in an ``.npz`` beside it. It is how a model
goes to where nothing can be installed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lr.compiler.names import identifier
from tinygrad_lr.compiler.standalone import INLINE, standalone_source, write_weights
from tinygrad_lr.compiler.step import for_people
from tinygrad_lr.models.steps import Steps


def to_numpy_source(model: Steps, path: str | os.PathLike[str] | None = None) -> str:
    """Return the source of a module with ``predict(x)``; write it to ``path`` if given.

    Without ``path`` the weights always stand in the source. Raises ``ValueError`` for a
    model that has not seen the shape of its input, or that does not treat every row
    alike.
    """
    step = model.make_predict_function()
    two, three = (step.record(example(model, rows))[1] for rows in (2, 3))
    if two is None or three is None:
        raise ValueError(
            f"model {model.name!r} looks at values of Tensors when it predicts, so it"
            " has no program to write."
        )
    large = model.count_params() > INLINE and path is not None
    target = None if path is None else Path(path)
    if target is not None and target.suffix == ".npz":
        raise ValueError(
            f"to_numpy_source({target.name!r}): expected the name of a Python file, "
            "such as 'model.py'; weights that do not fit into it stand in an .npz "
            "beside it."
        )
    beside = target.with_suffix(".npz") if target is not None and large else None
    source, weights = standalone_source(
        for_people(two),
        for_people(three),
        f"Model {identifier(model.name)}",
        None if beside is None else beside.name,
    )
    if beside is not None:
        write_weights(weights, beside)
    if target is not None:
        replace_whole(target, source)
    return source


def example(model: Steps, rows: int) -> tuple[Any, ...]:
    """A batch of zeros in the form of the model's inputs."""
    step = model.predict_function
    places = inputs_of(model)
    if not places and step is not None and step.program is not None:
        places = [(v.shape, v.dtype) for v in step.program.inputs]
    if not places:
        raise ValueError(
            f"model {model.name!r} has not seen the shape of its input yet. Call"
            " predict on some rows first."
        )
    arrays = [np.zeros((rows, *shape[1:]), dtype) for shape, dtype in places]
    return (arrays[0] if len(arrays) == 1 else arrays,)


def inputs_of(model: Steps) -> list[tuple[Any, Any]]:
    """Shape and dtype of each input, as far as they are known without data."""
    if not model.built:
        return []
    graph = getattr(model, "_graph", None)
    if graph is not None:
        found = [(place.shape, place.dtype) for place in graph.places]
    else:
        shape = getattr(model, "input_shape", None)
        found = [(shape, model.dtype)] if isinstance(shape, tuple) else []
    return [] if any(None in shape[1:] for shape, _ in found) else found


def replace_whole(target: Path, text: str) -> None:
    """Write a file beside the old one, then rename it: it is whole or not there."""
    beside = target.with_name(target.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, target)
