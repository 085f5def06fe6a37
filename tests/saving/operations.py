"""One call of every operation that Keras knows as a step of a model.

Each case has what the operation is called on (letters of ``PLACES``, or values as they
are) and its settings; :func:`model_of` puts them into models, with real Keras or ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Places by letter: shape with the batch, dtype.
PLACES: dict[str, tuple[tuple[int, ...], str]] = {
    "x": ((3, 4), "float32"), "y": ((3, 4), "float32"), "i": ((3, 4), "int32"),
    "s": ((3, 3), "float32"), "p": ((3, 3), "float32"), "v": ((4,), "float32"),
    "w": ((3, 2), "float32"), "m": ((2, 2, 2, 4), "float32"), "t": ((3,), "int32"),
    "b": ((3, 4), "bool"), "k": ((3, 2), "int32"),
}  # fmt: skip

UNARY = """
abs absolute conjugate imag negative sign signbit arccos arcsin arcsinh arctan
arctanh cbrt ceil cos cosh deg2rad exp exp2 expm1 fabs floor i0 log log10 log1p log2
rad2deg reciprocal sin sinh sqrt tan tanh isfinite isinf isnan isneginf isposinf
logical_not square trunc angle isreal nan_to_num real round sinc all amax amin any
ptp sum mean std var argmax argmin argsort count_nonzero cumprod cumsum max median
min nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanprod
nanstd nansum nanvar prod sort array zeros_like ones_like copy diag diagflat
diagonal fliplr flipud flip ravel squeeze trace transpose tril triu corrcoef diff
convert_to_tensor stop_gradient unstack hard_sigmoid hard_silu hard_tanh log_sigmoid
relu relu6 selu sigmoid silu softplus softsign sparse_plus sparse_sigmoid
tanh_shrink celu elu gelu glu hard_shrink leaky_relu log_softmax normalize
soft_shrink softmax sparsemax squareplus erf erfc erfinv logsumexp rfft rsqrt
rms_normalization layer_normalization rot90 trapezoid pinv svd qr matrix_rank norm
nonzero unique moments
"""
BINARY = """
add floor_divide fmax fmin fmod maximum minimum mod multiply subtract equal greater
greater_equal less less_equal logical_and logical_or logical_xor not_equal arctan2
divide heaviside hypot logaddexp logaddexp2 nextafter true_divide allclose
divide_no_nan isclose power append inner kron vdot cross cdist polar
binary_crossentropy categorical_crossentropy isin outer
"""
BITS = """
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor left_shift
right_shift gcd lcm
"""
SQUARE = "slogdet det inv eig lu_factor"

# Settings of the cases above.
WITH: dict[str, dict[str, Any]] = {
    "sum": {"axis": 1},
    "mean": {"axis": (0, 1), "keepdims": True},
    "max": {"axis": -1},
    "argmax": {"axis": 1},
    "var": {"axis": 0},
    "any": {"axis": 1},
    "round": {"decimals": 1},
    "softmax": {"axis": 0},
    "cumsum": {"axis": 1},
    "sort": {"axis": 0},
    "transpose": {"axes": (1, 0)},
    "trace": {"offset": 1},
    "gelu": {"approximate": False},
    "nan_to_num": {"nan": 1.0},
    "moments": {"axes": (0,)},
    "logsumexp": {"axis": 1, "keepdims": True},
    "unstack": {"axis": 1},
    "append": {"axis": 0},
    "isclose": {"rtol": 0.5},
    "qr": {"mode": "complete"},
    "rms_normalization": {"epsilon": 0.1},
    "convert_to_tensor": {"dtype": "float16"},
    "squeeze": {},
    "array": {"dtype": "int32"},
    "categorical_crossentropy": {"from_logits": True},
    "diff": {"n": 2},
    "layer_normalization": {"rms_scaling": True},
}

# The others: data and settings.
OTHERS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "arccosh": (["x"], {}),
    "bitwise_invert": (["i"], {}),
    "bitwise_not": (["i"], {}),
    "clip": (["x"], {"x_min": 0.25, "x_max": 0.5}),
    "ldexp": (["x", "i"], {}),
    "select": ([["b", "b"], ["x", "y"]], {}),
    "where": (["b", "x", "y"], {}),
    "argpartition": (["v"], {"kth": 1}),
    "average": (["x"], {"axis": 1, "weights": "y"}),
    "bincount": (["i"], {"minlength": 5}),
    "digitize": (["x", np.float32([0.2, 0.5])], {}),
    "nanpercentile": (["x", 50.0], {"axis": 1}),
    "nanquantile": (["x", 0.25], {}),
    "percentile": (["x", 50.0], {"axis": 1}),
    "quantile": (["x", 0.25], {}),
    "searchsorted": (["v", "x"], {"side": "right"}),
    "full": ([], {"shape": (2, 3, 4), "fill_value": "x"}),
    "full_like": (["x", 2.0], {}),
    "histogram": (["v"], {"bins": 3}),
    "geomspace": (["v", 5.0], {"num": 3}),
    "linspace": (["x", "y"], {"num": 3}),
    "logspace": (["x", "y"], {"num": 3}),
    "meshgrid": (["v", "t"], {"indexing": "ij"}),
    "vander": (["v"], {"N": 3}),
    "array_split": (["x"], {"indices_or_sections": 3, "axis": 1}),
    "broadcast_to": (["x"], {"shape": (2, 3, 4)}),
    "concatenate": ([["x", "y"]], {"axis": 1}),
    "dstack": ([["x", "y"]], {}),
    "dsplit": (["m"], {"indices_or_sections": 2}),
    "expand_dims": (["x"], {"axis": 1}),
    "get_item": (["x", (slice(None), slice(1, 3))], {}),
    "hstack": ([["x", "y"]], {}),
    "hsplit": (["x"], {"indices_or_sections": 2}),
    "stack": ([["x", "y"]], {"axis": 1}),
    "moveaxis": (["m"], {"source": (0, 1), "destination": (1, 0)}),
    "pad": (["x"], {"pad_width": ((0, 0), (1, 2)), "constant_values": 2.0}),
    "repeat": (["x"], {"repeats": 2, "axis": 1}),
    "roll": (["x"], {"shift": 1}),
    "reshape": (["x"], {"newshape": (-1, 2)}),
    "swapaxes": (["m"], {"axis1": 1, "axis2": 2}),
    "split": (["x"], {"indices_or_sections": (1, 3), "axis": 1}),
    "take": (["x", "t"], {"axis": 1}),
    "take_along_axis": (["x", "i"], {"axis": 1}),
    "tile": (["x"], {"repeats": (2, 1)}),
    "unravel_index": (["t"], {"shape": (2, 2)}),
    "view": (["x"], {"dtype": "int32"}),
    "vsplit": (["x"], {"indices_or_sections": 3}),
    "vstack": ([["x", "y"]], {}),
    "correlate": (["v", "v"], {"mode": "same"}),
    "dot": (["x", "v"], {}),
    "einsum": (["x", "y"], {"subscripts": "ab,cb->ac"}),
    "matmul": (["s", "x"], {}),
    "tensordot": (["x", "y"], {"axes": ((0, 1), (0, 1))}),
    "cast": (["x"], {"dtype": "float16"}),
    "saturate_cast": (["x"], {"dtype": "uint8"}),
    "scatter": (["k", "t"], {"shape": (4, 4)}),
    "scatter_update": (["x", "k", "t"], {"reduction": "add"}),
    "slice": (["x", (1, 1)], {"shape": (2, 2)}),
    "slice_update": (["x", (0, 1), "w"], {}),
    "batch_normalization": (["x", "v", "v"], {"axis": -1, "scale": "v"}),
    "depth_to_space": (["m"], {"block_size": 2}),
    "space_to_depth": (["m"], {"block_size": 2}),
    "dot_product_attention": (
        ["m", "m", "m"],
        {"is_causal": True, "flash_attention": False},
    ),
    "multi_hot": (["i"], {"num_classes": 4}),
    "one_hot": (["i"], {"num_classes": 4}),
    "psnr": (["x", "y"], {"max_val": 1.0}),
    "threshold": (["x"], {"threshold": 0.5, "default_value": 0.0}),
    "sparse_categorical_crossentropy": (["t", "x"], {"from_logits": True}),
    "logdet": (["p"], {}),
    "cholesky": (["p"], {"upper": True}),
    "cholesky_inverse": (["p"], {}),
    "eigh": (["p"], {}),
    "lstsq": (["s", "x"], {}),
    "solve": (["p", "x"], {}),
    "solve_triangular": (["p", "x"], {"lower": True}),
    "extract_sequences": (["x"], {"sequence_length": 2, "sequence_stride": 1}),
    "fft": ([("x", "y")], {}),
    "fft2": ([("x", "y")], {}),
    "ifft2": ([("x", "y")], {}),
    "irfft": ([("x", "y")], {"fft_length": 4}),
    "in_top_k": (["t", "x"], {"k": 2}),
    "top_k": (["x"], {"k": 2}),
    "view_as_complex": (["w"], {}),
    "view_as_real": (["w"], {}),
    **{
        f"segment_{n}": (["x", "t"], {"num_segments": 4})
        for n in ("max", "min", "prod", "sum")
    },
}

CASES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    **{name: (["x"], WITH.get(name, {})) for name in UNARY.split()},
    **{name: (["x", "y"], WITH.get(name, {})) for name in BINARY.split()},
    **{name: (["i", "i"], {}) for name in BITS.split()},
    **{name: (["s"], {}) for name in SQUARE.split()},
    **OTHERS,
}
CASES["cross"] = (["s", "p"], {})


# What cannot be compared, and why.
NOT_COMPARED = {
    "eig": "the sign of an eigenvector is open",
    "histogram": "Keras 3.15 on JAX has none",
    "rot90": "Keras 3.15 on JAX writes it, but does not read it",
    "sparsemax": "that of Keras 3.15 on JAX does not add up to 1",
}
# Those that call functions of the user's.
WITH_FUNCTIONS = {"associative_scan", "map", "scan", "vectorized_map"}


def compared() -> list[str]:
    """The cases whose results are the same everywhere."""
    return [name for name in CASES if name not in NOT_COMPARED]


def places(keras: Any) -> dict[str, Any]:
    return {
        letter: keras.Input(batch_shape=shape, dtype=dtype, name=letter)
        for letter, (shape, dtype) in PLACES.items()
    }


def filled(x: Any, by_letter: dict[str, Any]) -> Any:
    """Arguments with places for letters."""
    if isinstance(x, str):
        return by_letter.get(x, x)
    if isinstance(x, (list, tuple)):
        return type(x)([filled(part, by_letter) for part in x])
    if isinstance(x, dict):
        return {key: filled(part, by_letter) for key, part in x.items()}
    return x


def flat(x: Any) -> list[Any]:
    """The places, Tensors or arrays in a nesting of results."""
    if isinstance(x, (list, tuple)):
        return [part for inner in x for part in flat(inner)]
    return [x]


def call(keras: Any, name: str, by_letter: dict[str, Any]) -> list[Any]:
    """The results of the operation of a case."""
    data, settings = filled(CASES[name], by_letter)
    if name == "einsum":
        return flat(keras.ops.einsum(settings["subscripts"], *data))
    return flat(getattr(keras.ops, name)(*data, **settings))


def model_of(keras: Any, names: list[str]) -> Any:
    """A model whose outputs are the results of some operations."""
    by_letter = places(keras)
    outputs = [out for name in names for out in call(keras, name, by_letter)]
    return keras.Model([*by_letter.values()], outputs, name="operations")


def inputs() -> list[Any]:
    """Data for the places."""
    generator = np.random.default_rng(3)
    found = {}
    for letter, (shape, dtype) in PLACES.items():
        values = np.round(generator.random(shape) * 64) / 64
        found[letter] = (values * (1 if dtype == "float32" else 4)).astype(dtype)
    found["b"] = found["x"] > 0.5
    found["v"] = np.sort(found["v"]) + np.float32(0.125)
    found["p"] = (found["s"] @ found["s"].T + np.eye(3)).astype("float32")
    found["t"] %= 3
    return [*found.values()]
