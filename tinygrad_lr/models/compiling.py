"""Compiling: from what ``compile`` is given to the attributes that a training needs."""

from __future__ import annotations

from typing import Any

from tinygrad_lr import optimizers
from tinygrad_lr.autodiff.trees import leaves
from tinygrad_lr.metrics.means import Mean
from tinygrad_lr.models.compile_loss import CompileLoss, only_none
from tinygrad_lr.models.compile_metrics import CompileMetrics
from tinygrad_lr.models.data import whole_number
from tinygrad_lr.models.outputs import Names


def compiled_attributes(
    given: dict[str, Any], names: Names | None, outputs: Any
) -> dict[str, Any]:
    """Return the attributes of a model compiled with arguments by name.

    ``names`` and ``outputs`` are the names of its outputs and their nesting, if known.
    """
    steps = whole_number(given["steps_per_execution"], "steps_per_execution")
    given["steps_per_execution"] = steps
    if any(names_metric(value) for value in leaves(given["loss_weights"])):
        swapped = given["metrics"], given["loss_weights"]  # the order until Keras 2
        given["loss_weights"], given["metrics"] = swapped
    loss = metrics = None
    if given["loss"] is not None and not only_none(given["loss"]):
        loss = CompileLoss(given["loss"], given["loss_weights"], names, outputs)
    measured = given["metrics"], given["weighted_metrics"]
    if measured != (None, None):
        metrics = CompileMetrics(*measured, names, outputs)
    return {
        "_compile_arguments": given,
        "optimizer": optimizers.get(given["optimizer"]),
        "loss": given["loss"],
        "_compiled_loss": loss,
        "_compile_metrics": metrics,
        "_loss_tracker": Mean(name="loss"),
        "run_eagerly": given["run_eagerly"],
        "jit_compile": given["jit_compile"],
        "steps_per_execution": steps,
        "compiled": True,
        "stop_training": False,
        "train_function": None,
        "test_function": None,
        "predict_function": None,
        "_rehearsed": set(),
    }


def names_metric(value: Any) -> bool:
    """Whether a value stands for a metric, so that it cannot be a weight."""
    return isinstance(value, str) or callable(value)
