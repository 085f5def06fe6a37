"""tinygrad_lr: train small neural networks with NumPy alone, under Keras's names.

import tinygrad_lr as keras

model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_dim=2)])
model.compile(optimizer="sgd", loss="binary_crossentropy")
model.fit(x, t, epochs=300, batch_size=1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lr import (
    activations,
    callbacks,
    config,
    constraints,
    initializers,
    layers,
    legacy,
    losses,
    metrics,
    models,
    optimizers,
    random,
    regularizers,
    utils,
)
from tinygrad_lr.autodiff import GradientTape, Tensor, Variable, name_scope
from tinygrad_lr.compiler import function, get_num_threads, set_num_threads
from tinygrad_lr.dtype_policies import DTypePolicy, FloatDTypePolicy
from tinygrad_lr.initializers.initializer import Initializer
from tinygrad_lr.layers import Input, InputSpec, KerasTensor, Layer, Operation
from tinygrad_lr.lazy import attach_getattr
from tinygrad_lr.losses.loss import Loss
from tinygrad_lr.metrics.metric import Metric
from tinygrad_lr.models import Function, Model, Sequential
from tinygrad_lr.optimizers import Optimizer
from tinygrad_lr.regularizers import Regularizer

if TYPE_CHECKING:
    from tinygrad_lr import (
        backend,
        datasets,
        dtype_policies,
        mixed_precision,
        ops,
        preprocessing,
        saving,
        tree,
        wrappers,
    )

__version__ = "0.1.0"

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "function",
    "get_num_threads",
    "initializers",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "set_num_threads",
    "tree",
    "utils",
    "wrappers",
]

attach_getattr(
    __name__,
    {
        f"tinygrad_lr.{name}": [name]
        for name in (
            "backend", "datasets", "dtype_policies", "mixed_precision", "ops",
            "preprocessing", "saving", "tree", "wrappers",
        )
    },
)  # fmt: skip
