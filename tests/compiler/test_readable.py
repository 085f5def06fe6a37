"""What is printed reads well, and computes what the program computes."""

import ast
import gc
import linecache
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lr as keras
from tinygrad_lr import Tensor, Variable
from tinygrad_lr.autodiff import grad, primitive
from tinygrad_lr.compiler import function
from tinygrad_lr.compiler.layout import WIDTH, folded
from tinygrad_lr.compiler.names import Names
from tinygrad_lr.compiler.notation import numbers, scalar, short
from tinygrad_lr.layers import Dense

X = np.array([[0.5, -0.3, 0.2], [0.1, 0.7, -0.6]], "float32")


def printed(step, *inputs):
    """The lines of a function that was called once, without comments."""
    recorded = function(step)
    recorded(*inputs)
    tree = ast.parse(recorded.source)
    body = [n for n in tree.body if isinstance(n, ast.FunctionDef)][-1].body
    return [ast.unparse(statement) for statement in body]


def test_a_call_written_later_still_reads_the_old_value():
    w, m = Variable(np.ones(3, "f"), name="w"), Variable(np.zeros(3, "f"), name="m")

    def step(x):
        old = w * 2
        w.assign(w - x)
        m.assign(m + old)
        return w.sum()

    compiled = function(step)
    compiled(np.full(3, 0.5, "f"))
    names = {}
    exec(compiled.source, names)
    state = [np.ones(3, "f"), np.zeros(3, "f")]
    new_w, new_m, _ = names["step"](np.full(3, 0.5, "f"), *state)
    np.testing.assert_array_equal(new_w, np.full(3, 0.5, "f"))
    np.testing.assert_array_equal(new_m, np.full(3, 2, "f"))


def test_variables_that_swap_values():
    a, b = Variable([1.0], name="a"), Variable([2.0], name="b")

    def step(x):
        old = a.value
        a.assign(b)
        b.assign(old + x)
        return x * 2

    compiled = function(step)
    compiled(np.ones(1, "f"))
    names = {}
    exec(compiled.source, names)
    new = names["step"](np.ones(1, "f"), a=np.array([1.0]), b=np.array([2.0]))
    assert [float(v[0]) for v in new] == [2, 2, 2]


def test_two_functions_of_one_name():
    def twice():
        @primitive
        def scale(x):
            return x * 2

        return scale

    def thrice():
        @primitive
        def scale(x):
            return x * 3

        return scale

    first, second = twice(), thrice()
    compiled = function(lambda x: second(first(x)) + first(x))
    expected = compiled(X).numpy()
    names = {}
    exec(compiled.source, names)
    np.testing.assert_array_equal(names["lambda_"](X), expected)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (lambda x: np.negative(-x) + 1, "t = x + 1"),
        (lambda x: 1 - (-x), "t = 1 + x"),
        (lambda x: 1 + (-x) * 3, "t = 1 - x * 3"),
        (lambda x: np.where(x > 0, x, 0) + np.where(x > 0, 0, x * 2),
         "t = np.where(x > 0, x, x * 2)"),
        (lambda x: x[..., None][:, :, 0] * 2, "t = x * 2"),
        (lambda x: x * x[0][None], "t = x * x[0]"),
        (lambda x: x.sum(axis=0, keepdims=True)[0], "t = x.sum(axis=0)"),
        (lambda x: np.squeeze(x[:1], axis=0), "t = x[:1][0]"),
        (lambda x: keras.ops.softmax(x), "t = softmax(x)"),
        (lambda x: np.abs(x) * (1 - 0.9), "t = np.abs(x) * 0.1"),
        (lambda x: x.mean() + 0.0, "t = x.mean() + 0.0"),
        (lambda x: x - np.maximum(np.sqrt(x[0][None] + 1), 1e-7),
         "t = x - np.maximum(np.sqrt(x[0] + 1), 1e-07)"),
        (lambda x: x - (-0.5), "t = x + 0.5"),
        (lambda x: np.flip(np.flip(x, axis=1), axis=1) * 2, "t = x * 2"),
        (lambda x: np.logical_and(x > 0, x > 0.5) * x,
         "t = ((x > 0) & (x > 0.5)) * x"),
    ],
)  # fmt: skip
def test_lines(step, line):
    lines = printed(step, X)
    mask = [text for text in lines if text.startswith("mask = ")]
    found = [text.replace("mask", "x > 0") for text in lines if text not in mask]
    assert line in found


def test_a_mean_squared_error():
    model = keras.Sequential([Dense(2, "relu", input_dim=3, name="h"), Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((8, 3)), np.ones((8, 1)))
    source = model.train_step_source()
    for line in (
        "h_z = x @ h_kernel + h_bias", "h = relu(h_z)", "error = p - y",
        "loss = (error ** 2).mean()", "d_p = 2 * error / 8", "d_h_z = d_h * (h > 0)",
    ):  # fmt: skip
        assert f"    {line} " in source
    assert not re.search(r"\bt(_\d+)? = ", source)


def test_sparse_crossentropy_picks_from_the_rows():
    model = keras.Sequential([Dense(3, "softmax", input_dim=3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(X, np.array([0, 2]))
    source = model.train_step_source()
    assert "loss = (-log_softmax(z)[np.arange(2), y]).mean()" in source
    assert "d_z = (p - (y[:, None] == np.arange(3))) / 2" in source


def test_logits_of_several_outputs_have_the_names_of_their_layers():
    x = keras.Input((3,))
    outputs = [Dense(1, "sigmoid", name=name)(x) for name in ("cat", "dog")]
    model = keras.Model(x, outputs)
    model.compile("sgd", "binary_crossentropy")
    model.train_on_batch(X, [X[:, :1] > 0, X[:, :1] > 0])
    source = model.train_step_source()
    assert "d_cat_z = (cat - y_cat" in source
    assert "d_dog_z = (dog - y_dog" in source


def test_smoothed_targets():
    model = keras.Sequential([Dense(1, "sigmoid", input_dim=3)])
    model.compile("sgd", keras.losses.BinaryCrossentropy(label_smoothing=0.1))
    model.train_on_batch(X, np.ones((2, 1), "float32"))
    source = model.train_step_source()
    assert "y_smooth = y * 0.9 + 0.05" in source
    assert "d_z = (p - y_smooth) / 2" in source


def test_many_weights_in_a_file():
    model = keras.Sequential([Dense(600, input_dim=3), Dense(1)])
    source = model.to_numpy_source()
    assert max(map(len, source.splitlines())) <= WIDTH
    names = {}
    exec(source, names)
    kernel = next(v for n, v in names.items() if np.shape(v) == (3, 600))
    assert np.array_equal(kernel, model.weights[0].numpy())


def test_slots_are_named_after_their_weights():
    model = keras.Sequential([Dense(1, input_dim=3, name="out")], name="long_name")
    model.compile("adam", "mse")
    model.train_on_batch(X, np.ones((2, 1)))
    source = model.train_step_source()
    assert "out_kernel_velocity" in source
    assert "long_name" not in source
    assert max(map(len, source.splitlines())) <= WIDTH


def test_several_inputs_and_targets_have_their_names():
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    both = keras.layers.Add()([left, right])
    model = keras.Model(
        [left, right], [Dense(1, name="a")(both), Dense(1, name="b")(both)]
    )
    model.compile("sgd", "mse")
    model.train_on_batch([X, X], [X[:, :1], X[:, :1]])
    assert "(\n    left, right, y_a, y_b," in model.train_step_source()
    names = {}
    exec(model.to_numpy_source(), names)  # it was never asked to predict
    for one, other in zip(
        names["predict"](X, X), model.predict([X, X], verbose=0), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


# -- names, numbers, lines -------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("größe", "größe"), ("層 1", "層_1"), ("class", "class_"), ("ﬁt", "fit"),
        ("x²", "x2"), ("__import__", "import_"), ("a/b", "a_b"), ("", "value"),
        ("1st", "_1st"), ("\u202ex", "x"), ("p" * 300, "p" * 80), ("np", "np_2"),
    ],
)  # fmt: skip
def test_names(wish, name):
    assert Names().take(wish) == name


@given(st.text(max_size=12))
def test_every_text_becomes_an_identifier(text):
    names = Names()
    first, second = names.take(text), names.take(text)
    assert first != second
    for name in (first, second):
        code = compile(f"{name} = 1", "<test>", "exec")
        assert code.co_names == (name,)


@given(st.lists(st.floats(width=32), min_size=1, max_size=4))
def test_numbers_keep_their_bits(values):
    array = np.array(values, "float32")
    again = np.array(eval(numbers(array), {"np": np}), "float32")
    assert np.array_equal(array, again, equal_nan=True)
    assert np.array_equal(
        np.signbit(array), np.signbit(again) | np.isnan(array) & np.signbit(array)
    )
    for value in array[np.isfinite(array)]:
        assert np.float32(eval(scalar(value)[0])) == value
        assert np.float32(eval(short(float(value), array.dtype))) == value


@pytest.mark.parametrize(
    "code",
    [
        "return loss_total, loss_count, " + ", ".join(f"weight_{i}" for i in range(30)),
        "w = w + (a_long_name_of_a_gradient - another_long_name) * 0.1 / ("
        + "x" * 40
        + ")",
        "t = np.maximum(" + "a" * 50 + " + b, (" + "c" * 50 + " - d).sum(axis=0))",
        'logs = {"a, b(": ' + "x" * 60 + ', "c": ' + "y" * 60 + "}",
        "t = " + "x" * 100,
        "t = " + "f(" * 30 + "x" * 40 + ")" * 30,
    ],
)
def test_a_folded_line_is_the_same_code(code):
    lines = folded(code)
    text = "\n".join(lines)
    wrap = "def f():\n {}".format
    flat = wrap(code)
    assert ast.dump(ast.parse(wrap(text.replace("\n", "\n ")))) == ast.dump(
        ast.parse(flat)
    )
    assert len(lines) > 1


def test_a_line_that_cannot_be_folded_stays():
    assert folded("x" * 100) == ["x" * 100]


def test_sources_are_kept_as_long_as_their_programs():
    def kept():
        return sum(name.startswith("<tinygrad_lr short ") for name in linecache.cache)

    def short(x):
        return x * 2

    recorded = function(short)
    before = kept()
    for rows in range(1, 5):
        recorded(np.ones((rows, 2)))
    assert kept() == before + 4
    del recorded
    gc.collect()
    assert kept() == before


def test_inputs_that_are_cast_keep_their_name():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Embedding(3, 2), keras.layers.Flatten()]
    )
    model.compile("sgd", "mse")
    model.fit(np.array([[0, 1]]), np.ones((1, 4)), verbose=0)
    source = model.train_step_source()
    assert '    x = x.astype("int32") ' in source


def test_a_loss_with_a_minus_keeps_its_line():
    model = keras.Sequential([Dense(1, "sigmoid", input_dim=3)])
    model.compile("sgd", lambda y, p: -np.mean(y * np.log(p)))
    for _ in range(2):
        model.train_on_batch(np.ones((4, 3)), np.ones((4, 1)))
    assert "loss = -(y * np.log(p)).mean()" in model.train_step_source()


def test_a_value_assigned_on_the_way_is_called_new():
    model = keras.Sequential(
        [Dense(1, input_dim=3, name="d", kernel_constraint="max_norm")]
    )
    model.compile("sgd", "mse")
    model.train_on_batch(X, np.ones((2, 1)))
    source = model.train_step_source()
    assert "new_d_kernel = d_kernel - learning_rate * d_d_kernel" in source


CHOICES = {
    "a choice": lambda x: np.where(x > 0, x, x * 0.5),
    "nested": lambda x: np.where(x > 0, x, np.exp(np.where(x > 0, 0, x)) - 1),
    "scaled": lambda x: 3 * np.where(x > 0, x * x, -x) / 7,
    "signs": lambda x: 2 - (-x) * 3 / 4 - -(x * x) * -0.25,
    "signs of a product": lambda x: (-x) * (-np.tanh(x)) + -(2 * x),
    "kept axes": lambda x: x - np.mean(x, axis=0, keepdims=True)[0],
    "columns": lambda x: (x[:, :1] * x)[..., None][:, :, 0] + x[:1],
}


@pytest.mark.parametrize("name", CHOICES)
def test_rewriting_changes_no_bit(name):
    def step(x):
        return grad(lambda t: np.sum(np.square(CHOICES[name](t))))(x)

    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=(4, 3)).astype("float32")
        x[0] = [1e30, -1e30, 1e-40]
        with np.errstate(all="ignore"):
            expected = step(Tensor(x)).numpy()
            recorded = function(step)
            recorded(x)
            names = {}
            exec(recorded.source, names)
            for got in (recorded(x).numpy(), names["step"](x)):
                assert (got + 0.0).tobytes() == (expected + 0.0).tobytes()
