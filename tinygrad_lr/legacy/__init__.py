"""What Keras 1 and 2 called things, in one place.

Inside this package everything has the one name that Keras 3 gave it. The tables below
say which older spellings stand for it: of arguments, of methods, of classes and
functions, and of modules. Importing this module puts the first two into force; the last
two are for the paths under ``keras`` that :mod:`tinygrad_lr.alias` answers.
"""

from __future__ import annotations

import inspect
from typing import Any

from tinygrad_lr import losses, metrics, optimizers
from tinygrad_lr.arguments import Translation, register_old_names, warn_once
from tinygrad_lr.layers import Layer
from tinygrad_lr.layers.tracking import overridable
from tinygrad_lr.legacy.keras1_layers import (
    Merge,
    batch_mode,
    image_layout,
    input_length,
    merge,
)
from tinygrad_lr.legacy.model_methods import (
    CompiledLossOfKeras2,
    CompiledMetricsOfKeras2,
    evaluate_generator,
    fit_generator,
    input_shape_of,
    itself,
    output_shape_of,
    predict_classes,
    predict_generator,
    predict_proba,
    reset_states,
    reset_states_of_metric,
    to_yaml,
)
from tinygrad_lr.legacy.optimizer_methods import (
    decay_from,
    get_lr,
    get_weights,
    minimize,
    set_lr,
    variables_of,
)
from tinygrad_lr.metrics import Metric
from tinygrad_lr.models import Model, Sequential
from tinygrad_lr.optimizers import Optimizer

# -- arguments that there is nothing to do for -----------------------------------------


def no_effect(why: str) -> Translation:
    """Take an argument without doing anything, and say so once."""

    def drop(name: str, arguments: dict[str, Any]) -> None:
        del arguments[name]
        warn_once(name, f"{name}= has no effect here: {why}.")

    return drop


def gone(what_now: str) -> Translation:
    """Refuse an argument whose meaning there is no more, and say what to do."""

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        raise TypeError(f"{name}= is no argument any more: {what_now}.")

    return refuse


def always_dynamic(name: str, arguments: dict[str, Any]) -> None:
    """The scale of a LossScaleOptimizer always changes; a fixed one is refused."""
    if not arguments.pop(name):
        raise ValueError(
            "LossScaleOptimizer(dynamic=False): for a fixed scale leave it out, and "
            "give loss_scale_factor= to the optimizer itself."
        )


ONE_PROCESS = no_effect("batches are made in this process, when they are needed")
IN_COMPILE = no_effect("ask for it by metrics=['accuracy'] in compile")

# -- the tables ------------------------------------------------------------------------

WORKERS: dict[str, Translation] = {
    "max_q_size": ONE_PROCESS,
    "max_queue_size": ONE_PROCESS,
    "nb_worker": ONE_PROCESS,
    "pickle_safe": ONE_PROCESS,
    "use_multiprocessing": ONE_PROCESS,
    "workers": ONE_PROCESS,
}

# Arguments: class (subclasses inherit) or method -> old name -> today's name.
ARGUMENTS: dict[str, dict[str, Translation]] = {
    "Layer": {
        "W_constraint": "kernel_constraint",
        "W_regularizer": "kernel_regularizer",
        "b_constraint": "bias_constraint",
        "b_regularizer": "bias_regularizer",
        "bias": "use_bias",
        "dim_ordering": image_layout,
        "init": "kernel_initializer",
        "output_dim": "units",
    },
    "BatchNormalization": {
        "beta_init": "beta_initializer",
        "fused": no_effect("there is one implementation"),
        "gamma_init": "gamma_initializer",
        "mode": batch_mode,
        "virtual_batch_size": gone("statistics are those of the whole batch"),
    },
    "Dropout": {"p": "rate"},
    "Embedding": {
        "W_constraint": "embeddings_constraint",
        "W_regularizer": "embeddings_regularizer",
        "dropout": gone("add SpatialDropout1D after the Embedding"),
        "init": "embeddings_initializer",
        "input_length": input_length,
    },
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "Reshape": {"dims": "target_shape"},
    "UpSampling1D": {"length": "size"},
    "Optimizer": {"lr": "learning_rate"},
    "LossScaleOptimizer": {"dynamic": always_dynamic},
    "Nadam": {
        "schedule_decay": no_effect("the momentum follows a schedule of its own")
    },
    "L1": {"l": "l1"},
    "L2": {"l": "l2"},
    "MaxNorm": {"m": "max_value"},
    "MinMaxNorm": {"low": "min_value", "high": "max_value"},
    "Model": {"input": "inputs", "output": "outputs"},
    "Model.compile": {
        "class_mode": no_effect("the loss says what kind of target there is"),
        "sample_weight_mode": no_effect("weights are taken in the shape they have"),
    },
    "Model.fit": {"nb_epoch": "epochs", "show_accuracy": IN_COMPILE, **WORKERS},
    "Model.evaluate": {"show_accuracy": IN_COMPILE, **WORKERS},
    "Model.predict": WORKERS,
    "evaluate_generator": WORKERS,
    "fit_generator": {
        "nb_epoch": "epochs",
        "nb_validation_samples": "nb_val_samples",
        "show_accuracy": IN_COMPILE,
        **WORKERS,
    },
    "predict_generator": WORKERS,
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "TensorBoard": {
        name: no_effect("event files hold metrics and weights")
        for name in (
            "batch_size",
            "embeddings_data",
            "embeddings_layer_names",
            "write_grads",
        )
    },
    "Tokenizer": {"nb_words": "num_words"},
    "load_data": {"nb_words": "num_words"},
}

# Methods and attributes that classes had.
MEMBERS: dict[type, dict[str, Any]] = {
    Layer: {
        "input_shape": overridable(input_shape_of),
        "output_shape": overridable(output_shape_of),
    },
    Optimizer: {
        "get_weights": get_weights,
        "lr": property(get_lr, set_lr),
        "minimize": minimize,
        "weights": overridable(variables_of),
    },
    Metric: {"reset_states": reset_states_of_metric},
    Model: {
        "compiled_loss": overridable(CompiledLossOfKeras2),
        "compiled_metrics": overridable(CompiledMetricsOfKeras2),
        "evaluate_generator": evaluate_generator,
        "fit_generator": fit_generator,
        "predict_generator": predict_generator,
        "reset_states": reset_states,
        "to_yaml": to_yaml,
    },
    Sequential: {
        "model": overridable(itself),
        "predict_classes": predict_classes,
        "predict_proba": predict_proba,
    },
}

# Functions that are losses and metrics alike: short or old name -> today's name.
LOSS_FUNCTIONS = {
    "KLD": "kl_divergence",
    "MAE": "mean_absolute_error",
    "MAPE": "mean_absolute_percentage_error",
    "MSE": "mean_squared_error",
    "MSLE": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}

# Classes and functions: module -> old name -> today's name.
# (or what it means, where there is nothing else of the kind).
NAMES: dict[str, dict[str, Any]] = {
    "constraints": {
        "maxnorm": "MaxNorm",
        "nonneg": "NonNeg",
        "unitnorm": "UnitNorm",
    },
    "initializers": {"one": "Ones", "zero": "Zeros"},
    "layers": {"Merge": Merge, "TimeDistributedDense": "Dense", "merge": merge},
    "losses": {
        **LOSS_FUNCTIONS,
        "bce": "binary_crossentropy",
        "cosine": "cosine_similarity",
        "cosine_proximity": "cosine_similarity",
        "huber_loss": "huber",
    },
    "metrics": {
        **LOSS_FUNCTIONS,
        "cosine": "CosineSimilarity",
        "cosine_proximity": "CosineSimilarity",
        "rmse": "RootMeanSquaredError",
    },
    "optimizers": {
        "adadelta": "Adadelta",
        "adagrad": "Adagrad",
        "adam": "Adam",
        "adamax": "Adamax",
        "adamw": "AdamW",
        "ftrl": "Ftrl",
        "nadam": "Nadam",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    },
    "regularizers": {
        "ActivityRegularizer": "L1L2",
        "WeightRegularizer": "L1L2",
        "activity_l1": "L1",
        "activity_l1l2": "L1L2",
        "activity_l2": "L2",
        "l1l2": "L1L2",
    },
    "utils": {"Sequence": "PyDataset", "plot": "plot_model"},
}

# Keras 2.4 to 2.8 had a module for each optimizer, in one of two places.
OPTIMIZER_MODULES = (
    "adadelta", "adagrad", "adam", "adamax", "ftrl", "gradient_descent", "nadam",
    "rmsprop",
)  # fmt: skip

# Modules: old path under keras -> the module (or modules) that has its names today.
MODULES: dict[str, str] = {
    "backend.common": "backend",
    "backend.tensorflow_backend": "backend",
    "callbacks.callbacks": "callbacks",
    "engine": "layers models",
    "engine.base_layer": "layers",
    "engine.input_layer": "layers",
    "engine.sequential": "models",
    "engine.topology": "layers",
    "engine.training": "models",
    "initializations": "initializers.functions",
    "layers.advanced_activations": "layers",
    "layers.convolutional": "layers",
    "layers.core": "layers",
    "layers.embeddings": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.local": "layers",
    "layers.merge": "layers",
    "layers.noise": "layers",
    "layers.normalization": "layers",
    "layers.pooling": "layers",
    "layers.recurrent": "layers",
    "layers.wrappers": "layers",
    "objectives": "losses",
    "optimizer_v1": "optimizers",
    "optimizer_v2": "optimizers",
    "optimizer_v2.learning_rate_schedule": "optimizers.schedules",
    **{f"optimizer_v2.{name}": "optimizers" for name in OPTIMIZER_MODULES},
    "optimizers.experimental": "optimizers",
    "optimizers.legacy": "optimizers",
    **{f"optimizers.{name}_v2": "optimizers" for name in OPTIMIZER_MODULES},
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.io_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.visualize_util": "utils",
}

for registry_of in (losses.registry, metrics.registry):  # names in compile()
    table = NAMES[registry_of.module.removeprefix("keras.")]
    for name in table.keys() - registry_of.entries.keys():
        registry_of.add(**{name: registry_of.find(table[name])})
for owner, names in ARGUMENTS.items():
    register_old_names(owner, names)
for kind in optimizers.registry.entries.values():
    rate = inspect.signature(kind).parameters.get("learning_rate")
    if rate is not None:
        register_old_names(kind.__name__, {"decay": decay_from(rate.default)})
for kind, members in MEMBERS.items():
    for name, member in members.items():
        setattr(kind, name, member)
