"""Layers: value, gradients of inputs and weights, state, names and configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cases.common import Array, Case, Keras, array, is_real, plain

Make = Callable[[Keras], Any]
RNG = np.random.default_rng(8)


def floats(*shape: int) -> Array:
    """Numbers that float32 can hold in few digits, so that the record stays short."""
    return (np.round(RNG.normal(size=shape) * 32) / 32).astype("float32")


ROWS, STEPS, IMAGE = floats(4, 3), floats(3, 4, 2), floats(2, 3, 4, 2)
VOLUME = floats(1, 2, 2, 2, 2)
OTHER_ROWS, OTHER_STEPS = floats(4, 3), floats(3, 4, 2)
INTEGERS = np.array([[1, 0, 3], [2, 2, 4]], "int32")
MASK = np.array([[True, True, False, True], [True, False, False, False], [True] * 4])


def set_unevenly(weights: Any) -> None:
    """Give weights values that differ, above 0 (a variance must be)."""
    for i, weight in enumerate(weights):
        numbers = 0.5 + np.arange(int(np.prod(weight.shape))) % 7 / 8 + i / 16
        weight.assign(np.reshape(numbers, weight.shape).astype(str(weight.dtype)))


def weighted(out: Any) -> Any:
    """A sum in which each element counts differently."""
    c = np.resize(1 + np.arange(7) / 7, out.shape).astype(str(out.dtype))
    return (out * c).sum()


def gradients(keras: Keras, layer: Any, inputs: Any, options: Any) -> Any:
    """The output, and the gradients of the weights and of the float inputs."""
    several = isinstance(inputs, list)
    arrays = inputs if several else [inputs]
    floating = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
    if is_real(keras):
        import jax

        state = [v.value for v in layer.non_trainable_variables]

        def total(weights: Any, chosen: Any) -> Any:
            given = [jax.numpy.asarray(x) for x in arrays]
            for i, x in zip(floating, chosen, strict=True):
                given[i] = x
            out, left = layer.stateless_call(
                weights, state, given if several else given[0], **options
            )
            return weighted(out), (out, left)

        (_, (out, left)), (of_weights, of_inputs) = jax.value_and_grad(
            total, (0, 1), has_aux=True
        )(
            [v.value for v in layer.trainable_variables],
            [jax.numpy.asarray(arrays[i]) for i in floating],
        )
        for variable, value in zip(layer.non_trainable_variables, left, strict=True):
            variable.assign(value)
        return out, of_weights, of_inputs
    from tinygrad_lr.autodiff import Tensor

    leaves: Any = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
    out = layer(leaves if several else leaves[0], **options)
    if out.requires_grad:
        weighted(out).backward()
    of_inputs = [leaves[i] for i in floating]
    return out, *(
        [np.zeros(t.shape, "float32") if t.grad is None else t.grad for t in tensors]
        for tensors in (layer.trainable_variables, of_inputs)
    )


def shapes(value: Any) -> Any:
    """The shape of an input with an open batch axis."""
    if isinstance(value, list):
        return [shapes(part) for part in value]
    return (None, *value.shape[1:])


def layer_figures(
    keras: Keras, make: Make, inputs: Any, options: dict[str, Any], differentiate: bool
) -> Any:
    """All that is asked of a layer on one input."""
    keras.utils.clear_session()
    layer = make(keras)
    if not layer.built:
        layer.build(shapes(inputs))
    set_unevenly(w for w in layer.weights if w.name != "count")
    if is_real(keras) and hasattr(layer, "finalize_state"):
        layer.finalize_state()
    if differentiate:
        out, of_weights, of_inputs = gradients(keras, layer, inputs, options)
    else:
        out, of_weights, of_inputs = layer(inputs, **options), [], []
    config = layer.get_config()
    if "layer" in config:
        config["layer"].pop("build_config", None)
    again = type(layer).from_config(dict(config)).get_config()
    return {
        "value": plain(array(out)),
        "dtype": str(array(out).dtype),
        "gradients": plain([array(g) for g in (*of_weights, *of_inputs)]),
        "state": plain([array(w) for w in layer.non_trainable_weights]),
        "weights": [
            ["/".join(w.path.split("/")[-2:]), list(w.shape), str(w.dtype)]
            for w in layer.weights
        ],
        "shape": plain(layer.compute_output_shape(shapes(inputs))),
        "config": plain(config),
        "again": plain(again) == plain(config),
        "masking": bool(layer.supports_masking),
        "build": plain(layer.get_build_config()),
    }


class Table(dict[str, Case]):
    """Collects cases under readable names."""

    def row(
        self,
        name: str,
        inputs: Any,
        differentiate: bool = True,
        call: Any = None,
        case: str = "",
        **arguments: Any,
    ) -> None:
        """One layer: its class, what it is called on, and its arguments."""
        shown = [f"{k}={v}" for k, v in arguments.items() if not callable(v)]
        title = "-".join([name, *filter(None, [case]), *shown])
        assert title not in self, title

        def make(keras: Keras) -> Any:
            made = {k: v(keras) if callable(v) else v for k, v in arguments.items()}
            return getattr(keras.layers, name)(**made)

        self[title] = partial(
            layer_figures,
            make=make,
            inputs=inputs,
            options=call or {},
            differentiate=differentiate,
        )


TRAIN = {"training": True}


def reshaping(t: Table) -> None:
    t.row("Flatten", STEPS)
    t.row("Flatten", IMAGE, data_format="channels_first")
    t.row("Flatten", floats(3), case="of-numbers")
    t.row("Reshape", STEPS, target_shape=(2, 4))
    t.row("Reshape", STEPS, target_shape=(-1, 2, 2))
    t.row("Permute", IMAGE, dims=(3, 1, 2))
    t.row("RepeatVector", ROWS, n=2)
    t.row("Cropping1D", STEPS, cropping=(1, 2))
    t.row("Cropping2D", IMAGE, cropping=((1, 0), (1, 2)))
    t.row("Cropping3D", floats(1, 3, 3, 3, 2))
    t.row("ZeroPadding1D", STEPS, padding=(1, 2))
    t.row("ZeroPadding1D", STEPS, data_format="channels_first")
    t.row("ZeroPadding2D", IMAGE, padding=((1, 0), (0, 2)))
    t.row("ZeroPadding2D", IMAGE, padding=1, data_format="channels_first")
    t.row("ZeroPadding3D", VOLUME, padding=((1, 0), (0, 0), (0, 1)))
    t.row("UpSampling1D", STEPS, size=3)
    t.row("UpSampling2D", IMAGE, size=(2, 3))
    t.row("UpSampling2D", IMAGE, size=(2, 3), interpolation="bilinear")
    t.row("UpSampling2D", IMAGE, data_format="channels_first")
    t.row("UpSampling3D", VOLUME, size=(1, 2, 1))
    for kind in ("Average", "Max"):
        t.row(f"Global{kind}Pooling1D", STEPS)
        t.row(f"Global{kind}Pooling1D", STEPS, data_format="channels_first")
        t.row(f"Global{kind}Pooling2D", IMAGE, keepdims=True)
        t.row(f"Global{kind}Pooling3D", VOLUME)
    t.row("GlobalAveragePooling1D", STEPS, case="masked", call={"mask": MASK})


def activations(t: Table) -> None:
    t.row("ReLU", STEPS)
    t.row("ReLU", STEPS, max_value=0.5, negative_slope=0.25, threshold=0.125)
    t.row("LeakyReLU", STEPS)
    t.row("LeakyReLU", STEPS, negative_slope=0.125)
    t.row("ELU", STEPS, alpha=0.5)
    t.row("PReLU", STEPS)
    t.row(
        "PReLU", STEPS, shared_axes=[1], alpha_regularizer="l2",
        alpha_constraint="non_neg", alpha_initializer="ones",
    )  # fmt: skip
    t.row("Softmax", STEPS)
    t.row("Softmax", STEPS, axis=1)
    t.row("Softmax", STEPS, axis=(1, 2))
    t.row("Softmax", STEPS, case="masked", call={"mask": MASK[..., None]}, axis=1)
    t.row("Activation", STEPS, activation="tanh")
    t.row("Dense", STEPS, units=2, activation="tanh")


def normalization(t: Table) -> None:
    t.row("BatchNormalization", ROWS)
    t.row("BatchNormalization", ROWS, call=TRAIN, case="training")
    t.row("BatchNormalization", INTEGERS, call=TRAIN, case="integers")
    t.row("BatchNormalization", STEPS, call=TRAIN, case="training", axis=1)
    t.row("BatchNormalization", STEPS, call=TRAIN, trainable=False, momentum=0.5)
    t.row(
        "BatchNormalization", STEPS, call={**TRAIN, "mask": MASK}, case="masked",
        momentum=0.5, epsilon=0.01,
    )  # fmt: skip
    t.row(
        "BatchNormalization", STEPS, call=TRAIN, center=False, gamma_regularizer="l2",
        gamma_constraint="non_neg", gamma_initializer="zeros",
        moving_mean_initializer="ones", moving_variance_initializer="zeros",
    )  # fmt: skip
    t.row("BatchNormalization", IMAGE, call=TRAIN, scale=False, beta_regularizer="l1")
    t.row("BatchNormalization", ROWS, call=TRAIN, renorm=True, renorm_momentum=0.5)
    t.row(
        "BatchNormalization", STEPS, call=TRAIN, center=False, axis=1, renorm=True,
        renorm_clipping={"rmin": 0.5, "rmax": 0.75, "dmax": 0.25},
    )  # fmt: skip
    t.row("BatchNormalization", ROWS, call=TRAIN, scale=False, renorm=True)
    t.row("LayerNormalization", STEPS)
    t.row("LayerNormalization", STEPS, axis=(2, 1), epsilon=0.01)
    t.row("LayerNormalization", STEPS, axis=1, center=False, scale=False)
    t.row("LayerNormalization", STEPS, rms_scaling=True)
    t.row("GroupNormalization", IMAGE, groups=2)
    t.row("GroupNormalization", IMAGE, groups=-1)
    t.row("GroupNormalization", IMAGE, groups=2, axis=2, scale=False, center=False)
    t.row("RMSNormalization", STEPS)
    t.row("RMSNormalization", STEPS, axis=[1, 2], epsilon=0.25)
    t.row("UnitNormalization", STEPS)
    t.row("UnitNormalization", STEPS, axis=[1, 2])


def merging(t: Table) -> None:
    pair = [STEPS, OTHER_STEPS]
    three = [ROWS, OTHER_ROWS, floats(4, 1)]
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
        t.row(name, three)
        t.row(name, [STEPS, floats(3, 2)], case="ranks")
        t.row(name, [INTEGERS, INTEGERS + 1], case="integers", differentiate=False)
        t.row(name, [INTEGERS, floats(2, 3)], case="mixed")
    t.row("Add", [ROWS], case="one")
    t.row("Subtract", pair)
    t.row("Concatenate", pair)
    t.row("Concatenate", [STEPS, floats(3, 1, 2)], axis=1)
    t.row("Dot", [ROWS, OTHER_ROWS], axes=1)
    t.row("Dot", [ROWS, OTHER_ROWS], axes=-1, normalize=True)
    t.row("Dot", pair, axes=2)
    t.row("Dot", pair, axes=(1, 1))
    t.row("Dot", [STEPS, floats(3, 2)], axes=(2, 1))
    t.row("Dot", [floats(2, 3, 4), floats(2, 2, 2, 3)], axes=(1, 3))


def noise(t: Table) -> None:
    for name in ("Dropout", "AlphaDropout", "GaussianDropout"):
        t.row(name, ROWS, rate=0.5)
        t.row(name, ROWS, rate=0, seed=3, call=TRAIN)
    t.row("Dropout", ROWS, rate=1, call=TRAIN)
    t.row("Dropout", STEPS, rate=0.5, noise_shape=(None, 1, 2), seed=4)
    t.row("GaussianNoise", ROWS, stddev=0.5)
    t.row("GaussianNoise", ROWS, stddev=0.0, seed=3, call=TRAIN)
    t.row("SpatialDropout1D", STEPS, rate=0.5, seed=3)
    t.row("SpatialDropout2D", IMAGE, rate=0.5)
    t.row("SpatialDropout3D", VOLUME, rate=0.5, data_format="channels_first")
    t.row("ActivityRegularization", ROWS, l1=0.25)


def embedding(t: Table) -> None:
    t.row("Embedding", INTEGERS, input_dim=5, output_dim=2)
    t.row(
        "Embedding", INTEGERS.astype("float32") + 0.5, input_dim=5, output_dim=2,
        mask_zero=True, embeddings_initializer="ones", embeddings_regularizer="l2",
        embeddings_constraint="unit_norm",
    )  # fmt: skip
    t.row("Embedding", np.array([1, 2], "int32"), input_dim=3, output_dim=2)


def passing(t: Table) -> None:
    t.row("Identity", STEPS)
    t.row("Masking", np.where(MASK[..., None], STEPS, 0).astype("float32"))
    t.row("Masking", STEPS, mask_value=float(STEPS[0, 0, 0]))
    t.row(
        "TimeDistributed", STEPS,
        layer=lambda k: k.layers.Dense(3, activation="tanh", name="inner"),
    )  # fmt: skip
    t.row(
        "TimeDistributed", STEPS, call=TRAIN, case="statistics",
        layer=lambda k: k.layers.BatchNormalization(momentum=0.5, name="inner"),
    )  # fmt: skip
    t.row(
        "TimeDistributed", IMAGE, case="flatten",
        layer=lambda k: k.layers.Flatten(name="inner"),
    )  # fmt: skip
    for call in ({}, TRAIN):
        t.row(
            "SpectralNormalization", STEPS, case=f"dense-{len(call)}", call=call,
            layer=lambda k: k.layers.Dense(3, activation="tanh", name="inner"),
            power_iterations=2,
        )  # fmt: skip
    t.row(
        "SpectralNormalization", INTEGERS.astype("float32"), case="embedding",
        call=TRAIN,
        layer=lambda k: k.layers.Embedding(5, 2, name="inner"),
    )  # fmt: skip
    t.row(
        "SpectralNormalization", STEPS, case="frozen", call=TRAIN,
        layer=lambda k: k.layers.Dense(3, name="inner", trainable=False),
    )  # fmt: skip
    t.row("EinsumDense", STEPS, equation="abc,cd->abd", output_shape=(None, 3))
    t.row(
        "EinsumDense", STEPS, equation="abc,cd->abd", output_shape=(None, 3),
        bias_axes="d", activation="relu", bias_initializer="ones",
    )  # fmt: skip
    t.row("EinsumDense", STEPS, equation="...x,xy->...y", output_shape=3, bias_axes="y")
    t.row("EinsumDense", STEPS, equation="abc,bcd->ad", output_shape=3)
    t.row(
        "EinsumDense", STEPS, equation="ab...,bd->ad...", output_shape=3, bias_axes="d"
    )
    t.row(
        "EinsumDense", STEPS, equation="abc,cde->abde", output_shape=(4, 2, 3),
        bias_axes="be",
    )  # fmt: skip


def preprocessing(t: Table) -> None:
    t.row("Rescaling", IMAGE, scale=0.5, offset=-1.0)
    t.row("Rescaling", INTEGERS, scale=[1, 2, 3], offset=(0, 1, 2))
    t.row("Normalization", ROWS)
    t.row("Normalization", ROWS, axis=None)
    t.row("Normalization", STEPS, axis=(1, 2), invert=True)
    t.row("Normalization", STEPS, mean=0.5, variance=4.0)
    t.row("Normalization", STEPS, mean=[1, 2], variance=[3, 0], invert=True)
    for mode in ("one_hot", "multi_hot", "count"):
        t.row(
            "CategoryEncoding", INTEGERS, False, num_tokens=5, output_mode=mode,
            dtype="float32",
        )  # fmt: skip
        t.row(
            "Discretization", ROWS, False, bin_boundaries=[-0.5, 0.0, 0.75],
            output_mode=mode,
        )  # fmt: skip
    t.row(
        "CategoryEncoding", INTEGERS[:, :1], False, num_tokens=5, output_mode="one_hot"
    )
    t.row(
        "CategoryEncoding", INTEGERS, False, num_tokens=5, output_mode="count",
        call={"count_weights": floats(2, 3)},
    )  # fmt: skip
    t.row("Discretization", ROWS, False, bin_boundaries=[-0.5, 0.0, 0.75])


def adapted(keras: Keras, name: str, data: Any, arguments: dict[str, Any]) -> Any:
    """What a preprocessing layer learns, from an array or from batches.

    Without TensorFlow, ``adapt`` of real Keras knows only arrays, and that of
    Discretization nothing: there the batches go to what it calls.
    """
    layer = getattr(keras.layers, name)(**arguments)
    batches = [data[:2], data[2:5], data[5:]]
    if name == "Normalization":
        layer.adapt(data if is_real(keras) else batches)
        return plain([array(layer.mean), array(layer.variance), array(layer(data))])
    if is_real(keras):
        for batch in batches:
            layer.update_state(batch)
        layer.finalize_state()
    else:
        layer.adapt(batches)
    return plain([layer.bin_boundaries, array(layer(data))])


def accumulated(keras: Keras) -> Any:
    """The moving statistics after five batches, and the output that they give."""
    layer = keras.layers.BatchNormalization(momentum=0.75)
    rng = np.random.default_rng(3)
    for _ in range(5):
        layer(rng.normal(1, 2, size=(6, 3)).astype("float32"), training=True)
    return plain([*layer.get_weights(), array(layer(ROWS))])


def masks(keras: Keras) -> Any:
    """``compute_mask`` of the layers that make masks of their own."""
    k = keras.layers
    x = np.where(MASK[..., None], STEPS, 0).astype("float32")
    other = MASK[::-1].copy()
    found = {
        "Masking": k.Masking().compute_mask(x),
        "Embedding": k.Embedding(5, 2, mask_zero=True).compute_mask(INTEGERS),
        "none": k.Embedding(5, 2).compute_mask(INTEGERS),
        "Add": k.Add().compute_mask([x, x], [MASK, other]),
        "Add-none": k.Add().compute_mask([x, x], [MASK, None]),
        "Concatenate": k.Concatenate().compute_mask([x, x], [MASK, None]),
        "Concatenate-1": k.Concatenate(1).compute_mask([x, x], [MASK, other]),
        "Dot": k.Dot(1).compute_mask([x, x], [MASK, other]),
        "Lambda": k.Lambda(abs, mask=MASK).compute_mask(x),
        "Lambda-function": k.Lambda(abs, mask=lambda i, m: m).compute_mask(x, MASK),
        "Pooling": k.GlobalAveragePooling1D().compute_mask(x, MASK),
    }
    return {key: None if m is None else plain(array(m)) for key, m in found.items()}


def functions(keras: Keras) -> Any:
    """The lower-case functions."""
    pair = [ROWS, OTHER_ROWS]
    names = ("add", "subtract", "multiply", "average", "maximum", "minimum")
    k = keras.layers
    found = {name: getattr(k, name)(pair) for name in names}
    found["concatenate"] = k.concatenate(pair, axis=1)
    found["dot"] = k.dot(pair, axes=1, normalize=True)
    return {name: plain(array(out)) for name, out in found.items()}


def named_function(x: Any) -> Any:
    """For a Lambda with a name."""
    return x * 2


def lambdas(keras: Keras) -> Any:
    """Lambda: what it computes, passes on and says of itself."""
    k = keras.layers
    layers = {
        "plain": k.Lambda(named_function, name="l"),
        "arguments": k.Lambda(lambda x, n: x * n, arguments={"n": 3}, name="l"),
        "training": k.Lambda(lambda x, training: x if training else -x, name="l"),
        "shape": k.Lambda(lambda x: x[:, :1], output_shape=(1,), name="l"),
        "shape-function": k.Lambda(lambda x: x[:, :1], lambda s: (s[0], 1), name="l"),
    }
    figures = {
        name: {
            "value": plain(array(layer(ROWS, training=True))),
            "shape": plain(layer.compute_output_shape((None, 3))),
        }
        for name, layer in layers.items()
    }
    figures["config"] = plain(layers["plain"].get_config())
    return figures


def default_names(keras: Keras) -> Any:
    """The names that layers are given."""
    keras.utils.clear_session()
    k = keras.layers
    made = (
        k.PReLU(), k.ELU(), k.LeakyReLU(), k.ReLU(), k.UpSampling2D(),
        k.GlobalMaxPooling1D(), k.SpatialDropout1D(0.5), k.EinsumDense("ab,bc->ac", 2),
        k.RMSNormalization(), k.BatchNormalization(), k.TimeDistributed(k.Dense(2)),
        k.ZeroPadding2D(), k.Dense(3), k.Add(), k.Add(),
    )  # fmt: skip
    return [layer.name for layer in made]


def signatures(keras: Keras, names: list[str]) -> Any:
    """The arguments of every layer, in their order, with their defaults."""
    found = {}
    for name in names:
        listed = inspect.signature(getattr(keras.layers, name)).parameters.values()
        found[name] = [
            [p.name, "<required>" if p.default is p.empty else plain(p.default)]
            for p in listed
            if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "rms_scaling"
        ]  # which real Keras takes from **kwargs
    return found


def all_cases() -> dict[str, Case]:
    """Every family, and the cases of their own."""
    table = Table()
    for family in (
        reshaping, activations, normalization, merging, noise, embedding, passing,
        preprocessing,
    ):  # fmt: skip
        family(table)
    data = np.round(np.random.default_rng(4).normal(1, 3, size=(12, 2)), 2)
    for name, arguments in (
        ("Normalization", {}),
        ("Normalization", {"axis": None}),
        ("Discretization", {"num_bins": 4}),
        ("Discretization", {"num_bins": 3, "epsilon": 0.2}),
    ):
        table["-".join(["adapt", name, *map(str, arguments.values())])] = partial(
            adapted, name=name, data=data.astype("float32"), arguments=arguments
        )
    names = {
        title.partition("-")[0] for title in table if not title.startswith("adapt")
    }
    table["signatures"] = partial(
        signatures, names=sorted(names | {"Lambda", "Wrapper", "add", "dot"})
    )
    own = (accumulated, masks, functions, lambdas, default_names)
    return {**table, **{case.__name__: case for case in own}}


LAYERS: dict[str, Case] = all_cases()
