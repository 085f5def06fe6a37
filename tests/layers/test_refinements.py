"""Small agreements of layers with Keras: policies, shapes, missing inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import layers as L

X = np.ones((2, 3), "float32")


def test_a_layer_takes_and_has_a_policy() -> None:
    assert L.Dense(1).dtype_policy == keras.DTypePolicy("float32")
    for dtype in ("float64", np.float64, keras.DTypePolicy("float64")):
        layer = L.Dense(1, dtype=dtype)
        assert layer(X).dtype == "float64"
        assert L.Dense.from_config(layer.get_config()).dtype_policy.name == "float64"
    with pytest.warns(UserWarning, match="means float32"):
        layer = L.Dense(1, dtype="mixed_float16")
    assert layer(X).dtype == layer.compute_dtype == "float32"
    layer.dtype_policy = "float16"
    assert layer.variable_dtype == "float16"
    with pytest.raises(ValueError, match="'floot'"):
        L.Dense(1, dtype="floot")


def test_no_input_is_no_input() -> None:
    with pytest.raises(ValueError, match=r"expected an array as input, got None"):
        L.Dense(3)(None)


def test_an_activation_may_be_taken_away() -> None:
    for layer in (L.Dense(2, "relu"), L.EinsumDense("ab,bc->ac", 2, "relu")):
        layer.kernel_initializer = keras.initializers.Constant(-1)
        layer.activation = None
        assert (layer(X).numpy() == -3).all()


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_samples_of_several_axes_are_gathered_along_the_first(mode: str) -> None:
    """Keras 3.15.1 reduces axis 1, also where a sample has more axes."""
    data = np.array([[[0, 1], [2, 0], [0, 3]]])
    bins = L.Discretization([0.5, 1.5, 2.5], output_mode=mode)
    expected = [[[1, 0, 1, 0], [1, 1, 0, 1]]]
    if mode == "count":
        expected[0][0][0] = 2
    assert bins(data).numpy().tolist() == expected
    assert L.CategoryEncoding(4, mode)(data).numpy().tolist() == expected
    assert bins.compute_output_shape((None, 3, 2)) == (None, 2, 4)


def test_add_weight_says_what_its_arguments_are_for() -> None:
    layer: Any = L.Layer()
    assert layer.add_weight().shape == layer.add_weight(None, "zeros").shape == ()
    assert layer.add_weight(shape=2, aggregation="mean").shape == (2,)
    with pytest.raises(NotImplementedError, match="quantization"):
        layer.add_weight(overwrite_with_gradient=True)


def test_paths_name_the_layers_that_a_weight_was_made_in() -> None:
    class Block(L.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = L.Dense(2, name="inner")

        def build(self, shape: Any) -> None:
            self.inner.build(shape)
            self.own = self.add_weight(name="own")
            self.other = keras.Variable(1.0, name="other")

        def call(self, x: Any) -> Any:
            return self.inner(x) * self.own * self.other

    model = keras.Sequential([Block(name="block")], name="model")
    model(X)
    rows = ["own", "other", "inner/kernel", "inner/bias"]
    assert [w.path for w in model.weights] == [f"model/block/{row}" for row in rows]
    assert model.layers[0].inner.path == "model/block/inner"
    place = keras.Input((3,))
    drawn = keras.Model(place, L.Dense(1, name="d")(place))
    assert [w.path for w in drawn.weights] == ["d/kernel", "d/bias"]
    with keras.name_scope("scope"):
        layer = L.Dense(1, name="d")
        layer(X)
    assert layer.kernel.path == "scope/d/kernel"
    with pytest.raises(ValueError, match="without '/'"):
        keras.name_scope("a/b")


def test_each_argument_comes_with_its_mask() -> None:
    seen = []

    class Both(L.Layer):
        supports_masking = True

        def call(self, a: Any, b: Any, a_mask: Any = None, b_mask: Any = None) -> Any:
            seen.append((a_mask, b_mask))
            return a + b

    masked = L.Masking()(np.array([[[0.0], [1.0]]]))
    Both()(masked, masked * 1.0)
    assert seen[0][0].numpy().tolist() == [[False, True]]
    assert seen[0][1] is None


def test_a_mask_is_there_also_when_a_model_of_places_is_drawn() -> None:
    class Counts(L.Layer):
        supports_masking = True

        def call(self, x: Any, mask: Any = None) -> Any:
            return mask.astype("float32").sum(axis=1, keepdims=True)

    place = keras.Input((None, 3))
    model = keras.Model(place, Counts()(L.Dropout(0.1)(L.Masking()(place))))
    assert model.output_shape == (None, 1)
    data = np.array([[[0, 0, 0], [1, 0, 0]], [[1, 0, 0], [1, 0, 0]]])
    assert model(data).numpy().tolist() == [[1.0], [2.0]]


def test_what_a_layer_says_of_its_output_is_believed() -> None:
    class Never(L.Layer):
        def call(self, x: Any) -> Any:
            raise RuntimeError("not to be called on places")

    class Shape(Never):
        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 7)

    class Spec(Never):
        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor((*x.shape[:-1], 7), "int32")

    place = keras.Input((3,))
    assert Shape()(place).shape == Spec()(place).shape == (None, 7)
    assert Spec()(place).dtype == "int32"
    assert Shape().compute_output_spec(place).shape == (None, 7)


def test_open_axes_fit_those_that_are_known_elsewhere() -> None:
    a, b = keras.KerasTensor((None, 3)), keras.KerasTensor((2, None))
    assert (a + b).shape == keras.ops.maximum(a, b).shape == (2, 3)
    assert keras.ops.concatenate([a, b], axis=0).shape == (None, 3)
    assert [part.shape for part in keras.ops.split(a, 2)] == [(None, 3)] * 2
    with pytest.raises(ValueError, match="broadcast"):
        keras.KerasTensor((None, 3)) + keras.KerasTensor((None, 4))


def test_an_input_may_be_a_place_that_is_there_already() -> None:
    place = keras.KerasTensor((2, 3), "float64")
    layer = L.InputLayer(input_tensor=place, shape=(3,), batch_size=2)
    assert (layer.output, layer.batch_shape, layer.dtype) == (place, (2, 3), "float64")
    assert (layer.sparse, layer.ragged) == (False, False)
    model = keras.Model(place, L.Dense(1)(place))
    assert model(np.ones((2, 3))).shape == (2, 1)
    wrong: tuple[dict[str, Any], ...] = (
        {"shape": (4,)}, {"batch_shape": (2, 4)}, {"batch_size": 5}, {"dtype": "int32"},
    )  # fmt: skip
    for given in wrong:
        with pytest.raises(ValueError, match=f"{next(iter(given))}=.* contradicts"):
            L.InputLayer(input_tensor=place, **given)
    with pytest.raises(ValueError, match="expected a KerasTensor"):
        L.InputLayer(input_tensor=X)
    with pytest.raises(ValueError, match="leave batch_size=4 out"):
        L.InputLayer(batch_size=4, batch_shape=(2, 3))


@pytest.mark.parametrize("layer", [L.Add(), L.Concatenate()])
def test_masks_of_merged_inputs_come_in_a_list(layer: Any) -> None:
    one, mask = np.ones((2, 3, 1)), np.ones((2, 3), bool)
    for inputs, masks in (([one, one], mask), (one, [mask]), ([one, one], [mask])):
        with pytest.raises(ValueError, match="a list of as many masks"):
            layer.compute_mask(inputs, masks)
