"""Operations on fixed arrays: value, dtype, and the gradient with respect to the first
array where there is one.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np

from cases.common import Case, Keras, array, plain, value_and_gradient

rng = np.random.default_rng(0)
A = rng.normal(size=(3, 4)).round(3).astype("float32")
B = rng.normal(size=(3, 4)).round(3).astype("float32")
P = rng.uniform(0.1, 0.9, size=(3, 4)).round(3).astype("float32")
V = np.array([0.5, -1.5, 2.0], "float32")
W = np.array([1.0, 0.25, -3.0, 2.0], "float32")
T = rng.normal(size=(2, 3, 4)).round(3).astype("float32")
M = rng.normal(size=(3, 3)).round(3).astype("float32")
S = (M @ M.T + 2 * np.eye(3)).astype("float32")
I = np.array([[3, 1, 2, 0], [5, 7, 4, 6]], "int32")  # noqa: E741
J = np.array([[1, 2, 2, 1], [2, 3, 1, 2]], "int32")
C = np.array([[True, False, True, True], [False, False, True, False]])
K = np.array([0, 1, 0], "int32")
L = np.array([[1], [3], [1]], "int32")
N = np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, -2.0]], "float32")
E = rng.normal(size=(2, 3, 2, 4)).round(3).astype("float32")

# Each entry: name, arguments of which the first is an array of floats.
SMOOTH: list[tuple[Any, ...]] = [
    *((name, A) for name in (
        "abs", "absolute", "arcsinh", "arctan", "cos", "cosh", "deg2rad", "exp", "exp2",
        "expm1", "fabs", "negative", "rad2deg", "reciprocal", "sin", "sinc", "sinh",
        "square", "tan", "tanh", "sum", "mean", "std", "var", "max", "min", "amax",
        "amin", "median", "ptp", "prod", "cumsum", "cumprod", "sort", "ravel",
        "transpose", "flip", "fliplr", "flipud", "rot90", "copy", "nan_to_num", "trace",
        "diag", "diagonal", "diff", "trapezoid", "corrcoef", "logsumexp", "erf", "erfc",
        "real", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "log_sigmoid",
        "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign",
        "sparse_plus", "sparse_sigmoid", "swish", "tanh_shrink", "celu", "elu", "gelu",
        "glu", "hard_shrink", "leaky_relu", "soft_shrink", "squareplus", "softmax",
        "log_softmax", "layer_normalization", "rms_normalization", "normalize",
    )),
    *((name, P) for name in (
        "arccos", "arccosh", "arcsin", "arctanh", "cbrt", "log", "log10", "log1p",
        "log2", "rsqrt", "sqrt", "erfinv", "squeeze",
    ) if name != "arccosh"),
    ("arccosh", P + 1),
    *((name, A, B) for name in (
        "add", "arctan2", "divide", "fmax", "fmin", "fmod", "hypot", "logaddexp",
        "logaddexp2", "maximum", "minimum", "mod", "multiply", "subtract",
        "true_divide", "divide_no_nan", "outer", "vdot", "inner", "append", "cdist",
    )),
    ("inner", V, V), ("kron", A, V), ("power", P, B), ("power", A, 2),
    ("power", A, 3.0), ("add", A, 1), ("multiply", A, 2.5), ("divide", A, I[:1]),
    ("ldexp", A, np.array([1, 2, 0, -1], "int32")), ("clip", A, -0.5, 0.5),
    ("where", A > 0), ("matmul", A, W), ("matmul", T, A.T), ("dot", A, W),
    ("dot", T, A.T), ("tensordot", T, A, [[1, 2], [0, 1]]), ("tensordot", A, B.T, 1),
    ("cross", A[:, :3], V), ("cross", A[:, :2], B[:, :2]), ("correlate", W, V),
    ("correlate", W, V, "full"), ("correlate", W, V, "same"),
    ("softmax", A, 0), ("softmax", A, (0, 1)), ("log_softmax", A, 0),
    ("mean", T, (0, 2)), ("sum", T, 1, True), ("max", A, 1), ("max", A, None, True),
    ("prod", T, -1), ("std", T, 0, True), ("var", A, 1), ("median", A, 1),
    ("quantile", A, 0.3, 1), ("quantile", A, np.array([0.1, 0.75], "float32")),
    ("quantile", A, 0.3, 0, "nearest"), ("quantile", A, 0.3, 0, "lower"),
    ("quantile", A, 0.3, 1, "midpoint", True), ("percentile", A, 40, 1),
    ("average", A, 1, W), ("average", A), ("logsumexp", A, 1, True), ("cumsum", A, 1),
    ("cumprod", A, 0), ("diff", A, 2, 0), ("trapezoid", A, None, 0.5, 0),
    ("reshape", A, (2, -1)), ("transpose", T, (1, 2, 0)), ("expand_dims", A, (0, 2)),
    ("squeeze", A[None], 0), ("broadcast_to", W, (2, 4)), ("moveaxis", T, 0, -1),
    ("swapaxes", T, 0, 2), ("roll", A, 1), ("roll", A, 2, 1), ("repeat", A, 2, 1),
    ("repeat", A, 2), ("tile", A, (2, 1)), ("pad", A, ((1, 0), (0, 2))),
    ("pad", A, 1, "reflect"), ("pad", A, 1, "constant", 2.0), ("tril", A),
    ("triu", A, 1), ("diag", V), ("diag", A, 1), ("diagflat", A, -1),
    ("diagonal", T, 0, 1, 2), ("flip", A, 1), ("rot90", A, 3), ("vander", V),
    ("vander", V, 2, True), ("take", A, I[0, :2], 1), ("take", A, [0, -1]),
    ("take_along_axis", A, I[:1] * 0 + 1, 1), ("get_item", A, 1),
    ("nansum", A), ("nanmean", A, 0), ("nanmax", A), ("cholesky", S),
    ("cholesky", S, True), ("cholesky_inverse", np.linalg.cholesky(S)), ("det", M),
    ("inv", M), ("logdet", S), ("norm", A), ("norm", A, 1, 1), ("norm", A, None, 0),
    ("norm", A, np.inf, 1, True), ("solve", M, V), ("solve", M, A),
    ("solve_triangular", M, V, True), ("normalize", A, 0, 3), ("moments0", A),
    ("elu", A, 0.5), ("celu", A, 0.5), ("gelu", A, False), ("glu", A, 1),
    ("leaky_relu", A, 0.1), ("threshold", A, 0.5, 0.1), ("squareplus", A, 1),
    ("hard_shrink", A, 1.0), ("soft_shrink", A, 1.0),
    ("sparsemax", np.array([[5.0, -3.0, 0.0, 2.0]], "float32")),
    ("batch_normalization", A, W, W**2 + 1, -1, W, W + 1),
    ("layer_normalization", A, W, W + 1), ("layer_normalization", T, V, None, 1),
    ("rms_normalization", A, W), ("psnr", P, A, 1.0), ("stop_gradient", A),
    ("cast", A, "float16"), ("slice", A, (1, 1), (2, 2)),
    ("slice_update", A, (1, 2), np.ones((2, 2), "float32")),
    ("segment_sum", A, K, 2), ("segment_max", A, K, 2),
    ("segment_min", A, K, 2),
    ("top_k0", A, 2), ("extract_sequences", A, 2, 1), ("depth_to_space", E, 2),
    ("space_to_depth", E[:, :2], 2), ("dot_product_attention", E, E + 1, E - 1),
    ("dot_product_attention", E, E, E, None, None, 0.3, True),
    ("custom_gradient", A), ("scan", A), ("associative_scan", A), ("fori_loop", A),
    ("map", A),
    ("vectorized_map", A), ("cond", A), ("switch", A), ("while_loop", A),
]  # fmt: skip
# Here the first array is the second argument.
SECOND: list[tuple[Any, ...]] = [
    ("binary_crossentropy", P, (P > 0.5).astype("float32")),
    ("binary_crossentropy", A, (P > 0.5).astype("float32"), True),
    ("categorical_crossentropy", P, (P > 0.5).astype("float32")),
    ("categorical_crossentropy", A, (P > 0.5).astype("float32"), True),
    ("sparse_categorical_crossentropy", P, np.array([0, 3, 1], "int32")),
    ("sparse_categorical_crossentropy", A, np.array([[0], [3], [1]], "int32"), True),
    ("where", A, P > 0.5, B), ("scatter", V, L, (5,)),
]  # fmt: skip
FLAT: list[tuple[Any, ...]] = [
    *((name, x) for x in (A, I, C) for name in (
        "abs", "sum", "mean", "max", "any", "all", "argmax", "count_nonzero",
        "cumsum", "logical_not", "ones_like", "zeros_like", "exp", "square", "isfinite",
        "argsort", "sort", "size", "ndim", "shape", "dtype", "nonzero", "isnan", "prod",
        "std", "sqrt", "convert_to_tensor", "identity0", "median", "trace",
    )),
    *((name, x) for x in (A, I) for name in (
        "ceil", "floor", "trunc", "signbit", "isinf", "isposinf", "isneginf", "isreal",
        "negative", "argmin", "sign", "round", "relu", "softmax", "clip0", "reciprocal",
        "var", "min", "ptp", "nanmax", "nansum", "logsumexp",
    )),
    *((name, I, J) for name in (
        "add", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
        "bitwise_xor", "divide", "equal", "floor_divide", "gcd", "greater",
        "greater_equal", "lcm", "left_shift", "less", "less_equal", "logical_and",
        "logical_or", "logical_xor", "maximum", "mod", "multiply", "not_equal", "power",
        "right_shift", "subtract", "arctan2", "isin", "vdot", "inner", "true_divide",
    )),
    *((name, I, other) for other in (2, 1.5, True, np.float32(2), W)
      for name in ("add", "multiply", "maximum", "subtract")),
    *((name, C, other) for other in (True, 2, 1.5, C) for name in ("add", "multiply")),
    ("add", A.astype("float16"), I[:1]), ("add", A.astype("float16"), A),
    ("add", I.astype("uint8"), I.astype("int8")), ("matmul", I, J.T), ("dot", I, J.T),
    ("add", np.array([1.5, 2.5]), 1), ("sum", np.array([1, 2])), ("array", [1, 2]),
    ("array", [1.0, 2]), ("array", [True]), ("convert_to_tensor", 3.5),
    ("convert_to_tensor", [[1, 2]], "float16"), ("add", 1, 2), ("add", 1, 2.0),
    ("bitwise_not", I), ("bitwise_invert", I), ("heaviside", A, 0.5),
    ("nextafter", A, B), ("angle", A), ("imag", A), ("conj", A), ("conjugate", A),
    ("i0", A), ("isclose", A, A + 1e-6), ("allclose", A, A + 1e-9),
    ("select", [A > 1, A > 0], [A, B], 7), ("where", C), ("nan_to_num", N),
    *((name, N) for name in (
        "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean",
        "nanmedian", "nanmin", "nanprod", "nanstd", "nansum", "nanvar",
    )),
    *((name, N, 1) for name in ("nanmax", "nanmean", "nanmin", "nanargmax", "nanstd")),
    ("nanquantile", N, 0.3), ("nanpercentile", N, 30, 1), ("argpartition0", W, 1),
    ("bincount", I[0]), ("bincount", J, None, 5), ("bincount", I[0], W),
    ("digitize", W, [0.0, 1.5]), ("histogram", W, 4), ("histogram", W, 3, (-1, 1)),
    ("searchsorted", [0.0, 1.0, 2.0], W), ("searchsorted", [1, 2], [2, 3], "right"),
    ("unique", J), ("unique", J, True, True, True, True),
    ("unique", J, True, False, False, True, None, 5), ("unravel_index", [3, 5], (2, 4)),
    ("zeros", (2,)), ("ones", (2, 1), "int32"), ("full", (2,), 3), ("full", (2,), 3.5),
    ("full_like", I, 2.5), ("empty", (0, 2)), ("eye", 3), ("eye", 2, 3, 1),
    ("identity", 2), ("tri", 3), ("arange", 3), ("arange", 1.0, 2.0, 0.25),
    ("arange", 5, 1, -2, "float32"), ("linspace", 0, 1, 5), ("linspace", V, 2.0, 3),
    ("linspace", 0.0, 1.0, 4, False, True), ("logspace", 0, 2, 3),
    ("geomspace", 1, 8, 4), ("meshgrid", V, W), ("bartlett", 5), ("blackman", 5),
    ("hamming", 5), ("hanning", 5), ("kaiser", 5, 14.0), ("stack", [I, J], 1),
    ("stack", [I, J.astype("float32")]), ("concatenate", [I, J], 1), ("hstack", [V, V]),
    ("vstack", [V, V]), ("dstack", [A, B]), ("split", A, 2, 1), ("split", A, [1], 0),
    ("array_split", A, 3, 1), ("hsplit", A, 2), ("vsplit", T, 2), ("dsplit", T, 2),
    ("unstack", A), ("unstack", A, None, 1), ("einsum", "ij,kj->ik", A, B),
    ("einsum", "ij->j", I), ("one_hot", [0, 2, -1], 3), ("one_hot", I, 4, 0, "int32"),
    ("multi_hot", I[:1] % 4, 4), ("multi_hot", [1, 3], 5),
    ("moments", A, [1], True),

    ("slogdet", M), ("eigh0", S), ("qr", M), ("svd1", M), ("pinv", A), ("lstsq", M, V),
    ("matrix_rank", A), ("lu_factor", M),
    ("in_top_k", np.array([0, 1, 3], "int32"), A, 2),
    ("top_k", A, 2), ("top_k", I, 3), ("fft", (A, B)), ("fft2", (A, B)),
    ("ifft2", (A, B)), ("rfft", A), ("irfft", (A, B)), ("view_as_real0", A),
    ("saturate_cast", A * 300, "uint8"), ("saturate_cast", I * 100, "int8"),
    ("cast", A, "int32"), ("cast", I, "bool"), ("is_tensor", A),
    ("scatter_update", W, [[1], [2], [1]], V, "add"),
    ("scatter_update", W, [[1], [2], [1]], V, "max"),
    ("scatter_update", W, [[1], [2], [1]], V, "mul"),
    ("scatter_update", A, [[1, 1], [2, 0]], [5.0, 6.0]), ("view", A, "int32"),
    ("polar0", P, A), ("vectorize", A), ("jvp", A), ("scan", A), ("gcd", 4, 6),
    ("segment_sum", I, K[1:], 3), ("segment_max", I, K[1:], 2),
    ("map", I), ("segment_prod", A, K, 2),
]  # fmt: skip


def call(keras: Keras, name: str, *args: Any) -> Any:
    """Call an operation; some need functions or have results to choose from."""
    ops = keras.ops
    special = {
        "moments0": lambda x: sum(ops.moments(x, [1])),
        "top_k0": lambda x, k: ops.top_k(x, k)[0],
        "clip0": lambda x: ops.clip(x, -1, 1.5 if x.dtype == "float32" else 1),
        "identity0": lambda x: ops.full_like(x, 2),
        "argpartition0": lambda x, k: ops.take(x, ops.argpartition(x, k)[k]),
        "eigh0": lambda x: ops.eigh(x)[0],
        "svd1": lambda x: ops.svd(x, True, False),
        "view_as_real0": lambda x: ops.view_as_real(
            ops.view_as_complex(ops.stack([x, 2 * x], -1))
        ),
        "polar0": lambda x, y: ops.real(ops.polar(x, y)),
        "vectorize": lambda x: ops.vectorize(lambda a: a * 2)(x),
        "jvp": lambda x: ops.linalg.jvp(ops.sin, (x,), (ops.ones_like(x),)),
        "stop_gradient": lambda x: ops.stop_gradient(x) * x,
        "custom_gradient": lambda x: ops.custom_gradient(
            lambda t: (ops.sum(ops.square(t)), lambda g: g * ops.ones_like(t))
        )(x),
        "scan": lambda x: ops.scan(
            lambda c, r: (c + r, c * r), x[0], x, reverse=True
        )[1],
        "associative_scan": lambda x: ops.associative_scan(ops.multiply, x),
        "fori_loop": lambda x: ops.fori_loop(1, 4, lambda i, c: c * x + i, x),
        "map": lambda x: ops.map(lambda r: r * r[0], x),
        "vectorized_map": lambda x: ops.vectorized_map(ops.sum, x),
        "cond": lambda x: ops.cond(True, lambda: x * 2, lambda: x),
        "switch": lambda x: ops.switch(5, [ops.abs, ops.square], x),
        "while_loop": lambda x: ops.while_loop(
            lambda i, t: i < 3, lambda i, t: (i + 1, t * x), (0, x),
            maximum_iterations=2,
        )[1],
    }  # fmt: skip
    if name == "while_loop" and keras.__name__ == "keras":  # reverse mode: unrolled
        return args[0] ** 3
    return special.get(name, getattr(ops, name, None))(*args)


def smooth(keras: Keras, name: str, x: Any, *args: Any) -> Any:
    """Value and gradient with respect to the first argument."""
    if x.dtype == bool:
        return flat(keras, name, x, *args)
    return value_and_gradient(keras, lambda t: call(keras, name, t, *args), x)


def second(keras: Keras, name: str, x: Any, first: Any, *args: Any) -> Any:
    """Value and gradient with respect to the second argument."""
    return value_and_gradient(keras, lambda t: call(keras, name, first, t, *args), x)


def figures(out: Any) -> Any:
    """Values and dtypes of what came out."""
    if isinstance(out, (list, tuple)):
        return [figures(part) for part in out]
    if not hasattr(out, "dtype"):
        return out
    values = array(out)
    return [plain(np.nan_to_num(values.astype(float), nan=-99.0)), str(values.dtype)]


def flat(keras: Keras, name: str, *args: Any) -> Any:
    """Value and dtype."""
    return figures(call(keras, name, *args))


def signatures(keras: Keras) -> Any:
    """The names of the parameters of every operation there is in both."""
    found = {}
    for name in sorted(dir(keras.ops)):
        operation = getattr(keras.ops, name)
        if not name.startswith("_") and inspect.isfunction(operation):
            parameters = inspect.signature(operation).parameters.values()
            defaults = (
                p.name if p.default is p.empty else f"{p.name}={p.default!r}"
                for p in parameters
            )
            found[name] = ", ".join(defaults)
    return found


def numbered(kind: str, case: Any, entries: list[tuple[Any, ...]]) -> dict[str, Case]:
    made: dict[str, Case] = {}
    for name, *args in entries:
        key = f"{kind}-{name}"
        count = sum(known.split("#")[0] == key for known in made)
        full = f"{key}#{count}" if count else key
        made[full] = partial(with_arguments, case=case, name=name, args=tuple(args))
    return made


def with_arguments(keras: Keras, case: Any, name: str, args: tuple[Any, ...]) -> Any:
    with np.errstate(all="ignore"):
        return case(keras, name, *args)


OPS: dict[str, Case] = {
    "signatures": signatures,
    **numbered("smooth", smooth, SMOOTH),
    **numbered("second", second, SECOND),
    **numbered("flat", flat, FLAT),
}
