"""Layer: what it finds, builds, hands on, and keeps."""

import copy
import pickle

import numpy as np
import pytest

from tinygrad_lr import metrics
from tinygrad_lr.autodiff import Tensor, Variable
from tinygrad_lr.layers import Activation, Dense, InputSpec, Layer
from tinygrad_lr.layers.calling import context

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")


class Scale(Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", name="factor"
        )
        self.calls = self.add_weight(initializer="zeros", trainable=False, name="calls")

    def call(self, inputs):
        self.calls.assign_add(1)
        return inputs * self.factor


class Two(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = [Scale(name="a"), {"b": Scale(name="b")}]

    def call(self, inputs):
        return self.inner[1]["b"](self.inner[0](inputs))


def test_building_happens_at_the_first_call():
    layer = Scale(name="s")
    assert not layer.built
    assert layer.weights == []
    out = layer(X)
    assert layer.built
    assert isinstance(out, Tensor)
    assert out.shape == layer.compute_output_shape(X.shape) == (3, 2)
    assert [w.name for w in layer.weights] == ["factor", "calls"]
    assert [w.path for w in layer.weights] == ["s/factor", "s/calls"]
    assert layer.count_params() == 3
    assert layer.get_build_config() == {"input_shape": (3, 2)}


def test_build_by_hand_and_from_config():
    layer = Scale()
    layer.build((None, 2))
    assert layer.built
    again = Scale()
    again.build_from_config(layer.get_build_config())
    assert again.factor.shape == (2,)


def test_the_default_build_is_done_without_weights():
    layer = Activation("relu")
    layer(X)
    assert layer.built
    assert layer.count_params() == 0


def test_count_params_before_building():
    with pytest.raises(ValueError, match="'s' is not built"):
        Scale(name="s").count_params()


def test_layers_and_weights_are_found_in_containers():
    layer = Two(name="two")
    layer(X)
    assert [w.path for w in layer.trainable_weights] == [
        "two/a/factor",
        "two/b/factor",
    ]
    assert [w.path for w in layer.non_trainable_weights] == [
        "two/a/calls",
        "two/b/calls",
    ]
    assert [w.path for w in layer.weights] == [
        "two/a/factor",
        "two/a/calls",
        "two/b/factor",
        "two/b/calls",
    ]
    assert [each.name for each in layer._flatten_layers(include_self=False)] == [
        "a",
        "b",
    ]


def test_what_is_appended_later_is_found_and_shared_parts_count_once():
    layer = Two(name="two")
    layer.inner.append(layer.inner[0])
    layer.again = layer.inner[0]
    extra = Scale(name="c")
    layer.inner.append(extra)
    layer(X)
    extra(X)
    paths = [w.path for w in layer.trainable_weights]
    assert paths == ["two/a/factor", "two/b/factor", "c/factor"]


def test_variables_as_attributes_are_weights():
    layer = Layer()
    layer.w = Variable(np.ones(2, "float32"), name="w")
    layer.several = [Variable(np.ones(3, "float32"), name="v")]
    layer.fixed = Variable(1.0, trainable=False, name="f")
    assert [w.name for w in layer.weights] == ["w", "v", "f"]
    layer.w = layer.w  # again: still one
    assert len(layer.weights) == 3


def test_replaced_layers_are_forgotten():
    layer = Two()
    layer.inner = None
    assert layer.weights == []
    layer.other = Scale()
    del layer.other
    assert list(layer._flatten_layers(include_self=False)) == []


def test_metrics_are_found():
    layer = Two()
    layer.mean = metrics.Mean()
    layer.inner[0].sum = metrics.Sum()
    assert layer.metrics == [layer.mean, layer.inner[0].sum]
    assert layer.weights == []


def test_freezing_reaches_everything_inside_and_thaws_again():
    layer = Two()
    layer(X)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4
    assert not layer.inner[0].factor.requires_grad
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["factor", "factor"]
    assert not layer.inner[0].calls.trainable


def test_frozen_before_building():
    layer = Scale(trainable=False)
    layer(X)
    assert layer.trainable_weights == []
    assert not layer(X).requires_grad
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["factor"]


def test_weights_in_and_out():
    layer = Scale(name="s")
    with pytest.raises(
        ValueError, match=r"has 0 weights, got 2 arrays\. It is not built"
    ):
        layer.set_weights([1, 2])
    layer(X)
    layer.set_weights([[2.0, 3.0], 0.0])
    np.testing.assert_array_equal(layer(X).numpy(), X * [2, 3])
    out = layer.get_weights()
    out[0][:] = 9
    assert layer.get_weights()[0].tolist() == [2, 3]
    assert out[0].dtype == "float32"
    with pytest.raises(ValueError, match=r"'factor' of layer 's' has shape \(2,\)"):
        layer.set_weights([np.zeros(3), 0.0])
    with pytest.raises(ValueError, match="has 2 weights, got 1"):
        layer.set_weights([np.zeros(2)])


def test_a_bad_weight_leaves_all_as_they_were():
    layer = Scale()
    layer(X)
    with pytest.raises(ValueError, match="'calls'"):
        layer.set_weights([[7.0, 7.0], np.zeros(3)])
    assert layer.factor.numpy().tolist() == [1, 1]


def test_own_variables_are_stored_and_loaded():
    layer, other, store = Scale(), Scale(), {}
    layer(X)
    other(X)
    layer.factor.assign([5.0, 6.0])
    layer.save_own_variables(store)
    assert sorted(store) == ["0", "1"]
    other.load_own_variables(store)
    assert other.factor.numpy().tolist() == [5, 6]
    with pytest.raises(ValueError, match="0 are stored"):
        other.load_own_variables({})


class Noting(Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = None

    def call(self, inputs, training=None):
        self.seen = training
        return inputs


class Outer(Layer):
    def __init__(self):
        super().__init__()
        self.inner = Noting()

    def call(self, inputs):
        return self.inner(inputs)


def test_training_is_handed_down():
    layer = Outer()
    layer(X, training=True)
    assert layer.inner.seen is True
    layer(X)
    assert layer.inner.seen is None
    layer(X, training=False)
    assert layer.inner.seen is False
    assert (context.depth, context.training) == (0, None)


def test_an_exception_inside_does_not_leave_training_on():
    class Broken(Layer):
        def call(self, inputs):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Broken()(X, training=True)
    assert (context.depth, context.training) == (0, None)


def test_training_may_be_a_default_of_the_call():
    class Eager(Layer):
        def call(self, inputs, training=True):
            return inputs * 2 if training else inputs

    assert Eager()(X).numpy()[0, 0] == 2
    assert Eager()(X, training=False).numpy()[0, 0] == 1


def test_added_losses_last_for_one_call():
    class Adding(Layer):
        def call(self, inputs):
            self.add_loss(np.sum(inputs))
            return inputs

    class Pair(Layer):
        def __init__(self):
            super().__init__()
            self.inner = Adding()

        def call(self, inputs):
            return self.inner(self.inner(inputs))

    layer = Pair()
    for _ in range(2):
        layer(X)
        assert [loss.item() for loss in layer.losses] == [21, 21]
    layer._clear_losses()
    assert layer.losses == []
    with pytest.raises(ValueError, match="add_loss"):
        layer.add_loss("large")


def test_penalties_on_weights_and_activity():
    layer = Dense(
        1, kernel_initializer="ones", kernel_regularizer="l2", bias_regularizer="l1",
        activity_regularizer="l1",
    )  # fmt: skip
    layer(X)
    values = [loss.item() for loss in layer.losses]
    assert values == pytest.approx([0.01 * 21 / 3, 0.02, 0.0])
    layer.trainable = False
    assert len(layer.losses) == 1


def test_input_kinds():
    layer = Activation("linear")
    for data in (X, X.tolist(), X.astype(float), Tensor(X), Frame(X)):
        out = layer(data)
        assert isinstance(out, Tensor)
        assert out.dtype == "float32"
    assert (
        layer(np.array([1, 2])).dtype == "int64"
    )  # integers stay: they may be indices
    with pytest.raises(TypeError, match="numbers"):
        layer(np.array(["a"]))
    with pytest.raises(TypeError, match="ragged"):
        layer([[1, 2], [3]])


class Frame:
    """Stands for a pandas data frame."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values


def test_several_inputs():
    class Add(Layer):
        def build(self, input_shape):
            self.shapes = input_shape

        def call(self, inputs):
            return inputs[0] + inputs[1]

    layer = Add()
    out = layer([X, X.astype(float)])
    np.testing.assert_array_equal(out.numpy(), 2 * X)
    assert layer.shapes == [(3, 2), (3, 2)]
    assert layer.compute_output_shape([(None, 2), (None, 2)]) == (None, 2)


def test_arguments_besides_the_input():
    class Query(Layer):
        def build(self, query_shape, value_shape):
            self.shapes = (query_shape, value_shape)

        def call(self, query, value, scale=(1, 2)):
            assert scale == (1, 2)  # plain values stay plain
            return query + value

    layer = Query()
    layer(X, value=X[:1], scale=(1, 2))
    assert layer.shapes == ((3, 2), (1, 2))


def test_output_shapes_are_found_without_being_told():
    class Pool(Layer):
        def call(self, inputs):
            return np.max(inputs, axis=1)

    assert Pool().compute_output_shape((None, 4, 5)) == (None, 5)
    assert Pool().compute_output_shape((2, 4, 5)) == (2, 5)


def test_the_mistakes_of_writing_a_layer():
    class NoSuper(Layer):
        def __init__(self):
            self.units = 3

        def call(self, inputs):
            return inputs

    with pytest.raises(RuntimeError, match=r"NoSuper: .* super\(\).__init__\(\)"):
        NoSuper()(X)

    with pytest.raises(NotImplementedError, match=r"no method call"):
        Layer(name="x")(X)
    with pytest.raises(ValueError, match=r"add_weight\(shape=..., name='kernel'\)"):
        Layer(name="x").add_weight("kernel", (2, 2))
    with pytest.raises(ValueError, match=r"fully known, got \(None, 2\)"):
        Layer(name="x").add_weight((None, 2))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"dtype": "text"}, ValueError, "'float32'"),
        ({"trainable": "yes"}, ValueError, "True or False"),
        ({"name": 3}, TypeError, "string as name"),
    ],
)
def test_bad_settings(arguments, error, words):
    with pytest.raises(error, match=words):
        Layer(**arguments)


def test_input_shape_of_the_first_layer():
    shapes = [
        Dense(1, input_dim=3), Dense(1, input_shape=[3]), Dense(1, input_shape=(3,)),
        Dense(1, input_shape=3), Dense(1, batch_input_shape=(None, 3)),
    ]  # fmt: skip
    assert {layer._input_shape_arg for layer in shapes} == {(3,)}
    assert not hasattr(Dense(1), "_input_shape_arg")


def test_dtypes():
    layer = Dense(1, dtype="float64")
    assert layer(X).dtype == layer.kernel.dtype == "float64"
    assert layer.dtype == layer.compute_dtype == layer.variable_dtype == "float64"
    counter = Layer().add_weight((2,), dtype="int32", trainable=False)
    assert counter.dtype == "int32"
    assert counter.numpy().tolist() == [0, 0]


def test_copies_and_pickles_are_apart_and_whole():
    layer = Two(name="two")
    layer(X)
    layer.inner[0].factor.constraint = abs
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert again.name == "two"
        assert [w.path for w in again.weights] == [w.path for w in layer.weights]
        assert again.weights[0] is again.inner[0].factor
        assert isinstance(again.weights[0], Variable)
        assert again.weights[0].constraint is abs
        again.weights[0].assign([7.0, 7.0])
        assert layer.weights[0].numpy().tolist() == [1, 1]
        np.testing.assert_array_equal(again(X).numpy(), 7 * X)


def test_input_spec():
    layer = Scale(name="s")
    layer.input_spec = InputSpec(ndim=2, axes={1: 2})
    layer(X)
    with pytest.raises(ValueError, match=r"layer 's' \(Scale\): expected 2 axes"):
        layer(X[0])
    with pytest.raises(ValueError, match="expected 2 values on axis 1"):
        layer(X[:, :1])


@pytest.mark.parametrize(
    ("spec", "shape", "words"),
    [
        (InputSpec(shape=(None, 3)), (2, 4), "expected shape (None, 3)"),
        (InputSpec(shape=(None, 3)), (2, 3, 1), "expected 2 axes"),
        (InputSpec(min_ndim=2), (3,), "at least 2 axes"),
        (InputSpec(max_ndim=2), (3, 3, 3), "at most 2 axes"),
        (InputSpec(axes={-1: 3}), (2, 4), "3 values on axis -1"),
    ],
)
def test_input_specs_say_what_is_wrong(spec, shape, words):
    assert words in spec.mismatch(shape)


def test_input_specs_are_content_with_what_fits():
    assert InputSpec(shape=(None, 3)).mismatch((2, 3)) is None
    assert InputSpec(axes={-1: 3}).mismatch((None, None)) is None
    assert InputSpec().mismatch(()) is None
