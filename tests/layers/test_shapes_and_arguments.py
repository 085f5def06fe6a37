"""What layers refuse: arguments and inputs that make no sense, each in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lr import layers as L
from tinygrad_lr.autodiff import Tensor

ROWS, STEPS = np.ones((4, 3), "float32"), np.ones((2, 4, 3), "float32")
IMAGE = np.ones((2, 5, 6, 3), "float32")


def renormalized(**clipping):
    return L.BatchNormalization(renorm=True, renorm_clipping=clipping, name="x")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Flatten("last", name="x"), "channels_last.*got 'last'"),
        (lambda: L.Reshape(3, name="x"), r"such as \(2, 3\).*got 3"),
        (lambda: L.Reshape((-1, -1), name="x"), "one open length at most"),
        (lambda: L.Reshape((2, -3), name="x"), "target_shape"),
        (lambda: L.Permute((0, 1), name="x"), r"got \(0, 1\)"),
        (lambda: L.Permute(2, name="x"), "got 2"),
        (lambda: L.RepeatVector(0, name="x"), "positive integer as n, got 0"),
        (lambda: L.RepeatVector(2.0, name="x"), "positive integer as n, got 2.0"),
        (lambda: L.Cropping1D((1, -1), name="x"), "at least 0, as cropping"),
        (lambda: L.Cropping2D((1, 2, 3), name="x"), "2 entries as cropping"),
        (lambda: L.ZeroPadding2D("a", name="x"), "as padding, got 'a'"),
        (lambda: L.UpSampling1D(0, name="x"), "at least 1, as size"),
        (lambda: L.ReLU(max_value=-1.0, name="x"), "max_value, got -1.0"),
        (lambda: L.ReLU(negative_slope=None, name="x"), "negative_slope, got None"),
        (lambda: L.LeakyReLU(-0.1, name="x"), "at least 0 as negative_slope"),
        (lambda: L.PReLU(shared_axes=[0], name="x"), r"counted from 1, got \[0\]"),
        (lambda: L.BatchNormalization(axis=[1], name="x"), r"one integer.*\[1\]"),
        (lambda: renormalized(rmx=2), "takes 'rmin', 'rmax' and 'dmax', got 'rmx'"),
        (lambda: renormalized(rmin=2, rmax=1), "rmin <= rmax, got rmin=2, rmax=1"),
        (lambda: renormalized(dmax=-1), "dmax >= 0, got -1"),
        (lambda: L.SpectralNormalization(L.ReLU(), 0, name="x"), "iterations, got 0"),
        (lambda: L.SpectralNormalization(L.ReLU(), name="x")(ROWS), "'kernel' or 'emb"),
        (lambda: L.GroupNormalization(0, name="x"), "as groups, got 0"),
        (lambda: L.Dropout(1.5, name="x"), "from 0 to 1 as rate, got 1.5"),
        (lambda: L.Dropout(-0.5, name="x"), "from 0 to 1 as rate, got -0.5"),
        (lambda: L.Dropout("a", name="x"), "as rate, got 'a'"),
        (lambda: L.Dropout(0.5, (0, 1), name="x"), r"noise_shape.*got \(0, 1\)"),
        (lambda: L.AlphaDropout(1, name="x"), "below 1, got 1"),
        (lambda: L.GaussianDropout(1.0, name="x"), "below 1"),
        (lambda: L.GaussianNoise(2, name="x"), "as stddev, got 2"),
        (lambda: L.Embedding(0, 2, name="x"), "positive integer as input_dim"),
        (lambda: L.Embedding(2, 2.5, name="x"), "positive integer as output_dim"),
        (lambda: L.Concatenate("a", name="x"), "integer as axis, got 'a'"),
        (lambda: L.Dot((1, 2, 3), name="x"), "pair of integers"),
        (lambda: L.Normalization(mean=1, name="x"), "both mean and variance"),
        (lambda: L.Normalization(mean=[1], variance=1, name="x"), "one shape"),
        (lambda: L.CategoryEncoding(name="x"), "num_tokens, got None"),
        (lambda: L.CategoryEncoding(3, "hot", name="x"), "one_hot, multi_hot, count"),
        (lambda: L.Discretization(name="x"), "bin_boundaries, or num_bins"),
        (lambda: L.Discretization([1], 2, name="x"), "num_bins=2"),
        (lambda: L.Discretization(num_bins=0, name="x"), "num_bins, got 0"),
        (lambda: L.TimeDistributed(3, name="x"), "expected a layer to wrap, got 3"),
    ],
)  # fmt: skip
def test_arguments(make, message):
    with pytest.raises(ValueError, match=rf"\(layer 'x'\): .*{message}"):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.LayerNormalization("a", name="x"), "list of them as axis"),
        (lambda: L.UnitNormalization(1.5, name="x"), "list of them as axis"),
        (lambda: L.Dot("a", name="x"), "as axes, got 'a'"),
        (lambda: L.Lambda(3, name="x"), "expected a function, got 3"),
        (lambda: L.Cropping1D(data_format="channels_last", name="x"), "always last"),
        (lambda: L.Normalization(name="x").adapt(3), "array or an iterable"),
    ],
)
def test_arguments_of_another_type(make, message):
    with pytest.raises(TypeError, match=rf"\(layer 'x'\): .*{message}"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: L.Embedding(2, 3, lora_rank=2),
        lambda: L.EinsumDense("ab,bc->ac", 3, quantization_config={}),
        lambda: L.UpSampling2D(interpolation="bicubic"),
        lambda: L.CategoryEncoding(3, sparse=True),
    ],
)
def test_what_there_is_not(make):
    with pytest.raises(NotImplementedError, match="not available"):
        make()


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (L.Reshape((5, 2)), ROWS, r"\(3,\) has 3 values.*\(5, 2\)"),
        (L.Reshape((2, -1)), ROWS, "has 3 values"),
        (L.Permute((2, 1)), ROWS, "expected 3 axes"),
        (L.RepeatVector(2), STEPS, "expected 2 axes"),
        (L.Cropping1D(2), STEPS, "leaves nothing"),
        (L.UpSampling2D(), STEPS, "expected 4 axes"),
        (L.GlobalMaxPooling1D(), IMAGE, "expected 3 axes"),
        (L.PReLU(shared_axes=[4]), STEPS, "axis .* out of range"),
        (L.Softmax(axis=3), STEPS, "axis 3 is out of range"),
        (L.BatchNormalization(axis=3), STEPS, "axis 3 is out of range"),
        (L.LayerNormalization(axis=[1, 5]), STEPS, "axis 5 is out of range"),
        (L.GroupNormalization(2), STEPS, "does not divide into 2 groups"),
        (L.SpatialDropout1D(0.5), ROWS, "expected 3 axes"),
        (L.Add(), ROWS, r"expected a list of inputs, .*single one of shape \(4, 3\)"),
        (L.Add(), [ROWS, ROWS[:, :2]], r"\(4, 3\), \(4, 2\) do not fit"),
        (L.Add(), [ROWS, ROWS[:2]], "different numbers of samples"),
        (L.Subtract(), [ROWS, ROWS, ROWS], "exactly 2 inputs, got 3"),
        (L.Concatenate(), [STEPS, STEPS[:, :1]], "differ on axis 1; only axis -1"),
        (L.Concatenate(), [STEPS, STEPS[..., 0]], "equally many axes"),
        (L.Concatenate(axis=4), [ROWS, ROWS], "along axis 4"),
        (L.Dot(axes=1), [ROWS, ROWS[:, :2]], "differ in length"),
        (L.Dot(axes=0), [ROWS, ROWS], "after the batch axis"),
        (L.Dot(axes=2), [ROWS, ROWS], "after the batch axis"),
        (L.TimeDistributed(L.Dense(2)), ROWS, "three axes or more"),
        (L.Normalization(axis=4), ROWS, "axis .* out of range"),
        (L.EinsumDense("abc,cd->abd", (4, 2)), ROWS, "have not the axes"),
        (L.EinsumDense("ab,bc->ac", (4, 2)), ROWS, r"output_shape \(4, 2\)"),
        (L.EinsumDense("abc,cd->abd", (5, 2)), STEPS, "length 4 .* and 5"),
        (L.EinsumDense("abc->ab", 2), STEPS, "an equation such as"),
        (L.EinsumDense("ab,bc->ad", 2), ROWS, "'d' of output or kernel"),
        (L.EinsumDense("ab,bc->ac", 2, bias_axes="b"), ROWS, "bias_axes 'b'"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_inputs(layer, inputs, message):
    with pytest.raises(ValueError, match=message) as caught:
        layer(inputs)
    assert repr(layer.name) in str(caught.value)


def test_open_lengths_that_a_weight_needs():
    for layer in (L.BatchNormalization(), L.LayerNormalization(), L.PReLU(),
                  L.Normalization(), L.GroupNormalization(1)):  # fmt: skip
        with pytest.raises(ValueError, match="must be known to make"):
            layer.build((None, 4, None))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (L.Flatten(), (None, None, 3), (None, None)),
        (L.Flatten(), (None,), (None, 1)),
        (L.Reshape((-1, 3)), (None, None, 3), (None, None, 3)),
        (L.Permute((2, 1)), (None, None, 3), (None, 3, None)),
        (L.RepeatVector(2), (None, None), (None, 2, None)),
        (L.Cropping1D(1), (None, None, 3), (None, None, 3)),
        (L.ZeroPadding2D(1), (None, None, 4, 3), (None, None, 6, 3)),
        (L.UpSampling2D(2), (None, 4, None, 3), (None, 8, None, 3)),
        (L.GlobalMaxPooling1D(), (None, None, 3), (None, 3)),
        (L.GlobalAveragePooling2D(keepdims=True), (None, None, 4, 3), (None, 1, 1, 3)),
        (L.Add(), [(None, 3), (None, 1)], (None, 3)),
        (L.Add(), [(None, None, 3), (None, 3)], (None, None, 3)),
        (L.Concatenate(), [(None, 3), (None, None)], (None, None)),
        (L.Concatenate(1), [(None, 2, 3), (None, None, 3)], (None, None, 3)),
        (L.Dot((2, 1)), [(None, 4, 3), (None, 3, 5)], (None, 4, 5)),
        (L.Embedding(5, 2), (None, None), (None, None, 2)),
        (L.TimeDistributed(L.Dense(2)), (None, None, 3), (None, None, 2)),
        (L.EinsumDense("...a,ab->...b", 5), (None, None, 3), (None, None, 5)),
        (L.CategoryEncoding(5, "one_hot"), (None, 1), (None, 5)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_output_shapes_with_open_lengths(layer, shape, expected):
    assert layer.compute_output_shape(shape) == expected


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        L.BatchNormalization, L.LayerNormalization, L.RMSNormalization,
        L.UnitNormalization, L.PReLU, L.Softmax,
        lambda dtype: L.Dropout(0.5, dtype=dtype),
        lambda dtype: L.GaussianNoise(0.5, dtype=dtype),
        lambda dtype: L.AlphaDropout(0.5, dtype=dtype),
        lambda dtype: L.Rescaling(0.5, dtype=dtype), L.Normalization,
    ],
)  # fmt: skip
def test_layers_keep_to_their_dtype(make, name):
    for x in (STEPS, STEPS.astype(int)):
        if x.dtype.kind == "i" and make in (L.PReLU, L.Softmax):
            continue
        out = make(dtype=name)(Tensor(x), training=True)
        assert out.dtype == name
